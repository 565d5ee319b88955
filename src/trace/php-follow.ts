/**
 * What PHP prints by itself, line by line: which lines belong to a fatal error that no logger framed. With
 * display_errors the same error is printed twice, first for the log and then for the page: that is one error. Twice for
 * the log is two errors.
 */
import type { Follower } from './language.js'
import {
  entryOf,
  FATAL,
  fatalHead,
  isStrongKind,
  isThrownLine,
  isTraceTitle,
  KIND,
  kindAt,
  placeAtEnd,
} from './php-grammar.js'
import { beginsLogLine, isBlank } from './text.js'

const LOGGED = new RegExp(
  `^(?:PHP message: )?PHP (?:${FATAL}|Warning|Notice|Deprecated|Strict Standards|Unknown error): {1,2}`,
)

/** See TraceLanguage.interrupts: a line of PHP's own error log. What is printed for the page may be anyone's. */
export function isPhpLog(line: string): boolean {
  return line.startsWith('PHP ') && LOGGED.test(line)
}

/** See TraceLanguage.follow. */
export function followPhp(line: string): Follower | undefined {
  const head = fatalHead(line)
  if (head !== undefined) {
    const said = line.slice(head.end)
    const uncaught = UNCAUGHT.test(said)
    if (!head.certain && !uncaught && placeAtEnd(said) === undefined) return undefined
    return new PhpFollower(said, uncaught, head.certain)
  }
  const named = kindAt(line, 0)
  if (named === undefined || placeAtEnd(line) === undefined) return undefined
  return isStrongKind(named.kind) || /\.php(?:\(\d+\) : eval\(\)'d code)?:\d+$/.test(line)
    ? new PhpFollower(undefined, false)
    : undefined
}

const UNCAUGHT = new RegExp(`^Uncaught (?:exception '|${KIND}(?:[: ]|$))`)
/** A message, or an argument of a call, is followed over so many lines. */
const MAX_MESSAGE_LINES = 500
const MAX_ARGUMENT_LINES = 16

type State =
  /** In a message, before its place. */
  | 'message'
  /** Behind a place: the title of a trace must follow. */
  | 'title'
  | 'entries'
  /** Behind the last entry: `thrown in`, or a further exception. */
  | 'between'
  /** Behind all: only the second copy may follow. */
  | 'after'

class PhpFollower implements Follower {
  traced = false
  #state: State
  /** What the error log says behind `PHP Fatal error:  `; undefined for an exception that the program printed. */
  readonly #said: string | undefined
  readonly #uncaught: boolean
  /** Whether it was printed for the log. */
  readonly #logged: boolean
  #copied = false
  #lines = 0
  /** The last entry has no closing parenthesis: its arguments hold line ends. */
  #open = false
  /** No further line can belong to it. */
  #complete = false

  constructor(said: string | undefined, uncaught: boolean, logged = false) {
    this.#said = said
    this.#logged = logged
    this.#uncaught = uncaught
    this.#state = said === undefined ? 'title' : this.#behind(said)
  }

  get complete(): boolean {
    return this.#complete
  }

  takes(line: string): boolean {
    switch (this.#state) {
      case 'message':
        return this.#message(line)
      case 'title':
        if (isTraceTitle(line)) return this.#to('entries')
        // The message of an uncaught exception may hold what looks like its place.
        return this.#uncaught && this.#message(line)
      case 'entries':
        return this.#entry(line)
      case 'between':
        if (isThrownLine(line)) return this.#to('after')
        if (isBlank(line)) return true
        if (line.startsWith('Next ') && kindAt(line, 5) !== undefined) return this.#to(this.#behind(line))
        return this.#copy(line)
      case 'after':
        if (!this.#uncaught && isTraceTitle(line)) return this.#to('entries')
        // Xdebug's own trace behind PHP's.
        if (/^PHP (?:Stack trace:| {2}[ \d]{0,3}\d\. )/.test(line)) return true
        return isBlank(line) ? !this.#copied : this.#copy(line)
    }
  }

  #to(state: State): true {
    this.#state = state
    this.#lines = 0
    this.#complete = state === 'after' && this.#copied && this.#uncaught
    return true
  }

  /** The state behind a line of a message. */
  #behind(line: string): State {
    if (placeAtEnd(line) === undefined) return 'message'
    // An error log is cut at the NUL of an anonymous class; then there is no trace.
    return this.#uncaught && !/ on line \d+$/.test(line)
      ? 'title'
      : this.#uncaught || this.#said !== undefined
        ? 'after'
        : 'title'
  }

  #message(line: string): boolean {
    if (++this.#lines > MAX_MESSAGE_LINES || beginsLogLine(line) || fatalHead(line) !== undefined) return false
    this.#state = this.#behind(line)
    return true
  }

  #entry(line: string): boolean {
    const entry = line.startsWith('#') ? entryOf(line.trim()) : null
    if (entry !== null) {
      this.traced = true
      this.#lines = 0
      this.#open = !/\)\s*$/.test(line)
      return entry.call === '{main}' ? this.#to('between') : true
    }
    if (this.#open && ++this.#lines <= MAX_ARGUMENT_LINES && !beginsLogLine(line)) {
      this.#open = !/\)\s*$/.test(line)
      return true
    }
    this.#state = 'between'
    return this.takes(line)
  }

  /** Whether the line begins the same error once more, for the page what was for the log. */
  #copy(line: string): boolean {
    const head = this.#copied || this.#said === undefined ? undefined : fatalHead(line)
    if (head === undefined || head.certain === this.#logged || line.slice(head.end) !== this.#said) return false
    this.#copied = true
    return this.#to(this.#behind(this.#said))
  }
}
