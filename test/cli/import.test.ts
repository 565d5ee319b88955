/** `errand import`, on real files, in this process. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { Crash } from '../../src/cli/crash.js'
import type { Host } from '../../src/cli/host.js'
import { runProgram } from '../../src/cli/program.js'

/** Runs a command line; what it printed and its exit code. */
async function errand(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const host: Host = {
    environment: {},
    self: { pid: process.pid, isAlive: () => false } as unknown as Host['self'],
    stdin: new PassThrough(),
    stdout,
    stderr,
    onStop: () => {},
    onReload: () => {},
    crash: new Crash(() => {}),
  }
  const code = await runProgram(args, '0.0.0', host)
  stdout.end()
  stderr.end()
  return { code, stdout: await textOf(stdout), stderr: await textOf(stderr) }
}
const folder = () => mkdtemp(join(tmpdir(), 'errand-import-'))

const PIPELINE = {
  id: 'x1',
  name: 'Door',
  is_enabled: true,
  filter: { query: 'source:door' },
  processors: [
    {
      type: 'grok-parser',
      name: 'Line',
      is_enabled: true,
      source: 'message',
      samples: ['#E 17 it is stuck', '#I 17 it is open'],
      grok: { support_rules: '', match_rules: 'door #%{word:level} %{integer:door.id} %{data:msg}' },
    },
    {
      type: 'category-processor',
      is_enabled: true,
      target: 'severity',
      categories: [{ name: 'critical', filter: { query: '@level:E' } }],
    },
    { type: 'status-remapper', is_enabled: true, sources: ['severity'] },
  ],
}

describe('errand import', () => {
  it('writes a remapper file from the API, whose tests are its samples and pass', async () => {
    const dir = await folder()
    const [from, to] = [join(dir, 'door.json'), join(dir, 'door.json5')]
    await writeFile(from, JSON.stringify(PIPELINE))
    expect(await errand('import', from, '-o', to)).toEqual({
      code: 0,
      stdout: '',
      stderr: `${to}: remappers 1, tests 2, all pass\n`,
    })
    const written = await readFile(to, 'utf8')
    expect(written).toContain("{ sample: '#E 17 it is stuck', result: { status: 'critical' } }")
    expect(written).toContain("{ sample: '#I 17 it is open', result: 'dropped' }")
    expect(await errand('test', to)).toEqual({ code: 0, stdout: '2 passed, 0 failed\n', stderr: '' })
  })

  it('does not write over a file', async () => {
    const dir = await folder()
    const [from, to] = [join(dir, 'door.json'), join(dir, 'mine.json5')]
    await writeFile(from, JSON.stringify(PIPELINE))
    await writeFile(to, 'mine')
    const { code, stderr } = await errand('import', from, '-o', to)
    expect([code, stderr]).toEqual([
      1,
      `${to}  the file is there already. Name another one, or move this one away first.\n`,
    ])
    expect(await readFile(to, 'utf8')).toBe('mine')
  })

  it('takes the tests that stand beside an integration, and prints the file where none is named', async () => {
    const dir = await folder()
    const file = join(dir, 'door.yaml')
    await writeFile(file, JSON.stringify({ id: 'door', pipeline: PIPELINE }))
    await writeFile(
      join(dir, 'door_tests.yaml'),
      JSON.stringify({ id: 'door', tests: [{ sample: '#E 3 from the pair', result: { status: 'critical' } }] }),
    )
    const { code, stdout, stderr } = await errand('import', file)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain("{ sample: '#E 3 from the pair', result: { status: 'critical' } }")
    expect(stdout).not.toContain("sample: '#E 17")
  })

  it('says which tests do not pass yet', async () => {
    const dir = await folder()
    const [file, to] = [join(dir, 'door.yaml'), join(dir, 'door.json5')]
    await writeFile(file, JSON.stringify({ pipeline: PIPELINE }))
    await writeFile(
      join(dir, 'door_tests.yaml'),
      JSON.stringify({ tests: [{ sample: '#I 3 x', result: { status: 'alert' } }] }),
    )
    const { code, stderr } = await errand('import', file, '-o', to)
    expect([code, stderr]).toEqual([0, `${to}: remappers 1, tests 1, 1 do not pass yet, see: errand test ${to}\n`])
  })

  it('imports the good ones of a list, and says what is wrong with the others', async () => {
    const dir = await folder()
    const file = join(dir, 'all.json')
    await writeFile(file, JSON.stringify([{ name: 'Broken' }, PIPELINE]))
    const { code, stdout, stderr } = await errand('import', file)
    expect(code).toBe(1)
    expect(stderr).toBe(`${file}:1:2  processors is missing. Add it: a list.\n`)
    expect(stdout).toContain("name: 'Door'")
    expect(stdout).not.toContain('Broken')
  })

  for (const [name, content, expected] of [
    ['a list without pipelines', '[]', 'the file holds no pipeline.'],
    ['something else', '{"a": 1}', 'processors is missing.'],
    ['no JSON', '{"a": ', ''],
  ] as const)
    it(`refuses ${name}`, async () => {
      const file = join(await folder(), 'x.json')
      await writeFile(file, content)
      const { code, stdout, stderr } = await errand('import', file)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain(file)
      expect(stderr).toContain(expected)
    })
})
