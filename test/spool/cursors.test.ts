import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { Cursor, Cursors } from '../../src/spool/cursors.js'
import { Lines } from '../../src/spool/lines.js'
import type { Position } from '../../src/spool/position.js'
import type { SpoolSettings } from '../../src/spool/settings.js'
import { Spool } from '../../src/spool/spool.js'
import { ioError, listLog, tempDir, WatchedFiles } from './disk.js'

const ONE = { maxBytes: 1000, maxRecords: 1 }
const at = (n: number): Position => ({ segment: 1, offset: 24 + 10 * n, sequence: n })

/** A spool of ten records in several segments, and its cursors. */
async function setUp(names: readonly string[], files = new WatchedFiles()) {
  const dir = tempDir()
  const log = listLog()
  const counters = new Counters()
  const open = async () => {
    const settings: SpoolSettings = { maxBytes: 1 << 20, segmentBytes: 100, whenFull: 'wait' }
    const spool = await Spool.open({ dir: join(dir, 'spool'), settings, log, counters })
    onTestFinished(() => spool.close().catch(() => undefined))
    const cursors = await Cursors.open({ dir: join(dir, 'cursors'), names, spool, log, counters, files })
    return { spool, cursors }
  }
  const { spool, cursors } = await open()
  for (let i = 0; i < 10; i++) spool.append(JSON.stringify({ id: i, message: 'something' }))
  await spool.flush()
  const positions = [spool.start]
  for (let position = spool.start; position.sequence < 10; ) {
    position = await spool.read(position, ONE, new Lines())
    positions.push(position)
  }
  const position = (n: number) => positions[n] ?? spool.end
  return { dir, log, counters, files, open, spool, cursors, position }
}

describe('a cursor', () => {
  it('stays before a gap and passes it when the gap closes', () => {
    const cursor = new Cursor('main', at(0), { write: async () => {} })
    cursor.pass(at(3), at(5))
    cursor.pass(at(1), at(3))
    expect([cursor.position, cursor.earlyRecords]).toEqual([at(0), 4])
    cursor.pass(at(0), at(1))
    expect([cursor.position, cursor.earlyRecords]).toEqual([at(5), 0])
  })

  it('stands at the first unfinished range, in whatever order the ranges finish', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }).chain((n) => fc.shuffledSubarray([...Array(n).keys()], { minLength: n })),
        (order) => {
          const cursor = new Cursor('main', at(0), { write: async () => {} })
          const finished = new Set<number>()
          for (const n of order) {
            cursor.pass(at(n), at(n + 1))
            finished.add(n)
            let prefix = 0
            while (finished.has(prefix)) prefix++
            expect(cursor.position).toEqual(at(prefix))
            expect(cursor.position.sequence + cursor.earlyRecords).toBe(finished.size)
          }
        },
      ),
    )
  })

  it('is not written again while it stands still', async () => {
    const written: Position[] = []
    const cursor = new Cursor('main', at(0), { write: async (position) => void written.push(position) })
    await cursor.save()
    cursor.pass(at(0), at(2))
    await Promise.all([cursor.save(), cursor.save()])
    expect(written).toEqual([at(2)])
  })

  it('whose file has any bit flipped passes over no record', async () => {
    const { cursors, position, spool, dir, log, counters } = await setUp(['main'])
    cursors.of('main').pass(position(0), position(4))
    await cursors.of('main').save()
    const path = join(dir, 'cursors', 'main.json')
    const whole = readFileSync(path)
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bytes = Buffer.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(path, bytes)
      const again = await Cursors.open({ dir: join(dir, 'cursors'), names: ['main'], spool, log, counters })
      expect(again.of('main').position.sequence, bytes.toString()).toBeLessThanOrEqual(4)
    }
    // All but a few flips, in the line end, are seen.
    expect(counters.total('cursors_unreadable_total')).toBeGreaterThan(7 * whole.length)
  })

  it('goes on from a file of the first version, which has no sum', async () => {
    const { position, open, dir, counters } = await setUp(['main'])
    writeFileSync(join(dir, 'cursors', 'main.json'), JSON.stringify({ version: 1, ...position(6) }))
    const { cursors } = await open()
    expect(cursors.of('main').position.sequence).toBe(6)
    expect(counters.total('cursors_unreadable_total')).toBe(0)
  })

  it('survives a restart at the place where it was saved, in a file of its own for the user only', async () => {
    const { cursors, position, open, dir, spool } = await setUp(['main', 'odd/name'])
    for (const [name, n] of [
      ['main', 7],
      ['odd/name', 3],
    ] as const) {
      cursors.of(name).pass(spool.start, position(n))
      await cursors.of(name).save()
    }
    await spool.close()
    const again = await open()
    expect(again.spool.end.sequence - again.cursors.of('main').position.sequence).toBe(3)
    expect(again.cursors.of('odd/name').position.sequence).toBe(3)
    expect(readdirSync(join(dir, 'cursors')).sort()).toEqual(['main.json', 'odd%2Fname.json'])
    expect(statSync(join(dir, 'cursors', 'main.json')).mode & 0o777).toBe(0o600)
    await again.spool.close()
  })

  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"version":1,"segment":-1,"offset":0,"sequence":0}',
    '{"version":2,"segment":1,"offset":24,"sequence":0}',
  ]) {
    it(`that reads ${JSON.stringify(text)} begins again at the oldest record, and says so`, async () => {
      const { cursors, position, open, dir, spool, log, counters } = await setUp(['main'])
      cursors.of('main').pass(spool.start, position(4))
      await cursors.of('main').save()
      writeFileSync(join(dir, 'cursors', 'main.json'), text)
      await spool.close()
      const again = await open()
      expect(again.cursors.of('main').position).toEqual(again.spool.start)
      expect(log.lines.length).toBe(1)
      expect(log.lines[0]).toContain('begins again at the oldest record')
      expect(counters.get('cursors_unreadable_total', { output: 'main' })).toBe(1)
      await again.spool.close()
    })
  }

  for (const operation of ['open', 'write', 'datasync', 'rename', 'syncDir'] as const) {
    it(`whose save fails at ${operation} leaves the old file or the new one, whole, and saves later`, async () => {
      const { cursors, position, files, dir, spool } = await setUp(['main'])
      const cursor = cursors.of('main')
      cursor.pass(spool.start, position(2))
      await cursor.save()
      cursor.pass(position(2), position(5))
      files.fault = (seen) => {
        if (seen === operation) throw ioError('ENOSPC')
      }
      await expect(cursor.save()).rejects.toThrow('ENOSPC')
      expect(cursor.saved.sequence).toBe(2)
      const stored = JSON.parse(readFileSync(join(dir, 'cursors', 'main.json'), 'utf8')).sequence
      expect(stored).toBe(operation === 'syncDir' ? 5 : 2)
      files.fault = () => {}
      await cursor.save()
      expect(cursor.saved.sequence).toBe(5)
      await spool.close()
    })
  }
})

describe('the cursors together', () => {
  it('give back the space behind the slowest of them, and only when it is saved', async () => {
    const { cursors, position, spool, dir } = await setUp(['fast', 'slow'])
    const segments = () => readdirSync(join(dir, 'spool')).length
    const all = segments()
    cursors.of('fast').pass(spool.start, spool.end)
    await cursors.of('fast').save()
    expect([cursors.oldest, segments()]).toEqual([spool.start, all])
    const slow = cursors.of('slow')
    slow.pass(spool.start, position(6))
    expect(segments()).toBe(all)
    await slow.save()
    expect(cursors.oldest).toEqual(position(6))
    expect(segments()).toBeLessThan(all)
    const lines = new Lines()
    await spool.read(slow.position, ONE, lines)
    expect(lines.record(0).toString()).toContain('"id":6')
    await spool.close()
  })

  it('begin a new output at the oldest record that is still there', async () => {
    const { cursors, position, spool, dir, log, counters } = await setUp(['main'])
    cursors.of('main').pass(spool.start, position(6))
    await cursors.of('main').save()
    const names = ['main', 'new']
    const more = await Cursors.open({ dir: join(dir, 'cursors'), names, spool, log, counters })
    expect(more.of('new').position).toEqual(spool.start)
    expect(spool.start.sequence).toBeGreaterThan(0)
    expect(() => more.of('other')).toThrow('no cursor for output "other"')
    await spool.close()
  })
})
