/**
 * Go's output on stderr, line by line: which lines belong to a report of the runtime, to a dump of goroutines, or to a
 * stack that a program printed without a head. A value's lines end at a blank one, unless goroutines follow.
 */
import { isDumpLine } from './go-dump.js'
import { functionOf, isGoroutine, isMachinery, isReport, placeOf } from './go-lines.js'
import type { Follower } from './language.js'
import { beginsLogLine, isBlank } from './text.js'

/** Lines of a printed value. */
const MAX_VALUE_LINES = 200
/** A function that stands alone on a line, of a package in lower case as all of them are. */
const FUNCTION = /^(?:[\w.~%@+-]{1,100}\/){0,20}[a-z_][\w%~-]{0,100}\.[\w(*]/

/** See TraceLanguage.follow. */
export function followGo(line: string): Follower | undefined {
  if (isReport(line)) return new GoFollower('value')
  if (isGoroutine(line)) return new GoFollower('dump')
  if (line.length < 1000 && FUNCTION.test(line) && functionOf(line) !== undefined) return new GoFollower('function')
  return undefined
}

type State =
  /** After a report: further lines of its value. */
  | 'value'
  /** After a blank line that may be the value's end. */
  | 'gap'
  /** Among goroutines. */
  | 'dump'
  /** After a function: its place must follow. */
  | 'function'
  /** After a place: another function may follow. */
  | 'place'

class GoFollower implements Follower {
  #state: State
  #lines = 0
  #complete = false

  constructor(state: State) {
    this.#state = state
  }

  get complete(): boolean {
    return this.#complete
  }

  takes(line: string): boolean {
    if (/^exit status \d{1,3}$/.test(line)) {
      this.#complete = this.#state !== 'function'
      return this.#complete
    }
    switch (this.#state) {
      case 'value':
      case 'gap':
        return this.#report(line)
      case 'dump':
        return isDumpLine(line)
      case 'function':
        this.#state = 'place'
        return placeOf(line) !== undefined
      case 'place':
        this.#state = 'function'
        return functionOf(line) !== undefined
    }
  }

  #report(line: string): boolean {
    if (isGoroutine(line) || line.startsWith('runtime stack:')) {
      this.#state = 'dump'
      return true
    }
    if (isBlank(line)) {
      this.#state = 'gap'
      return true
    }
    if (isMachinery(line) || /^(?:\tpanic: |fatal error: |runtime: )/.test(line)) return true
    if (this.#state === 'gap' || ++this.#lines > MAX_VALUE_LINES) return false
    return !isReport(line) && !beginsLogLine(line)
  }
}
