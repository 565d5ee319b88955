/**
 * Ruby's output on stderr, line by line: which lines belong to a backtrace that no logger framed.
 * A further block without `from` is a cause, unless it begins as the first did: then the program died once more, or the
 * error of a thread ends the program that waits for it. A message's unindented lines are taken only where the interpreter must
 * still print frames, or where the program had ended, and when they do not look like the beginning of a log line.
 */
import type { Follower } from './language.js'
import { frameLine, isLevels, isRaisedLine, isThreadReport, REVERSED, raisedAs } from './ruby-grammar.js'
import { beginsLogLine, isBlank, isIndented, withoutColour } from './text.js'

/** See TraceLanguage.follow. */
export function followRuby(raw: string): Follower | undefined {
  const line = withoutColour(raw)
  if (isThreadReport(line)) return new RubyFollower('reported')
  if (line === REVERSED) return new RubyFollower('reversed')
  if (line === 'rake aborted!') return new RubyFollower('rake')
  const found = frameLine(line)
  if (!isRaisedLine(found) || found.column !== 0) return undefined
  return new RubyFollower('message', raisedAs(found))
}

type State =
  /** After a thread's report: the error itself. */
  | 'reported'
  /** After the line that names the error: further lines of its message, then frames. */
  | 'message'
  /** Among frames. */
  | 'frames'
  /** Among the numbered frames of the reversed order. */
  | 'reversed'
  /** After `rake aborted!`, up to `(See full trace…`. */
  | 'rake'

class RubyFollower implements Follower {
  traced = false
  #state: State
  /** A thread's report: the program goes on and logs. */
  readonly #thread: boolean
  readonly #reversed: boolean
  /** How the first error was raised; undefined before it has come. */
  #first: string | undefined
  /** Further blocks that begin as the first did and still belong to it. */
  #repeats: number
  /** No line can follow. */
  #complete = false

  constructor(state: State, first?: string) {
    this.#state = state
    this.#first = first
    this.#thread = state === 'reported'
    this.#repeats = this.#thread ? 1 : 0
    this.#reversed = state === 'reversed'
  }

  get complete(): boolean {
    return this.#complete
  }

  takes(raw: string): boolean {
    const line = withoutColour(raw)
    const found = frameLine(line)
    if (found?.from === true) this.traced = true
    if (this.#state === 'rake') return this.#rake(line)
    if (this.#state === 'reversed' && found?.numbered === true) return true
    if (isRaisedLine(found) && found.column === 0) {
      const raised = raisedAs(found)
      if (raised === this.#first && --this.#repeats < 0) return false
      this.#first ??= raised
      this.#state = 'message'
      return true
    }
    switch (this.#state) {
      case 'message':
        if (this.#reversed && found?.numbered === true) this.#state = 'reversed'
        else if (found?.from === true) this.#state = 'frames'
        else return isBlank(line) || isIndented(line) || this.#isPlain(line)
        return true
      case 'frames':
        return found?.from === true || isLevels(line)
      default:
        return false
    }
  }

  /** Whether an unindented line may be the message's. A thread's error may have no frames below it. */
  #isPlain(line: string): boolean {
    if (/^Did you mean\?/.test(line)) return true
    return !this.#thread && !isThreadReport(line) && line !== REVERSED && !beginsLogLine(line)
  }

  #rake(line: string): boolean {
    this.#complete = line.startsWith('(See full trace by running task with --trace)')
    return this.#complete || !beginsLogLine(line)
  }
}
