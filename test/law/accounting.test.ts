/** Lines in = lines dropped for some reason + lines joined + lines open + lines in kept entries, at any moment. */
import { describe, expect, it } from 'vitest'
import type { Counters } from '../../src/core/counters.js'
import { runPieces } from './run.js'
import { cutAtRandom, randomFrom, samples } from './samples.js'

function balance(counters: Counters, open: number): [number, number] {
  const spent =
    counters.total('lines_dropped_total') + counters.total('lines_joined_total') + counters.total('lines_kept_total')
  return [counters.total('lines_read_total'), spent + open]
}

describe('the lines add up', () => {
  for (const { source, name, bytes } of samples) {
    it(`over ${name}`, () => {
      const lines = bytes.toString('latin1').split('\n').length - 1
      const { counters, pipeline, records } = runPieces(source, [bytes])
      const [read, spent] = balance(counters, pipeline.linesOpen)
      expect(pipeline.linesOpen).toBe(0)
      expect(read).toBe(lines)
      expect(spent).toBe(read)
      expect(counters.total('records_kept_total')).toBe(records.length)
    })

    it(`in the middle of ${name}`, () => {
      const random = randomFrom(7)
      for (let i = 0; i < 10; i++) {
        const part = cutAtRandom(bytes.subarray(0, Math.floor(random() * bytes.length)), random)
        const { counters, pipeline } = runPieces(source, part, { close: false })
        const [read, spent] = balance(counters, pipeline.linesOpen)
        expect(spent).toBe(read)
      }
    })
  }

  it('over container lines in pieces', () => {
    const text = ['P ERROR: a', 'P b', 'F c', 'F INFO: d', 'P e']
      .map((line) => `2026-11-20T10:15:32.1Z stdout ${line}\n`)
      .join('')
    const open = runPieces('java', [Buffer.from(text)], { close: false })
    expect(balance(open.counters, open.pipeline.linesOpen)).toEqual([5, 5])
    const closed = runPieces('java', [Buffer.from(text)])
    expect(balance(closed.counters, closed.pipeline.linesOpen)).toEqual([5, 5])
  })
})
