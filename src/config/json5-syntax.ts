/**
 * Where JSON5 text stops being JSON5, in words: what was got, what was expected there, how to mend it.
 * The parser only says at which character it stopped; this looks at what stands before it. Only the one character that
 * was got is quoted, never a value, which might be a secret.
 */
import type { Place, Problem } from '../core/problem.js'

/** Offsets of a text to lines and columns, both 1-based, columns in UTF-16 units as editors count. */
export class Lines {
  readonly #file: string
  /** Offset of the first character of each line. */
  readonly #starts: number[] = [0]

  constructor(text: string, file: string) {
    this.#file = file
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) this.#starts.push(end + 1)
  }

  placeAt(offset: number): Place & { readonly line: number; readonly column: number } {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { file: this.#file, line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 }
  }

  offsetAt(line: number, column: number): number {
    return (this.#starts[line - 1] ?? 0) + column - 1
  }
}

type Expected = 'key' | 'colon' | 'value' | 'comma' | 'end'

/** What stands before the place where the parser stopped. */
interface Before {
  readonly open: readonly { readonly bracket: '{' | '['; readonly offset: number }[]
  readonly expected: Expected
  /** The string or comment that the place lies in. */
  readonly inside?: { readonly what: 'string' | 'comment'; readonly opener: string; readonly offset: number }
  /** The bare word that the place lies in or just behind, and what was expected where it begins. */
  readonly word?: { readonly text: string; readonly offset: number; readonly as: Expected }
}

/** `error` is what json5 threw. */
export function syntaxProblem(text: string, lines: Lines, error: unknown): Problem {
  const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number }
  const stop = lineNumber === undefined ? 0 : Math.min(lines.offsetAt(lineNumber, columnNumber ?? 1), text.length)
  const before = lookBefore(text, stop)
  const { offset, what, mend } = explain(text, stop, before, (at) => {
    const place = lines.placeAt(at)
    return `${place.line}:${place.column}`
  })
  return { place: lines.placeAt(offset), what, mend, severity: 'error' }
}

interface Explanation {
  readonly offset: number
  readonly what: string
  readonly mend: string
}

function explain(text: string, stop: number, before: Before, at: (offset: number) => string): Explanation {
  const { open, inside, word } = before
  const innermost = open.at(-1)
  const closer = innermost?.bracket === '[' ? ']' : '}'
  const atEnd = stop >= text.length
  if (inside !== undefined) {
    const name = `the ${inside.what} that begins at ${at(inside.offset)}`
    if (inside.what === 'comment')
      return { offset: inside.offset, what: `${name} is never closed.`, mend: 'Close it with */.' }
    if (atEnd)
      return { offset: inside.offset, what: `${name} is never closed.`, mend: `Close it with ${inside.opener}.` }
    if (text[stop] === '\n' || text[stop] === '\r') {
      return {
        offset: stop,
        what: `the line ends inside ${name}.`,
        mend: `Close it with ${inside.opener}, or write \\n for a line end.`,
      }
    }
    return { offset: stop, what: `${quote(text, stop)} ends no escape of ${name}.`, mend: 'Write a backslash as \\\\.' }
  }
  // json5 stops inside or behind a word that is no literal; what is wrong is the word.
  const offset = word?.offset ?? stop
  const expected = word?.as ?? before.expected
  if (offset >= text.length) {
    if (innermost === undefined) return { offset, what: 'the file is empty.', mend: 'Write at least {}.' }
    const what = `the file ends, but the ${innermost.bracket} of ${at(innermost.offset)} is still open.`
    return { offset: innermost.offset, what, mend: `Close it with ${closer}.` }
  }
  const names: Record<Expected, string> = {
    key: 'a key or "}"',
    colon: '":"',
    value: innermost?.bracket === '[' ? 'a value or "]"' : 'a value',
    comma: `"," or "${closer}"`,
    end: 'the end of the file',
  }
  const what = `got ${quote(text, offset)} where ${names[expected]} was expected.`
  return { offset, what, mend: mendFor(text, offset, expected, before, at) }
}

function mendFor(text: string, offset: number, expected: Expected, before: Before, at: (o: number) => string): string {
  const got = text[offset] ?? ''
  const innermost = before.open.at(-1)
  if (got === '#') return 'Comments begin with //.'
  if (/[\u2018-\u201F]/.test(got)) return 'Use straight quotes: ".'
  switch (expected) {
    case 'end':
      return 'Remove what follows the last bracket, or look for one bracket too many before it.'
    case 'comma':
      if (innermost !== undefined && (got === '}' || got === ']')) {
        return `Close the ${innermost.bracket} of ${at(innermost.offset)} first.`
      }
      if (text[offset - 1] === "'" || text[offset - 1] === '"') {
        return `Put a comma between the two, or write a quote inside a string as \\${text[offset - 1]}.`
      }
      return 'Put a comma between the two.'
    case 'colon':
      return 'Write a colon between a key and its value.'
    case 'key':
      if (got === ',') return 'Remove the extra comma.'
      if (got === ']') return `Close the { of ${at(innermost?.offset ?? 0)} with }.`
      if (before.word !== undefined) return `Put the key in quotes: ${JSON.stringify(before.word.text)}.`
      return 'A key is a name, or any text in quotes.'
    case 'value':
      if (innermost === undefined) return 'The file is JSON5: it begins with { and ends with }.'
      if (got === ',' && innermost.bracket === '[') return 'Remove the extra comma.'
      if (got === ',' || got === '}' || got === ']') return 'Write the value, or remove its key.'
      if (got === '0' || got === '-' || got === '+')
        return 'Write a number without leading zeros or spaces, or text in quotes.'
      return 'Put text in quotes.'
  }
}

function quote(text: string, offset: number): string {
  return JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0xfffd))
}

/** A literal that json5 accepts as a value. */
const LITERAL =
  /^(?:true|false|null|[+-]?(?:Infinity|NaN|0x[0-9a-f]+|(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?))$/i

/** Reads tokens up to `stop`; everything before it is known to be JSON5, but for the last word. */
function lookBefore(text: string, stop: number): Before {
  const open: { bracket: '{' | '['; offset: number }[] = []
  let expected: Expected = 'value'
  const closed = (): Expected => (open.length === 0 ? 'end' : 'comma')
  let at = 0
  while (at < stop) {
    const character = text[at] ?? ''
    if (/[\s\uFEFF]/.test(character)) at++
    else if (character === '"' || character === "'") {
      const end = endOfString(text, at, stop)
      if (end === undefined) return { open, expected, inside: { what: 'string', opener: character, offset: at } }
      at = end
      expected = expected === 'key' ? 'colon' : closed()
    } else if (text.startsWith('//', at)) {
      const end = text.indexOf('\n', at)
      if (end < 0 || end >= stop) return { open, expected }
      at = end + 1
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2)
      if (end < 0 || end + 2 > stop) return { open, expected, inside: { what: 'comment', opener: '/*', offset: at } }
      at = end + 2
    } else if (character === '{' || character === '[') {
      open.push({ bracket: character, offset: at++ })
      expected = character === '{' ? 'key' : 'value'
    } else if (character === '}' || character === ']') {
      open.pop()
      at++
      expected = closed()
    } else if (character === ',' || character === ':') {
      at++
      expected = character === ':' || open.at(-1)?.bracket === '[' ? 'value' : 'key'
    } else {
      // A character that begins no word is one by itself, so that every round moves on.
      const end = Math.max(endOfWord(text, at), at + 1)
      const word = text.slice(at, end)
      if (end > stop || (end === stop && expected === 'value' && !LITERAL.test(word))) {
        return { open, expected, word: { text: word, offset: at, as: expected } }
      }
      at = end
      expected = expected === 'key' ? 'colon' : closed()
    }
  }
  // json5 may stop at the first character of a word: then the word is wrong as a whole.
  const end = endOfWord(text, stop)
  if (end > stop) return { open, expected, word: { text: text.slice(stop, end), offset: stop, as: expected } }
  return { open, expected }
}

/** Offset behind the closing quote, or undefined when it is not closed before `stop`. */
function endOfString(text: string, from: number, stop: number): number | undefined {
  for (let at = from + 1; at < stop; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === text[from]) return at + 1
  }
  return undefined
}

function endOfWord(text: string, from: number): number {
  const word = /[^\s\uFEFF,;:{}[\]"'=#/\u2018-\u201F]+/y
  word.lastIndex = from
  return word.test(text) ? word.lastIndex : from
}
