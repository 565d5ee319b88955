/**
 * What Perl prints when it dies: `message at FILE line N.`, with Carp's backtrace (`confess`, `cluck`) or that of
 * Devel::StackTrace (Moose, Exception::Class) below, errors of compiling, objects that do not stringify.
 * The kind of a text is `die`, that of an object its class. The printed calls name the function of the place before
 * them, so frames are shifted by one; the last is `main`. Perl's own warnings are no tracebacks.
 */
import type { Frame, Traceback } from '../core/shapes.js'
import type { Follower, TraceLanguage } from './language.js'
import {
  type Call,
  callIn,
  classOf,
  framesOf,
  isContinuation,
  isTraceBegun,
  isWarning,
  type Place,
  placeAt,
  placeInLine,
} from './perl-lines.js'
import { beginsLogLine, LineCursor, lineStart } from './text.js'

export const perl: TraceLanguage = {
  name: 'perl',
  hints: [' line ', '(0x'],
  find,
  read,
  follow: (line) => {
    if (line.length > MAX_LINE) return undefined
    if (classOf(line.trimEnd()) !== undefined) return new PerlFollower(true)
    return placeInLine(line) === undefined || isWarning(line) ? undefined : new PerlFollower(false)
  },
  // A message of several lines ends just as what Perl prints by itself, so no line is certain to be a beginning.
  interrupts: () => false,
}

const MAX_LINE = 8192
/** Lines above the place that may belong to the message. */
const MAX_MESSAGE_LINES = 40
/** An argument may bring line ends of its own into a frame. */
const MAX_LINES_OF_CALL = 10
/** Lines of what stands `near` an error of compiling. */
const MAX_LINES_NEAR = 3

function find(text: string, from: number): Traceback | undefined {
  const object = text.indexOf('(0x', from) < 0 ? undefined : objectIn(text, from)
  for (let at = text.indexOf(' line ', from); at >= 0; at = text.indexOf(' line ', at + 1)) {
    if (object !== undefined && at > object.start) return object
    const place = placeAt(text, at, from)
    if (place === undefined) continue
    const found = died(text, place, from)
    if (found !== undefined) return found
  }
  return object
}

function read(stack: string): Traceback | undefined {
  const found = find(stack, 0)
  if (found !== undefined && (found.frames.length > 1 || !stack.includes(' called at '))) return found
  const cursor = new LineCursor(stack)
  while (!cursor.done && callIn(cursor.line) === undefined) cursor.advance()
  if (cursor.done) return found
  const { start } = cursor
  const { calls, end } = takeCalls(cursor)
  // The place where it died is missing, so each function is known only by where it was called.
  const frames = calls.map(({ name, file, line }): Frame => ({ function: name, file, line }))
  return { language: 'perl', frames, causes: [], start, end, uncaught: false }
}

/** The traceback that dies at `place`, or undefined when this is a warning or prose. */
function died(text: string, place: Place, from: number): Traceback | undefined {
  const lineFrom = Math.max(from, lineStart(text, place.at))
  // A frame names a place too, and belongs to what stands above it.
  if (text.startsWith(' called at ', place.at - ' called'.length)) return undefined
  const begun = isTraceBegun(text.slice(lineFrom, place.at + 4))
  const cursor = new LineCursor(text, place.end)
  let { end } = place
  if (place.open) {
    for (let i = 0; i < MAX_LINES_NEAR && cursor.advance(); i++) {
      if (beginsLogLine(cursor.line)) break
      end = cursor.end
      if (cursor.line.endsWith('"')) break
    }
  }
  cursor.moveTo(Math.min(text.length, end))
  cursor.advance()
  const taken = takeCalls(cursor)
  if (taken.calls.length > 0) end = taken.end
  else if (!place.certain) return undefined
  for (; !cursor.done && isContinuation(cursor.line); cursor.advance()) end = cursor.end

  if (isWarning(text.slice(lineFrom, place.at))) return undefined
  const start = messageStart(text, lineFrom, from, begun)
  const message = text
    .slice(start, begun ? lineFrom : place.at)
    .replaceAll('\r\n', '\n')
    .trim()
  if (isWarning(message)) return undefined
  const { file, line } = place
  return {
    language: 'perl',
    kind: 'die',
    ...(message !== '' && { message }),
    frames: framesOf({ file, line }, taken.calls),
    causes: [],
    start,
    end,
    uncaught: start === 0 || text.charCodeAt(start - 1) === 0x0a,
  }
}

/**
 * Where the message begins whose last line begins at `lineFrom`: with the text, when that is one record's message; with
 * the line, when what stands above is a log record or another error; `begun`: the line itself is no part of the message.
 */
function messageStart(text: string, lineFrom: number, from: number, begun: boolean): number {
  let start = lineFrom
  let below = lineFrom
  for (let count = 0; start > from; count++) {
    if (count === MAX_MESSAGE_LINES) return lineFrom
    below = start
    start = Math.max(from, lineStart(text, start - 1))
    const line = text.slice(start, Math.min(lineFrom, start + MAX_LINE))
    if (beginsLogLine(line) || placeInLine(line.split('\n', 1)[0] ?? '') !== undefined) {
      return begun ? below : lineFrom
    }
  }
  // Behind another error stands what was printed next, and not a message that began there.
  if (from > 0) return lineFrom
  while (start < lineFrom && /\s/.test(text.charAt(start))) start++
  return start
}

/** Takes the lines of a backtrace; the cursor then stands behind them. */
function takeCalls(cursor: LineCursor): { calls: Call[]; end: number } {
  const calls: Call[] = []
  let end = cursor.start
  let opening = ''
  for (let missed = 0, ahead = new LineCursor(cursor.text, cursor.start); !ahead.done; ahead.advance()) {
    const { line } = ahead
    if (missed === 0) opening = line
    // A line end in an argument: the function stands in the line where the call began.
    const call = callIn(line, missed > 0 ? opening : line)
    if (call !== undefined) {
      calls.push(call)
      end = ahead.end
      cursor.moveTo(ahead.next)
      missed = 0
    } else if (calls.length === 0 && isTraceBegun(line) && missed <= 1) {
      missed = 0
    } else if (++missed > MAX_LINES_OF_CALL || (missed === 1 && !opensCall(line)) || beginsLogLine(line)) break
  }
  return { calls, end }
}

/** Whether a frame begins in this line, which a line end in one of its arguments then cut. */
function opensCall(line: string): boolean {
  return /^(?:\t(?:[^(\n]{1,400}\(|eval ')|[\w:]{1,400}\()/.test(line.slice(0, 420))
}

/** `Shop::Error=HASH(0x55720bc114e8)` at the end of a line: an object that somebody died with. */
function objectIn(text: string, from: number): Traceback | undefined {
  for (let at = text.indexOf('(0x', from); at >= 0; at = text.indexOf('(0x', at + 1)) {
    const end = at + (/^\(0x[0-9a-f]{4,16}\)(?=[ \t]*(?:\r?\n|$))/.exec(text.slice(at, at + 60))?.[0].length ?? 0)
    if (end === at) continue
    const near = Math.max(from, at - 1500)
    const blank = text.slice(near, at).search(/\S*$/)
    const start = near + blank
    const kind = classOf(text.slice(start, end))
    if (kind === undefined) continue
    const uncaught = start === 0 || text.charCodeAt(start - 1) === 0x0a
    return { language: 'perl', kind, frames: [], causes: [], start, end, uncaught }
  }
  return undefined
}

/** Takes the backtrace below the line in which it died, and what Perl says behind it. */
class PerlFollower implements Follower {
  traced = false
  #complete: boolean
  /** Lines since the last that was a frame for certain. */
  #missed = 0

  constructor(complete: boolean) {
    this.#complete = complete
  }

  get complete(): boolean {
    return this.#complete
  }

  takes(line: string): boolean {
    if (this.#complete) return false
    const isCall = callIn(line) !== undefined
    if (isCall) this.traced = true
    if (isCall || isContinuation(line) || isTraceBegun(line)) {
      this.#missed = 0
      return true
    }
    const goesOn = this.#missed === 0 ? opensCall(line) : !beginsLogLine(line) && this.#missed < MAX_LINES_OF_CALL
    this.#missed++
    if (!goesOn) this.#complete = true
    return goesOn
  }
}
