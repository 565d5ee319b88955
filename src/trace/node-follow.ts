/**
 * Follows what Node.js and `console` print outside any log record, line by line: an uncaught error with its source
 * excerpt, a stack behind a message, or a browser's stack, which has no header. One line cannot tell whether a stack comes, so a follower begins on every line
 * that may be a header, and then takes only what the grammar allows; it decides about grouping, not about errors.
 */
import type { Follower } from './language.js'
import { isElsewhere, isSeam, readElided, readFrame, readPlaceless } from './node-frame.js'
import {
  bracketedIn,
  causedBy,
  excerptPlace,
  type Header,
  headerIn,
  isCaret,
  isTraceUncaughtHint,
  isTrailer,
} from './node-header.js'
import { indentOf } from './node-lines.js'
import { beginsLogLine } from './text.js'

/** A follower for what `line` may begin, or undefined when no stack can follow it. */
export function followNode(line: string): Follower | undefined {
  const text = plain(line)
  const place = excerptPlace(text)
  if (place >= 0) return new NodeFollower('source', 0, place === 0)
  const bracketed = bracketedIn(text)
  if (bracketed) return bracketed.opens ? new NodeFollower('properties', indentOf(text), false) : undefined
  if (readFrame(text)?.isBrowsers) {
    const follower = new NodeFollower('message', 0, false)
    follower.takes(text)
    return follower
  }
  const header = headerIn(text)
  if (header) {
    const follower = new NodeFollower('message', indentOf(text), false)
    if (header.rank >= 3) follower.expectMessage(text, isAnnounced(text, header))
    return follower
  }
  if (REJECTION.test(text)) return new NodeFollower('properties', 0, false)
  return /(?:^|\s)Trace(?::|$)|^\(node:\d+\)/.test(text) ? new NodeFollower('message', 0, false) : undefined
}

/** Whether a header leads its line or stands behind a label, `Query failed: Error: …`; others are mentions as often. */
function isAnnounced(line: string, { column }: Header): boolean {
  return /(?:^|:)\s*$/.test(line.slice(0, column))
}

/** `console.log('Unhandled Rejection at:', promise, 'reason:', reason)`, as the documentation of Node.js has it. */
const REJECTION = /^.{0,200}\bPromise \{$/
const REASON = /^\s*\},? reason: /

/** What the next line may be. */
type State = 'source' | 'value' | 'header' | 'message' | 'frames' | 'properties' | 'tail' | 'over'

/** A message, a thrown value or a block of properties longer than this ends the traceback. */
const MAX_LINES = { source: 4, value: 200, message: 500, doubtful: 40, properties: 10_000, tail: 3 }

class NodeFollower implements Follower {
  traced = false
  #state: State
  /** Indentation of the header's line: its properties end with `}` at this one. */
  readonly #indent: number
  /** True when the runtime itself prints, which ends with a blank line and `Node.js v…`. */
  readonly #exits: boolean
  /** Lines taken in this state. */
  #count = 0
  #sawCaret = false
  /** True when the line before is a browser's frame. */
  #browsers = false
  /** True while lines that anybody may have printed wait for the frame that makes them the message's. */
  doubtful = false
  /** How many they are. */
  #doubts = 0
  #mayDoubt = false
  /** Which lines a message may go on over before the first frame. */
  #message: 'none' | 'indented' | 'assertion' | 'any' = 'none'

  constructor(state: State, indent: number, exits: boolean) {
    this.#state = state
    this.#indent = indent
    this.#exits = exits
  }

  get complete(): boolean {
    return this.#state === 'over'
  }

  /**
   * Allows the header `line` a message of several lines, as far as they can be told from other output; lines that cannot
   * are doubtful if `mayDoubt`.
   */
  expectMessage(line: string, mayDoubt = false): void {
    this.#mayDoubt = mayDoubt
    this.#message = this.#exits ? 'any' : line.includes('[ERR_ASSERTION]') ? 'assertion' : 'indented'
  }

  takes(line: string): boolean {
    if (this.#state === 'over') return false
    const taken = this.#take(plain(line))
    if (!taken) this.#state = 'over'
    return taken
  }

  #enter(state: State): true {
    this.#state = state
    this.#count = 0
    return true
  }

  #take(line: string): boolean {
    this.#count++
    switch (this.#state) {
      case 'source':
        if (this.#count === 1 && (headerIn(line)?.rank ?? 0) >= 4) {
          // The line before only mentioned a file.
          this.expectMessage(line)
          return this.#enter('message')
        }
        if (this.#frame(line)) return true
        if (isCaret(line)) this.#sawCaret = true
        else if (this.#sawCaret && line !== '') return this.#thrown(line)
        else if (line.trim() === '' && this.#count > 1) return this.#enter('header')
        return this.#count < MAX_LINES.source
      case 'value':
        if (isTrailer(line)) return this.#enter('over')
        if (line === '' || isTraceUncaughtHint(line)) return this.#enter('tail')
        return this.#count < MAX_LINES.value
      case 'header':
        return this.#header(line)
      case 'message':
        return this.#frame(line) || this.#messageLine(line)
      case 'frames':
        return this.#frame(line) || this.#afterFrames(line)
      case 'properties':
        return this.#property(line)
      case 'tail':
        if (isTrailer(line)) return this.#enter('over')
        if (isElsewhere(line)) return this.#enter('frames')
        return (line.trim() === '' || isTraceUncaughtHint(line)) && this.#count < MAX_LINES.tail
      case 'over':
        return false
    }
  }

  /** Right below the caret stands what was thrown: a value, or the error of a worker. */
  #thrown(line: string): true {
    if ((headerIn(line)?.rank ?? 0) < 4) return this.#enter('value')
    this.expectMessage(line)
    return this.#enter('message')
  }

  #header(line: string): boolean {
    if (bracketedIn(line)?.opens) return this.#enter('properties')
    // Without a caret the excerpt may have been a line that only looked like one.
    if (!this.#sawCaret && !headerIn(line)) return false
    this.expectMessage(line)
    return this.#enter('message')
  }

  #frame(line: string): boolean {
    const frame = readFrame(line, this.#browsers)
    if (frame) {
      this.traced = true
      this.doubtful = false
      this.#browsers = frame.isBrowsers
      return this.#enter(frame.opens ? 'properties' : 'frames')
    }
    return readElided(line) !== undefined && this.#enter('frames')
  }

  #messageLine(line: string): boolean {
    if (this.#exits && isTrailer(line)) return this.#enter('over')
    if (this.#message === 'none' || this.#count > MAX_LINES.message) return false
    if (this.#message === 'any') return true
    if (!this.doubtful && /^\s+\S/.test(line)) return true
    if (this.#message === 'assertion' && (line.trim() === '' || /^[+\-.{}[\]]|[!=]==?/.test(line))) return true
    return this.#mayDoubt && this.#doubt(line)
  }

  /** Whether the line may wait for a frame: it does not look like a record, or like another error. */
  #doubt(line: string): boolean {
    if (beginsLogLine(line) || excerptPlace(line) === 0 || (headerIn(line)?.rank ?? 0) >= 2) return false
    this.doubtful = true
    return ++this.#doubts <= MAX_LINES.doubtful
  }

  #afterFrames(line: string): boolean {
    if (isSeam(line) || isElsewhere(line) || readPlaceless(line)) return true
    if (causedBy(line) >= 0) {
      this.#message = 'indented'
      return this.#enter('message')
    }
    if (!this.#exits) return false
    if (isTrailer(line)) return this.#enter('over')
    return line.trim() === '' && this.#enter('tail')
  }

  #property(line: string): boolean {
    const indent = indentOf(line)
    if (indent === this.#indent && REASON.test(line)) {
      this.expectMessage(line)
      return this.#enter('message')
    }
    if (indent === this.#indent && /^\s*\}[,\])}]*$/.test(line)) return this.#enter(this.#exits ? 'tail' : 'over')
    if (indent < this.#indent && line.length > indent) return false
    return this.#count < MAX_LINES.properties
  }
}

function plain(line: string): string {
  return line.includes('\x1b') ? line.replace(/\x1b\[[0-9;]*m/g, '') : line
}
