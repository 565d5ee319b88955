/**
 * One output's pace: takes batches from the spool, keeps several in flight, retries, splits, refuses, holds, and
 * advances the cursor over the contiguous delivered prefix. Promises that no record is passed before the backend holds
 * it or it is durable in the refused file; a crash repeats, it never skips. Knows nothing of other outputs, so a dead
 * one stops nobody. Opening and closing the output and the spool is left to whoever made them.
 */
import PQueue from 'p-queue'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import type { Batch, Delivery, Output, Refusal } from '../outputs/output.js'
import { Bell } from '../spool/bell.js'
import type { Cursor } from '../spool/cursors.js'
import type { Files } from '../spool/files.js'
import { compare } from '../spool/position.js'
import type { Spool } from '../spool/spool.js'
import { type Gathered, Gatherer } from './gather.js'
import { LinesBatch } from './item.js'
import { Pace } from './pace.js'
import { RefusedFile } from './refused.js'
import { type BatchSettings, DEFAULT_RETRY, type RetrySettings } from './settings.js'
import { realSleep, type Sleep } from './sleep.js'
import { Standing } from './standing.js'

export interface ShipperOptions {
  readonly name: string
  /** The output's kind, for messages. */
  readonly type: string
  readonly output: Output
  readonly spool: Spool
  readonly cursor: Cursor
  readonly batch: BatchSettings
  readonly retry?: RetrySettings
  /** Batches in flight at once, at least 1. */
  readonly concurrency: number
  /** Directory of the refused files of all outputs. */
  readonly refusedDir: string
  readonly clock: Clock
  readonly sleep?: Sleep
  /** `[0, 1)`, for the jitter of retries. */
  readonly random?: () => number
  readonly log: Logger
  readonly counters: Counters
  readonly files?: Files
}

/** What became of the records of one batch. */
interface Tally {
  readonly delivered: number
  readonly refused: number
}

/** The cursor's file is written at most this often while batches come through. */
const SAVE_EVERY_MS = 200

export class Shipper {
  readonly #output: Output
  readonly #spool: Spool
  readonly #cursor: Cursor
  readonly #retry: RetrySettings
  readonly #sleep: Sleep
  readonly #counters: Counters
  readonly #labels: { readonly output: string }
  readonly #queue: PQueue
  readonly #gatherer: Gatherer
  readonly #pace: Pace
  readonly #refused: RefusedFile
  readonly #standing: Standing
  /** Ends all waiting; attempts that are under way go on. */
  readonly #stopping = new AbortController()
  /** Ends the attempts too. */
  readonly #aborting = new AbortController()
  readonly #moved = new Bell()
  #running: Promise<void> | undefined
  #hasEnded = false
  /** The loop that keeps the cursor's file near the cursor, and whether it is under way. */
  #saver: Promise<void> = Promise.resolve()
  #isSaving = false

  constructor(options: ShipperOptions) {
    const { name, type, spool, cursor, batch, clock, log, refusedDir, files, random = Math.random } = options
    this.#output = options.output
    this.#spool = spool
    this.#cursor = cursor
    this.#retry = options.retry ?? DEFAULT_RETRY
    this.#sleep = options.sleep ?? realSleep
    this.#counters = options.counters
    this.#labels = { output: name }
    this.#queue = new PQueue({ concurrency: options.concurrency })
    this.#gatherer = new Gatherer({ spool, start: cursor.position, batch, clock, sleep: this.#sleep })
    this.#pace = new Pace({ retry: this.#retry, clock, sleep: this.#sleep, random })
    this.#refused = new RefusedFile({ dir: refusedDir, name, clock, ...(files === undefined ? {} : { files }) })
    const waitingBytes = () => this.waitingBytes
    this.#standing = new Standing({ name, type, log, waitingBytes, refusedPath: this.#refused.path, clock })
  }

  /** Durable records that are neither delivered nor refused nor lost: with these counters, all records this output was given. */
  get spooled(): number {
    return this.#spool.end.sequence - this.#cursor.position.sequence - this.#cursor.earlyRecords
  }

  /** Bytes of the spool behind what is contiguously delivered or refused. */
  get waitingBytes(): number {
    return this.#spool.bytesAfter(this.#cursor.position)
  }

  /**
   * Ships until `stop`, or until `signal` is aborted, which also ends the attempts under way. Resolves when nothing is
   * in flight and the cursor is saved. Call it once.
   */
  run(signal: AbortSignal): Promise<void> {
    this.#running ??= this.#run(signal)
    return this.#running
  }

  /**
   * Resolves when everything that is in the spool now is delivered or refused and the cursor says so durably, without
   * waiting for batches to fill or age. Resolves also when the shipper ends before: then `spooled` is not 0.
   */
  async drained(): Promise<void> {
    const target = this.#spool.end
    this.#gatherer.hurry(target)
    while (!this.#hasEnded && this.#cursor.position.sequence < target.sequence) await this.#moved.heard()
    if (!this.#hasEnded) await this.#save()
  }

  /** Begins nothing new, gives the attempts under way `timeoutMs` to end, aborts the rest and saves the cursor. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping.abort()
    if (this.#running === undefined) return
    const over = new AbortController()
    await Promise.race([this.#running, this.#sleep(timeoutMs, over.signal)])
    over.abort()
    this.#aborting.abort()
    await this.#running
  }

  async #run(signal: AbortSignal): Promise<void> {
    const halt = () => {
      this.#stopping.abort()
      this.#aborting.abort()
    }
    if (signal.aborted) halt()
    signal.addEventListener('abort', halt, { once: true })
    const skipping = this.#skipDropped()
    while (!this.#stopping.signal.aborted) {
      const gathered = await this.#untilDiskAnswers('the spool cannot be read', () =>
        this.#gatherer.next(this.#stopping.signal),
      )
      if (gathered === undefined) break
      void this.#queue.add(() => this.#ship(gathered))
      // One batch waits ready while others are in flight; more would only be memory.
      await this.#queue.onSizeLessThan(1)
    }
    await this.#queue.onIdle()
    await skipping
    this.#standing.tellDropped()
    await this.#saver
    await this.#save()
    signal.removeEventListener('abort', halt)
    this.#hasEnded = true
    this.#moved.ring()
  }

  /** Keeps the books right while batches are stuck: what is dropped from the spool meanwhile is not waiting any more. */
  async #skipDropped(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await this.#spool.dropped(signal)
      const skipped = this.#gatherer.skip()
      if (skipped !== undefined) this.#pass(skipped, { delivered: 0, refused: 0 })
    }
  }

  async #ship(gathered: Gathered): Promise<void> {
    const { lines } = gathered
    const tally = lines.count === 0 ? { delivered: 0, refused: 0 } : await this.#deliver(LinesBatch.of(lines))
    // An attempt that was aborted may still look at the lines.
    if (tally === undefined) return
    this.#gatherer.giveBack(lines)
    this.#pass(gathered, tally)
  }

  /** Counted as the range is passed, so that delivered + refused + lost + spooled holds at any moment. */
  #pass({ losses, from, to }: Gathered, tally: Tally): void {
    this.#counters.add('records_delivered_total', tally.delivered, this.#labels)
    this.#counters.add('records_refused_total', tally.refused, this.#labels)
    for (const { reason, records } of losses) {
      this.#counters.add('spool_records_lost_total', records, { reason, ...this.#labels })
      if (reason === 'full') this.#standing.dropped(records)
    }
    this.#cursor.pass(from, to)
    if (!this.#isSaving) this.#saver = this.#keepSaved()
    this.#moved.ring()
  }

  /** Attempts until every record is delivered, or refused and durably so; undefined when the shipper stops before. */
  async #deliver(batch: LinesBatch): Promise<Tally | undefined> {
    for (;;) {
      const turn = await this.#pace.turn(this.#stopping.signal)
      if (turn === undefined) return undefined
      const delivery = await this.#attempt(batch)
      if (delivery === undefined) {
        this.#pace.gaveUp(turn)
        return undefined
      }
      switch (delivery.outcome) {
        case 'retry': {
          this.#counters.add('batches_retried_total', 1, this.#labels)
          const failures = this.#pace.failed(turn, { afterMs: delivery.afterMs })
          this.#standing.retrying(delivery.reason, failures)
          break
        }
        case 'hold':
          this.#pace.failed(turn, { slowest: true })
          this.#standing.holding(delivery.reason, delivery.mend)
          break
        case 'delivered':
          if (this.#pace.succeeded(turn)) this.#standing.well()
          return this.#settle(batch, delivery.refused ?? [])
        case 'split':
          if (this.#pace.succeeded(turn)) this.#standing.well()
          return this.#split(batch, delivery.reason)
      }
    }
  }

  /** Halves a batch that was refused as a whole; a single record is refused. */
  async #split(batch: LinesBatch, reason: string): Promise<Tally | undefined> {
    const [only] = batch.items
    if (only !== undefined && batch.items.length === 1) return this.#settle(batch, [{ item: only, reason }])
    const [one, other] = batch.halves()
    const first = await this.#deliver(one)
    if (first === undefined) return undefined
    const second = await this.#deliver(other)
    if (second === undefined) return undefined
    return { delivered: first.delivered + second.delivered, refused: first.refused + second.refused }
  }

  /** The backend has answered for the whole batch. Refused records are on disk before the caller may pass them. */
  async #settle({ items }: Batch, refused: readonly Refusal[]): Promise<Tally | undefined> {
    if (refused.length > 0) {
      const written = await this.#untilDiskAnswers('refused records cannot be written', async () => {
        await this.#refused.append(refused)
        return true
      })
      if (written === undefined) return undefined
      this.#standing.refused(refused, items.length)
    }
    return { delivered: items.length - refused.length, refused: refused.length }
  }

  /** One attempt; undefined when it was aborted, even if the output does not notice. */
  async #attempt(batch: Batch): Promise<Delivery | undefined> {
    const { signal } = this.#aborting
    if (signal.aborted) return undefined
    let abandon = () => {}
    const aborted = new Promise<undefined>((resolve) => {
      abandon = () => resolve(undefined)
      signal.addEventListener('abort', abandon, { once: true })
    })
    try {
      return await Promise.race([this.#output.send(batch, signal), aborted])
    } catch (error) {
      if (signal.aborted) return undefined
      // The contract forbids it, but a fault in an output must not lose records.
      return { outcome: 'retry', reason: error instanceof Error ? error.message : String(error) }
    } finally {
      signal.removeEventListener('abort', abandon)
    }
  }

  /** Saves the cursor until the file has caught up: soon when all is delivered, else at a bounded pace. */
  async #keepSaved(): Promise<void> {
    this.#isSaving = true
    while (!this.#stopping.signal.aborted && compare(this.#cursor.position, this.#cursor.saved) !== 0) {
      if (this.spooled > 0) await this.#sleep(SAVE_EVERY_MS, this.#stopping.signal)
      await this.#save()
    }
    this.#isSaving = false
  }

  async #save(): Promise<void> {
    await this.#untilDiskAnswers('its cursor cannot be saved', async () => {
      await this.#cursor.save()
      return true
    })
  }

  /** Repeats work on our own disk at the pace of retries; undefined when the shipper stops before it succeeds. */
  async #untilDiskAnswers<T>(fault: string, work: () => Promise<T>): Promise<T | undefined> {
    for (let waitMs = this.#retry.firstMs; ; waitMs = Math.min(this.#retry.maxMs, waitMs * 2)) {
      try {
        const result = await work()
        this.#standing.diskWell(fault)
        return result
      } catch (error) {
        this.#standing.diskFault(fault, error)
      }
      await this.#sleep(waitMs, this.#stopping.signal)
      if (this.#stopping.signal.aborted) return undefined
    }
  }
}
