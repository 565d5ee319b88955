/**
 * The grammar of a Python traceback below its first header: parts, their frames and exception lines, and what joins
 * the parts to a chain. Where a traceback begins, and the odd forms, are python.ts's.
 */
import type { Cause, Frame, Traceback } from '../core/shapes.js'
import {
  EXCEPTHOOK_SEPARATOR,
  exceptionLine,
  fileAt,
  frameOf,
  isFrameIndent,
  isGutter,
  isSeparator,
  isWarningLine,
  isWholeMessage,
  looksRaised,
  STACK,
  TRACEBACK,
  withoutSuggestion,
} from './python-grammar.js'
import { isBlank, LineCursor, withoutColour } from './text.js'

/** What stands before `Traceback` in the header of a group, behind its indentation. */
export const GROUP = '+ Exception Group '

/** One part of a chain, frames in the order of printing. */
export interface Part {
  kind?: string
  message?: string
  frames: Frame[]
  /** Just after the last character of the part. */
  end: number
  /** What stands before each of its lines. */
  prefix: string
  /** Set when loguru marked the frame that caught it (`> File "…"`). */
  caught?: boolean
  /** Set when `Original exception was:` stood before it, so that what came earlier is no cause of it. */
  afterHook?: boolean
}

/** The parts of the chain whose first header the cursor stands on. Empty when the first has neither frame nor name. */
export function chain(cursor: LineCursor, before: string): Part[] {
  const parts: Part[] = []
  for (let lead = before, hook = false; ; lead = '') {
    const part = partAt(cursor, lead)
    if (part === undefined) return parts
    if (hook) part.afterHook = true
    parts.push(part)
    const separator = separatorAt(cursor, chainPrefix(part))
    if (separator === undefined) return parts
    hook = separator === EXCEPTHOOK_SEPARATOR
  }
}

/** The prefix of the lines between two parts: a group's gutter ends with its members. */
export function chainPrefix(part: Part): string {
  return part.prefix.includes('|') ? '' : part.prefix
}

/**
 * Parses one part; the cursor stands on its header, or on an exception line without one, and ends behind the part.
 * `before` is what stood in the header's line before the cursor.
 */
function partAt(cursor: LineCursor, before: string): Part | undefined {
  const header = withoutColour(cursor.line)
  const part: Part = { frames: [], end: cursor.end, prefix: '' }
  const at = header.indexOf(TRACEBACK)
  if (at < 0) return takeException(cursor, part) ? part : undefined
  part.prefix = prefixOf(cursor.text, cursor.next, before + header.slice(0, at))
  cursor.advance()
  takeFrames(cursor, part)
  return takeException(cursor, part) || part.frames.length > 0 ? part : undefined
}

/**
 * What stands before each line of the part: blanks, a group's gutter `  | `, or a tag that the header's line has too.
 * The first File line after the header shows it.
 */
export function prefixOf(text: string, next: number, before: string): string {
  const peek = new LineCursor(text, next)
  for (let i = 0; i < 3 && !peek.done; i++, peek.advance()) {
    const line = withoutColour(peek.line)
    const at = fileAt(line)
    if (at < 0) continue
    const lead = line.slice(0, at).replace(/> $/, '  ')
    const prefix = lead.slice(0, Math.max(0, lead.length - 2))
    if (/^[ \t|]*$/.test(prefix) || before === prefix) return prefix
    return ''
  }
  if (before.endsWith(GROUP))
    return isBlank(before.slice(0, -GROUP.length)) ? `${before.slice(0, -GROUP.length)}| ` : '  | '
  return /^[ \t|]*$/.test(before) ? before : ''
}

/** So many blanks at the end of a line are none of its own: rich fills its lines up to the terminal's width. */
const FILLED = ' '.repeat(8)

/** The line's text behind the prefix; undefined when the line does not carry it. A bare gutter counts as blank. */
function bodyOf(printed: string, prefix: string): string | undefined {
  const line =
    printed.endsWith(FILLED) && printed.length > prefix.length
      ? prefix + printed.slice(prefix.length).trimEnd()
      : printed
  if (line.startsWith(prefix)) return line.slice(prefix.length)
  return line.trimEnd() === prefix.trimEnd() || (isBlank(prefix) && isBlank(line)) ? '' : undefined
}

/** So many indented lines without a frame before the first are no traceback; keeps near misses cheap. */
const MAX_LINES_BEFORE_FRAME = 8

/** Frames put back where the interpreter folded recursion; of more than this only these. */
const MAX_RESTORED = 64

/** `  [Previous line repeated 990 more times]`: the frame above it, that many times again. */
function restoreRepeats(frames: Frame[], line: string): void {
  const count = /^\s+\[Previous line repeated (\d{1,9}) more times?\]/.exec(line)?.[1]
  const last = frames.at(-1)
  if (count === undefined || last === undefined) return
  for (let i = 0; i < Math.min(Number(count), MAX_RESTORED); i++) frames.push(last)
}

/** Takes frames, their source and caret lines and the place of a syntax error, up to the exception line. */
export function takeFrames(cursor: LineCursor, part: Part): void {
  let place: Frame | undefined
  for (let idle = 0; !cursor.done && idle < MAX_LINES_BEFORE_FRAME; cursor.advance()) {
    const body = bodyOf(withoutColour(cursor.line), part.prefix)
    if (body === undefined) break
    if (body.trim() === '') continue
    const at = fileAt(body)
    const frame = at >= 0 && isFrameIndent(body.slice(0, at)) ? frameOf(body, at) : undefined
    if (frame === undefined) {
      if (body.charCodeAt(0) !== 0x20 && body.charCodeAt(0) !== 0x09) break
      if (/^\s+\+-/.test(body)) break
      restoreRepeats(part.frames, body)
      if (part.frames.length === 0 && place === undefined) idle++
    } else if (frame.function === undefined) place = frame
    else part.frames.push(frame)
    if (frame !== undefined && body.startsWith('>')) part.caught = true
    part.end = cursor.end
  }
  if (part.frames.length === 0 && place !== undefined) part.frames.push(place)
}

/** Takes the exception line, its message and, behind it, the members of a group. False when there is no such line. */
export function takeException(cursor: LineCursor, part: Part): boolean {
  if (cursor.done) return false
  const { prefix } = part
  const first = bodyOf(withoutColour(cursor.line), prefix)
  const named = first === undefined ? undefined : exceptionLine(first)
  if (named === undefined || (part.frames.length === 0 && !looksRaised(named.kind))) return false
  part.kind = named.kind
  part.end = cursor.end
  const lines = [named.message ?? '']
  // A subprocess's traceback is quoted in the message of the RemoteTraceback that carries it.
  let quoted = false
  for (cursor.advance(); !cursor.done; cursor.advance()) {
    const line = withoutColour(cursor.line)
    if (/^\s+\+-/.test(line) && prefix.includes('|')) {
      takeMembers(cursor, part)
      break
    }
    const body = bodyOf(line, prefix)
    if (body === undefined) break
    if (body === '"""') quoted = lines.length === 1 || !quoted
    if (!quoted && (body === STACK || separatorAt(cursor, prefix, true) !== undefined)) break
    if (!quoted && isWarningLine(body)) break
    // Right behind an exception another begins, unless the message announces that it quotes one.
    if (!quoted && body === TRACEBACK && !announcesQuote(lines)) break
    lines.push(body)
    if (!isBlank(body)) part.end = cursor.end
  }
  while (lines.length > 0 && isBlank(lines.at(-1) ?? '')) lines.pop()
  const own = withoutSuggestion(named.kind, lines[0] ?? '')
  const message = isWholeMessage(named.kind, own) ? own : [own, ...lines.slice(1)].join('\n')
  if (message !== '') part.message = message
  return true
}

/** Whether a message so far says that something follows: `worker 3 failed:`, or nothing but a blank line. */
function announcesQuote(lines: readonly string[]): boolean {
  const last = lines.at(-1) ?? ''
  return last.trimEnd().endsWith(':') || isBlank(last)
}

/** Takes the members of a group, gutter and all; the cursor stands on the first `+-+---` line. */
function takeMembers(cursor: LineCursor, part: Part): void {
  for (; !cursor.done && isGutter(withoutColour(cursor.line)); cursor.advance()) part.end = cursor.end
}

/**
 * The chain's separator at the cursor (blank lines before it allowed), or undefined. What follows it must be the next
 * part. Moves the cursor onto that part, unless `peek` is set.
 */
export function separatorAt(cursor: LineCursor, prefix: string, peek = false): string | undefined {
  if (cursor.done) return undefined
  const line = bodyOf(withoutColour(cursor.line), prefix)
  if (line === undefined || (line !== '' && !isBlank(line) && !isSeparator(line))) return undefined
  const ahead = new LineCursor(cursor.text, cursor.start)
  const skipBlank = () => {
    let body = bodyOf(withoutColour(ahead.line), prefix)
    for (let i = 0; i < 2 && !ahead.done && body !== undefined && isBlank(body); i++) {
      ahead.advance()
      body = bodyOf(withoutColour(ahead.line), prefix)
    }
    return ahead.done ? undefined : body
  }
  const separator = skipBlank()
  if (separator === undefined || !isSeparator(separator)) return undefined
  ahead.advance()
  const following = skipBlank()
  if (following === undefined) return undefined
  if (!following.includes(TRACEBACK) && exceptionLine(following) === undefined) return undefined
  if (!peek) cursor.moveTo(ahead.start)
  return separator
}

/** Puts the parts of a chain together: the last is the error, those before it its causes. */
export function assemble(parts: readonly Part[], start: number, uncaught: boolean): Traceback {
  const last = parts.at(-1) ?? { frames: [], end: start, prefix: '' }
  const result: Traceback = {
    language: 'python',
    frames: last.frames.toReversed(),
    causes: [],
    start,
    end: last.end,
    uncaught,
  }
  if (last.kind !== undefined) result.kind = last.kind
  if (last.message !== undefined) result.message = last.message
  for (let i = parts.length - 1; i > 0 && parts[i]?.afterHook !== true; i--) {
    const { kind, message, frames } = parts[i - 1] ?? last
    const cause: Cause = { frames: frames.toReversed() }
    if (kind !== undefined) cause.kind = kind
    if (message !== undefined) cause.message = message
    result.causes.push(cause)
  }
  return result
}
