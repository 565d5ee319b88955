/**
 * The same error keeps its fingerprint however its log is framed and printed, and after a deploy. Over the sample logs;
 * `test/fixtures/deploys` holds logs of the same programs after one: other directories, other lines, other versions.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ErrorRecord } from '../../src/core/shapes.js'
import { runPieces } from './run.js'
import { randomFrom, type Sample, samples } from './samples.js'

const DEPLOYS = new URL('../fixtures/deploys/', import.meta.url)
const TIME = '2026-11-20T10:15:32.123456789Z'

const fingerprints = (records: readonly ErrorRecord[]) => records.map(({ error }) => error.pre_fingerprint)

/** Framings and habits of printing that say nothing about the error. */
const PRINTINGS: { readonly [what: string]: (text: string) => string } = {
  'line ends of Windows': (text) => text.replaceAll('\n', '\r\n'),
  'CRI, with long lines in parts': (text) => {
    const random = randomFrom(text.length)
    return eachLine(text, (line) => {
      const cut = random() < 0.1 ? Math.floor(line.length * random()) : 0
      const first = cut > 0 ? `${TIME} stderr P ${line.slice(0, cut)}\n` : ''
      return `${first}${TIME} stderr F ${line.slice(cut)}`
    })
  },
  "docker's json-file": (text) =>
    eachLine(text, (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: TIME })),
  'lines that moved': (text) =>
    text.replace(
      /((?:\.(?:py|java|js|rb|php|go|cs)\\?"?(?::line |, line |:| on line )|\.php\())(\d+)/g,
      (_, place, line) => {
        return `${place}${Number(line) + 37}`
      },
    ),
  'another directory': (text) => text.replace(/(?<![\w/.])\/srv\/shop(?=\/)/g, '/opt/releases/20261121101500'),
}

function eachLine(text: string, change: (line: string) => string): string {
  return `${text.replace(/\n$/, '').split('\n').map(change).join('\n')}\n`
}

describe('however a log is printed, its errors keep their fingerprints', () => {
  for (const { source, name, bytes } of samples) {
    it(name, () => {
      const text = bytes.toString()
      const as = fingerprints(runPieces(source, [bytes]).records)
      expect(as.length).toBeGreaterThan(4)
      for (const [what, print] of Object.entries(PRINTINGS)) {
        const printed = print(text)
        // Java prints no directories.
        if (what !== 'another directory') expect(printed, what).not.toBe(text)
        expect(fingerprints(runPieces(source, [Buffer.from(printed)]).records), what).toEqual(as)
      }
    })
  }
})

/** What a person would go by who compares two logs of one program: what was raised, and where. */
function namesOf(records: readonly ErrorRecord[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  for (const { error } of records) {
    const raised = error.frames?.find((frame) => frame.in_app)
    if (!raised?.function || error.kind === undefined) continue
    const name = `${error.kind.split('\0')[0]} in ${raised.function}`
    names.set(name, (names.get(name) ?? new Set()).add(error.pre_fingerprint))
  }
  return names
}

describe('after a deploy, errors keep their fingerprints', () => {
  const deployed = samples.filter(({ name }) => existsSync(new URL(name, DEPLOYS)))
  it('in logs of every kind', () => expect(deployed.length).toBe(13))

  it.each(deployed.map((one): [string, Sample] => [one.name, one]))('%s', (_, { source, name, bytes }) => {
    const before = namesOf(runPieces(source, [bytes]).records)
    const after = namesOf(runPieces(source, [readFileSync(new URL(name, DEPLOYS))]).records)
    let compared = 0
    for (const [what, fingerprint] of before) {
      const again = after.get(what)
      // Some functions raise several errors of one kind; a log need not hold all of them.
      if (fingerprint.size > 1 || again === undefined || again.size > 1) continue
      compared++
      expect([...again], what).toEqual([...fingerprint])
    }
    expect(compared).toBeGreaterThan(2)
  })
})
