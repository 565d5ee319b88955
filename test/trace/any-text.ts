/** What the tests of several languages ask of a traceback language: what its follower takes, and how it bears any text. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { TraceLanguage } from '../../src/trace/language.js'

/** The lines that the follower of the first line takes, or undefined when there is none. */
export function takenBy(language: TraceLanguage, text: string): string[] | undefined {
  const [first = '', ...rest] = text.split('\n')
  const follower = language.follow(first)
  if (follower === undefined) return undefined
  const end = rest.findIndex((line) => follower.complete || !follower.takes(line))
  return [first, ...(end < 0 ? rest : rest.slice(0, end))]
}

/** Texts out of pieces: a row of them, and lines of two each. */
export function textsOf(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.array(fc.tuple(piece, piece), { maxLength: 30 }).map((lines) => lines.map((line) => line.join('')).join('\n')),
  )
}

/** Texts out of fragments that mostly stand on lines of their own. */
export function linesOf(fragments: readonly string[]): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(fc.constantFrom(...fragments), fc.constantFrom('\n', '\n', '\n', '\r\n', ' ', '')), {
      maxLength: 40,
    })
    .map((parts) => parts.flat().join(''))
}

/** The properties that hold for a language whatever the text. */
export function itBearsAnyText(language: TraceLanguage, texts: fc.Arbitrary<string>, numRuns: number): void {
  it('finds ranges inside the text, comes to an end, and needs a hint', () => {
    fc.assert(
      fc.property(texts, fc.oneof(fc.constant(0), fc.nat(200)), (text, start) => {
        let from = Math.min(start, text.length)
        for (let found = language.find(text, from); found; found = language.find(text, from)) {
          expect(found.start).toBeGreaterThanOrEqual(from)
          expect(found.end).toBeGreaterThan(found.start)
          expect(found.end).toBeLessThanOrEqual(text.length)
          expect(language.hints.some((hint) => text.includes(hint))).toBe(true)
          for (const { kind, message } of [found, ...found.causes]) expect([kind, message]).not.toContain('')
          from = found.end
        }
      }),
      { numRuns },
    )
  })

  it('reads and follows without a throw', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const read = language.read(text)
        if (read) expect(0 <= read.start && read.start < read.end && read.end <= text.length).toBe(true)
        const [first = '', ...rest] = text.split('\n')
        const follower = language.follow(first)
        for (const line of rest) expect(typeof (follower?.takes(line) ?? language.interrupts(line))).toBe('boolean')
        takenBy(language, text)
      }),
      { numRuns },
    )
  })
}
