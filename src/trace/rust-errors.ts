/**
 * Errors that Rust programs print without a panic: what `main` returned, and what anyhow and eyre print below a message
 * (`Caused by:`, `Location:`, `Stack backtrace:`), by themselves, in a log record or in a panic's message.
 */
import type { Cause, Frame, Traceback } from '../core/shapes.js'
import { frameName, isBacktraceHeader, isSection, placeOf } from './rust-lines.js'
import { lineAt, nearStart, takeFrames, traceback } from './rust-parts.js'
import { isBlank, isIndented, LineCursor, lineStart } from './text.js'

/** Lines above `Caused by:` that may be the error's own message. */
const MAX_LINES_ABOVE = 20

/** Sections below an error's message: `Caused by:`, `Location:`, `Stack backtrace:`. */
export function sections(text: string, at: number, floor: number, from: number): Traceback | undefined {
  const lineFrom = nearStart(text, at, from)
  if (lineFrom < 0 || (!isSection(lineAt(text, lineFrom)) && !isBacktraceHeader(lineAt(text, lineFrom))))
    return undefined
  const cursor = new LineCursor(text, lineFrom)
  const { line } = cursor
  const next = new LineCursor(text, cursor.next)
  const isFrames = /backtrace:/i.test(line)
  if (next.done || (isFrames ? frameName(next.line) === undefined : !isIndented(next.line))) return undefined
  if (!isFrames && (/^\s*at /.test(next.line) || isBlank(next.line))) return undefined
  const head = headAbove(text, lineFrom, Math.max(floor, from))
  if (head === undefined && !isFrames) return undefined
  const start = head ?? lineFrom
  const lines: string[] = []
  const above = new LineCursor(text, start)
  for (; above.start < lineFrom; above.advance()) lines.push(above.line)
  return error(text, start, lines, cursor)
}

/** Start of the paragraph above a section, blank lines between them left out; undefined when there is none. */
function headAbove(text: string, lineFrom: number, floor: number): number | undefined {
  let start: number | undefined
  for (let end = lineFrom, count = 0; end > floor && count < MAX_LINES_ABOVE; count++) {
    const above = Math.max(floor, lineStart(text, end - 1))
    const blank = isBlank(text.slice(above, end))
    if (blank && start !== undefined) break
    if (!blank) start = above
    if (text.startsWith('Error:', above)) break
    end = above
  }
  return start
}

/** An error with sections, from `lines` of its message on; the cursor stands on the first section. */
function error(text: string, start: number, lines: string[], cursor: LineCursor): Traceback {
  const returned = /^Error:\s*/.exec(lines[0] ?? '')?.[0]
  if (returned !== undefined && lines[0] !== undefined) lines[0] = lines[0].slice(returned.length)
  const causes: Cause[] = []
  const frames: Frame[] = []
  let location: Frame | undefined
  let end = cursor.start
  while (!cursor.done) {
    const { line } = cursor
    const ahead = new LineCursor(text, cursor.next)
    if (isBacktraceHeader(line) || /^Backtrace:/.test(line)) {
      end = cursor.end
      cursor.advance()
      end = Math.max(end, takeFrames(cursor, frames))
    } else if (isSection(line)) {
      const title = line.trim()
      end = cursor.end
      const body: string[] = []
      while (cursor.advance() && (isIndented(cursor.line) || (isBlank(cursor.line) && goesOn(cursor)))) {
        body.push(cursor.line)
        if (!isBlank(cursor.line)) end = cursor.end
      }
      if (title === 'Caused by:') causes.push(...causesIn(body))
      else location ??= placeOf(body[0] ?? '')
    } else if (isBlank(line) && !ahead.done && (isSection(ahead.line) || isBacktraceHeader(ahead.line))) {
      cursor.advance()
    } else break
  }
  if (frames.length === 0 && location !== undefined) frames.push(location)
  const numbered = lines.findIndex((one) => /^\s{1,6}0: /.test(one))
  // color-eyre numbers the error itself as the first of its chain.
  const chain = numbered < 0 ? [] : causesIn(lines.splice(numbered))
  const message = lines.join('\n').trim()
  const kind = returned === undefined ? undefined : (debugKind(message) ?? 'Error')
  const own = chain.shift()
  causes.unshift(...chain)
  return traceback({
    ...(kind !== undefined && { kind }),
    message: message === '' ? (own?.message ?? '') : message,
    frames,
    causes,
    start,
    end,
    uncaught: returned !== undefined,
  })
}

/** Whether more indented text follows a blank line of a section. */
function goesOn(cursor: LineCursor): boolean {
  const ahead = new LineCursor(cursor.text, cursor.next)
  return !ahead.done && isIndented(ahead.line) && !isBlank(ahead.line)
}

/** Causes, one `0: message` each; a single cause has no number. */
function causesIn(body: readonly string[]): Cause[] {
  const causes: Cause[] = []
  for (const line of body) {
    const numbered = /^\s+\d{1,5}: (.*)$/.exec(line)
    const before = causes.at(-1)
    if (numbered) causes.push({ message: numbered[1] ?? '', frames: [] })
    else if (before) before.message = `${before.message}\n${line.trim()}`.trimEnd()
    else if (!isBlank(line)) causes.push({ message: line.trim(), frames: [] })
  }
  return causes
}

/** A panic's message that is an error with a chain: what `unwrap` prints of anyhow's errors. */
export function splitChain(lines: readonly string[]): { message: string; causes: Cause[] } {
  const at = lines.findIndex((line) => /^Caused by:\s*$/.test(line))
  if (at <= 0) return { message: lines.join('\n').trimEnd(), causes: [] }
  const body: string[] = []
  for (const line of lines.slice(at + 1)) {
    if (!isIndented(line)) break
    body.push(line)
  }
  return { message: lines.slice(0, at).join('\n').trimEnd(), causes: causesIn(body) }
}

/** The type's name in what `{:?}` prints of a struct or a variant: `Cart { id: 3 }`, `Order(3)`. */
function debugKind(message: string): string | undefined {
  return /^([A-Z]\w{0,200})(?: \{[\s\S]*\}|\([\s\S]*\))$/.exec(message)?.[1]
}

/** `Error: Cart { id: 3 }`, `Error: "no config"` or `Error: no config`, alone in its text: `main` returned it. */
export function returnedError(text: string, from: number): Traceback | undefined {
  if (!text.startsWith('Error: ', from) || text.length - from > 65_536) return undefined
  const body = text.slice(from).trimEnd()
  const message = body.slice('Error: '.length).replaceAll('\r\n', '\n')
  const first = message.split('\n', 1)[0] ?? ''
  const spreads = /^[A-Z]\w{0,200}(?: \{|\()$/.test(first) && /\n[})]$/.test(message)
  if (message.includes('\n') && !spreads) return undefined
  const kind = debugKind(message)
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(message)?.[1]
  return traceback({
    kind: kind ?? 'Error',
    message: quoted?.replace(/\\(["'\\])/g, '$1') ?? message,
    start: from,
    end: from + body.length,
    uncaught: true,
  })
}

/**
 * `Error: no config` as the last line below a calm record: what `main` returned, printed between the lines of a logger.
 * Below a warning it may be the warning's own cause.
 */
export function lastWords(text: string, from: number): Traceback | undefined {
  const start = text.lastIndexOf('\nError: ') + 1
  if (start <= from || text.length - start > 65_536) return undefined
  const line = text.slice(start).trimEnd()
  if (line.includes('\n')) return returnedError(text, start)
  const newline = text.indexOf('\n', from)
  if (!/\b(?:TRACE|DEBUG|INFO)\b/.test(text.slice(from, Math.min(newline, from + 200)))) return undefined
  return returnedError(text, start)
}
