/**
 * The keyvalue filter: `a=1, b="two words"` to typed attributes. Finds pairs wherever they stand and skips the rest.
 * Source: Datadog, log parsing, "Key value or logfmt"; details as vectordotdev/vrl, src/datadog/grok/filters/keyvalue.rs.
 */
import type { Attributes, Value } from '../../core/shapes.js'
import { addAt, dotted } from './paths.js'
import { unescaped } from './reference.js'

/** Longer texts are read to here; a key-value text of this size is no log line. */
const MAX_LENGTH = 1 << 16

/**
 * A reader of pairs. `extra` are more characters that bare keys and values may hold (the inside of a character class),
 * `quotes` an opening and a closing character, `bounds` what stands before and after a pair (one or two characters).
 * A string says which argument is not understood.
 */
export function keyvalueReader(
  delimiter = '=',
  extra = '',
  quotes = '',
  bounds = '',
): ((text: string) => Value | undefined) | string {
  const pairsOfQuotes =
    quotes === '' ? ['""', "''", '<>'] : quotes.length === 1 ? [quotes + quotes] : (quotes.match(/../g) ?? [])
  const separators = unescaped(bounds)
  if (separators.length > 2) return `the field delimiter "${bounds}" is longer than two characters`
  const bare = `[\\w.\\-@${classBody(extra)}]+`
  const left = separators === '' ? '\\s,;(\\[{' : classBody(separators.charAt(0))
  const right = separators === '' ? '\\s,;)\\]}' : classBody(separators.charAt(separators.length - 1))
  const token = `((?:${pairsOfQuotes.map(quotedSource).join('|')})|${bare})`
  // Escapes such as "\\s" make the delimiter a regex, but groups would shift the captures.
  const isRegex = delimiter.includes('\\') && !delimiter.includes('(')
  const between = isRegex ? delimiter : delimiter.replace(/[\\$^.*+?()[\]{}|/]/g, '\\$&')
  let pair: RegExp
  let bound: RegExp
  try {
    pair = new RegExp(`${token}(?:${between})${token}([${right}]|$)`, 'y')
    bound = new RegExp(`[${left}]`, 'g')
  } catch {
    return `the characters "${delimiter}", "${extra}" or "${bounds}" do not make a character class`
  }
  const literal = isRegex ? undefined : delimiter
  return (whole) => {
    const text = whole.length > MAX_LENGTH ? whole.slice(0, MAX_LENGTH) : whole
    const result: Attributes = {}
    let found = false
    let at = 0
    for (;;) {
      // Without a delimiter further on there is no pair further on: long prose costs one search.
      if (literal !== undefined && text.indexOf(literal, at) < 0) break
      pair.lastIndex = at
      const match = pair.exec(text)
      if (match === null) bound.lastIndex = at
      else {
        found = add(result, match[1] ?? '', match[2] ?? '', pairsOfQuotes) || found
        // The character that ends a pair may also be the one that the next pair stands behind.
        bound.lastIndex = Math.max(at, match.index + match[0].length - (match[3]?.length ?? 0))
      }
      if (!bound.test(text)) break
      at = bound.lastIndex
    }
    return found ? result : undefined
  }
}

/** `"[^"]+"`; for brackets the inside may not hold the opening one either. */
function quotedSource(pair: string): string {
  const open = classBody(pair.charAt(0))
  const close = classBody(pair.charAt(1))
  return `[${open}][^${open}${open === close ? '' : close}]+[${close}]`
}

/** Text made safe as the inside of a character class; escapes stay as they are written. */
function classBody(text: string): string {
  let body = ''
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === '\\') {
      const next = text.charAt(i + 1)
      body += next === '' ? '\\\\' : c + next
      i++
    } else body += c === ']' || c === '^' || (c === '-' && i === 0) ? `\\${c}` : c
  }
  return body
}

function add(result: Attributes, writtenKey: string, writtenValue: string, quotes: readonly string[]): boolean {
  const key = unquoted(writtenKey.trim(), quotes) ?? writtenKey.trim()
  if (key === '' || key.includes(' ')) return false
  const text = writtenValue.trim().replace(/,+$/, '').trim()
  const inside = unquoted(text, quotes)
  const value = inside === undefined ? (milliseconds(text) ?? typed(text)) : inside.trim()
  // `a=""` says nothing; `a=" "` says that it is empty.
  if (value === undefined || text === '' || inside === '') return false
  addAt(result, dotted(key) ?? [key], value)
  return true
}

function unquoted(text: string, quotes: readonly string[]): string | undefined {
  for (const pair of quotes)
    if (text.length >= 2 && text.charAt(0) === pair.charAt(0) && text.charAt(text.length - 1) === pair.charAt(1))
      return text.slice(1, -1)
  return undefined
}

/** A duration such as Go prints, `263ms` or `10.013689387s`, as whole milliseconds; `1m3.3s` stays a text. */
function milliseconds(text: string): number | undefined {
  if (!text.endsWith('s')) return undefined
  const match = /^(\d{1,12})(?:ms|(\.\d{1,12})?s)$/.exec(text)
  if (match === null) return undefined
  return text.endsWith('ms') ? Number(match[1]) : Math.trunc(Number(`${match[1]}${match[2] ?? ''}`) * 1000)
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * The value that a bare text stands for: a number, a boolean, nothing for `null`, else the text. `08` is text, because
 * it is no octal number; an integer that a double cannot hold is text too, so that ids keep their digits.
 */
export function typed(text: string): Value | undefined {
  if (text === 'null') return undefined
  if (text === 'true') return true
  if (text === 'false') return false
  const c = text.charCodeAt(0)
  if (!((c >= 48 && c <= 57) || c === 43 || c === 45 || c === 46) || !NUMBER.test(text)) return text
  const number = Number(text)
  if (!Number.isInteger(number)) return Number.isFinite(number) ? number : text
  if (!Number.isSafeInteger(number) || (c === 48 && /[89]/.test(text))) return text
  return number + 0
}
