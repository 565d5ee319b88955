/**
 * The name of a frame that stays the same while the program does: `module.function` without lines, installation paths,
 * versions, numbering of closures and generated classes; and the frames that say nothing (glue), each by a named rule.
 * fp1 depends on these lists: they are frozen by fixtures.
 */
import type { Frame } from '../core/shapes.js'
import type { Family } from './families.js'

/** What became of a frame. */
export interface NamedFrame {
  /** `module.function`; empty when nothing stable is known of the frame. */
  readonly key: string
  /** False when the function has no name of its own: a closure, a module's top level, a place only. */
  readonly named: boolean
  /** The rule that left the frame out, e.g. `G03 reflection`; undefined when it may count. */
  readonly dropped: string | undefined
}

interface Glue {
  readonly rule: string
  readonly families?: readonly Family[]
  /** Tested against `module.function` as printed. */
  readonly name?: RegExp
  /** Tested against the file, with `/` for `\`. */
  readonly file?: RegExp
}

/** Frames that stand between the application's own and belong to none of them. */
const GLUE: readonly Glue[] = [
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

/** Names given before: the traceback languages hand out the same frame object for the same printed frame. */
const known = new WeakMap<Frame, NamedFrame>()

/** The name of a frame, and whether it is glue. Total: any text in the frame's fields gives a name. */
export function nameFrame(family: Family, frame: Frame): NamedFrame {
  let named = known.get(frame)
  if (!named) {
    named = name(family, frame)
    known.set(frame, named)
  }
  return named
}

function name(family: Family, frame: Frame): NamedFrame {
  const file = (frame.file ?? '').slice(-600).replaceAll('\\', '/')
  const printed = (frame.function ?? '').slice(0, 1000)
  const full = qualified(family, frame.module?.slice(0, 500), printed)
  const rule = glueRule(family, full, file)
  if (rule !== undefined) return { key: full, named: true, dropped: rule }
  const { owner, name: own, named } = split(family, full, printed, file)
  const key = owner === '' ? own : own === '' ? owner : `${owner}.${own}`
  return { key, named: named && own !== '', dropped: key === '' ? 'G12 nothing known' : undefined }
}

/** The first rule that takes the frame for glue. */
function glueRule(family: Family, full: string, file: string): string | undefined {
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

/** `module.function` as printed, for families whose functions carry their class; the bare function for the others. */
function qualified(family: Family, module: string | undefined, printed: string): string {
  if (module === undefined || module === '') return family === 'java' ? withoutLoader(printed) : printed
  switch (family) {
    case 'java':
      return withoutLoader(printed.startsWith(module) ? printed : `${module}.${printed}`)
    case 'csharp':
    case 'elixir':
    case 'rust':
    case 'other':
      return printed.startsWith(module) || printed === '' ? printed || module : `${module}.${printed}`
    case 'php':
      return printed.includes('->') || printed.includes('::') || printed.startsWith(module)
        ? printed
        : `${module}->${printed}`
    default:
      return printed
  }
}

/** Java's `java.base@17.0.1/java.util.…` and `app//com.acme.…` without what comes before the class. */
function withoutLoader(name: string): string {
  return /^[\w.@+-]*\//.test(name) && !name.startsWith('$')
    ? name.replace(/^(?:[\w.@+-]*\/){1,2}(?=[A-Za-z_$])/, '')
    : name
}

interface Parts {
  /** Class, module or file. */
  readonly owner: string
  readonly name: string
  readonly named: boolean
}

function split(family: Family, full: string, printed: string, file: string): Parts {
  switch (family) {
    case 'java':
      return java(full)
    case 'csharp':
      return csharp(full)
    case 'php':
      return php(full, file)
    case 'go':
      return go(full)
    case 'rust':
      return rust(full, file)
    case 'ruby':
      return ruby(printed, file)
    case 'python':
      return python(printed, file)
    case 'nodejs':
      return node(printed, file)
    case 'perl':
      return printed.includes('::')
        ? { owner: '', name: printed, named: true }
        : { owner: moduleOf(file).replace(/^\(eval \d+\)$/, '(eval)'), name: printed, named: printed !== '' }
    case 'dart':
      return dart(full, file)
    case 'elixir':
      return elixir(full, file)
    default:
      return /[.:\\#]/.test(full)
        ? { owner: '', name: full, named: true }
        : { owner: moduleOf(file), name: full, named: full !== '' }
  }
}

function java(full: string): Parts {
  let text = full.replace(/\(.*$/, '')
  const dot = text.lastIndexOf('.')
  let owner = text.slice(0, Math.max(0, dot))
  let name = text.slice(dot + 1)
  let named = true
  const lambda =
    /^lambda\$([\w$]+?)\$\d+$/.exec(name) ??
    /^\$anonfun\$([\w]+)(?:\$\d+)*(?:\$adapted)?$/.exec(name) ??
    /^(\w+)\$lambda[$-]\d+(?:[$-]\d+)*$/.exec(name)
  if (lambda) {
    name = lambda[1] ?? ''
    if (name === 'new') name = '<init>'
    else if (name === 'static') name = '<clinit>'
    else if (name === 'null' || name === 'anonfun') named = false
    name = name.replace(/\$lambda$|\$\d+$/, '')
  }
  const local = /^(.*)\$(\w+)\$\d+(?:\$\d+)*$/.exec(owner)
  if (local && /^(?:invoke|invokeSuspend|emit|apply|call|run)$/.test(name)) {
    // Kotlin and Scala closures are classes named after their function.
    owner = local[1] ?? owner
    name = local[2] ?? name
  }
  const clojure = /^(?:invoke|invokeStatic|doInvoke|applyTo)$/.test(name)
    ? /^(.*?)\$([\w$]+?)(?:\$fn)?(?:__\d+)*$/.exec(owner)
    : null
  if (clojure?.[1] && owner === owner.toLowerCase()) {
    owner = clojure[1]
    name = (clojure[2] ?? '').replace(/\$fn.*$/, '').replace(/__\d+/g, '')
  }
  owner = owner
    .replace(/\$_?(?:closure|run_closure)\d+/g, '')
    .replace(/\$\d+(?=[A-Za-z])/g, '$')
    .replace(/\$\d+/g, '')
    .replace(/\$$/, '')
  text = name.replace(/\$\d+$/, '').replace(/\$(?:default|adapted|extension|suspendImpl|mcV\$sp)$/, '')
  return { owner, name: text, named }
}

function csharp(full: string): Parts {
  // Parameters, IL offsets and generic arguments go; what is in angle brackets is the function a closure stands in.
  let text = full.replace(/\s*\[0x[0-9a-f]+\].*$/, '').replaceAll('+', '.')
  const open = text.indexOf('(', 1)
  if (open > 0) text = text.slice(0, open).trimEnd()
  text = text.replace(/`\d+/g, '').replace(/\[[^\]]*\]/g, '')
  const parts: string[] = []
  let named = true
  for (const part of text.split(/\.(?=[^.])/)) {
    const closure = /^<(\w*)>([a-z])__([\w|]*)$/.exec(part) ?? /^<(\w*)>c__\w+$/.exec(part)
    if (closure) {
      const inner = closure[1] ?? ''
      const local = closure[2] === 'g' ? (closure[3] ?? '').split('|')[0] : undefined
      if (inner !== '') parts.push(inner)
      if (local) parts.push(local)
      continue
    }
    if (/^<>c(?:__DisplayClass\w*)?$/.test(part) || (part === 'MoveNext' && /<\w+>[cd]__/.test(text))) continue
    parts.push(part)
  }
  const name = parts.pop() ?? ''
  if (parts.length === 0 && name === '') named = false
  // A lambda in a lambda repeats the function's name.
  while (parts.at(-1) === name && parts.length > 1) parts.pop()
  return { owner: parts.join('.'), name, named }
}

function php(full: string, file: string): Parts {
  let text = full.replace(/\((?![^)]*\{closure).*$/, '').split('\0')[0] ?? ''
  // 8.4 names closures after their place: `{closure:Shop\Traffic::run():12}`.
  const placed = /\{closure:([^}]*?)(?:\(\))?:\d+\}/.exec(text)
  if (placed) text = `${placed[1] ?? ''}->{closure}`
  text = text.replace(/@anonymous.*?(?=->|::|$)/, '@anonymous')
  const closure = /\{closure\}/.test(text)
  text = text.replace(/(?:->|::)?(?:[\w\\]*\\)?\{closure\}/g, '').replace(/^\\/, '')
  const at = Math.max(text.lastIndexOf('->'), text.lastIndexOf('::'))
  if (at >= 0) return { owner: text.slice(0, at), name: text.slice(at + 2), named: true }
  if (closure && text !== '') return { owner: text, name: '{closure}', named: true }
  if (text === '' || text === '{main}' || closure)
    return { owner: moduleOf(file), name: closure ? '{closure}' : text, named: false }
  return { owner: text.includes('\\') ? '' : moduleOf(file), name: text, named: true }
}

function go(full: string): Parts {
  let text = full
  const call = /^(.*?[\w\])*])\((?!\*)(?:[^()]|\([^()]*\))*\)$/.exec(text)
  if (call?.[1]) text = call[1]
  text = text
    .replace(/^.*\/vendor\//, '')
    .replace(/@v[\w.+-]+/g, '')
    .replace(/\/v\d+(?=[./])/g, '')
  text = text
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\.(?:glob\.|init)\.func\d/, '.init.func1')
    .replace(/-fm$|-range\d+$|·\w+$/, '')
  const closure = /\.(?:func\d+|gowrap\d+|\d+)(?:[.-](?:func|gowrap|range)?\d+)*$/.exec(text)
  const outer = closure ? text.slice(0, closure.index) : text
  if (!closure) return { owner: '', name: text, named: true }
  return { owner: '', name: `${outer}.func*`, named: !/\.init$/.test(outer) }
}

function rust(full: string, file: string): Parts {
  const text = full
    .replace(/::h[0-9a-f]{16}$/, '')
    .replace(/(?:::)?\{\{closure\}\}|(?:::)?\{closure(?:#\d+)?\}|(?:::)?\{(?:shim|impl|async_fn)[^}]*\}/g, '')
    .replace(/<(?!.* as )[^<>]*>/g, '')
    .replace(/::$/, '')
  return text === '' ? { owner: moduleOf(file), name: '', named: false } : { owner: '', name: text, named: true }
}

function ruby(printed: string, file: string): Parts {
  let text = printed.replace(/^[`'"]|['"]$/g, '')
  text = text.replace(/^(?:(?:rescue|ensure|block|block \(\d+ levels\)) in )+/, '')
  // 3.4 prints the class: `Orders::Service#place`.
  text = text.replace(/^.*[#.](?=[^#.]+$)/, '')
  const named = text !== '' && !text.startsWith('<')
  return { owner: moduleOf(file), name: text.startsWith('<') ? '<main>' : text, named }
}

function python(printed: string, file: string): Parts {
  const text = printed
    .replace(/^.*<locals>\./, '')
    .replace(/\(\)$/, '')
    .replace(/^.*\.(?=[^.]+$)/, '')
  return { owner: moduleOf(file), name: text, named: text !== '' && !text.startsWith('<') }
}

function node(printed: string, file: string): Parts {
  let text = printed.replace(/ \[as [^\]]*\]$/, '').replace(/^(?:async )?(?:new )?/, '')
  if (file === '') return { owner: '', name: text, named: true }
  // The receiver is the object's class, which subclasses change; `Function.from` was how static methods printed.
  text = text.replace(/^.*\.(?=[^.]+$)/, '')
  const named = text !== '' && !text.startsWith('<') && !/^(?:anonymous|eval)$/.test(text)
  return { owner: moduleOf(file), name: named ? text : '<anonymous>', named }
}

function elixir(full: string, file: string): Parts {
  const text = full
    .replace(/^(?:anonymous )?fn(?:\/\d+)? in /, '')
    .replace(/^-|(?:-fun-\d+-|\/\d+-fun-\d+-)$/g, '')
    .replace(/\/\d+$/, '')
    .replace(/^Elixir\./, '')
  return /[.:]/.test(text)
    ? { owner: '', name: text, named: true }
    : { owner: moduleOf(file), name: text, named: text !== '' }
}

function dart(full: string, file: string): Parts {
  // Without symbols a frame is an offset into the snapshot, which every build moves.
  const snapshot = /^(_kDart\w+)\+0x[0-9a-f]+$/.exec(full)?.[1]
  if (snapshot !== undefined) return { owner: '', name: snapshot, named: false }
  return /[.:#]/.test(full)
    ? { owner: '', name: full, named: true }
    : { owner: moduleOf(file), name: full, named: full !== '' }
}

/** Names that many files of one program share; the directory tells them apart. */
const SHARED =
  /^(?:index|__init__|main|mod|lib|page|route|routes|layout|handler|handlers|views?|models?|app|server|\+page\.server|\+server)$/
/** Directories below which a program keeps its code, so that what follows one of them does not depend on where it is installed. */
const ROOTS = /^(?:src|lib|app|apps|packages|pages|routes|api|cmd|internal|pkg|modules|services|functions|controllers)$/

/**
 * Where programs are installed: what it ends before is the program's own. The release's folder, `releases/20260101`,
 * `current` or a version, belongs to the place too.
 */
const INSTALLED =
  /^(?:[A-Za-z]:)?\/(?:usr\/(?:local\/)?(?:src|app|lib|share)\/[^/]+|(?:app|code|workspace|function|bundle)|(?:srv|opt|mnt|workspaces|inetpub|nix\/store)\/[^/]+|(?:home|Users)\/[^/]+(?:\/(?:apps?|projects?|code|src|work|www|deploy))?\/[^/]+|root\/[^/]+|var\/(?:task|runtime)|var\/(?:www|lib|app|opt)\/[^/]+|data\/(?:apps?|www)\/[^/]+)(?:\/(?:releases|versions)\/[^/]+|\/current|\/v?\d[\w.-]*)?(?=\/)/

/**
 * The module of a file: its name without extension and hashes. Whole paths change with every installation, so the
 * directory counts only for names like `index`, and only below a directory that programs use as a root. In packages the
 * package leads: `express/router`.
 */
export function moduleOf(file: string): string {
  let path = file.replaceAll('\\', '/')
  const origin = path.startsWith('eval at ') ? /\(([^()]*?)(?::\d+){0,2}\)$/.exec(path)?.[1] : undefined
  if (origin !== undefined) path = origin
  path = path
    .replace(/\(\d+\) : .*$|[?#].*$/, '')
    .replace(/^(?:node:|file:\/\/)/, '')
    .replace(/^[\w-]+ \(([\d.]+)\) /, '')
  const segments = segmentsOf(path)
  const last = segments.pop() ?? ''
  const base = last
    .replace(/\.(?:min\.)?[A-Za-z]{1,5}$/, '')
    .replace(/[.-](?=[0-9a-f]*\d)[0-9a-f]{6,}(?=$|[.-])/g, '')
    .replace(/[.-](?:bundle|chunk|cjs|esm|cpython-\d+)$/, '')
  const library = packageOf(segments)
  if (library !== '') return `${library}/${base}`
  const standard = segments.findLastIndex(
    (segment, i) => /^(?:python|pypy)\d[\d.]*$/.test(segment) && segments[i - 1]?.startsWith('lib'),
  )
  // Modules of the standard library become packages from one version to the next: `re.py`, `re/__init__.py`.
  if (standard >= 0) return segments[standard + 1] ?? base
  if (base === '__init__') return segments.at(-1) ?? base
  if (!SHARED.test(base)) return base
  const own = segmentsOf(path.replace(INSTALLED, '')).slice(0, -1)
  const root = own.findLastIndex((segment, i) => i < own.length - 1 && ROOTS.test(segment))
  const below = root < 0 ? [] : own.slice(root + 1).filter((segment) => !/\d/.test(segment))
  return [...below.slice(-2), base].join('/')
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.')
}

/** The package of a path below `node_modules`, `site-packages`, `gems` or `vendor`, without its version. */
function packageOf(segments: readonly string[]): string {
  const root = segments.findLastIndex((segment) =>
    /^(?:node_modules|site-packages|dist-packages|gems|vendor|vendor_ruby)$/.test(segment),
  )
  const name = segments[root + 1]
  if (root < 0 || name === undefined) return ''
  const scoped = name.startsWith('@') ? `${name}/${segments[root + 2] ?? ''}` : name
  return scoped.replace(/-\d[\w.]*(?:-[\w-]+)?$/, '').replace(/@\d[\w.-]*$/, '')
}
