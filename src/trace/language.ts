/**
 * The contract of a traceback language: one file in this folder, one fixture folder in test/fixtures/trace/.
 * A language is pure and total: it throws on no input, takes time linear in the text, and keeps no state between calls.
 */
import type { Traceback } from '../core/shapes.js'

export interface TraceLanguage {
  /** Lower case, e.g. `python`; the value of `Traceback.language`. */
  readonly name: string

  /**
   * A byte-cheap necessary condition: every text that holds a traceback of this language holds one of these strings.
   * Case matters; ASCII only. Used to skip `find` and, joined over a source's languages, as alarms.
   */
  readonly hints: readonly string[]

  /**
   * The first traceback at or after `from`, or undefined. Chained, caused and grouped exceptions are one traceback.
   * Lines end with `\n` or `\r\n`. `start` is the first character that belongs to the traceback (`Traceback (most…`,
   * `Exception in thread…`, `java.io.IOException: …`), which may stand in the middle of a line behind a log message.
   * Calling again with `from = result.end` finds the next one.
   */
  find(text: string, from: number): Traceback | undefined

  /**
   * Reads what a logger stored in a stack field (`error.stack`, `exc_info`, `stack_trace`), where the whole text is
   * the stack and parts may be missing (frames only, no header; header only). Undefined when nothing is recognised.
   */
  read(stack: string): Traceback | undefined

  /**
   * For lines that stand outside any log record: when `line` begins a traceback that the runtime itself prints, a
   * follower that says which next lines belong to it. `line` has no line end and may be latin1-decoded UTF-8.
   */
  follow(line: string): Follower | undefined

  /**
   * True when `follow` begins on lines that may as well be anybody's, since what tells comes on the next line. Such a
   * language is not asked where a time stands before the line: a logger's own record has one too.
   */
  readonly followsAnyLine?: boolean

  /**
   * True when `line` can only be the start of something the runtime printed by itself, never a continuation of a log
   * record (`Exception in thread "main" …`). Such a line ends the record before it.
   */
  interrupts(line: string): boolean
}

/** Follows one traceback line by line. One per open group. */
export interface Follower {
  /** Whether `line` belongs to the traceback. After a false the follower is not asked again. */
  takes(line: string): boolean
  /**
   * True once a line was taken that tells this language from others, such as a frame. Several languages may follow the
   * same first line; those that are traced go on alone.
   */
  readonly traced: boolean
  /** True when no further line can belong to it, so that the group may close at once. */
  readonly complete: boolean
  /**
   * True when the line that was taken last, and those before it since this was false, may be anybody's: they belong to the
   * traceback only if a line is taken after which this is false again. Absent: nothing is ever doubtful.
   */
  readonly doubtful?: boolean
}
