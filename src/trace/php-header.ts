/**
 * What stands above a PHP trace: `Class: message in file:line`, over several lines perhaps, at the beginning of a line
 * or behind what a logger wrote. The class is told from the words of a message by its name and its place.
 */
import { entryOf, isStrongKind, isTraceTitle, KIND, kindAt, placeAtEnd, plainName } from './php-grammar.js'
import { lineStart } from './text.js'

export interface HeaderAbove {
  /** Where the class name begins. */
  readonly at: number
  /** Just after the header's last character. */
  readonly end: number
  /** Where the traceback begins: at the class name, or at the word `Uncaught` before it. */
  readonly start: number
  readonly uncaught: boolean
}

/** A message over more lines is cut off from its class. */
const MAX_LINES = 256
const MAX_CHARS = 16_384

const UNCAUGHT = new RegExp(`\\bUncaught (?=exception '|${KIND}(?:: | in |$))`)
/** A message follows the name or, where there is none, the place at the end of the line. */
const INSIDE = new RegExp(`(?:^|[\\s\\]>"'(:-])(${KIND})(?=: | in \\S[^\\n]{0,1000}:\\d{1,9}$)`, 'g')

/** The header above the entries that begin at `entriesAt`, not before `from`; undefined when no class is named. */
export function headerAbove(text: string, from: number, entriesAt: number): HeaderAbove | undefined {
  let end = entriesAt
  const title = lineStart(text, end - 1)
  if (end > from && title >= from && isTraceTitle(text.slice(title, end).trimEnd())) end = title
  end = from + text.slice(from, end).trimEnd().length
  if (end <= from || entriesAt - end > 200) return undefined
  const placed = placeAtEnd(text.slice(Math.max(from, end - 2000), end)) !== undefined

  let weak: number | undefined
  let inside: number | undefined
  let lineEnd = end
  for (let i = 0; i < MAX_LINES && end - lineEnd < MAX_CHARS; i++) {
    const start = Math.max(from, lineStart(text, lineEnd))
    const line = text.slice(start, lineEnd).trimEnd()
    if (i > 0 && (isTraceTitle(line) || entryOf(line.trim()) !== null)) break
    const uncaught = UNCAUGHT.exec(line)
    if (uncaught !== null) {
      const begins = start + uncaught.index
      return { at: begins + uncaught[0].length, end, start: begins, uncaught: true }
    }
    const named = kindAt(text, start)
    if (named !== undefined && named.end <= end) {
      if (isStrongKind(named.kind) || named.quoted) return { at: start, end, start, uncaught: false }
      if (placed && /^[A-Z]\w*[a-z]/.test(named.kind)) weak = start
    }
    inside ??= insideOf(line, start)
    if (start <= from) break
    lineEnd = start - 1
  }
  const at = inside ?? weak
  return at === undefined ? undefined : { at, end, start: at, uncaught: false }
}

/** Where an exception's class name stands in a line behind other text. */
function insideOf(line: string, start: number): number | undefined {
  if (!line.includes(': ')) return undefined
  for (const match of line.slice(0, MAX_CHARS).matchAll(INSIDE)) {
    const kind = match[1] ?? ''
    if (isStrongKind(plainName(kind))) return start + match.index + match[0].length - kind.length
  }
  return undefined
}
