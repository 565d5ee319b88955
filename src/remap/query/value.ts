/**
 * Tests of one value in a query: words with wildcards, quoted texts, ranges and comparisons, and words in the message.
 * Numbers compare as numbers. Matching takes time linear in the value, whatever the pattern.
 */
import type { Value } from '../../core/shapes.js'

/** A word as written, unescaped: literal texts and the wildcards between them. */
export type Pattern = readonly (string | typeof ANY | typeof ONE)[]
/** `*`: any characters or none. */
export const ANY = Symbol('*')
/** `?`: one character. */
export const ONE = Symbol('?')

/** Whether a scalar passes. Lists and maps are taken apart before. */
export type ValueTest = (value: string | number | boolean) => boolean

/** True for the pattern `*` alone, which asks whether there is a value. */
export function isAnything(pattern: Pattern): boolean {
  return pattern.length > 0 && pattern.every((part) => part === ANY)
}

/** The text of a pattern without wildcards, or undefined. */
export function plainText(pattern: Pattern): string | undefined {
  if (pattern.length === 0) return ''
  return pattern.length === 1 && typeof pattern[0] === 'string' ? pattern[0] : undefined
}

/** Equality, or likeness where the pattern has wildcards. `fold`: case does not matter. */
export function wordTest(pattern: Pattern, fold: boolean): ValueTest {
  const text = plainText(pattern)
  if (text === undefined) {
    const folded = unitsOf(
      fold ? pattern.map((part) => (typeof part === 'string' ? part.toLowerCase() : part)) : pattern,
    )
    return (value) => like(fold ? String(value).toLowerCase() : String(value), folded)
  }
  const expected = fold ? text.toLowerCase() : text
  const number = numberOf(text)
  return (value) => {
    if (typeof value === 'number') return number !== undefined ? value === number : String(value) === expected
    const got = typeof value === 'string' ? value : String(value)
    return got === expected || (fold && got.toLowerCase() === expected)
  }
}

/** A pattern in code units, and the wildcards as numbers below zero. */
function unitsOf(pattern: Pattern): readonly number[] {
  const units: number[] = []
  for (const part of pattern) {
    if (typeof part === 'string') for (let i = 0; i < part.length; i++) units.push(part.charCodeAt(i))
    else if (part === ONE) units.push(ANY_ONE)
    else if (units.at(-1) !== ANY_TEXT) units.push(ANY_TEXT)
  }
  return units
}

const ANY_TEXT = -1
const ANY_ONE = -2

/** Greedy matching with one place to return to: the last `*`. */
function like(text: string, units: readonly number[]): boolean {
  let at = 0
  let unit = 0
  let star = -1
  let starAt = 0
  while (at < text.length) {
    const expected = units[unit]
    if (expected === ANY_TEXT) {
      star = unit++
      starAt = at
    } else if (expected === ANY_ONE || expected === text.charCodeAt(at)) {
      unit++
      at++
    } else if (star >= 0) {
      unit = star + 1
      at = ++starAt
    } else return false
  }
  while (units[unit] === ANY_TEXT) unit++
  return unit === units.length
}

export interface Bound {
  /** Undefined = no bound. */
  readonly text: string | undefined
  readonly inclusive: boolean
}

/** A range. Numeric when its bounds are, and then text that is no number is outside; otherwise texts in code unit order. */
export function rangeTest(from: Bound, to: Bound): ValueTest {
  const low = from.text === undefined ? Number.NEGATIVE_INFINITY : numberOf(from.text)
  const high = to.text === undefined ? Number.POSITIVE_INFINITY : numberOf(to.text)
  if (low !== undefined && high !== undefined)
    return (value) => {
      const number = typeof value === 'number' ? value : typeof value === 'string' ? numberOf(value) : undefined
      if (number === undefined) return false
      return (from.inclusive ? number >= low : number > low) && (to.inclusive ? number <= high : number < high)
    }
  return (value) => {
    const text = String(value)
    if (from.text !== undefined && (from.inclusive ? text < from.text : text <= from.text)) return false
    return to.text === undefined || (to.inclusive ? text <= to.text : text < to.text)
  }
}

/** The number a text writes, or undefined. */
export function numberOf(text: string): number | undefined {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

/** Visits the scalars of an attribute: the elements of lists, lists in them too. True when one passes. */
export function someScalar(value: Value | undefined, test: ValueTest): boolean {
  if (value === undefined || value === null) return false
  if (typeof value !== 'object') return test(value)
  return Array.isArray(value) && value.some((item) => someScalar(item, test))
}

/** What words consist of, in lower case; the rest of a message separates them. */
const WORD = '0-9a-z_\\u0080-\\uffff'
const WORDS = new RegExp(`[${WORD}]+`, 'g')

/**
 * Whether a message holds the words, one after the other, whatever stands between them and in whatever case: "hello
 * world" is in "Hello, world!" but not in "hello worlds". Without any word in it: the text itself.
 */
export function messageTest(pattern: Pattern): (message: string) => boolean {
  if (isAnything(pattern)) return () => true
  const text = plainText(pattern)?.toLowerCase()
  if (text === undefined) return wildcardTest(pattern)
  const words = text.match(WORDS)
  if (words === null) return (message) => text !== '' && message.toLowerCase().includes(text)
  const regex = new RegExp(`(?:^|[^${WORD}])${words.join(`[^${WORD}]+`)}(?:$|[^${WORD}])`)
  return (message) => regex.test(message.toLowerCase())
}

/** Wildcards stay within a word, or within what blanks separate; with a blank in the pattern, within the message. */
function wildcardTest(pattern: Pattern): (message: string) => boolean {
  const folded = pattern.map((part) => (typeof part === 'string' ? part.toLowerCase() : part))
  if (folded.some((part) => typeof part === 'string' && /\s/.test(part))) {
    const within = unitsOf([ANY, ...folded, ANY])
    return (message) => like(message.toLowerCase(), within)
  }
  const units = unitsOf(folded)
  return (message) => {
    for (const [run] of message.toLowerCase().matchAll(/\S+/g)) {
      if (like(run, units)) return true
      for (const [word] of run.matchAll(WORDS)) if (like(word, units)) return true
    }
    return false
  }
}
