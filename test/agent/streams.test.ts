import { describe, expect, it } from 'vitest'
import { Pipeline } from '../../src/agent/pipeline.js'
import { PIPELINE_BYTES, type StreamLimits, Streams } from '../../src/agent/streams.js'
import { ManualClock } from '../../src/core/clock.js'
import { Counters } from '../../src/core/counters.js'
import { ERROR_STATUSES, type ErrorRecord } from '../../src/core/shapes.js'
import { runPieces, sourceNamed } from '../law/run.js'
import { cutAtRandom, randomFrom, samples } from '../law/samples.js'

const IDLE = 1000
const ROOM: StreamLimits = { fullBytes: 1 << 20, patienceMs: 5000, mostBytes: 4 << 20 }

/** Streams of files that are written to by name. */
function stage({ source = 'java', limits = ROOM }: { source?: string; limits?: StreamLimits } = {}) {
  const clock = new ManualClock(1_000_000)
  const counters = new Counters()
  const records: ErrorRecord[] = []
  const cuts: { files: number; bytes: number }[] = []
  let pipelines = 0
  const streams = new Streams({
    limits,
    clock,
    open: (file, before) => {
      pipelines++
      return new Pipeline({
        source: sourceNamed(source),
        origin: { fileId: file.id, path: file.path },
        enrichment: { service: 's', tags: [] },
        format: 'auto',
        keep: new Set(ERROR_STATUSES),
        limits: { maxLineBytes: 1 << 20, maxEntryBytes: 1 << 20, unfinishedMs: 30_000, idleMs: IDLE, sampleCalm: 0 },
        before,
        clock,
        counters,
        emit: (record) => records.push(record),
      })
    },
    cut: (files, bytes) => cuts.push({ files, bytes }),
  })
  const files = new Map<string, { stream: ReturnType<Streams['add']>; offset: number }>()
  const file = (name: string) => {
    let one = files.get(name)
    if (one === undefined) {
      one = { stream: streams.add({ id: name, path: `/${name}`, input: 0, startOffset: 0 }), offset: 0 }
      files.set(name, one)
    }
    return one
  }
  const write = (name: string, content: string | Buffer) => {
    const bytes = Buffer.from(content as string)
    const one = file(name)
    one.stream.push({ bytes, offset: one.offset })
    one.offset += bytes.length
  }
  const sum = (counter: string) => counters.total(counter)
  return {
    clock,
    records,
    cuts,
    streams,
    write,
    sum,
    stream: (name: string) => file(name).stream,
    pipelines: () => pipelines,
    tick: () => [...streams].map((stream) => stream.tick()),
    closeAll: () => {
      for (const stream of streams) stream.close()
    },
    /** Lines read less what became of them: 0 when every line is accounted for. */
    missing: () =>
      sum('lines_read_total') -
      sum('lines_kept_total') -
      sum('lines_dropped_total') -
      sum('lines_joined_total') -
      streams.linesOpen,
  }
}

const trace = (frames: number, message = 'no order') =>
  `java.lang.IllegalStateException: ${message}\n${'\tat com.acme.Orders.step(Orders.java:10)\n'.repeat(frames)}`
const cri = (tag: 'P' | 'F', body: string) => `2026-11-20T10:15:32.123456789Z stdout ${tag} ${body}\n`

describe('a file holds a pipeline', () => {
  it('only while an entry or a line is open', () => {
    const { write, streams, stream, clock, tick, records } = stage()
    write('a', '{"level":"info"}\n')
    expect(streams.heldBytes).toBe(0)
    write('a', '{"level":')
    expect(streams.heldBytes).toBeGreaterThan(PIPELINE_BYTES)
    write('a', '"info"}\n')
    expect([streams.heldBytes, stream('a').isOpen, stream('a').safeOffset]).toEqual([0, false, 34])
    write('a', trace(3))
    expect([stream('a').isOpen, stream('a').safeOffset, streams.linesOpen]).toEqual([true, 34, 4])
    expect(tick()).toEqual([false])
    clock.advance(IDLE)
    expect(tick()).toEqual([true])
    expect([streams.heldBytes, [...streams], records.length]).toEqual([0, [], 1])
  })

  it('and the next one goes on with what the last one learned', () => {
    const { write, stream, sum, closeAll } = stage()
    write('a', cri('F', '{"level":"info"}'))
    expect(stream('a').isOpen).toBe(false)
    write('a', 'not framed\n')
    closeAll()
    expect(sum('lines_unframed_total')).toBe(1)
  })

  for (const { source, name, bytes } of samples) {
    it(`and one after the other they give the same records of ${name}`, () => {
      const whole = runPieces(source, [bytes]).records
      const { write, closeAll, records, missing } = stage({ source })
      for (const piece of cutAtRandom(bytes, randomFrom(7))) write('f', piece)
      closeAll()
      const told = (record: ErrorRecord) => [record.log?.file?.offset, record.status, record.message, record.error]
      expect(records.map(told)).toEqual(whole.map(told))
      expect(missing()).toBe(0)
    })
  }
})

describe('when more is open than there should be', () => {
  it('files that hold nothing open wait, until others are through', () => {
    const { write, streams, clock, tick } = stage()
    for (let i = 0; !streams.isFull; i++) write(`f${i}`, trace(50))
    expect(streams.heldBytes).toBeGreaterThan(ROOM.fullBytes)
    clock.advance(IDLE)
    tick()
    expect(streams.isFull).toBe(false)
  })

  it('and not for longer than entries should take to end', () => {
    const { write, streams, clock } = stage()
    for (let i = 0; !streams.isFull; i++) write(`f${i}`, trace(50))
    clock.advance(ROOM.patienceMs - 1)
    expect(streams.isFull).toBe(true)
    clock.advance(1)
    expect(streams.isFull).toBe(false)
    clock.set(0)
    expect(streams.isFull).toBe(true)
  })
})

describe('when more is open than there is room for', () => {
  const small: StreamLimits = { fullBytes: 40_000, patienceMs: 5000, mostBytes: 80_000 }

  it('the largest are cut until half is free, marked and counted', () => {
    const { write, cuts, records, streams, sum, missing } = stage({ limits: small })
    write('large', trace(600, 'large'))
    write('larger', trace(700, 'larger'))
    write('little', trace(2, 'little'))
    expect(cuts).toEqual([])
    write('last', trace(500, 'last'))
    expect(cuts).toEqual([{ files: 2, bytes: expect.any(Number) }])
    expect(records.map(({ error }) => [error.message, error.cut])).toEqual([
      ['larger', true],
      ['large', true],
    ])
    expect(streams.heldBytes).toBeLessThanOrEqual(small.mostBytes / 2)
    expect([sum('entries_cut_total'), missing()]).toEqual([2, 0])
  })

  it('what a file holds that can be no error is let go without a mark', () => {
    const { write, cuts, sum, records, missing } = stage({ limits: small })
    write('calm', `2026-11-20 10:15:32,123 INFO [main] x\n${'and more of it\n'.repeat(4000)}`)
    write('other', trace(900))
    expect(cuts).toEqual([{ files: 1, bytes: expect.any(Number) }])
    expect([records, sum('entries_cut_total'), sum('lines_dropped_total'), missing()]).toEqual([[], 0, 4001, 0])
  })

  it('the rest of an unfinished line is left out, and what follows is whole', () => {
    const { write, stream, records, cuts, closeAll, sum, missing } = stage({ limits: small })
    write('a', `ERROR first ${'x'.repeat(100_000)}`)
    expect(cuts).toHaveLength(1)
    expect([stream('a').isOpen, stream('a').safeOffset]).toEqual([false, 0])
    write('a', ` ERROR its rest ${'y'.repeat(1000)}`)
    expect(stream('a').safeOffset).toBe(0)
    write('a', ' end\nERROR second\n')
    closeAll()
    expect(records.map(({ message, error }) => [message?.slice(0, 6), error.cut])).toEqual([
      ['first ', true],
      ['second', undefined],
    ])
    expect([sum('lines_cut_total'), sum('bytes_cut_total'), missing()]).toEqual([1, 1020, 0])
  })

  it('so are the pieces that still come of a line that a container runtime split', () => {
    const { write, records, closeAll, missing, cuts } = stage({ limits: small })
    write('a', cri('P', `ERROR first ${'x'.repeat(100_000)}`))
    expect(cuts).toHaveLength(1)
    write('a', cri('P', 'ERROR its rest'))
    write('a', cri('F', 'ERROR its end'))
    write('a', cri('F', 'ERROR second'))
    closeAll()
    expect(records.map(({ message, error }) => [message?.slice(0, 6), error.cut])).toEqual([
      ['first ', true],
      ['second', undefined],
    ])
    expect(missing()).toBe(0)
  })

  it('but a line behind a silence is no piece of one that was cut', () => {
    const { write, records, closeAll, clock } = stage({ limits: small })
    write('a', cri('P', `ERROR first ${'x'.repeat(100_000)}`))
    clock.advance(IDLE)
    write('a', cri('F', 'ERROR second'))
    closeAll()
    expect(records.map(({ message }) => message?.slice(0, 6))).toEqual(['first ', 'second'])
  })

  it('holds its bound whatever comes, and accounts for every line', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { write, streams, closeAll, records, missing, cuts } = stage({ limits: small })
      const random = randomFrom(seed)
      let errors = 0
      for (let step = 0; step < 300; step++) {
        const name = `f${Math.floor(random() * 40)}`
        const kind = Math.floor(random() * 5)
        if (kind === 0) write(name, `${cri('P', 'ERROR in pieces ')}${cri('P', 'more '.repeat(300))}`)
        else if (kind === 1) write(name, `${'\tat com.acme.Orders.step(Orders.java:10)\n'.repeat(40)}`)
        else if (kind === 2) write(name, 'no line end '.repeat(100))
        else if (kind === 3) write(name, `\n2026-11-20 10:15:32,123 INFO [main] x - calm\n`)
        else {
          // On a line of its own whatever was open, so that each must be there in the end.
          write(name, `\n2026-11-20 10:15:32,123 ERROR [main] x - number ${++errors}\n`)
        }
        expect(streams.heldBytes).toBeLessThanOrEqual(small.mostBytes)
        expect(missing(), `seed ${seed}, step ${step}`).toBe(0)
      }
      expect(cuts.length).toBeGreaterThan(0)
      closeAll()
      const found = new Set(records.map(({ message }) => /number (\d+)/.exec(message ?? '')?.[1]))
      for (let n = 1; n <= errors; n++) expect(found, `seed ${seed}`).toContain(String(n))
      expect([streams.heldBytes, streams.linesOpen]).toEqual([0, 0])
    }
  })
})
