/**
 * Gathers what lies in the spool behind a position into batches: full, or as old as their first record may get.
 * Remembers where it has read to; whether anything was delivered is the shipper's matter.
 */
import type { Clock } from '../core/clock.js'
import { Bell } from '../spool/bell.js'
import { Lines } from '../spool/lines.js'
import { compare, type Position } from '../spool/position.js'
import type { LossReason } from '../spool/shapes.js'
import type { Spool } from '../spool/spool.js'
import type { BatchSettings } from './settings.js'
import type { Sleep } from './sleep.js'

/** What gathering needs of the spool. */
export type SpoolReader = Pick<Spool, 'read' | 'more' | 'place' | 'end' | 'whyLost'>

/** Records that were in the spool once and are not there any more. */
export interface Loss {
  readonly reason: LossReason
  readonly records: number
}

/** The spool's range `[from, to)`: the records that could be read, none perhaps, and how many are missing. */
export interface Gathered {
  readonly lines: Lines
  readonly losses: readonly Loss[]
  readonly from: Position
  readonly to: Position
}

export interface GatherOptions {
  readonly spool: SpoolReader
  readonly start: Position
  readonly batch: BatchSettings
  readonly clock: Clock
  readonly sleep: Sleep
}

/** What a buffer has beyond the records of a full batch: their line ends. */
const SPARE_BYTES = 64 << 10

export class Gatherer {
  readonly #spool: SpoolReader
  readonly #batch: BatchSettings
  readonly #clock: Clock
  readonly #sleep: Sleep
  /** Everything before this was given out. */
  #position: Position
  #isGathering = false
  /** Records before this sequence are wanted without waiting for company. */
  #hurryTo = 0
  readonly #hurried = new Bell()
  /** Lines that were given back. */
  readonly #spare: Lines[] = []

  constructor(options: GatherOptions) {
    this.#spool = options.spool
    this.#batch = options.batch
    this.#clock = options.clock
    this.#sleep = options.sleep
    this.#position = options.start
  }

  /** What lies before `to` is given out without waiting for the batch's age. */
  hurry(to: Position): void {
    this.#hurryTo = Math.max(this.#hurryTo, to.sequence)
    this.#hurried.ring()
  }

  /**
   * The next batch, as soon as it is full or old enough; undefined on abort, and then nothing was given out.
   * Rejects when the spool cannot be read; what was gathered is then gathered again at the next call.
   */
  async next(signal: AbortSignal): Promise<Gathered | undefined> {
    const lines = this.#spare.pop() ?? new Lines(this.#batch.maxBytes + SPARE_BYTES)
    let gathered: Gathered | undefined
    this.#isGathering = true
    try {
      gathered = await this.#gather(lines, signal)
      return gathered
    } finally {
      this.#isGathering = false
      if (gathered === undefined) this.giveBack(lines)
    }
  }

  /**
   * Passes over the records that were dropped before they were gathered: with outputs that take nothing, `next` is not
   * called for long. Undefined when there are none, or when `next` is under way and meets them itself.
   */
  skip(): Gathered | undefined {
    const from = this.#position
    const to = this.#spool.place(from)
    if (this.#isGathering || to.sequence <= from.sequence) return undefined
    return this.#give(new Lines(), [this.#loss(from, to.sequence - from.sequence)], from, to)
  }

  /** Nobody looks at these lines any more: their memory serves the batches to come. */
  giveBack(lines: Lines): void {
    lines.clear()
    // One huge record must not keep its memory for ever.
    if (lines.capacity <= 2 * this.#batch.maxBytes + SPARE_BYTES) this.#spare.push(lines)
  }

  async #gather(lines: Lines, signal: AbortSignal): Promise<Gathered | undefined> {
    const { maxBytes, maxRecords, maxAge } = this.#batch
    const from = this.#position
    let to = from
    let sendAt = 0
    const losses: Loss[] = []
    while (!signal.aborted) {
      const before = lines.count
      const next = await this.#spool.read(to, { maxBytes, maxRecords }, lines)
      if (before === 0) sendAt = this.#clock.now() + maxAge
      const missing = next.sequence - to.sequence - (lines.count - before)
      if (missing > 0) losses.push(this.#loss(to, missing))
      const moved = compare(next, to) !== 0
      to = next
      if (lines.count >= maxRecords || lines.bytes >= maxBytes) return this.#give(lines, losses, from, to)
      if (lines.count > before) continue
      if (lines.count === 0) {
        // Records that were lost to damage are passed like others, or the cursor would stay before them for ever.
        if (moved) return this.#give(lines, losses, from, to)
        await this.#spool.more(to, signal)
        continue
      }
      const wait = sendAt - this.#clock.now()
      const doesNotFit = compare(this.#spool.place(to), this.#spool.end) < 0
      if (doesNotFit || wait <= 0 || to.sequence <= this.#hurryTo) return this.#give(lines, losses, from, to)
      await this.#company(to, wait, signal)
    }
    return undefined
  }

  /** Waits for more records, for the batch's age, or for someone in a hurry. */
  async #company(to: Position, wait: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const end = () => over.abort()
    signal.addEventListener('abort', end, { once: true })
    await Promise.race([
      this.#spool.more(to, over.signal),
      this.#sleep(wait, over.signal),
      this.#hurried.heard(over.signal),
    ])
    signal.removeEventListener('abort', end)
    end()
  }

  #loss(behind: Position, records: number): Loss {
    return { reason: this.#spool.whyLost(behind), records }
  }

  #give(lines: Lines, losses: readonly Loss[], from: Position, to: Position): Gathered {
    this.#position = to
    return { lines, losses, from, to }
  }
}
