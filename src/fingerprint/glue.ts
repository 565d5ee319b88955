/**
 * Glue: frames that stand between the application's own and belong to none of them, each by a named rule.
 * docs/fingerprint.md prints the list; fp1 is frozen with it.
 */
import type { Family } from './families.js'

export interface Glue {
  /** The rule's id and name, e.g. `G03 reflection`. */
  readonly rule: string
  /** The families it holds for; all when absent. */
  readonly families?: readonly Family[]
  /** Tested against `module.function` as printed. */
  readonly name?: RegExp
  /** Tested against the file, with `/` for `\`. */
  readonly file?: RegExp
}

export const GLUE: readonly Glue[] = [
  {
    rule: 'G01 generated proxy',
    families: ['java', 'csharp'],
    name: /\$Proxy\d|\$\$(?:EnhancerBy|FastClassBy|SpringCGLIB|KeyFactoryBy|_jvst|_Weld)|\$(?:HibernateProxy|MockitoMock|ByteBuddy|OwbNormalScopeProxy)\$|_\$\$_|_(?:ClientProxy|Subclass)\.|Castle\.Proxies\.|__TypedProxy|\bDynamicProxy/,
  },
  {
    rule: 'G02 lambda carrier',
    families: ['java'],
    name: /\$\$Lambda|LambdaForm\$|\$\$Lambda\$|Invokers?\$Holder|\baccess\$\d+$|\$jacocoInit$/,
  },
  {
    rule: 'G03 reflection',
    families: ['java', 'csharp', 'go', 'ruby', 'php'],
    name: /Generated(?:Method|Constructor)Accessor|(?:Native|Delegating)(?:Method|Constructor)AccessorImpl|DirectMethodHandleAccessor|DirectConstructorHandleAccessor|^java\.lang\.reflect\.|^(?:jdk\.internal|sun)\.reflect\.|^java\.lang\.invoke\.|^System\.Reflection\.|System\.RuntimeMethodHandle|System\.RuntimeType\.|^reflect\.Value\.|(?:^|[#.])(?:public_send|__send__|send|instance_eval|instance_exec|class_eval|const_get)$|^call_user_func(?:_array)?$|^Reflection\w+->invoke/,
  },
  {
    rule: 'G04 asynchronous machinery',
    families: ['nodejs', 'python', 'csharp', 'java', 'dart', 'rust'],
    name: /processTicksAndRejections$|^(?:process\.)?(?:processImmediate|processTimers|runNextTicks|_tickCallback)$|^(?:listOnTimeout|runMicrotasks|new Promise|Promise\.(?:all|any|race|allSettled|then))$|(?:^|\.)(?:__awaiter|asyncGeneratorStep)$|ExceptionDispatchInfo\.Throw|TaskAwaiter|ConfiguredTaskAwaitable|ValueTaskAwaiter|AsyncMethodBuilder|AsyncTaskMethodBuilder|kotlinx?\.coroutines\.|^java\.util\.concurrent\.CompletableFuture|<asynchronous suspension>|futures_util::|^core::future::/,
  },
  {
    rule: 'G05 thread pool',
    families: ['java', 'python', 'csharp', 'ruby', 'go'],
    name: /^java\.(?:lang\.(?:Thread|VirtualThread)\.|util\.concurrent\.(?:ThreadPoolExecutor|FutureTask|ForkJoin|ScheduledThreadPoolExecutor|Executors))|ThreadPoolWorkQueue|^System\.Threading\.(?:ExecutionContext|Thread\.|ThreadHelper|Tasks\.Task\.Execute|Tasks\.Task`?\d*\.InnerInvoke)|^runtime\.(?:goexit|main|mstart|mcall)\b/,
  },
  {
    rule: 'G05 thread pool',
    families: ['python'],
    file: /\/(?:threading|concurrent\/futures\/\w+|multiprocessing\/\w+)\.py$/,
  },
  {
    rule: 'G04 asynchronous machinery',
    families: ['python'],
    file: /\/asyncio\/\w+\.py$|\/(?:anyio|trio|greenlet|gevent|eventlet)\//,
  },
  {
    rule: 'G06 tracer',
    name: /^(?:datadog|com\.datadog|io\.sentry|io\.opentelemetry|com\.newrelic|co\.elastic\.apm|DDTrace|Sentry|NewRelic|OpenTelemetry)(?:\.|\\|::)/,
  },
  {
    rule: 'G06 tracer',
    file: /\/(?:ddtrace|dd-trace[\w-]*|sentry[_-]sdk|@sentry|@opentelemetry|opentelemetry|newrelic|elasticapm|elastic-apm[\w-]*|wrapt|shimmer)\//,
  },
  {
    rule: 'G07 logger',
    name: /^(?:org\.(?:slf4j|apache\.logging|apache\.log4j)|ch\.qos\.logback|java\.util\.logging|Monolog\\|NLog\.|Serilog\.|log4net\.|Microsoft\.Extensions\.Logging|go\.uber\.org\/zap|github\.com\/(?:sirupsen\/logrus|rs\/zerolog))/,
  },
  {
    rule: 'G07 logger',
    families: ['nodejs', 'python', 'ruby'],
    file: /\/node_modules\/(?:winston|pino|bunyan|log4js|loglevel)\/|\/logging\/__init__\.py$|\/(?:structlog|loguru)\/|\/logger\.rb$/,
  },
  {
    rule: 'G08 throw helper',
    name: /^java\.util\.Objects\.(?:requireNonNull|checkIndex)|Preconditions\.|\bAssert\.\w+$|^org\.springframework\.util\.Assert|ThrowHelper|\.Throw(?:If)?\w*$|\bThrow\w*Exception$|^runtime\.(?:gopanic|panic\w*|goPanic\w*|sigpanic|throw|fatal\w*)\b|^core::(?:panicking|option::(?:expect|unwrap)_failed|result::unwrap_failed|slice::index|ops::function)|^(?:std::(?:panic\w*|backtrace\w*|rt|sys\w*)|backtrace|rust_begin_unwind)\b|^__rust|^(?:Carp::)?(?:croak|confess|die)$|\bSystem\.Environment\.FailFast/,
  },
  {
    rule: 'G08 throw helper',
    families: ['nodejs'],
    name: /^(?:new )?(?:Node(?:Type|Range|Syntax)?Error|AssertionError)$|^hideStackFrames$|captureLargerStackTrace$/,
  },
  { rule: 'G09 comprehension', families: ['python'], name: /(?:^|\.)<(?:listcomp|dictcomp|setcomp|genexpr)>$/ },
  {
    rule: 'G10 evaluation',
    families: ['perl', 'ruby'],
    name: /^(?:\(eval\)|(?:Kernel[#.])?(?:eval|catch|loop|require|require_relative|load))$/,
  },
  { rule: 'G11 wrapper', families: ['csharp'], name: /^\(wrapper [\w-]+\)/ },
]

/** The first rule that takes a frame for glue: `full` is its `module.function` as printed, `file` has `/` for `\\`. */
export function glueRule(family: Family, full: string, file: string): string | undefined {
  const { rules, names, files } = glueOf(family)
  if (!names.test(full) && !files.test(file)) return undefined
  return rules.find(({ name, file: place }) => name?.test(full) || place?.test(file))?.rule
}

interface FamilyGlue {
  readonly rules: readonly Glue[]
  /** All names and all files of the rules in one, since few frames match any. */
  readonly names: RegExp
  readonly files: RegExp
}

const glueByFamily = new Map<Family, FamilyGlue>()

function glueOf(family: Family): FamilyGlue {
  let glue = glueByFamily.get(family)
  if (!glue) {
    const rules = GLUE.filter(({ families }) => families?.includes(family) ?? true)
    const any = (of: 'name' | 'file') => new RegExp(rules.flatMap((rule) => rule[of]?.source ?? []).join('|'))
    glue = { rules, names: any('name'), files: any('file') }
    glueByFamily.set(family, glue)
  }
  return glue
}
