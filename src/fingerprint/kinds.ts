/** What the kind of an error says: the class without what changes from run to run or from logger to logger. */
import type { Family } from './families.js'
import { type Rewrite, rewrite, step } from './rewrite.js'

/** For every family, before its own. */
export const KIND_REWRITES: readonly Rewrite[] = [
  step('what PHP puts behind an anonymous class', /\0.*$/s),
  step('colours', /\x1b\[[0-9;]*m/g),
  step('blanks around', /^\s+|\s+$/g),
  // A toString() of its own may put values behind the name: `RuleException[cpu / idle]`.
  step('address, arity, type arguments, values', /@[0-9a-f]{4,16}$|`\d+|<[^>]*>$|\[.*$|\(.*$/g),
  step('blanks that this left', /\s+$/),
]

/** In Python and Node.js the module goes, which some formatters leave out. */
export const KIND_REWRITES_OF: { readonly [family in Family]?: readonly Rewrite[] } = {
  java: [
    step('class loader and module', /^.*\//),
    step('generated class', /\$\$.*$/),
    step('number of a local class', /\$\d+(?=[A-Za-z$]|$)/g, '$$'),
  ],
  csharp: [step('nested class', /\+/g, '.')],
  python: [
    step("module that is everybody's", /^(?:__main__|builtins)\./),
    // `re.error` and `socket.error` are nothing without their module.
    step('module', /^(?!.*[.:]\s*(?:error|Error|Exception)$).*[.:]\s*/),
  ],
  nodejs: [step('module', /^.*[.:]\s*/)],
  php: [step('leading separator', /^\\/), step('anonymous class', /@anonymous.*$/, '@anonymous')],
}

/** The kind as the issue goes by it. Empty when there is none. */
export function kindOf(family: Family, kind: string | undefined): string {
  if (kind === undefined) return ''
  const name = rewrite(kind.slice(0, 300), KIND_REWRITES)
  return rewrite(name, KIND_REWRITES_OF[family] ?? [])
}

/** Kinds that do not tell one error from another: the message has to. */
export const VAGUE =
  /^(?:|panic|die|fatal(?: error)?|error|string|exception|unknown|abort|throw|exit|object|any|\*?errors\.(?:errorString|fundamental|withStack|withMessage)|\*?fmt\.wrapErrors?)$/
/** Where upper case says nothing: languages whose errors need no class. */
export const VAGUE_IN_ANY_CASE: readonly Family[] = ['go', 'rust', 'perl']
const VAGUE_IGNORING_CASE = new RegExp(VAGUE.source, 'i')

export function isVague(family: Family, kind: string): boolean {
  return (VAGUE_IN_ANY_CASE.includes(family) ? VAGUE_IGNORING_CASE : VAGUE).test(kind)
}

/** What is raised where nobody wrote a class, in languages whose loggers often leave causes out. */
export const PLAIN: { readonly [family in Family]?: RegExp } = {
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
export const CARRIERS: { readonly [family in Family]?: RegExp } = {
  java: /^java\.util\.concurrent\.CompletionException$/,
}

export function isCarrier(family: Family, kind: string): boolean {
  return CARRIERS[family]?.test(kind) === true
}

/** Kinds of a stack that ran over: where it did is an accident. */
export const OVERFLOWS =
  /^(?:RecursionError|SystemStackError|(?:java\.lang\.)?StackOverflowError|(?:System\.)?StackOverflowException)$/
/** Kinds that are one when the message says so. */
export const OVERFLOWS_IN_WORDS = { kind: /^(?:RangeError|InternalError)$/, message: /call stack|recursion/i }

export function isOverflow(kind: string, message: string): boolean {
  const { kind: said, message: words } = OVERFLOWS_IN_WORDS
  return OVERFLOWS.test(kind) || (said.test(kind) && words.test(message))
}
