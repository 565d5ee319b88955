/**
 * What Rust programs print of their errors: panics in the forms of all compilers, aborts, backtraces, the error that
 * `main` returned, and the chains and backtraces of anyhow and eyre, printed by themselves or in a log message.
 * A panic's kind is `panic`, that of an abort `abort`; errors carry the type's name where `{:?}` printed it.
 * Frames stay as printed, without hashes; of a full backtrace the part that prints it is left out. Without a backtrace
 * the panic's place is the only frame.
 */
import type { Frame, Traceback } from '../core/shapes.js'
import type { TraceLanguage } from './language.js'
import { lastWords, returnedError, sections, splitChain } from './rust-errors.js'
import { followRust } from './rust-follow.js'
import {
  closedQuote,
  frameName,
  isAbort,
  isBacktraceHeader,
  isEnd,
  isPanic,
  isSection,
  panicLine,
  threadBefore,
} from './rust-lines.js'
import { lineAt, nearStart, takeFrames, traceback } from './rust-parts.js'
import { isBlank, isIndented, LineCursor, lineStart } from './text.js'

const PANICKED = 'panicked at '
const OVERFLOWED = ' has overflowed its stack'
/** What a traceback holds somewhere; each is looked for with `indexOf`. */
const NEEDLES = [
  PANICKED,
  OVERFLOWED,
  'fatal runtime error: ',
  'memory allocation of ',
  'Caused by:',
  'tack backtrace:',
  'Location:',
  '    at ',
] as const

export const rust: TraceLanguage = {
  name: 'rust',
  hints: [...NEEDLES, 'Error: '],
  find,
  read,
  follow: followRust,
  interrupts: (line) => isPanic(line),
}

function find(text: string, from: number): Traceback | undefined {
  const returned = returnedError(text, from)
  if (returned !== undefined) return returned
  const next = NEEDLES.map((needle) => text.indexOf(needle, from))
  for (let floor = from; ; ) {
    let which = -1
    for (let i = 0; i < next.length; i++) {
      const at = next[i] ?? -1
      if (at >= 0 && (which < 0 || at < (next[which] ?? 0))) which = i
    }
    const at = next[which]
    const needle = NEEDLES[which]
    if (at === undefined || needle === undefined) return lastWords(text, from)
    const found = candidate(text, at, needle, floor, from)
    if (found !== undefined) return found
    // What stands above a section that led nowhere is not looked at again for a later one.
    if (needle.endsWith(':')) floor = Math.max(floor, nearStart(text, at, from))
    next[which] = text.indexOf(needle, at + 1)
  }
}

function candidate(text: string, at: number, needle: string, floor: number, from: number): Traceback | undefined {
  switch (needle) {
    case PANICKED:
      return panic(text, at, from)
    case OVERFLOWED: {
      const start = nearStart(text, at, from)
      return start >= 0 && isPanic(text.slice(start, at + OVERFLOWED.length)) ? abort(text, start) : undefined
    }
    case 'fatal runtime error: ':
    case 'memory allocation of ':
      return isAtLineStart(text, at, from) && isAbort(text.slice(at, at + 80)) ? abort(text, at) : undefined
    case '    at ':
      return bareFrames(text, at, from)
    default:
      return sections(text, at, floor, from)
  }
}

function read(stack: string): Traceback | undefined {
  const found = find(stack, 0)
  if (found !== undefined) return found
  const cursor = new LineCursor(stack)
  cursor.skipBlank()
  const { start } = cursor
  const frames: Frame[] = []
  const end = takeFrames(cursor, frames)
  return frames.length === 0 ? undefined : traceback({ frames, start, end })
}

function isAtLineStart(text: string, at: number, from: number): boolean {
  return at === from || text.charCodeAt(at - 1) === 0x0a
}

/** `thread 'main' panicked at …`; also what a hook logged of it, without the thread or inside a line. */
function panic(text: string, at: number, from: number): Traceback | undefined {
  const header = panicLine(lineAt(text, at + PANICKED.length))
  const thread = threadBefore(text, at, from)
  if (header === undefined || (thread < 0 && header.place === undefined)) return undefined
  const cursor = new LineCursor(text, at)
  const start = thread < 0 ? at : thread
  const uncaught = thread >= 0 && isAtLineStart(text, thread, from)
  let { place } = header
  const lines: string[] = header.message === undefined ? [] : [header.message]
  let end = cursor.end
  let isOpen = header.open
  let terminated = false
  /** Lines and end of the message as far as nobody else can have printed it. */
  let sure = lines.length
  let sureEnd = end
  while (cursor.advance()) {
    const { line } = cursor
    const closed = isOpen ? closedQuote(line) : undefined
    if (closed?.message !== undefined) {
      lines.push(closed.message)
      place = closed.place
      isOpen = false
      sure = lines.length
      end = sureEnd = cursor.end
      continue
    }
    if (!isOpen && header.message !== undefined && !isBacktraceHeader(line) && !isEnd(line)) break
    if (isBacktraceHeader(line) || isEnd(line)) {
      terminated = true
      break
    }
    if (isPanic(line)) break
    lines.push(line)
    if (isBlank(line)) continue
    end = cursor.end
    if (sure === 0 || (sure === lines.length - 1 && isIndented(line)) || isSection(line)) {
      sure = lines.length
      sureEnd = end
    }
  }
  if (uncaught && !terminated && !isOpen) {
    // Without a note or a backtrace nothing tells the message's further lines from other output.
    lines.length = sure
    end = sureEnd
  }
  const frames: Frame[] = []
  if (terminated) end = Math.max(end, takeTail(cursor, frames))
  // A full backtrace begins with the printing of itself; a short one leaves that out.
  frames.splice(0, frames.findIndex((frame) => frame.function?.includes('__rust_end_short_backtrace')) + 1)
  if (frames.length === 0 && place !== undefined) frames.push(place)
  const { message, causes } = splitChain(lines)
  return traceback({ kind: 'panic', message, frames, causes, start, end, uncaught })
}

/** Takes backtraces and notes; gives the end of the last such line. */
function takeTail(cursor: LineCursor, frames: Frame[]): number {
  let end = cursor.start
  while (!cursor.done) {
    const { line } = cursor
    if (isBacktraceHeader(line)) {
      end = cursor.end
      cursor.advance()
      const own: Frame[] = []
      end = Math.max(end, takeFrames(cursor, own))
      // A message may bring the backtrace of its error along; the panic's own comes last.
      if (own.length > 0) frames.splice(0, frames.length, ...own)
    } else if (isEnd(line)) {
      end = cursor.end
      cursor.advance()
    } else if (isBlank(line)) {
      const ahead = new LineCursor(cursor.text, cursor.next)
      if (ahead.done || !(isBacktraceHeader(ahead.line) || isEnd(ahead.line))) break
      cursor.advance()
    } else break
  }
  return end
}

/** Death without a panic: the stack ran over, memory is gone, the runtime gave up. */
function abort(text: string, start: number): Traceback {
  const cursor = new LineCursor(text, start)
  let { end } = cursor
  const first = cursor.line
  let message = first
  cursor.advance()
  if (first.endsWith('its stack') && cursor.line.startsWith('fatal runtime error: ')) {
    message = cursor.line
    end = cursor.end
    cursor.advance()
  }
  const frames: Frame[] = []
  if (!cursor.done && (isBacktraceHeader(cursor.line) || isEnd(cursor.line))) end = takeTail(cursor, frames)
  message = message.replace(/^fatal runtime error: /, '').replace(/, aborting$/, '')
  return traceback({ kind: 'abort', message, frames, start, end, uncaught: true })
}

/** Frames without any header, as a logged `Backtrace` prints them: a number, a function, its place below. */
function bareFrames(text: string, at: number, from: number): Traceback | undefined {
  const placeStart = nearStart(text, at, from)
  if (placeStart <= from || !isBlank(text.slice(placeStart, at))) return undefined
  const start = Math.max(from, lineStart(text, placeStart - 1))
  const cursor = new LineCursor(text, start)
  if (frameName(cursor.line) === undefined) return undefined
  const frames: Frame[] = []
  const end = takeFrames(cursor, frames)
  return frames[0]?.line === undefined ? undefined : traceback({ frames, start, end })
}
