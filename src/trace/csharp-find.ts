/**
 * Where a .NET or Mono traceback begins in a text. Its evidence are frames, markers and arrows; its header stands
 * somewhere before them, since messages may have any number of lines, and often in the line of the log message itself.
 */
import type { Traceback } from '../core/shapes.js'
import { type Opening, readTraceback } from './csharp-blocks.js'
import {
  type Crash,
  type Header,
  indentOf,
  parseArrow,
  parseCrash,
  parseFrame,
  parseHeader,
  parseMarker,
} from './csharp-lines.js'
import { isBlank, LineCursor } from './text.js'

/** Layouts have no more fields; keeps long lines cheap. */
const MAX_BARS = 30

interface Candidate {
  readonly at: number
  readonly indent: number
  readonly rank: number
  readonly line: string
  /** Without a message only frames or an inner exception may follow. */
  readonly hasMessage: boolean
  /** Start of the line behind it. */
  readonly next: number
}

/** The first traceback at or after `from`, or undefined. */
export function findTraceback(text: string, from: number): Traceback | undefined {
  const opening = findOpening(text, from)
  return opening && readTraceback(text, opening)
}

function findOpening(text: string, from: number): Opening | undefined {
  /** A header at the beginning of a line or field; a mention inside a line. The best rank counts, then the first. */
  let header: Candidate | undefined
  let mention: Candidate | undefined
  /** A type with neither message nor frames. */
  let alone: Candidate | undefined
  for (const cursor = new LineCursor(text, from); !cursor.done; cursor.advance()) {
    const { line, start } = cursor
    const crash = parseCrash(line)
    const opening = crash && openCrash(text, cursor, crash)
    if (opening) {
      // What the runtime prints by itself does not belong to the header of a record before it.
      return header?.rank === 1 ? openHeader(header, false) : opening
    }
    const isFrame = parseFrame(line) !== undefined
    if (isFrame || isEvidence(line)) {
      const best = header ?? mention
      if (best) return openHeader(best, false)
      if (isFrame && (hasPlace(line) || parseFrame(new LineCursor(text, cursor.next).line) !== undefined))
        return openFrames(start, false)
      continue
    }
    const found = headerIn(line, start, cursor.next)
    if (header && !header.hasMessage && !found && !isBlank(line)) {
      alone ??= header
      header = undefined
    }
    if (found && (header === undefined || found.rank < header.rank || found.line === header.line)) header = found
    if (header === undefined && mention === undefined) mention = mentionIn(line, start, cursor.next)
  }
  // A header alone must name its type in full: `Acme.Shop.OrderException: gone`.
  const last = alone?.rank === 1 ? alone : header
  return last?.rank === 1 && /^[A-Z]/.test(last.line) ? openHeader(last, false) : undefined
}

/** Whether a line shows that a traceback is there, though it is no frame. */
function isEvidence(line: string): boolean {
  if (!line.includes('---')) return false
  const arrow = parseArrow(line)
  if (arrow) return arrow.member !== undefined || (parseHeader(line, arrow.headerAt)?.rank ?? 4) < 4
  return parseMarker(line, 0) === 'inner' && /^\s/.test(line)
}

function hasPlace(line: string): boolean {
  return parseFrame(line)?.file !== undefined || /\) \[0x[0-9a-f]+\] in </.test(line)
}

function openHeader({ at, indent, next }: Candidate, whole: boolean): Opening {
  return { start: at, headerAt: at, bodyFrom: next, indent, uncaught: false, whole }
}

function openFrames(start: number, whole: boolean): Opening {
  return { start, bodyFrom: start, indent: 0, uncaught: false, whole }
}

/** The opening of a crash; undefined when the line only looks like the beginning of one. */
function openCrash(text: string, cursor: LineCursor, crash: Crash, whole = false): Opening | undefined {
  const { start, next, line } = cursor
  const common = { start: start + crash.at, indent: crash.at, uncaught: true, whole }
  if (crash.headerAt !== undefined) return { ...common, headerAt: start + crash.headerAt, bodyFrom: next }
  if (!crash.isOnNextLine) {
    const { kind, messageAt } = crash
    const hasMessage = messageAt !== undefined && line.slice(messageAt).trim() !== ''
    return {
      ...common,
      bodyFrom: next,
      headEnd: start + line.trimEnd().length,
      ...(kind === undefined ? {} : { kind }),
      ...(hasMessage ? { messageFrom: start + messageAt + indentOf(line.slice(messageAt)) } : {}),
    }
  }
  const second = new LineCursor(text, next)
  const indent = indentOf(second.line)
  const header = parseHeader(second.line, indent)
  return header && header.rank < 4 ? { ...common, headerAt: second.start + indent, bodyFrom: second.next } : undefined
}

/** The header at the beginning of a line, or behind the bar that sets a field off (NLog). */
function headerIn(line: string, start: number, next: number): Candidate | undefined {
  const indent = indentOf(line)
  const header = parseHeader(line, indent)
  let best = header && header.rank < 4 ? candidate(line, start, indent, next, header, indent) : undefined
  let bars = 0
  for (let bar = line.indexOf('|'); bar >= 0 && best?.rank !== 1; bar = line.indexOf('|', bar + 1)) {
    if (++bars > MAX_BARS) break
    const at = bar + 1 + (line[bar + 1] === ' ' ? 1 : 0)
    const field = parseHeader(line, at)
    if (field && (field.rank === 1 || field.rank === 3) && (best === undefined || field.rank < best.rank))
      best = candidate(line, start, at, next, field, 0)
  }
  return best
}

/** `could not pay: System.IO.IOException: reset`: the first type in a line that is called an exception. */
function mentionIn(line: string, start: number, next: number): Candidate | undefined {
  let from = 0
  for (let word = line.indexOf('Exception'); word >= 0; word = line.indexOf('Exception', from)) {
    let at = word
    while (at > from && /[\w.+`\u0080-\uffff]/.test(line.charAt(at - 1))) at--
    from = word + 9
    if (at > 0 && !/[\s("'[,;=]/.test(line.charAt(at - 1))) continue
    const header = parseHeader(line, at)
    if (header && (header.rank === 1 || header.rank === 3)) return candidate(line, start, at, next, header, 0)
  }
  return undefined
}

function candidate(
  line: string,
  start: number,
  at: number,
  next: number,
  { rank, messageAt }: Header,
  indent: number,
): Candidate {
  return { at: start + at, indent, rank, line: line.slice(at), hasMessage: messageAt !== undefined, next }
}

/** Reads a text that is one stack as a whole: headers of any form, or frames alone. */
export function readWhole(stack: string): Traceback | undefined {
  const cursor = new LineCursor(stack)
  cursor.skipBlank()
  if (cursor.done) return undefined
  const { line, start } = cursor
  const crash = parseCrash(line)
  const crashed = crash && openCrash(stack, cursor, crash, true)
  if (crashed) return readTraceback(stack, crashed)
  if (parseFrame(line)) return readTraceback(stack, openFrames(start, true))
  const indent = indentOf(line)
  const header = parseHeader(line, indent)
  const opening = header && openHeader(candidate(line, start, indent, cursor.next, header, indent), true)
  if (opening && header.rank <= 3) {
    // A name without a namespace is any language's.
    const read = readTraceback(stack, opening)
    if (header.rank === 1 || read.frames.length > 0 || read.causes.length > 0) return read
    return header.rank === 3 ? read : undefined
  }
  const found = findTraceback(stack, 0)
  if (opening === undefined || found?.kind !== undefined) return found
  const read = readTraceback(stack, opening)
  return read.frames.length > 0 ? read : found
}
