/**
 * The spool and the cursors of two outputs on a disk in memory, and a model of them: the list of what was appended, how
 * much of it was confirmed, and what each output was given. A crash may come at any call to the disk.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { silentLog } from '../../src/core/log.js'
import { Cursors } from '../../src/spool/cursors.js'
import { Lines } from '../../src/spool/lines.js'
import { compare, type Position } from '../../src/spool/position.js'
import { HEADER_BYTES } from '../../src/spool/segment.js'
import type { SpoolSettings } from '../../src/spool/settings.js'
import { Spool } from '../../src/spool/spool.js'
import { textsOf } from '../spool/disk.js'
import { type Luck, MemoryDisk, PowerCut, systemError } from './memory-disk.js'

export const OUTPUTS = ['main', 'disk'] as const
type Output = (typeof OUTPUTS)[number]

export type Step =
  | { readonly do: 'append'; readonly sizes: readonly number[] }
  | { readonly do: 'flush' }
  | { readonly do: 'deliver'; readonly output: Output; readonly maxRecords: number; readonly maxBytes: number }
  | { readonly do: 'save'; readonly output: Output }
  | { readonly do: 'fault'; readonly code: 'EIO' | 'ENOSPC'; readonly after: number; readonly count: number }
  | { readonly do: 'full disk'; readonly room: number }
  | { readonly do: 'restart' | 'kill' }
  | { readonly do: 'power cut'; readonly luck: readonly number[] }

const output = fc.constantFrom(...OUTPUTS)

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('append' as const), sizes: fc.array(fc.nat(300), { maxLength: 6 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      output,
      maxRecords: fc.integer({ min: 1, max: 7 }),
      maxBytes: fc.nat(1500),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('save' as const), output }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      code: fc.constantFrom('EIO' as const, 'ENOSPC' as const),
      after: fc.nat(6),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('full disk' as const), room: fc.nat(500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'kill' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('power cut' as const), luck: fc.array(fc.nat(1000), { maxLength: 12 }) }),
  },
)

/** Numbers that were drawn, as luck; when they are used up nothing survives. */
export function luckOf(drawn: readonly number[]): Luck {
  let next = 0
  return (most) => Math.floor(((drawn[next++] ?? 0) / 1001) * (most + 1))
}

interface Place {
  position: Position
  /** How many records lie before it, delivered or dropped. */
  index: number
  /** Up to here the cursor was surely saved. */
  saved: number
}

export const WAITING: SpoolSettings = { maxBytes: 1 << 20, segmentBytes: 1000, whenFull: 'wait' }
/** A spool that is full soon. */
export const DROPPING: SpoolSettings = { maxBytes: 4000, segmentBytes: 1000, whenFull: 'dropOldest' }

export class SpoolWorld {
  readonly settings: SpoolSettings
  disk = new MemoryDisk()
  counters = new Counters()
  /** In the spool, in this order: confirmed, or found there after a crash. */
  durable: string[] = []
  /** Appended and not confirmed yet. */
  pending: string[] = []
  readonly #places = new Map<Output, Place>()
  #spool: Spool | undefined
  #cursors: Cursors | undefined
  #id = 0

  constructor(settings = WAITING) {
    this.settings = settings
  }

  async open(): Promise<void> {
    this.counters = new Counters()
    this.#spool = undefined
    const shared = { files: this.disk, log: silentLog, counters: this.counters }
    const spool = await Spool.open({ ...shared, dir: '/spool', settings: this.settings })
    const cursors = await Cursors.open({ ...shared, dir: '/cursors', names: OUTPUTS, spool })
    this.#spool = spool
    this.#cursors = cursors
    for (const name of OUTPUTS) {
      const { position } = cursors.of(name)
      const { index, saved } = this.#places.get(name) ?? { index: 0, saved: 0 }
      expect(position.sequence, `${name} goes back behind what was saved`).toBeGreaterThanOrEqual(saved)
      // An output without a cursor begins at the oldest record that a full spool has left.
      const most = this.settings.whenFull === 'dropOldest' ? Math.max(index, spool.start.sequence) : index
      expect(position.sequence, `${name} passes over what was not delivered`).toBeLessThanOrEqual(most)
      this.#places.set(name, { position, index: position.sequence, saved })
    }
  }

  get #open(): { spool: Spool; cursors: Cursors } {
    if (this.#spool === undefined || this.#cursors === undefined) throw new Error('the spool is not open')
    return { spool: this.#spool, cursors: this.#cursors }
  }

  #place(name: Output): Place {
    const place = this.#places.get(name)
    if (place === undefined) throw new Error('the spool was never opened')
    return place
  }

  /** How many records an output has surely behind it. */
  savedOf(name: Output): number {
    return this.#place(name).saved
  }

  async take(step: Step): Promise<void> {
    const { spool } = this.#open
    switch (step.do) {
      case 'append':
        for (const size of step.sizes) {
          const text = JSON.stringify({ id: this.#id++, message: 'é'.repeat(size) })
          spool.append(text)
          this.pending.push(text)
        }
        return
      case 'flush':
        return this.#flush()
      case 'deliver':
        await this.#deliver(step)
        return
      case 'save':
        return this.#save(step.output)
      case 'fault':
        return this.#withFaults(step)
      case 'full disk':
        return this.#withoutRoom(step.room)
      case 'restart':
        await this.#flush()
        await spool.close()
        return this.crash(this.disk.afterKill())
      case 'kill':
        return this.crash(this.disk.afterKill())
      case 'power cut':
        return this.crash(this.disk.afterPowerCut(luckOf(step.luck)))
    }
  }

  /** What is left on `disk` is opened, and must hold all that was confirmed. */
  async crash(disk: MemoryDisk): Promise<void> {
    this.disk = disk
    await this.open()
    const { spool } = this.#open
    const found = spool.end.sequence - this.durable.length
    expect(found, 'confirmed records that are missing').toBeGreaterThanOrEqual(0)
    // What was being written may be there; its source writes it again.
    this.durable.push(...this.pending.slice(0, found))
    this.pending = []
    expect(spool.end.sequence, 'records from nowhere').toBe(this.durable.length)
    expect(this.counters.total('spool_damaged_bytes_total')).toBe(0)
    expect(this.counters.total('cursors_unreadable_total')).toBe(0)
  }

  /** Delivers everything to everyone. */
  async end(): Promise<void> {
    await this.#flush()
    for (const name of OUTPUTS) {
      const place = this.#place(name)
      while (place.index < this.durable.length) {
        const given = await this.#deliver({ output: name, maxRecords: 50, maxBytes: 5000 })
        expect(given, 'records that are there and are not given').toBeGreaterThan(0)
      }
      await this.#save(name)
    }
  }

  async close(): Promise<void> {
    await this.#spool?.close().catch(() => undefined)
  }

  async #flush(): Promise<void> {
    const { spool } = this.#open
    const { maxBytes, segmentBytes, whenFull } = this.settings
    const hasNew = this.pending.length > 0
    const first = spool.start.sequence
    await spool.flush()
    this.durable.push(...this.pending.splice(0))
    expect(spool.end.sequence).toBe(this.durable.length)
    if (hasNew && whenFull === 'dropOldest') expect(spool.bytes).toBeLessThanOrEqual(maxBytes)
    // What was dropped was needed, but for a part of one segment.
    if (spool.start.sequence > first) expect(spool.bytes).toBeGreaterThan(maxBytes - segmentBytes - 2 * HEADER_BYTES)
  }

  async #deliver(step: { output: Output; maxRecords: number; maxBytes: number }): Promise<number> {
    const { spool, cursors } = this.#open
    const place = this.#place(step.output)
    const lines = new Lines()
    const next = await spool.read(place.position, step, lines)
    const from = next.sequence - lines.count
    expect(textsOf(lines)).toEqual(this.durable.slice(from, next.sequence))
    expect(lines.count).toBeLessThanOrEqual(step.maxRecords)
    if (from !== place.index) this.#expectDropped(place, from)
    else if (place.index < this.durable.length) expect(lines.count, 'records that are there').toBeGreaterThan(0)
    if (compare(next, place.position) !== 0) cursors.of(step.output).pass(place.position, next)
    const given = next.sequence - place.index
    place.position = next
    place.index = next.sequence
    return given
  }

  /** Records are passed over only when they are gone from a full spool, and none that is still there. */
  #expectDropped({ index, position }: Place, to: number): void {
    const { spool } = this.#open
    expect(this.settings.whenFull, `the records ${index} to ${to} are passed over`).toBe('dropOldest')
    expect(to).toBeGreaterThan(index)
    expect(to).toBe(spool.start.sequence)
    expect(spool.whyLost(position)).toBe('full')
  }

  async #save(name: Output): Promise<void> {
    const place = this.#place(name)
    const { index } = place
    await this.#open.cursors.of(name).save()
    place.saved = index
  }

  /** Goes on after calls to the disk failed at any place: what was appended is still in the memory of the spool. */
  async recover(): Promise<void> {
    if (this.#spool === undefined) await this.crash(this.disk)
    else await this.#tryAll()
  }

  /** Appends, flushes and saves while calls fail; afterwards nothing may be missing. */
  async #withFaults({ code, after, count }: Extract<Step, { do: 'fault' }>): Promise<void> {
    const { calls } = this.disk
    const from = calls.count + after
    calls.fault = (call) => {
      if (call >= from && call < from + count) throw systemError(code)
    }
    await this.take({ do: 'append', sizes: [10, 200] })
    await this.#tryAll()
    calls.fault = () => {}
    await this.#tryAll()
  }

  async #withoutRoom(room: number): Promise<void> {
    this.disk.capacity = this.disk.used + room
    await this.take({ do: 'append', sizes: [100, 300, 300] })
    await this.#tryAll()
    this.disk.capacity = Number.POSITIVE_INFINITY
    await this.#tryAll()
  }

  async #tryAll(): Promise<void> {
    const { spool } = this.#open
    await this.#flush().catch((error: unknown) => {
      if (error instanceof PowerCut || !isSystem(error)) throw error
      // Some of its segments may be durable; the spool says how far.
      const part = spool.end.sequence - this.durable.length
      expect(part).toBeGreaterThanOrEqual(0)
      this.durable.push(...this.pending.splice(0, part))
      expect(spool.recordsPending).toBe(this.pending.length)
    })
    for (const name of OUTPUTS) {
      await this.#save(name).catch((error: unknown) => {
        if (error instanceof PowerCut || !isSystem(error)) throw error
      })
    }
  }
}

/** Whether it is an error of the disk, and not of a check. */
export function isSystem(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code !== 'ERR_ASSERTION'
}
