/**
 * The disk buffer between reading and delivery: an append-only row of records that all outputs share, each with a
 * cursor of its own. Promises: what `flush` has confirmed survives a crash and is given to readers in order, once per
 * position; nothing else is ever given. Leaves cursors to `cursors.ts` and delivery to `src/ship`.
 */
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import { Bell } from './bell.js'
import { Blocks } from './blocks.js'
import { type Files, realFiles } from './files.js'
import type { Lines } from './lines.js'
import { Pending } from './pending.js'
import { compare, type Position } from './position.js'
import { frameBytes, HEADER_BYTES } from './segment.js'
import { Segments } from './segments.js'
import type { SpoolSettings } from './settings.js'
import { type Limits, type LossReason, type Piece, SpoolError } from './shapes.js'
import { Window } from './window.js'

export interface SpoolOptions {
  /** The spool's own directory; made if missing. */
  readonly dir: string
  readonly settings: SpoolSettings
  readonly log: Logger
  readonly counters: Counters
  readonly files?: Files
}

/** Newest records held in memory for outputs that keep up; measured in frames, see `Window`. */
const WINDOW_BYTES = 4 << 20
/** Blocks that are kept for records to come: 7 MiB, as many as wait for a disk that keeps up at a storm of errors. */
const SPARE_BLOCKS = 28

export class Spool {
  readonly #settings: SpoolSettings
  readonly #log: Logger
  readonly #segments: Segments
  readonly #window = new Window(WINDOW_BYTES)
  /** Appended, not yet durable; in order. A failed flush leaves them here. */
  readonly #pending: Pending
  /** The last of the changes to the files, which run one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  /** The flush that waits for its turn; it takes everything that is appended before it begins. */
  #nextFlush: Promise<void> | undefined
  #flushing = false
  #closed = false
  /** True once a segment could not be removed, until one could again. */
  #cannotRemove = false
  readonly #grown = new Bell()
  readonly #shrunk = new Bell()
  readonly #dropped = new Bell()

  private constructor(options: SpoolOptions, segments: Segments, blocks: Blocks) {
    this.#settings = options.settings
    this.#log = options.log
    this.#segments = segments
    this.#pending = new Pending(blocks)
  }

  /** Opens the spool in `dir`; what a crash left broken is mended, counted and reported. Rejects when the disk does. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { dir, log, counters, files = realFiles } = options
    const blocks = new Blocks(SPARE_BLOCKS)
    return new Spool(options, await Segments.open({ dir, files, log, counters, blocks }), blocks)
  }

  /** Behind the last durable record; readers get as far as this. */
  get end(): Position {
    return this.#segments.end
  }

  /** Bytes appended and not yet durable. */
  get bytesPending(): number {
    return this.#pending.bytes
  }

  /** Records appended and not yet durable. */
  get recordsPending(): number {
    return this.#pending.records
  }

  /** Bytes on disk and pending; this is what `maxBytes` bounds. */
  get bytes(): number {
    return this.#segments.bytes + this.#pending.bytes
  }

  /** Whether whoever appends should wait for `room` first. Never where the oldest records are dropped instead. */
  get isFull(): boolean {
    return !this.#mayDrop && this.bytes >= this.#settings.maxBytes
  }

  get #mayDrop(): boolean {
    return this.#settings.whenFull === 'dropOldest'
  }

  /** Bytes that wait behind `position`. */
  bytesAfter(position: Position): number {
    return this.#segments.bytesAfter(position)
  }

  /**
   * Takes one record: one line of JSON without its line end, in pieces that are behind each other. Only memory is
   * touched: `flush` makes it durable.
   */
  append(...pieces: readonly Piece[]): void {
    if (this.#closed) throw new SpoolError('SPOOL_CLOSED', 'The spool is closed; the record was not taken.')
    if (pieces.every((piece) => piece.length === 0))
      throw new RangeError('The spool takes JSON text; it got an empty record.')
    this.#pending.append(pieces)
  }

  /**
   * Resolves when everything that was appended before the call is durable. Calls that come while one is under way share
   * the next. Rejects with a SpoolError when the disk does; the records stay, and a later flush writes them.
   */
  flush(): Promise<void> {
    if (this.#nextFlush !== undefined) return this.#nextFlush
    if (this.#pending.records === 0 && !this.#flushing) return Promise.resolve()
    this.#nextFlush = this.#inTurn(async () => {
      this.#nextFlush = undefined
      this.#flushing = true
      try {
        await this.#writePending()
      } finally {
        this.#flushing = false
      }
    })
    return this.#nextFlush
  }

  /**
   * Adds durable records from a place on to `into`, as many as the limits and one segment give; none at the end. Gives the
   * place to read on from. Rejects when the disk does not answer; damaged records are set aside and skipped.
   */
  async read(from: Position, limits: Limits, into: Lines): Promise<Position> {
    let position = this.#segments.place(from)
    for (;;) {
      if (compare(position, this.end) >= 0) return position
      const recent = this.#window.read(position, limits, into)
      if (recent !== undefined) return recent
      const stored = await this.#segments.read(position, limits, into)
      if (stored !== 'bad') return stored
      position = await this.#inTurn(() => this.#mend(position))
    }
  }

  /** The same place as this spool would name it now; see `Segments.place`. */
  place(position: Position): Position {
    return this.#segments.place(position)
  }

  /** The first record there is. */
  get start(): Position {
    return this.#segments.place({ segment: 0, offset: 0, sequence: 0 })
  }

  /** Resolves when there is something after `position`, or on abort, or when the spool is closed. */
  async more(position: Position, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#closed && compare(this.end, position) <= 0) await this.#grown.heard(signal)
  }

  /** Resolves when records are dropped to make room, or on abort. */
  dropped(signal: AbortSignal): Promise<void> {
    return this.#dropped.heard(signal)
  }

  /** Why the records that lay behind `position` are not there any more. */
  whyLost(position: Position): LossReason {
    const place = this.place(position)
    if (place.sequence > position.sequence) return this.#mayDrop ? 'full' : 'removed'
    return this.#segments.isRemoved(place.segment) ? 'removed' : 'damaged'
  }

  /** Resolves when the spool is not full, or on abort, or when the spool is closed. */
  async room(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#closed && this.isFull) await this.#shrunk.heard(signal)
  }

  /**
   * Gives back the space before `upTo`, by whole segments; `upTo` must lie behind no durable cursor.
   * A file that cannot be removed is reported once and tried again at the next call.
   */
  release(upTo: Position): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) return
      try {
        // The last segment is never removed, so a full spool with everything delivered must begin another.
        if (this.isFull && compare(upTo, this.end) >= 0 && upTo.offset > HEADER_BYTES) await this.#segments.roll()
        const place = this.#segments.place(upTo)
        await this.#segments.removeBefore(place.segment)
        this.#cannotRemove = false
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (!this.#cannotRemove)
          this.#log.warn(
            `spool cannot give back delivered space: ${reason}. It is tried again; check the state directory.`,
          )
        this.#cannotRemove = true
      }
      if (!this.isFull) this.#shrunk.ring()
    })
  }

  /** Makes what is pending durable and closes the files. Rejects when that could not be written; the files are closed. */
  async close(): Promise<void> {
    if (this.#closed) return
    const flushed = this.flush()
    this.#closed = true
    try {
      await flushed
    } finally {
      await this.#inTurn(() => this.#segments.close())
      this.#grown.ring()
      this.#shrunk.ring()
    }
  }

  async #writePending(): Promise<void> {
    // A spool of four segments at least gives space back as it is delivered, not only when it is empty.
    const most = Math.min(this.#settings.segmentBytes, Math.ceil(this.#settings.maxBytes / 4))
    while (this.#pending.records > 0) {
      const start = this.end
      // A record over a segment's size gets one of its own.
      const front = this.#pending.front(most - start.offset, start.offset <= HEADER_BYTES)
      if (this.#mayDrop) await this.#makeRoom(front.bytes + HEADER_BYTES)
      if (this.#segments.mustRoll || front.records === 0) {
        await this.#segments.roll()
        continue
      }
      await this.#segments.write(front.parts, front.records)
      this.#remember(start, front.parts)
      this.#pending.drop(front)
      this.#grown.ring()
    }
  }

  /** Drops the oldest records until as many bytes may be written; a record larger than all that is written all the same. */
  async #makeRoom(bytes: number): Promise<void> {
    let hasDropped = false
    while (this.#segments.bytes + bytes > this.#settings.maxBytes && (await this.#segments.dropOldest()))
      hasDropped = true
    if (hasDropped) this.#dropped.ring()
  }

  /** What became durable at `start` stays in memory for a while. */
  #remember(start: Position, parts: readonly Buffer[]): void {
    let { offset, sequence } = start
    for (const part of parts) {
      this.#window.add({ segment: start.segment, offset, sequence }, part)
      offset += part.length
      for (let at = 0; at < part.length; at += frameBytes(part, at)) sequence++
    }
  }

  async #mend(position: Position): Promise<Position> {
    const next = await this.#segments.mend(position)
    this.#grown.ring()
    return next
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}
