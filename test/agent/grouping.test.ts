import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type ExplainedEntry, explainWith } from '../../src/agent/open-pipeline.js'
import { planFrom } from '../../src/agent/plan.js'
import { type Config, configSettings } from '../../src/agent/settings.js'
import { readConfig } from '../../src/config/load.js'
import { ManualClock } from '../../src/core/clock.js'
import { renderProblem } from '../../src/core/problem.js'
import type { ErrorRecord } from '../../src/core/shapes.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const NOW = Date.UTC(2026, 10, 20)

const configOf = (settings: string, input: string) =>
  `{\n  inputs: [{ type: 'stdin', source: 'java', service: 'shop'${input} }],\n  outputs: [{ name: 'o', type: 'stdout' }],\n${settings}\n}\n`

async function planOf(settings: string, input: string) {
  const folder = mkdtempSync(join(tmpdir(), 'errand-grouping-'))
  folders.push(folder)
  const file = join(folder, 'errand.json5')
  writeFileSync(file, configOf(settings, input))
  return planFrom(file, {}, () => NOW)
}

/** What becomes of a log of the config's first input. */
async function explained(log: string, settings: string, input = ''): Promise<readonly ExplainedEntry[]> {
  const { plan, problems } = await planOf(settings, input)
  expect(problems.map(renderProblem)).toEqual([])
  const planned = plan?.inputs[0]
  if (planned === undefined) throw new Error('there is no input')
  const { source, enrichment, grouping } = planned
  const pipeline = explainWith(source, enrichment, { clock: new ManualClock(NOW), grouping })
  return [...pipeline.push(log), ...pipeline.end()]
}

const LOG = [
  '2026-11-20 10:15:32.123 ERROR [main] com.acme.shop.Orders - could not place order',
  'com.acme.shop.OrderFailed: no stock',
  '\tat com.acme.generated.OrderMapper.map(OrderMapper.java:7)',
  '\tat com.acme.shop.Orders.place(Orders.java:41)',
  '\tat org.apache.acme.Client.send(Client.java:9)',
  'Caused by: java.io.IOException: broken pipe',
  '\tat org.apache.acme.Client.write(Client.java:5)',
  '\t... 1 more',
  '',
].join('\n')

function errorOf([entry]: readonly ExplainedEntry[]): ErrorRecord['error'] {
  if (entry === undefined) throw new Error('there is no entry')
  return (entry.record as ErrorRecord).error
}
const marksOf = (entries: readonly ExplainedEntry[]) => {
  const { frames = [], causes = [] } = errorOf(entries)
  return [frames, ...causes.map((cause) => cause.frames ?? [])].map((list) => list.map((frame) => frame.in_app))
}
/** What counts as a frame of the application. */
const applications = ([entry]: readonly ExplainedEntry[]) =>
  entry?.fingerprint?.parts.filter(({ because }) => because.startsWith('F01')).map(({ text }) => text)

describe('inApp of a config', () => {
  it('marks the frames of errors and causes, of whichever traceback comes first', async () => {
    const plain = await explained(LOG, '')
    expect(marksOf(plain)).toEqual([
      [true, true, false],
      [false, false],
    ])
    const inApp = `inApp: { include: ['org.apache.acme'], exclude: ['com.acme.generated'] },`
    const own = await explained(LOG + LOG, inApp)
    for (const entry of own)
      expect(marksOf([entry])).toEqual([
        [false, true, true],
        [true, true],
      ])
    expect(marksOf(await explained(LOG, ''))).toEqual(marksOf(plain))
  })

  it('decides which frames the fingerprint is made of', async () => {
    const plain = await explained(LOG, '')
    const own = await explained(LOG, `inApp: { exclude: ['com.acme.generated'] },`)
    expect(applications(plain)).toEqual(['com.acme.generated.OrderMapper.map', 'com.acme.shop.Orders.place'])
    expect(applications(own)).toEqual(['com.acme.shop.Orders.place'])
    expect(errorOf(own).pre_fingerprint).not.toBe(errorOf(plain).pre_fingerprint)
    expect(errorOf(own).pre_fingerprint).toBe(own[0]?.fingerprint?.id)
  })

  it('of an input wins over that of the config', async () => {
    const all = `inApp: { include: ['com.acme'], exclude: ['org'] },`
    expect(marksOf(await explained(LOG, all, `, inApp: { exclude: ['com.acme.generated'] }`))[0]).toEqual([
      false,
      true,
      false,
    ])
  })

  it('is explained: each frame of which it says something, once, with the setting', async () => {
    const own = await explained(LOG, `inApp: { exclude: ['com.acme.generated', 'org.apache.**'] },`)
    expect(own[0]?.inApp?.map(({ frame, because }) => [frame.function, frame.in_app, because])).toEqual([
      ['map', false, 'inApp.exclude[0] "com.acme.generated"'],
      ['send', false, 'inApp.exclude[1] "org.apache.**"'],
      ['write', false, 'inApp.exclude[1] "org.apache.**"'],
    ])
    expect((await explained(LOG, ''))[0]).not.toHaveProperty('inApp')
  })

  it('marks frames that a logger wrote as objects too', async () => {
    const elements = [
      { strange: true, function: 'place', file: 'orders.x' },
      { function: 'vendored', file: 'vendor/acme/y.x' },
    ]
    const line = JSON.stringify({ level: 'ERROR', message: 'm', error: { stack: elements, kind: 'Failed' } })
    const { frames } = errorOf(await explained(`${line}\n`, `inApp: { include: ['vendor/acme'] },`))
    expect(frames?.map(({ in_app }) => in_app)).toEqual([true, true])
  })
})

describe('problems of inApp', () => {
  const problemsOf = (settings: string, input = '') =>
    readConfig<Config>(configOf(settings, input), 'errand.json5', configSettings, {}).problems.map(renderProblem)

  for (const [settings, problem] of [
    [
      `inApp: { include: 'com.acme' },`,
      'errand.json5:4:19  inApp.include is "com.acme", expected a list. Put it in brackets: ["com.acme"].',
    ],
    [`inApp: { includes: [] },`, 'errand.json5:4:10  inApp.includes is not a setting. Did you mean include?'],
    [`inApp: { exclude: [''] },`, 'errand.json5:4:20  inApp.exclude[0] is empty. Give it at least 1 character.'],
    [
      `inApp: { exclude: [' '] },`,
      'errand.json5:4:20  inApp.exclude[0]: " " is blank. Name a directory, a file, a module or a function.',
    ],
    [
      `inApp: { exclude: ['a', 'b/{c,d}'] },`,
      'errand.json5:4:25  inApp.exclude[1]: "b/{c,d}" has alternatives in braces. Write one pattern for each.',
    ],
    [
      `inApp: { exclude: ['!com.acme'] },`,
      'errand.json5:4:20  inApp.exclude[0]: "!com.acme" begins with "!". Patterns do not negate: use the setting that does the opposite.',
    ],
    [
      `inApp: { exclude: ['^com'] },`,
      'errand.json5:4:20  inApp.exclude[0]: "^com" begins with "^" like a regular expression. Use *, ** and ? instead.',
    ],
  ] as const)
    it(settings, () => expect(problemsOf(settings)).toEqual([problem]))

  it(`an input's own`, () =>
    expect(problemsOf('', `, inApp: { exclude: ['{a,b}'] }`)).toEqual([
      'errand.json5:2:81  inputs[0].inApp.exclude[0]: "{a,b}" has alternatives in braces. Write one pattern for each.',
    ]))
})
