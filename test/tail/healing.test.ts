/** Files that stop being read: whatever the reason, each is read on by itself, and told. */
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { disk, type FileLayer, type OpenedFile } from '../../src/tail/files.js'
import { Stage } from './stage.js'

/** A layer that puts `change` over every file that is opened to be read, and counts those that are open. */
function over(
  change: (file: OpenedFile, path: string) => Partial<OpenedFile>,
): FileLayer & { open: number; most: number } {
  const layer = {
    ...disk,
    open: 0,
    most: 0,
    openToRead: async (path: string): Promise<OpenedFile> => {
      const file = await disk.openToRead(path)
      layer.open++
      layer.most = Math.max(layer.most, layer.open)
      const close = async () => {
        layer.open--
        await file.close()
      }
      return { ...file, ...change(file, path), close }
    },
  }
  return layer
}

const fails = (code: string) => Promise.reject(Object.assign(new Error(code), { code }))

describe('a file that stops being read', () => {
  it('because its descriptor gives no more is opened anew and told, once', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    writeFileSync(stage.path('b.log'), 'one\n')
    let era = 0
    // A stale descriptor still knows what was read of it.
    const files = over((file, path) => {
      const born = era
      const isStale = () => path.endsWith('a.log') && born < era
      return {
        read: async (buffer, start, length, position) => {
          const got = await file.read(buffer, start, length, position)
          return isStale() ? Math.max(0, Math.min(got, 4 - position)) : got
        },
      }
    })
    await stage.run({ files })
    era++
    for (const name of ['a.log', 'b.log']) appendFileSync(stage.path(name), 'two\n')
    for (let i = 0; i < 20; i++) {
      await stage.tail.turn(stage.signal)
      stage.clock.advance(1000)
    }
    expect(stage.got).toEqual(['a.log: one\n', 'b.log: one\ntwo\n'])
    for (let i = 0; i < 20; i++) {
      await stage.tail.turn(stage.signal)
      stage.clock.advance(1000)
    }
    expect(stage.got).toEqual(['a.log: one\ntwo\n', 'b.log: one\ntwo\n'])
    expect(stage.stuck).toEqual([
      'a.log holds more than the 4 bytes that were read of it, and was not read on for 30 s.',
    ])
  })

  it('is not one that waits for the spool with all others', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.run()
    appendFileSync(stage.path('a.log'), 'two\n')
    for (let i = 0; i < 100; i++) {
      await stage.tail.look()
      stage.clock.advance(1000)
    }
    await stage.read()
    expect(stage.got).toEqual(['a.log: one\ntwo\n'])
    expect(stage.stuck).toEqual([])
  })

  it('because its descriptor went stale with an error is opened anew at once', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    let era = 0
    const files = over((file) => {
      const born = era
      return { read: (...args) => (born < era ? fails('ESTALE') : file.read(...args)) }
    })
    await stage.run({ files })
    era++
    appendFileSync(stage.path('a.log'), 'two\n')
    await stage.read()
    await stage.read()
    expect(stage.got).toEqual(['a.log: one\ntwo\n'])
    expect(stage.problems).toEqual(['a.log could not be read (ESTALE).'])
  })

  it('because of a fault of ours is read on behind it, told and counted', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), `one\n${'x'.repeat(1020)}`)
    writeFileSync(stage.path('b.log'), 'one\n')
    await stage.run({ settings: { maxBytesPerTurn: 1024 } })
    const [sink] = stage.sinks
    if (sink) {
      sink.push = () => {
        throw new Error('a bug')
      }
    }
    appendFileSync(stage.path('a.log'), '\ntwo\n')
    appendFileSync(stage.path('b.log'), 'two\n')
    await stage.read()
    appendFileSync(stage.path('a.log'), 'three\n')
    await stage.read()
    expect(stage.sinks.map(({ file, text }) => [file.startOffset, text.slice(-6)])).toEqual([
      [0, 'xxxxxx'],
      [0, 'e\ntwo\n'],
      [1029, 'three\n'],
    ])
    expect(stage.sinks[2]?.file.id).toBe(stage.sinks[0]?.file.id)
    expect(stage.sinks[0]?.closed).toBe(true)
    expect(stage.lost).toEqual([{ path: stage.path('a.log'), bytes: 5, reason: 'errand failed on them' }])
    expect(stage.problems).toEqual(['a.log holds bytes, 1024 to 1029, on which errand failed: Error: a bug.'])
  })

  for (const code of ['EMFILE', 'EIO', 'EACCES'] as const) {
    for (const step of ['openToRead', 'list', 'stat'] as const) {
      it(`over a rotation during which ${step} fails with ${code} loses nothing`, async () => {
        const stage = new Stage()
        let broken = false
        const files: FileLayer = {
          ...disk,
          [step]: (path: string) =>
            broken && path !== stage.path('app.log') ? fails(code) : (disk[step] as (path: string) => unknown)(path),
        }
        const options = { files, settings: { maxOpenFiles: 1 } }
        for (const name of ['app.log', 'b.log']) writeFileSync(stage.path(name), 'one\n')
        await stage.run(options)
        broken = true
        for (const name of ['app.log', 'b.log']) {
          appendFileSync(stage.path(name), 'two\n')
          renameSync(stage.path(name), stage.path(`${name}.1`))
          writeFileSync(stage.path(name), 'three\n')
        }
        for (let i = 0; i < 3; i++) await stage.tail.turn(stage.signal)
        broken = false
        for (let i = 0; i < 3; i++) await stage.read()
        expect(stage.got.sort()).toEqual(
          ['app.log: one\ntwo\n', 'app.log: three\n', 'b.log: one\ntwo\n', 'b.log: three\n'].sort(),
        )
        expect(stage.lost).toEqual([])
      })
    }
  }

  it('is not one that cannot be found again because its disk is away at the start', async () => {
    const stage = new Stage()
    let broken = false
    const files: FileLayer = {
      ...disk,
      openToRead: (path) => (broken ? fails('EIO') : disk.openToRead(path)),
      list: (path) => (broken ? fails('EIO') : disk.list(path)),
    }
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run({ files })
    await stage.stop()
    appendFileSync(stage.path('app.log'), 'two\n')
    renameSync(stage.path('app.log'), stage.path('app.log.1'))
    writeFileSync(stage.path('app.log'), 'three\n')
    broken = true
    await stage.start({ files })
    for (let i = 0; i < 3; i++) await stage.tail.turn(stage.signal)
    expect(stage.got).toEqual(['app.log: one\n'])
    broken = false
    await stage.read()
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\n', 'app.log: two\n', 'app.log: three\n'])
    expect(stage.lost).toEqual([])
  })

  it('counts as lost in the end when it may be in what can never be read', async () => {
    const stage = new Stage()
    const files: FileLayer = {
      ...disk,
      openToRead: (path) => (path.endsWith('.1') ? fails('EACCES') : disk.openToRead(path)),
    }
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run({ files })
    await stage.stop()
    appendFileSync(stage.path('app.log'), 'two\n')
    // The positions know of two lines and that one was read.
    await stage.start({ files })
    await stage.stop()
    renameSync(stage.path('app.log'), stage.path('app.log.1'))
    await stage.run({ files })
    expect(stage.lost).toEqual([])
    stage.clock.advance(61_000)
    await stage.read()
    expect(stage.lost).toEqual([expect.objectContaining({ bytes: 4 })])
  })
})

describe('open files', () => {
  const many = Array.from({ length: 60 }, (_, i) => `${String(i).padStart(2, '0')}.log`)

  it('are bounded while all files rotate at once (6, 33)', async () => {
    const stage = new Stage()
    const files = over(() => ({}))
    for (const name of many) writeFileSync(stage.path(name), 'one\n')
    await stage.run({ files, settings: { maxOpenFiles: 5 } })
    for (const name of many) {
      appendFileSync(stage.path(name), 'two\n')
      renameSync(stage.path(name), stage.path(`${name}.1`))
      writeFileSync(stage.path(name), 'three\n')
    }
    await stage.read()
    for (const name of many) appendFileSync(stage.path(`${name}.1`), 'late\n')
    await stage.read()
    // One more is open while it is looked into.
    expect(files.most).toBeLessThanOrEqual(7)
    expect(stage.got.sort()).toEqual(many.flatMap((name) => [`${name}: one\ntwo\nlate\n`, `${name}: three\n`]).sort())
    stage.clock.advance(20_000)
    await stage.read()
    expect(stage.sinks.filter(({ closed }) => closed)).toHaveLength(60)
    await stage.stop()
    expect(files.open).toBe(0)
  })

  it('of deleted files are freed as soon as they are read when there are too many (33)', async () => {
    const stage = new Stage()
    const files = over(() => ({}))
    const three = many.slice(0, 3)
    await stage.start({ files, settings: { maxOpenFiles: 2, rotatedGrace: '1h' } })
    for (const name of three) {
      writeFileSync(stage.path(name), 'one\n')
      await stage.read()
      appendFileSync(stage.path(name), 'two\n')
      rmSync(stage.path(name))
      await stage.tail.look()
    }
    await stage.read()
    await stage.read()
    expect(stage.tail.openFiles).toBeLessThanOrEqual(2)
    expect(stage.got).toEqual(three.map((name) => `${name}: one\ntwo\n`))
    expect(stage.lost).toEqual([])
  })
})

it('a clock that was set back holds no file longer than the grace time', async () => {
  const stage = new Stage()
  writeFileSync(stage.path('a.log'), 'one\n')
  await stage.run()
  rmSync(stage.path('a.log'))
  await stage.read()
  stage.clock.advance(-1e9)
  await stage.read()
  stage.clock.advance(10_001)
  await stage.read()
  expect(stage.sinks[0]?.closed).toBe(true)
})
