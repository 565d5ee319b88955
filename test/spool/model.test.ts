/** The spool against its model, a plain list, under any order of appending, flushing, crashing, reading and releasing. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { silentLog } from '../../src/core/log.js'
import { Lines } from '../../src/spool/lines.js'
import type { Position } from '../../src/spool/position.js'
import { Spool } from '../../src/spool/spool.js'
import { ioError, tempDir, textsOf, WatchedFiles } from './disk.js'

type Step =
  | { readonly do: 'append'; readonly sizes: readonly number[] }
  | { readonly do: 'flush' }
  | { readonly do: 'read'; readonly maxBytes: number; readonly maxRecords: number }
  | { readonly do: 'release' }
  | { readonly do: 'fault'; readonly operation: 'write' | 'datasync' | 'open'; readonly after: number }
  | { readonly do: 'crash'; readonly keepPerMille: number; readonly inFlush: boolean }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('append' as const), sizes: fc.array(fc.nat(400), { maxLength: 8 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      maxBytes: fc.nat(1500),
      maxRecords: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      operation: fc.constantFrom('write' as const, 'datasync' as const, 'open' as const),
      after: fc.nat(3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      keepPerMille: fc.nat(1000),
      inFlush: fc.boolean(),
    }),
  },
)

/** Stands for the moment of the power cut: what was asked of the disk never comes back. */
const POWER_CUT = ioError('POWER_CUT')

class Run {
  /** Over all runs: records that reached the disk in a flush that was cut off, and torn bytes; so the cut is real. */
  static keptInFlight = 0
  static torn = 0
  files = new WatchedFiles()
  dir = tempDir()
  counters = new Counters()
  spool: Spool | undefined
  /** Appended and confirmed by a flush, in order. */
  durable: string[] = []
  /** Appended since the last confirmed flush. */
  pending: string[] = []
  /** The reader, and how many of `durable` it has seen. */
  position: Position = { segment: 0, offset: 0, sequence: 0 }
  seen = 0
  #id = 0

  async open(): Promise<Spool> {
    const settings = { maxBytes: 1 << 20, segmentBytes: 1000 }
    this.counters = new Counters()
    const { dir, counters, files } = this
    this.spool = await Spool.open({ dir, settings, log: silentLog, counters, files })
    return this.spool
  }

  async take(action: Step): Promise<void> {
    const spool = this.spool ?? (await this.open())
    switch (action.do) {
      case 'append':
        for (const size of action.sizes) {
          const text = JSON.stringify({ id: this.#id++, message: 'é'.repeat(size) })
          spool.append(text)
          this.pending.push(text)
        }
        break
      case 'flush':
        await spool.flush()
        this.durable.push(...this.pending.splice(0))
        break
      case 'read': {
        const lines = new Lines()
        this.position = await spool.read(this.position, action, lines)
        expect(textsOf(lines)).toEqual(this.durable.slice(this.seen, this.seen + lines.count))
        if (this.seen < this.durable.length) expect(lines.count).toBeGreaterThan(0)
        expect(lines.count).toBeLessThanOrEqual(action.maxRecords)
        if (lines.count > 1) expect(lines.bytes).toBeLessThanOrEqual(action.maxBytes)
        this.seen += lines.count
        expect(this.position.sequence).toBe(this.seen)
        break
      }
      case 'release':
        await spool.release(this.position)
        break
      case 'fault': {
        let left = action.after
        this.files.fault = (operation) => {
          if (operation === action.operation && left-- <= 0) throw ioError('EIO')
        }
        await spool.flush().then(
          () => this.durable.push(...this.pending.splice(0)),
          () => this.#keepDurablePart(spool),
        )
        this.files.fault = () => {}
        break
      }
      case 'crash': {
        if (action.inFlush) {
          this.files.fault = (operation) => {
            if (operation === 'datasync' || operation === 'truncate' || operation === 'remove') throw POWER_CUT
          }
          await spool.flush().catch(() => this.#keepDurablePart(spool))
          this.files.fault = () => {}
        }
        const before = this.files
        this.dir = await before.afterPowerCut(this.dir, action.keepPerMille / 1000)
        await spool.close().catch(() => {})
        this.files = new WatchedFiles()
        // Files of earlier lives are whole and synced.
        for (const name of await this.files.list(this.dir)) this.files.synced.set(`${this.dir}/${name}`, 1 << 30)
        const again = await this.open()
        const kept = again.end.sequence - this.durable.length
        expect(kept, 'flushed records are missing').toBeGreaterThanOrEqual(0)
        Run.keptInFlight += kept
        Run.torn += this.counters.get('spool_torn_bytes_total')
        // What was being written may have reached the disk; it counts as read again from its source otherwise.
        this.durable.push(...this.pending.slice(0, kept))
        this.pending = []
        expect(this.counters.total('spool_records_lost_total')).toBe(0)
        break
      }
    }
  }

  /** A flush that failed may have made some segments durable before; the spool says how far. */
  #keepDurablePart(spool: Spool): void {
    const part = spool.end.sequence - this.durable.length
    expect(part).toBeGreaterThanOrEqual(0)
    this.durable.push(...this.pending.splice(0, part))
    expect(spool.recordsPending).toBe(this.pending.length)
  }

  /** Everything from the reader's place on, with the spool opened once more. */
  async end(): Promise<void> {
    await this.take({ do: 'flush' })
    await this.spool?.close()
    await this.open()
    while (this.seen < this.durable.length) await this.take({ do: 'read', maxBytes: 5000, maxRecords: 50 })
    await this.take({ do: 'read', maxBytes: 5000, maxRecords: 50 })
    await this.spool?.close()
  }
}

describe('the spool, whatever happens to it', () => {
  it('gives everything that was flushed, in order, once, and invents nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const run = new Run()
        for (const action of steps) await run.take(action)
        await run.end()
      }),
      { numRuns: 150 },
    )
    expect(Run.keptInFlight).toBeGreaterThan(0)
    expect(Run.torn).toBeGreaterThan(0)
  })
})
