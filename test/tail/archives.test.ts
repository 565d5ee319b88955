import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import * as zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { disk, type OpenedFile } from '../../src/tail/files.js'
import { Stage, type StageOptions } from './stage.js'

const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer }
const GRACE = 10_001
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} of the log\n`).join('')

/** As `gzip FILE` does it: a new file beside it that keeps its time, and then the old one goes. */
function pack(stage: Stage, name: string, suffix: '.gz' | '.zst' = '.gz'): void {
  const path = stage.path(name)
  const bytes = readFileSync(path)
  const packed = suffix === '.gz' ? zlib.gzipSync(bytes) : (zstdCompressSync ?? zlib.gzipSync)(bytes)
  writeFileSync(`${path}${suffix}`, packed)
  const { atime, mtime } = statSync(path)
  utimesSync(`${path}${suffix}`, atime, mtime)
  rmSync(path)
}

function rotate(stage: Stage, name = 'app.log'): void {
  renameSync(stage.path(name), stage.path(`${name}.1`))
}

const kinds = zstdCompressSync ? (['.gz', '.zst'] as const) : (['.gz'] as const)

describe('a log that was compressed while the agent was not running', () => {
  for (const suffix of kinds) {
    it(`is finished from its position, before the new one: ${suffix} (20, 34)`, async () => {
      const stage = new Stage()
      writeFileSync(stage.path('app.log'), lines(0, 3))
      await stage.run()
      await stage.stop()
      appendFileSync(stage.path('app.log'), lines(3, 5))
      rotate(stage)
      pack(stage, 'app.log.1', suffix)
      writeFileSync(stage.path('app.log'), lines(5, 6))
      await stage.run()
      expect(stage.got).toEqual([`app.log: ${lines(0, 3)}`, `app.log: ${lines(3, 5)}`, `app.log: ${lines(5, 6)}`])
      expect(stage.sinks[1]?.file).toMatchObject({ id: stage.sinks[0]?.file.id, startOffset: lines(0, 3).length })
      expect(stage.lost).toEqual([])
      expect(stage.sinks[1]?.closed).toBe(true)
      for (let i = 0; i < 2; i++) {
        await stage.stop()
        await stage.run()
      }
      expect(stage.got).toHaveLength(3)
      expect(stage.tail.openFiles).toBe(1)
    })
  }

  it('is finished, and so are those that came and were compressed after it (20, 32)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log.1'), 'never asked for\n')
    utimesSync(stage.path('app.log.1'), 1000, 1000)
    pack(stage, 'app.log.1')
    renameSync(stage.path('app.log.1.gz'), stage.path('app.log.2.gz'))
    writeFileSync(stage.path('app.log'), lines(0, 3))
    await stage.run()
    await stage.stop()
    for (let i = 0; i < 3; i++) {
      for (let n = 5; n >= 1; n--) {
        for (const end of ['.gz', '']) {
          try {
            renameSync(stage.path(`app.log.${n}${end}`), stage.path(`app.log.${n + 1}${end}`))
          } catch {
            // Not that many yet.
          }
        }
      }
      appendFileSync(stage.path('app.log'), lines(3 + 2 * i, 5 + 2 * i))
      rotate(stage)
      // Compressed one rotation later, as with logrotate's delaycompress.
      if (i > 0) pack(stage, 'app.log.2')
      writeFileSync(stage.path('app.log'), '')
    }
    await stage.run()
    expect(stage.got).toEqual([
      `app.log: ${lines(0, 3)}`,
      `app.log: ${lines(3, 5)}`,
      `app.log: ${lines(5, 7)}`,
      `app.log: ${lines(7, 9)}`,
    ])
    expect(stage.lost).toEqual([])
  })

  it('is finished from its position when it was copied and truncated (20, 35)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), lines(0, 3))
    await stage.run()
    await stage.stop()
    appendFileSync(stage.path('app.log'), lines(3, 5))
    copyFileSync(stage.path('app.log'), stage.path('app.log.1'))
    truncateSync(stage.path('app.log'))
    pack(stage, 'app.log.1')
    appendFileSync(stage.path('app.log'), lines(5, 6))
    await stage.run()
    expect(stage.got).toEqual([`app.log: ${lines(0, 3)}`, `app.log: ${lines(3, 5)}`, `app.log: ${lines(5, 6)}`])
    expect(stage.lost).toEqual([])
  })

  it('is found by its content, not by its name and time', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), lines(0, 3))
    await stage.run()
    await stage.stop()
    appendFileSync(stage.path('app.log'), lines(3, 5))
    rotate(stage)
    pack(stage, 'app.log.1')
    renameSync(stage.path('app.log.1.gz'), stage.path('app.log-20260101.gz'))
    writeFileSync(stage.path('app.log.1'), lines(90, 99))
    pack(stage, 'app.log.1')
    await stage.run()
    expect(stage.sinks.filter(({ file }) => file.id === stage.sinks[0]?.file.id).map(({ text }) => text)).toEqual([
      lines(0, 3),
      lines(3, 5),
    ])
  })

  it('goes on in the middle after a further restart', async () => {
    const stage = new Stage()
    const settings = { maxBytesPerTurn: 1024 }
    writeFileSync(stage.path('app.log'), lines(0, 3))
    await stage.run({ settings })
    await stage.stop()
    // Enough for several turns.
    appendFileSync(stage.path('app.log'), lines(3, 500_000))
    rotate(stage)
    pack(stage, 'app.log.1')
    await stage.start({ settings })
    await stage.tail.turn(stage.signal)
    await stage.stop()
    const read = stage.sinks[1]?.text.length ?? 0
    expect(read).toBeGreaterThan(0)
    expect(read).toBeLessThan(lines(3, 500_000).length)
    await stage.run({ settings })
    const whole = stage.sinks.map((sink, i) => {
      const next = stage.sinks[i + 1]
      return next === undefined ? sink.text : sink.text.slice(0, next.file.startOffset - sink.file.startOffset)
    })
    expect(whole.join('') === lines(0, 500_000)).toBe(true)
    expect(new Set(stage.sinks.map(({ file }) => file.id)).size).toBe(1)
  })

  it('that is damaged is read as far as it can be, and reported', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), lines(0, 3))
    await stage.run()
    await stage.stop()
    appendFileSync(stage.path('app.log'), lines(3, 5000))
    rotate(stage)
    pack(stage, 'app.log.1')
    truncateSync(stage.path('app.log.1.gz'), statSync(stage.path('app.log.1.gz')).size - 200)
    await stage.run()
    const text = stage.sinks[1]?.text ?? ''
    expect(lines(3, 5000).startsWith(text)).toBe(true)
    expect(text.length).toBeGreaterThan(10_000)
    expect(stage.problems.join()).toMatch(
      /is damaged or cut short: \d+ bytes of its content could be unpacked and were read/,
    )
  })
})

describe('a log that is compressed while the agent runs', () => {
  it('is read to its end through its open descriptor', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), lines(0, 3))
    await stage.run()
    appendFileSync(stage.path('app.log'), lines(3, 5))
    rotate(stage)
    pack(stage, 'app.log.1')
    writeFileSync(stage.path('app.log'), lines(5, 6))
    await stage.read()
    expect(stage.got).toEqual([`app.log: ${lines(0, 5)}`, `app.log: ${lines(5, 6)}`])
  })

  it('is finished in the compressed file when its descriptor was spared', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log']) writeFileSync(stage.path(name), lines(0, 3))
    await stage.run({ settings: { maxOpenFiles: 1 } })
    for (const name of ['a.log', 'b.log']) {
      appendFileSync(stage.path(name), lines(3, 5))
      rotate(stage, name)
      pack(stage, `${name}.1`)
    }
    await stage.read()
    expect(stage.got.sort()).toEqual([`a.log: ${lines(0, 5)}`, `b.log: ${lines(0, 5)}`])
    expect(stage.lost).toEqual([])
  })
})

describe('compressed files that the globs match', () => {
  const globbed = (stage: Stage, more: StageOptions = {}): StageOptions => ({
    inputs: [{ paths: [stage.path('app.log*')] }],
    ...more,
  })

  for (const suffix of kinds) {
    it(`are read once, of several members too, the oldest first: ${suffix} (20)`, async () => {
      const stage = new Stage()
      for (const n of [3, 2, 1]) {
        writeFileSync(stage.path(`app.log.${n}`), lines(10 * (4 - n), 10 * (4 - n) + 10))
        if (n > 1) pack(stage, `app.log.${n}`, suffix)
      }
      writeFileSync(stage.path('app.log'), lines(40, 50))
      const path = stage.path(`app.log.3${suffix}`)
      const compress = suffix === '.gz' ? zlib.gzipSync : (zstdCompressSync ?? zlib.gzipSync)
      const { mtime } = statSync(path)
      appendFileSync(path, compress(Buffer.from('a second member\n')))
      utimesSync(path, mtime, mtime)
      for (let i = 0; i < 3; i++) {
        await stage.run(globbed(stage))
        await stage.stop()
      }
      expect(stage.got).toEqual([
        `app.log.3${suffix}: ${lines(10, 20)}a second member\n`,
        `app.log.2${suffix}: ${lines(20, 30)}`,
        `app.log.1: ${lines(30, 40)}`,
        `app.log: ${lines(40, 50)}`,
      ])
    })
  }

  it('are left alone at the first start when it begins at the end, and so they stay (4, 20)', async () => {
    const stage = new Stage()
    const options: StageOptions = { inputs: [{ paths: [stage.path('app.log*')], startAt: 'end' }] }
    writeFileSync(stage.path('app.log.2'), lines(0, 3))
    pack(stage, 'app.log.2')
    writeFileSync(stage.path('app.log'), lines(3, 5))
    for (let i = 0; i < 3; i++) {
      await stage.run(options)
      expect(stage.tail.openFiles).toBe(1)
      await stage.stop()
    }
    expect(stage.got).toEqual([])
  })

  it('are not read again when they hold what was read before it was compressed (20)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), lines(0, 300))
    await stage.run(globbed(stage))
    rotate(stage)
    writeFileSync(stage.path('app.log'), lines(300, 305))
    await stage.read()
    pack(stage, 'app.log.1')
    await stage.read()
    stage.clock.advance(GRACE)
    await settled(stage)
    renameSync(stage.path('app.log.1.gz'), stage.path('app.log.2.gz'))
    await settled(stage)
    await stage.stop()
    await stage.run(globbed(stage))
    expect(stage.got).toEqual([`app.log: ${lines(0, 300)}`, `app.log: ${lines(300, 305)}`])
  })

  it('give the rest of a log that was compressed while the agent was not running', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), lines(0, 3))
    await stage.run(globbed(stage))
    await stage.stop()
    appendFileSync(stage.path('app.log'), lines(3, 5))
    rotate(stage)
    pack(stage, 'app.log.1')
    writeFileSync(stage.path('app.log'), lines(5, 6))
    await stage.run(globbed(stage))
    expect(stage.got).toEqual([`app.log: ${lines(0, 3)}`, `app.log: ${lines(3, 5)}`, `app.log: ${lines(5, 6)}`])
    expect(stage.lost).toEqual([])
  })

  it('give the rest of a log that was also moved to another directory', async () => {
    const stage = new Stage()
    mkdirSync(stage.path('old'))
    const options = { inputs: [{ paths: [stage.path('app.log'), stage.path('old/*')] }] }
    writeFileSync(stage.path('app.log'), lines(0, 100))
    await stage.run(options)
    await stage.stop()
    appendFileSync(stage.path('app.log'), lines(100, 105))
    renameSync(stage.path('app.log'), stage.path('old/app.log.1'))
    pack(stage, 'old/app.log.1')
    await stage.run(options)
    expect(stage.got).toEqual([`app.log: ${lines(0, 100)}`, `app.log: ${lines(100, 105)}`])
    expect(stage.lost).toEqual([])
  })

  it('wait while they are being written', async () => {
    const stage = new Stage()
    await stage.run(globbed(stage))
    const packed = zlib.gzipSync(lines(0, 3000))
    for (const part of [0, 1, 3, 20, packed.length >> 1]) {
      writeFileSync(stage.path('app.log.7.gz'), packed.subarray(0, part))
      await settled(stage)
      expect(stage.got).toEqual([])
    }
    writeFileSync(stage.path('app.log.7.gz'), packed)
    await settled(stage)
    expect(stage.got).toEqual([`app.log.7.gz: ${lines(0, 3000)}`])
    expect(stage.problems).toEqual([])
  })

  it('that are never finished are read as far as they go after a while', async () => {
    const stage = new Stage()
    await stage.run(globbed(stage))
    const packed = zlib.gzipSync(lines(0, 3000))
    writeFileSync(stage.path('app.log.7.gz'), packed.subarray(0, packed.length - 100))
    await settled(stage)
    expect(stage.got).toEqual([])
    stage.clock.advance(2 * GRACE)
    await settled(stage)
    expect(lines(0, 3000).startsWith(stage.sinks[0]?.text ?? '?')).toBe(true)
    expect(stage.problems).toHaveLength(1)
  })

  it('that are kept beside their original are read once', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), lines(0, 30))
    await stage.run(globbed(stage))
    writeFileSync(stage.path('app.log.gz'), zlib.gzipSync(lines(0, 30)))
    await settled(stage)
    appendFileSync(stage.path('app.log'), lines(30, 90))
    await settled(stage)
    await settled(stage)
    expect(stage.got).toEqual([`app.log: ${lines(0, 90)}`])
  })

  it('that begin like a live file and hold more than that are read (38)', async () => {
    const stage = new Stage()
    const header = `${'#'.repeat(2000)}\n`
    writeFileSync(stage.path('app.log'), header)
    await stage.run(globbed(stage))
    writeFileSync(stage.path('app.log.gz'), zlib.gzipSync(header + lines(0, 30)))
    await settled(stage)
    expect(stage.got).toEqual([`app.log: ${header}`, `app.log.gz: ${header}${lines(0, 30)}`])
    appendFileSync(stage.path('app.log'), lines(50, 150))
    await settled(stage)
    expect(stage.got).toEqual([`app.log: ${header}${lines(50, 150)}`, `app.log.gz: ${header}${lines(0, 30)}`])
  })

  it('by their name only are read as they are', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log.gz'), 'plain text\n')
    await stage.run(globbed(stage))
    appendFileSync(stage.path('app.log.gz'), 'that grows\n')
    await stage.read()
    expect(stage.got).toEqual(['app.log.gz: plain text\nthat grows\n'])
  })

  it('let other files be read while they are unpacked', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), lines(0, 3))
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const files = {
      ...disk,
      openToRead: async (path: string): Promise<OpenedFile> => {
        const file = await disk.openToRead(path)
        if (!path.endsWith('.gz')) return file
        return { ...file, read: (...args) => held.then(() => file.read(...args)) }
      },
    }
    await stage.run(globbed(stage, { files }))
    writeFileSync(stage.path('app.log.2.gz'), zlib.gzipSync('archived\n'))
    for (let i = 3; i < 9; i++) {
      appendFileSync(stage.path('app.log'), lines(i, i + 1))
      await stage.read()
    }
    expect(stage.got).toEqual([`app.log: ${lines(0, 9)}`])
    release()
    await settled(stage)
    expect(stage.got[1]).toBe('app.log.2.gz: archived\n')
  })

  it('that cannot be read are reported once, and read when they can be', async () => {
    const stage = new Stage()
    let broken = true
    const files = {
      ...disk,
      openToRead: (path: string) =>
        broken && path.endsWith('.gz')
          ? Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' }))
          : disk.openToRead(path),
    }
    await stage.run(globbed(stage, { files }))
    writeFileSync(stage.path('app.log.2.gz'), zlib.gzipSync('archived\n'))
    for (let i = 0; i < 3; i++) await settled(stage)
    expect(stage.problems).toEqual(['app.log.2.gz may not be read (no permission).'])
    broken = false
    await settled(stage)
    await settled(stage)
    expect(stage.got).toEqual(['app.log.2.gz: archived\n'])
  })
})

/** Reads until nothing is examined any more. */
async function settled(stage: Stage): Promise<void> {
  await stage.read()
  await stage.tail.examined()
  await stage.read()
}
