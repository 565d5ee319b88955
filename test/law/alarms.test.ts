/**
 * Alarms lose nothing: what is kept when only alarmed lines are looked at is what is kept when every line is. Over the
 * sample logs, and over generated entries: every spelling of every status of every remapper, as text and as JSON,
 * coloured, escaped, cut in two by a container runtime, inside CRI and inside docker's JSON.
 */
import { describe, expect, it } from 'vitest'
import { DATADOG_PREFIXES, LOGGER_WORDS } from '../../src/remap/status.js'
import { runPieces, SOURCES, sourceNamed } from './run.js'
import { cutAtRandom, randomFrom, samples } from './samples.js'

describe('alarms lose nothing', () => {
  for (const { source, name, bytes } of samples) {
    it(`in ${name}`, () => {
      const all = runPieces(source, [bytes], { everyLine: true }).records
      expect(all.length).toBeGreaterThan(0)
      expect(runPieces(source, [bytes]).records).toEqual(all)
      for (const seed of [1, 2, 3]) {
        const cut = cutAtRandom(bytes, randomFrom(seed))
        expect(runPieces(source, cut).records, `cut with seed ${seed}`).toEqual(all)
      }
      expect(runPieces('auto', [bytes]).records, 'as auto').toEqual(
        runPieces('auto', [bytes], { everyLine: true }).records,
      )
    })
  }

  for (const source of SOURCES) {
    it(`on any spelling of any status of ${source}`, () => {
      let kept = 0
      for (const entry of entriesOf(source)) {
        const bytes = Buffer.from(`${entry}\n`)
        const all = runPieces(source, [bytes], { everyLine: true }).records
        expect(runPieces(source, [bytes]).records, entry).toEqual(all)
        kept += all.length
      }
      // The generator would prove nothing if it made no errors.
      expect(kept).toBeGreaterThan(500)
    })
  }
})

/** Everything that some table knows as a level, and some words that only the prefix table takes. */
function spellings(source: string): string[] {
  const words = new Set<string>([
    ...sourceNamed(source).levels.keys(),
    ...Object.keys(LOGGER_WORDS),
    ...DATADOG_PREFIXES.map(([prefix]) => prefix),
    ...[
      'error',
      'err',
      'errors',
      'fatal',
      'critical',
      'crit',
      'alert',
      'alrt',
      'emergency',
      'foo',
      'abc',
      'crash',
      'e',
      'panic',
      'severe',
    ],
    ...Array.from({ length: 8 }, (_, i) => String(i)),
    ...['10', '20', '30', '40', '50', '60', '17', '21', '400', '500', '550', '600'],
  ])
  return [...words].flatMap((word) => [...new Set([word, word.toUpperCase(), word[0]?.toUpperCase() + word.slice(1)])])
}

const CRI = '2026-11-20T10:15:32.123456789Z stdout'

function* entriesOf(source: string): Generator<string> {
  const time = '2026-11-20 10:15:32,123'
  for (const level of spellings(source)) {
    const number = /^\d+$/.test(level)
    const value = number ? level : JSON.stringify(level)
    const lines = [
      `${time} ${level} [shop.web] gone`,
      `${time} [main] ${level}  com.acme.Shop - gone`,
      `${time} - shop - ${level} - gone`,
      `[${time}] [${level}] gone`,
      `${level}:shop.web:gone`,
      `${level}: gone`,
      `[${level}] gone`,
      `${level} gone`,
      `E, [2026-11-20T10:15:32.123456 #1] ${level} -- : gone`,
      `Nov 20, 2026 10:15:32 AM com.acme.Shop pay\n${level}: gone`,
      `${time} \u001b[31m${level}\u001b[39m gone`,
      ...['level', 'severity', 'status', 'levelname', 'log.level', 'lvl'].flatMap((key) => [
        `{"${key}":${value},"message":"gone"}`,
        `{ "message" : "gone", "${key}" : ${value} }`,
        `{"${key}":"info","${key}":${value},"message":"gone"}`,
        `{"${key.toUpperCase()}":"info","${key}":${value},"message":"gone"}`,
      ]),
      `{"log":{"level":${value}},"message":"gone"}`,
    ]
    if (!number) lines.push(`{"level":"${unicodeEscaped(level)}","message":"gone"}`)
    for (const line of lines) {
      yield line
      if (line.includes('\n')) continue
      yield `${CRI} F ${line}`
      const half = line.indexOf(level) + Math.ceil(level.length / 2)
      yield `${CRI} P ${line.slice(0, half)}\n${CRI} F ${line.slice(half)}`
      yield JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-11-20T10:15:32.1Z' })
    }
  }
}

function unicodeEscaped(text: string): string {
  return [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
}
