import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, disk, fileKey } from '../../src/tail/files.js'
import { Stage } from './stage.js'

describe('finding files', () => {
  it('finds files created after the start, and directories too (1, 8)', async () => {
    const stage = new Stage()
    await stage.run({ inputs: [{ paths: [stage.path('a/*.log'), stage.path('b/**/*.log'), stage.path('c.txt')] }] })
    expect(stage.got).toEqual([])
    mkdirSync(stage.path('a'))
    mkdirSync(stage.path('b/x/y'), { recursive: true })
    writeFileSync(stage.path('a/1.log'), 'one\n')
    writeFileSync(stage.path('b/x/y/2.log'), 'two\n')
    writeFileSync(stage.path('c.txt'), 'three\n')
    await stage.read()
    expect(stage.got.sort()).toEqual(['a/1.log: one\n', 'b/x/y/2.log: two\n', 'c.txt: three\n'])
    expect(stage.problems).toEqual([])
  })

  it('reads a file that two globs of one input match once, without a word (1)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'x\n')
    await stage.run({ inputs: [{ paths: [stage.path('*.log'), stage.path('a*')] }] })
    await stage.read()
    expect(stage.got).toEqual(['a.log: x\n'])
    expect(stage.problems).toEqual([])
  })

  it('reads a file of two inputs once, for the first, and says so once (1)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'x\n')
    await stage.run({ inputs: [{ paths: [stage.path('*.log')] }, { paths: [stage.path('a.*')] }] })
    for (let i = 0; i < 3; i++) await stage.read()
    expect(stage.sinks.map((sink) => sink.file.input)).toEqual([0])
    expect(stage.problems).toHaveLength(1)
    expect(stage.problems[0]).toContain('a.log is the same file as')
  })

  it('lets excludes win, by path and by name (2)', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log', 'debug-c.log']) writeFileSync(stage.path(name), `${name}\n`)
    await stage.run({ inputs: [{ exclude: ['debug-*', stage.path('b.*')] }] })
    expect(stage.got).toEqual(['a.log: a.log\n'])
  })

  it('with start at end gives only what is written after the start, and new files whole (3, 4)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('old.log'), 'before\n')
    writeFileSync(stage.path('empty.log'), '')
    await stage.run({ inputs: [{ startAt: 'end' }] })
    expect(stage.got).toEqual([])
    appendFileSync(stage.path('old.log'), 'after\n')
    writeFileSync(stage.path('new.log'), 'whole\n')
    writeFileSync(stage.path('empty.log'), 'filled\n')
    await stage.read()
    expect(stage.got.sort()).toEqual(['empty.log: filled\n', 'new.log: whole\n', 'old.log: after\n'])
  })

  it('with start at end takes the line in the making whole (4)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'before\nERR')
    await stage.run({ inputs: [{ startAt: 'end' }] })
    appendFileSync(stage.path('a.log'), 'OR x\n')
    await stage.read()
    expect(stage.got).toEqual(['a.log: ERROR x\n'])
    expect(stage.sinks[0]?.file.startOffset).toBe(7)
  })

  it('with start at end and once reads everything without a position', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'before\n')
    await stage.run({ inputs: [{ startAt: 'end' }], once: true })
    expect(stage.got).toEqual(['a.log: before\n'])
    expect(stage.tail.atEnd()).toBe(true)
  })

  it('reads whole what appeared while it was stopped, but not what a new glob finds (3)', async () => {
    const stage = new Stage()
    const first = { startAt: 'end' as const, paths: [stage.path('*.log')] }
    await stage.run({ inputs: [first] })
    await stage.stop()
    writeFileSync(stage.path('new.log'), 'appeared\n')
    writeFileSync(stage.path('other.txt'), 'was there\n')
    await stage.run({ inputs: [first, { startAt: 'end', paths: [stage.path('*.txt')] }] })
    expect(stage.got).toEqual(['new.log: appeared\n'])
  })

  it('ignores files older than a limit, and reads what is written to them later (5)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('old.log'), 'ancient\n')
    writeFileSync(stage.path('young.log'), 'recent\n')
    utimesSync(stage.path('old.log'), 1_000_000, 1_000_000)
    await stage.run({ settings: { ignoreOlder: '1h' } })
    expect(stage.got).toEqual(['young.log: recent\n'])
    await stage.stop()
    appendFileSync(stage.path('old.log'), 'fresh\n')
    await stage.run({ settings: { ignoreOlder: '1h' } })
    expect(stage.got).toEqual(['young.log: recent\n', 'old.log: fresh\n'])
  })

  it('goes on where an ignored file ended as soon as it is written to, without a restart (5)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('old.log'), 'ancient\n')
    utimesSync(stage.path('old.log'), 1_000_000, 1_000_000)
    await stage.run({ settings: { ignoreOlder: '1h' } })
    appendFileSync(stage.path('old.log'), 'fresh\n')
    await stage.read()
    expect(stage.got).toEqual(['old.log: fresh\n'])
    expect(stage.sinks[0]?.file.startOffset).toBe('ancient\n'.length)
  })

  it('begins with the file that was written to least recently (6, 21)', async () => {
    const stage = new Stage()
    const names = ['c.log', 'a.log', 'd.log', 'b.log']
    for (const [age, name] of names.entries()) {
      writeFileSync(stage.path(name), `${name}\n`)
      utimesSync(stage.path(name), 1_000_000 + age, 1_000_000 + age)
    }
    await stage.run({ settings: { maxOpenFiles: 1 } })
    expect(stage.got).toEqual(names.map((name) => `${name}: ${name}\n`))
  })

  for (const [how, names] of [
    ['numbers', ['app.log.10', 'app.log.9', 'app.log.2', 'app.log.1', 'app.log']],
    ['dates', ['app.log-20251231', 'app.log-20260101', 'app.log-20260102', 'app.log']],
    [
      'dates before the extension',
      ['app-2026-01-01.9.log', 'app-2026-01-01.10.log', 'app-2026-01-02.0.log', 'app.log'],
    ],
  ] as const) {
    it(`reads a rotated set by its ${how}, the newest last, though times say otherwise of some (11)`, async () => {
      const stage = new Stage()
      for (const [i, name] of names.entries()) {
        writeFileSync(stage.path(name), `${name}\n`)
        utimesSync(stage.path(name), 2_000_000 + (i % 2), 2_000_000 + (i % 2))
      }
      await stage.run({ inputs: [{ paths: [stage.path('app*')] }] })
      expect(stage.got).toEqual(names.map((name) => `${name}: ${name}\n`))
    })
  }

  it('reads dated directories in the order in which they were written (11)', async () => {
    const stage = new Stage()
    const names = ['31-12-2025/app.log', '01-01-2026/app.log', '02-01-2026/app.log']
    for (const [age, name] of names.entries()) {
      mkdirSync(dirname(stage.path(name)))
      writeFileSync(stage.path(name), `${name}\n`)
      utimesSync(stage.path(name), 1_000_000 + age, 1_000_000 + age)
    }
    const inputs = [{ paths: [stage.path('*/*.log')] }]
    await stage.run({ inputs })
    mkdirSync(stage.path('03-01-2026'))
    writeFileSync(stage.path('03-01-2026/app.log'), '03-01-2026/app.log\n')
    await stage.read()
    expect(stage.got).toEqual([...names, '03-01-2026/app.log'].map((name) => `${name}: ${name}\n`))
  })

  it('passes over a file that is removed between the look and the opening, without a word (8)', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log']) writeFileSync(stage.path(name), `${name}\n`)
    const files = {
      ...disk,
      openToRead: (path: string) => {
        if (path.endsWith('a.log')) rmSync(path, { force: true })
        return disk.openToRead(path)
      },
    }
    await stage.run({ files })
    expect(stage.got).toEqual(['b.log: b.log\n'])
    expect(stage.problems).toEqual([])
    expect(stage.lost).toEqual([])
  })

  it('reads more files than it may hold open, and their growth (6, 21)', async () => {
    const stage = new Stage()
    const names = Array.from({ length: 40 }, (_, i) => `${String(i).padStart(2, '0')}.log`)
    for (const name of names) writeFileSync(stage.path(name), `${name} first\n`)
    await stage.run({ settings: { maxOpenFiles: 3 } })
    expect(stage.tail.openFiles).toBeLessThanOrEqual(3)
    for (const name of names) appendFileSync(stage.path(name), `${name} second\n`)
    await stage.read()
    expect(stage.tail.openFiles).toBeLessThanOrEqual(3)
    expect(stage.got.sort()).toEqual(names.map((name) => `${name}: ${name} first\n${name} second\n`))
  })

  it('does not stop at a file without permission, and reads it once permission is given (7)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'readable\n')
    writeFileSync(stage.path('b.log'), 'secret\n')
    // Root may read everything, so the refusal is put into the file layer.
    let refused = true
    const files = {
      ...disk,
      openToRead: (path: string) => {
        if (refused && path.endsWith('b.log')) {
          return Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' }))
        }
        return disk.openToRead(path)
      },
    }
    chmodSync(stage.path('b.log'), 0)
    await stage.run({ files })
    await stage.read()
    expect(stage.got).toEqual(['a.log: readable\n'])
    expect(stage.problems).toEqual(['b.log may not be read (no permission).'])
    refused = false
    chmodSync(stage.path('b.log'), 0o600)
    await stage.read()
    expect(stage.got).toEqual(['a.log: readable\n', 'b.log: secret\n'])
    refused = true
    await stage.read()
    expect(stage.problems).toHaveLength(1)
  })

  it('takes names with spaces, brackets, Unicode, comma, no extension (9)', async () => {
    const stage = new Stage()
    const names = ['a b.log', 'a[1].log', 'ü,{x}.log', '日本.log', 'noext', '(p).log', 'a+b@c!.log']
    for (const name of names) writeFileSync(stage.path(name), `${name}\n`)
    await stage.run({ inputs: [{ paths: [stage.path('*.log'), stage.path('noext'), stage.path('a[1].log')] }] })
    expect(stage.got.sort()).toEqual(names.map((name) => `${name}: ${name}\n`).sort())
  })

  it('takes a path with brackets literally when such a file is there (9)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a[1].log'), 'literal\n')
    await stage.run({ inputs: [{ paths: [stage.path('a[1].log')] }] })
    expect(stage.got).toEqual(['a[1].log: literal\n'])
  })

  it('counts link and target once, and follows links to directories (10)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('z.log'), 'target\n')
    symlinkSync(stage.path('z.log'), stage.path('a.log'))
    linkSync(stage.path('z.log'), stage.path('hard.log'))
    symlinkSync(stage.path('nowhere'), stage.path('broken.log'))
    mkdirSync(stage.path('real'))
    writeFileSync(stage.path('real/deep.log'), 'deep\n')
    symlinkSync(stage.path('real'), stage.path('current'))
    await stage.run({ inputs: [{ paths: [stage.path('*.log'), stage.path('cur*/*.log')] }] })
    expect(stage.got.sort()).toEqual(['a.log: target\n', 'current/deep.log: deep\n'])
    expect(stage.problems).toEqual([])
  })

  it('neither opens empty files nor gives them an identity (12)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), '')
    const opened: string[] = []
    const files = {
      ...disk,
      openToRead: (path: string) => {
        opened.push(path)
        return disk.openToRead(path)
      },
    }
    await stage.run({ files })
    expect(opened).toEqual([])
    expect(stage.tail.progress().files).toBe(0)
    await stage.tail.checkpoint()
    expect(readFileSync(stage.path('state/checkpoints.json'), 'utf8')).toContain('"files":[]')
    appendFileSync(stage.path('a.log'), 'something\n')
    await stage.read()
    expect(stage.got).toEqual(['a.log: something\n'])
  })

  it('never tails its own files, also when they become its own later', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('own.log'), 'mine\n')
    writeFileSync(stage.path('later.log'), 'x\n')
    await stage.run({ own: new Set([(await fileKey(stage.path('own.log'))) ?? '']) })
    expect(stage.got).toEqual(['later.log: x\n'])
    await stage.tail.exclude((await fileKey(stage.path('later.log'))) ?? '')
    appendFileSync(stage.path('later.log'), 'y\n')
    appendFileSync(stage.path('own.log'), 'y\n')
    await stage.read()
    expect(stage.got).toEqual(['later.log: x\n'])
    expect(stage.sinks[0]?.closed).toBe(true)
  })

  it('finds new names and growth through events without waiting for the poll (1, 23)', async () => {
    const stage = new Stage()
    mkdirSync(stage.path('sub'))
    writeFileSync(stage.path('sub/a.log'), 'a\n')
    await stage.run({ inputs: [{ paths: [stage.path('*/*.log')] }], settings: { watch: true, poll: '1h' } })
    expect(stage.got).toEqual(['sub/a.log: a\n'])
    const giveUp = AbortSignal.timeout(100_000)
    // The watcher needs a moment to be ready; each round writes anew until an event arrives.
    for (let i = 0; !giveUp.aborted && stage.sinks.length < 2; i++) {
      writeFileSync(stage.path(`sub/b${i}.log`), 'b\n')
      stage.clock.advance(100)
      await stage.tail.wait(AbortSignal.any([giveUp, AbortSignal.timeout(200)]))
      await stage.tail.turn(stage.signal)
    }
    expect(stage.sinks.length).toBeGreaterThan(1)
    const grown = stage.sinks[0]?.text.length ?? 0
    while (!giveUp.aborted && stage.sinks[0]?.text.length === grown) {
      appendFileSync(stage.path('sub/a.log'), 'more\n')
      stage.clock.advance(100)
      await stage.tail.wait(AbortSignal.any([giveUp, AbortSignal.timeout(200)]))
      await stage.tail.turn(stage.signal)
    }
    expect(stage.sinks[0]?.text).toContain('more')
  })

  it('gives the code of a system error', () => {
    expect(codeOf(Object.assign(new Error('x'), { code: 'EIO' }))).toBe('EIO')
    expect(codeOf('odd')).toBe('odd')
  })
})
