/**
 * Patterns of users that take exponential or polynomial time, each on a text that makes it do so, through the built
 * program. It must come to its end, deliver that text and what stands behind it, and name what it gave up.
 */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import JSON5 from 'json5'
import { describe, expect, it } from 'vitest'
import { delivered, folder, start, writeConfig } from './program.js'

interface Case {
  readonly name: string
  /** A grok rule without its name. */
  readonly rule?: string
  readonly support?: string
  readonly remapper?: object
  readonly config?: object
  /** The text is the name of a function in a traceback, and its file. */
  readonly traceback?: boolean
  readonly unit: string
  readonly times: number
  readonly end?: string
  /** No engine comes to an end of it. */
  readonly hangs?: boolean
}

/** Nothing here takes a tenth of it; what is not bounded would take hours. */
const KILL_AFTER_MS = 60_000

const casesOf = (file: string): Case[] =>
  JSON5.parse(readFileSync(fileURLToPath(new URL(`../fixtures/catastrophic/${file}`, import.meta.url)), 'utf8'))

/** All cases with one program, each with a source, a remapper and a file of its own; the names of those that failed. */
async function run(cases: readonly Case[]): Promise<void> {
  const dir = await folder()
  await mkdir(join(dir, 'logs'))
  const files = cases.map((_, i) => join(dir, 'logs', `case${i}.log`))
  for (const [i, { unit, times, end = '', traceback }] of cases.entries()) {
    const text = unit.repeat(times) + end
    const lines = traceback
      ? ['Traceback (most recent call last):', `  File "/srv/${text}", line 1, in ${text}`, `ValueError: ${text}`]
      : [`ERROR ${text}`]
    await writeFile(files[i] ?? '', [...lines, 'ERROR the end', ''].join('\n'))
  }
  const remappers = cases.map(({ rule, support, remapper }, i) => ({
    name: `remapper ${i}`,
    source: `case${i}`,
    processors:
      rule === undefined
        ? [{ type: 'message-remapper', sources: ['msg'] }]
        : [
            {
              type: 'grok-parser',
              name: `parser ${i}`,
              source: 'message',
              grok: { matchRules: `rule${i} ERROR ${rule}`, ...(support !== undefined && { supportRules: support }) },
            },
          ],
    ...remapper,
    tests: [{ sample: 'x', result: 'dropped' }],
  }))
  const config = await writeConfig(dir, {
    inputs: cases.map((_, i) => ({ type: 'file', paths: [files[i]], source: `case${i}`, service: 'shop' })),
    remappers,
    ...Object.assign({}, ...cases.map(({ config }) => config)),
  })
  const running = start(['run', '--config', config, '--once'])
  const killed = setTimeout(() => running.child.kill('SIGKILL'), KILL_AFTER_MS)
  const { code, signal, stderr } = await running.ended
  clearTimeout(killed)

  const records = await delivered(join(dir, 'errors.ndjson'))
  const complete = (i: number) => records.filter(({ log }) => log.file?.path === files[i]).length >= 2
  expect(cases.filter((_, i) => !complete(i)).map(({ name }) => name)).toEqual([])
  expect({ code, signal }, stderr).toEqual({ code: 0, signal: null })
  const named = (i: number) =>
    stderr.includes(`rule rule${i} of remapper \\"remapper ${i}\\", processor 1 grok-parser: parser ${i} (`)
  expect(cases.filter(({ hangs }, i) => hangs && !named(i)).map(({ name }) => name)).toEqual([])
}

describe('a pattern that takes hours on some texts does not hold up the agent', () => {
  const rules = casesOf('rules.json5')
  for (let i = 0; i < rules.length; i += 10) {
    const some = rules.slice(i, i + 10)
    it(`rules: ${some.map(({ name }) => name).join(', ')}`, () => run(some), KILL_AFTER_MS + 30_000)
  }
  const others = casesOf('others.json5')
  it(`other places: ${others.map(({ name }) => name).join(', ')}`, () => run(others), KILL_AFTER_MS + 30_000)
})
