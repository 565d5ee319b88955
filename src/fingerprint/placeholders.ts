/**
 * Texts with `{{ name }}` in them, as `fingerprint.rules` writes fingerprints; the form is that of Sentry's fingerprint
 * variables. Total: a text that is none gives a problem, a name that a record does not have gives no text.
 * Source: docs.sentry.io, "Fingerprint Rules", Variables.
 */
import type { ErrorRecord } from '../core/shapes.js'

/** A text as written: literal texts, and the names between them. */
export type Placeholders = readonly (string | { readonly name: string })[]

/** The longest fingerprint, in UTF-16 code units; what is over is cut. */
export const MAX_FINGERPRINT = 256

const NAME = /^@?[\p{L}_][\p{L}\p{N}_.:@/-]{0,200}$/u

/** Reads a text; a string says what is wrong with it: a sentence that goes on from the text's name, and how to mend it. */
export function parsePlaceholders(text: string): Placeholders | string {
  const parts: (string | { readonly name: string })[] = []
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{{', at)
    if (open < 0) break
    if (open > at) parts.push(text.slice(at, open))
    const close = text.indexOf('}}', open)
    if (close < 0) return `has a "{{" that nothing closes. Write it as {{ error.kind }}.`
    const name = text.slice(open + 2, close).trim()
    if (!NAME.test(name))
      return `has {{${text.slice(open + 2, close)}}}, which names nothing. Write {{ default }}, {{ service }}, or an attribute such as {{ error.kind }}.`
    parts.push({ name: name.replace(/^@/, '') })
    at = close + 2
  }
  if (at < text.length) parts.push(text.slice(at))
  return parts
}

/**
 * The text for a record, at most `MAX_FINGERPRINT` long; undefined when nothing but blanks comes of it. `default` is the
 * record's pre-fingerprint; any other name is a field of the record, else one of its attributes, else one of its tags.
 */
export function renderPlaceholders(placeholders: Placeholders, record: ErrorRecord): string | undefined {
  const text = placeholders.map((part) => (typeof part === 'string' ? part : textOf(part.name, record))).join('')
  if (text.trim() === '') return undefined
  if (text.length <= MAX_FINGERPRINT) return text
  const last = text.charCodeAt(MAX_FINGERPRINT - 1)
  const splitsCharacter = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, splitsCharacter ? MAX_FINGERPRINT - 1 : MAX_FINGERPRINT)
}

function textOf(name: string, record: ErrorRecord): string {
  if (name === 'default') return record.error.pre_fingerprint
  const path = name.split('.')
  const value = valueAt(record, path) ?? valueAt(record.attributes, path)
  if (value !== undefined) return typeof value === 'object' ? JSON.stringify(value) : String(value)
  const tag = record.tags?.find((one) => one.startsWith(`${name}:`))
  return tag === undefined ? '' : tag.slice(name.length + 1)
}

/** By own keys only; a key with dots in it is found too, as in queries. Null is nothing. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  if (value === null) return undefined
  if (path.length === 0 || value === undefined) return value
  if (typeof value !== 'object') return undefined
  const map = value as Readonly<Record<string, unknown>>
  const whole = path.join('.')
  if (path.length > 1 && Object.hasOwn(map, whole)) return map[whole] ?? undefined
  const [key = '', ...rest] = path
  return Object.hasOwn(map, key) ? valueAt(map[key], rest) : undefined
}
