import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { check } from '../../src/cli/check.js'
import { Crash } from '../../src/cli/crash.js'
import type { Host } from '../../src/cli/host.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

async function checkConfig(config: unknown, files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'errand-check-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  const written = { out: '', err: '' }
  const stream = (to: 'out' | 'err') => new PassThrough().on('data', (piece) => (written[to] += String(piece)))
  const host: Host = {
    environment: {},
    self: { pid: 1, isAlive: () => false },
    stdin: new PassThrough(),
    stdout: stream('out'),
    stderr: stream('err'),
    onStop: () => {},
    onReload: () => {},
    crash: new Crash(() => {}),
  }
  const code = await check({ config: join(folder, 'config.json') }, host)
  return { code, out: written.out.replaceAll(`${folder}/`, ''), err: written.err.replaceAll(`${folder}/`, '') }
}

const OUTPUTS = [{ name: 'o', type: 'stdout' }]

describe('errand check', () => {
  it('says of auto inputs which source each file shows', async () => {
    const inputs = [{ type: 'file', paths: ['./*.log'], service: 's' }]
    const files = {
      'a.log': 'ERROR:shop:gone\n',
      'b.log': 'D, [2026-11-20T10:15:32.1 #1] DEBUG -- : x',
      'c.log': 'nothing to see\n',
    }
    const { code, out, err } = await checkConfig({ inputs, outputs: OUTPUTS }, files)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^a\.log will be read as source "python": an entry has the shape/m)
    expect(out).toMatch(/^b\.log will be read as source "ruby": an entry has the shape/m)
    expect(out).not.toContain('c.log')
  })

  it('warns of an unknown source and a missing service, and goes on', async () => {
    const inputs = [{ type: 'file', paths: ['./*.log'], source: 'pyton' }]
    const { code, err } = await checkConfig({ inputs, outputs: OUTPUTS })
    expect(code).toBe(0)
    expect(err).toContain('there is no remapper for source "pyton"; it is treated as "auto". Did you mean "python"?')
    expect(err).toContain('this input names no service; its errors get service "pyton".')
  })

  it('finds two outputs of one name', async () => {
    const { code, err } = await checkConfig({
      inputs: [{ type: 'stdin', service: 's' }],
      outputs: [...OUTPUTS, ...OUTPUTS],
    })
    expect(code).toBe(1)
    expect(err).toMatch(
      /^config\.json:1:\d+ {2}output 2 has the name "o" of another output\. Give each output its own name\.$/m,
    )
  })
})
