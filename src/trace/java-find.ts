/**
 * Finds where a Java traceback begins in a log entry. The header is the text before the frames, which may be lines
 * above them (messages go on over many lines) and in the middle of a line (behind a log message); what looks most
 * like a throwable's name wins, and of equals the earliest, so that messages stay whole.
 */
import type { Traceback } from '../core/shapes.js'
import { bangOf, type Opening, readTraceback } from './java-blocks.js'
import {
  findMidHeader,
  findUncaught,
  type Header,
  indentOf,
  isThreadDumpLine,
  isTraceLine,
  parseAnyHeader,
  parseHeader,
  parseLabel,
  parseThrownFrom,
} from './java-lines.js'
import { isBlank, LineCursor } from './text.js'

/** A line that may hold the header. */
interface Candidate {
  readonly header: Header
  /** Where the text that `header` was read from begins. */
  readonly base: number
  /** Where the traceback would begin. */
  readonly start: number
  readonly lineNumber: number
  readonly lineEnd: number
  readonly next: number
  readonly indent: number
  readonly banged: boolean
}

/** The candidates before the first frame, by how much they promise. */
class Candidates {
  /** At the beginning of a line, by rank (1 to 3): the earliest. */
  readonly #byRank: (Candidate | undefined)[] = []
  /** In the middle of a line, by rank (1 to 3): the earliest. */
  readonly #midByRank: (Candidate | undefined)[] = []
  /** Any word at the beginning of a line; counts only right before a frame. */
  #last: Candidate | undefined
  /** The earliest that could stand alone, without frames. */
  #alone: Candidate | undefined
  #label: Candidate | undefined

  add(candidate: Candidate, mid: boolean, aloneBefore: boolean): void {
    const { header } = candidate
    if (header.rank === 4) {
      this.#last = candidate
      return
    }
    const slots = mid ? this.#midByRank : this.#byRank
    const slot = slots[header.rank]
    // A header without message must stand right before its frames; one that turned out not to makes way.
    if (slot === undefined || slot.header.messageAt === undefined) slots[header.rank] = candidate
    if (mid || header.rank !== 1) return
    if (header.messageAt !== undefined || aloneBefore) this.#alone ??= candidate
  }

  /** A cause whose enclosing throwable was cut off, or a line of a log message: counts when there is nothing else. */
  addLabel(candidate: Candidate): void {
    this.#label ??= candidate
  }

  /** The header of the frames in line `lineNumber`. */
  before(lineNumber: number): Candidate | undefined {
    const slots = [this.#byRank[1], this.#byRank[2], this.#byRank[3], this.#midByRank[1], this.#midByRank[3]]
    slots.push(this.#last?.lineNumber === lineNumber - 1 ? this.#last : undefined)
    slots.push(this.#midByRank[2], this.#label)
    return slots.find(
      (slot) =>
        slot !== undefined &&
        (slot === this.#label || slot.header.messageAt !== undefined || slot.lineNumber === lineNumber - 1),
    )
  }

  /** A header that needs no frames. */
  get alone(): Candidate | undefined {
    return this.#alone
  }

  clear(): void {
    this.#byRank.length = this.#midByRank.length = 0
    this.#last = this.#alone = this.#label = undefined
  }
}

/** The first traceback at or after `from` whose lines are lines of the text. */
export function findTraceback(text: string, from: number): Traceback | undefined {
  const candidates = new Candidates()
  let lineNumber = 0
  let inDump = false
  for (const cursor = new LineCursor(text, from); !cursor.done; cursor.advance(), lineNumber++) {
    const bang = bangOf(text, cursor.start)
    const base = cursor.start + bang
    const line = text.slice(base, cursor.end)
    const place = { base, start: cursor.start, lineNumber, lineEnd: cursor.end, next: cursor.next, indent: 0 }
    const at = { ...place, banged: bang > 0 }

    const thrownFrom = parseThrownFrom(line)
    const uncaught = thrownFrom === undefined ? findUncaught(line) : undefined
    if ((thrownFrom !== undefined || uncaught) && candidates.alone) return readAt(text, candidates.alone)
    if (thrownFrom !== undefined) return thrownFromHandler(thrownFrom, cursor)
    if (uncaught) {
      const header = parseAnyHeader(line, uncaught.headerAt)
      const first = uncaught.at === 0
      return readAt(
        text,
        { ...at, header, start: first ? at.start : base + uncaught.at, banged: first && bang > 0 },
        true,
      )
    }

    const indent = indentOf(line)
    const body = line.slice(indent)
    if (isTraceLine(body)) {
      if (inDump) continue
      const candidate = candidates.before(lineNumber)
      return candidate ? readAt(text, candidate) : readTraceback(text, headless(cursor.start, bang > 0, false))
    }
    inDump = isThreadDumpLine(line) || (inDump && indent > 0)
    if (inDump) {
      candidates.clear()
      continue
    }

    const label = parseLabel(body)
    if (label) {
      const header = parseHeader(body, label.length)
      if (header === undefined || header.rank === 4) continue
      const candidate = candidates.before(lineNumber)
      if (candidate) return readAt(text, candidate)
      candidates.addLabel({ ...at, header, base: base + indent, indent })
      continue
    }

    const header = parseHeader(line)
    if (header) candidates.add({ ...at, header }, false, header.messageAt === undefined && standsAlone(cursor))
    if (header && header.rank < 4) continue
    const mid = findMidHeader(line)
    if (mid) {
      const indented = isBlank(line.slice(0, mid.at))
      candidates.add(
        { ...at, header: mid, start: base + mid.at, indent: indented ? mid.at : 0, banged: false },
        true,
        false,
      )
    }
  }
  const found = candidates.alone && readAt(text, candidates.alone)
  return found && FOREIGN_FRAME.test(text.slice(found.start, found.end)) ? undefined : found
}

/** `at` with parentheses, which is no frame of Java: the header is another language's. */
const FOREIGN_FRAME = /\n[ \t]+at [^[\n][^\n]*\)/

/**
 * The one traceback that a stack field holds. Unlike in a log entry, the first line is the header whatever it looks
 * like, and nothing in the text begins another.
 */
export function readWhole(text: string): Traceback | undefined {
  const cursor = new LineCursor(text)
  cursor.skipBlank()
  if (cursor.done) return undefined
  // JBoss LogManager writes a colon before the stack.
  if (cursor.line.startsWith(': ')) cursor.moveTo(cursor.start + 2)
  const bang = bangOf(text, cursor.start)
  const banged = bang > 0
  const line = text.slice(cursor.start + bang, cursor.end)
  const indent = indentOf(line)
  const body = line.slice(indent)
  if (isTraceLine(body)) return readTraceback(text, headless(cursor.start, banged, true))

  const thrownFrom = parseThrownFrom(line)
  if (thrownFrom !== undefined) return thrownFromHandler(thrownFrom, cursor)
  const uncaught = findUncaught(body)
  const skip = uncaught?.at === 0 ? uncaught.headerAt : (parseLabel(body)?.length ?? 0)
  const header = skip > 0 ? parseAnyHeader(body, skip) : parseHeader(body)
  const place = { start: cursor.start, lineNumber: 0, lineEnd: cursor.end, next: cursor.next, indent, banged }
  const base = cursor.start + bang + indent
  if (header && (skip > 0 || header.rank < 4)) return readAt(text, { ...place, header, base }, uncaught?.at === 0, true)
  const found = findTraceback(text, cursor.start)
  if (found?.kind !== undefined) return found
  const read = readAt(text, { ...place, header: header ?? { rank: 4, messageAt: 0 }, base }, false, true)
  return read.frames.length > 0 ? read : undefined
}

function readAt(text: string, candidate: Candidate, uncaught = false, whole = false): Traceback {
  const { header, base } = candidate
  const traceback = readTraceback(text, {
    start: candidate.start,
    bodyFrom: candidate.next,
    headerEnd: candidate.lineEnd,
    ...(header.kind !== undefined ? { kind: header.kind } : {}),
    ...(header.messageAt !== undefined ? { messageFrom: base + header.messageAt } : {}),
    ...(header.closer !== undefined ? { closer: header.closer } : {}),
    indent: candidate.indent,
    banged: candidate.banged,
    uncaught,
    whole,
  })
  return !uncaught && candidate.start > candidate.base ? unglue(traceback) : traceback
}

/** Frames without a header. */
function headless(at: number, banged: boolean, whole: boolean): Opening {
  return { start: at, bodyFrom: at, indent: 0, banged, uncaught: false, whole }
}

/** What the virtual machine prints when the handler of uncaught exceptions throws, too: no message, no frames. */
function thrownFromHandler(kind: string, cursor: LineCursor): Traceback {
  const { start, end } = cursor
  return { language: 'java', kind, frames: [], causes: [], start, end, uncaught: true }
}

/** Whether a header without message in the cursor's line may be all there is of a traceback. */
function standsAlone(cursor: LineCursor): boolean {
  const next = new LineCursor(cursor.text, cursor.next)
  return next.done || isBlank(next.line)
}

/**
 * A pattern such as `%msg%ex{5}` prints the header right behind the message: `request 17cajava.lang.SecurityException`.
 * The frames show where the name begins, as they come from the same packages; `java.lang` needs no witness.
 */
function unglue(traceback: Traceback): Traceback {
  const { kind } = traceback
  const [, first, second] = /^([^.]+)\.([^.]+)\./.exec(kind ?? '') ?? []
  if (kind === undefined || first === undefined || second === undefined) return traceback
  const modules = traceback.frames.map((frame) => frame.module ?? '')
  if (modules.some((module) => module.startsWith(`${first}.${second}.`))) return traceback
  const glued = (root: string) => root.length < first.length && first.endsWith(root)
  const witness = modules.map((module) => module.split('.', 2)).find(([a, b]) => a && b === second && glued(a))
  const root = witness?.[0] ?? (glued('java') && JAVA_PACKAGES.has(second) ? 'java' : undefined)
  if (root === undefined) return traceback
  const cut = first.length - root.length
  return { ...traceback, kind: kind.slice(cut), start: traceback.start + cut }
}

const JAVA_PACKAGES = new Set(['io', 'lang', 'net', 'nio', 'rmi', 'security', 'sql', 'text', 'time', 'util'])
