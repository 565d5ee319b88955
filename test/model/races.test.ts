/**
 * The tailer beside a program that never waits for it: every call on the file system lets the program go some of its own steps
 * on, of which a rotation has many. What was written arrives whole and once.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { disk } from '../../src/tail/files.js'
import { random } from '../random.js'
import { Stage } from '../tail/stage.js'
import { program, shared } from './races.js'
import { runs } from './runs.js'

describe('beside a program that rotates while files are looked at', () => {
  for (const way of ['renamed', 'copied and truncated'] as const) {
    it(`what is written arrives once where files are ${way}`, async () => {
      const property = fc.asyncProperty(
        fc.integer(),
        fc.double({ min: 0.01, max: 0.3, noNaN: true }),
        fc.array(fc.constantFrom('look', 'stop', 'crash'), { minLength: 1, maxLength: 12 }),
        async (seed, haste, acts) => {
          const stage = new Stage()
          const next = random(seed)
          const written: string[] = []
          const writer = program(stage, 'app.log', way, next, written)
          writer.next()
          let left = 0
          const files = shared(() => {
            while (left > 0 && next() < haste) {
              left--
              writer.next()
            }
          })
          const settings = { files, inputs: [{ paths: [stage.path('app.log')] }] }
          await stage.run({ ...settings, files: disk })
          for (const act of acts) {
            left = next() * 30
            if (act === 'look') {
              await stage.tail.look()
              for (let i = next() * 6; i > 0; i--) await stage.tail.turn(stage.signal)
              continue
            }
            await (act === 'stop' ? stage.stop() : stage.crash())
            for (let i = next() * 40; i > 0; i--) writer.next()
            await stage.start(settings)
          }
          await stage.stop()
          await stage.run({ ...settings, files: disk })
          await stage.stop()
          const byLine = new Map<string, number>()
          for (const sink of stage.sinks)
            for (const line of sink.text.split('\n')) byLine.set(line, (byLine.get(line) ?? 0) + 1)
          byLine.delete('')
          expect(
            written.filter((line) => !byLine.has(line)),
            'never read',
          ).toEqual([])
          expect(
            [...byLine.keys()].filter((line) => !written.includes(line)),
            'read in parts',
          ).toEqual([])
          await stage.remove()
        },
      )
      await fc.assert(property, runs(15))
    }, 3_600_000)
  }
})
