import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configSettings } from '../../src/agent/settings.js'
import { parseDuration } from '../../src/config/types.js'
import { read } from './pages.js'

/** Values by `Section.Key`, in order. */
function parseUnit(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  let section = ''
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue
    const header = /^\[(\w+)\]$/.exec(line)
    const setting = /^([A-Z]\w+)=(.*)$/.exec(line)
    if (header?.[1]) section = header[1]
    else if (setting?.[1] && section) {
      const key = `${section}.${setting[1]}`
      values.set(key, [...(values.get(key) ?? []), setting[2] ?? ''])
    } else throw new Error(`line ${index + 1} is neither a section nor a setting: ${line}`)
  }
  return values
}

const text = read('deploy/systemd/errand.service')
const unit = parseUnit(text)
const service = (key: string) => unit.get(`Service.${key}`)?.at(-1)
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0

describe('deploy/systemd/errand.service', () => {
  it('checks the config that it then runs', () => {
    const [program = ''] = service('ExecStart')?.split(' run ') ?? []
    expect(service('ExecStart')).toBe(`${program} run --config /etc/errand/config.json`)
    expect(service('ExecStartPre')).toBe(`${program} check --config /etc/errand/config.json`)
  })

  it('checks the config before it has the agent take it', () => {
    expect(unit.get('Service.ExecReload')).toEqual([service('ExecStartPre'), '/bin/kill -HUP $MAINPID'])
  })

  it('runs as nobody else, without any right of root', () => {
    expect(service('DynamicUser')).toBe('yes')
    expect(service('User')).not.toBe('root')
    expect(service('SupplementaryGroups')).toBe('adm')
    expect([service('CapabilityBoundingSet'), service('AmbientCapabilities')]).toEqual(['', ''])
    expect(service('NoNewPrivileges')).toBe('yes')
  })

  it('writes its state and nothing else', () => {
    expect(service('ProtectSystem')).toBe('strict')
    expect(service('StateDirectory')).toBe('errand')
    expect(unit.has('Service.ReadWritePaths')).toBe(false)
    expect(service('ReadOnlyPaths')).toBe('/var/log')
  })

  it('has a filter of system calls, of address families, and a limit of memory', () => {
    expect(unit.get('Service.SystemCallFilter')).toEqual(['@system-service', '~@privileged @resources'])
    expect(service('RestrictAddressFamilies')?.split(' ')).toEqual(
      expect.arrayContaining(['AF_INET', 'AF_INET6', 'AF_UNIX']),
    )
    expect(service('MemoryMax')).toMatch(/^\d+M$/)
    // V8 could not start.
    expect(unit.has('Service.MemoryDenyWriteExecute')).toBe(false)
  })

  it('starts again after a fault, and stops later than the config does', () => {
    expect(service('Restart')).toBe('on-failure')
    const { shutdown } = configSettings.parse({
      inputs: [{ type: 'stdin' }],
      outputs: [{ name: 'out', type: 'stdout' }],
    })
    expect(parseDuration(service('TimeoutStopSec') ?? '')).toBeGreaterThan(shutdown.timeout)
    expect(unit.get('Install.WantedBy')).toEqual(['multi-user.target'])
  })

  // Runs wherever systemd is installed.
  it.skipIf(!hasAnalyze)('is understood by systemd itself, every line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'errand-unit-'))
    try {
      const file = join(folder, 'errand.service')
      writeFileSync(file, text.replaceAll('/usr/bin/node', process.execPath))
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', file], {
        encoding: 'utf8',
      })
      expect({ status, complaints: stderr.split('\n').filter((line) => line.includes('errand.service')) }).toEqual({
        status: 0,
        complaints: [],
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
