import { describe, expect, it } from 'vitest'
import { compileExcludes, compileGlob, mayHold } from '../../src/tail/glob.js'
import { isNewer, rotatedFrom, rotationNumber } from '../../src/tail/rotated.js'
import { tailSettings } from '../../src/tail/settings.js'

describe('globs', () => {
  for (const [pattern, base, matching, other] of [
    ['/var/log/*.log', '/var/log', '/var/log/a.log', '/var/log/x/a.log'],
    ['/var/log/**/*.log', '/var/log', '/var/log/x/y/a.log', '/var/log/x/a.txt'],
    ['/var/log/**/*.log', '/var/log', '/var/log/a.log', '/var/a.log'],
    ['/var/log/a.log', '/var/log/a.log', '/var/log/a.log', '/var/log/b.log'],
    ['/var/./log//{a,b}/app?.log', '/var/log', '/var/log/b/app1.log', '/var/log/c/app1.log'],
    ['/srv/{a/b,c}/*.log', '/srv', '/srv/a/b/x.log', '/srv/b/x.log'],
    ['/*/a.log', '/', '/x/a.log', '/x/y/a.log'],
  ] as const) {
    it(`${pattern} is walked from ${base} and matches ${matching}, not ${other}`, () => {
      const glob = compileGlob(pattern)
      expect(glob.base).toBe(base)
      expect([glob.matches(matching), glob.matches(other)]).toEqual([true, false])
    })
  }

  for (const [pattern, directory, may] of [
    ['/var/log/*.log', '/var/log', true],
    ['/var/log/*.log', '/var/log/x', false],
    ['/var/log/a*/b/*.log', '/var/log/abc', true],
    ['/var/log/a*/b/*.log', '/var/log/abc/b', true],
    ['/var/log/a*/b/*.log', '/var/log/abc/c', false],
    ['/var/log/a*/b/*.log', '/var/log/xbc', false],
    ['/var/log/a*/**/*.log', '/var/log/abc/x/y/z', true],
    ['/var/log/a*/**/*.log', '/var/logs', false],
  ] as const) {
    it(`${pattern} ${may ? 'may' : 'cannot'} lead into ${directory}`, () => {
      expect(mayHold(compileGlob(pattern), directory)).toBe(may)
    })
  }

  it('exclude by whole path, or by name when there is no slash', () => {
    const excludes = compileExcludes(['*.gz', '/var/log/x/**'])
    expect(['/a/b.gz', '/var/log/x/y/a.log', '/var/log/a.log'].map(excludes)).toEqual([true, true, false])
    expect(compileExcludes([])('/a')).toBe(false)
  })
})

describe('rotated names', () => {
  for (const [name, from, number] of [
    ['app.log.1', 'app.log', 1],
    ['app.log.12', 'app.log', 12],
    ['app.log-20260101', 'app.log', undefined],
    ['app.log.2026-01-01', 'app.log', undefined],
    ['app-2026-01-01.log', 'app.log', undefined],
    ['app.2026-01-01.0.log', 'app.log', undefined],
    ['app.3.log', 'app.log', 3],
    ['catalina.2026-01-01.out', 'catalina.out', undefined],
    ['app.log', undefined, undefined],
    ['app.log.gz', undefined, undefined],
    ['app.log.bak', undefined, undefined],
    ['1.log', undefined, undefined],
  ] as const) {
    it(`${name} was rotated from ${from ?? 'nothing'}`, () => {
      expect(rotatedFrom(name)).toBe(from)
      expect(rotationNumber(name)).toBe(number)
    })
  }

  it('take a compressed file for no part of the log it came from', () => {
    expect(rotatedFrom('app.log.1.gz')).not.toBe('app.log')
  })

  it('are ordered by number where both have one, else by time', () => {
    const at = (path: string, mtimeMs: number) => ({
      path,
      mtimeMs,
      stat: { key: '1:1', device: '1', size: 1, mtimeMs, kind: 'file' as const, links: 1 },
    })
    expect(isNewer(at('/a.log.1', 5), at('/a.log.2', 9))).toBe(true)
    expect(isNewer(at('/a.log.10', 9), at('/a.log.2', 5))).toBe(false)
    expect(isNewer(at('/a.log-20260102', 9), at('/a.log-20260101', 5))).toBe(true)
    expect(isNewer(at('/a.log.1', 9), { path: undefined, mtimeMs: 9 })).toBe(false)
  })
})

it('settings have defaults that wait rather than drop', () => {
  expect(tailSettings.parse(undefined)).toEqual({
    poll: 500,
    watch: true,
    maxOpenFiles: 512,
    rotatedGrace: 10_000,
    ignoreOlder: 0,
    maxBytesPerTurn: 262_144,
    fingerprintBytes: 1024,
    forgetAfter: 604_800_000,
  })
})
