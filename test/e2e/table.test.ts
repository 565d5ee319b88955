/** `run --table`: what a person sees of the issues, in a terminal and elsewhere. */
import { spawnSync } from 'node:child_process'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, MAIN, python, ROOT, run, start, until, writeConfig } from './program.js'

const input = { type: 'file', paths: ['./app.log'], source: 'python', service: 'shop', startAt: 'beginning' }
const other = (text: string) => python.error(text).replace("KeyError: 'SKU-1'", 'shop.OutOfStock: none left')

/** util-linux's `script`, which runs a command in a terminal of its own; BSD's takes other arguments. */
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true

describe('run --table without a terminal', () => {
  it('prints plain lines: progress, each new issue, and a sum', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), python.error('one') + python.error('two') + other('three'))
    const config = await writeConfig(dir, { inputs: [input] })
    const { code, stdout } = await run(['run', '--config', config, '--table', '--once'])
    expect(code).toBe(0)
    expect(stdout).not.toContain('\x1b')
    expect(
      stdout.match(/^new issue: fp1:[0-9a-f]{24} +\d+x {2}shop {2}.+$/gm)?.map((line) => line.replace(/^.* {2}/, '')),
    ).toEqual(["KeyError: 'SKU-1'", 'shop.OutOfStock: none left'])
    expect(stdout).toContain('following 1 files\n')
    expect(stdout.endsWith(`3 errors of 2 issues, delivered to ${join(dir, 'errors.ndjson')}\n`)).toBe(true)
  })

  it('shows first what was found before, and goes on from there', async () => {
    const dir = await folder()
    const log = join(dir, 'app.log')
    await writeFile(log, python.error('one') + python.error('two'))
    const config = await writeConfig(dir, { inputs: [input] })
    await run(['run', '--config', config, '--table', '--once'])
    const agent = start(['run', '--config', config, '--table'])
    await until('what was found before', () => agent.stdout.includes('following 1 files'))
    expect(agent.stdout).toMatch(
      /^2 errors of 1 issues were found before:\nfp1:[0-9a-f]{24} +2x {2}shop {2}KeyError: 'SKU-1'\n/,
    )
    await appendFile(log, python.error('three') + other('four'))
    await until('the new issue', () => agent.stdout.includes('new issue'))
    const { code, stdout } = await agent.stop()
    expect(code).toBe(0)
    expect(stdout.match(/new issue/g)).toHaveLength(1)
    expect(stdout.endsWith(`4 errors of 2 issues, delivered to ${join(dir, 'errors.ndjson')}\n`)).toBe(true)
  })

  it('shows the sample logs as npm start does', async () => {
    const dir = await folder()
    const config = await writeConfig(dir, {
      inputs: ['python', 'java', 'ruby', 'nodejs'].map((source) => ({
        ...input,
        paths: [join(ROOT, 'examples', 'logs', source, '*.log')],
        source,
        service: `shop-${source}`,
      })),
    })
    const { code, stdout } = await run(['run', '--config', config, '--table', '--once'])
    expect(code).toBe(0)
    const [, errors, issues] = /\n(\d+) errors of (\d+) issues, delivered to \S+\n$/.exec(stdout) ?? []
    expect(Number(errors)).toBeGreaterThan(200)
    expect(stdout.match(/^new issue: /gm)).toHaveLength(Number(issues))
    expect(Number(issues)).toBeLessThan(Number(errors))
  })
})

// Skipped where util-linux is missing (macOS, Windows): nothing else here gives a process a terminal of its own.
describe.skipIf(!hasScript)('run --table in a terminal', () => {
  for (const columns of [140, 80])
    it(`draws the table anew in ${columns} columns, until Ctrl-C`, async () => {
      const dir = await folder()
      const log = join(dir, 'app.log')
      await writeFile(log, python.error('one') + python.error('two') + other('three'))
      const config = await writeConfig(dir, { inputs: [input] })
      const agent = start(
        [
          '-qec',
          `stty cols ${columns} rows 30; exec "${process.execPath}" "${MAIN}" run --config "${config}" --table 2>/dev/null`,
          '/dev/null',
        ],
        {
          command: ['script'],
          input: 'open',
        },
      )
      const screen = () =>
        agent.stdout
          .split('\x1b[H\x1b[2J')
          .at(-1)
          ?.replace(/\x1b\[\d+m/g, '')
          .replaceAll('\r', '') ?? ''
      await until('the table', () => screen().includes('3 errors, 2 issues') && screen().includes('following 1 files'))
      expect(screen()).toMatch(/^ {2}COUNT {2}SERVICE {2}KIND +MESSAGE +(?:PRE-)?FINGERPRINT$/m)
      expect(screen()).toMatch(/^ {6}2 {2}shop +KeyError +'SKU-1' +fp1:[0-9a-f]+…?$/m)
      expect(screen()).toMatch(/^ {6}1 {2}shop +OutOfStock +none left +fp1:[0-9a-f]+…?$/m)
      for (const line of screen().split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
      await appendFile(log, other('four').repeat(3))
      await until('the new order', () => /4 {2}shop +OutOfStock[\s\S]+2 {2}shop +KeyError/.test(screen()))
      agent.child.stdin?.write('\x03')
      const { code, stdout } = await agent.ended
      expect(code).toBe(0)
      expect(stdout).toContain(`6 errors of 2 issues, delivered to ${join(dir, 'errors.ndjson')}`)
    })
})
