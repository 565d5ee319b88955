/**
 * Datadog's log search syntax, as pipelines' filters and category-processors use it, compiled to a test of a record.
 * Attributes (`@a.b:v`) are compared with regard to case; source, service, host, status, tags and words in the message
 * without, as in Datadog. Total: text that is no query gives a problem, and matching throws on no record.
 * Source: docs.datadoghq.com, "Log Search Syntax".
 */
import { type Predicate, type QueryRecord, type Question, type Target, targetOf } from './targets.js'
import {
  ANY,
  type Bound,
  isAnything,
  messageTest,
  ONE,
  type Pattern,
  plainText,
  rangeTest,
  type ValueTest,
  wordTest,
} from './value.js'

export type { QueryRecord } from './targets.js'

export interface Query {
  matches(record: QueryRecord): boolean
}

export interface QueryProblem {
  readonly what: string
  readonly mend: string
  /** 0-based offset in the query where it was noticed. */
  readonly at: number
}

/** Compiles a query. The empty query and `*` match everything. */
export function compileQuery(text: string): Query | { problem: QueryProblem } {
  const parser = new Parser(text)
  try {
    const matches = parser.whole()
    return { matches }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    return { problem: { what: error.what, mend: error.mend, at: error.at } }
  }
}

/** Ends the parsing; never leaves this file. */
class Stop extends Error {
  readonly what: string
  readonly mend: string
  readonly at: number
  constructor(what: string, mend: string, at: number) {
    super(what)
    this.what = what
    this.mend = mend
    this.at = at
  }
}

const MAX_DEPTH = 100

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): Predicate {
    this.#blanks()
    if (this.#at >= this.#text.length) return () => true
    const predicate = this.#or(undefined)
    if (this.#at < this.#text.length)
      throw new Stop('A ")" closes nothing.', 'Remove it, or write "\\)" for the character itself.', this.#at)
    return predicate
  }

  /** Alternatives. With a `target`, the terms are values of it: `@a:(x OR y)`. */
  #or(target: Target | undefined): Predicate {
    const parts = [this.#and(target)]
    while (this.#operator('OR', '||')) parts.push(this.#and(target))
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : (record) => parts.some((part) => part(record))
  }

  #and(target: Target | undefined): Predicate {
    const parts = [this.#not(target)]
    for (;;) {
      const written = this.#operator('AND', '&&')
      this.#blanks()
      const c = this.#text.charAt(this.#at)
      if (!written && (c === '' || c === ')' || this.#ahead('OR', '||'))) break
      parts.push(this.#not(target))
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : (record) => parts.every((part) => part(record))
  }

  #not(target: Target | undefined): Predicate {
    this.#blanks()
    let negative = false
    for (;;) {
      const c = this.#text.charAt(this.#at)
      if (this.#operator('NOT', '')) negative = !negative
      else if (c === '-' || c === '!') {
        negative = !negative
        this.#at++
      } else if (c === '+') this.#at++
      else break
      this.#blanks()
    }
    const predicate = this.#primary(target)
    return negative ? (record) => !predicate(record) : predicate
  }

  #primary(target: Target | undefined): Predicate {
    this.#blanks()
    if (this.#ahead('AND', '&&') || this.#ahead('OR', '||'))
      throw new Stop(
        '"AND" or "OR" has nothing to its left.',
        'Put a term on both sides, or the word in quotes.',
        this.#at,
      )
    const c = this.#text.charAt(this.#at)
    if (c === '' || c === ')')
      throw new Stop('A term is missing.', 'Write one, or remove the operator or colon before it.', this.#at)
    if (c === '(') return this.#group(target)
    if (target !== undefined) return target(this.#question())
    return this.#term()
  }

  #group(target: Target | undefined): Predicate {
    const open = this.#at++
    if (++this.#depth > MAX_DEPTH)
      throw new Stop('The query nests too deeply.', `Use at most ${MAX_DEPTH} brackets in brackets.`, open)
    const inner = this.#or(target)
    this.#depth--
    this.#blanks()
    if (this.#text.charAt(this.#at) !== ')') throw new Stop('A "(" is not closed.', 'Close it with ")".', open)
    this.#at++
    return inner
  }

  /** `key:value`, or words on the message. */
  #term(): Predicate {
    const start = this.#at
    if (this.#text.startsWith('CIDR(', start))
      throw new Stop(
        'CIDR() is not supported.',
        'Match the address with a wildcard, as in @network.client.ip:10.*.',
        start,
      )
    const key = this.#key()
    if (key === undefined) {
      this.#at = start
      const question = this.#question()
      if (question.exists) return () => true
      const test = question.pattern === undefined ? () => false : messageTest(question.pattern)
      return (record) => test(record.message)
    }
    if (key === '@') throw new Stop('"@" has no attribute behind it.', 'Write it as @http.status_code:500.', start)
    this.#blanks()
    return this.#primary(targetOf(key))
  }

  /** The key before an unescaped colon, unescaped, or undefined when the term has none. */
  #key(): string | undefined {
    let key = ''
    for (let i = this.#at; i < this.#text.length; i++) {
      const c = this.#text.charAt(i)
      if (c === '\\') key += this.#text.charAt(++i)
      else if (c === ':' && key !== '') {
        this.#at = i + 1
        return key
      } else if (/[\s()":]/.test(c)) return undefined
      else key += c
    }
    return undefined
  }

  /** A value: quoted, a range, a comparison or a word. */
  #question(): Question {
    const c = this.#text.charAt(this.#at)
    if (c === '"') {
      const text = this.#quoted()
      const pattern = text === '' ? [] : [text]
      return { exists: false, test: wordTest(pattern, false), pattern }
    }
    if (c === '[' || c === '{') {
      const range = this.#range()
      if (range !== undefined) return { exists: false, test: range }
    }
    const comparison = /^(?:>=|<=|>|<)/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0]
    if (comparison !== undefined) return { exists: false, test: this.#comparison(comparison) }
    const pattern = this.#word()
    return isAnything(pattern) ? { exists: true } : { exists: false, test: wordTest(pattern, false), pattern }
  }

  /** In quotes only the backslash is special; `*` and `?` mean themselves. */
  #quoted(): string {
    const open = this.#at++
    let text = ''
    while (this.#at < this.#text.length) {
      const c = this.#text.charAt(this.#at++)
      if (c === '"') return text
      text += c === '\\' && this.#at < this.#text.length ? this.#text.charAt(this.#at++) : c
    }
    throw new Stop(
      'A quote is not closed.',
      'Close it with a second quote, or write "\\"" for the character itself.',
      open,
    )
  }

  #range(): ValueTest | undefined {
    const match = /^([[{])\s*("[^"]*"|[^\s\]}]+)\s+TO\s+("[^"]*"|[^\s\]}]+)\s*([\]}])/.exec(
      this.#text.slice(this.#at, this.#at + 500),
    )
    if (match === null) {
      const close = /[\]}]/.exec(this.#text.slice(this.#at))
      if (close === null) throw new Stop('A range is not closed.', 'Write it as [200 TO 299].', this.#at)
      if (/\sTO(?:\s|\])/.test(this.#text.slice(this.#at, this.#at + close.index + 1)))
        throw new Stop(
          'A range lacks one of its ends.',
          'Write it as [200 TO 299], or with * for an open end.',
          this.#at,
        )
      return undefined
    }
    this.#at += match[0].length
    return rangeTest(bound(match[2], match[1] === '['), bound(match[3], match[4] === ']'))
  }

  #comparison(operator: string): ValueTest {
    const start = this.#at
    this.#at += operator.length
    this.#blanks()
    const text = this.#text.charAt(this.#at) === '"' ? this.#quoted() : plainText(this.#word())
    if (text === undefined || text === '')
      throw new Stop(`"${operator}" is not followed by a value.`, `Write it as ${operator}500.`, start)
    const limit = { text, inclusive: operator.endsWith('=') }
    const open = { text: undefined, inclusive: true }
    return operator.startsWith('>') ? rangeTest(limit, open) : rangeTest(open, limit)
  }

  /** Up to a blank or a bracket that closes something outside of the word. */
  #word(): Pattern {
    const pattern: (string | typeof ANY | typeof ONE)[] = []
    let literal = ''
    let open = 0
    const flush = () => {
      if (literal !== '') pattern.push(literal)
      literal = ''
    }
    for (; this.#at < this.#text.length; this.#at++) {
      const c = this.#text.charAt(this.#at)
      if (/\s/.test(c) || (c === ')' && open === 0)) break
      if (c === '\\' && this.#at + 1 < this.#text.length) literal += this.#text.charAt(++this.#at)
      else if (c === '*' || c === '?') {
        flush()
        pattern.push(c === '*' ? ANY : ONE)
      } else {
        if (c === '(') open++
        if (c === ')') open--
        literal += c
      }
    }
    flush()
    return pattern
  }

  #blanks(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++
  }

  /** Whether an operator stands here; it needs a blank, a bracket or the end behind it. */
  #ahead(word: string, sign: string): boolean {
    if (sign !== '' && this.#text.startsWith(sign, this.#at)) return true
    return this.#text.startsWith(word, this.#at) && /^(?:[\s(]|$)/.test(this.#text.charAt(this.#at + word.length))
  }

  #operator(word: string, sign: string): boolean {
    this.#blanks()
    if (!this.#ahead(word, sign)) return false
    this.#at += sign !== '' && this.#text.startsWith(sign, this.#at) ? sign.length : word.length
    return true
  }
}

function bound(written: string | undefined, inclusive: boolean): Bound {
  if (written === undefined || written === '*') return { text: undefined, inclusive }
  return { text: written.startsWith('"') ? written.slice(1, -1) : written.replace(/\\(.)/g, '$1'), inclusive }
}
