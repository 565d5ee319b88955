import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import JSON5 from 'json5'
import { afterAll, describe, expect, it } from 'vitest'
import { metricsOf, readBundled, readTests, renderDocs } from '../../scripts/render-docs.mjs'
import { openPipeline } from '../../src/agent/open-pipeline.js'
import { planFrom } from '../../src/agent/plan.js'
import { testRemappers } from '../../src/agent/remapper-tests.js'
import { type Config, configSettings } from '../../src/agent/settings.js'
import { LANGUAGES } from '../../src/agent/tracebacks.js'
import { readConfig } from '../../src/config/load.js'
import { jsonSchemaOf } from '../../src/config/schema-export.js'
import { Counters } from '../../src/core/counters.js'
import { renderProblem } from '../../src/core/problem.js'
import { specification } from '../../src/fingerprint/specification.js'
import { OUTPUT_KINDS } from '../../src/outputs/kinds.js'
import { PROCESSOR_KINDS } from '../../src/remap/processors/kinds.js'
import { GAUGES, renderMetrics } from '../../src/status/metrics.js'
import { BLOCKS, type Block, blocksOf, kindOf, PAGES, ROOT, read } from './pages.js'

const folder = mkdtempSync(join(tmpdir(), 'errand-docs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const where = ({ page, line }: Block) => `${page}:${line}`
const ofKind = (kind: string) => BLOCKS.filter((block) => kindOf(block) === kind)

/** Every variable that a text names, with a value. */
function environmentOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => [name, 'https://from-the-environment']))
}

describe('the configs in the pages', () => {
  it('are there to be checked', () => expect(ofKind('config').length).toBeGreaterThanOrEqual(4))

  for (const block of ofKind('config')) {
    it(`${where(block)} has no problem`, () => {
      const { problems } = readConfig<Config>(block.text, where(block), configSettings, environmentOf(block.text))
      expect(problems.map(renderProblem)).toEqual([])
    })
  }
})

describe('the remappers in the pages', () => {
  for (const block of ofKind('remapper')) {
    it(`${where(block)} passes its own tests`, async () => {
      const file = join(folder, 'remapper.json5')
      writeFileSync(file, block.text)
      const [result] = await testRemappers([file])
      expect(result?.problems.map(renderProblem)).toEqual([])
      expect(result?.results.length).toBeGreaterThanOrEqual(4)
      expect(result?.results.filter(({ passed }) => !passed)).toEqual([])
    })
  }

  it('say of each processor type what it does', () => {
    const page = read('docs/remappers.md')
    for (const { type, description } of PROCESSOR_KINDS) expect(page).toContain(`### ${type}\n\n${description}\n`)
  })
})

describe('the records in the pages', () => {
  it('README shows what its sample becomes', async () => {
    const [sample, record] = blocksOf('README.md').filter(
      ({ info, text }) => info === 'json record' || /^2026/.test(text),
    )
    const shown = JSON5.parse(record?.text ?? '') as Record<string, unknown> & { error: Record<string, unknown> }
    const pipeline = await openPipeline({ source: 'python', service: 'shop' })
    const entries = [...pipeline.push(`${sample?.text}\n`), ...pipeline.end()]
    expect(entries).toHaveLength(1)
    const made = entries[0]?.record as typeof shown
    // Host, path and id are the place's; the fingerprint is the business of its own fixtures.
    const { id, host, log, error, ...rest } = shown
    expect({ ...rest, error: { ...error, pre_fingerprint: made.error.pre_fingerprint } }).toEqual({
      ...made,
      id: undefined,
      log: undefined,
    })
    expect(error.pre_fingerprint).toMatch(/^fp1:[0-9a-f]{24}$/)
    expect([id, host, log]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), 'web-1', { file: expect.anything() }])
  })

  for (const block of ofKind('record')) {
    it(`${where(block)} has the fields that every record has`, () => {
      const record = JSON5.parse(block.text) as Record<string, unknown>
      for (const field of ['id', 'timestamp', 'status', 'service', 'source', 'error', 'log']) {
        expect(record).toHaveProperty(field)
      }
    })
  }
})

describe('what is written by npm run docs', async () => {
  const gauges = Object.fromEntries(Object.keys(GAUGES).map((name) => [name, 0]))
  const { text } = await renderMetrics(new Counters(), () => ({
    gauges,
    spooled: { main: 0 },
    sources: [],
    remappers: [],
  }))
  const pages = renderDocs({
    schema: jsonSchemaOf(configSettings, 'Config of Errand'),
    outputKinds: OUTPUT_KINDS,
    processorKinds: PROCESSOR_KINDS.map(({ type, description, schema }) => ({
      type,
      description,
      schema: jsonSchemaOf(schema, type),
    })),
    metrics: metricsOf(text),
    remappers: read('docs/remappers.md'),
    bundled: readBundled(fileURLToPath(new URL('../../remappers/', import.meta.url))),
    languages: [...LANGUAGES.keys()].sort(),
    fp1: specification(),
    fingerprint: read('docs/fingerprint.md'),
    reliability: read('docs/reliability.md'),
    tests: readTests(ROOT),
  })

  for (const [path, page] of Object.entries(pages)) {
    it(`${path} is up to date (else: npm run docs)`, () => expect(read(path)).toBe(page))
  }

  it('knows the type and the meaning of every setting', () => {
    const rows = read('docs/configuration.md')
      .split('\n')
      .filter((line) => /^\| `/.test(line))
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    expect(rows.length).toBeGreaterThan(50)
    expect(rows.filter(([, , type, , meaning]) => type === '' || type === 'any' || meaning === '')).toEqual([])
  })

  it('config.schema.json takes what Errand takes, variables included, and refuses a slip', () => {
    const validate = new Ajv({ strictTypes: false, allowUnionTypes: true }).compile(
      JSON.parse(read('config.schema.json')),
    )
    const example = JSON5.parse(read('config.example.json')) as Record<string, unknown>
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true)
    const { text } = blocksOf('docs/configuration.md').find((block) => kindOf(block) === 'config') as Block
    expect(validate(JSON5.parse(text)), JSON.stringify(validate.errors)).toBe(true)
    const url = '${URL}'
    expect(validate({ ...example, outputs: [{ name: 'x', type: 'http', url, proxy: url }] })).toBe(true)
    expect(validate({ ...example, outputs: [{ name: 'x', type: 'http', url, proxy: 'proxy:3128' }] })).toBe(false)
    expect(validate({ ...example, output: [] })).toBe(false)
    expect(validate({ ...example, outputs: [{ name: 'x', type: 'fil', path: 'x' }] })).toBe(false)
  })
})

describe('the project as users find it', () => {
  it('config.example.json is a plan without problems', async () => {
    const { plan, problems } = await planFrom(join(ROOT, 'config.example.json'), {}, () => Date.UTC(2026, 10, 20))
    expect(problems.filter(({ severity }) => severity === 'error').map(renderProblem)).toEqual([])
    expect(plan?.inputs.length).toBeGreaterThan(0)
  })

  for (const page of PAGES) {
    it(`the links of ${page} lead somewhere`, () => {
      const dead = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target ?? '')
        .filter((target) => !/^[a-z]+:/.test(target) && !leads(page, target))
      expect(dead).toEqual([])
    })
  }

  it('everything that the package lists is there', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] }
    expect(files.filter((file) => file !== 'dist' && !existsSync(join(ROOT, file)))).toEqual([])
  })
})

/** Whether a relative link names a file, and its fragment a heading of that page. */
function leads(page: string, target: string): boolean {
  const [path = '', fragment] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(ROOT, file))) return false
  return fragment === undefined || anchorsOf(read(file)).includes(fragment)
}

/** The anchors that headings get: lower case, punctuation left out, blanks as hyphens. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    (title ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
