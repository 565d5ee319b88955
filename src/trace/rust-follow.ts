/**
 * Follows what Rust prints outside any log record, line by line: a panic with its message and backtrace, an abort, and
 * the error that `main` returned with the sections that anyhow and eyre print below it.
 */
import type { Follower } from './language.js'
import {
  frameName,
  framePlace,
  inlinedName,
  isAbort,
  isBacktraceHeader,
  isEnd,
  isOmission,
  isPanic,
  isSection,
} from './rust-lines.js'
import { beginsLogLine, isBlank, isIndented } from './text.js'

/** A follower for what `line` begins, or undefined when it begins nothing of Rust's. */
export function followRust(line: string): Follower | undefined {
  if (isPanic(line) || isAbort(line)) return new RustFollower(true)
  return /^Error:(?: |$)/.test(line) ? new RustFollower(false) : undefined
}

/** A message longer than this is over. */
const MAX_MESSAGE_LINES = 200

class RustFollower implements Follower {
  traced = false
  /** A panic's message may go on over unindented lines; that of a returned error is one line or indented. */
  readonly #panics: boolean
  #state: 'message' | 'section' | 'frames' | 'tail' | 'over' = 'message'
  #lines = 0
  #blank = false

  constructor(panics: boolean) {
    this.#panics = panics
  }

  get complete(): boolean {
    return this.#state === 'over'
  }

  takes(line: string): boolean {
    const taken = this.#state !== 'over' && !isPanic(line) && this.#take(line)
    if (!taken) this.#state = 'over'
    this.#blank = isBlank(line)
    return taken
  }

  #take(line: string): boolean {
    if (isEnd(line)) {
      this.#state = 'tail'
      return true
    }
    // A panic inside a destructor prints its notes between the sections of what it interrupted.
    if (this.#state === 'tail') return isBacktraceHeader(line) && this.#enter('frames')
    if (isBacktraceHeader(line)) return this.#enter('frames')
    if (isSection(line)) return this.#enter('section')
    if (this.#state === 'frames') {
      if (isBlank(line)) return !this.#blank
      return isFrameLine(line)
    }
    if (isBlank(line)) return !this.#blank || this.#panics
    if (this.#state === 'section') return isIndented(line)
    if (++this.#lines > MAX_MESSAGE_LINES) return false
    if (isIndented(line)) return true
    return this.#panics ? !beginsLogLine(line) && !/^Error: /.test(line) : /^[})\]]+,?$/.test(line) && !this.#blank
  }

  #enter(state: 'section' | 'frames'): true {
    this.#state = state
    this.traced ||= state === 'frames'
    return true
  }
}

function isFrameLine(line: string): boolean {
  return (
    frameName(line) !== undefined ||
    framePlace(line) !== undefined ||
    isOmission(line) ||
    inlinedName(line) !== undefined
  )
}
