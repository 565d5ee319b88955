/** A shipper on a real spool, with an output that answers from a script and time that is wound by hand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ManualClock } from '../../src/core/clock.js'
import { Counters } from '../../src/core/counters.js'
import type { Logger } from '../../src/core/log.js'
import type { Batch, Delivery, Output } from '../../src/outputs/output.js'
import { Shipper, type ShipperOptions } from '../../src/ship/shipper.js'
import type { Sleep } from '../../src/ship/sleep.js'
import { type Cursor, Cursors } from '../../src/spool/cursors.js'
import type { SpoolSettings } from '../../src/spool/settings.js'
import { Spool } from '../../src/spool/spool.js'
import { listLog, tempDir, WatchedFiles } from '../spool/disk.js'

/** A clock and the sleeps that wait for it. */
export class Winder {
  readonly clock = new ManualClock(Date.UTC(2026, 10, 20, 10))
  readonly #sleeping = new Set<{ readonly until: number; readonly wake: () => void }>()

  readonly sleep: Sleep = (ms, signal) => {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = {
        until: this.clock.now() + ms,
        wake: () => {
          this.#sleeping.delete(sleeper)
          signal.removeEventListener('abort', sleeper.wake)
          resolve()
        },
      }
      this.#sleeping.add(sleeper)
      signal.addEventListener('abort', sleeper.wake)
    })
  }

  /** What is left of each sleep, in ms, shortest first. */
  get sleeps(): number[] {
    return [...this.#sleeping].map(({ until }) => until - this.clock.now()).sort((a, b) => a - b)
  }

  wind(ms: number): void {
    this.clock.advance(ms)
    for (const { until, wake } of [...this.#sleeping]) if (until <= this.clock.now()) wake()
  }
}

/** Lets everything else run until the condition holds; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** Lets whatever can happen without winding time happen. Disk work takes a few rounds. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve))
}

export type Answer = Delivery | ((batch: Batch, signal: AbortSignal) => Delivery | Promise<Delivery>)

export const DELIVERED: Delivery = { outcome: 'delivered' }

/** Answers each attempt with the next of the script, and then with the last for ever. Notes what it was sent. */
export class ScriptedOutput implements Output {
  readonly attempts: string[][] = []
  /** Ids the backend holds, in order of arrival, repetitions included. */
  readonly held: string[] = []
  inFlight = 0
  mostInFlight = 0
  script: Answer[]

  constructor(...script: Answer[]) {
    this.script = script
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Delivery> {
    this.attempts.push(batch.items.map((item) => item.id))
    const answer = (this.script.length > 1 ? this.script.shift() : this.script[0]) ?? DELIVERED
    this.inFlight++
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight)
    try {
      const delivery = typeof answer === 'function' ? await answer(batch, signal) : answer
      if (delivery.outcome === 'delivered') {
        const refused = new Set(delivery.refused?.map(({ item }) => item.id))
        this.held.push(...batch.items.map((item) => item.id).filter((id) => !refused.has(id)))
      }
      return delivery
    } finally {
      this.inFlight--
    }
  }

  async close(): Promise<void> {}
}

/** Answers that are given when the test says so. */
export function held(): { readonly answer: Answer; give(delivery?: Delivery): void } {
  let give: (delivery: Delivery) => void = () => {}
  const later = new Promise<Delivery>((resolve) => {
    give = resolve
  })
  return { answer: () => later, give: (delivery = DELIVERED) => give(delivery) }
}

export interface Rig {
  readonly dir: string
  readonly spool: Spool
  readonly cursor: Cursor
  readonly counters: Counters
  readonly files: WatchedFiles
  readonly log: Logger & { readonly lines: string[] }
  readonly winder: Winder
  readonly shipper: Shipper
  append(from: number, to: number, size?: number): Promise<void>
  start(): void
  /** Lines of the refused file. */
  refused(): { reason: string; at: string; record: { id: string } }[]
  /** What the log said above debug. */
  said(): string[]
  /** The durable cursor, as a sequence. */
  stored(): number
  counts(): { delivered: number; refused: number; spooled: number; retried: number; lost: number }
  end(): Promise<void>
}

/** `size` pads each record's message. */
export function recordText(n: number, size = 0): string {
  return JSON.stringify({ id: `id-${n}`, message: 'x'.repeat(size) })
}

export const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `id-${from + i}`)

export interface RigOptions extends Partial<Pick<ShipperOptions, 'concurrency' | 'random'>> {
  readonly dir?: string
  readonly batch?: Partial<ShipperOptions['batch']>
  readonly spool?: Partial<SpoolSettings>
}

export async function rig(output: Output, options: RigOptions = {}): Promise<Rig> {
  const dir = options.dir ?? tempDir()
  const counters = new Counters()
  const log = listLog()
  const files = new WatchedFiles()
  const winder = new Winder()
  const { clock, sleep } = winder
  const settings: SpoolSettings = { maxBytes: 1 << 30, segmentBytes: 1 << 24, whenFull: 'wait', ...options.spool }
  const spool = await Spool.open({ dir: join(dir, 'spool'), settings, log, counters })
  const cursors = await Cursors.open({ dir: join(dir, 'cursors'), names: ['main'], spool, log, counters, files })
  const cursor = cursors.of('main')
  const shipper = new Shipper({
    name: 'main',
    type: 'loki',
    output,
    spool,
    cursor,
    batch: { maxBytes: 4 << 20, maxRecords: 10, maxAge: 1000, ...options.batch },
    concurrency: options.concurrency ?? 1,
    refusedDir: join(dir, 'refused'),
    clock,
    sleep,
    random: options.random ?? (() => 0),
    log,
    counters,
    files,
  })
  const labels = { output: 'main' }
  const kill = new AbortController()
  return {
    dir,
    spool,
    cursor,
    counters,
    files,
    log,
    winder,
    shipper,
    append: async (from, to, size) => {
      for (let n = from; n < to; n++) spool.append(recordText(n, size))
      await spool.flush()
    },
    start: () => void shipper.run(kill.signal),
    refused: () => {
      try {
        const lines = readFileSync(join(dir, 'refused', 'main.ndjson'), 'utf8').split('\n')
        return lines.slice(0, -1).map((line) => JSON.parse(line))
      } catch {
        return []
      }
    },
    said: () => log.lines.filter((line) => !line.startsWith('debug')),
    stored: () => {
      try {
        return JSON.parse(readFileSync(join(dir, 'cursors', 'main.json'), 'utf8')).sequence
      } catch {
        return 0
      }
    },
    counts: () => ({
      delivered: counters.get('records_delivered_total', labels),
      refused: counters.get('records_refused_total', labels),
      spooled: shipper.spooled,
      lost: counters.get('spool_records_lost_total', { reason: 'full', ...labels }),
      retried: counters.get('batches_retried_total', labels),
    }),
    end: async () => {
      kill.abort()
      await shipper.run(kill.signal)
      await spool.close()
    },
  }
}
