/**
 * Go's output on stderr, line by line: which lines belong to a report of the runtime, to a dump of goroutines, or to a
 * stack that a program printed without a head. What follows a value's blank line is its own for some lines more.
 */
import { isDumpLine, isSentence, isThread, RULE } from './go-dump.js'
import { EXCEPTION, functionOf, goroutineIn, isGoroutine, isMachinery, isReport, placeOf } from './go-lines.js'
import type { Follower } from './language.js'
import { beginsLogLine, isBlank, isIndented } from './text.js'

/**
 * Lines of a printed value. The runtime prints a blank line only before goroutines, so a value goes on behind any other;
 * but who prints `panic: ` may not be the runtime.
 */
const MAX_VALUE_LINES = 200
const MAX_LINES_BEHIND_GAP = 20
/** A function that stands alone on a line, of a package in lower case as all of them are. */
const FUNCTION = /^(?:[\w.~%@+-]{1,100}\/){0,20}[a-z_][\w%~-]{0,100}\.[\w(*]/

/** A function of C, as a symbolizer prints it. */
const NAME_IN_C = /^[A-Za-z_]\w{0,200}$/

/** See TraceLanguage.follow. */
export function followGo(line: string): Follower | undefined {
  if (goroutineIn(line) >= 0) return new GoFollower('dump')
  if (isReport(line)) return new GoFollower(EXCEPTION.test(line) ? 'exception' : 'value')
  if (isSentence(line)) return new GoFollower('sentence')
  if (line.length < 1000 && FUNCTION.test(line) && functionOf(line) !== undefined) return new GoFollower('function')
  return undefined
}

type State =
  /** After a program's own words on what it recovered: goroutines may follow, or nothing that is known. */
  | 'sentence'
  /** After a report of Windows, whose first frames have no goroutine above them. */
  | 'exception'
  /** After a report: further lines of its value. */
  | 'value'
  /** After a blank line of the value, which may be its end. */
  | 'gap'
  /** Among goroutines. */
  | 'dump'
  /** After a function: its place must follow. */
  | 'function'
  /** After a place: another function may follow. */
  | 'place'

class GoFollower implements Follower {
  traced: boolean
  #state: State
  #lines = 0
  #complete = false
  /** Among goroutines: whether a function of C may be next, which has a name and nothing else on its line. */
  #mayBeC = true
  /** Behind the rule between the threads of GOTRACEBACK=crash. */
  #ruled = false

  constructor(state: State) {
    this.#state = state
    this.traced = state === 'dump'
  }

  get complete(): boolean {
    return this.#complete
  }

  takes(line: string): boolean {
    if (/^exit status \d{1,3}$/.test(line)) {
      this.#complete = this.#state !== 'function' && this.#state !== 'sentence'
      return this.#complete
    }
    switch (this.#state) {
      case 'exception':
        if (!isBlank(line) && !isMachinery(line)) this.#enterDump()
        return isDumpLine(line)
      case 'value':
      case 'gap':
        return this.#report(line)
      case 'sentence':
        return isGoroutine(line) ? this.#enterDump() : isBlank(line) || isIndented(line)
      case 'dump':
        return this.#dump(line)
      case 'function':
        this.#state = 'place'
        this.traced = placeOf(line) !== undefined
        return this.traced
      case 'place':
        this.#state = 'function'
        return functionOf(line) !== undefined
    }
  }

  #enterDump(): true {
    this.#state = 'dump'
    this.traced = true
    return true
  }

  #dump(line: string): boolean {
    const belongs = isDumpLine(line) || (this.#mayBeC && NAME_IN_C.test(line)) || (this.#ruled && isThread(line))
    this.#mayBeC = isGoroutine(line) || /[ \t]pc=0x[0-9a-f]+$/.test(line)
    if (!isBlank(line)) this.#ruled = line === RULE
    return belongs
  }

  #report(line: string): boolean {
    if (goroutineIn(line) >= 0 || line.startsWith('runtime stack:')) {
      return this.#enterDump()
    }
    if (isBlank(line)) {
      if (this.#state === 'value') this.#lines = 0
      this.#state = 'gap'
      return true
    }
    if (isMachinery(line) || /^(?:\tpanic: |fatal error: |runtime: )/.test(line)) return true
    if (++this.#lines > (this.#state === 'gap' ? MAX_LINES_BEHIND_GAP : MAX_VALUE_LINES)) return false
    return !isReport(line) && !beginsLogLine(line)
  }
}
