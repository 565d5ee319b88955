/**
 * Follows a .NET or Mono traceback that stands outside any log record, line by line, without looking ahead.
 * Behind the runtime's own mark frames are sure to come, so any line that is no log line may be part of the message;
 * behind a printed exception only lines that go on with it are.
 */
import {
  arrowIn,
  type Crash,
  closersOf,
  isRepetition,
  parseArrow,
  parseCrash,
  parseFrame,
  parseHeader,
  parseMarker,
  withoutClosers,
} from './csharp-lines.js'
import type { Follower } from './language.js'
import { beginsLogLine, isBlank, isIndented } from './text.js'

/** Lines of a message, or between an inner exception and its end; more is not a message but the next program's output. */
const MAX_OTHER_LINES = 50
/** Second lines of messages that the class library writes, what SqlException prints last, and the end of WCF's details. */
const KNOWN_LINE =
  /^(?:\s+\.\.\.\)\.$|Parameter name: |Parameter: |Actual value was |File name: |Type name: |Arg_|ClientConnectionId:|Error Number:|Routing Destination:)/
/** An unfinished line, and beginnings that a log line does not have: lower case, closing or pointing signs. */
const OPEN_END = /[:,;([{=\\]\s*$/
const CONTINUES = /^[a-z\u0080-\uffff(){}\]^~|<>*"'-]/

/** A follower for the traceback that `line` begins, or undefined. */
export function followTraceback(line: string): Follower | undefined {
  const crash = parseCrash(line)
  if (crash) return new CsharpFollower(line, crash)
  const header = parseHeader(line, 0)
  return header?.rank === 1 && /^[A-Z]/.test(line) ? new CsharpFollower(line, undefined) : undefined
}

class CsharpFollower implements Follower {
  traced = false
  readonly complete = false
  readonly #isCrash: boolean
  #needsHeader: boolean
  /** The frames of the innermost exception have begun. */
  #inFrames = false
  /** Inner exceptions whose end has not come. */
  #inner: number
  #previous: string
  #others = 0

  constructor(line: string, crash: Crash | undefined) {
    this.#isCrash = crash !== undefined
    this.#needsHeader = crash?.isOnNextLine ?? false
    this.#inner = arrowIn(line, 0) < 0 ? 0 : 1
    this.#previous = line
  }

  takes(line: string): boolean {
    const taken = this.#belongs(line)
    this.#previous = line
    return taken
  }

  #belongs(line: string): boolean {
    if (this.#needsHeader) {
      if (isBlank(line)) return ++this.#others < 3
      this.#needsHeader = false
      this.#inner = arrowIn(line, 0) < 0 ? 0 : 1
      return (parseHeader(line, 0)?.rank ?? 4) < 4
    }
    if (parseFrame(line) || isRepetition(line)) {
      this.#inFrames = this.traced = true
      return true
    }
    const arrow = parseArrow(line)
    if (arrow && (arrow.member !== undefined || (parseHeader(line, arrow.headerAt)?.rank ?? 4) < 4)) {
      this.#inner++
      this.#inFrames = false
      this.#others = 0
      return true
    }
    const marker = parseMarker(line, 0)
    if (marker !== undefined) {
      if (marker === 'inner') this.#inner--
      this.#inFrames = this.traced = true
      return true
    }
    // Blank lines follow `<---` and, in Mono, a marker; elsewhere a blank line ends the trace.
    if (isBlank(line) && this.#inFrames) return closersOf(this.#previous) > 0 || this.#previous.startsWith('---')
    if (closersOf(line) > 0 && isBlank(withoutClosers(line))) return true
    if (this.#inFrames && this.#inner <= 0) return KNOWN_LINE.test(line) || this.#isUnknownFrame(line)
    return this.#takesOther(line)
  }

  /** `at` of a form that no grammar knows. */
  #isUnknownFrame(line: string): boolean {
    return isIndented(line) && line.trimStart().startsWith('at ')
  }

  /** A line of a message, or one between the frames of an inner exception and its end. */
  #takesOther(line: string): boolean {
    if (++this.#others > MAX_OTHER_LINES || parseCrash(line)) return false
    if (arrowIn(line, 0) >= 0) {
      this.#inner++
      return true
    }
    if (isBlank(line) || isIndented(line) || KNOWN_LINE.test(line)) return true
    if (beginsLogLine(line)) return false
    return this.#isCrash || OPEN_END.test(this.#previous) || CONTINUES.test(line)
  }
}
