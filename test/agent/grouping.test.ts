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

describe('fingerprint.rules of a config', () => {
  const RULES = `fingerprint: { rules: [
    { match: { query: '@error.kind:*Timeout*' }, fingerprint: 'slow' },
    { match: { query: 'service:shop', frames: ['com.acme.shop'] }, fingerprint: '{{ error.kind }} in {{ service }}' },
  ] },`

  it('give error.fingerprint, and leave the pre-fingerprint as it is', async () => {
    const [plain, own] = [await explained(LOG, ''), await explained(LOG, RULES)]
    expect(errorOf(plain)).not.toHaveProperty('fingerprint')
    expect(errorOf(own)).toEqual({ ...errorOf(plain), fingerprint: 'com.acme.shop.OrderFailed in shop' })
  })

  it('are explained: which one matched and where it stands, or that none did', async () => {
    expect((await explained(LOG, RULES))[0]?.fingerprint?.rule).toEqual({
      matched: true,
      index: 1,
      place: { file: expect.stringMatching(/errand\.json5$/), line: 6, column: 5 },
      because: 'query "service:shop", a frame matches "com.acme.shop"',
      fingerprint: 'com.acme.shop.OrderFailed in shop',
    })
    const other = await explained(LOG.replaceAll('com.acme.shop', 'com.acme.web'), RULES)
    expect(other[0]?.fingerprint?.rule).toEqual({ matched: false, rules: 2 })
    expect(errorOf(other)).not.toHaveProperty('fingerprint')
    expect((await explained(LOG, ''))[0]?.fingerprint).not.toHaveProperty('rule')
  })

  it('may give back what the application logged as its own', async () => {
    const line = JSON.stringify({ level: 'ERROR', message: 'm', error: { kind: 'K', fingerprint: 'theirs' } })
    const rules = `fingerprint: { rules: [{ match: { query: '@error.fingerprint:*' }, fingerprint: '{{ error.fingerprint }}' }] },`
    expect(errorOf(await explained(`${line}\n`, rules)).fingerprint).toBe('theirs')
  })

  it('see what the config says of the input: env, version, tags', async () => {
    const rules = `env: 'prod', tags: { Team: 'checkout' },
    fingerprint: { rules: [{ match: { query: 'env:prod team:checkout version:2' }, fingerprint: '{{ env }} {{ version }}' }] },`
    expect(errorOf(await explained(LOG, rules, `, version: '2'`)).fingerprint).toBe('prod 2')
  })

  it('see the frames as inApp marks them', async () => {
    const rules = `inApp: { include: ['org.apache.acme'] },
    fingerprint: { rules: [{ match: { query: '@error.causes.frames.in_app:true' }, fingerprint: 'ours' }] },`
    expect(errorOf(await explained(LOG, rules)).fingerprint).toBe('ours')
  })
})

describe('problems of inApp and fingerprint', () => {
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
    [`fingerprint: { rule: [] },`, 'errand.json5:4:16  fingerprint.rule is not a setting. Did you mean rules?'],
    [
      `fingerprint: { rules: [{ fingerprint: 'x' }] },`,
      'errand.json5:4:24  fingerprint.rules[0].match is missing. Add it: an object.',
    ],
    [
      `fingerprint: { rules: [{ match: {}, fingerprint: 'x' }] },`,
      'errand.json5:4:33  fingerprint.rules[0].match matches nothing. Give it a query, frames, or both; query: "*" matches every error.',
    ],
    [
      `fingerprint: { rules: [{ match: { query: 'a' } }] },`,
      'errand.json5:4:24  fingerprint.rules[0].fingerprint is missing. Add it: a string.',
    ],
    [
      `fingerprint: { rules: [{ match: { query: 'a' }, fingerprint: '' }] },`,
      'errand.json5:4:62  fingerprint.rules[0].fingerprint is empty. Give it at least 1 character.',
    ],
    [
      `fingerprint: { rules: [{ match: { query: 'a' }, fingerprint: '{{ kind' }] },`,
      'errand.json5:4:62  fingerprint.rules[0].fingerprint has a "{{" that nothing closes. Write it as {{ error.kind }}.',
    ],
    [
      `fingerprint: { rules: [{ match: { frames: ['{a,b}'] }, fingerprint: 'x' }] },`,
      'errand.json5:4:44  fingerprint.rules[0].match.frames[0]: "{a,b}" has alternatives in braces. Write one pattern for each.',
    ],
  ] as const)
    it(settings, () => expect(problemsOf(settings)).toEqual([problem]))

  it(`an input's own`, () =>
    expect(problemsOf('', `, inApp: { exclude: ['{a,b}'] }`)).toEqual([
      'errand.json5:2:81  inputs[0].inApp.exclude[0]: "{a,b}" has alternatives in braces. Write one pattern for each.',
    ]))

  it('a fingerprint over 256 characters', () => {
    const problems = problemsOf(
      `fingerprint: { rules: [{ match: { query: 'a' }, fingerprint: '${'x'.repeat(257)}' }] },`,
    )
    expect(problems).toEqual([
      'errand.json5:4:62  fingerprint.rules[0].fingerprint has 257 characters. Give it at most 256 characters.',
    ])
  })

  it('a query that cannot be read, found when the plan is made', async () => {
    const { plan, problems } = await planOf(
      `fingerprint: { rules: [{ match: { query: '@a:(' }, fingerprint: 'x' }] },`,
      '',
    )
    expect(plan).toBeUndefined()
    expect(problems.map(({ place, what }) => [place.line, place.column, what])).toEqual([[4, 42, 'A term is missing.']])
  })
})
