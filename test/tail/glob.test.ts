import { normalize } from 'node:path'
import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, it } from 'vitest'
import { compileExcludes, compileGlob, mayHold } from '../../src/tail/glob.js'
import { newerThan, rotatedFrom, rotationNumber, sortByAge } from '../../src/tail/rotated.js'
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

  it('match what picomatch matches', () => {
    const some = (characters: string) =>
      fc.array(fc.constantFrom(...characters.split('')), { maxLength: 9 }).map((all) => `/${all.join('')}`)
    fc.assert(
      fc.property(some('ab.-*?/**'), some('ab.-/'), (pattern, text) => {
        const clean = normalize(pattern)
        expect(compileGlob(pattern).matches(text)).toBe(text === clean || picomatch(clean)(text))
        expect(compileExcludes([pattern])(text)).toBe(picomatch(clean, { dot: true })(text))
      }),
      { numRuns: 3000 },
    )
  })

  it('with many stars do not hang on a name that nearly matches', () => {
    const name = '-'.repeat(255)
    expect(compileGlob('/var/log/*-*-*-*-*-*-*-*.log').matches(`/var/log/${name}`)).toBe(false)
    expect(compileGlob('/var/log/*-*-*-*-*-*-*-*.log').segments[0]?.matches(name)).toBe(false)
    expect(compileExcludes(['*-*-*-*-*-*-*-*.log'])(`/var/log/${name}`)).toBe(false)
  })

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
    ['app.log.gz', 'app.log', undefined],
    ['app.log.2.gz', 'app.log', 2],
    ['app.log-20260101.zst', 'app.log', undefined],
    ['app-2026-01-01.log.gz', 'app.log', undefined],
    ['app.log.bak', undefined, undefined],
    ['1.log', undefined, undefined],
  ] as const) {
    it(`${name} was rotated from ${from ?? 'nothing'}`, () => {
      expect(rotatedFrom(name)).toBe(from)
      expect(rotationNumber(name)).toBe(number)
    })
  }

  for (const [name, order, times] of [
    ['by number, the highest first', ['app.log.10', 'app.log.2.gz', 'app.log.1', 'app.log'], [5, 6, 4, 1]],
    ['by number, the lowest first where times rise', ['app.log.1', 'app.log.2', 'app.log.10', 'app.log'], [2, 3, 4, 1]],
    ['by number where one was written late', ['a.log.5', 'a.log.4', 'a.log.3', 'a.log.2', 'a.log.1'], [1, 9, 8, 4, 5]],
    ['by date', ['app.log-20251231', 'app.log-20260101.gz', 'app.log-20260102', 'app.log'], [4, 3, 2, 1]],
    [
      'by date and a number behind it',
      ['app-2026-01-01.9.log', 'app-2026-01-01.10.log', 'app-2026-01-02.0.log'],
      [4, 3, 2],
    ],
    ['by time where names say nothing', ['app.log-20260101', 'app.log.1', 'app.log.bak'], [1, 2, 3]],
  ] as const) {
    it(`are ordered ${name}`, () => {
      const files = order.map((path, i) => ({ path: `/${path}`, stat: { mtimeMs: times[i] ?? 0 } }))
      expect(sortByAge([...files].reverse())).toEqual(files)
      for (const [i, owner] of files.entries()) expect(newerThan(files, owner)).toEqual(files.slice(i + 1))
    })
  }

  it('are newer than an owner without a name by time', () => {
    const files = [7, 9].map((mtimeMs, i) => ({ path: `/app.log.${2 - i}`, stat: { mtimeMs } }))
    expect(newerThan(files, { path: undefined, stat: { mtimeMs: 8 } })).toEqual(files.slice(1))
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
