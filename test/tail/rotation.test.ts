import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, it } from 'vitest'
import { disk, type FileLayer, type FileStat } from '../../src/tail/files.js'
import { Stage } from './stage.js'

const GRACE = 10_001

describe('rotation', () => {
  it('reads the rest of a renamed file, then the new one from its start (27, 31, 42)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run()
    appendFileSync(stage.path('app.log'), 'two\n')
    renameSync(stage.path('app.log'), stage.path('app.log.1'))
    writeFileSync(stage.path('app.log'), 'three\n')
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\ntwo\n', 'app.log: three\n'])
    expect(stage.sinks[0]?.file.id).not.toBe(stage.sinks[1]?.file.id)
    expect(stage.lost).toEqual([])
  })

  it('reads all of a large old file before the first byte of the new one (42)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), `${'x'.repeat(99)}\n`.repeat(3))
    await stage.run({ inputs: [{ paths: [stage.path('app.log*')] }], settings: { maxBytesPerTurn: 1024 } })
    appendFileSync(stage.path('app.log'), `${'x'.repeat(99)}\n`.repeat(100))
    renameSync(stage.path('app.log'), stage.path('app.log.1'))
    writeFileSync(stage.path('app.log'), 'new\n')
    const seen: number[] = []
    while (stage.sinks.length < 2) await stage.tail.turn(stage.signal)
    seen.push(stage.sinks[0]?.text.length ?? 0)
    expect(seen).toEqual([10_300])
    await stage.read()
    expect(stage.got[1]).toBe('app.log: new\n')
  })

  it('keeps the position of a file renamed within its glob (41)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.run()
    renameSync(stage.path('a.log'), stage.path('b.log'))
    appendFileSync(stage.path('b.log'), 'two\n')
    await stage.read()
    await stage.stop()
    appendFileSync(stage.path('b.log'), 'three\n')
    await stage.run()
    expect(stage.got).toEqual(['a.log: one\ntwo\n', 'a.log: three\n'])
    expect(stage.sinks[0]?.file.id).toBe(stage.sinks[1]?.file.id)
  })

  it('starts anew after copytruncate (28)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\ntwo\n')
    await stage.run()
    copyFileSync(stage.path('app.log'), stage.path('app.log.1'))
    truncateSync(stage.path('app.log'))
    appendFileSync(stage.path('app.log'), 'x\n')
    await stage.read()
    stage.clock.advance(GRACE)
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\ntwo\n', 'app.log: x\n'])
    expect(stage.sinks.map((sink) => sink.closed)).toEqual([true, false])
    expect(stage.lost).toEqual([])
  })

  it('finds what copytruncate cut off before it was read in the copy (28, 43)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run()
    appendFileSync(stage.path('app.log'), 'two\n')
    copyFileSync(stage.path('app.log'), stage.path('app.log.1'))
    truncateSync(stage.path('app.log'))
    appendFileSync(stage.path('app.log'), 'x\n')
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\ntwo\n', 'app.log: x\n'])
    expect(stage.lost).toEqual([])
  })

  for (const pattern of ['app.log', 'app.log*']) {
    it(`does not read the copy again that a rotation by copy and delete leaves: ${pattern}`, async () => {
      const stage = new Stage()
      const glob = { inputs: [{ paths: [stage.path(pattern)] }] }
      writeFileSync(stage.path('app.log'), 'one\n')
      await stage.run(glob)
      appendFileSync(stage.path('app.log'), 'two\n')
      copyFileSync(stage.path('app.log'), stage.path('app.log.1'))
      rmSync(stage.path('app.log'))
      await stage.read()
      stage.clock.advance(GRACE)
      await stage.read()
      await stage.stop()
      await stage.start(glob)
      writeFileSync(stage.path('app.log'), 'three\n')
      await stage.read()
      expect(stage.got).toEqual(['app.log: one\ntwo\n', 'app.log: three\n'])
      expect(stage.lost).toEqual([])
    })
  }

  it('counts what was truncated unread without a copy', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run()
    appendFileSync(stage.path('app.log'), 'lost line\n')
    await stage.tail.look()
    truncateSync(stage.path('app.log'))
    await stage.read()
    expect(stage.lost).toEqual([{ path: stage.path('app.log'), bytes: 10, reason: 'truncated before it was read' }])
    expect(stage.sinks[0]?.closed).toBe(true)
    appendFileSync(stage.path('app.log'), 'x\n')
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\n', 'app.log: x\n'])
  })

  for (const [name, extra] of [
    ['before the truncation is seen', false],
    ['while the copy is being made', true],
  ] as const) {
    it(`does not read the copy again when the glob matches it too: looked at ${name} (28)`, async () => {
      const stage = new Stage()
      const glob = { inputs: [{ paths: [stage.path('app.log*')] }] }
      writeFileSync(stage.path('app.log'), 'one\ntwo\n')
      await stage.run(glob)
      if (extra) {
        writeFileSync(stage.path('app.log.1'), 'one\n')
        await stage.read()
      }
      writeFileSync(stage.path('app.log.1'), 'one\ntwo\n')
      await stage.read()
      appendFileSync(stage.path('app.log'), 'three\n')
      appendFileSync(stage.path('app.log.1'), 'three\n')
      truncateSync(stage.path('app.log'))
      await stage.read()
      appendFileSync(stage.path('app.log'), 'x\n')
      await stage.read()
      expect(stage.got).toEqual(['app.log: one\ntwo\nthree\n', 'app.log: x\n'])
      expect(stage.lost).toEqual([])
      await stage.stop()
      await stage.run(glob)
      expect(stage.got).toHaveLength(2)
    })
  }

  it('notices by content that a file was truncated and refilled beyond the old position (29)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'first generation\n')
    await stage.run()
    writeFileSync(stage.path('app.log'), 'second generation, which is longer\n')
    await stage.read()
    expect(stage.got).toEqual(['app.log: first generation\n', 'app.log: second generation, which is longer\n'])
  })

  it('notices it also when both generations begin with the same long header (29)', async () => {
    const stage = new Stage()
    const header = `${'#'.repeat(4000)}\n`
    writeFileSync(stage.path('app.log'), `${header}first\n`)
    await stage.run()
    writeFileSync(stage.path('app.log'), `${header}second, longer\n`)
    await stage.read()
    expect(stage.got).toEqual([`app.log: ${header}first\n`, `app.log: ${header}second, longer\n`])
  })

  it('notices a file refilled to exactly its old size (29)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'aaaa\n')
    utimesSync(stage.path('app.log'), 1000, 1000)
    await stage.run()
    writeFileSync(stage.path('app.log'), 'bbbb\n')
    await stage.read()
    expect(stage.got).toEqual(['app.log: aaaa\n', 'app.log: bbbb\n'])
  })

  it('takes a stale writer that goes on at its old offset after a truncation for a new generation (30)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\ntwo\n')
    await stage.run()
    truncateSync(stage.path('app.log'))
    const stale = Buffer.concat([Buffer.alloc(8), Buffer.from('three\n')])
    writeFileSync(stage.path('app.log'), stale)
    await stage.read()
    expect(stage.got[1]).toBe(`app.log: ${stale.toString()}`)
  })

  it('loses nothing over several rotations between two looks (32)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log.1'), 'long ago\n')
    utimesSync(stage.path('app.log.1'), 1000, 1000)
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run()
    for (const text of ['two\n', 'three\n', 'four\n']) {
      for (let i = 5; i >= 1; i--) {
        try {
          renameSync(stage.path(`app.log.${i}`), stage.path(`app.log.${i + 1}`))
        } catch {
          // Not that many yet.
        }
      }
      renameSync(stage.path('app.log'), stage.path('app.log.1'))
      writeFileSync(stage.path('app.log'), text)
    }
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\n', 'app.log: two\n', 'app.log: three\n', 'app.log: four\n'])
  })

  it('holds a rotated file for the grace time, reads late lines, then frees it (33)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run()
    renameSync(stage.path('app.log'), stage.path('app.log.1'))
    await stage.read()
    stage.clock.advance(9_000)
    appendFileSync(stage.path('app.log.1'), 'late\n')
    await stage.read()
    stage.clock.advance(9_000)
    await stage.read()
    expect(stage.sinks[0]?.closed).toBe(false)
    expect(stage.tail.openFiles).toBe(1)
    stage.clock.advance(2_000)
    await stage.read()
    expect(stage.sinks[0]?.closed).toBe(true)
    expect(stage.tail.openFiles).toBe(0)
    expect(stage.got).toEqual(['app.log: one\nlate\n'])
  })

  it('reads a deleted file to its end, then frees it (33)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run()
    appendFileSync(stage.path('app.log'), 'two\n')
    rmSync(stage.path('app.log'))
    await stage.read()
    stage.clock.advance(GRACE)
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\ntwo\n'])
    expect(stage.tail.openFiles).toBe(0)
    expect(stage.lost).toEqual([])
  })

  it('counts a file that was deleted while its descriptor was spared', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log']) writeFileSync(stage.path(name), `${name}\n`)
    await stage.run({ settings: { maxOpenFiles: 1 } })
    for (const name of ['a.log', 'b.log']) appendFileSync(stage.path(name), 'more\n')
    await stage.tail.look()
    rmSync(stage.path('a.log'))
    rmSync(stage.path('b.log'))
    await stage.read()
    expect(stage.lost).toEqual([expect.objectContaining({ bytes: 5, reason: 'deleted before it was read' })])
    expect(stage.sinks.map((sink) => sink.text.length).sort()).toEqual([11, 6].sort())
  })

  it('finishes a file that was renamed out of the glob while its descriptor was spared (31)', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log']) writeFileSync(stage.path(name), `${name}\n`)
    await stage.run({ settings: { maxOpenFiles: 1 } })
    for (const name of ['a.log', 'b.log']) {
      appendFileSync(stage.path(name), 'more\n')
      renameSync(stage.path(name), stage.path(`${name}.gone`))
    }
    await stage.read()
    expect(stage.got.sort()).toEqual(['a.log: a.log\nmore\n', 'b.log: b.log\nmore\n'])
    expect(stage.lost).toEqual([])
  })

  it('reads a file deleted and made again from its start (36)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'the first one\n')
    await stage.run()
    rmSync(stage.path('app.log'))
    await stage.read()
    stage.clock.advance(GRACE)
    await stage.read()
    // The descriptor is free: the file system may give the inode again.
    writeFileSync(stage.path('app.log'), 'the second, longer one\n')
    await stage.read()
    expect(stage.got).toEqual(['app.log: the first one\n', 'app.log: the second, longer one\n'])
  })

  for (const isDown of [false, true]) {
    it(`believes no inode that the system gives again, while ${isDown ? 'it is down' : 'it runs'} (36)`, async () => {
      const stage = new Stage()
      const path = stage.path('app.log')
      // Whether a file system does that is chance, so it is put into the layer.
      const same = (stat: FileStat): FileStat => ({ ...stat, key: '1:7' })
      const files: FileLayer = {
        ...disk,
        stat: async (name) => (name === path ? same(await disk.stat(name)) : disk.stat(name)),
        openToRead: async (name) => {
          const file = await disk.openToRead(name)
          return name === path ? { ...file, stat: async () => same(await file.stat()) } : file
        },
      }
      writeFileSync(path, 'header\nfirst\n')
      await stage.run({ files })
      rmSync(path)
      if (isDown) await stage.stop()
      else {
        await stage.read()
        stage.clock.advance(GRACE)
        await stage.read()
        expect(stage.tail.openFiles).toBe(0)
      }
      writeFileSync(path, 'header\nsecond, which is longer\n')
      if (isDown) await stage.start({ files })
      await stage.read()
      expect(stage.got).toEqual(['app.log: header\nfirst\n', 'app.log: header\nsecond, which is longer\n'])
      expect(stage.sinks[0]?.file.id).not.toBe(stage.sinks[1]?.file.id)
      expect(stage.lost).toEqual([])
    })
  }

  it('goes on with a file that was moved away and back (37)', async () => {
    const stage = new Stage()
    mkdirSync(stage.path('away'))
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run()
    renameSync(stage.path('app.log'), stage.path('away/app.log'))
    await stage.read()
    stage.clock.advance(GRACE)
    await stage.read()
    expect(stage.tail.openFiles).toBe(0)
    renameSync(stage.path('away/app.log'), stage.path('app.log'))
    appendFileSync(stage.path('app.log'), 'two\n')
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\n', 'app.log: two\n'])
    expect(stage.sinks[1]?.file).toMatchObject({ id: stage.sinks[0]?.file.id, startOffset: 4 })
  })

  it('reads both of two files with the same beginning, however short (38)', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log', 'b.log.1']) writeFileSync(stage.path(name), 'header\n')
    const glob = { inputs: [{ paths: [stage.path('*.log*')] }] }
    await stage.run(glob)
    await stage.stop()
    appendFileSync(stage.path('a.log'), 'a\n')
    appendFileSync(stage.path('b.log'), 'b\n')
    await stage.run(glob)
    expect(stage.got).toContain('a.log: header\n')
    expect(stage.got).toContain('b.log: header\n')
    expect(stage.got).toContain('a.log: a\n')
    expect(stage.got).toContain('b.log: b\n')
  })

  it('looks on while reading waits, so that a rotation then loses nothing (43)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.start()
    for (const text of ['two\n', 'three\n']) {
      rmSync(stage.path('app.log'))
      writeFileSync(stage.path('app.log'), text)
      await stage.tail.look()
    }
    await stage.read()
    expect(stage.got).toEqual(['app.log: one\n', 'app.log: two\n', 'app.log: three\n'])
    expect(stage.lost).toEqual([])
  })

  it('believes no bytes when the file is replaced between two blocks of one turn (29)', async () => {
    const stage = new Stage()
    const line = (i: number) => `line ${i} of the first generation\n`
    const first = Array.from({ length: 200 }, (_, i) => line(i)).join('')
    writeFileSync(stage.path('app.log'), first)
    const second = Array.from({ length: 400 }, (_, i) => `line ${i} of the second\n`).join('')
    let reads = 0
    const files = {
      ...disk,
      openToRead: async (path: string) => {
        const file = await disk.openToRead(path)
        return {
          ...file,
          read: (buffer: Buffer, start: number, length: number, position: number) => {
            if (length > 1024 && ++reads === 3) writeFileSync(path, second)
            return file.read(buffer, start, length, position)
          },
        }
      },
    }
    await stage.run({ files, settings: { maxBytesPerTurn: 2048 } })
    expect(reads).toBeGreaterThan(3)
    expect(first.startsWith(stage.sinks[0]?.text ?? '?')).toBe(true)
    expect(stage.sinks[1]?.text).toBe(second)
    expect(stage.lost[0]?.bytes).toBe(first.length - (stage.sinks[0]?.text.length ?? 0))
  })
})
