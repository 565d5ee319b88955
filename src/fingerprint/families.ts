/**
 * Language families and the names of kinds: `node` and `javascript` are one language, `__main__.Failed` is `Failed`.
 */

/** How frames of a family are named: by their file and a bare function, or by a qualified function. */
export type Family =
  | 'nodejs'
  | 'python'
  | 'ruby'
  | 'java'
  | 'php'
  | 'go'
  | 'csharp'
  | 'rust'
  | 'elixir'
  | 'dart'
  | 'perl'
  | 'other'

const FAMILIES: { readonly [language: string]: Family } = {
  nodejs: 'nodejs',
  node: 'nodejs',
  javascript: 'nodejs',
  typescript: 'nodejs',
  python: 'python',
  ruby: 'ruby',
  java: 'java',
  kotlin: 'java',
  scala: 'java',
  clojure: 'java',
  groovy: 'java',
  php: 'php',
  go: 'go',
  golang: 'go',
  csharp: 'csharp',
  dotnet: 'csharp',
  'c#': 'csharp',
  rust: 'rust',
  elixir: 'elixir',
  erlang: 'elixir',
  dart: 'dart',
  flutter: 'dart',
  perl: 'perl',
}

export function familyOf(language: string | undefined): Family {
  const name = language?.toLowerCase() ?? ''
  return Object.hasOwn(FAMILIES, name) ? (FAMILIES[name] ?? 'other') : 'other'
}

/**
 * A kind without what changes from run to run or from logger to logger: addresses, proxies, generics, and, in Python and
 * Node.js, the module, which some formatters leave out. Empty when there is none.
 */
export function kindOf(family: Family, kind: string | undefined): string {
  if (kind === undefined) return ''
  let name = kind.slice(0, 300).split('\0')[0] ?? ''
  name = name.replace(/\x1b\[[0-9;]*m/g, '').trim()
  // A toString() of its own may put values behind the name: `RuleException[cpu / idle]`.
  name = name.replace(/@[0-9a-f]{4,16}$|`\d+|<[^>]*>$|\[.*$|\(.*$/g, '').trim()
  if (family === 'java')
    name = name
      .replace(/^.*\//, '')
      .replace(/\$\$.*$/, '')
      .replace(/\$\d+(?=[A-Za-z$]|$)/g, '$')
  if (family === 'csharp') name = name.replaceAll('+', '.')
  if (family === 'python' || family === 'nodejs') {
    const bare = name.replace(/^.*[.:]\s*/, '')
    // `re.error` and `socket.error` are nothing without their module.
    name =
      /^(?:error|Error|Exception)$/.test(bare) && family === 'python'
        ? name.replace(/^(?:__main__|builtins)\./, '')
        : bare
  }
  if (family === 'php') name = name.replace(/^\\/, '').replace(/@anonymous.*$/, '@anonymous')
  return name
}

/** Kinds that do not tell one error from another: the message has to. */
const VAGUE =
  /^(?:|panic|die|fatal(?: error)?|error|string|exception|unknown|abort|throw|exit|object|any|\*?errors\.(?:errorString|fundamental|withStack|withMessage)|\*?fmt\.wrapErrors?)$/

export function isVague(family: Family, kind: string): boolean {
  return VAGUE.test(
    family === 'go' || family === 'rust' || family === 'perl'
      ? kind
          .toLowerCase()
          .replace('errorstring', 'errorString')
          .replace('withstack', 'withStack')
          .replace('withmessage', 'withMessage')
          .replace('wraperror', 'wrapError')
      : kind,
  )
}

/** What is raised where nobody wrote a class, in languages whose loggers often leave causes out. */
const PLAIN: { readonly [family in Family]?: RegExp } = {
  nodejs: /^Error$/,
  ruby: /^(?:Exception|StandardError|RuntimeError)$/,
}

/**
 * A kind that every `throw new Error(…)` has. As a root cause it tells nothing apart, so that the issue may be the same
 * whether the logger prints causes or not.
 */
export function isPlain(family: Family, kind: string): boolean {
  return PLAIN[family]?.test(kind) === true
}

/** What the machinery of futures wraps an error in, with the stack of whichever thread happened to complete the future. */
export function isCarrier(family: Family, kind: string): boolean {
  return family === 'java' && kind === 'java.util.concurrent.CompletionException'
}

/** Kinds of a stack that ran over: where it did is an accident. */
export function isOverflow(kind: string, message: string): boolean {
  if (
    /^(?:RecursionError|SystemStackError|(?:java\.lang\.)?StackOverflowError|(?:System\.)?StackOverflowException)$/.test(
      kind,
    )
  )
    return true
  return /^(?:RangeError|InternalError)$/.test(kind) && /call stack|recursion/i.test(message)
}
