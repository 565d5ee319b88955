/**
 * The spool's files: opened and checked, written, read, mended, removed. The caller makes sure that of `write`, `roll`,
 * `mend` and `removeBefore` only one runs at a time; `read` may run beside any of them.
 */
import type { Blocks } from './blocks.js'
import type { OpenFile } from './files.js'
import type { Lines } from './lines.js'
import { compare, type Position } from './position.js'
import {
  encodeHeader,
  FRAME_BYTES,
  frameAt,
  HEADER_BYTES,
  type Hole,
  type Survey,
  segmentName,
  segmentNumber,
  surveySegment,
} from './segment.js'
import { SegmentFiles, type SegmentFilesOptions } from './segment-files.js'
import { fits, type Limits, SpoolError } from './shapes.js'

interface Segment {
  readonly number: number
  /** Sequence of its first record. */
  readonly base: number
  /** Where its durable records end, in bytes from the file's start; reading ends here. */
  to: number
}

export interface SegmentsOptions extends SegmentFilesOptions {
  /** What is read from disk passes through these. */
  readonly blocks: Blocks
}

export class Segments {
  readonly #store: SegmentFiles
  /** By number, growing, never empty once open. Only the last is written to. */
  #segments: Segment[] = []
  /** Highest number ever given away, files set aside included. */
  #lastNumber = 0
  /** Records written since the spool began; the sequence of the next one. */
  #sequence = 0
  /** The last segment's file; undefined after a fault, and then the next write begins a new segment. */
  #writer: OpenFile | undefined
  /** A segment that may hold more than its records, and must be cut before another begins. */
  #uncut: Segment | undefined
  readonly #blocks: Blocks
  /** Bytes of all segments, up to their durable ends. */
  #bytes = 0
  /** Segments whose files someone else removed. */
  readonly #removed = new Set<number>()

  private constructor(options: SegmentsOptions) {
    this.#store = new SegmentFiles(options)
    this.#blocks = options.blocks
  }

  /**
   * Opens what is there and checks the last segment whole; the others are checked as they are read.
   * Writing always goes on in a file that holds no record yet: bytes that a cursor may point behind are never written twice.
   */
  static async open(options: SegmentsOptions): Promise<Segments> {
    const segments = new Segments(options)
    await segments.#open()
    return segments
  }

  get end(): Position {
    const last = this.#last()
    return { segment: last.number, offset: last.to, sequence: this.#sequence }
  }

  get bytes(): number {
    return this.#bytes
  }

  /** True when the last segment can take no further record. */
  get mustRoll(): boolean {
    return this.#writer === undefined
  }

  /** Bytes that lie after `position`. */
  bytesAfter(position: Position): number {
    let sum = 0
    for (const segment of this.#segments) {
      if (segment.number > position.segment) sum += segment.to - HEADER_BYTES
      else if (segment.number === position.segment) sum += Math.max(0, segment.to - position.offset)
    }
    return sum
  }

  /**
   * The same place as this spool would name it: behind the end of a segment means the start of the next, and a place
   * whose segment is gone means the first record after it. A place behind the end belongs to another spool (its
   * directory was emptied): everything here is new to its owner, so it becomes the beginning.
   */
  place(position: Position): Position {
    if (compare(position, this.end) > 0) return startOf(this.#first())
    const index = this.#segments.findIndex((segment) => segment.number >= position.segment)
    const segment = this.#segments[index]
    if (segment === undefined) return this.end
    const next = this.#segments[index + 1]
    if (segment.number > position.segment || position.offset < HEADER_BYTES) return this.#skipEmpty(index)
    if (position.offset >= segment.to && next !== undefined) return this.#skipEmpty(index + 1)
    if (position.sequence < segment.base || position.sequence > this.#sequenceAfter(index))
      return this.#skipEmpty(index)
    return position
  }

  /** Writes `records` frames, which lie in the parts, to the last segment and makes them durable. */
  async write(parts: readonly Buffer[], records: number): Promise<void> {
    const writer = this.#writer
    const segment = this.#last()
    if (writer === undefined) throw new SpoolError('SPOOL_WRITE', 'The spool has no file open for writing.')
    let offset = segment.to
    try {
      for (const part of parts) {
        await writer.write(part, offset)
        offset += part.length
      }
      await writer.datasync()
      await this.#store.mustBeAt(writer, segment.number)
    } catch (cause) {
      await this.#abandonWriter(segment)
      throw writeError(this.#store.pathOf(segment.number), cause)
    }
    this.#bytes += offset - segment.to
    segment.to = offset
    this.#sequence += records
  }

  /** Begins a new segment. When that fails, its number stays used and the old segment stays the last. */
  async roll(): Promise<void> {
    await this.#cutUncut()
    const number = ++this.#lastNumber
    const path = this.#store.pathOf(number)
    let writer: OpenFile | undefined
    try {
      writer = await this.#store.create(path)
      await writer.write(encodeHeader(this.#sequence), 0)
      await writer.datasync()
      await this.#store.files.syncDir(this.#store.dir)
    } catch (cause) {
      await writer?.close().catch(ignore)
      await this.#store.files.remove(path).catch(ignore)
      throw writeError(path, cause)
    }
    const previous = this.#writer
    this.#writer = writer
    this.#segments.push({ number, base: this.#sequence, to: HEADER_BYTES })
    this.#bytes += HEADER_BYTES
    await previous?.close().catch(ignore)
  }

  /**
   * Adds records from `position` (as `place` gives it) on, from disk, and gives the place behind them. `bad` when the
   * bytes there are no record, or the file is gone.
   */
  async read(position: Position, limits: Limits, into: Lines): Promise<Position | 'bad'> {
    const segment = this.#segments.find((candidate) => candidate.number === position.segment)
    if (segment === undefined || position.offset >= segment.to) return position
    const file = await this.#store.openIfThere(this.#store.pathOf(segment.number))
    if (file === undefined) return 'bad'
    const block = this.#blocks.take()
    try {
      let from = position
      for (;;) {
        const next = await readSome(file, segment.to, from, block, limits, into)
        // What is bad is met again by the next read, which begins there.
        if (next === 'bad') return from === position ? 'bad' : from
        if (next === from || next.offset >= segment.to) return next
        from = next
      }
    } finally {
      this.#blocks.give(block)
      await file.close()
    }
  }

  /**
   * Called when reading met bytes that are no record. Whatever is damaged in that segment is copied aside and reported,
   * once; nothing is changed in it. Gives where the reader goes on: behind what is damaged.
   */
  async mend(position: Position): Promise<Position> {
    const index = this.#segments.findIndex((candidate) => candidate.number === position.segment)
    const segment = this.#segments[index]
    if (segment === undefined) return this.place(position)
    const path = this.#store.pathOf(segment.number)
    const bytes = (await this.#store.readAll(path))?.subarray(0, segment.to)
    const survey = surveySegment(bytes ?? Buffer.alloc(0))
    // The position was none of ours: reading the segment again repeats records, but skips none.
    if (survey.holes.length === 0 && survey.end === segment.to) return startOf(segment)
    // Only behind a segment that is written to no more is it known how many records it had.
    if (segment === this.#last()) await this.roll()
    const records = this.#sequenceAfter(index) - segment.base
    if (bytes === undefined) {
      if (!this.#removed.has(segment.number)) this.#store.reportRemoved(path, records)
      this.#removed.add(segment.number)
      return this.#skipEmpty(index + 1)
    }
    const holes = holesOf(survey, segment.to, records)
    for (const hole of holes) await this.#store.setAside(path, bytes.subarray(hole.from, hole.to), hole)
    const hole = holes.find(({ from, to }) => from <= position.offset && position.offset < to)
    if (hole === undefined) return startOf(segment)
    return this.place({ ...position, offset: hole.to, sequence: segment.base + recordsTo(hole, holes) })
  }

  /** Deletes the segments before that number, but never the last one. */
  async removeBefore(number: number): Promise<void> {
    while (this.#segments.length > 1 && this.#first().number < number) {
      const segment = this.#first()
      await this.#store.files.remove(this.#store.pathOf(segment.number))
      this.#segments.shift()
      this.#bytes -= segment.to
    }
  }

  /** Deletes the oldest segment, whoever still needs it. False when only the last one is left. */
  async dropOldest(): Promise<boolean> {
    const next = this.#segments[1]
    if (next === undefined) return false
    try {
      await this.removeBefore(next.number)
    } catch (cause) {
      throw writeError(this.#store.pathOf(this.#first().number), cause)
    }
    return true
  }

  /** Whether someone else removed the file of a segment, as far as a reader has noticed. */
  isRemoved(number: number): boolean {
    return this.#removed.has(number)
  }

  async close(): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    await writer?.close()
  }

  async #open(): Promise<void> {
    await this.#store.files.makeDir(this.#store.dir)
    const numbers: number[] = []
    for (const name of await this.#store.files.list(this.#store.dir)) {
      const number = segmentNumber(name)
      if (number === undefined) continue
      this.#lastNumber = Math.max(this.#lastNumber, number)
      if (name === segmentName(number)) numbers.push(number)
    }
    for (const number of numbers.sort((a, b) => a - b)) {
      const head = await this.#store.head(number, () => this.#sequenceBehindLast())
      if (head !== undefined) this.#segments.push({ number, base: head.base, to: head.size })
    }
    let last = this.#segments.at(-1)
    let isReusable = false
    if (last !== undefined) {
      const path = this.#store.pathOf(last.number)
      const bytes = (await this.#store.readAll(path)) ?? Buffer.alloc(0)
      const { end, records, holes, isTorn } = surveySegment(bytes)
      for (const hole of holes) await this.#store.setAside(path, bytes.subarray(hole.from, hole.to), hole)
      if (isTorn) await this.#store.cutTorn(path, bytes.length, end)
      last.to = end
      this.#sequence = last.base + records + lostIn(holes)
      isReusable = records === 0 && holes.length === 0
    }
    this.#bytes = this.#segments.reduce((sum, segment) => sum + segment.to, 0)
    last = this.#segments.at(-1)
    if (last === undefined || !isReusable) await this.roll()
    else this.#writer = await this.#store.files.open(this.#store.pathOf(last.number), 'edit')
  }

  /**
   * After a failed write or sync nobody knows what the file holds behind the durable end, and a later sync may succeed
   * without having written it. So the file is cut off at that end, and the records are written again in a new one.
   */
  async #abandonWriter(segment: Segment): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    this.#uncut = segment
    await writer?.close().catch(ignore)
  }

  async #cutUncut(): Promise<void> {
    if (this.#uncut === undefined) return
    const path = this.#store.pathOf(this.#uncut.number)
    try {
      await this.#store.cutBack(path, this.#uncut.to)
    } catch (cause) {
      throw writeError(path, cause)
    }
    this.#uncut = undefined
  }

  /** The sequence of the first record behind a segment. */
  #sequenceAfter(index: number): number {
    return this.#segments[index + 1]?.base ?? this.#sequence
  }

  /** The sequence behind the last segment that is known so far, read from the disk. */
  async #sequenceBehindLast(): Promise<number> {
    const last = this.#segments.at(-1)
    if (last === undefined) return 0
    const { records, holes } = surveySegment(
      (await this.#store.readAll(this.#store.pathOf(last.number))) ?? Buffer.alloc(0),
    )
    return last.base + records + lostIn(holes)
  }

  #first(): Segment {
    return this.#segments[0] ?? { number: 0, base: 0, to: 0 }
  }

  #last(): Segment {
    return this.#segments.at(-1) ?? { number: 0, base: 0, to: 0 }
  }

  /** The start of the first segment from `index` on that holds a record, else of the last. */
  #skipEmpty(index: number): Position {
    for (let i = index; i < this.#segments.length - 1; i++) {
      const segment = this.#segments[i]
      if (segment !== undefined && segment.to > HEADER_BYTES) return startOf(segment)
    }
    return startOf(this.#last())
  }
}

function lostIn(holes: readonly Hole[]): number {
  return holes.reduce((sum, { records }) => sum + records, 0)
}

/** The holes of a segment that had that many records and ended at `to`: what the others do not explain, the last has lost. */
function holesOf({ end, records: whole, holes }: Survey, to: number, records: number): Hole[] {
  const all = end < to ? [...holes, { from: end, to, records: 1, recordsBefore: whole }] : [...holes]
  const last = all.pop()
  if (last === undefined) return []
  return [...all, { ...last, records: Math.max(1, records - whole - lostIn(all)) }]
}

/** Records of a segment that lie before the end of one of its holes, good and lost. */
function recordsTo(hole: Hole, holes: readonly Hole[]): number {
  return hole.recordsBefore + lostIn(holes.slice(0, holes.indexOf(hole) + 1))
}

/** The start of a segment's records. */
function startOf(segment: Segment): Position {
  return { segment: segment.number, offset: HEADER_BYTES, sequence: segment.base }
}

/**
 * Adds the records that one read of the disk gives: those that lie whole in a block, or one that is larger than it. The
 * same position when there is room for none.
 */
async function readSome(
  file: OpenFile,
  end: number,
  from: Position,
  block: Buffer,
  limits: Limits,
  into: Lines,
): Promise<Position | 'bad'> {
  const left = end - from.offset
  let view = block.subarray(0, Math.min(left, block.length))
  view = view.subarray(0, await file.read(view, from.offset))
  if (view.length < FRAME_BYTES) return 'bad'
  const first = view.readUInt32LE(0)
  if (FRAME_BYTES + first > left) return 'bad'
  if (!fits(into, first, limits)) return from
  if (FRAME_BYTES + first > view.length) {
    view = Buffer.allocUnsafeSlow(FRAME_BYTES + first)
    view = view.subarray(0, await file.read(view, from.offset))
  }
  let at = 0
  let records = 0
  while (at < view.length) {
    const size = frameAt(view, at)
    if (size <= 0 && records === 0) return 'bad'
    // A record that the view cuts off is given by the next read, and a bad one is met there again.
    if (size <= 0 || !fits(into, size, limits)) break
    into.add(view, at + FRAME_BYTES, size)
    records++
    at += FRAME_BYTES + size
  }
  return { segment: from.segment, offset: from.offset + at, sequence: from.sequence + records }
}

function writeError(path: string, cause: unknown): SpoolError {
  const what = cause instanceof Error ? cause.message : String(cause)
  return new SpoolError('SPOOL_WRITE', `The spool cannot write ${path}: ${what}.`, cause)
}

function ignore(): void {}
