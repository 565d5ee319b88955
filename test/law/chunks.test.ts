/** However the bytes are cut into chunks, the records are the same; and no bytes stop the pipeline. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runPieces, SOURCES } from './run.js'
import { cutAtRandom, randomFrom, samples } from './samples.js'

describe('any cutting of the bytes into chunks gives the same records', () => {
  for (const { source, name, bytes } of samples) {
    it(`of ${name}`, () => {
      const whole = runPieces(source, [bytes]).records
      for (let seed = 1; seed <= 8; seed++) {
        expect(runPieces(source, cutAtRandom(bytes, randomFrom(seed))).records, `seed ${seed}`).toEqual(whole)
      }
    })
  }
})

describe('no input stops the pipeline', () => {
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom(...samples.map(({ bytes }) => bytes))
      .chain((bytes) =>
        fc.tuple(fc.nat(bytes.length), fc.nat(3000)).map(([from, length]) => bytes.subarray(from, from + length)),
      ),
    fc
      .constantFrom(
        '\n',
        '{"',
        '"}\n',
        'Traceback (most recent call last):\n',
        '\tat ',
        'Caused by: ',
        '] {\n',
        "':in `",
        '{"level":',
        '__proto__',
      )
      .map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(`${text}\n`)),
  )
  for (const source of SOURCES) {
    it(`of ${source}`, () => {
      fc.assert(
        fc.property(fc.array(pieces, { maxLength: 30 }), (chunks) => {
          const { records } = runPieces(source, chunks, { everyLine: true })
          for (const record of records) expect(record.error.pre_fingerprint).toMatch(/^fp1:[0-9a-f]{24}$/)
        }),
        { numRuns: 150 },
      )
    })
  }
})
