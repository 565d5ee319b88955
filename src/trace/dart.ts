/**
 * Dart's and Flutter's errors: what the virtual machine prints of an unhandled exception, Flutter's framed reports, and
 * stack traces in log messages (`StackTrace.toString()`, package:stack_trace). Dart prints an error as a text, so its
 * kind is read from how that begins (`Bad state: …` is a StateError); what was thrown as plain text has none.
 */
import type { Frame, Traceback } from '../core/shapes.js'
import { frameIn, isSuspension, kindIn, prefixOf } from './dart-lines.js'
import type { Follower, TraceLanguage } from './language.js'
import { beginsLogLine, isBlank, LineCursor, lineStart } from './text.js'

const CAUGHT = 'EXCEPTION CAUGHT BY '
/** Both spellings: `Unhandled exception:` of the virtual machine, `Unhandled Exception: ` of Flutter's engine. */
const UNHANDLED = /Unhandled [Ee]xception:/

export const dart: TraceLanguage = {
  name: 'dart',
  hints: [
    '#0 ',
    '#00 abs ',
    'nhandled exception:',
    'nhandled Exception:',
    CAUGHT,
    '.dart ',
    'asynchronous gap',
    'dart:',
  ],
  find,
  read: (stack) => find(stack, 0) ?? bare(stack),
  follow: (line) => {
    const body = line.slice(prefixOf(line))
    if (body.includes(CAUGHT)) return new DartFollower('report')
    if (isUnhandled(body)) return new DartFollower('message')
    return frameIn(body) === undefined ? undefined : new DartFollower('frames')
  },
  interrupts: (line) => /^Unhandled exception:\s*$/.test(line.slice(0, 60)) || isReportHead(line),
}

/** `══╡ EXCEPTION CAUGHT BY …`, decoded or not. */
function isReportHead(line: string): boolean {
  return line.length < 600 && line.includes(CAUGHT) && /^(?:═|â\x95\x90)/.test(line.slice(prefixOf(line)))
}

/** Lines of an error's text, and of Flutter's report before its stack. */
const MAX_MESSAGE_LINES = 60
const MAX_REPORT_LINES = 200
/** An error that begins this many lines above its frames is taken for theirs. */
const MAX_LINES_ABOVE = 12

function isUnhandled(line: string): boolean {
  return /^(?:Unhandled exception:\s*$|\[ERROR:[^\]\n]{1,200}\] Unhandled Exception: )/.test(line.slice(0, 260))
}

function find(text: string, from: number): Traceback | undefined {
  for (const cursor = new LineCursor(text, from); !cursor.done; cursor.advance()) {
    const line = text.slice(cursor.start, Math.min(cursor.end, cursor.start + 8192))
    const lead = prefixOf(line)
    const body = line.slice(lead)
    if (body.includes(CAUGHT)) {
      const report = reported(text, cursor.start, cursor.start)
      if (report !== undefined) return report
    } else if (isUnhandled(body)) return unhandled(text, cursor.start, lead)
    else if (beginsStack(body)) {
      const found = framed(text, cursor.start, from)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Whether a stack begins here: its first frame, or one of package:stack_trace, which has no numbers. */
function beginsStack(body: string): boolean {
  const first = body.startsWith('#') ? body.startsWith('#0 ') : !body.includes('#') || body.includes('#00 abs ')
  return first && frameIn(body) !== undefined
}

/** The line at the cursor without its prefix. */
function bodyOf(cursor: LineCursor): string {
  const { line } = cursor
  return line.slice(prefixOf(line))
}

/** Takes frames and where functions waited; gives the end of the last frame. */
function takeFrames(cursor: LineCursor, frames: Frame[]): number {
  let end = cursor.start
  for (; !cursor.done; cursor.advance()) {
    const body = bodyOf(cursor)
    const frame = frameIn(body)
    if (frame !== undefined) frames.push(frame)
    else if (!isSuspension(body) || frames.length === 0) break
    end = cursor.end
  }
  return end
}

interface Parts {
  readonly lines: readonly string[]
  readonly kind?: string
  readonly frames: Frame[]
  readonly start: number
  readonly end: number
  readonly uncaught: boolean
}

function traceback({ lines, kind, frames, start, end, uncaught }: Parts): Traceback {
  const text = lines.join('\n').trim()
  const named = kindIn(text)
  const message = named === undefined ? text : text.slice(named.messageAt).trim()
  const known = kind ?? named?.kind
  return {
    language: 'dart',
    ...(known !== undefined && { kind: known }),
    ...(message !== '' && { message }),
    frames,
    causes: [],
    start,
    end,
    uncaught,
  }
}

/** `Unhandled exception:`, the error's text, its frames. */
function unhandled(text: string, start: number, lead: number): Traceback {
  const cursor = new LineCursor(text, start)
  const body = cursor.line.slice(lead)
  const label = UNHANDLED.exec(body.slice(0, 300))
  const rest = body.slice((label?.index ?? 0) + (label?.[0].length ?? 0)).trim()
  const lines = rest === '' ? [] : [rest]
  let { end } = cursor
  let sure = lines.length
  let sureEnd = end
  let isOver = false
  const frames: Frame[] = []
  cursor.advance()
  for (; !cursor.done && lines.length < MAX_MESSAGE_LINES; cursor.advance()) {
    const line = bodyOf(cursor)
    if (frameIn(line) !== undefined) break
    if (isUnhandled(line) || (lines.length > 0 && beginsLogLine(cursor.line))) break
    // Builds without symbols describe themselves before their frames.
    if (line.startsWith('*** *** ')) isOver = true
    if (isOver) continue
    lines.push(line)
    if (isBlank(line)) continue
    end = cursor.end
    if (sure === 0) {
      sure = lines.length
      sureEnd = end
    }
  }
  if (!cursor.done && frameIn(bodyOf(cursor)) !== undefined) end = takeFrames(cursor, frames)
  else {
    // Without frames only the first line is the error's for certain.
    lines.length = sure
    end = sureEnd
  }
  return traceback({ lines, frames, start, end, uncaught: true })
}

/** Flutter's report: what was thrown, the widget, the stack, between two rules. */
function reported(text: string, start: number, lineFrom: number): Traceback | undefined {
  const cursor = new LineCursor(text, lineFrom)
  let { end } = cursor
  let kind: string | undefined
  const lines: string[] = []
  const frames: Frame[] = []
  let inMessage = false
  for (let count = 0; count < MAX_REPORT_LINES && cursor.advance(); count++) {
    const body = bodyOf(cursor)
    if (body.includes(CAUGHT) || beginsHead(cursor.line)) break
    const thrown = /^The following (\S{1,200}) (?:object )?was thrown\b|^(Another exception) was thrown: /.exec(
      body.slice(0, 300),
    )
    if (thrown && kind === undefined) {
      kind = thrown[1] === 'assertion' ? 'AssertionError' : thrown[1]?.replace(/^_/, '')
      inMessage = true
    } else if (frameIn(body) !== undefined) {
      end = takeFrames(cursor, frames)
      break
    } else if (inMessage && isBlank(body)) inMessage = lines.length === 0
    else if (inMessage) lines.push(body)
    if (/^[═=]{20,}\s*$/.test(body)) {
      end = cursor.end
      break
    }
    if (!isBlank(body)) end = cursor.end
  }
  if (kind === undefined && frames.length === 0) return undefined
  while (!cursor.done && isBlank(bodyOf(cursor))) cursor.advance()
  if (!cursor.done && /^[═=]{20,}\s*$/.test(bodyOf(cursor))) end = cursor.end
  const found = traceback({ lines, frames, start, end, uncaught: true })
  return kind === undefined ? found : { ...found, kind }
}

/** A log record's head; Android's prefix is none of it. */
function beginsHead(line: string): boolean {
  return prefixOf(line) === 0 && /^\[?\d{4}-\d\d-\d\d[T ]/.test(line)
}

/** Frames in a log message, and the error above them. */
function framed(text: string, at: number, from: number): Traceback | undefined {
  const cursor = new LineCursor(text, at)
  const frames: Frame[] = []
  const terse = !bodyOf(cursor).startsWith('#')
  const end = takeFrames(cursor, frames)
  if (terse && frames.length < 2) return undefined
  let start = at
  let lines: string[] = []
  const above: string[] = []
  for (let count = 0, lineFrom = at; count < MAX_LINES_ABOVE && lineFrom > from; count++) {
    const next = Math.max(from, lineStart(text, lineFrom - 1))
    const raw = text.slice(next, Math.min(lineFrom, next + 4096)).trimEnd()
    lineFrom = next
    const body = raw.slice(prefixOf(raw))
    above.unshift(body)
    const column = errorColumn(body)
    if (column >= 0) {
      start = next + (raw.length - body.length) + column
      lines = [body.slice(column), ...above.slice(1)]
      break
    }
    if (isBlank(body) && count > 0) break
  }
  return traceback({ lines, frames, start, end, uncaught: false })
}

/** Where the text of an error begins in a line: at its start, or behind a colon or a blank of the log message. */
function errorColumn(line: string): number {
  if (kindIn(line) !== undefined) return 0
  const found =
    /(?:: |\s)(?=_?[A-Z]\w{0,100}(?:Exception|Error)(?:: | \(|\()|Bad state: |Invalid argument|Unsupported operation: |Null check operator|Instance of ')/.exec(
      line.slice(0, 2000),
    )
  if (found === null) return -1
  const column = found.index + found[0].length
  return kindIn(line.slice(column)) === undefined ? -1 : column
}

/** Frames whose beginning is missing, or an error's text without frames: the whole text is known to be an error. */
function bare(stack: string): Traceback | undefined {
  const cursor = new LineCursor(stack)
  cursor.skipBlank()
  if (!cursor.done && frameIn(bodyOf(cursor)) !== undefined) {
    const from = cursor.start
    const frames: Frame[] = []
    const end = takeFrames(cursor, frames)
    return traceback({ lines: [], frames, start: from, end, uncaught: false })
  }
  const text = stack.trim()
  if (kindIn(text) === undefined) return undefined
  const start = stack.indexOf(text)
  return traceback({ lines: [text], frames: [], start, end: start + text.length, uncaught: false })
}

/** Takes what follows an unhandled exception, a Flutter report or a first frame. */
class DartFollower implements Follower {
  traced = false
  #state: 'message' | 'report' | 'frames' | 'over'
  #lines = 0

  constructor(state: 'message' | 'report' | 'frames') {
    this.#state = state
  }

  get complete(): boolean {
    return this.#state === 'over'
  }

  takes(line: string): boolean {
    if (this.#state === 'over') return false
    const body = line.slice(prefixOf(line))
    const taken = this.#take(line, body)
    if (!taken) this.#state = 'over'
    return taken
  }

  #take(line: string, body: string): boolean {
    if (frameIn(body) !== undefined || isSuspension(body)) {
      this.traced = true
      if (this.#state === 'message') this.#state = 'frames'
      return true
    }
    if (isUnhandled(body) || body.includes(CAUGHT)) return false
    if (body !== line && isBlank(body)) return true
    this.#lines++
    switch (this.#state) {
      case 'message':
        return this.#lines <= MAX_MESSAGE_LINES && (this.#lines === 1 || !beginsLogLine(line))
      case 'report':
        if (this.#lines > MAX_REPORT_LINES || beginsHead(line)) return false
        if (isRule(body)) this.#state = 'over'
        return true
      default:
        return false
    }
  }
}

/** The rule that ends a report, decoded or not. */
function isRule(line: string): boolean {
  return /^(?:═|â\x95\x90|=){20,}\s*$/.test(line)
}
