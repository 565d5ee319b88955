/**
 * The references of grok rules: `%{matcher(args):name:filter(args)}`, parsed to data; nothing is looked up here.
 * Name and filter are optional; `%{?>word:x}` is read as `%{word:x}`. Bad references give a sentence, not an exception.
 */
import { type Path, parsePath } from './paths.js'

/** An argument: a literal, or a call such as the `number` of `array("[]", number)`. */
export type Argument = string | number | boolean | null | Call

/** A matcher or a filter with its arguments. */
export interface Call {
  readonly name: string
  readonly args: readonly Argument[]
}

export interface Reference {
  readonly matcher: Call
  /** Where the capture goes; undefined = it goes nowhere, empty = the root. */
  readonly path: Path | undefined
  /** In the order in which they are applied. */
  readonly filters: readonly Call[]
  /** Index just after the closing brace. */
  readonly end: number
}

/** Reads the reference whose `%{` is at `at`. A string says what is wrong with it. */
export function parseReference(text: string, at: number): Reference | string {
  const reader = new Reader(text, at + 2)
  reader.skip('?>')
  const matcher = reader.call()
  if (typeof matcher === 'string') return matcher
  let path: Path | undefined
  const filters: Call[] = []
  if (reader.skip(':')) {
    const name = reader.upTo(/[:}]/)
    const segments = parsePath(name)
    if (segments === undefined) return `the name ${quote(name)} has a bracket that does not close`
    while (reader.skip(':')) {
      reader.blanks()
      if (reader.peek() === '}') break
      const filter = reader.call()
      if (typeof filter === 'string') return filter
      filters.push(filter)
    }
    // `%{integer:}` matches without a name; `%{data::json}` puts what the filter gives at the root.
    if (segments.length > 0 || filters.length > 0) path = segments
  }
  reader.blanks()
  if (!reader.skip('}'))
    return `"%{" is not closed by "}" where it should be, after ${quote(text.slice(at, reader.at))}`
  return { matcher, path, filters, end: reader.at }
}

function quote(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`
}

const MAX_CALL_DEPTH = 8

class Reader {
  readonly #text: string
  at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.at = at
  }

  peek(): string {
    return this.#text.charAt(this.at)
  }

  skip(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.at)) return false
    this.at += expected.length
    return true
  }

  blanks(): void {
    while (this.peek() === ' ' || this.peek() === '\t') this.at++
  }

  /** The trimmed text up to a character that ends it, outside of brackets. */
  upTo(end: RegExp): string {
    const from = this.at
    while (this.at < this.#text.length && !end.test(this.peek())) {
      const quoteMark = this.#text.charAt(this.at + 1)
      const close =
        this.peek() === '[' && /["']/.test(quoteMark) ? this.#text.indexOf(`${quoteMark}]`, this.at + 2) : -1
      this.at = close < 0 ? this.at + 1 : close + 2
    }
    return this.#text.slice(from, this.at).trim()
  }

  /** `name` or `name(arg, …)`. */
  call(depth = 0): Call | string {
    this.blanks()
    const name = this.upTo(/[(:}),\s]/)
    if (name === '') return `a name is missing after ${quote(this.#text.slice(Math.max(0, this.at - 20), this.at))}`
    this.blanks()
    if (!this.skip('(')) return { name, args: [] }
    const args: Argument[] = []
    for (;;) {
      this.blanks()
      if (this.skip(')')) return { name, args }
      if (this.at >= this.#text.length) return `the bracket of ${quote(`${name}(`)} is not closed`
      const arg = this.#argument(depth)
      if (arg === undefined)
        return `the arguments of ${quote(name)} are not literals, at ${quote(this.#text.slice(this.at, this.at + 20))}`
      args.push(arg)
      this.blanks()
      if (!this.skip(',') && this.peek() !== ')') return `the arguments of ${quote(name)} are not separated by commas`
    }
  }

  #argument(depth: number): Argument | undefined {
    // The documentation's own examples hold typographic quotes.
    if (/["'“”]/.test(this.peek())) return this.#string()
    const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?=[\s,)])/.exec(
      this.#text.slice(this.at, this.at + 40),
    )?.[0]
    if (number !== undefined) {
      this.at += number.length
      return Number(number)
    }
    const called = depth < MAX_CALL_DEPTH ? this.call(depth + 1) : ''
    if (typeof called === 'string') return undefined
    // `useragent(decodeuricomponent:true)`: the one filter with a named argument.
    if (this.skip(':')) return this.#argument(depth)
    if (called.args.length === 0) {
      if (called.name === 'true') return true
      if (called.name === 'false') return false
      if (called.name === 'null') return null
    }
    return called
  }

  /** A backslash takes the next quote or backslash; before anything else it stays, so that `"\d"` works too. */
  #string(): string | undefined {
    const open = this.peek()
    const close = open === '“' || open === '”' ? /[“”]/ : open === "'" ? /'/ : /"/
    let value = ''
    for (let i = this.at + 1; i < this.#text.length; i++) {
      const c = this.#text.charAt(i)
      if (c === '\\' && /["'\\]/.test(this.#text.charAt(i + 1))) {
        value += this.#text.charAt(i + 1)
        i++
      } else if (close.test(c)) {
        this.at = i + 1
        return value
      } else value += c
    }
    return undefined
  }
}

/** An argument's text with `\n`, `\t`, `\r` made the characters they stand for, as separators need them. */
export function unescaped(text: string): string {
  return text.replace(/\\([ntr\\])/g, (_, c: string) => ({ n: '\n', t: '\t', r: '\r' })[c] ?? '\\')
}
