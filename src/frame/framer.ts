/**
 * Chunks in, lines out. Holds back an unfinished last line until its newline comes, cuts lines over the limit, finds
 * the framing (plain, CRI, docker) of each line, and says which lines hold an alarm. Pure; promises the same lines
 * however the bytes are cut into chunks.
 *
 *   carry            chunk
 *   ├── unfinished ──┼── rest of it \n ── line \n ── line \n ── unfinished
 *                    └ joined and framed as one line        └ the next carry
 */
import { isAscii } from 'node:buffer'
import type { Chunk } from '../core/shapes.js'
import { wholeCharacters } from '../core/text.js'
import { frameCri } from './cri.js'
import { frameDocker } from './docker.js'
import { Decoder, type Encoding, markedEncoding } from './encoding.js'
import { type Line, PLAIN } from './line.js'

const NEWLINE = 10
const RETURN = 13
const OPEN_BRACE = 123
/**
 * A chunk becomes text in parts of about this size: V8 makes a text over 128 KiB among its large objects, which only a
 * whole collection gives back, and at 200 MB/s they are the most of what there is to collect (Node.js 20, November 2026).
 */
const VIEW_BYTES = 64 << 10

/** How the lines of a file are wrapped. `auto` looks at every line anew: runtimes change under a file's feet. */
export type Format = 'auto' | 'plain' | 'cri' | 'docker'

export interface FramerOptions {
  readonly format: Format
  /** Default: UTF-8, or what a byte order mark at offset 0 says. */
  readonly encoding?: Encoding | undefined
  /** Longest line body kept, in bytes; the rest of a longer line is left out, marked and counted. */
  readonly maxLineBytes: number
  /** Matches the body of a line that holds an alarm; undefined: every line is an alarm. */
  readonly alarms: RegExp | undefined
  /** What an earlier framer of the same stream left; default: there was none. */
  readonly before?: FramerRest | undefined
}

/** What outlasts a framer that holds no bytes. */
export interface FramerRest {
  /** Whether lines were in a container's framing. */
  readonly framed: boolean
  /** File offset of a line that was handed on before its end, if there is one: what still comes of it is left out. */
  readonly cutLine: number | undefined
  /** Of an encoding other than UTF-8. */
  readonly decoder: Decoder | undefined
}

/** What nearly every framer leaves: one object for thousands of files. */
const FRAMED: FramerRest = { framed: true, cutLine: undefined, decoder: undefined }
const UNFRAMED: FramerRest = { framed: false, cutLine: undefined, decoder: undefined }

/** Takes one line. The object is reused: nothing of it may be kept but strings sliced from its view. */
export type LineSink = (line: Line) => void

export class Framer {
  readonly #options: FramerOptions
  readonly #sink: LineSink
  /** There while a chunk is worked on: it would keep the view, and there may be thousands of framers. */
  #line = NO_LINE
  /** Whether there are bytes of a line whose end has not come yet. */
  #unfinished = false
  /** Begins with those of its bytes that are kept, never more than maxLineBytes; may have room for more. */
  #carry: Buffer = NOTHING
  #carryBytes = 0
  /** File offset of the first byte of the unfinished line. */
  #carryFrom = 0
  /** Bytes of the unfinished line that were left out already. */
  #skipped = 0
  /** File offset of an unfinished line that `cutOpen` handed on; the rest of it is left out. */
  #cutLine: number | undefined
  /** File offset just after the last byte seen. */
  #end = 0
  /** Of encodings other than UTF-8. */
  #decoder: Decoder | undefined
  /** The first byte of a unit of two whose second has not come yet. */
  #halfUnit: Buffer | undefined

  /** Lines handed on, lines cut, bytes left out by cutting, CRI or docker lines that did not parse. */
  lines = 0
  linesCut = 0
  bytesCut = 0
  linesUnframed = 0
  #framed: boolean

  constructor(options: FramerOptions, sink: LineSink) {
    this.#options = options
    this.#sink = sink
    const { before, encoding } = options
    this.#framed = before?.framed ?? false
    this.#cutLine = before?.cutLine
    this.#decoder = before?.decoder
    if (encoding !== undefined && encoding !== 'utf-8') this.#decoder ??= new Decoder(encoding)
  }

  /** For the next framer of the stream, when no bytes are held. */
  get rest(): FramerRest {
    if (this.#cutLine === undefined && this.#decoder === undefined) return this.#framed ? FRAMED : UNFRAMED
    return { framed: this.#framed, cutLine: this.#cutLine, decoder: this.#decoder }
  }

  /** What the unfinished last line takes, in bytes. */
  get heldBytes(): number {
    return this.#carry.length
  }

  /** Everything before this file offset has been handed on as lines. */
  get lineOffset(): number {
    return this.#cutLine ?? (this.#unfinished ? this.#carryFrom : this.#end)
  }

  /** Whether a line has begun and not ended. */
  get isInLine(): boolean {
    return this.#unfinished || this.#halfUnit !== undefined
  }

  push(chunk: Chunk): void {
    if (chunk.offset === 0 && this.#options.encoding === undefined) {
      const marked = markedEncoding(chunk.bytes)
      if (marked !== undefined) this.#decoder = new Decoder(marked)
    }
    this.#line = new FramedLine(this.#options.alarms)
    if (this.#decoder === undefined) this.#push(chunk)
    else this.#pushEncoded(this.#decoder, chunk.bytes, chunk.offset)
    this.#line = NO_LINE
  }

  #push({ bytes, offset }: Chunk): void {
    let start = 0
    this.#end = offset + bytes.length
    if (this.#cutLine !== undefined) {
      const newline = bytes.indexOf(NEWLINE)
      this.bytesCut += newline < 0 ? bytes.length : newline
      if (newline < 0) return
      this.#cutLine = undefined
      start = newline + 1
    }
    if (this.#unfinished) {
      const newline = bytes.indexOf(NEWLINE, start)
      this.#keep(bytes.subarray(start, newline < 0 ? bytes.length : newline), offset + start)
      if (newline < 0) return
      this.#finishCarry(offset + newline + 1)
      start = newline + 1
    }
    const last = bytes.lastIndexOf(NEWLINE)
    while (start <= last) {
      const end = endOfView(bytes, start, last + 1)
      this.#frame(bytes.subarray(start, end), offset + start)
      start = end
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start), offset + start)
  }

  /** Each line becomes text by itself: such files are few, and seldom large. */
  #pushEncoded(decoder: Decoder, bytes: Buffer, offset: number): void {
    let from = offset
    if (decoder.unit === 2) {
      if (this.#halfUnit !== undefined) {
        bytes = Buffer.concat([this.#halfUnit, bytes])
        from--
      } else if (from % 2 === 1) {
        // Reading began behind the first byte of a line end.
        bytes = bytes.subarray(1)
        from++
      }
      const whole = bytes.length - (bytes.length % 2)
      this.#halfUnit = whole < bytes.length ? Buffer.from(bytes.subarray(whole)) : undefined
      bytes = bytes.subarray(0, whole)
    }
    this.#end = from + bytes.length
    let start = 0
    if (this.#cutLine !== undefined) {
      const newline = decoder.newline(bytes, 0)
      this.bytesCut += newline < 0 ? bytes.length : newline
      if (newline < 0) return
      this.#cutLine = undefined
      start = newline + decoder.unit
    }
    while (start < bytes.length) {
      const newline = decoder.newline(bytes, start)
      this.#keep(bytes.subarray(start, newline < 0 ? bytes.length : newline), from + start)
      if (newline < 0) return
      start = newline + decoder.unit
      this.#finishCarry(from + start)
    }
  }

  /** Hands on an unterminated last line: no newline will come any more. */
  flush(): void {
    this.#line = new FramedLine(this.#options.alarms)
    if (this.#unfinished) this.#finishCarry(this.#end)
    this.#line = NO_LINE
    this.#cutLine = undefined
  }

  /** Hands on the beginning of an unfinished line as a cut one; the rest of it is left out when it comes. */
  cutOpen(): void {
    if (this.#carryBytes === 0) return
    this.#cutLine = this.#carryFrom
    this.#line = new FramedLine(this.#options.alarms)
    this.#finishCarry(this.#end, true)
    this.#line = NO_LINE
  }

  #keep(part: Buffer, from: number): void {
    if (!this.#unfinished) this.#carryFrom = from
    this.#unfinished = true
    // Counted against the limit, the NULs before a line would push out the line.
    const text = this.#carryBytes === 0 && this.#decoder?.unit !== 2 ? part.subarray(endOfNuls(part)) : part
    const room = this.#options.maxLineBytes - this.#carryBytes
    const kept = text.length > room ? text.subarray(0, room) : text
    if (kept.length > 0) {
      this.#grow(this.#carryBytes + kept.length)
      kept.copy(this.#carry, this.#carryBytes)
      this.#carryBytes += kept.length
    }
    this.#skipped += text.length - kept.length
  }

  /** Makes room for so many bytes. Lines that grow by a character at a time are as many pieces as characters. */
  #grow(bytes: number): void {
    if (bytes <= this.#carry.length) return
    const grown = Buffer.allocUnsafe(Math.min(Math.max(bytes, 2 * this.#carry.length), this.#options.maxLineBytes))
    this.#carry.copy(grown, 0, 0, this.#carryBytes)
    this.#carry = grown
  }

  #finishCarry(to: number, cut = this.#skipped > 0): void {
    const bytes = this.#carry.subarray(0, this.#carryBytes)
    const skipped = this.#skipped
    const view = this.#decoder?.text(bytes, cut) ?? bytes.toString('latin1')
    this.#line.ascii = this.#decoder === undefined && isAscii(bytes)
    const from = this.#carryFrom
    this.#carry = NOTHING
    this.#carryBytes = 0
    this.#skipped = 0
    this.#unfinished = false
    this.#emit(view, 0, view.length, from, to, skipped, cut)
  }

  /** Frames whole lines: `bytes` end with a newline. */
  #frame(bytes: Buffer, offset: number): void {
    const view = bytes.toString('latin1')
    const ascii = isAscii(bytes)
    const max = this.#options.maxLineBytes
    let start = 0
    while (start < view.length) {
      const newline = view.indexOf('\n', start)
      this.#line.ascii = ascii
      let begin = start
      if (newline - start > max) while (view.charCodeAt(begin) === 0) begin++
      const over = newline - begin - max
      if (over > 0) this.#emit(view, begin, begin + max, offset + start, offset + newline + 1, over)
      else this.#emit(view, begin, newline, offset + start, offset + newline + 1, 0)
      start = newline + 1
    }
  }

  #emit(view: string, start: number, end: number, from: number, to: number, skipped: number, cut = skipped > 0): void {
    const line = this.#line
    const decoded = this.#decoder !== undefined
    if (skipped > 0 && !decoded) {
      const whole = wholeCharacters(view, start, end)
      skipped += end - whole
      end = whole
    }
    line.view = view
    line.decoded = decoded
    line.from = from
    line.to = to
    line.lane = PLAIN
    line.partial = false
    line.cut = cut
    line.timeStart = 0
    line.timeEnd = 0
    if (end > start && view.charCodeAt(end - 1) === RETURN) end--
    // A crash or a sparse copytruncate leaves blocks of NULs; they are not part of any line.
    while (start < end && view.charCodeAt(start) === 0) start++
    // A byte order mark is not text. It can only stand at the start of the file.
    if (from === 0 && view.startsWith('\xef\xbb\xbf', start)) {
      start += 3
      while (start < end && view.charCodeAt(start) === 0) start++
    }
    line.start = start
    line.end = end
    this.#unwrap(line, view.charCodeAt(start))
    if (cut) this.linesCut++
    this.bytesCut += skipped
    this.lines++
    this.#sink(line)
  }

  #unwrap(line: Line, first: number): void {
    const { format } = this.#options
    if (format === 'plain') return
    let framed = false
    // The body of a cut line may hold anything, so only whole docker lines parse; CRI needs its prefix only.
    if (format !== 'docker' && first >= 48 && first <= 57) framed = frameCri(line)
    else if (format !== 'cri' && first === OPEN_BRACE) framed = frameDocker(line, format === 'docker')
    if (framed) this.#framed = true
    else if (format !== 'auto' || this.#framed) this.linesUnframed++
  }
}

function endOfNuls(bytes: Buffer): number {
  let end = 0
  while (bytes[end] === 0) end++
  return end
}

/** Where a view that begins at `start` ends: behind the last line of about `VIEW_BYTES`, or behind one that is longer. */
function endOfView(bytes: Buffer, start: number, end: number): number {
  if (end - start <= VIEW_BYTES) return end
  const last = bytes.lastIndexOf(NEWLINE, start + VIEW_BYTES - 1)
  return (last >= start ? last : bytes.indexOf(NEWLINE, start + VIEW_BYTES)) + 1
}

/** The one Line of a framer. */
class FramedLine implements Line {
  view = ''
  start = 0
  end = 0
  decoded = false
  ascii = false
  from = 0
  to = 0
  lane: Line['lane'] = PLAIN
  partial = false
  cut = false
  timeStart = 0
  timeEnd = 0
  readonly #alarms: RegExp | undefined

  constructor(alarms: RegExp | undefined) {
    this.#alarms = alarms
  }

  get alarmed(): boolean {
    // What was cut off may have held the alarm.
    return this.#alarms === undefined || this.cut || this.#alarms.test(this.view.slice(this.start, this.end))
  }
}

const NO_LINE = new FramedLine(undefined)
const NOTHING = Buffer.alloc(0)
