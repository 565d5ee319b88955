/** The built program with inApp and fingerprint rules in its config: check, run and explain. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contract } from './contract.js'
import { delivered, folder, java, python, run } from './program.js'

const SETTINGS = `
  inApp: { exclude: ["com.acme.shop.Orders"] },
  fingerprint: {
    rules: [
      { match: { query: "@error.kind:*Timeout*" }, fingerprint: "slow" },
      { match: { query: "service:shop", frames: ["com.acme.shop"] }, fingerprint: "{{ error.kind }} of {{ service }}" },
    ],
  },`

/** A config as a person writes it, so that places can be read off it. */
async function writeJson5(dir: string, settings: string): Promise<string> {
  const file = join(dir, 'errand.json5')
  await writeFile(
    file,
    `{
  stateDir: "./state",
  inputs: [
    { type: "file", paths: ["./shop.log"], source: "java", service: "shop", startAt: "beginning" },
    { type: "file", paths: ["./jobs.log"], source: "python", service: "jobs", startAt: "beginning",
      inApp: { exclude: ["orders.py"] } },
  ],
  outputs: [{ name: "disk", type: "file", path: "./errors.ndjson" }],${settings}
}
`,
  )
  return file
}

async function logs(dir: string): Promise<void> {
  await writeFile(join(dir, 'shop.log'), java.info('up') + java.error('one') + java.error('two'))
  await writeFile(join(dir, 'jobs.log'), python.error('three'))
}

describe('errand run with inApp and fingerprint.rules', () => {
  it('delivers the marks and the fingerprints that the config asks for', async () => {
    const dir = await folder()
    await logs(dir)
    const config = await writeJson5(dir, SETTINGS)
    expect(await run(['run', '--config', config, '--once'])).toMatchObject({ code: 0 })
    const records = (await delivered(join(dir, 'errors.ndjson'))).map((record) => contract.parse(record))
    const shop = records.filter(({ service }) => service === 'shop')
    expect(shop).toHaveLength(2)
    for (const { error } of shop) {
      expect(error.fingerprint).toBe('java.lang.IllegalStateException of shop')
      expect(error.pre_fingerprint).toMatch(/^fp1:[0-9a-f]{24}$/)
      expect(error.frames?.map(({ function: name, in_app }) => [name, in_app])).toEqual([
        ['place', false],
        ['post', true],
      ])
    }
    const [jobs] = records.filter(({ service }) => service === 'jobs')
    expect(jobs?.error).not.toHaveProperty('fingerprint')
    expect(jobs?.error.frames?.map(({ in_app }) => in_app)).toEqual([false])
  })

  it('groups the live table by them', async () => {
    const dir = await folder()
    await logs(dir)
    const config = await writeJson5(dir, SETTINGS)
    const { stdout } = await run(['run', '--config', config, '--table', '--once'])
    expect(stdout).toContain('new issue: java.lang.IllegalStateException of shop')
    expect(stdout).toContain('3 errors of 2 issues')
  })

  it('delivers the same with empty ones as without any', async () => {
    const made = async (settings: string) => {
      const dir = await folder()
      await logs(dir)
      await run(['run', '--config', await writeJson5(dir, settings), '--once'])
      // Ids hang on the file's own, which is made anew for each state directory.
      const text = (await readFile(join(dir, 'errors.ndjson'), 'utf8')).replaceAll(dir, '').replace(/"id":"\w+",/g, '')
      return text.split('\n').sort()
    }
    const [without, empty] = await Promise.all([
      made(''),
      made('\n  inApp: { include: [], exclude: [] },\n  fingerprint: { rules: [] },'),
    ])
    expect(empty).toEqual(without)
    expect(without).toHaveLength(4)
  })
})

describe('errand explain with inApp and fingerprint.rules', () => {
  it('says which rule matched and which frames the config decided, as JSON', async () => {
    const dir = await folder()
    await logs(dir)
    const config = await writeJson5(dir, SETTINGS)
    const { stdout } = await run(['explain', '--config', config, '--json', join(dir, 'shop.log')])
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const kept = entries.filter(({ outcome }) => outcome === 'kept')
    expect(kept).toHaveLength(2)
    for (const { fingerprint, inApp, record } of kept) {
      expect(fingerprint.rule).toEqual({
        matched: true,
        index: 1,
        place: { file: config, line: 13, column: 7 },
        because: 'query "service:shop", a frame matches "com.acme.shop"',
        fingerprint: 'java.lang.IllegalStateException of shop',
      })
      expect(record.error.fingerprint).toBe(fingerprint.rule.fingerprint)
      expect(inApp).toEqual([{ frame: record.error.frames[0], because: 'inApp.exclude[0] "com.acme.shop.Orders"' }])
    }
  })

  it('says so to a person, and when no rule matched', async () => {
    const dir = await folder()
    await logs(dir)
    const config = await writeJson5(dir, SETTINGS)
    const shop = await run(['explain', '--config', config, join(dir, 'shop.log')])
    expect(shop.stdout).toContain(
      `  fingerprint.rules[1] at ${config}:13:7 gives error.fingerprint java.lang.IllegalStateException of shop  (query "service:shop", a frame matches "com.acme.shop")\n`,
    )
    expect(shop.stdout).toContain(
      '  not in app: com.acme.shop.Orders.place (Orders.java:41)  (inApp.exclude[0] "com.acme.shop.Orders")\n',
    )
    const jobs = await run(['explain', '--config', config, '--source', 'python', join(dir, 'jobs.log')])
    expect(jobs.stdout).toContain('  none of the 2 rules of fingerprint.rules matches\n')
    expect(jobs.stdout).toContain('(inputs[1].inApp.exclude[0] "orders.py")\n')
    const none = await run(['explain', '--source', 'python', join(dir, 'jobs.log')])
    expect(none.stdout).not.toContain('fingerprint.rules')
    expect(none.stdout).toMatch(/ {6}location fp1:location:[0-9a-f]{24}\n {6}exact {4}fp1:exact:[0-9a-f]{24}\n/)
  })

  it('applies what holds for all to a source that no input has', async () => {
    const dir = await folder()
    const config = await writeJson5(dir, `\n  fingerprint: { rules: [{ match: { query: "*" }, fingerprint: "all" }] },`)
    const { stdout } = await run(['explain', '--config', config, '--source', 'ruby', '--json'], {
      input: 'E, [2026-11-20T10:15:32.123456 #1] ERROR -- : gone\n',
    })
    expect(JSON.parse(stdout).record.error.fingerprint).toBe('all')
  })
})

describe('errand check with inApp and fingerprint.rules', () => {
  it('takes good ones, and shows every problem of bad ones with its place', async () => {
    const dir = await folder()
    await logs(dir)
    expect(await run(['check', '--config', await writeJson5(dir, SETTINGS)])).toMatchObject({ code: 0, stderr: '' })
    const bad = await writeJson5(
      dir,
      `
  inApp: { include: ["lib/{a,b}"] },
  fingerprint: {
    rules: [
      { match: {}, fingerprint: "x" },
      { match: { query: "a" }, fingerprint: "{{ }}" },
    ],
  },`,
    )
    const { code, stderr } = await run(['check', '--config', bad])
    expect(code).toBe(1)
    expect(stderr.replaceAll(bad, 'errand.json5').split('\n')).toEqual([
      'errand.json5:9:22  inApp.include[0]: "lib/{a,b}" has alternatives in braces. Write one pattern for each.',
      'errand.json5:12:16  fingerprint.rules[0].match matches nothing. Give it a query, frames, or both; query: "*" matches every error.',
      'errand.json5:13:45  fingerprint.rules[1].fingerprint has {{ }}, which names nothing. Write {{ default }}, {{ service }}, or an attribute such as {{ error.kind }}.',
      '',
    ])
  })
})
