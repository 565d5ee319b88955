/**
 * Python's output on stderr, line by line: which lines belong to a traceback that no logger framed.
 * A message's further lines are taken when indented, or, where the traceback ended the program, when they do not look
 * like the beginning of a log line. Whatever else follows the exception line needs a chain's separator.
 */
import type { Follower } from './language.js'
import {
  exceptionLine,
  FATAL,
  fileAt,
  frameOf,
  isAnnouncement,
  isAsyncioContext,
  isAsyncioReport,
  isGutter,
  isOutermost,
  isRemoteTraceback,
  isSeparator,
  isWarningLine,
  looksRaised,
  TRACEBACK,
} from './python-grammar.js'
import { isRichTop, RICH_TITLE, RichFollower, richText } from './python-rich.js'
import { beginsLogLine, isBlank, isIndented, withoutColour } from './text.js'

/** See TraceLanguage.follow. */
export function followPython(raw: string): Follower | undefined {
  const line = withoutColour(raw)
  if (line === TRACEBACK) return new PythonFollower('frames')
  if (line === GROUP_HEADER) return new PythonFollower('group')
  if (line.includes(RICH_TITLE) && isRichTop(richText(line))) return new RichFollower(richText(line))
  if (isAnnouncement(line)) return new PythonFollower('announced')
  if (isRemoteTraceback(line)) return new PythonFollower('quoting')
  if (isAsyncioReport(line)) return new PythonFollower('announced')
  if (line.startsWith(FATAL)) return new PythonFollower('fatal')
  if (line.startsWith('  File "') && frameOf(line, 2) !== undefined) {
    const follower = new PythonFollower('frames')
    follower.takes(line)
    return follower
  }
  return undefined
}

/** As `exceptionLine`, also where the line is UTF-8 that was decoded as latin1. */
function raisedIn(line: string): ReturnType<typeof exceptionLine> {
  const named = exceptionLine(line)
  if (named !== undefined || !/[\x80-\xff]/.test(line.slice(0, MAX_KIND_BYTES))) return named
  return exceptionLine(Buffer.from(line.slice(0, MAX_KIND_BYTES), 'latin1').toString('utf8'))
}

/** A name is looked for in so much of a line. */
const MAX_KIND_BYTES = 512

const GROUP_HEADER = '  + Exception Group Traceback (most recent call last):'

type State =
  /** After an announcement: its context lines, then a header. */
  | 'announced'
  /** After a header: frames, up to the exception line. */
  | 'frames'
  /** Inside a group's gutter, or behind it. */
  | 'group'
  /** After the exception line or further lines of its message. */
  | 'message'
  /** After a blank line that followed the message. */
  | 'blank'
  /** After a separator: a blank line, then a header or an exception line. */
  | 'separator'
  /** Inside the triple quotes of another process's traceback. */
  | 'quoting'
  /** Inside faulthandler's dump. */
  | 'fatal'

class PythonFollower implements Follower {
  traced = false
  #state: State
  /** Whether the outermost frame of the current part shows that the program ended with it. */
  #ended = false
  /** Whether the current part has a frame yet. */
  #framed = false
  /** Lines of the current message. */
  #messageLines = 0
  /** Whether the message's last line says that it quotes something, which may be a traceback. */
  #announces = false
  /** Triple quotes seen. */
  #quotes = 0

  constructor(state: State) {
    this.#state = state
  }

  /** A separator may follow at any time, so only a line that does not belong ends it. */
  get complete(): boolean {
    return false
  }

  takes(raw: string): boolean {
    const line = withoutColour(raw)
    switch (this.#state) {
      case 'announced':
        return isAsyncioContext(line) || this.#header(line) || this.#unraised(line) || isIndented(line)
      case 'frames':
        return this.#frame(line)
      case 'group':
        return isGutter(line) || this.#behindGroup(line)
      case 'message':
        return this.#message(line)
      case 'blank':
        if (isSeparator(line)) return this.#enter('separator')
        if (isBlank(line)) return true
        return (isIndented(line) || (this.#messageLines > 1 && this.#isPlain(line))) && this.#enter('message')
      case 'separator':
        return isBlank(line) || this.#header(line) || (raisedIn(line) !== undefined && this.#enter('message'))
      case 'quoting':
        if (line === '"""') this.#quotes++
        return this.#quotes === 2 ? this.#enter('message') : this.#quotes > 0
      case 'fatal':
        return isBlank(line) || /^(?: {2}|Current thread|Thread 0x|Python runtime|Extension modules)/.test(line)
    }
  }

  #enter(state: State): true {
    this.#state = state
    if (state === 'frames') {
      this.#ended = false
      this.#framed = false
    }
    return true
  }

  #header(line: string): boolean {
    if (line === TRACEBACK) return this.#enter('frames')
    return line === GROUP_HEADER && this.#enter('group')
  }

  /** The root of a chain that was never raised has no header: only a separator can follow it. */
  #unraised(line: string): boolean {
    const named = raisedIn(line)
    return named !== undefined && looksRaised(named.kind) && this.#enter('blank')
  }

  #frame(line: string): boolean {
    if (isIndented(line)) {
      const at = this.#framed ? -1 : fileAt(line)
      if (at >= 0) {
        this.#framed = this.traced = true
        this.#ended = isOutermost(frameOf(line, at))
      }
      return true
    }
    const named = raisedIn(line)
    if (named === undefined) return false
    this.#messageLines = 1
    this.#announces = line.endsWith(':') && named.message !== ''
    return this.#enter('message')
  }

  #behindGroup(line: string): boolean {
    this.#ended = false
    this.#messageLines = 1
    return isBlank(line) ? this.#enter('blank') : isSeparator(line) && this.#enter('separator')
  }

  #message(line: string): boolean {
    if (this.#announces && line === TRACEBACK) return this.#enter('frames')
    if (isBlank(line)) return this.#enter('blank')
    if (isSeparator(line)) return this.#enter('separator')
    if (!isIndented(line) && !this.#isPlain(line)) return false
    this.#messageLines++
    this.#announces = line.endsWith(':')
    return true
  }

  /** Whether an unindented line may be the message's: only where the program had ended, so that it logs no more. */
  #isPlain(line: string): boolean {
    return (
      this.#ended && !line.includes(TRACEBACK) && !isAnnouncement(line) && !isWarningLine(line) && !beginsLogLine(line)
    )
  }
}
