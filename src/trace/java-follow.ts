/**
 * Follows a Java traceback that stands outside any log record, line by line, without looking ahead.
 * Lines behind the frames are taken by form alone; lines between header and frames only when they cannot be log lines
 * of their own.
 */
import {
  findMidHeader,
  findUncaught,
  indentOf,
  isCircular,
  isRuntimePrint,
  isTraceLine,
  parseAnyHeader,
  parseHeader,
  parseLabel,
  parseThrownFrom,
} from './java-lines.js'
import type { Follower } from './language.js'
import { isBlank } from './text.js'

/** Lines of a message that stand at the left margin; more is not a message but the next program's output. */
const MAX_MARGIN_LINES = 12
const MAX_BLANK_LINES = 2

/** How log lines begin: a time, a level, a bracket, JSON, `key=value`. */
const LOG_LINE =
  /^(?:\[|\{"|<\d|\d{1,4}[-/.:]\d|\d{8,}|[A-Z][a-z]{2} {1,2}\d|(?:severe|warn|warning|info|config|fine|error|fatal|critical|notice|debug|trace)\b|[\w.-]+=)/i
/** How javax.mail and RMI end a message before the header of the exception inside. */
const NESTED = /\bnested exception is:\s*$/
/** An unfinished line: the next one goes on with it. */
const OPEN_END = /[:,;([{=\\]\s*$/
const HEX_DUMP = /^[0-9a-fA-F]{4,16}:? {1,3}[0-9a-fA-F]{2}[ -]?[0-9a-fA-F]{2} /
/** Beginnings that a log line does not have: lower case, closing or pointing signs. */
const CONTINUES = /^[a-z\u0080-\uffff(){}\]^~|<>*"'-]/

/** A follower for the traceback that `line` begins, or undefined. */
export function followTraceback(line: string): Follower | undefined {
  if (parseThrownFrom(line) !== undefined) return { takes: () => false, traced: true, complete: true }
  const uncaught = line.startsWith('Exception in thread "') ? findUncaught(line) : undefined
  if (uncaught) return new JavaFollower(line, parseAnyHeader(line, uncaught.headerAt).messageAt !== undefined)
  // Without the quotes, which some shell or shipper ate.
  const unquoted = line.startsWith('Exception in thread ') ? findMidHeader(line) : undefined
  if (unquoted) return new JavaFollower(line, unquoted.messageAt !== undefined)
  const header = parseHeader(line)
  if (header === undefined) return undefined
  if (isQualified(header.kind ?? '', header.rank)) return new JavaFollower(line, header.messageAt !== undefined)
  // Without a package it may be any program's error: what is not indented is then a cause, or none of its lines.
  return header.rank === 3 ? new JavaFollower(line, true, 0) : undefined
}

/** Ends in Exception, Error or Throwable, or has two dots and a capital: `shop.Local: up` is an ordinary line. */
function isQualified(kind: string, rank: number): boolean {
  return rank === 1 || (rank === 2 && kind.indexOf('.') !== kind.lastIndexOf('.'))
}

class JavaFollower implements Follower {
  traced = false
  readonly complete = false
  /** False once the frames of the current throwable have begun, or when it has no message that could go on. */
  #inMessage: boolean
  #previous: string
  readonly #maxMarginLines: number
  #marginLines = 0
  #blankLines = 0

  constructor(header: string, hasMessage: boolean, maxMarginLines = MAX_MARGIN_LINES) {
    this.#previous = header
    this.#inMessage = hasMessage
    this.#maxMarginLines = maxMarginLines
  }

  takes(line: string): boolean {
    const taken = this.#belongs(line)
    this.#previous = line
    return taken
  }

  #belongs(line: string): boolean {
    const body = line.slice(indentOf(line))
    if (isTraceLine(body) || (isCircular(body) && !this.#inMessage)) {
      this.#inMessage = false
      this.traced = true
      return true
    }
    const label = parseLabel(body)
    if (label) {
      const rest = body.slice(label.length)
      this.#inMessage = isCircular(rest)
        ? !rest.trimEnd().endsWith(']')
        : parseAnyHeader(rest, 0).messageAt !== undefined
      this.#marginLines = this.#blankLines = 0
      return true
    }
    if (!this.#inMessage) return body.length < line.length && body.startsWith('at ')
    if (isBlank(line)) return ++this.#blankLines <= MAX_BLANK_LINES
    if (body.length < line.length) return true
    return this.#continuesMessage(line)
  }

  #continuesMessage(line: string): boolean {
    if (++this.#marginLines > this.#maxMarginLines) return false
    if (HEX_DUMP.test(line) || NESTED.test(this.#previous)) return true
    if (LOG_LINE.test(line) || isRuntimePrint(line) || followTraceback(line) !== undefined) return false
    return OPEN_END.test(this.#previous) || CONTINUES.test(line)
  }
}
