/**
 * Goroutines as the runtime dumps them: behind its own reports (`panic: …`, `fatal error: …`), and where a program logs
 * `debug.Stack()`. The frames are those of the first goroutine that has any, as printed; the others are only text.
 */
import type { Cause, Frame, Traceback } from '../core/shapes.js'
import { addRun, type FrameList } from './frame-runs.js'
import {
  EXCEPTION,
  goroutineIn,
  isCreatedBy,
  isGoroutine,
  isMachinery,
  isReport,
  isStackAt,
  type PanicValue,
  placeOf,
  readPanicValue,
  takeFrames,
} from './go-lines.js'
import { isBlank, isIndented, LineCursor } from './text.js'

/** Lines of a report above its goroutines; values that print more are cut off from them. */
const MAX_REPORT_LINES = 500
/** Lines of a report that each look like the beginning of one: an address, a size, then `fatal error: …`. */
const MAX_REPORTS = 4
const RUNTIME_ERROR = 'runtime error: '
/** How far above a goroutine its sentence is looked for. */
const MAX_SENTENCE_CHARS = 8192

/** The line's text behind `panic: `, where panics that came later are set in with a tab. */
const PANIC = /^\t?panic: ?/
/** What the runtime puts behind the value of a panic that was recovered. */
const RECOVERED = / \[recovered(?:, repanicked)?\]$/
/** Sentences of programs that recovered, in which the value comes last: `http: panic serving 10.0.0.7:4711: no order`. */
const SENTENCE =
  /\b(?:[Pp]anic(?:ked|king)?|PANIC|[Rr]ecover(?:ed|y)?)\b(?: serving \S{1,80}:|[\w '"-]{0,40}:|(?: \w{1,20})?\]:?) +(?!\[)/
/** What only looks like one: Rust's panics name their thread and place in it. */
const OTHERS = /^thread '|\bpanicked at /
/** A line that only announces the stack. */
const ANNOUNCEMENT = /\n[\w ]{0,30}(?:[Ss]tack|[Tt]race)[\w ]{0,20}:?\s*$/
/** What stands between a value and a goroutine on one line: `: `, `, stack: `. */
const JOINT = /(?:[,;.|]? {0,4}\b(?:[Ss]tack ?[Tt]race|[Ss]tack|[Tt]race)\b)? {0,4}[:,;=|-]? {0,4}$/

/** The frames of a dump, and where it ends. */
interface Dump {
  readonly frames: readonly Frame[]
  /** How many goroutines it has, those without frames included. */
  readonly goroutines: number
  readonly end: number
}

/**
 * Reads goroutines from the line that the cursor stands on; `headless` when the first one's frames begin there. All of
 * them may be set in.
 */
function readDump(cursor: LineCursor, headless = false): Dump {
  const list: FrameList = { frames: [], isShared: false }
  let goroutines = headless ? 1 : 0
  let end = cursor.end
  /** Frames are those of the first goroutine that has any; the runtime's own stack is no goroutine's. */
  let counts = headless
  /** Behind the rule that GOTRACEBACK=crash prints between threads, each of which reports SIGQUIT. */
  let ruled = false
  while (!cursor.done) {
    const { line } = cursor
    if (isGoroutine(line.trimStart())) {
      counts = list.frames.length === 0
      goroutines++
    } else if (line.startsWith('runtime stack:')) counts = false
    else if (!isBlank(line) && !isMachinery(line) && !(ruled && isThread(line)) && !isFunctionOfC(cursor)) {
      const taken = takeFrames(cursor, true)
      if (taken.end <= cursor.start && taken.frames.length === 0 && !isCreatedBy(line)) break
      if (counts) addRun(list, taken.frames)
      if (taken.end > end) {
        end = taken.end
        continue
      }
    }
    if (!isBlank(line)) {
      end = Math.max(end, cursor.end)
      ruled = line === RULE
    }
    cursor.advance()
  }
  return { frames: list.frames, goroutines, end }
}

/** What stands between the threads of GOTRACEBACK=crash. */
export const RULE = '-----'

/** How each further thread of GOTRACEBACK=crash begins. */
export function isThread(line: string): boolean {
  return line.startsWith('SIGQUIT: ')
}

/** Whether the line names a function of C whose place nobody knows: only an address is below it. */
function isFunctionOfC({ text, next }: LineCursor): boolean {
  return text.startsWith('\tpc=0x', next)
}

/** The traceback that begins with the runtime's report at the cursor; undefined when it is only a line like one. */
export function readReport(text: string, at: number, alone: boolean): Traceback | undefined {
  const cursor = new LineCursor(text, at)
  const values: string[][] = []
  let fatal: string | undefined
  let signal: PanicValue | undefined
  let reports = 0
  let end = cursor.end
  let dump: Dump | undefined
  let message = true
  for (let lines = 0; !cursor.done && lines < MAX_REPORT_LINES; lines++) {
    let { line } = cursor
    if (isGoroutine(line) || line.startsWith('runtime stack:')) {
      dump = readDump(cursor)
      break
    }
    // A value that was printed with its own stack: `panic(fmt.Sprintf("%v\n%s", value, debug.Stack()))`.
    const goroutine = goroutineIn(line)
    const holdsStack = goroutine > 0 && isStackAt(text, cursor.next)
    if (holdsStack) line = line.slice(0, goroutine).replace(JOINT, '')
    const panic = PANIC.exec(line)
    if (panic !== null && (line.startsWith('\t') || lines === 0)) {
      values.push([line.slice(panic[0].length)])
      message = true
    } else if (isReport(line)) {
      if (values.length > 0 || ++reports > MAX_REPORTS) break
      if (line.startsWith('fatal error: ')) fatal = line.slice(13)
      signal = readSignal(line) ?? signal
    } else if (isMachinery(line)) message = false
    else if (signal !== undefined && isStackAt(text, cursor.start)) {
      // Windows names no goroutine here.
      dump = readDump(cursor, true)
      break
    } else if (message) values.at(-1)?.push(line)
    if (holdsStack) {
      dump = readDump(new LineCursor(text, cursor.start + goroutine))
      break
    }
    if (!isBlank(line) && (lines === 0 || fatal === undefined)) end = cursor.end
    cursor.advance()
  }
  const first = text.slice(at, new LineCursor(text, at).end)
  if (dump === undefined) {
    // GOTRACEBACK=none prints nothing else; anywhere but at the start it may be a line of some message.
    if (!alone || !(first.startsWith('panic: ') || first.startsWith('fatal error: '))) return undefined
    for (const value of values.splice(1)) values[0]?.push(...value)
    const blank = values[0]?.findIndex((line) => isBlank(line)) ?? -1
    if (blank > 0) values[0]?.splice(blank)
    end = at + first.length
    for (let i = 1, cursor = new LineCursor(text, at); i < (values[0]?.length ?? 0); i++)
      if (cursor.advance()) end = cursor.end
  }
  const parts: Partial<PanicValue>[] =
    reports > 0
      ? [signal !== undefined && fatal === undefined ? signal : fatalError(fatal, first)]
      : values.map((lines) => readPanicValue(wordsOf(lines))).reverse()
  const frames = dump?.frames ?? []
  // A program that prints `panic: ` by itself has asked for the stack with debug.Stack, which is that of one goroutine.
  const printed = dump?.goroutines === 1 && /^runtime\/debug\.(?:Print)?Stack$/.test(frames[0]?.function ?? '')
  return traceback(parts, frames, at, dump?.end ?? end, !printed)
}

/** `SIGSEGV: segmentation violation`, `Exception 0xc0000005 …`; undefined when the line reports something else. */
function readSignal(line: string): PanicValue | undefined {
  const signal = /^(SIG[A-Z]+): (.*)$/.exec(line)
  if (signal !== null) return { kind: signal[1] ?? '', message: signal[2] ?? '' }
  const exception = EXCEPTION.exec(line)
  return exception === null ? undefined : { kind: exception[1] ?? '' }
}

function fatalError(fatal: string | undefined, first: string): PanicValue {
  const message = fatal ?? first.replace(/^(?:fatal|runtime): /, '')
  return { kind: 'fatal error', ...(message === '' ? {} : { message }) }
}

/** The lines of a printed value as its own text. Go 1.23 and later set all lines but the first in by a tab. */
function wordsOf(lines: readonly string[]): string {
  const [first = '', ...rest] = lines
  while (rest.length > 0 && isBlank(rest.at(-1) ?? '')) rest.pop()
  const indented = rest.length > 0 && rest.every((line) => line.startsWith('\t') || line === '')
  return [first, ...(indented ? rest.map((line) => line.slice(1)) : rest)].join('\n').trimEnd().replace(RECOVERED, '')
}

/** Panics as they followed each other, the last one first: the others are what it was raised after. */
function traceback(
  parts: readonly Partial<PanicValue>[],
  frames: readonly Frame[],
  start: number,
  end: number,
  uncaught: boolean,
): Traceback {
  const [last = {}, ...earlier] = parts
  const causes: Cause[] = []
  let { message } = last
  for (const part of earlier) {
    // A panic that is raised again is the same one.
    if (part.message !== message) causes.push({ ...part, frames: [] })
    message = part.message
  }
  return { language: 'go', ...last, frames: frames as Frame[], causes, start, end, uncaught }
}

/**
 * The traceback of a goroutine that some program logged, `at` the start of the goroutine's line. What was raised is
 * told by the sentence above it, if it is told at all.
 */
export function readLoggedDump(text: string, from: number, at: number): Traceback {
  const { frames, end } = readDump(new LineCursor(text, at))
  const above = text.slice(Math.max(from, at - MAX_SENTENCE_CHARS), at)
  const sentence = SENTENCE.exec(above)
  let value = ''
  if (sentence !== null) {
    // What the runtime raises has a colon of its own.
    const own = sentence[0].endsWith(RUNTIME_ERROR) ? RUNTIME_ERROR.length : 0
    const said = above.slice(sentence.index + sentence[0].length - own)
    value = (said.endsWith('\n') ? said : said.replace(JOINT, '')).replace(ANNOUNCEMENT, '').trim()
  }
  return traceback(value === '' ? [{}] : [readPanicValue(value)], frames, at, end, false)
}

/** Whether a line is a program's own sentence on what it recovered, behind which it may print the stack. */
export function isSentence(line: string): boolean {
  return line.length < 1000 && SENTENCE.test(line) && !OTHERS.test(line)
}

/** Whether a line can stand in a dump: what the line-by-line follower asks. */
export function isDumpLine(line: string): boolean {
  return (
    isIndented(line) ||
    isBlank(line) ||
    isGoroutine(line) ||
    isCreatedBy(line) ||
    isMachinery(line) ||
    placeOf(line) !== undefined ||
    /^\.\.\..{0,60} elided\.\.\.$/.test(line) ||
    (/^[^\s(][^\s]*\(.*\)$/.test(line) && /^[^\s]*[./]|^(?:panic|crosscall|cgo)/.test(line)) ||
    // Functions of the runtime in C, before Go 1.5.
    /^[A-Za-z_]\w{0,80}\([0-9a-fx?{}, ._]{0,1000}\)$/.test(line)
  )
}
