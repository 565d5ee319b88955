/**
 * What every traceback language keeps, whatever it parses: its own fixtures and nobody else's, hints that are necessary,
 * ranges inside the text, an end to every search, and work bounded by the text on near misses and hostile inputs.
 */
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findTracebacks, LANGUAGES, lastTraceback } from '../../src/agent/tracebacks.js'
import type { Traceback } from '../../src/core/shapes.js'
import type { TraceLanguage } from '../../src/trace/language.js'
import { processorMs } from '../processor.js'

const FIXTURES = new URL('../fixtures/trace/', import.meta.url)

interface Fixture {
  readonly language: string
  readonly name: string
  readonly text: string
  readonly expected: unknown
}

const fixtures: readonly Fixture[] = [...LANGUAGES.keys()].flatMap((language) => {
  const folder = new URL(`${language}/`, FIXTURES)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .map((file) => ({
      language,
      name: file.slice(0, -'.txt'.length),
      text: readFileSync(new URL(file, folder), 'utf8'),
      expected: JSON.parse(readFileSync(new URL(file.replace('.txt', '.expected.json'), folder), 'utf8')) as unknown,
    }))
})

/**
 * What a language may see in the fixtures of another, and why. All languages are asked together only where nobody has
 * said which one a log speaks; then the earliest wins, and the one with frames (see below).
 */
const SHARED: readonly (readonly [
  language: RegExp,
  of: RegExp,
  what: (found: Traceback) => boolean,
  reason: string,
])[] = [
  [
    /^(?:nodejs|ruby|java|csharp|rust)$/,
    /./,
    ({ frames, causes }) => frames.length === 0 && causes.length === 0,
    'a header without frames, `KeyError: gone`, is an error that was printed and never thrown',
  ],
  [
    /^nodejs$/,
    /^rust$/,
    ({ kind, frames }) => frames.length === 1 && (kind === undefined || kind === 'Error'),
    'a place alone behind `at` is how V8 prints a frame without a function',
  ],
]

/** Fixtures that two languages read from the same character on, so that their order in the list decides. */
const TIES: readonly string[] = ['rust/anyhow', 'dart/logged', 'dart/several-lines', 'csharp/other-languages']
/** Fixtures without frames, where the last header counts, whoever reads it. */
const HEADERS: readonly string[] = ['php/message-with-details']

/** The agent looks at no more tracebacks in one text. */
const MAX_TRACEBACKS = 32

/** Follows `find` through a text as the agent does; checks each range. */
function findAll(language: TraceLanguage, text: string, from = 0): number {
  let count = 0
  for (let at = from; count < MAX_TRACEBACKS; count++) {
    const found = language.find(text, at)
    if (found === undefined) break
    expect(found.start).toBeGreaterThanOrEqual(at)
    expect(found.end).toBeGreaterThan(found.start)
    expect(found.end).toBeLessThanOrEqual(text.length)
    at = found.end
  }
  return count
}

/** Runs the follower of each line that has one over the lines behind it; gives the lines that were looked at. */
function followAll(language: TraceLanguage, text: string): number {
  const lines = text.split('\n')
  let looked = 0
  for (let i = 0; i < lines.length; i++) {
    const follower = language.follow(lines[i] ?? '')
    looked++
    if (follower === undefined) continue
    while (i + 1 < lines.length && !follower.complete && follower.takes(lines[i + 1] ?? '')) {
      i++
      looked++
    }
  }
  return looked
}

describe('traceback languages', () => {
  it('are named after their files, and each has fixtures', () => {
    for (const [name, language] of LANGUAGES) {
      expect(language.name).toBe(name)
      expect(fixtures.filter((fixture) => fixture.language === name).length, name).toBeGreaterThan(3)
    }
    expect(readdirSync(FIXTURES).sort()).toEqual([...LANGUAGES.keys()].sort())
  })

  it('have hints of ASCII characters only', () => {
    for (const { name, hints } of LANGUAGES.values()) {
      expect(hints.length, name).toBeGreaterThan(0)
      for (const hint of hints) expect(hint, name).toMatch(/^[\t\x20-\x7e]{2,}$/)
    }
  })

  for (const { language: name, name: fixture, text, expected } of fixtures) {
    const language = LANGUAGES.get(name)
    if (language === undefined) continue
    const isStack = fixture.startsWith('read-')

    it(`${name} reads its fixture ${fixture}`, () => {
      const found = isStack ? language.read(text) : language.find(text, 0)
      expect(found).toEqual(expected)
      expect(found?.language).toBe(name)
      if (!isStack && found) expect(language.hints.some((hint) => text.includes(hint))).toBe(true)
      findAll(language, text)
    })

    if (isStack) continue
    it(`${name}/${fixture} is left alone by the other languages`, () => {
      for (const other of LANGUAGES.values()) {
        if (other.name === name) continue
        const taken = other.find(text, 0)
        const shared = SHARED.some(([by, of, what]) => by.test(other.name) && of.test(name) && taken && what(taken))
        if (!shared) expect(taken, other.name).toBeUndefined()
      }
    })

    if ([...TIES, ...HEADERS].includes(`${name}/${fixture}`)) continue
    it(`${name}/${fixture} is ${name}'s when all languages are asked`, () => {
      const chosen = lastTraceback(text, findTracebacks(text, [...LANGUAGES.values()]))
      expect(chosen?.language).toBe(name)
    })
  }
})

/** Lines of all fixtures, whole and cut, and what stands between them. */
const fragments = [...new Set(fixtures.flatMap(({ text }) => text.split(/\r?\n/)))].filter((line) => line.length < 300)
const cuts = fragments.flatMap((line) => {
  const half = Math.ceil(line.length / 2)
  return line.length > 8 ? [line.slice(0, half), line.slice(half)] : [line]
})

describe('any text', () => {
  const texts = fc
    .array(
      fc.tuple(
        fc.oneof(fc.constantFrom(...fragments), fc.constantFrom(...cuts), fc.string({ maxLength: 20 })),
        fc.constantFrom('\n', '\n', '\n', '\r\n', ' ', ''),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.flat().join(''))

  for (const language of LANGUAGES.values()) {
    it(`gives ${language.name} ranges in order, only where a hint stands, and never an exception`, () => {
      fc.assert(
        fc.property(texts, fc.nat(100), (text, from) => {
          const count = findAll(language, text, Math.min(from, text.length))
          if (count > 0) expect(language.hints.some((hint) => text.includes(hint))).toBe(true)
          const whole = language.read(text)
          if (whole !== undefined) {
            expect(whole.start).toBeGreaterThanOrEqual(0)
            expect(whole.start).toBeLessThanOrEqual(whole.end)
            expect(whole.end).toBeLessThanOrEqual(text.length)
          }
          for (const line of text.split('\n')) language.interrupts(line)
          expect(followAll(language, text)).toBe(text.split('\n').length)
        }),
        { numRuns: 300 },
      )
    })
  }
})

const MIB = 1 << 20
/** A guard against hanging: each of these takes far less, but quadratic work over a MiB takes minutes. */
const LIMIT_MS = 10_000

/** Fragments of which a MiB without line ends, and a MiB of lines, must be looked through in time. */
const HOSTILE: readonly string[] = [
  ' ',
  '\t',
  ':',
  '(',
  '{',
  '"',
  ': ',
  '    at ',
  '#0 ',
  '#0      f (',
  ' at x.pl line 3.',
  ' line 3, near "',
  'A::A=HASH(0xabcd)',
  '\tf( called at x.pl line 3',
  "thread 'a' panicked at ",
  "thread 'a' panicked at src/x.rs:1:2:",
  "thread 'a' panicked at 'x",
  'stack backtrace:',
  'Caused by:',
  '   0: f',
  'Error: A { ',
  '** (A) x',
  '** (',
  '{a,b,1,[{file,"x.erl"},{line,1}]},',
  '{file,"',
  'exception error: ',
  'Unhandled exception:',
  '══╡ EXCEPTION CAUGHT BY ',
  'x.dart 1:2  f',
  'Traceback (most recent call last):',
  '  File "x.py", line 3, in f',
  'java.io.IOException: x',
  '\tat a.b.C.d(C.java:1)',
  'Error: x',
  '    at f (',
  'f@https://till.example/x.js:1:2',
  "a.rb:1:in `x': lost (KeyError)",
  'goroutine 1 [running]:',
  'panic: ',
  'PHP Fatal error:  Uncaught ',
  'System.Exception: x',
  '   at A.B.C() in x.cs:line 3',
]

describe('hostile texts', () => {
  for (const language of LANGUAGES.values()) {
    it(`are looked through by ${language.name} in time`, { timeout: LIMIT_MS * 30 }, () => {
      for (const fragment of HOSTILE) {
        for (const glue of ['', '\n']) {
          const text = (fragment + glue).repeat(Math.ceil(MIB / (fragment.length + glue.length)))
          const began = processorMs()
          findAll(language, text)
          language.read(text.slice(0, MIB / 4))
          if (glue === '\n') followAll(language, text)
          else language.follow(text.slice(0, 16_384))
          expect(processorMs() - began, JSON.stringify(fragment + glue)).toBeLessThan(LIMIT_MS)
        }
      }
    })
  }
})
