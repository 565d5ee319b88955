/**
 * An error as Rails prints it outside any head, line by line: `Class (message):`, a blank line, frames. The message may
 * go on over several lines; the frames stand at the left margin. Causes are listed above the frames (7.0), or have frames
 * of their own below them (7.1). Tags in front of the lines are the caller's to strip.
 * Source: actionpack, action_dispatch/middleware/debug_exceptions.rb, log_error.
 */
import type { Follower } from './language.js'
import { frameLine } from './ruby-grammar.js'
import { beginsLogLine, isBlank, withoutColour } from './text.js'

const HEADER = /^ ?[A-Z]\w*(?:::[A-Z]\w*)* \(/
/** A message that does not end on its first line is believed only of what is named like an error. */
const NAMED_LIKE_ERROR = /^ ?(?:[A-Z]\w*::[\w:]+|\w*(?:Error|Exception|Failed|Failure|NotFound|Invalid)) \(/
/** The header of a cause that has frames. */
const CAUSE_BELOW = /^Information for cause: [A-Z][\w:]* \(/
/** Longest message, in lines. */
const MAX_MESSAGE_LINES = 40

/** A follower when `line` is such an error's first line. */
export function followRails(raw: string): Follower | undefined {
  const line = withoutColour(raw)
  if (!HEADER.test(line)) return undefined
  return line.endsWith('):') || NAMED_LIKE_ERROR.test(line) ? new RailsFollower(line) : undefined
}

/** Whether `line` is such a first line behind the blank that a formatter put before it: no part of what stands above. */
export function isSetInRailsError(line: string): boolean {
  return line.startsWith(' ') && line.endsWith('):') && NAMED_LIKE_ERROR.test(line)
}

class RailsFollower implements Follower {
  traced = false
  readonly complete = false
  readonly #header: string
  /** Lines of the message that may still come; 0 once it has ended. */
  #messageLines: number
  #inFrames = false
  /** Between `Causes:` and the frames. */
  #inCauses = false
  /** The last line was empty, and stood behind frames. */
  #behindGap = false

  constructor(header: string) {
    this.#header = header
    this.#messageLines = linesBehind(header)
  }

  takes(raw: string): boolean {
    const line = withoutColour(raw)
    if (this.#messageLines > 0) {
      if (beginsLogLine(line)) return false
      this.#messageLines = line.endsWith('):') ? 0 : this.#messageLines - 1
      return true
    }
    const frame = frameLine(line)
    if (frame !== undefined && !frame.from) {
      this.#inFrames = this.traced = true
      this.#inCauses = this.#behindGap = false
      return true
    }
    if (isBlank(line)) {
      // An error begins with a line of blanks; the one before a cause is empty.
      this.#behindGap = this.#inFrames
      return !this.#inFrames || line === ''
    }
    if (this.#inFrames) {
      // The same error once more is what a layer above says of it; without the gap it is the next one.
      if (!CAUSE_BELOW.test(line) && !(this.#behindGap && line === this.#header)) return false
      this.#inFrames = this.#behindGap = false
      this.#messageLines = linesBehind(line)
      return true
    }
    if (line === 'Causes:') this.#inCauses = true
    // Between header and frames: listed causes, and the lines of a template (`    2: <% @lines.each do |l| %>`).
    return this.#inCauses ? line === 'Causes:' || HEADER.test(line) : /^\s+\d+: /.test(line)
  }
}

/** How many lines of the message may follow a header's line. */
function linesBehind(header: string): number {
  return header.endsWith('):') ? 0 : MAX_MESSAGE_LINES
}
