/**
 * An error as Rails prints it outside any head, line by line: `Class (message):`, a blank line, frames. The message may
 * go on over several lines; the frames stand at the left margin. Tags in front of the lines are the caller's to strip.
 * Source: actionpack, action_dispatch/middleware/debug_exceptions.rb, log_error.
 */
import type { Follower } from './language.js'
import { frameLine } from './ruby-grammar.js'
import { beginsLogLine, isBlank, withoutColour } from './text.js'

const HEADER = /^[A-Z]\w*(?:::[A-Z]\w*)* \(/
/** A message that does not end on its first line is believed only of what is named like an error. */
const NAMED_LIKE_ERROR = /^(?:[A-Z]\w*::[\w:]+|\w*(?:Error|Exception|Failed|Failure|NotFound|Invalid)) \(/
/** Longest message, in lines. */
const MAX_MESSAGE_LINES = 40

/** A follower when `line` is such an error's first line. */
export function followRails(raw: string): Follower | undefined {
  const line = withoutColour(raw)
  if (!HEADER.test(line)) return undefined
  if (line.endsWith('):')) return new RailsFollower(false)
  return NAMED_LIKE_ERROR.test(line) ? new RailsFollower(true) : undefined
}

class RailsFollower implements Follower {
  traced = false
  readonly complete = false
  /** Lines of the message that may still come; 0 once it has ended. */
  #messageLines: number
  #inFrames = false

  constructor(messageGoesOn: boolean) {
    this.#messageLines = messageGoesOn ? MAX_MESSAGE_LINES : 0
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
      return true
    }
    // Between header and frames: blank lines, and the lines of a template (`    2: <% @lines.each do |l| %>`).
    if (isBlank(line) || (!this.#inFrames && /^\s+\d+: /.test(line))) return true
    // `Causes:` and the errors below it come after the frames.
    if (!this.#inFrames || (line !== 'Causes:' && !HEADER.test(line))) return false
    this.#inFrames = false
    if (line !== 'Causes:' && !line.endsWith('):') && !line.endsWith(')')) this.#messageLines = MAX_MESSAGE_LINES
    return true
  }
}
