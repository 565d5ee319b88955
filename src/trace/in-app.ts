/**
 * Whether a frame belongs to the application or to a library or runtime. Tables per language: where packages are
 * installed, what the standard library is called, which packages everybody uses. A frame that no rule knows is the
 * application's, so that an unusual layout costs precision of grouping rather than losing the application's own frames.
 */
import type { Frame, Traceback } from '../core/shapes.js'

interface Rules {
  /** A file that matches, with `/` for `\`, is a library's or the runtime's. */
  readonly files?: RegExp
  /** The same for `module.function`, or what of it is known. */
  readonly names?: RegExp
  /** What to say of a frame without a file. */
  readonly withoutFile?: 'library' | 'by name'
}

/** Tools that observe a program from inside it, wherever they are installed. */
const OBSERVERS_FILES =
  /(?:^|\/)(?:ddtrace|dd-trace\w*|dd-trace-\w+|sentry[_-]sdk|newrelic|opentelemetry|elasticapm|elastic-apm[\w-]*)\//
const OBSERVERS_NAMES =
  /^(?:(?:com\.)?datadog|datadog\.trace|io\.sentry|com\.newrelic|io\.opentelemetry|co\.elastic\.apm|com\.bugsnag|DDTrace|Sentry|NewRelic|OpenTelemetry)(?:\.|\\|::)/

const JAVA_LIBRARIES = [
  // The JDK and what runs inside it.
  'java|javax|jakarta|jdk|sun|oracle\\.jdbc|com\\.sun|com\\.oracle|com\\.ibm\\.(?:ws|db2|mq)|netscape|org\\.(?:w3c|xml|ietf|omg|graalvm)',
  // Languages on the JVM.
  'kotlin|kotlinx|scala|clojure|groovy|groovyjarjar\\w*|org\\.(?:codehaus|jetbrains|jruby|python)',
  // Servers and frameworks.
  'org\\.(?:apache|springframework|eclipse|hibernate|jboss|wildfly|glassfish|aspectj|aopalliance|osgi|quartz|thymeleaf)',
  'akka|play|io\\.(?:netty|undertow|vertx|quarkus|micronaut|ktor|helidon|javalin|dropwizard|smallrye|jooby|grpc|swagger|jsonwebtoken|lettuce|r2dbc)',
  'reactor|rx|io\\.reactivex|org\\.reactivestreams|ratpack|spark|com\\.linecorp\\.armeria|com\\.netflix|io\\.(?:github\\.resilience4j|projectreactor|confluent|debezium|fabric8|kubernetes)',
  // Data, text and network libraries.
  'com\\.(?:fasterxml|google|zaxxer|mysql|mongodb|microsoft|amazonaws|squareup|rabbitmq|datastax|hazelcast|github\\.benmanes|zendesk|atomikos|mchange|jcraft|h2database|ctc\\.wstx|thoughtworks|typesafe|twitter|esotericsoftware|jayway|alibaba\\.(?:fastjson|druid)|baomidou|azure)',
  'org\\.(?:postgresql|mariadb|h2|hsqldb|sqlite|mongodb|redisson|elasticsearch|opensearch|flywaydb|joda|yaml|json|jsoup|objectweb|bouncycastle|asynchttpclient|jooq|mybatis|neo4j|infinispan|ehcache|influxdb|dom4j|jdom2?|mapstruct|modelmapper)',
  'okhttp3|okio|retrofit2?|redis\\.clients|liquibase|net\\.(?:bytebuddy|sf|logstash|minidev)|javassist|cglib|software\\.amazon|feign|freemarker|antlr|lombok|io\\.(?:micrometer|prometheus|opentelemetry|opentracing|jaegertracing|sentry)',
  // Logging and tests.
  'ch\\.qos|org\\.(?:slf4j|junit|mockito|testng|assertj|hamcrest|testcontainers|jmockit|powermock)|junit|worker\\.org\\.gradle|org\\.gradle|android|androidx|dalvik|com\\.android',
].join('|')

const CSHARP_LIBRARIES =
  'System|Microsoft|Mono|Windows|MS|Interop|Internal|Newtonsoft|NLog|Serilog|log4net|Npgsql|Dapper|MySql|MySqlConnector|Oracle|MongoDB|Autofac|MediatR|AutoMapper|Polly|Hangfire|Quartz|MassTransit|RabbitMQ|NServiceBus|StackExchange|ServiceStack|Grpc|Castle|Ninject|Unity|Xunit|NUnit|Moq|FluentValidation|FluentAssertions|Swashbuckle|Azure|Amazon|Google|OpenTelemetry|Datadog|Sentry|Elastic|NHibernate|RestSharp|Refit|IdentityServer4|HotChocolate|GraphQL|Orleans|Akka|Lucene|CsvHelper|MessagePack|ProtoBuf|Confluent|Nancy|Topshelf|Humanizer|DotNetCore'

const GO_STANDARD =
  'archive|arena|bufio|bytes|cmp|compress|container|context|crypto|database|debug|embed|encoding|errors|expvar|flag|fmt|go|hash|html|image|index|internal|io|iter|log|maps|math|mime|net|os|path|plugin|reflect|regexp|runtime|slices|sort|strconv|strings|structs|sync|syscall|testing|text|time|unicode|unique|unsafe|weak'

/** Core modules of Node.js before 16, whose frames had bare file names. */
const NODE_BARE =
  '_?(?:assert|async_hooks|bootstrap_node|buffer|child_process|cluster|console|crypto|dgram|dns|domain|events|fs|http|http_(?:agent|client|common|incoming|outgoing|server)|https|module|net|path|perf_hooks|process|querystring|readline|repl|stream_\\w+|stream|string_decoder|timers|tls|tls_\\w+|url|util|v8|vm|worker_threads|zlib)\\.js'

const NODE_LIBRARIES = [
  // Installed packages, also as package managers without node_modules and old webpack (`./~/`) name them.
  '(?:^|/)node_modules/|/\\.yarn/|/\\.pnp\\.[cm]?js$|^\\./~/',
  // The runtimes: Node.js, Bun, Deno, Electron, Hermes, browsers.
  '^(?:node|bun|deno|ext|wasm|native):|^internal/|^electron/js2c/|^InternalBytecode\\.js$',
  `^${NODE_BARE}$|^<anonymous>$|^native$|^\\[(?:native|wasm) code\\]$|^eval code$`,
  // Firefox's own scripts; whatever a visitor has added to the browser.
  '^(?:resource|chrome):|^(?:chrome|moz|ms-browser|safari|safari-web)-extension:',
  // Bundlers' own parts in what they made.
  '^webpack/|^\\(?webpack|^https?://[^/]*/@vite/|/_next/static/chunks/(?:framework|main|main-app|polyfills|webpack)[.-]|/\\.next/server/[\\w-]*webpack[\\w-]*\\.js$',
  // Where packages are served from, and the scripts that pages load from others.
  '^https?://(?:deno\\.land|esm\\.sh|jsr\\.io|unpkg\\.com|cdn\\.jsdelivr\\.net|cdnjs\\.cloudflare\\.com|cdn\\.skypack\\.dev|ga\\.jspm\\.io|code\\.jquery\\.com|ajax\\.googleapis\\.com)/',
  '^https?://(?:www\\.googletagmanager\\.com|www\\.google-analytics\\.com|connect\\.facebook\\.net|js\\.stripe\\.com|(?:js|browser)\\.sentry-cdn\\.com|www\\.datadoghq-browser-agent\\.com|js-agent\\.newrelic\\.com)/',
  // Bundles of libraries by their name. Only where a page is served: `models/vendor.js` may be a shop's own.
  '^(?:https?|capacitor|ionic|app)://.*/(?:chunk-)?(?:vendors?|polyfills?)(?:[.~_-][^/?#]*)?\\.m?js(?:$|[?#])',
  // Libraries as they are published, for a browser to load.
  '(?:^|/)(?:react|react-dom|scheduler|vue|vue-router|angular|jquery|jquery-ui|lodash|zone)(?:[.-][\\d.]{1,20})?(?:\\.(?:cjs|runtime|global|esm-browser|slim)){0,3}(?:[.-](?:development|production|prod|min)){1,2}\\.js(?:$|[?#])',
].join('|')

const RULES: { readonly [language: string]: Rules } = {
  python: {
    files:
      /(?:^|\/)(?:site-packages|dist-packages|[^/]+\.egg)\/|(?:^|\/)lib(?:64|32)?\/(?:python|pypy)\d[\d.]*\/|(?:^|\/)python\d*\/lib\/|^<(?:frozen|string|__array_function__|attrs generated|decorator-gen|template|unknown)|\.pyx$|^\/var\/runtime\/|(?:^|\/)(?:lib-python|lib_pypy)\//i,
  },
  ruby: {
    files:
      /(?:^|\/)(?:gems|rubygems|vendor_ruby|site_ruby)\/|(?:^|\/)lib(?:64)?\/(?:j?ruby|truffleruby)\/|(?:^|\/)vendor\/(?:bundle|gems)\/|^<internal:|^[\w-]+ \(\d[\w.]*\) |\(erb\)$|^\/usr\/s?bin\/|(?:^|\/)bin\/(?:bundle|rake|rails|puma|sidekiq|rspec|ruby|irb)$/,
  },
  java: {
    names: new RegExp(`^(?:${JAVA_LIBRARIES})\\.`),
    withoutFile: 'by name',
  },
  nodejs: {
    files: new RegExp(NODE_LIBRARIES),
    withoutFile: 'library',
  },
  php: {
    files:
      /(?:^|\/)vendor\/|^\[internal function\]$|^(?:\/usr)?\/(?:share|lib)\/(?:php|pear)|^phar:|\/pear\/|(?:^|\/)(?:wp-includes|wp-admin)\//,
    names:
      /^(?:Symfony|Illuminate|Laravel|Doctrine|Monolog|GuzzleHttp|Composer|PHPUnit|Psr|Twig|Laminas|Zend|Slim|League|Carbon)\\/,
    withoutFile: 'library',
  },
  go: {
    files: new RegExp(
      `(?:^|/)pkg/mod/|(?:^|/)vendor/|@v\\d+\\.|(?:^|/)go[-@]?[\\d.]*/(?:libexec/)?src/(?:${GO_STANDARD})/|^(?:${GO_STANDARD})/|^_cgo|^<autogenerated>$`,
    ),
    names: new RegExp(
      `^(?:${GO_STANDARD})[./]|^(?:google\\.golang\\.org|golang\\.org|go\\.uber\\.org|gopkg\\.in|k8s\\.io)/`,
    ),
    withoutFile: 'by name',
  },
  csharp: {
    names: new RegExp(`^(?:\\(wrapper [\\w-]+\\) )?(?:<?(?:${CSHARP_LIBRARIES}))\\.|^\\(wrapper `),
    withoutFile: 'by name',
  },
  rust: {
    files: /(?:^|\/)rustc\/|\.cargo\/(?:registry|git)\/|^\/?library\/(?:std|core|alloc)\/|\.rustup\//,
    names:
      /^<?(?:std|core|alloc|tokio|futures\w*|hyper|tower\w*|rayon\w*|actix\w*|axum|tracing\w*|backtrace|anyhow|serde\w*|reqwest|sqlx|diesel|rust_begin_unwind|__rust\w*|rust_\w+|_start|__libc\w*|start_thread|clone\d?)(?:::|$| as )|^main$/,
    withoutFile: 'by name',
  },
  elixir: {
    files: /(?:^|\/)deps\/|^(?:gen_\w+|proc_lib|timer|erl_\w+|supervisor|lists|maps|ets)\.erl$|^src\/\w+\.erl$/,
    names:
      /^(?::|(?:Elixir\.)?(?:Enum|Stream|Task|GenServer|Agent|Supervisor|Registry|Kernel|Map|Keyword|String|Integer|Regex|File|IO|Logger|Process|Code|Mix|ExUnit|Module|Access|Jason|Poison|Plug|Phoenix|Ecto|DBConnection|Postgrex|Bandit|ThousandIsland|Oban|Tesla|Finch|Mint|HTTPoison|Absinthe|Broadway|GenStage)[./])/,
    withoutFile: 'by name',
  },
  dart: {
    files:
      /^dart:|^package:(?:flutter|flutter_test|sky_engine|http|dio|bloc|flutter_bloc|provider|riverpod|get|rxdart|async|stack_trace|test|test_api|shelf|shelf_router|grpc|json_annotation|firebase_\w+|cloud_firestore)\/|\.pub-cache\/|^org-dartlang-sdk:/,
    withoutFile: 'library',
  },
  perl: {
    files: /(?:^|\/)(?:perl|perl5|site_perl|vendor_perl|perl-base)\/|(?:^|\/)lib\/perl/,
    names:
      /^(?:Try::Tiny|Carp|Moose|Moo|Class::MOP|Mojo|Mojolicious|Dancer2?|Catalyst|Plack|DBI|DBD|DBIx|LWP|Log::\w+|Test::\w+|Exception::Class|Throwable)::/,
  },
}

const ALIASES: { readonly [language: string]: string } = {
  node: 'nodejs',
  javascript: 'nodejs',
  typescript: 'nodejs',
  kotlin: 'java',
  scala: 'java',
  clojure: 'java',
  dotnet: 'csharp',
  'c#': 'csharp',
  golang: 'go',
  erlang: 'elixir',
}

/** For languages without rules: directories that hold no application's code anywhere. */
const ANYWHERE: Rules = { files: /(?:^|\/)(?:node_modules|site-packages|dist-packages|gems|vendor)\// }

/** Whether `frame`, printed by `language`, belongs to the application. */
export function inApp(language: string, frame: Frame): boolean {
  const rules = RULES[ALIASES[language] ?? language] ?? ANYWHERE
  const file = fileOf(frame.file)
  const name = nameOf(frame)
  if (OBSERVERS_FILES.test(file) || OBSERVERS_NAMES.test(name)) return false
  if (file === '' && rules.withoutFile === 'library') return false
  if (file !== '' && rules.files?.test(file)) return false
  return !(name !== '' && rules.names?.test(name))
}

/** Sets `in_app` on every frame of a traceback and its causes. */
export function markInApp(traceback: Traceback): void {
  const { language, frames, causes } = traceback
  // Frames that were read before come back marked.
  for (const frame of frames) frame.in_app ??= inApp(language, frame)
  for (const cause of causes) for (const frame of cause.frames) frame.in_app ??= inApp(language, frame)
}

function fileOf(file: string | undefined): string {
  if (file === undefined) return ''
  let path = file.replaceAll('\\', '/')
  // Evaluated code is where it was evaluated.
  const origin = path.startsWith('eval at ') ? /\(([^()]*)\)+$/.exec(path)?.[1] : undefined
  if (origin !== undefined) path = origin
  if (path.startsWith('file://')) path = path.slice(7)
  else if (path.startsWith('webpack-internal:')) path = path.replace(/^webpack-internal:\/+(?:\([\w-]+\)\/)?/, '')
  else if (path.startsWith('webpack:')) path = path.replace(/^webpack:\/+(?:[\w-]+\/)?/, '')
  return path
}

/** `module.function`, or the part that is known; module paths of Java's `java.base/` left out. */
function nameOf(frame: Frame): string {
  const { module, function: name } = frame
  let full = module && name && !name.startsWith(module) ? `${module}.${name}` : (name ?? module ?? '')
  const slash = full.indexOf('/')
  // `java.base@17/java.util.…`, `app//com.acme.…`; Go's import paths have their dot before the first slash too.
  if (slash > 0 && /^(?:java|jdk)\.[\w.]*(?:@[\w.+-]*)?\/|^(?:app|platform|bootstrap)\/+/.test(full)) {
    full = full.replace(/^[^/]*\/+(?:[^/.]*@[^/]*\/)?/, '')
  }
  return full
}
