import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { State } from '../../src/tail/checkpoints.js'
import { disk, type FileLayer } from '../../src/tail/files.js'
import { Stage } from './stage.js'

function stateOf(stage: Stage): State {
  return JSON.parse(readFileSync(stage.path('state/checkpoints.json'), 'utf8')) as State
}

/** A file layer in which `step` fails as long as `isBroken` says so. */
function breaking(step: keyof FileLayer, isBroken: () => boolean, code = 'ENOSPC'): FileLayer {
  const whole: FileLayer = { ...disk }
  const failing = (...args: unknown[]) =>
    isBroken()
      ? Promise.reject(Object.assign(new Error(code), { code }))
      : (disk[step] as (...args: unknown[]) => Promise<unknown>)(...args)
  return Object.assign(whole, { [step]: failing })
}

describe('positions', () => {
  it('are written whole, however many and whatever the files are called', async () => {
    const stage = new Stage()
    // Odd and even places of pairs of surrogates.
    const text = `a${'😀'.repeat(50_000)}${'ü'.repeat(70_000)}`
    const file = await disk.openToWrite(stage.path('text'))
    await file.write(text)
    await file.close()
    expect(readFileSync(stage.path('text'), 'utf8')).toBe(text)
  })

  it('survive a restart: reading goes on exactly there, with the same id (44)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.run()
    await stage.stop()
    appendFileSync(stage.path('a.log'), 'two\n')
    await stage.run()
    expect(stage.got).toEqual(['a.log: one\n', 'a.log: two\n'])
    expect(stage.sinks[1]?.file).toEqual({ ...stage.sinks[0]?.file, startOffset: 4 })
    await stage.stop()
    await stage.run()
    expect(stage.sinks).toHaveLength(2)
  })

  it('are those of the last checkpoint after a crash: what came later comes again (45)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.run()
    await stage.tail.checkpoint()
    appendFileSync(stage.path('a.log'), 'two\n')
    await stage.read()
    // New files make the tailer write ids; positions that the caller did not confirm must stay out of it.
    writeFileSync(stage.path('b.log'), 'b\n')
    await stage.read()
    await stage.crash()
    await stage.run()
    expect(stage.got).toEqual(['a.log: one\ntwo\n', 'b.log: b\n', 'a.log: two\n', 'b.log: b\n'])
    expect(new Set(stage.sinks.map((sink) => sink.file.id)).size).toBe(2)
  })

  it('stop before a half line: it comes once and whole after the restart (13, 46)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\nha')
    await stage.run()
    await stage.stop()
    appendFileSync(stage.path('a.log'), 'lf\n')
    await stage.run()
    expect(stage.got[1]).toBe('a.log: half\n')
  })

  it('cover the half line of a file that was deleted before an orderly stop (46, 50)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\nhalf')
    await stage.run()
    rmSync(stage.path('a.log'))
    await stage.read()
    await stage.stop()
    expect(stage.sinks[0]?.closed).toBe(true)
    await stage.run()
    expect(stage.lost).toEqual([])
  })

  it('hold the id on disk before the first byte is pushed', async () => {
    const stage = new Stage()
    let broken = false
    const files = breaking('rename', () => broken)
    await stage.run({ files })
    broken = true
    writeFileSync(stage.path('a.log'), 'one\n')
    for (let i = 0; i < 3; i++) expect(await stage.tail.turn(stage.signal)).toBe(0)
    expect(await stage.tail.checkpoint()).toBe(false)
    expect(stage.got).toEqual([])
    expect(stage.problems).toEqual([
      'state/checkpoints.json The positions could not be written (ENOSPC); new files wait, nothing is lost.',
    ])
    broken = false
    await stage.read()
    expect(stage.got).toEqual(['a.log: one\n'])
    expect(stateOf(stage).files[0]).toMatchObject({ id: stage.sinks[0]?.file.id, offset: 0 })
  })

  it('are written aside, and the file is for its owner only (47)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.run()
    await stage.stop()
    expect(statSync(stage.path('state/checkpoints.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(stage.path('state'))).toEqual(['checkpoints.json'])
  })

  for (const step of ['openToWrite', 'rename', 'syncDirectory'] as const) {
    it(`survive a crash at ${step}: the old or the new, never none (47)`, async () => {
      const stage = new Stage()
      writeFileSync(stage.path('a.log'), 'one\n')
      await stage.run()
      await stage.stop()
      let broken = false
      await stage.start({ files: breaking(step, () => broken, 'EIO') })
      appendFileSync(stage.path('a.log'), 'two\n')
      await stage.read()
      broken = true
      await stage.stop()
      await stage.run()
      const later = stage.sinks.slice(2).map((sink) => sink.text)
      expect(later).toEqual(step === 'syncDirectory' ? [] : ['two\n'])
    })
  }

  for (const [name, text] of [
    ['torn', '{"version":1,"globs":[],"fil'],
    ['empty', ''],
    ['of another shape', '[1,2,3]'],
  ] as const) {
    it(`in a file that is ${name} do not stop the start; it is set aside and reported (47)`, async () => {
      const stage = new Stage()
      mkdirSync(stage.path('state'))
      writeFileSync(stage.path('state/checkpoints.json'), text)
      writeFileSync(stage.path('a.log'), 'one\n')
      await stage.run()
      expect(stage.got).toEqual(['a.log: one\n'])
      expect(stage.problems[0]).toContain('is not a checkpoint file')
      expect(readdirSync(stage.path('state')).filter((file) => file.includes('.damaged-'))).toHaveLength(1)
    })
  }

  it('keep the good entries when one cannot be understood (47)', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log']) writeFileSync(stage.path(name), `${name}\n`)
    await stage.run()
    await stage.stop()
    const state = stateOf(stage)
    const broken = state.files.map((entry) => (entry.path.endsWith('b.log') ? { ...entry, offset: -5 } : entry))
    writeFileSync(stage.path('state/checkpoints.json'), JSON.stringify({ ...state, files: broken }))
    await stage.run()
    expect(stage.got.slice(2)).toEqual(['b.log: b.log\n'])
    expect(stage.problems[0]).toContain('holds an entry that cannot be understood')
  })

  it('with any bit flipped pass over no line (47)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\ntwo\n')
    await stage.run()
    await stage.stop()
    appendFileSync(stage.path('a.log'), 'three\n')
    const path = stage.path('state/checkpoints.json')
    const whole = readFileSync(path)
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
      writeFileSync(path, bytes)
      stage.sinks = []
      await stage.run()
      expect(stage.sinks.map(({ text }) => text).join(''), bytes.toString()).toMatch(/^(one\ntwo\n)?three\n$/)
      await stage.crash()
    }
  })

  it('of the first version, without sums, are taken as they are (47)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.run()
    await stage.stop()
    const text = readFileSync(stage.path('state/checkpoints.json'), 'utf8')
    writeFileSync(stage.path('state/checkpoints.json'), text.replace(/,"sum":\d+/g, ''))
    appendFileSync(stage.path('a.log'), 'two\n')
    await stage.run()
    expect(stage.got).toEqual(['a.log: one\n', 'a.log: two\n'])
    expect(stage.problems).toEqual([])
  })

  it('that cannot be kept at all end the start with what to mend', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('state'), 'a file where the directory should be')
    await expect(stage.start()).rejects.toMatchObject({
      code: 'PROBLEMS',
      problems: [{ place: { file: stage.path('state') } }],
    })
  })

  it('that another version wrote are taken: fields that are missing or not known (47)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.run()
    await stage.stop()
    const { files, ...rest } = stateOf(stage)
    const written = files.map(({ id, path, key, head, seen, offset, size, mtimeMs }) => {
      return { id, path, key, head, seen, offset, size, mtimeMs, colour: 'red' }
    })
    writeFileSync(stage.path('state/checkpoints.json'), JSON.stringify({ ...rest, files: written, since: 2027 }))
    appendFileSync(stage.path('a.log'), 'two\n')
    await stage.run()
    expect(stage.got).toEqual(['a.log: one\n', 'a.log: two\n'])
    expect(stage.problems).toEqual([])
  })

  it('of files gone for long are forgotten, and those of the others alone are written (48)', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log', 'c.log']) writeFileSync(stage.path(name), `${name}\n`)
    await stage.run()
    rmSync(stage.path('a.log'))
    await stage.read()
    stage.clock.advance(11_000)
    await stage.read()
    await stage.stop()
    expect(stateOf(stage).files).toHaveLength(3)
    rmSync(stage.path('b.log'))
    await stage.run()
    stage.clock.advance(6 * 864e5)
    await stage.stop()
    expect(stateOf(stage).files).toHaveLength(3)
    stage.clock.advance(2 * 864e5)
    await stage.run()
    await stage.stop()
    expect(stateOf(stage).files.map(({ path }) => path)).toEqual([stage.path('c.log')])
    expect(stage.lost).toEqual([])
  })

  it('stay when the fingerprint size changes between runs (40)', async () => {
    const stage = new Stage()
    const line = `${'x'.repeat(99)}\n`
    writeFileSync(stage.path('a.log'), line.repeat(30))
    await stage.run({ settings: { fingerprintBytes: 1024 } })
    for (const fingerprintBytes of [64, 2048, '1KiB']) {
      await stage.stop()
      appendFileSync(stage.path('a.log'), 'more\n')
      await stage.run({ settings: { fingerprintBytes } })
      expect(stage.sinks.at(-1)?.text).toBe('more\n')
    }
    expect(new Set(stage.sinks.map((sink) => sink.file.id)).size).toBe(1)
  })

  it('stay while the file is shorter than its fingerprint and grows (39)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), '0\n')
    await stage.run({ settings: { fingerprintBytes: 16 } })
    for (let i = 1; i < 15; i++) {
      await stage.stop()
      appendFileSync(stage.path('a.log'), `${i}\n`)
      await stage.run({ settings: { fingerprintBytes: 16 } })
      expect(stage.sinks.at(-1)?.text).toBe(`${i}\n`)
    }
    expect(new Set(stage.sinks.map((sink) => sink.file.id)).size).toBe(1)
  })
})

describe('while it was stopped', () => {
  it('rotated: the old file is finished under its new name, then the new one is read whole (34)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log.1'), 'never asked for\n')
    utimesSync(stage.path('app.log.1'), 1000, 1000)
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run({ inputs: [{ startAt: 'end' }] })
    await stage.stop()
    appendFileSync(stage.path('app.log'), 'two\n')
    renameSync(stage.path('app.log.1'), stage.path('app.log.2'))
    renameSync(stage.path('app.log'), stage.path('app.log.1'))
    writeFileSync(stage.path('app.log'), 'three\n')
    await stage.run({ inputs: [{ startAt: 'end' }] })
    expect(stage.got).toEqual(['app.log: two\n', 'app.log: three\n'])
    stage.clock.advance(11_000)
    await stage.read()
    expect(stage.tail.openFiles).toBe(1)
    await stage.stop()
    await stage.run({ inputs: [{ startAt: 'end' }] })
    expect(stage.got).toHaveLength(2)
  })

  it('rotated several times: the files between are read too, those before are not (32, 34)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log.1'), 'never asked for\n')
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run()
    await stage.stop()
    renameSync(stage.path('app.log.1'), stage.path('app.log.3'))
    renameSync(stage.path('app.log'), stage.path('app.log.2'))
    writeFileSync(stage.path('app.log.1'), 'two\n')
    writeFileSync(stage.path('app.log'), 'three\n')
    await stage.run()
    expect(stage.got).toEqual(['app.log: one\n', 'app.log: two\n', 'app.log: three\n'])
  })

  it('rotated several times to higher and higher numbers, as Log4j 2 does: the files between are read too (32, 34)', async () => {
    const stage = new Stage()
    const write = (name: string, text: string, seconds: number) => {
      writeFileSync(stage.path(name), text)
      utimesSync(stage.path(name), seconds, seconds)
    }
    write('app.log.1', 'never asked for\n', 1000)
    write('app.log', 'one\n', 2000)
    await stage.run()
    await stage.stop()
    renameSync(stage.path('app.log'), stage.path('app.log.2'))
    write('app.log.3', 'two\n', 3000)
    write('app.log.4', 'three\n', 4000)
    write('app.log', 'four\n', 5000)
    await stage.run()
    expect(stage.got).toEqual(['app.log: one\n', 'app.log: two\n', 'app.log: three\n', 'app.log: four\n'])
  })

  it('killed just when a second truncation was noticed: what came between the two is read (29, 32)', async () => {
    const stage = new Stage()
    const copytruncate = () => {
      if (existsSync(stage.path('app.log.1'))) renameSync(stage.path('app.log.1'), stage.path('app.log.2'))
      copyFileSync(stage.path('app.log'), stage.path('app.log.1'))
      truncateSync(stage.path('app.log'))
    }
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run({ settings: { poll: '1h' } })
    appendFileSync(stage.path('app.log'), 'more\n')
    stage.clock.advance(3_600_000)
    await stage.tail.look()
    copytruncate()
    appendFileSync(stage.path('app.log'), 'two\n')
    copytruncate()
    appendFileSync(stage.path('app.log'), 'three and more\n')
    await stage.tail.turn(stage.signal)
    await stage.crash()
    await stage.run()
    const lines = new Set(stage.sinks.flatMap(({ text }) => text.split('\n').slice(0, -1)))
    expect([...lines]).toEqual(['one', 'more', 'two', 'three and more'])
  })

  it('rotated within its globs: nothing twice, the old before the new (34, 42)', async () => {
    const stage = new Stage()
    const glob = { inputs: [{ paths: [stage.path('app.log*')] }] }
    writeFileSync(stage.path('app.log'), 'one\n')
    await stage.run(glob)
    await stage.stop()
    appendFileSync(stage.path('app.log'), 'two\n')
    renameSync(stage.path('app.log'), stage.path('app.log.1'))
    writeFileSync(stage.path('app.log'), 'three\n')
    await stage.run(glob)
    expect(stage.got).toEqual(['app.log: one\n', 'app.log: two\n', 'app.log: three\n'])
  })

  it('copytruncated: the rest is found in the copy, the new content is read from its start (35)', async () => {
    for (const pattern of ['app.log', 'app.log*']) {
      const stage = new Stage()
      const glob = { inputs: [{ paths: [stage.path(pattern)] }] }
      writeFileSync(stage.path('app.log'), 'one\n')
      await stage.run(glob)
      await stage.stop()
      appendFileSync(stage.path('app.log'), 'two\n')
      copyFileSync(stage.path('app.log'), stage.path('app.log.1'))
      truncateSync(stage.path('app.log'))
      appendFileSync(stage.path('app.log'), 'the new generation\n')
      await stage.run(glob)
      expect(stage.got).toEqual(['app.log: one\n', 'app.log: two\n', 'app.log: the new generation\n'])
    }
  })

  it('truncated: new content only, and what was known to be unread is counted (35)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'one\ntwo\n')
    await stage.start()
    await stage.stop()
    writeFileSync(stage.path('app.log'), 'new\n')
    await stage.run()
    expect(stage.got).toEqual(['app.log: new\n'])
    expect(stage.lost).toEqual([
      { path: stage.path('app.log'), bytes: 8, reason: 'truncated or replaced while not running' },
    ])
  })

  it('deleted and made again: read from the start (36)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'first\n')
    await stage.run()
    await stage.stop()
    rmSync(stage.path('app.log'))
    writeFileSync(stage.path('app.log'), 'second, longer\n')
    await stage.run()
    expect(stage.got).toEqual(['app.log: first\n', 'app.log: second, longer\n'])
    expect(stage.sinks[0]?.file.id).not.toBe(stage.sinks[1]?.file.id)
  })

  it('deleted unread: counted once', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('app.log'), 'first\n')
    await stage.start()
    await stage.stop()
    rmSync(stage.path('app.log'))
    await stage.run()
    await stage.stop()
    await stage.run()
    expect(stage.lost).toEqual([expect.objectContaining({ bytes: 6 })])
  })

  it('renamed within its glob: goes on from its position (41)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.run()
    await stage.stop()
    renameSync(stage.path('a.log'), stage.path('b.log'))
    appendFileSync(stage.path('b.log'), 'two\n')
    writeFileSync(stage.path('a.log'), 'one\nof its own\n')
    await stage.run()
    expect(stage.got.slice(1).sort()).toEqual(['a.log: one\nof its own\n', 'a.log: two\n'])
  })
})
