import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { StandardInput } from '../../src/agent/standard-input.js'
import type { Chunk } from '../../src/core/shapes.js'

/** A sink that says of itself what is safe, and the reading of it. */
function reader(input: StandardInput, until: string) {
  const stop = new AbortController()
  const chunks: Chunk[] = []
  const sink = {
    safeOffset: 0,
    push(chunk: Chunk) {
      chunks.push(chunk)
      if (text(chunks).endsWith(until)) got()
    },
  }
  let got = () => {}
  const seen = new Promise<void>((resolve) => {
    got = resolve
  })
  const done = input.read(sink, stop.signal, async () => {})
  return {
    chunks,
    seen,
    async end(safeOffset: number) {
      sink.safeOffset = safeOffset
      stop.abort()
      await done
    },
  }
}

const text = (chunks: readonly Chunk[]) => Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()

describe('the next reader of standard input', () => {
  for (const [name, safe, left] of [
    ['gets all again when nothing is safe', 0, 'one\ntwo\n'],
    ['gets nothing of a piece whose first entry is safe but the rest', 4, 'two\n'],
    ['gets nothing when all became safe without a further piece', 8, ''],
  ] as const) {
    it(name, async () => {
      const stream = new PassThrough()
      const input = new StandardInput(stream)
      const first = reader(input, 'two\n')
      stream.write('one\ntwo\n')
      await first.seen
      await first.end(safe)
      expect(input.holdsOpen).toBe(left !== '')
      const second = reader(input, 'three\n')
      stream.write('three\n')
      await second.seen
      await second.end(14)
      expect(text(second.chunks)).toBe(`${left}three\n`)
      expect(second.chunks[0]?.offset).toBe(safe)
    })
  }

  it('is told the encoding that a byte order mark promised', async () => {
    const stream = new PassThrough()
    const input = new StandardInput(stream)
    const first = reader(input, '\n\0')
    stream.write(Buffer.from('\ufeffone\n', 'utf16le'))
    await first.seen
    await first.end(10)
    expect(input.encoding).toBe('utf-16le')
  })
})
