/** The commands for people and scripts: explain, test, watch. */
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { folder, java, python, ROOT, run, start, until, writeConfig } from './program.js'

const LOGS = join(ROOT, 'examples', 'logs')

const explained = z.strictObject({
  file: z.string().optional(),
  from: z.int().min(0),
  to: z.int().min(0),
  text: z.string(),
  outcome: z.enum(['kept', 'dropped']),
  reason: z.string().min(1),
  record: z.record(z.string(), z.unknown()),
  steps: z.array(z.looseObject({ processor: z.string() })),
  fingerprint: z
    .strictObject({
      id: z.string().regex(/^fp1:[0-9a-f]{24}$/),
      location: z.string(),
      exact: z.string(),
      parts: z.array(z.looseObject({ text: z.string(), counts: z.boolean(), because: z.string().min(1) })).min(1),
    })
    .optional(),
})

describe('errand explain', () => {
  it('--json prints one object per entry, the dropped ones too, and covers every line', async () => {
    const file = join(LOGS, 'python', 'shop.log')
    const { code, stdout, stderr } = await run(['explain', '--source', 'python', '--json', file])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => explained.parse(JSON.parse(line)))
    const content = await readFile(file)
    let at = 0
    for (const entry of entries) {
      expect(entry.file).toBe(file)
      expect(content.subarray(at, entry.from).toString().trim(), 'nothing is left out').toBe('')
      expect(entry.to).toBeGreaterThan(entry.from)
      expect(entry.outcome === 'kept').toBe(entry.fingerprint !== undefined)
      if (entry.outcome === 'kept')
        expect(entry.record).toMatchObject({ source: 'python', error: { pre_fingerprint: entry.fingerprint?.id } })
      at = entry.to
    }
    expect(content.subarray(at).toString().trim()).toBe('')
    expect(new Set(entries.map(({ outcome }) => outcome))).toEqual(new Set(['kept', 'dropped']))
    expect(new Set(entries.map(({ reason }) => reason))).toEqual(new Set(['error', 'critical', 'below_error']))
  })

  it('explains what run delivers: the same errors with the same fingerprints', async () => {
    const dir = await folder()
    const file = join(LOGS, 'java', 'shop.log')
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: [file], source: 'java', service: 'shop' }],
      outputs: [{ name: 'out', type: 'stdout' }],
    })
    const [ran, told] = await Promise.all([
      run(['run', '--config', config, '--once']),
      run(['explain', '--config', config, '--json', file]),
    ])
    const fingerprintOf = (record: { error: { pre_fingerprint: string }; log: { file: { offset: number } } }) => [
      record.log.file.offset,
      record.error.pre_fingerprint,
    ]
    const objects = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    const kept = objects(told.stdout).filter(({ outcome }) => outcome === 'kept')
    expect(kept.map(({ record }) => fingerprintOf(record))).toEqual(objects(ran.stdout).map(fingerprintOf))
    expect(kept.length).toBeGreaterThan(10)
  })

  it('reads as the config says: the framing, the limits, the statuses to keep', async () => {
    const dir = await folder()
    const config = await writeConfig(dir, {
      inputs: [{ type: 'stdin', source: 'java', service: 'shop', format: 'plain' }],
      keep: { statuses: ['critical'] },
      group: { maxEntryBytes: 1024 },
      outputs: [{ name: 'out', type: 'stdout' }],
    })
    const line = `2026-11-20T10:15:32.1Z stdout F ERROR ${'x'.repeat(2000)}`
    const { stdout } = await run(['explain', '--config', config, '--json'], { input: `${line}\n` })
    expect(JSON.parse(stdout)).toMatchObject({ text: line.slice(0, 1024), outcome: 'dropped', reason: 'not_wanted' })
  })

  it('shows a person the steps, the record and the fingerprint; reads standard input', async () => {
    const { code, stdout } = await run(['explain', '--source', 'java'], {
      input: java.info('up') + java.error('no stock'),
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/── stdin \[0, \d+\) {2}dropped: below_error/)
    expect(stdout).toMatch(/── stdin \[\d+, \d+\) {2}kept: error/)
    expect(stdout).toContain('kind     java.lang.IllegalStateException')
    expect(stdout).toContain('raised   com.acme.shop.Orders.place (Orders.java:41), 2 frames')
    expect(stdout).toContain('cause    java.io.IOException: broken pipe')
    expect(stdout).toMatch(/fingerprint fp1:[0-9a-f]{24}\n {6}[+-] /)
  })

  it('names a file that is not there, and a source that nobody knows', async () => {
    const missing = await run(['explain', '--source', 'java', 'no.log'])
    expect(missing).toMatchObject({
      code: 1,
      stderr: 'no.log  there is no such file. Name a log file, or "-" for standard input.\n',
    })
    const unknown = await run(['explain', '--source', 'cobol'], { input: 'x\n' })
    expect(unknown.code).toBe(0)
    expect(unknown.stderr).toContain('there is no remapper for source "cobol"; it is treated as "auto"')
  })
})

describe('errand test', () => {
  it('passes for the bundled remappers and closes with the numbers', async () => {
    const { code, stdout, stderr } = await run(['test'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [, passed] = /(?:^|\n)(\d+) passed, 0 failed\n$/.exec(stdout) ?? []
    expect(Number(passed)).toBeGreaterThan(10)
    const json = JSON.parse((await run(['test', '--json'])).stdout)
    expect(json).toMatchObject({ passed: Number(passed), failed: 0 })
  })

  it('tells which sample failed, where, and what came instead', async () => {
    const dir = await folder()
    const file = join(dir, 'mine.json5')
    await writeFile(
      file,
      `{ name: 'mine', source: 'java', processors: [{ type: 'status-remapper', sources: ['lvl'] }],
  tests: [
    { sample: '{"lvl":"error","message":"x"}', result: { status: 'error' } },
    { sample: '{"lvl":"info","message":"x"}', result: { status: 'error' } },
  ] }`,
    )
    const { code, stdout, stderr } = await run(['test', file])
    expect(code).toBe(1)
    expect(stdout).toBe('1 passed, 1 failed\n')
    expect(stderr).toMatch(new RegExp(`^${file}:4:5 {2}\\S.+`))
  })

  it('finds nothing to test', async () => {
    const dir = await folder()
    const { code, stdout, stderr } = await run(['test', dir])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '0 passed, 0 failed\n' })
    expect(stderr).toContain('no tests were found')
  })
})

describe('errand watch', () => {
  const LINE = /^\d\d:\d\d:\d\d ERROR {4}shop {2}KeyError: 'SKU-1' {2}place \(orders\.py:41\) {2}fp1:[0-9a-f]{24}$/

  it('prints one line per error: the last ones, and each as it comes, over rotation', async () => {
    const dir = await folder()
    const log = join(dir, 'app.log')
    await writeFile(log, python.error('one') + python.error('two') + python.error('three'))
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./app.log'], source: 'python', service: 'shop', startAt: 'beginning' }],
    })
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    const watching = start(['watch', '--config', config, '--last', '2'])
    const lines = () => watching.stdout.trim().split('\n')
    await until('the last two', () => lines().length === 2)
    const agent = start(['run', '--config', config])
    for (let i = 3; i <= 6; i++) {
      await appendFile(log, python.error(`more ${i}`))
      await until(`line ${i}`, () => lines().length === i)
    }
    await rename(join(dir, 'errors.ndjson'), join(dir, 'errors.ndjson.1'))
    await appendFile(log, python.error('after rotation'))
    await until('the line after the rotation', () => lines().length === 7)
    for (const line of lines()) expect(line).toMatch(LINE)
    expect(await watching.stop()).toMatchObject({ code: 0, stderr: '' })
    expect((await agent.stop()).code).toBe(0)
  })

  it('waits for a file that is not there yet, and passes over what is no record', async () => {
    const dir = await folder()
    const file = join(dir, 'errors.ndjson')
    const watching = start(['watch', file])
    await until('the wait to be told', () => watching.stderr.includes('is not there yet; waiting for it'))
    const record = {
      id: '1',
      timestamp: '2026-11-20T10:15:32.123Z',
      status: 'critical',
      service: 's',
      error: { kind: 'E', pre_fingerprint: 'fp1:0' },
    }
    await writeFile(file, `no json\n{"id":1}\n${JSON.stringify(record)}\n`)
    await until('the line', () => watching.stdout !== '')
    expect(watching.stdout).toBe('10:15:32 CRITICAL s  E  fp1:0\n')
    expect((await watching.stop('SIGINT')).code).toBe(0)
  })

  it('is told apart from a config without a file to watch', async () => {
    const dir = await folder()
    const config = await writeConfig(dir, {
      inputs: [{ type: 'stdin', source: 'java', service: 's' }],
      outputs: [{ name: 'out', type: 'stdout' }],
    })
    const { code, stderr } = await run(['watch', '--config', config])
    expect(code).toBe(1)
    expect(stderr).toContain('there is no output of type "file" to watch. Add {')
  })
})
