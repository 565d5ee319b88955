/**
 * The rubyhash filter: what Ruby's `inspect` prints of a hash, `{:a=>1, "b"=>[nil, true], c: "x"}`, to attributes.
 * A text that was cut off, or whose list ends with the hash (`["a", "b}`), gives what was read until there.
 */
import type { Value } from '../../core/shapes.js'
import { MAX_DEPTH, tidy } from './paths.js'

/** The hash as attributes, or undefined when the text is not one whole hash. */
export function readRubyHash(text: string): Value | undefined {
  const reader = new Reader(text)
  const value = reader.hash(0)
  return value !== undefined && reader.atEnd() ? tidy(value) : undefined
}

const NUMBER = /[+-]?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const NAME = /[A-Za-z_][\w:]*[?!]?/y
/** `#<User:0x0000 …>`: an object that has no literal. */
const OBJECT = /#<[^>]*>/y

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  atEnd(): boolean {
    this.#blanks()
    return this.#at === this.#text.length
  }

  hash(depth: number): Record<string, unknown> | undefined {
    if (!this.#takes('{') || depth > MAX_DEPTH) return undefined
    const result: Record<string, unknown> = Object.create(null)
    while (!this.#takes('}') && !this.#ended()) {
      const key = this.#key(depth)
      const value = key === undefined ? undefined : this.#value(depth + 1)
      if (key === undefined || value === undefined) return undefined
      result[key] = value
      if (!this.#takes(',') && this.#text.charAt(this.#at) !== '}' && !this.#ended()) return undefined
    }
    return result
  }

  /** `"a"=>`, `:a=>`, `1=>`, `a: `, `"a": `; what stands before the value, as text. */
  #key(depth: number): string | undefined {
    this.#blanks()
    const symbol = this.#text.charAt(this.#at) === ':'
    if (symbol) this.#at++
    let key: unknown = this.#string()
    if (key === undefined)
      key = /[A-Za-z_]/.test(this.#text.charAt(this.#at)) ? this.#match(NAME) : this.#value(depth + 1)
    if (typeof key !== 'string' && typeof key !== 'number') return undefined
    const name = String(key)
    if (this.#takes('=>')) return name
    // `a: 1` is `:a => 1`; the colon was read as part of the name.
    if (!symbol && name.endsWith(':')) return name.slice(0, -1)
    return this.#takes(':') ? name : undefined
  }

  /** A value; null for nil, undefined when there is none. */
  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) return undefined
    this.#blanks()
    const c = this.#text.charAt(this.#at)
    if (c === '{') return this.hash(depth)
    if (c === '[') return this.#list(depth)
    if (c === '"' || c === "'") return this.#string()
    if (c === ':') {
      this.#at++
      return this.#string() ?? this.#match(NAME)
    }
    if (c === '#') return this.#match(OBJECT)
    const number = this.#match(NUMBER)
    if (number !== undefined) return Number(number.replaceAll('_', ''))
    const name = this.#match(NAME)
    if (name === 'nil') return null
    return name === 'true' ? true : name === 'false' ? false : name
  }

  #list(depth: number): unknown[] | undefined {
    this.#at++
    const list: unknown[] = []
    while (!this.#takes(']') && !this.#ended() && this.#text.charAt(this.#at) !== '}') {
      const value = this.#value(depth + 1)
      if (value === undefined) return undefined
      list.push(value)
      if (!this.#takes(',') && !/[\]}]/.test(this.#text.charAt(this.#at)) && !this.#ended()) return undefined
    }
    return list
  }

  #string(): string | undefined {
    const quote = this.#text.charAt(this.#at)
    if (quote !== '"' && quote !== "'") return undefined
    let value = ''
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      const c = this.#text.charAt(i)
      if (c === quote) {
        this.#at = i + 1
        return value
      }
      if (c === '\\') {
        const next = this.#text.charAt(++i)
        value += quote === '"' ? ({ n: '\n', t: '\t', r: '\r', e: '\x1b' }[next] ?? next) : next
      } else value += c
    }
    this.#at = this.#text.length
    return value
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #takes(expected: string): boolean {
    this.#blanks()
    if (!this.#text.startsWith(expected, this.#at)) return false
    this.#at += expected.length
    this.#blanks()
    return true
  }

  #ended(): boolean {
    return this.#at >= this.#text.length
  }

  #blanks(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++
  }
}
