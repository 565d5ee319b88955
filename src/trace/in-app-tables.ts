/**
 * Where each language keeps what is not the application: directories that package managers and runtimes install into,
 * names of standard libraries, and packages that everybody uses. Only what is nobody's own application stands here: a
 * frame that no table knows is the application's.
 */

export interface Rules {
  /** A file that matches, with `/` for `\`, is a library's or the runtime's. */
  readonly files?: RegExp
  /** The same for `module.function`, or what of it is known. */
  readonly names?: RegExp
  /** What to say of a frame without a file. */
  readonly withoutFile?: 'library' | 'by name'
}

/** Tools that observe a program from inside it, wherever they are installed. */
export const OBSERVERS: Rules = {
  files:
    /(?:^|\/)(?:ddtrace|dd-trace\w*|dd-trace-\w+|sentry[_-]sdk|@sentry|newrelic|@?opentelemetry|elasticapm|elastic-apm[\w-]*)\//,
  names:
    /^(?:(?:com\.)?datadog|datadog\.trace|io\.sentry|com\.newrelic|io\.opentelemetry|co\.elastic\.apm|com\.bugsnag|com\.dynatrace|com\.appdynamics|DDTrace|Sentry|NewRelic|OpenTelemetry)(?:\.|\\|::)/,
}

/** For languages without rules: directories that hold no application's code anywhere. */
export const ANYWHERE: Rules = { files: /(?:^|\/)(?:node_modules|site-packages|dist-packages|gems|vendor)\// }

const PYTHON = [
  // Packages: pip, Debian, eggs, wheels run from where they lie, layers of AWS Lambda (Elastic Beanstalk's own directories are the application's).
  '(?:^|/)(?:site-packages|dist-packages|[^/]+\\.(?:egg|whl))/|^/opt/python/(?!current/|ondeck/|bundle/)',
  // The standard library, on Unix, Windows, Conda and PyPy.
  '(?:^|/)lib(?:64|32)?/(?:python|pypy)\\d[\\d.]*/|(?:^|/)python\\d+/lib/|(?:ana|mini)conda\\d*/(?:envs/[^/]+/)?lib/|(?:^|/)(?:lib-python|lib_pypy)/',
  // Code without a file, and compiled code.
  '^<(?:frozen|string|__array_function__|attrs generated|decorator-gen|template|unknown)|\\.(?:pyx|pxi|pxd)$',
  // What starts a program: scripts that pip writes, runtimes of clouds, Spark.
  '(?:^|/)bin/(?:gunicorn|uvicorn|hypercorn|daphne|uwsgi|celery|flask|django-admin|airflow|pytest|ddtrace-run|opentelemetry-instrument|newrelic-admin)$',
  '^/var/runtime/|(?:^|/)azure-functions-host/|(?:^|/)pyspark\\.zip/|/spark/python/(?:lib/)?pyspark',
].join('|')

const RUBY = [
  // Gems, wherever they are installed, and as Rails prints them: `activerecord (7.1.2) lib/…`.
  '(?:^|/)(?:gems|rubygems|vendor_ruby|site_ruby)/|(?:^|/)vendor/(?:bundle|gems)/|^[\\w-]+ \\(\\d[\\w.]*\\) ',
  // The standard library, of JRuby and TruffleRuby too.
  '(?:^|/)lib(?:64)?/(?:j?ruby|truffleruby)/|^<internal:|^org/jruby/|^uri:classloader:',
  '\\(erb\\)$',
  // What starts a program.
  '^/usr/s?bin/|(?:^|/)bin/(?:bundle|rake|rails|puma|sidekiq|resque|unicorn|thin|falcon|rackup|spring|rspec|ruby|irb|ruby_executable_hooks)$',
  '^/var/runtime/|(?:^|/)passenger/helper-scripts/|(?:^|/)phusion_passenger/',
].join('|')

/** Beginnings of qualified class names, each followed by a dot. */
const JAVA = [
  // The JDK and what runs inside it.
  'java|javax|jakarta|jdk|sun|libcore|oracle\\.(?:jdbc|net|sql|ucp|toplink|security|xml)|com\\.sun|com\\.oracle|netscape',
  'com\\.ibm\\.(?:ws|wsspi|websphere|db2|mq|msg|jms|crypto|oti)|org\\.(?:w3c|xml|ietf|omg|graalvm)',
  // Languages on the JVM, and their own libraries.
  'kotlin|kotlinx|scala|clojure|groovy|groovyjarjar\\w*|org\\.(?:codehaus|jetbrains|jruby|python)',
  'cats\\.effect|zio|fs2|monix|scalaz|slick|doobie|sttp|org\\.http4s|scalikejdbc|sbt|ring|compojure|nrepl|leiningen',
  // Servers and frameworks.
  'org\\.(?:apache|springframework|eclipse|hibernate|jboss|wildfly|xnio|glassfish|mortbay|aspectj|aopalliance|osgi|quartz|thymeleaf|keycloak|camunda|flowable|activiti|axonframework|togglz|jobrunr)',
  'akka|play|weblogic|io\\.(?:netty|undertow|vertx|quarkus|micronaut|ktor|helidon|javalin|dropwizard|smallrye|jooby|grpc|swagger|jsonwebtoken|lettuce|r2dbc|temporal|rsocket|awspring|nats|ebean|dapr)',
  'reactor|rx|io\\.reactivex|org\\.reactivestreams|ratpack|spark|com\\.(?:linecorp\\.armeria|netflix|caucho|opensymphony|vaadin|lmax|uber\\.cadence)|io\\.(?:github\\.(?:resilience4j|bucket4j)|projectreactor|confluent|debezium|fabric8|kubernetes)',
  // Data, text and network libraries.
  'com\\.(?:fasterxml|google|zaxxer|mysql|mongodb|microsoft|amazonaws|squareup|rabbitmq|datastax|hazelcast|github\\.benmanes|zendesk|atomikos|mchange|jcraft|h2database|ctc\\.wstx|thoughtworks|typesafe|twitter|esotericsoftware|jayway|alibaba\\.(?:fastjson|druid)|baomidou|azure|couchbase|aerospike|clickhouse|querydsl|p6spy|nimbusds|auth0|ibatis|jolbox|lambdaworks)',
  'org\\.(?:postgresql|mariadb|h2|hsqldb|sqlite|mongodb|redisson|elasticsearch|opensearch|flywaydb|joda|yaml|json|jsoup|objectweb|bouncycastle|asynchttpclient|jooq|mybatis|neo4j|infinispan|jgroups|ehcache|influxdb|dom4j|jdom2?|mapstruct|modelmapper|jdbi|opensaml|duckdb|rocksdb|firebirdsql|simpleframework|xerial|agrona)',
  'okhttp3|okio|retrofit2?|redis\\.clients|liquibase|net\\.(?:bytebuddy|sf|sourceforge|logstash|minidev|snowflake|spy|ttddyy|javacrumbs)|javassist|cglib|software\\.amazon|feign|freemarker|antlr|lombok|io\\.(?:micrometer|prometheus|opentelemetry|opentracing|jaegertracing|sentry)',
  // Logging and tests.
  'ch\\.qos|org\\.(?:slf4j|junit|mockito|testng|assertj|hamcrest|testcontainers|jmockit|powermock|spockframework|awaitility)|io\\.(?:mockk|kotest|cucumber|restassured)|junit|worker\\.org\\.gradle|org\\.gradle|android|androidx|dalvik|com\\.android',
].join('|')

/** Classes that are made while the program runs; some bear the name of the application's class that they wrap. */
const JAVA_GENERATED =
  '\\$Proxy\\d|\\$\\$(?:EnhancerBy|FastClassBy|SpringCGLIB|KeyFactoryBy|_jvst|_Weld|Lambda)|\\$(?:HibernateProxy|MockitoMock|ByteBuddy)\\$|_\\$\\$_|Generated(?:Method|Constructor)Accessor'

/** Core modules of Node.js before 16, whose frames had bare file names. */
const NODE_BARE =
  '_?(?:assert|async_hooks|bootstrap_node|buffer|child_process|cluster|console|crypto|dgram|dns|domain|events|fs|http|http_(?:agent|client|common|incoming|outgoing|server)|https|module|net|path|perf_hooks|process|querystring|readline|repl|stream_\\w+|stream|string_decoder|timers|tls|tls_\\w+|url|util|v8|vm|worker_threads|zlib)\\.js'

const NODE = [
  // Installed packages, also as package managers without node_modules and old webpack (`./~/`) name them; Deno's cache.
  '(?:^|/)node_modules/|/\\.yarn/|/\\.pnp\\.[cm]?js$|^\\./~/|(?:^|/)deno(?:-dir)?/(?:npm|deps)/',
  // The runtimes: Node.js, Bun, Deno, Electron, Hermes, browsers; those of clouds.
  '^(?:node|bun|deno|ext|wasm|native):|^internal/|^electron/js2c/|^InternalBytecode\\.js$|^/var/runtime/|(?:^|/)azure-functions-host/',
  `^${NODE_BARE}$|^<anonymous>$|^native$|^\\[(?:native|wasm) code\\]$|^eval code$|^\\[eval\\]-wrapper$`,
  // Firefox's own scripts; whatever a visitor has added to the browser.
  '^(?:resource|chrome):|^(?:chrome|moz|ms-browser|safari|safari-web)-extension:',
  // Bundlers' own parts in what they made.
  '^webpack/|^\\(?webpack|^external |(?:^|/)\\[(?:turbopack|externals?)[^\\]/]*\\]/|^https?://[^/]*/@vite/|/_next/static/chunks/(?:framework|main|main-app|polyfills|webpack)[.-]|/\\.next/server/[\\w-]*webpack[\\w-]*\\.js$',
  // Where packages are served from, and the scripts that pages load from others.
  '^https?://(?:deno\\.land|esm\\.sh|jsr\\.io|unpkg\\.com|cdn\\.jsdelivr\\.net|cdnjs\\.cloudflare\\.com|cdn\\.skypack\\.dev|ga\\.jspm\\.io|code\\.jquery\\.com|ajax\\.googleapis\\.com)/',
  '^https?://(?:www\\.googletagmanager\\.com|www\\.google-analytics\\.com|connect\\.facebook\\.net|js\\.stripe\\.com|(?:js|browser)\\.sentry-cdn\\.com|www\\.datadoghq-browser-agent\\.com|js-agent\\.newrelic\\.com)/',
  // Bundles of libraries by their name. Only where a page is served: `models/vendor.js` may be a shop's own.
  '^(?:https?|capacitor|ionic|app)://.*/(?:chunk-)?(?:vendors?|polyfills?)(?:[.~_-][^/?#]*)?\\.m?js(?:$|[?#])',
  // Libraries as they are published, for a browser to load.
  '(?:^|/)(?:react|react-dom|scheduler|vue|vue-router|angular|jquery|jquery-ui|lodash|zone)(?:[.-][\\d.]{1,20})?(?:\\.(?:cjs|runtime|global|esm-browser|slim)){0,3}(?:[.-](?:development|production|prod|min)){1,2}\\.js(?:$|[?#])',
].join('|')

const PHP_FILES = [
  '(?:^|/)vendor/|^phar:|/pear/|^(?:/usr)?/(?:share|lib)/(?:php|pear)|^\\[internal function\\]$',
  // Programs that an application is put into: WordPress, Drupal.
  '(?:^|/)(?:wp-includes|wp-admin)/|(?:^|/)core/(?:lib/Drupal|includes/\\w+\\.inc|modules/\\w+/src)',
].join('|')

/** Namespaces, each followed by a backslash. */
const PHP_NAMES = [
  'Symfony|Illuminate|Laravel|Livewire|Filament|Inertia|Yiisoft|yii|Cake|CodeIgniter|Phalcon|Laminas|Mezzio|Zend|Slim|Nette|Tracy|Hyperf|Spiral|Drupal\\\\(?:Core|Component)|Joomla\\\\CMS|Magento\\\\Framework',
  'Doctrine|Monolog|Guzzle|GuzzleHttp|Http\\\\Client|Composer|PHPUnit|Psr|Twig|League|Carbon|Ramsey|Predis|Spatie|Barryvdh|Maatwebsite|Intervention|PhpOffice|PhpParser|PhpAmqpLib|Nyholm|Brick|Aws|Google|Stripe|Twilio|Elastica|Elasticsearch|Elastic|MongoDB|Swoole|React|Amp|Revolt|Ratchet|Workerman|Whoops|Dotenv|Mockery|Pest|Faker|Bugsnag|Rollbar',
].join('|')

/** First segments of the import paths of the standard library. */
const GO_STANDARD =
  'archive|arena|bufio|bytes|cmp|compress|container|context|crypto|database|debug|embed|encoding|errors|expvar|flag|fmt|go|hash|html|image|index|internal|io|iter|log|maps|math|mime|net|os|path|plugin|reflect|regexp|runtime|slices|sort|strconv|strings|structs|sync|syscall|testing|text|time|unicode|unique|unsafe|weak'

const GO_FILES = [
  // The module cache, vendored modules, and both with -trimpath.
  '(?:^|/)pkg/mod/|(?:^|/)vendor/|@v\\d+\\.',
  `(?:^|/)go[-@]?[\\d.]*/(?:[\\d.]+/)?(?:x64/|libexec/)?src/(?:${GO_STANDARD})/|^(?:${GO_STANDARD})/`,
  '^_cgo|^<autogenerated>$|^_testmain\\.go$',
].join('|')

/** Import paths of modules, which stand in the names where the module cache does not stand in the files. */
const GO_MODULES = [
  '(?:google\\.golang\\.org|golang\\.org|go\\.uber\\.org|gopkg\\.in|k8s\\.io|sigs\\.k8s\\.io|go\\.opentelemetry\\.io|go\\.mongodb\\.org|go\\.etcd\\.io|cloud\\.google\\.com/go|gorm\\.io|entgo\\.io|goa\\.design|gocloud\\.dev|gonum\\.org|modernc\\.org)/',
  'github\\.com/(?:DataDog|getsentry|newrelic|gin-gonic|labstack|gorilla|go-chi|gofiber|valyala|julienschmidt|beego|go-kit|go-kratos|zeromicro|urfave|spf13|sirupsen|rs/zerolog|pkg/errors|cockroachdb/errors|golang|google|grpc-ecosystem|prometheus|stretchr|jackc|lib/pq|go-sql-driver|mattn|jmoiron|go-gorm|jinzhu|go-redis|redis|gomodule|aws/aws-sdk-go(?:-v2)?|aws/aws-lambda-go|confluentinc|segmentio|Shopify/sarama|IBM/sarama|nats-io|streadway|rabbitmq|elastic|olivere|golang-jwt|go-playground|json-iterator|hashicorp/go-\\w+)[/.]',
].join('|')

/** First segments of namespaces, each followed by a dot. */
const CSHARP = [
  'System|Microsoft|Mono|Windows|MS|Interop|Internal|FSharp',
  'Newtonsoft|NLog|Serilog|log4net|Npgsql|Dapper|MySql|MySqlConnector|Pomelo|Oracle|MongoDB|Couchbase|LiteDB|FirebirdSql|Snowflake|Autofac|MediatR|AutoMapper|Mapster|Polly|Hangfire|Quartz|Coravel|MassTransit|Rebus|EasyNetQ|RabbitMQ|NServiceBus|StackExchange|ServiceStack|FastEndpoints|Carter|Giraffe|Suave|Ocelot|Yarp|Steeltoe|Volo\\.Abp|Abp',
  'Grpc|Castle|Ninject|Unity|Lamar|Scrutor|Wolverine|JasperFx|Marten|Xunit|NUnit|Moq|NSubstitute|FakeItEasy|Shouldly|FluentValidation|FluentAssertions|Swashbuckle|NSwag|Azure|Amazon|Google|OpenTelemetry|Datadog|Sentry|Elastic|Elasticsearch|Nest|OpenSearch|NHibernate|RestSharp|Refit|Flurl|IdentityServer4|Duende|OpenIddict|HotChocolate|GraphQL|Orleans|Akka|Lucene|CsvHelper|MessagePack|ProtoBuf|Confluent|Nancy|Topshelf|Humanizer|DotNetCore|NodaTime|MailKit|MimeKit|SendGrid|Stripe|Twilio|BouncyCastle|Org\\.BouncyCastle|SixLabors|SkiaSharp|Umbraco|Sitecore|DevExpress|Telerik|Syncfusion|JetBrains|Spectre|CommandLine',
].join('|')

const RUST_CRATES = [
  'std|core|alloc|proc_macro|test|backtrace|std_detect|hashbrown|gimli|addr2line|rustc_demangle',
  'tokio\\w*|futures\\w*|async_std|async_\\w+|smol|mio|hyper\\w*|h2|http|tower\\w*|rayon\\w*|crossbeam\\w*|parking_lot\\w*|actix\\w*|axum\\w*|warp|rocket\\w*|tonic|prost|reqwest|rustls\\w*|native_tls|openssl',
  'anyhow|eyre|color_eyre|thiserror|miette|serde\\w*|sqlx\\w*|diesel\\w*|sea_orm|sea_query|redis|mongodb|lapin|rdkafka|regex\\w*|chrono|rand\\w*|bytes|once_cell|clap\\w*|log|env_logger|tracing\\w*|sentry\\w*|opentelemetry\\w*|datadog\\w*|aws_\\w+',
].join('|')

/** What a crate's generic code is called for: a type parameter, or a type of the language. */
const RUST_OPEN_TYPE = '&?(?:mut )?(?:[A-Z]\\w?|[iu](?:8|16|32|64|128|size)|f32|f64|str|bool|char|\\[T\\])'

/** Symbols of the runtime and of the system's own start of threads and programs. */
const RUST_SYMBOLS =
  'rust_begin_unwind|rust_panic\\w*|rust_eh_personality|rust_oom|_start|start|_?main|__libc\\w*|start_thread|_{0,2}clone\\d?|_?pthread_\\w+|thread_start|invoke_main|__scrt_common_main\\w*|BaseThreadInitThunk|RtlUserThreadStart'

const ELIXIR_MODULES = [
  'Enum|Stream|Task|GenServer|Agent|Supervisor|DynamicSupervisor|PartitionSupervisor|Registry|Kernel|Map|MapSet|Keyword|List|Tuple|Range|Date|Time|DateTime|NaiveDateTime|Calendar|Duration|String|StringIO|Integer|Float|Atom|Base|Bitwise|Regex|File|Path|IO|IEx|EEx|URI|Version|System|Port|Node|Process|Code|Macro|Module|Function|Protocol|Enumerable|Collectable|Inspect|Access|Exception|OptionParser|Application|Logger|Mix|ExUnit',
  'Jason|Poison|Plug|Phoenix|Ecto|DBConnection|Postgrex|MyXQL|Tds|Redix|Mongo|Bandit|ThousandIsland|Oban|Quantum|Exq|Tesla|Finch|Mint|Req|HTTPoison|Absinthe|Dataloader|Broadway|GenStage|Flow|Swoosh|Bamboo|Guardian|Comeonin|Bcrypt|Argon2|Timex|Decimal|Cachex|Nebulex|Gettext|ExAws|Floki|Ash|Spark|Commanded|EventStore|Surface|Appsignal|Spandex\\w*|PromEx|Telemetry\\w*',
].join('|')

/** Modules of OTP and of common packages; Erlang's modules have one flat space of names. */
const ERLANG_MODULES = [
  'erlang|erl_\\w+|elixir\\w*|erts_\\w+|gen|gen_\\w+|proc_lib|supervisor|supervisor_bridge|sys|timer|lists|maps|ets|dets|mnesia\\w*|io|io_lib\\w*|file|filename|filelib|file_(?:io_)?server|binary|string|unicode|re|rand|crypto|public_key|ssl\\w*|tls_\\w+|dtls_\\w+|inet\\w*|prim_\\w+|init|code|code_server|application|application_\\w+|logger\\w*|error_(?:handler|logger)\\w*|escript|shell|user_(?:drv|sup)|rpc|erpc|global|net_(?:adm|kernel)|os|base64|json|zlib|zip|calendar|queue|array|dict|orddict|sets|ordsets|gb_(?:sets|trees)|digraph\\w*|proplists|beam_lib|compile|epp|eunit\\w*|ct_\\w+|test_server\\w*|httpc\\w*|httpd\\w*|ssh\\w*|xmerl\\w*|disk_log\\w*|qlc|math|persistent_term|counters|atomics|socket|uri_string|pg|pg2',
  'cowboy\\w*|cow_\\w+|ranch\\w*|hackney\\w*|gun|gun_\\w+|poolboy\\w*|epgsql\\w*|lager\\w*|jsx\\w*|jiffy|jose\\w*|telemetry\\w*|otel_\\w+|opentelemetry\\w*|brod\\w*|kpro_\\w+|amqp_\\w+|rabbit_\\w+|ibrowse\\w*|mochiweb\\w*|webmachine\\w*|recon\\w*|eredis\\w*|meck\\w*|rebar\\w*|rebar3\\w*',
].join('|')

const DART_PACKAGES = [
  'flutter|flutter_(?:test|driver|localizations|web_plugins|bloc|riverpod|hooks|mobx|redux|secure_storage|local_notifications)|sky_engine',
  'http|http_parser|dio|bloc|hydrated_bloc|provider|riverpod|hooks_riverpod|get|get_it|injectable|mobx|redux|rxdart|async|stream_transform|collection|path|path_provider\\w*|intl|meta|crypto|convert|args|yaml|logging|logger|equatable|freezed\\w*|json_annotation|built_value|stack_trace|test|test_api|mockito|mocktail|go_router|auto_route|hive\\w*|sqflite\\w*|drift|isar\\w*|shared_preferences\\w*|url_launcher\\w*|connectivity_plus|package_info_plus|web_socket_channel|graphql\\w*|retrofit|chopper|grpc|protobuf|shelf|shelf_\\w+|dart_frog|serverpod\\w*|postgres|mongo_dart|supabase\\w*|postgrest|gotrue|firebase_\\w+|cloud_firestore|cloud_functions|sentry\\w*|datadog_\\w+',
].join('|')

/** Debian, Red Hat, perlbrew, plenv, Carton, Strawberry and ActivePerl. */
const PERL_FILES =
  '(?:^|/)(?:perl5|site_perl|vendor_perl|perl-base)/|(?:^|/)perl/(?:\\d|lib/|site/|vendor/|cpan/)|(?:^|/)lib/perl|(?:^|/)Perl\\d*/(?:site/)?lib/|^/etc/perl/'

/** Names of packages, each followed by `::`. */
const PERL_NAMES =
  'Try::Tiny|Carp|Moose|MooseX|Moo|MooX|Mouse|Role::Tiny|Sub::\\w+|Class::\\w+|Mojo|Mojolicious|Dancer2?|Catalyst|Plack|Starman|Starlet|Twiggy|Template|DBI|DBD|DBIx|LWP|HTTP|URI|JSON|Cpanel::JSON|YAML|XML|Net::HTTP|IO|AnyEvent|EV|Coro|POE|Type::\\w+|Types::\\w+|Params::\\w+|DateTime|Data::Dumper|List::Util|Scalar::Util|Storable|Encode|Log::\\w+|Test::\\w+|Exception::Class|Throwable|Devel::\\w+|Module::Runtime|Apache2?|ModPerl'

/** By the name of the language, see `ALIASES`. */
export const RULES: { readonly [language: string]: Rules } = {
  python: { files: new RegExp(PYTHON, 'i') },
  ruby: { files: new RegExp(RUBY) },
  java: { names: new RegExp(`^(?:${JAVA})\\.|${JAVA_GENERATED}`), withoutFile: 'by name' },
  nodejs: { files: new RegExp(NODE), withoutFile: 'library' },
  php: { files: new RegExp(PHP_FILES), names: new RegExp(`^\\\\?(?:${PHP_NAMES})\\\\`), withoutFile: 'library' },
  go: {
    files: new RegExp(GO_FILES),
    names: new RegExp(`^(?:${GO_STANDARD})[./]|^(?:${GO_MODULES})`),
    withoutFile: 'by name',
  },
  csharp: {
    // The last ones are methods that are made while the program runs.
    names: new RegExp(`^<?(?:${CSHARP})\\.|^\\(wrapper |^lambda_method\\d*(?:\\(|$)|^DynamicClass\\.`),
    withoutFile: 'by name',
  },
  rust: {
    files:
      /(?:^|\/)rustc\/|(?:^|\/)\.?cargo\/(?:registry|git)\/|(?:^|\/)vendor\/|(?:^|\/)library\/(?:std|core|alloc|proc_macro|test|panic_unwind|backtrace)\/|\.rustup\//,
    names: new RegExp(
      `^<?(?:${RUST_CRATES})(?:::| as )|^<${RUST_OPEN_TYPE} as (?:${RUST_CRATES})::|^_{2,3}rust\\w*(?:::|$)|^(?:${RUST_SYMBOLS})$`,
    ),
    withoutFile: 'by name',
  },
  elixir: {
    files: new RegExp(`(?:^|/)deps/|(?:^|/)(?:${ERLANG_MODULES})\\.erl$`),
    names: new RegExp(`^(?:Elixir\\.)?(?:${ELIXIR_MODULES})[./]|^:(?:${ERLANG_MODULES})\\.|^(?:${ERLANG_MODULES}):`),
    withoutFile: 'by name',
  },
  dart: {
    files: new RegExp(`^dart:|^package:(?:${DART_PACKAGES})/|\\.pub-cache/|^org-dartlang-sdk:`),
    withoutFile: 'library',
  },
  perl: { files: new RegExp(PERL_FILES), names: new RegExp(`^(?:${PERL_NAMES})::`) },
}

/** Other names of the languages. */
export const ALIASES: { readonly [language: string]: string } = {
  node: 'nodejs',
  javascript: 'nodejs',
  typescript: 'nodejs',
  kotlin: 'java',
  scala: 'java',
  clojure: 'java',
  groovy: 'java',
  dotnet: 'csharp',
  'c#': 'csharp',
  golang: 'go',
  erlang: 'elixir',
  flutter: 'dart',
}
