/** The array and csv filters: separated values to a list, or to a map by the given headers. */
import type { Attributes, Value } from '../../core/shapes.js'
import { typed } from './keyvalue.js'
import { addAt, dotted } from './paths.js'

/** More elements than this are left out. */
const MAX_ELEMENTS = 10_000

/**
 * Splits a text into a list. The brackets, an opening and a closing text, are taken off where both are there and may be
 * missing (zscaler's pipeline reads `HIPAA|PCI` with `array("[]", "|")`). Elements keep their blanks. Undefined when
 * nothing is inside.
 */
export function splitArray(text: string, brackets: readonly [string, string], separator: string): string[] | undefined {
  const [open, close] = brackets
  const bare = text.trim()
  const closed = bare.length >= open.length + close.length && bare.startsWith(open) && bare.endsWith(close)
  const inside = closed ? bare.slice(open.length, bare.length - close.length) : text
  return inside === '' ? undefined : inside.split(separator, MAX_ELEMENTS)
}

/** Cuts a line at `separator`; within quotes it does not cut, and a doubled quote is one quote. */
export function splitCsv(line: string, separator: string, quote: string): { text: string; quoted: boolean }[] {
  const cells: { text: string; quoted: boolean }[] = []
  let i = 0
  while (i <= line.length && cells.length < MAX_ELEMENTS) {
    let text = ''
    let quoted = false
    if (quote !== '' && line.startsWith(quote, i)) {
      quoted = true
      i += quote.length
      while (i < line.length) {
        const close = line.indexOf(quote, i)
        if (close < 0) {
          text += line.slice(i)
          i = line.length
          break
        }
        text += line.slice(i, close)
        i = close + quote.length
        if (!line.startsWith(quote, i)) break
        text += quote
        i += quote.length
      }
    }
    const end = line.indexOf(separator, i)
    text += line.slice(i, end < 0 ? undefined : end)
    cells.push({ text, quoted })
    if (end < 0) break
    i = end + separator.length
  }
  return cells
}

/** A map of headers to the line's values in order; empty values and values beyond the headers are left out. */
export function readCsv(line: string, headers: readonly string[], separator: string, quote: string): Value | undefined {
  const result: Attributes = {}
  let any = false
  splitCsv(line, separator, quote).forEach(({ text, quoted }, i) => {
    const header = headers[i]
    if (header === undefined || header === '' || text === '') return
    const value = quoted ? text : typed(text)
    addAt(result, dotted(header) ?? [header], typeof value === 'number' ? value : text)
    any = true
  })
  return any ? result : undefined
}
