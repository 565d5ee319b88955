/**
 * How the functions of each language family are named: lists of rewrites, so that another implementation can take them
 * as they are. docs/fingerprint.md prints them; fp1 is frozen with them.
 */
import type { Family } from './families.js'
import { type Rewrite, step } from './rewrite.js'

export interface Naming {
  /**
   * `name`: a function's name carries its class or package. `file`: it does not, and the module of its file stands in
   * for them; what stands before the last dot is a receiver, which subclasses change.
   */
  readonly scope: 'name' | 'file'
  /** What a frame's module and function are joined with, where the function does not begin with its module. */
  readonly join?: '.' | '->'
  /** What stands before the class and is taken off before anything else is asked of a name. */
  readonly prefix?: RegExp
  readonly rewrites: readonly Rewrite[]
  /** Names that are no function's own: closures without one, places. */
  readonly unnamed?: RegExp
}

const RECEIVER: Rewrite = { ...step('receiver or class', /^.*[#.](?=[^#.]+$)/), withFile: true }

export const NAMING: { readonly [family in Family]: Naming } = {
  java: {
    scope: 'name',
    join: '.',
    // Class loader and module: `java.base@17.0.1/java.util.…`, `app//com.acme.…`.
    prefix: /^(?:[\w.@+-]*\/){1,2}(?=[A-Za-z_$])/,
    rewrites: [
      step('arguments', /\(.*$/),
      step('lambda in a constructor', /(^|\.)lambda\$new\$\d+$/, '$1<init>'),
      step('lambda in an initialiser', /(^|\.)lambda\$static\$\d+$/, '$1<clinit>'),
      step('lambda', /(^|\.)lambda\$([\w$]+?)\$\d+$/, '$1$2'),
      step('lambda of Scala', /(^|\.)\$anonfun\$(\w+)(?:\$\d+)*(?:\$adapted)?$/, '$1$2'),
      step('lambda of Kotlin', /(^|\.)(\w+)\$lambda[$-]\d+(?:[$-]\d+)*$/, '$1$2'),
      step(
        'closure class named after its function',
        /^(.*)\$(\w+)\$\d+(?:\$\d+)*\.(?:invoke|invokeSuspend|emit|apply|call|run)$/,
        '$1.$2',
      ),
      step(
        'function of Clojure',
        /^([^A-Z$]+)\$([^A-Z$]+?)(?:\$fn[^A-Z]*|__\d[^A-Z]*)?\.(?:invoke|invokeStatic|doInvoke|applyTo)$/,
        '$1.$2',
      ),
      step('closure of Groovy', /\$_(\w+?)_closure\d+(?:_closure\d+)*\.(?:doCall|call)$/, '.$1'),
      step('number of a local class', /\$\d+(?=[A-Za-z].*\.)/g, '$$'),
      step('number of an anonymous class', /\$\d+(?=.*\.)/g),
      step('nothing left of a class', /\$(?=\.[^.]*$)/),
      step('number of a synthetic method', /\$\d+$/),
      step('suffix of a synthetic method', /\$(?:default|adapted|extension|suspendImpl|mcV\$sp|lambda)$/),
    ],
    unnamed: /(?:^|\.)(?:null|anonfun)$/,
  },
  csharp: {
    scope: 'name',
    join: '.',
    rewrites: [
      step('offset of Mono', /\s*\[0x[0-9a-f]+\].*$/),
      step('nested class', /\+/g, '.'),
      step('arguments', /^(.[^(]*?)\s*\(.*$/, '$1'),
      step('arity', /`\d+/g),
      step('type arguments', /\[[^\]]*\]/g),
      step('state machine of a closure', /<(<\w*>[a-z]__[\w|]*)>d(?:__\w+)?\.MoveNext$/, '$1'),
      step('state machine', /(<\w+>[cd]__\w*)\.MoveNext$/, '$1'),
      step('class of closures', /(^|\.)<>c(?:__DisplayClass\w*)?(?=\.)/g, '$1'),
      step('doubled dot that this left', /\.\.(?!c?ctor$)/g, '.'),
      step('local function', /<(\w*)>g__(\w+)(?:\|\w*)?(?=\.|$)/g, '$1.$2'),
      step('closure or state machine', /<(\w*)>(?:[a-z]__[\w|]*|c__\w+)(?=\.|$)/g, '$1'),
      step('closure of a closure class', /\.$/),
      step('function that repeats, of a closure in a closure', /\.(\w+)(?:\.\1)+$/, '.$1'),
    ],
  },
  php: {
    scope: 'name',
    join: '->',
    rewrites: [
      step('closure named after its file', /\{closure:[^{}]*\/[^{}]*\}/, '{closure}'),
      step('closure named after its place', /\{closure:([^{}]*?)(?:\(\))?:\d+\}/, '$1->{closure}'),
      step('closure in a closure, named after its place', /\{closure:([^{}]*)->\{closure\}:\d+\}/, '$1->{closure}'),
      step('what stands before that place', /^.*?(?=[\w\\]+(?:->|::)\w+->\{closure\})/),
      step('arguments', /\(.*$/),
      step('place of an anonymous class', /\0.*?(?=->|::|$)/),
      step('anonymous class', /@anonymous.*?(?=->|::|$)/, '@anonymous'),
      step('closure in a method', /((?:->|::)\w+)(?:->|::)(?:[\w\\]*\\)?\{closure\}.*$/, '$1'),
      step('namespace of a closure', /(->|::)[\w\\]+(?=\{closure\}$)/, '$1'),
      step('leading separator', /^\\/),
      step('method', /(?:->|::)(?=[^>:]*$)/, '.'),
    ],
    unnamed: /^(?:.*\\)?\{closure\}$|^\{main\}$/,
  },
  go: {
    scope: 'name',
    rewrites: [
      step('arguments', /^(.*?[\w\])*])\((?!\*)(?:[^()]|\([^()]*\))*\)$/, '$1'),
      step('vendored', /^.*\/vendor\//),
      step('version of a module', /@v\d+(?:\.\d+)*/g),
      step('major version of a module', /\/v\d+(?=[./])/g),
      step('type arguments', /\[[^\]]*\]/g),
      step('closure at package level', /\.(?:glob\.|init)\.func\d+/, '.init.func1'),
      step('method value, range function', /-fm$|-range\d+$|·\w+$/),
      step('number of a closure', /\.(?:func\d+|gowrap\d+|\d+)(?:[.-](?:func|gowrap|range)?\d+)*$/, '.func*'),
    ],
    unnamed: /\.init\.func\*$/,
  },
  rust: {
    scope: 'name',
    join: '.',
    rewrites: [
      step('hash', /::h[0-9a-f]{16}$/),
      step('closure', /(?:::)?\{\{closure\}\}|(?:::)?\{closure(?:#\d+)?\}/g),
      step('generated', /(?:::)?\{(?:shim|impl|async_fn)[^}]*\}/g),
      step('type arguments', /<(?!.* as )[^<>]*>/g),
      step('what this left', /::$/),
    ],
  },
  elixir: {
    scope: 'name',
    join: '.',
    rewrites: [
      step('anonymous function', /^(?:anonymous )?fn(?:\/\d+)? in /),
      step('fun of Erlang', /^-|(?:-fun-\d+-|\/\d+-fun-\d+-)$/g),
      step('arity', /\/\d+$/),
      step('prefix of Elixir', /^Elixir\./),
    ],
  },
  dart: {
    scope: 'name',
    rewrites: [step('offset into a snapshot', /^(_kDart\w+)\+0x[0-9a-f]+$/, '$1')],
    unnamed: /^_kDart\w+$/,
  },
  perl: { scope: 'name', rewrites: [] },
  ruby: {
    scope: 'file',
    rewrites: [
      step('quotes', /^[`'"]|['"]$/g),
      step('block', /^(?:(?:rescue|ensure|block|block \(\d+ levels\)) in )+/),
      RECEIVER,
      step('top level', /^<.*$/, '<main>'),
    ],
  },
  python: {
    scope: 'file',
    rewrites: [step('function around a function', /^.*<locals>\./), step('parentheses', /\(\)$/), RECEIVER],
  },
  nodejs: {
    scope: 'file',
    rewrites: [
      step('alias', / \[as [^\]]*\]$/),
      step('async, new', /^(?:async )?(?:new )?/),
      step('closure of Firefox', /(?:\/?<)+$/),
      RECEIVER,
      step('no name', /^(?:<.*|anonymous|eval)?$/, '<anonymous>'),
    ],
  },
  other: { scope: 'name', join: '.', rewrites: [] },
}
