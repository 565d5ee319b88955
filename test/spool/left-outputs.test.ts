/** What becomes of the records of outputs that come and go: nobody skips, and nobody who is gone holds the spool. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { silentLog } from '../../src/core/log.js'
import { type Cursor, Cursors } from '../../src/spool/cursors.js'
import { Lines } from '../../src/spool/lines.js'
import { spoolSettings } from '../../src/spool/settings.js'
import { Spool } from '../../src/spool/spool.js'

async function rig() {
  const dir = await mkdtemp(join(tmpdir(), 'errand-left-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const counters = new Counters()
  const told: string[] = []
  const say = (text: unknown) => void told.push(String(text))
  const log = { ...silentLog, info: say, warn: say }
  const settings = spoolSettings.parse({})
  const spool = await Spool.open({ dir: join(dir, 'spool'), settings, log, counters })
  onTestFinished(() => spool.close())
  return {
    spool,
    counters,
    told,
    /** A run with these outputs; those of `known` were there in the run before. */
    async begin(names: string[], known: string[]) {
      const isNew = (name: string) => !known.includes(name)
      const cursors = await Cursors.open({ dir: join(dir, 'cursors'), names, spool, log, counters, isNew })
      return cursors
    },
    async write(count: number) {
      for (let i = 0; i < count; i++) spool.append('{"id":"x"}')
      await spool.flush()
    },
    async deliver(cursor: Cursor, count: number) {
      const lines = new Lines(1 << 16)
      const to = await spool.read(cursor.position, { maxBytes: 1 << 16, maxRecords: count }, lines)
      cursor.pass(cursor.position, to)
      await cursor.save()
    },
    files: async () => (await readdir(join(dir, 'cursors'))).sort(),
    before: (cursor: Cursor) => spool.end.sequence - cursor.position.sequence,
  }
}

it('a new output begins with what any other has before it, not with what all have delivered', async () => {
  const { begin, write, deliver, before } = await rig()
  const first = await begin(['quick', 'slow'], [])
  await first.giveUpLeft()
  await write(10)
  await deliver(first.of('quick'), 10)
  await deliver(first.of('slow'), 4)
  const second = await begin(['quick', 'slow', 'new'], ['quick', 'slow'])
  expect(['quick', 'slow', 'new'].map((name) => before(second.of(name)))).toEqual([0, 6, 6])
})

it('an output that never saved a position begins at the oldest record, however old', async () => {
  const { begin, write, deliver, before } = await rig()
  const first = await begin(['quick', 'dead'], [])
  await write(10)
  await deliver(first.of('quick'), 10)
  // The run was killed before anything of "dead" was on disk.
  const second = await begin(['quick', 'dead', 'new'], ['quick', 'dead'])
  expect(['quick', 'dead', 'new'].map((name) => before(second.of(name)))).toEqual([0, 10, 10])
})

it('an output under another name goes on where it was', async () => {
  const { begin, write, deliver, before, told, files, counters } = await rig()
  const first = await begin(['old'], [])
  await first.giveUpLeft()
  await write(10)
  await deliver(first.of('old'), 7)
  const second = await begin(['renamed'], ['old'])
  await second.giveUpLeft()
  expect(before(second.of('renamed'))).toBe(3)
  expect(told).toEqual([
    'output "old" is not in the config any more; 3 records that it had not delivered go to "renamed".',
  ])
  expect(await files()).toEqual(['renamed.json'])
  expect(counters.total('spool_records_lost_total')).toBe(0)
})

it('an output that is gone gives up its records, told and counted, and only when the run goes on', async () => {
  const { begin, write, deliver, told, files, spool, counters } = await rig()
  const first = await begin(['one', 'gone'], [])
  await first.giveUpLeft()
  await write(10)
  await deliver(first.of('one'), 10)
  const second = await begin(['one'], ['one', 'gone'])
  // As long as nobody gave it up, a run with the old config finds everything.
  expect(second.oldest).toEqual(spool.start)
  expect((await begin(['one', 'gone'], ['one', 'gone'])).of('gone').position).toEqual(spool.start)
  await second.giveUpLeft()
  expect(second.oldest).toEqual(spool.end)
  expect(told).toEqual(['output "gone" is not in the config any more; 10 records were not delivered to it.'])
  expect(counters.get('spool_records_lost_total', { reason: 'output removed', output: 'gone' })).toBe(10)
  expect(await files()).toEqual(['one.json'])
})
