import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Batch, Delivery } from '../../src/outputs/output.js'
import { Lines } from '../../src/spool/lines.js'
import { ioError } from '../spool/disk.js'
import { type Answer, DELIVERED, held, ids, type Rig, recordText, rig, ScriptedOutput, settle, until } from './rig.js'

const retry = (reason = '503', afterMs?: number): Delivery =>
  afterMs === undefined ? { outcome: 'retry', reason } : { outcome: 'retry', reason, afterMs }
const HOLD: Delivery = { outcome: 'hold', reason: 'answers 401', mend: 'Check outputs.main.token.' }
const refuse =
  (...bad: string[]): Answer =>
  (batch) => ({
    outcome: 'delivered',
    refused: batch.items.filter((item) => bad.includes(item.id)).map((item) => ({ item, reason: '400 "too old"' })),
  })

describe('batches', () => {
  it('are sent at once when full, and by age when not', async () => {
    const output = new ScriptedOutput()
    const r = await rig(output)
    await r.append(0, 25)
    r.start()
    await until(() => output.held.length === 20)
    await until(() => r.winder.sleeps.includes(1000))
    r.winder.wind(999)
    await settle()
    expect(output.held.length).toBe(20)
    r.winder.wind(1)
    await until(() => output.held.length === 25)
    expect(output.attempts).toEqual([ids(0, 10), ids(10, 20), ids(20, 25)])
    await r.end()
  })

  it('age from their first record, however many come after it', async () => {
    const output = new ScriptedOutput()
    const r = await rig(output)
    r.start()
    await r.append(0, 1)
    await until(() => r.winder.sleeps.includes(1000))
    r.winder.wind(600)
    await r.append(1, 2)
    await until(() => r.winder.sleeps.includes(400))
    r.winder.wind(400)
    await until(() => output.held.length === 2)
    expect(output.attempts).toEqual([ids(0, 2)])
    await r.end()
  })

  it('stay under their bytes, and a record over them goes alone', async () => {
    const sizes: number[] = []
    const output = new ScriptedOutput((batch: Batch) => {
      sizes.push(batch.bytes)
      return DELIVERED
    })
    const r = await rig(output, { batch: { maxBytes: 500, maxRecords: 100 } })
    await r.append(0, 5, 80)
    await r.append(5, 6, 900)
    await r.append(6, 8, 80)
    r.start()
    // Without winding time: a batch that the next record does not fit is full.
    await until(() => output.held.length === 6)
    await r.shipper.drained()
    expect(output.attempts).toEqual([ids(0, 4), ids(4, 5), ids(5, 6), ids(6, 8)])
    expect(sizes).toEqual(
      [0, 4, 5, 6].map((n, i) => (i === 2 ? 1 : ([4, 1, 1, 2][i] ?? 0)) * recordText(n, i === 2 ? 900 : 80).length),
    )
    await r.end()
  })

  it('parse a record only when asked, and know its id before', async () => {
    const seen: unknown[] = []
    const output = new ScriptedOutput((batch: Batch) => {
      for (const item of batch.items) seen.push(item.id, item.record())
      return DELIVERED
    })
    const r = await rig(output)
    r.spool.append('{"message":"id last","id":"b"}')
    r.spool.append('{"id":"a\\u0041"}')
    await r.spool.flush()
    r.start()
    await r.shipper.drained()
    expect(seen).toEqual(['b', { message: 'id last', id: 'b' }, 'aA', { id: 'aA' }])
    await r.end()
  })

  it('are in flight as many at once as allowed, and one more waits', async () => {
    const gates = [held(), held(), held(), held()]
    const output = new ScriptedOutput(...gates.map((gate) => gate.answer), DELIVERED)
    const r = await rig(output, { concurrency: 2 })
    await r.append(0, 100)
    r.start()
    await until(() => output.inFlight === 2)
    await settle()
    expect(output.attempts.length).toBe(2)
    for (const gate of gates) gate.give()
    await r.shipper.drained()
    expect(output.mostInFlight).toBe(2)
    expect([...output.held].sort()).toEqual(ids(0, 100).sort())
    await r.end()
  })
})

describe('the cursor', () => {
  it('waits before a batch in flight while later ones are delivered, and the sum holds at each moment', async () => {
    const gates = [held(), held(), held()]
    const output = new ScriptedOutput(...gates.map((gate) => gate.answer), DELIVERED)
    const r = await rig(output, { concurrency: 3 })
    await r.append(0, 30)
    r.start()
    await until(() => output.inFlight === 3)
    gates[2]?.give()
    await until(() => output.inFlight === 2)
    await settle()
    expect(r.cursor.position.sequence).toBe(0)
    expect(r.counts()).toMatchObject({ delivered: 10, spooled: 20 })
    gates[1]?.give()
    await until(() => r.counts().delivered === 20)
    expect([r.cursor.position.sequence, r.stored()]).toEqual([0, 0])
    gates[0]?.give()
    await until(() => r.cursor.position.sequence === 30)
    expect(r.counts()).toMatchObject({ delivered: 30, spooled: 0 })
    await r.end()
    expect(r.stored()).toBe(30)
  })

  it('is saved at a bounded pace under load, and soon when nothing is left', async () => {
    const gate = held()
    const output = new ScriptedOutput(DELIVERED, DELIVERED, DELIVERED, gate.answer, DELIVERED)
    const r = await rig(output)
    await r.append(0, 40)
    const writes = () => r.files.operations.filter((operation) => /^rename .*main\.json/.test(operation)).length
    r.start()
    await until(() => output.attempts.length === 4 && r.winder.sleeps.includes(200))
    await settle()
    expect([r.cursor.position.sequence, writes()]).toEqual([30, 0])
    r.winder.wind(200)
    await until(() => r.stored() === 30)
    gate.give()
    await until(() => r.stored() === 40)
    expect(writes()).toBe(2)
    await r.end()
  })

  it('that cannot be saved stops no delivery, is told once, and is saved when the disk answers', async () => {
    const output = new ScriptedOutput()
    const r = await rig(output)
    r.files.fault = (operation) => {
      if (operation === 'rename') throw ioError('ENOSPC')
    }
    await r.append(0, 10)
    r.start()
    await until(() => r.said().length === 1)
    await r.append(10, 20)
    await until(() => output.held.length === 20)
    r.winder.wind(1000)
    await until(() => r.winder.sleeps.includes(2000))
    expect(r.said()).toEqual([
      'error output "main" (loki): its cursor cannot be saved: ENOSPC: the disk says no. Nothing is lost and it is tried again; check the disk of the state directory.',
    ])
    r.files.fault = () => {}
    r.winder.wind(2000)
    await until(() => r.stored() === 20 && r.said().length === 2)
    expect(r.said()[1]).toBe('info output "main" (loki): no longer the case: its cursor cannot be saved.')
    await r.end()
  })

  it('begins a new shipper where it was saved: after a crash records come again, none is left out', async () => {
    const first = new ScriptedOutput(DELIVERED, () => new Promise<Delivery>(() => {}))
    const r = await rig(first)
    await r.append(0, 10)
    r.start()
    await until(() => r.stored() === 10)
    await r.append(10, 30)
    await until(() => first.attempts.length === 2)
    // The agent is gone here: nothing of it is stopped or saved, and the directory is all that is left.
    const second = new ScriptedOutput()
    const again = await rig(second, { dir: r.dir })
    again.start()
    await again.shipper.drained()
    expect(second.held).toEqual(ids(10, 30))
    await again.end()
    await r.end()
  })
})

describe('retries', () => {
  it('double from one second to fifteen, and begin again after a success', async () => {
    const output = new ScriptedOutput(...Array.from({ length: 7 }, () => retry()), DELIVERED, retry(), DELIVERED)
    const r = await rig(output)
    await r.append(0, 20)
    r.start()
    const waits: number[] = []
    for (let i = 1; i <= 7; i++) {
      await until(() => output.attempts.length === i && r.winder.sleeps.length === 1)
      waits.push(r.winder.sleeps[0] ?? 0)
      r.winder.wind(waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 15000, 15000, 15000])
    await until(() => output.attempts.length === 9 && r.winder.sleeps.includes(1000))
    r.winder.wind(1000)
    await until(() => output.held.length === 20)
    expect(r.counts()).toMatchObject({ delivered: 20, retried: 8 })
    await r.end()
  })

  it('come up to a quarter earlier, at random', async () => {
    const output = new ScriptedOutput(retry(), DELIVERED)
    const r = await rig(output, { random: () => 0.5 })
    await r.append(0, 10)
    r.start()
    await until(() => r.winder.sleeps.length === 1)
    expect(r.winder.sleeps).toEqual([875])
    await r.end()
  })

  it('wait as long as the backend asks, even beyond the longest wait of our own', async () => {
    const output = new ScriptedOutput(retry('429', 60_000), DELIVERED)
    const r = await rig(output)
    await r.append(0, 10)
    r.start()
    await until(() => r.winder.sleeps.length === 1)
    expect(r.winder.sleeps).toEqual([60_000])
    r.winder.wind(59_999)
    await settle()
    expect(output.attempts.length).toBe(1)
    r.winder.wind(1)
    await until(() => output.held.length === 10)
    await r.end()
  })

  it('are made by one batch at a time, and the wait doubles once per round', async () => {
    const gates = [held(), held(), held()]
    const output = new ScriptedOutput(...gates.map((gate) => gate.answer), retry(), DELIVERED)
    const r = await rig(output, { concurrency: 3 })
    await r.append(0, 30)
    r.start()
    await until(() => output.inFlight === 3)
    for (const gate of gates) gate.give(retry())
    await until(() => output.inFlight === 0)
    await settle()
    expect(r.winder.sleeps).toEqual([1000])
    r.winder.wind(1000)
    await until(() => output.attempts.length === 4 && r.winder.sleeps.length === 1)
    await settle()
    expect([output.attempts.length, r.winder.sleeps]).toEqual([4, [2000]])
    r.winder.wind(2000)
    await until(() => output.held.length === 30)
    await r.end()
  })

  it('are told once when the second attempt fails too, and once when it works again', async () => {
    const output = new ScriptedOutput(retry(), DELIVERED, retry(), retry(), retry(), DELIVERED)
    const r = await rig(output)
    await r.append(0, 10)
    r.start()
    await until(() => r.winder.sleeps.length === 1)
    r.winder.wind(1000)
    await until(() => r.stored() === 10)
    expect(r.said()).toEqual([])
    await r.append(10, 20)
    for (const wait of [1000, 2000, 4000]) {
      await until(() => r.winder.sleeps.includes(wait))
      r.winder.wind(wait)
    }
    await until(() => output.held.length === 20)
    await settle()
    expect(r.said()).toEqual([
      'warn output "main" (loki) did not take a batch: 503. Nothing is lost, 350 bytes wait in the spool; it is tried again.',
      'info output "main" (loki) works again; 350 bytes are being delivered.',
    ])
    await r.end()
  })

  it('also follow when an output throws, against its contract', async () => {
    const output = new ScriptedOutput(() => {
      throw new TypeError('x is not a function')
    }, DELIVERED)
    const r = await rig(output)
    await r.append(0, 10)
    r.start()
    await until(() => r.winder.sleeps.length === 1)
    r.winder.wind(1000)
    await until(() => output.held.length === 10)
    expect(r.log.lines.join()).toContain('x is not a function')
    await r.end()
  })
})

describe('a hold', () => {
  it('keeps the data, says once how to mend it, tries again at the slowest pace, and says once that it works', async () => {
    const output = new ScriptedOutput(HOLD, HOLD, HOLD, DELIVERED)
    const r = await rig(output)
    await r.append(0, 20)
    r.start()
    for (let i = 1; i <= 3; i++) {
      await until(() => output.attempts.length === i && r.winder.sleeps.length === 1)
      expect(r.winder.sleeps).toEqual([15_000])
      expect(r.counts()).toEqual({ delivered: 0, refused: 0, spooled: 20, retried: 0, lost: 0 })
      r.winder.wind(15_000)
    }
    await until(() => output.held.length === 20)
    expect(r.said()).toEqual([
      'warn output "main" (loki): answers 401; nothing is lost, 690 bytes wait in the spool. Check outputs.main.token.',
      'info output "main" (loki) works again; 690 bytes are being delivered.',
    ])
    await r.end()
  })

  it('of one output stops no other', async () => {
    const dead = await rig(new ScriptedOutput(HOLD))
    const living = new ScriptedOutput()
    const other = await rig(living)
    await Promise.all([dead.append(0, 10), other.append(0, 10)])
    dead.start()
    other.start()
    await other.shipper.drained()
    expect(living.held).toEqual(ids(0, 10))
    await Promise.all([dead.end(), other.end()])
  })
})

describe('refusals', () => {
  it('are on disk with their reason before the cursor passes them', async () => {
    const output = new ScriptedOutput(refuse('id-3', 'id-7'), DELIVERED)
    const r = await rig(output)
    await r.append(0, 10)
    r.start()
    await until(() => r.stored() === 10)
    expect(r.refused()).toEqual(
      [3, 7].map((n) => ({
        reason: '400 "too old"',
        at: '2026-11-20T10:00:00.000Z',
        record: JSON.parse(recordText(n)),
      })),
    )
    const order = r.files.operations
      .filter((o) => /datasync .*refused|rename .*cursors/.test(o))
      .map((o) => o.split(' ')[0])
    expect(order).toEqual(['datasync', 'rename'])
    expect(r.counts()).toMatchObject({ delivered: 8, refused: 2, spooled: 0 })
    expect(r.said()).toEqual([
      `warn output "main" (loki) refused 2 of 10 records: 400 "too old". They are in ${join(r.dir, 'refused', 'main.ndjson')}; the rest was delivered.`,
    ])
    await r.end()
  })

  for (const operation of ['open', 'write', 'datasync', 'syncDir'] as const) {
    it(`that cannot be written (${operation}) hold the cursor until they can`, async () => {
      const output = new ScriptedOutput(refuse('id-3'), DELIVERED)
      const r = await rig(output)
      r.files.fault = (seen, path) => {
        if (seen === operation && path.includes('refused')) throw ioError('ENOSPC')
      }
      await r.append(0, 20)
      r.start()
      await until(() => r.winder.sleeps.includes(1000))
      await settle()
      expect([r.cursor.position.sequence, r.counts().refused, output.attempts.length]).toEqual([0, 0, 1])
      expect(r.said().length).toBe(1)
      expect(r.said()[0]).toContain('refused records cannot be written: ENOSPC')
      r.files.fault = () => {}
      r.winder.wind(1000)
      await until(() => r.cursor.position.sequence === 20)
      expect(r.refused().at(-1)?.record.id).toBe('id-3')
      expect(r.counts()).toMatchObject({ delivered: 19, refused: 1, spooled: 0 })
      await r.end()
    })
  }

  it('begin on a line of their own after a crash left half a line', async () => {
    const output = new ScriptedOutput(refuse('id-0'))
    const r = await rig(output)
    mkdirSync(join(r.dir, 'refused'))
    writeFileSync(join(r.dir, 'refused', 'main.ndjson'), '{"reason":"cut')
    await r.append(0, 10)
    r.start()
    await r.shipper.drained()
    const lines = readFileSync(join(r.dir, 'refused', 'main.ndjson'), 'utf8').split('\n')
    expect(lines[0]).toBe('{"reason":"cut')
    expect(JSON.parse(lines[1] ?? '').record.id).toBe('id-0')
    await r.end()
  })

  it('of the same reason are told once', async () => {
    const output = new ScriptedOutput(refuse('id-0', 'id-10', 'id-20'))
    const r = await rig(output)
    await r.append(0, 30)
    r.start()
    await r.shipper.drained()
    expect(r.counts()).toMatchObject({ delivered: 27, refused: 3 })
    expect(r.said().length).toBe(1)
    await r.end()
  })
})

describe('a split', () => {
  it('goes on down to the poison record, which alone is refused', async () => {
    const output = new ScriptedOutput((batch: Batch) =>
      batch.items.some((item) => item.id === 'id-6') ? { outcome: 'split', reason: '400 "bad record"' } : DELIVERED,
    )
    const r = await rig(output)
    await r.append(0, 10)
    r.start()
    await until(() => r.stored() === 10)
    expect(output.held).toEqual(ids(0, 10).filter((id) => id !== 'id-6'))
    expect(r.refused().map(({ reason, record }) => [reason, record.id])).toEqual([['400 "bad record"', 'id-6']])
    expect(output.attempts.length).toBeLessThanOrEqual(9)
    expect(r.counts()).toMatchObject({ delivered: 9, refused: 1, spooled: 0 })
    await r.end()
  })

  it('whose half must wait counts nothing before the whole is done', async () => {
    const output = new ScriptedOutput({ outcome: 'split', reason: '413' }, DELIVERED, retry(), DELIVERED)
    const r = await rig(output)
    await r.append(0, 10)
    r.start()
    await until(() => r.winder.sleeps.includes(1000))
    expect(r.counts()).toMatchObject({ delivered: 0, spooled: 10 })
    r.winder.wind(1000)
    await until(() => r.counts().delivered === 10)
    expect(output.attempts).toEqual([ids(0, 10), ids(0, 5), ids(5, 10), ids(5, 10)])
    await r.end()
  })
})

describe('records that a full spool drops', () => {
  const spool = { maxBytes: 4000, segmentBytes: 1000, whenFull: 'dropOldest' } as const
  const sum = (r: Rig) => {
    const { delivered, refused, spooled, lost } = r.counts()
    return delivered + refused + spooled + lost
  }

  it('are counted while the output hangs, told once a minute, and what it holds in flight is not among them', async () => {
    const gate = held()
    const output = new ScriptedOutput(gate.answer, DELIVERED)
    const r = await rig(output, { spool })
    await r.append(0, 20, 100)
    r.start()
    await until(() => output.inFlight === 1)
    for (let n = 20; n < 200; n += 5) await r.append(n, n + 5, 100)
    await until(() => r.counts().lost > 100)
    expect(sum(r)).toBe(200)
    expect(r.said().length).toBe(1)
    expect(r.said()[0]).toMatch(/^error output "main" \(loki\): \d+ records? (was|were) dropped undelivered/)
    const told = Number(/\d+/.exec(r.said()[0] ?? '')?.[0])
    r.winder.clock.advance(60_000)
    for (let n = 200; n < 240; n += 5) await r.append(n, n + 5, 100)
    await until(() => r.said().length === 2)
    const toldSince = Number(/\d+/.exec(r.said()[1] ?? '')?.[0])
    expect(told + toldSince).toBeLessThanOrEqual(r.counts().lost)
    gate.give()
    const drained = r.shipper.drained()
    await drained
    const { lost, delivered, spooled } = r.counts()
    expect([delivered + lost, spooled, sum(r)]).toEqual([240, 0, 240])
    expect(output.held.slice(0, 10)).toEqual(ids(0, 10))
    expect(output.held.slice(-10)).toEqual(ids(230, 240))
    expect(new Set(output.held).size).toBe(delivered)
    await r.end()
    const all = r.said().reduce((total, line) => total + Number(/(\d+) records? w/.exec(line)?.[1] ?? 0), 0)
    expect(all).toBe(lost)
  })

  it('are counted by the next life when this one ended before it saw them go', async () => {
    const first = await rig(new ScriptedOutput(held().answer), { spool })
    await first.append(0, 20, 100)
    first.cursor.pass(
      first.spool.start,
      await first.spool.read(first.spool.start, { maxBytes: 1, maxRecords: 1 }, new Lines()),
    )
    await first.cursor.save()
    for (let n = 20; n < 100; n += 5) await first.append(n, n + 5, 100)
    await first.end()
    const output = new ScriptedOutput()
    const r = await rig(output, { spool, dir: first.dir })
    expect(r.shipper.spooled).toBe(99)
    r.start()
    await r.shipper.drained()
    expect(output.held.at(-1)).toBe('id-99')
    const { delivered, lost, spooled } = r.counts()
    expect([delivered + lost, spooled]).toEqual([99, 0])
    expect(lost).toBeGreaterThan(50)
    await r.end()
  })
})

describe('an end', () => {
  it('drained waits for everything that is in the spool, without waiting for age', async () => {
    const gate = held()
    const output = new ScriptedOutput(gate.answer)
    const r = await rig(output)
    await r.append(0, 3)
    r.start()
    let isDrained = false
    const drained = r.shipper.drained().then(() => {
      isDrained = true
    })
    await until(() => output.inFlight === 1)
    await settle()
    expect(isDrained).toBe(false)
    gate.give()
    await drained
    expect([output.held, r.stored()]).toEqual([ids(0, 3), 3])
    expect(r.winder.clock.now()).toBe(Date.UTC(2026, 10, 20, 10))
    await r.shipper.drained()
    await r.end()
  })

  it('drained hurries a batch that is waiting for its age already', async () => {
    const output = new ScriptedOutput()
    const r = await rig(output)
    await r.append(0, 3)
    r.start()
    await until(() => r.winder.sleeps.includes(1000))
    await r.shipper.drained()
    expect(output.held).toEqual(ids(0, 3))
    await r.end()
  })

  it('drained passes records that were lost to damage', async () => {
    const first = await rig(new ScriptedOutput())
    await first.append(0, 5)
    await first.end()
    const output = new ScriptedOutput()
    const r = await rig(output, { dir: first.dir })
    const path = join(r.dir, 'spool', '0000000001.segment')
    const bytes = readFileSync(path)
    bytes[40] = 0
    writeFileSync(path, bytes)
    r.start()
    await r.shipper.drained()
    expect([output.held, r.shipper.spooled]).toEqual([ids(1, 5), 0])
    expect(r.counters.get('spool_records_lost_total', { reason: 'damaged', output: 'main' })).toBe(1)
    await r.end()
  })

  it('stop lets what is in flight end, begins nothing, and saves the cursor', async () => {
    const gate = held()
    const output = new ScriptedOutput(gate.answer)
    const r = await rig(output)
    await r.append(0, 30)
    r.start()
    await until(() => output.inFlight === 1)
    const stopped = r.shipper.stop(5000)
    gate.give()
    await stopped
    expect([output.attempts.length, r.stored(), r.shipper.spooled]).toEqual([1, 10, 20])
    await r.end()
  })

  it('stop aborts what is still in flight after its time, even if the output does not notice', async () => {
    let aborted = false
    const output = new ScriptedOutput((_batch: Batch, signal: AbortSignal) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      return new Promise<Delivery>(() => {})
    })
    const r = await rig(output)
    await r.append(0, 10)
    r.start()
    await until(() => output.inFlight === 1)
    const stopped = r.shipper.stop(5000)
    await until(() => r.winder.sleeps.includes(5000))
    expect(aborted).toBe(false)
    r.winder.wind(5000)
    await stopped
    expect([aborted, r.shipper.spooled]).toEqual([true, 10])
    await r.end()
  })

  it('stop does not wait for a backend that is away', async () => {
    for (const answer of [retry(), HOLD]) {
      const output = new ScriptedOutput(answer)
      const r = await rig(output, { concurrency: 3 })
      await r.append(0, 60)
      r.start()
      await until(() => output.attempts.length === 1 && r.winder.sleeps.length === 1)
      const drained = r.shipper.drained()
      await r.shipper.stop(5000)
      await drained
      expect(r.counts()).toMatchObject({ delivered: 0, spooled: 60 })
      await r.end()
    }
  })

  it('stop before run, and a run that is aborted before it began, end at once', async () => {
    const output = new ScriptedOutput()
    const r = await rig(output)
    await r.append(0, 10)
    await r.shipper.stop(1000)
    await r.end()
    expect(output.attempts).toEqual([])
  })
})
