/** One physical line as positions in a view. The framer keeps a single Line and fills it anew for each call. */

/** Which open group a line belongs to: plain files have one lane, containers one for each stream. */
export type Lane = 0 | 1 | 2
export const PLAIN: Lane = 0
export const STDOUT: Lane = 1
export const STDERR: Lane = 2

export interface Line {
  /** The text that holds the line: the chunk as latin1 (character i is byte i), or an unescaped docker body. */
  view: string
  /** The body is `view.slice(start, end)`: no container prefix, no line end. */
  start: number
  end: number
  /** True when `view` is text already; false when it is bytes as latin1, still to be decoded as UTF-8. */
  decoded: boolean
  /** The view is known to be ASCII: bytes and text are the same. */
  ascii: boolean
  /** File offsets of the physical line, its prefix and its line end included. */
  from: number
  to: number
  lane: Lane
  /** The container runtime split the line here: the next line of the lane goes on with it. */
  partial: boolean
  /** Bytes were left out because the line was over its limit. */
  cut: boolean
  /**
   * Whether the body holds an alarm. False alarms cost time, missed ones would cost an error. Looked for when asked,
   * so that nobody pays for the lines of a group that is alarmed already; ask before the next line is framed.
   */
  readonly alarmed: boolean
  /** Position of the container's timestamp in `view`, as [timeStart, timeEnd); equal when there is none. */
  timeStart: number
  timeEnd: number
}
