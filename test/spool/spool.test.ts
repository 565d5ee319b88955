import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import type { Files } from '../../src/spool/files.js'
import { Lines } from '../../src/spool/lines.js'
import type { Position } from '../../src/spool/position.js'
import { HEADER_BYTES, segmentName } from '../../src/spool/segment.js'
import type { SpoolSettings } from '../../src/spool/settings.js'
import type { Limits } from '../../src/spool/shapes.js'
import { Spool } from '../../src/spool/spool.js'
import { ioError, listLog, tempDir, textsOf, WatchedFiles } from './disk.js'

const ALL = { maxBytes: 1 << 30, maxRecords: 1 << 30 }
const START: Position = { segment: 0, offset: 0, sequence: 0 }
const ROOMY: SpoolSettings = { maxBytes: 1 << 30, segmentBytes: 1 << 24, whenFull: 'wait' }

interface Opened {
  readonly spool: Spool
  readonly counters: Counters
  readonly log: ReturnType<typeof listLog>
}

async function open(dir: string, settings: SpoolSettings = ROOMY, files?: Files): Promise<Opened> {
  const counters = new Counters()
  const log = listLog()
  const spool = await Spool.open({ dir, settings, log, counters, ...(files === undefined ? {} : { files }) })
  return { spool, counters, log }
}

/** What one read gives. */
async function readFrom(spool: Spool, from: Position, limits: Limits = ALL) {
  const lines = new Lines()
  const next = await spool.read(from, limits, lines)
  return { next, texts: textsOf(lines) }
}

/** Every record from a position on. */
async function textsFrom(spool: Spool, from: Position = START): Promise<string[]> {
  const texts: string[] = []
  let position = from
  for (;;) {
    const { texts: more, next } = await readFrom(spool, position)
    if (more.length === 0 && next.sequence === spool.end.sequence) return texts
    texts.push(...more)
    position = next
  }
}

const record = (n: number, size = 0) => JSON.stringify({ id: String(n), message: 'ä'.repeat(size) })
const records = (from: number, to: number, size = 0) =>
  Array.from({ length: to - from }, (_, i) => record(from + i, size))

async function fill(spool: Spool, texts: readonly string[]): Promise<void> {
  for (const text of texts) spool.append(text)
  await spool.flush()
}

const segmentsIn = (dir: string) =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.segment'))
    .sort()

describe('the spool', () => {
  it('gives records in order, also after it was opened again', async () => {
    const dir = tempDir()
    const first = await open(dir)
    await fill(first.spool, records(0, 3))
    await fill(first.spool, records(3, 5))
    expect(await textsFrom(first.spool)).toEqual(records(0, 5))
    await first.spool.close()
    const second = await open(dir)
    await fill(second.spool, records(5, 7))
    expect(await textsFrom(second.spool)).toEqual(records(0, 7))
    expect(second.log.lines).toEqual([])
    await second.spool.close()
  })

  it('gives nothing that is not durable yet', async () => {
    const { spool } = await open(tempDir())
    spool.append(record(0))
    expect(await textsFrom(spool)).toEqual([])
    expect([spool.recordsPending, spool.bytesPending]).toEqual([1, 8 + Buffer.byteLength(record(0))])
    await spool.flush()
    expect(await textsFrom(spool)).toEqual([record(0)])
    expect([spool.recordsPending, spool.bytesPending]).toEqual([0, 0])
    await spool.close()
  })

  it('keeps its files to the user who runs it', async () => {
    const dir = join(tempDir(), 'state', 'spool')
    const { spool } = await open(dir)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(statSync(join(dir, segmentName(1))).mode & 0o777).toBe(0o600)
    await spool.close()
  })

  it('shares one sync between flushes that wait together', async () => {
    const files = new WatchedFiles()
    const dir = tempDir()
    const { spool } = await open(dir, ROOMY, files)
    files.operations.length = 0
    const flushes = records(0, 20).map((text) => {
      spool.append(text)
      return spool.flush()
    })
    await Promise.all(flushes)
    const syncs = files.operations.filter((operation) => operation.startsWith('datasync'))
    expect(syncs.length).toBe(1)
    expect(await textsFrom(spool)).toEqual(records(0, 20))
    await spool.close()
  })

  for (const [name, limits, counts] of [
    ['records', { maxBytes: 1 << 20, maxRecords: 3 }, [3, 3, 3, 1]],
    ['bytes', { maxBytes: 4 * Buffer.byteLength(record(0)), maxRecords: 100 }, [4, 4, 2]],
    ['one record at least', { maxBytes: 1, maxRecords: 100 }, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  ] as const) {
    it(`reads no more than its limit of ${name}, from memory and from disk alike`, async () => {
      const dir = tempDir()
      const first = await open(dir)
      for (const text of records(0, 10)) await fill(first.spool, [text])
      const read = async (spool: Spool) => {
        const seen: number[] = []
        for (let position = spool.start; position.sequence < 10; ) {
          const { texts, next } = await readFrom(spool, position, limits)
          seen.push(texts.length)
          expect(next.sequence).toBe(position.sequence + texts.length)
          position = next
        }
        return seen
      }
      expect(await read(first.spool)).toEqual(counts)
      await first.spool.close()
      const second = await open(dir)
      expect(await read(second.spool)).toEqual(counts)
      await second.spool.close()
    })
  }

  it('gives nothing rather than a record that does not fit what the reader holds already', async () => {
    const dir = tempDir()
    const texts = records(0, 2, 50_000)
    const limits = { maxBytes: 150_000, maxRecords: 5 }
    const readTwice = async (spool: Spool) => {
      const lines = new Lines()
      const next = await spool.read(spool.start, limits, lines)
      expect(await spool.read(next, limits, lines)).toEqual(next)
      expect(textsOf(lines)).toEqual(texts.slice(0, 1))
      expect((await readFrom(spool, next, limits)).texts).toEqual(texts.slice(1))
    }
    const first = await open(dir)
    await fill(first.spool, texts)
    await readTwice(first.spool)
    await first.spool.close()
    const second = await open(dir)
    await readTwice(second.spool)
    await second.spool.close()
  })

  it('takes a record larger than a segment and larger than one read of the disk', async () => {
    const dir = tempDir()
    const settings: SpoolSettings = { maxBytes: 1 << 30, segmentBytes: 1 << 16, whenFull: 'wait' }
    const first = await open(dir, settings)
    const texts = [record(0), record(1, 2 << 20), record(2)]
    await fill(first.spool, texts)
    await first.spool.close()
    const second = await open(dir, settings)
    expect(await textsFrom(second.spool)).toEqual(texts)
    await second.spool.close()
  })

  it('wakes those who wait for more, when there is more or when they give up', async () => {
    const { spool } = await open(tempDir())
    const giveUp = new AbortController()
    const waiting = spool.more(spool.end, new AbortController().signal)
    const impatient = spool.more({ ...spool.end, segment: 99 }, giveUp.signal)
    await fill(spool, records(0, 1))
    await waiting
    giveUp.abort()
    await impatient
    await spool.more(START, new AbortController().signal)
    const last = spool.more(spool.end, new AbortController().signal)
    await spool.close()
    await last
    expect(() => spool.append(record(1))).toThrow('closed')
  })
})

describe('segments', () => {
  const SMALL: SpoolSettings = { maxBytes: 1 << 20, segmentBytes: 1000, whenFull: 'wait' }

  it('roll by size and are given back whole, once everything in them lies behind', async () => {
    const dir = tempDir()
    const { spool } = await open(dir, SMALL)
    await fill(spool, records(0, 100, 20))
    const before = segmentsIn(dir)
    expect(before.length).toBeGreaterThan(5)
    for (const name of before) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(1000)

    const { next } = await readFrom(spool, spool.start, { maxBytes: 1 << 20, maxRecords: 3 })
    await spool.release(next)
    expect(segmentsIn(dir)).toEqual(before)

    let position = spool.start
    while (position.sequence < 50)
      position = (await readFrom(spool, position, { maxBytes: 1 << 20, maxRecords: 1 })).next
    await spool.release(position)
    expect(segmentsIn(dir)[0]).toBe(segmentName(position.segment))
    expect(await textsFrom(spool, position)).toEqual(records(50, 100, 20))

    await spool.release(spool.end)
    expect(segmentsIn(dir)).toEqual(before.slice(-1))
    expect(spool.bytes).toBe(statSync(join(dir, before.at(-1) ?? '')).size)
    await spool.close()
  })

  it('keep their numbers and sequences over a restart with everything delivered', async () => {
    const dir = tempDir()
    const first = await open(dir, SMALL)
    await fill(first.spool, records(0, 100, 20))
    const end = first.spool.end
    await first.spool.release(end)
    await first.spool.close()
    const second = await open(dir, SMALL)
    expect(second.spool.end.sequence).toBe(100)
    expect(second.spool.end.segment).toBeGreaterThan(end.segment)
    expect(second.spool.place(end)).toEqual(second.spool.end)
    await second.spool.close()
  })

  it('do not pile up when an idle agent is restarted', async () => {
    const dir = tempDir()
    for (let i = 0; i < 5; i++) await (await open(dir)).spool.close()
    expect(segmentsIn(dir)).toEqual([segmentName(1)])
  })

  it('make the reader wait when the spool is full, until space is given back', async () => {
    const { spool } = await open(tempDir(), { maxBytes: 4000, segmentBytes: 1 << 24, whenFull: 'wait' })
    await fill(spool, records(0, 30, 100))
    expect(spool.isFull).toBe(true)
    let hasRoom = false
    const room = spool.room(new AbortController().signal).then(() => (hasRoom = true))
    const { next } = await readFrom(spool, spool.start, { maxBytes: 1 << 20, maxRecords: 1 })
    await spool.release(next)
    expect(hasRoom).toBe(false)
    await spool.release(spool.end)
    await room
    expect(spool.isFull).toBe(false)
    await spool.close()
  })

  it('make room even when one record alone fills the spool', async () => {
    const { spool } = await open(tempDir(), { maxBytes: 4000, segmentBytes: 1 << 24, whenFull: 'wait' })
    await fill(spool, [record(0, 5000)])
    expect(spool.isFull).toBe(true)
    await spool.release(spool.end)
    expect(spool.isFull).toBe(false)
    await fill(spool, [record(1)])
    expect(await textsFrom(spool)).toEqual([record(1)])
    await spool.close()
  })

  it('that cannot be removed are reported once and tried again', async () => {
    const files = new WatchedFiles()
    const dir = tempDir()
    const { spool, log } = await open(dir, SMALL, files)
    await fill(spool, records(0, 100, 20))
    files.fault = (operation) => {
      if (operation === 'remove') throw ioError('EACCES')
    }
    await spool.release(spool.end)
    await spool.release(spool.end)
    expect(log.lines.length).toBe(1)
    expect(log.lines[0]).toContain('EACCES')
    files.fault = () => {}
    await spool.release(spool.end)
    expect(segmentsIn(dir).length).toBe(1)
    await spool.close()
  })
})

describe('a spool that drops the oldest when it is full', () => {
  const TIGHT: SpoolSettings = { maxBytes: 4000, segmentBytes: 1000, whenFull: 'dropOldest' }

  it('never lets its appender wait, keeps its size, and says why a reader misses records', async () => {
    const dir = tempDir()
    const { spool } = await open(dir, TIGHT)
    const from = spool.start
    for (let n = 0; n < 100; n++) {
      await fill(spool, [record(n, 100)])
      expect(spool.isFull).toBe(false)
      expect(spool.bytes).toBeLessThanOrEqual(4000)
    }
    const first = spool.start.sequence
    expect(first).toBeGreaterThan(50)
    expect(await textsFrom(spool, from)).toEqual(records(first, 100, 100))
    expect(spool.whyLost(from)).toBe('full')
    await spool.close()
    const again = await open(dir, TIGHT)
    expect(again.spool.whyLost(from)).toBe('full')
    await again.spool.close()
  })

  it('tells those who wait for it', async () => {
    const { spool } = await open(tempDir(), TIGHT)
    let told = false
    const dropped = spool.dropped(new AbortController().signal).then(() => (told = true))
    await fill(spool, records(0, 10, 100))
    expect(told).toBe(false)
    await fill(spool, records(10, 30, 100))
    await dropped
    await spool.close()
  })

  it('keeps the records in memory when it cannot drop', async () => {
    const files = new WatchedFiles()
    const { spool } = await open(tempDir(), TIGHT, files)
    await fill(spool, records(0, 15, 100))
    files.fault = (operation) => {
      if (operation === 'remove') throw ioError('EACCES')
    }
    for (const text of records(15, 40, 100)) spool.append(text)
    await expect(spool.flush()).rejects.toMatchObject({ code: 'SPOOL_WRITE', cause: { code: 'EACCES' } })
    files.fault = () => {}
    await spool.flush()
    expect((await textsFrom(spool)).at(-1)).toBe(record(39, 100))
    await spool.close()
  })
})

describe('a disk that fails', () => {
  for (const operation of ['open', 'write', 'datasync', 'syncDir'] as const) {
    it(`at ${operation} keeps the records until it answers again, and gives each once`, async () => {
      const files = new WatchedFiles()
      const dir = tempDir()
      const settings: SpoolSettings = { maxBytes: 1 << 20, segmentBytes: 600, whenFull: 'wait' }
      const { spool } = await open(dir, settings, files)
      await fill(spool, records(0, 5, 20))
      files.fault = (seen) => {
        if (seen === operation) throw ioError('ENOSPC')
      }
      for (const text of records(5, 20, 20)) spool.append(text)
      await expect(spool.flush()).rejects.toMatchObject({ code: 'SPOOL_WRITE', cause: { code: 'ENOSPC' } })
      await expect(spool.flush()).rejects.toThrow('ENOSPC')
      files.fault = () => {}
      await spool.flush()
      expect(await textsFrom(spool)).toEqual(records(0, 20, 20))
      await spool.close()
      const again = await open(dir, settings)
      expect(await textsFrom(again.spool)).toEqual(records(0, 20, 20))
      expect(again.counters.total('spool_records_lost_total')).toBe(0)
      await again.spool.close()
    })
  }

  it('at read says so and loses nothing', async () => {
    const dir = tempDir()
    const first = await open(dir)
    await fill(first.spool, records(0, 5))
    await first.spool.close()
    const files = new WatchedFiles()
    const { spool } = await open(dir, ROOMY, files)
    files.fault = (operation) => {
      if (operation === 'read') throw ioError('EIO')
    }
    await expect(textsFrom(spool)).rejects.toThrow('EIO')
    files.fault = () => {}
    expect(await textsFrom(spool)).toEqual(records(0, 5))
    await spool.close()
  })
})

describe('a crash', () => {
  it('that cuts the last record at any byte loses that record only, and says so', async () => {
    const dir = tempDir()
    const { spool } = await open(dir)
    await fill(spool, records(0, 3))
    const whole = spool.end.offset
    await fill(spool, [record(3, 10)])
    await spool.close()
    const bytes = readFileSync(join(dir, segmentName(1)))
    for (let cut = whole; cut < bytes.length; cut++) {
      const copy = tempDir()
      writeFileSync(join(copy, segmentName(1)), bytes.subarray(0, cut))
      const after = await open(copy)
      expect(await textsFrom(after.spool), `cut at ${cut}`).toEqual(records(0, 3))
      expect(after.counters.get('spool_torn_bytes_total')).toBe(cut - whole)
      expect(after.log.lines.length).toBe(cut === whole ? 0 : 1)
      expect(after.counters.total('spool_records_lost_total')).toBe(0)
      await fill(after.spool, [record(9)])
      expect(await textsFrom(after.spool)).toEqual([...records(0, 3), record(9)])
      await after.spool.close()
    }
  })

  it('that cuts the header of a new segment leaves the others whole', async () => {
    const dir = tempDir()
    const { spool } = await open(dir)
    await fill(spool, records(0, 3))
    await spool.close()
    for (let size = 0; size <= HEADER_BYTES; size++) {
      const copy = tempDir()
      copyFileSync(join(dir, segmentName(1)), join(copy, segmentName(1)))
      writeFileSync(join(copy, segmentName(2)), Buffer.alloc(size))
      const after = await open(copy)
      expect(await textsFrom(after.spool)).toEqual(records(0, 3))
      expect(after.spool.end).toEqual({ segment: 3, offset: HEADER_BYTES, sequence: 3 })
      await after.spool.close()
    }
  })

  it('never lets a cursor point into bytes that are written a second time', async () => {
    const dir = tempDir()
    const { spool } = await open(dir)
    await fill(spool, records(0, 5))
    const cursor = spool.end
    await spool.close()
    // A disk that lies about its sync: the durable end is gone.
    const bytes = readFileSync(join(dir, segmentName(1)))
    writeFileSync(join(dir, segmentName(1)), bytes.subarray(0, bytes.length - 30))
    const after = await open(dir)
    await fill(after.spool, records(10, 20))
    expect(await textsFrom(after.spool, cursor)).toEqual(records(10, 20))
    await after.spool.close()
  })

  it('with the spool thrown away begins at the first record of the new one', async () => {
    const { spool } = await open(tempDir())
    await fill(spool, records(0, 3))
    expect(await textsFrom(spool, { segment: 7, offset: 9000, sequence: 4000 })).toEqual(records(0, 3))
    await spool.close()
  })
})

describe('damage', () => {
  /** Three segments: two older ones, and the one that was last. */
  async function threeSegments(): Promise<string> {
    const dir = tempDir()
    for (let i = 0; i < 3; i++) {
      const { spool } = await open(dir)
      await fill(spool, records(10 + 4 * i, 14 + 4 * i))
      await spool.close()
    }
    expect(segmentsIn(dir).length).toBe(3)
    return dir
  }

  for (const number of [1, 3]) {
    const where = number === 3 ? 'the last segment' : 'an older segment'
    it(`of any byte of ${where} loses the record it is in, which is kept aside and told, and none else`, async () => {
      const dir = await threeSegments()
      const size = statSync(join(dir, segmentName(number))).size
      for (let at = 0; at < size; at++) {
        const copy = tempDir()
        mkdirSync(copy, { recursive: true })
        for (const name of segmentsIn(dir)) copyFileSync(join(dir, name), join(copy, name))
        const bytes = readFileSync(join(copy, segmentName(number)))
        bytes[at] = (bytes[at] ?? 0) ^ 0x41
        writeFileSync(join(copy, segmentName(number)), bytes)
        const { spool, counters, log } = await open(copy)
        const hit = Math.floor((at - HEADER_BYTES) / ((size - HEADER_BYTES) / 4))
        const gone = at < HEADER_BYTES ? undefined : record(6 + 4 * number + hit)
        expect(await textsFrom(spool), `byte ${at}`).toEqual(records(10, 22).filter((text) => text !== gone))
        const aside = readdirSync(copy).filter((name) => name.includes('.damaged-')).length
        const isTornByItsLook = number === 3 && hit === 3 && counters.total('spool_torn_bytes_total') > 0
        expect(aside, `byte ${at}`).toBe(gone === undefined || isTornByItsLook ? 0 : 1)
        if (!isTornByItsLook) expect(counters.total('spool_damaged_bytes_total')).toBeGreaterThan(0)
        expect(log.lines.length).toBe(1)
        await spool.close()
      }
    })
  }

  it('is set aside and told once, and passed over by every life', async () => {
    const dir = await threeSegments()
    const path = join(dir, segmentName(2))
    const bytes = readFileSync(path)
    bytes[HEADER_BYTES + 12] = 0
    writeFileSync(path, bytes)
    const others = records(10, 22).filter((text) => text !== record(14))
    const first = await open(dir)
    expect(await textsFrom(first.spool)).toEqual(others)
    expect(await textsFrom(first.spool)).toEqual(others)
    expect(first.log.lines.length).toBe(1)
    await first.spool.close()
    expect(existsSync(`${path}.damaged-${HEADER_BYTES}`)).toBe(true)
    const second = await open(dir)
    expect(await textsFrom(second.spool)).toEqual(others)
    expect(second.log.lines).toEqual([])
    await second.spool.close()
  })

  it('of several records in a row loses these, and the places of the others stay what they were', async () => {
    const dir = await threeSegments()
    const path = join(dir, segmentName(2))
    const bytes = readFileSync(path)
    const frame = (bytes.length - HEADER_BYTES) / 4
    bytes.fill(0x7e, HEADER_BYTES + frame + 3, HEADER_BYTES + 2 * frame + 9)
    writeFileSync(path, bytes)
    const { spool } = await open(dir)
    expect(await textsFrom(spool)).toEqual([...records(10, 15), ...records(17, 22)])
    const { next } = await readFrom(
      spool,
      { segment: 2, offset: HEADER_BYTES + frame, sequence: 5 },
      { ...ALL, maxRecords: 1 },
    )
    expect(next.sequence).toBe(8)
    await spool.close()
  })

  it('of a file of another version is none: it is set aside as it is', async () => {
    const dir = await threeSegments()
    const path = join(dir, segmentName(2))
    const bytes = readFileSync(path)
    bytes.writeUInt32LE(9, 8)
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 20)), 20)
    writeFileSync(path, bytes)
    const { spool } = await open(dir)
    expect(await textsFrom(spool)).toEqual([...records(10, 14), ...records(18, 22)])
    expect(readFileSync(`${path}.damaged-0`)).toEqual(bytes)
    await spool.close()
  })

  it('that makes a file shorter while it is read loses what is gone', async () => {
    const dir = await threeSegments()
    const { spool, log } = await open(dir)
    const path = join(dir, segmentName(2))
    const bytes = readFileSync(path)
    const frame = (bytes.length - HEADER_BYTES) / 4
    writeFileSync(path, bytes.subarray(0, HEADER_BYTES + 2 * frame))
    expect(await textsFrom(spool)).toEqual([...records(10, 16), ...records(18, 22)])
    expect(log.lines[0]).toContain('2 records at its end are gone')
    await spool.close()
  })

  it('of the segment that is being written makes it begin another', async () => {
    const dir = tempDir()
    const { spool, counters } = await open(dir, { ...ROOMY, segmentBytes: 1 << 26 })
    // More than the window in memory, so that the first records are read from disk.
    for (let i = 0; i < 5; i++) await fill(spool, records(4 * i, 4 * i + 4, 600_000))
    const path = join(dir, segmentName(1))
    const bytes = readFileSync(path)
    bytes[HEADER_BYTES + 100] = 0
    writeFileSync(path, bytes)
    const segment = spool.end.segment
    expect(await textsFrom(spool)).toEqual(records(1, 20, 600_000))
    expect(counters.total('spool_damaged_bytes_total')).toBeGreaterThan(600_000)
    await fill(spool, [record(99)])
    expect(spool.end.segment).toBeGreaterThan(segment)
    expect((await textsFrom(spool)).at(-1)).toBe(record(99))
    await spool.close()
  })

  it('by someone who removes a file is told once, and reading goes on behind it', async () => {
    const dir = await threeSegments()
    const { spool, log } = await open(dir)
    const before = { segment: 2, offset: HEADER_BYTES, sequence: 4 }
    unlinkSync(join(dir, segmentName(2)))
    expect(await textsFrom(spool)).toEqual([...records(10, 14), ...records(18, 22)])
    expect(await textsFrom(spool)).toEqual([...records(10, 14), ...records(18, 22)])
    expect(spool.whyLost(before)).toBe('removed')
    expect(log.lines.length).toBe(1)
    expect(log.lines[0]).toContain('removed by someone else; 4 records')
    await spool.close()
  })

  it('by someone who removes the whole directory is met with a new one: what was read in the meantime is kept', async () => {
    const dir = join(tempDir(), 'spool')
    const { spool, log } = await open(dir)
    await fill(spool, records(0, 3))
    rmSync(dir, { recursive: true })
    spool.append(record(3))
    await expect(spool.flush()).rejects.toThrow('removed by someone else')
    expect(spool.recordsPending).toBe(1)
    await spool.flush()
    // What waited for the outputs is still in memory.
    expect(await textsFrom(spool)).toEqual(records(0, 4))
    expect(log.lines).toEqual([])
    await spool.close()
    const again = await open(dir)
    expect(await textsFrom(again.spool)).toEqual([record(3)])
    await again.spool.close()
  })

  it('is not concluded from a position that points between two records in memory', async () => {
    const { spool, counters } = await open(tempDir())
    await fill(spool, records(10, 14))
    expect(await textsFrom(spool, { segment: 1, offset: HEADER_BYTES + 5, sequence: 1 })).toEqual(records(10, 14))
    expect(counters.total('spool_records_lost_total')).toBe(0)
    await spool.close()
  })

  it('is not concluded from a position that points between two records: reading begins again at its segment', async () => {
    const dir = await threeSegments()
    const { spool, counters } = await open(dir)
    expect(await textsFrom(spool, { segment: 2, offset: HEADER_BYTES + 5, sequence: 4 })).toEqual(records(14, 22))
    expect(counters.total('spool_records_lost_total')).toBe(0)
    await spool.close()
  })
})
