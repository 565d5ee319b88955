/**
 * Ruby backtraces in a text: as the interpreter prints them (both orders, `full_message`), and as loggers do, with
 * the class above, behind the message or missing. Causes, threads, frames left out (`... 9 levels...`), colours, tags.
 * The labels of frames stay as printed: `block (2 levels) in save`, `Orders::Repo#save`.
 */
import type { Cause, Frame, Traceback } from '../core/shapes.js'
import type { TraceLanguage } from './language.js'
import { trimFlat, unflatten } from './ruby-flat.js'
import { followRuby } from './ruby-follow.js'
import {
  type FrameLine,
  frameLine,
  isLevels,
  isOutermost,
  isRaisedLine,
  isThreadReport,
  levelsOf,
  REVERSED,
  raisedAs,
  raisedIn,
} from './ruby-grammar.js'
import { listedCauses, readHeader } from './ruby-header.js'
import { followRails, isSetInRailsError } from './ruby-rails-follow.js'
import { holdsHint, isBlank, LineCursor, lineStart, withoutColour } from './text.js'

/** One error of a chain. Frames in the order of the result: where it was raised first. */
interface Part extends Cause {
  /** Just after the last character of the part. */
  end: number
}

export const ruby: TraceLanguage = {
  name: 'ruby',
  hints: [
    ':in `',
    ":in '",
    ...['.rb:', '.ru:', '.rake:', '.erb:', '.haml:', '.slim:', '.builder:', '.jbuilder:', '.gemspec:', '(eval'],
    ...['Error: ', 'Error (', 'Error)', 'Exception: ', 'Exception (', 'Exception)'],
  ],
  find: (text, from) => (holdsHint(text, from, ruby.hints) ? (inFlat(text, from) ?? find(text, from)) : undefined),
  read,
  follow: (line) => followRuby(line) ?? followRails(line),
  interrupts: (line) => isThreadReport(line) || isSetInRailsError(line),
}

/** After so many frames that led nowhere, a header is looked for only below the last of them, to stay linear. */
const MAX_FALSE_STARTS = 16

/** The backtrace of a text whose line ends were written out; one without frames is found in the text as it is. */
function inFlat(text: string, from: number): Traceback | undefined {
  const flat = unflatten(text)
  const found = flat === undefined ? undefined : find(flat, from)
  return flat !== undefined && found && found.frames.length > 0 ? trimFlat(found, flat) : undefined
}

function find(text: string, from: number): Traceback | undefined {
  const cursor = new LineCursor(text, from)
  for (let above = from, falseStarts = 0; !cursor.done; ) {
    const found = frameLine(cursor.line)
    if (isRaisedLine(found)) {
      const printed = interpreted(cursor, found, from)
      return quotedBy(text, printed, above) ?? printed
    }
    if (found === undefined || found.rest !== undefined) {
      cursor.advance()
      continue
    }
    const result = found.numbered ? reversed(cursor, from) : backtrace(cursor, above)
    if (result !== undefined) return result
    if (++falseStarts >= MAX_FALSE_STARTS) above = cursor.start
  }
  return unraised(text, from)
}

/** The header of an exception that was made but never raised, and so has no frames: alone in its record. */
function unraised(text: string, from: number): Traceback | undefined {
  const body = text.slice(from)
  const header = readHeader(body)
  if (header === undefined || !/(?:\w|::)(?:Error|Exception)$/.test(header.kind)) return undefined
  const before = body.slice(0, header.at).trimEnd()
  const alone = before === '' || /[\]:>-]$/.test(before)
  if (!alone || body.slice(header.at).trimEnd().includes('\n')) return undefined
  const part: Part = { kind: header.kind, frames: [], end: from + body.trimEnd().length }
  if (header.message !== undefined) part.message = header.message.trimEnd()
  return assemble([part], from + header.at, false)
}

function read(stack: string): Traceback | undefined {
  const found = inFlat(stack, 0) ?? find(stack, 0)
  if (found !== undefined) return found
  const cursor = new LineCursor(stack)
  cursor.skipBlank()
  const { start } = cursor
  const part: Part = { frames: [], end: start }
  takeFrames(cursor, part)
  if (part.frames.length > 0) return assemble([part], start, false)
  const header = readHeader(stack)
  if (header === undefined) return undefined
  Object.assign(part, { kind: header.kind, end: stack.trimEnd().length })
  if (header.message !== undefined) part.message = header.message.trimEnd()
  return assemble([part], header.at, false)
}

/** Lines between a quoted backtrace's last one and the frames of the error that quotes it. */
const MAX_QUOTED_TAIL = 4

/**
 * The error whose message quotes what was read as printed by the interpreter: frames without `from` follow, which the
 * interpreter never prints, and what stands above them names another class around all of it.
 */
function quotedBy(text: string, printed: Traceback, above: number): Traceback | undefined {
  const isPlain = (line: FrameLine | undefined) =>
    line !== undefined && line.rest === undefined && !line.from && !line.numbered
  // A message without `from` below it was taken to its end, the frames with it.
  const cursor = new LineCursor(text, printed.start)
  if (printed.frames.length > 1) cursor.moveTo(printed.end)
  for (
    let tail = 0;
    !cursor.done && (tail < MAX_QUOTED_TAIL || printed.frames.length === 1);
    cursor.advance(), tail++
  ) {
    if (!isPlain(lineAt(cursor))) continue
    const quoting = backtrace(cursor, above)
    return quoting?.kind !== undefined && quoting.start <= printed.start ? quoting : undefined
  }
  return undefined
}

/** `file:1:in 'x': message (Class)`, further lines of the message, `\tfrom …`; then its causes in the same form. */
function interpreted(cursor: LineCursor, first: FrameLine, from: number): Traceback {
  const { text } = cursor
  const reported = threadReport(text, cursor.start, from)
  const start = reported ?? cursor.start + Math.max(0, rawColumn(cursor.line, first))
  const parts: Part[] = []
  // The error of a thread ends the program that waits for it, and is printed again; any other program died twice.
  let repeats = reported === undefined ? 0 : 1
  for (let found: FrameLine | undefined = first; isRaisedLine(found); found = lineAt(cursor)) {
    const [outer] = parts
    const again = outer !== undefined && raisedAs(found) === raisedAs(first)
    if (again && --repeats < 0) break
    const part: Part = { ...raised(found.rest), frames: [found.frame], end: cursor.end }
    cursor.advance()
    takeMessage(cursor, part, isFrom)
    takeFrames(cursor, part)
    if (again) outer.end = part.end
    else parts.push(part)
  }
  const uncaught = reported !== undefined || isOutermost(parts[0]?.frames.at(-1))
  return assemble(parts, start, uncaught)
}

/** The reversed order: `\t2: from …`, then `file:1:in 'x': message (Class)`; causes come before what they caused. */
function reversed(cursor: LineCursor, from: number): Traceback | undefined {
  const { text } = cursor
  let { start } = cursor
  const above = lineStart(text, start - 1)
  if (above >= from && start > from && withoutColour(text.slice(above, start)).trimEnd() === REVERSED) start = above
  const parts: Part[] = []
  for (;;) {
    const part: Part = { frames: [], end: cursor.end }
    takeFrames(cursor, part)
    part.frames.reverse()
    const found = lineAt(cursor)
    const raisedHere = isRaisedLine(found)
    if (raisedHere) {
      Object.assign(part, raised(found.rest))
      part.frames.unshift(found.frame)
      part.end = cursor.end
      cursor.advance()
      takeMessage(cursor, part, (line) => line?.numbered === true)
    }
    parts.unshift(part)
    if (!raisedHere || lineAt(cursor)?.numbered !== true) break
  }
  const [first] = parts
  if (first?.kind === undefined && (first?.frames.length ?? 0) < 2) return undefined
  return assemble(parts, start, first?.kind !== undefined && isOutermost(first.frames.at(-1)))
}

/** Frames as loggers print them, with what stands above them in the record; one frame without a class is too little. */
function backtrace(cursor: LineCursor, from: number): Traceback | undefined {
  const { text } = cursor
  const firstFrame = cursor.start
  const part: Part = { frames: [], end: cursor.end }
  const tag = /^(?:\[[^\]\n]{0,200}\] )+/.exec(cursor.line)?.[0] ?? ''
  takeFrames(cursor, part)
  const above = text.slice(from, firstFrame)
  const heading = tag === '' ? withoutColour(above) : withoutColour(withoutTags(above, tag))
  const header = readHeader(heading)
  let start = firstFrame
  if (header !== undefined) {
    part.kind = header.kind
    if (header.message !== undefined) part.message = header.message
    const exact = tag === '' && !above.includes('\x1b')
    start = exact ? from + header.at : Math.max(from, text.lastIndexOf(header.kind, firstFrame))
  } else if (part.frames.length < 2) return undefined
  const parts = [part, ...(header === undefined ? [] : listedCauses(heading)).map((one) => ({ ...one, end: part.end }))]
  for (let cause = causeBelow(cursor); cause !== undefined; cause = causeBelow(cursor)) parts.push(cause)
  // rake sets the message apart from the frames with a blank line.
  const rake = header !== undefined && /(?:^|\n)rake aborted!\r?\n/.test(text.slice(Math.max(from, start - 32), start))
  if (rake && part.message !== undefined) part.message = part.message.trimEnd()
  return assemble(parts, start, rake)
}

/** `text` without the tag that its lines may begin with. */
function withoutTags(text: string, tag: string): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith(tag) ? line.slice(tag.length) : line === tag.trimEnd() ? '' : line))
    .join('\n')
}

/** `Information for cause: Class (message):` (Rails) or `Caused by: …`, then frames; the cursor moves behind them. */
function causeBelow(cursor: LineCursor): Part | undefined {
  const ahead = new LineCursor(cursor.text, cursor.start)
  for (let i = 0; i < 2 && !ahead.done && isBlank(ahead.line); i++) ahead.advance()
  // The gem `logging` gives the label a line of its own.
  if (/^\s*--- Caused by ---\s*$/.test(ahead.line.slice(0, 64))) ahead.advance()
  else if (!/^\s*(?:Information for cause|Caused by|Cause): /.test(ahead.line.slice(0, 64))) return undefined
  const lead = /^\s*(?:[A-Z][a-z ]*: )?/.exec(ahead.line.slice(0, 64))?.[0]
  if (lead === undefined || ahead.done) return undefined
  const start = ahead.start + lead.length
  let { end } = ahead
  // Between the header and its frames are few lines; a cause without frames has none of its own to look for.
  for (let i = 0; i < 64 && ahead.advance(); i++) {
    const found = frameLine(ahead.line)
    if (found !== undefined && found.rest === undefined) break
    if (!isBlank(ahead.line)) end = ahead.end
  }
  const part: Part = { frames: [], end }
  const header = readHeader(cursor.text.slice(start, ahead.start))
  if (header === undefined) return undefined
  part.kind = header.kind
  if (header.message !== undefined) part.message = header.message.trimEnd()
  takeFrames(ahead, part)
  cursor.moveTo(ahead.start)
  return part
}

function lineAt(cursor: LineCursor): FrameLine | undefined {
  return cursor.done ? undefined : frameLine(cursor.line)
}

function isFrom(line: FrameLine | undefined): boolean {
  return line?.from === true && line.rest === undefined
}

/** The class, and the message's first line when there is one. */
function raised(rest: string): { kind?: string; message?: string } {
  const found = raisedIn(rest)
  return found?.message === '' ? { kind: found.kind } : { ...found }
}

/** Takes the message's further lines, up to where `ends` says or another error begins. */
function takeMessage(cursor: LineCursor, part: Part, ends: (line: FrameLine | undefined) => boolean): void {
  const lines = [part.message ?? '']
  for (; !cursor.done; cursor.advance()) {
    const found = lineAt(cursor)
    if (ends(found) || isRaisedLine(found)) break
    const line = withoutColour(cursor.line)
    lines.push(line)
    if (!isBlank(line)) part.end = cursor.end
  }
  const message = lines.join('\n').trimEnd()
  if (message !== '') part.message = message
}

/** Takes frames, and where some were left out. */
function takeFrames(cursor: LineCursor, part: Part): void {
  for (; !cursor.done; cursor.advance()) {
    const found = lineAt(cursor)
    if (found !== undefined && found.rest === undefined) part.frames.push(found.frame)
    else if (part.frames.length === 0 || !isLevels(withoutColour(cursor.line))) return
    else restoreLevels(part.frames, levelsOf(withoutColour(cursor.line)))
    part.end = cursor.end
  }
}

/** Frames put back where the interpreter printed ` ... 10067 levels...`; of more than this only these. */
const MAX_RESTORED = 64
/** Mutual recursion through more frames than this is not looked for. */
const MAX_CYCLE = 4

/** Goes on with the cycle that the printed frames end in; frames that form none stay left out. */
function restoreLevels(frames: Frame[], count: number): void {
  const same = (a: Frame | undefined, b: Frame | undefined) =>
    a !== undefined && b !== undefined && a.file === b.file && a.line === b.line && a.function === b.function
  for (let cycle = 1; cycle <= MAX_CYCLE; cycle++) {
    const { length } = frames
    const repeats = Array.from({ length: cycle }, (_, i) =>
      same(frames[length - 1 - i], frames[length - 1 - i - cycle]),
    )
    if (!repeats.every(Boolean)) continue
    for (let i = 0; i < Math.min(count, MAX_RESTORED); i++)
      frames.push(...frames.slice(-cycle, frames.length - cycle + 1))
    return
  }
}

/** Start of the thread report above a line, if there is one. */
function threadReport(text: string, at: number, from: number): number | undefined {
  const above = lineStart(text, at - 1)
  return at > from && above >= from && isThreadReport(text.slice(above, at)) ? above : undefined
}

/** Where the frame begins in the line as it stands, colours and all. */
function rawColumn(line: string, found: FrameLine): number {
  return line.includes('\x1b') && found.column > 0 ? line.indexOf(found.frame.file ?? '') : found.column
}

/** Puts the parts of a chain together: the first is the error, the others its causes, nearest first. */
function assemble(parts: readonly Part[], start: number, uncaught: boolean): Traceback {
  const first = parts[0] ?? { frames: [], end: start }
  const frames: Frame[] = first.frames
  const result: Traceback = { language: 'ruby', frames, causes: [], start, end: start, uncaught }
  if (first.kind !== undefined) result.kind = first.kind
  if (first.message !== undefined) result.message = first.message
  for (const { end, ...cause } of parts) {
    result.end = Math.max(result.end, end)
    if (cause.frames !== frames) result.causes.push(cause)
  }
  return result
}
