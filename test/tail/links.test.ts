import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { disk, type FileLayer } from '../../src/tail/files.js'
import { Stage } from './stage.js'

/** `logs` with what is asked for, `else` beside it with what others keep there. */
function stageWithLogs(): Stage {
  const stage = new Stage()
  for (const name of ['logs', 'else']) mkdirSync(stage.path(name))
  writeFileSync(stage.path('else/secret.txt'), 'not yours\n')
  return stage
}

const logs = (stage: Stage, allowed: readonly string[] = []) => ({
  inputs: [{ paths: [stage.path('logs/**/*.log')], allowedRoots: allowed.map((name) => stage.path(name)) }],
})

describe('a symbolic link', () => {
  it('that is swapped to another file has the old one finished and the new one read whole (10)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('1.txt'), 'one\n')
    writeFileSync(stage.path('2.txt'), 'two\n')
    symlinkSync(stage.path('1.txt'), stage.path('now.log'))
    await stage.run()
    appendFileSync(stage.path('1.txt'), 'one more\n')
    rmSync(stage.path('now.log'))
    symlinkSync(stage.path('2.txt'), stage.path('now.log'))
    await stage.read()
    expect(stage.got).toEqual(['now.log: one\none more\n', 'now.log: two\n'])
  })

  it('to a directory that is swapped, as Kubernetes does, is followed to the new one (10)', async () => {
    const stage = new Stage()
    for (const name of ['..1', '..2']) {
      mkdirSync(stage.path(name))
      writeFileSync(stage.path(`${name}/a.log`), `${name}\n`)
    }
    symlinkSync('..1', stage.path('current'))
    const options = { inputs: [{ paths: [stage.path('curr*/*.log')] }] }
    await stage.run(options)
    appendFileSync(stage.path('..1/a.log'), 'last of 1\n')
    symlinkSync('..2', stage.path('next'))
    renameSync(stage.path('next'), stage.path('current'))
    await stage.read()
    expect(stage.got).toEqual(['current/a.log: ..1\nlast of 1\n', 'current/a.log: ..2\n'])
  })

  it('whose target is removed has it read to its end, and comes back with a new target (10)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('1.txt'), 'one\n')
    symlinkSync(stage.path('1.txt'), stage.path('now.log'))
    await stage.run()
    appendFileSync(stage.path('1.txt'), 'one more\n')
    rmSync(stage.path('1.txt'))
    await stage.read()
    writeFileSync(stage.path('1.txt'), 'anew\n')
    await stage.read()
    expect(stage.got).toEqual(['now.log: one\none more\n', 'now.log: anew\n'])
    expect(stage.problems).toEqual([])
  })

  it('that leaves the directories of its input is not read, and told once', async () => {
    const stage = stageWithLogs()
    writeFileSync(stage.path('logs/a.log'), 'asked for\n')
    symlinkSync(stage.path('else/secret.txt'), stage.path('logs/link.log'))
    symlinkSync('../else/secret.txt', stage.path('logs/relative.log'))
    for (let i = 0; i < 3; i++) await (i === 0 ? stage.run(logs(stage)) : stage.read())
    expect(stage.got).toEqual(['logs/a.log: asked for\n'])
    const told = `is a symbolic link that leads to ${stage.path('else/secret.txt')}, out of the directories of inputs[0]; it is not read.`
    expect(stage.refused).toEqual([`logs/link.log ${told}`, `logs/relative.log ${told}`])
    expect(stage.problems).toEqual([])
  })

  it('is told anew when it led elsewhere in between', async () => {
    const stage = stageWithLogs()
    const link = stage.path('logs/link.log')
    for (const target of ['else/secret.txt', 'else', 'else/secret.txt']) {
      rmSync(link, { force: true })
      symlinkSync(stage.path(target), link)
      await (stage.refused.length === 0 ? stage.run(logs(stage)) : stage.read())
    }
    expect(stage.refused).toHaveLength(2)
    expect(stage.got).toEqual([])
  })

  it('may leave to the roots of its input, over several links, as in Kubernetes with docker', async () => {
    const stage = stageWithLogs()
    for (const name of ['containers', 'pods/shop', 'docker/abc']) mkdirSync(stage.path(name), { recursive: true })
    writeFileSync(stage.path('docker/abc/abc-json.log'), 'from a container\n')
    symlinkSync(stage.path('docker/abc/abc-json.log'), stage.path('pods/shop/0.log'))
    symlinkSync(stage.path('pods/shop/0.log'), stage.path('containers/shop.log'))
    const paths = [stage.path('containers/*.log')]
    await stage.run({ inputs: [{ paths, allowedRoots: [stage.path('pods')] }] })
    expect(stage.refused).toHaveLength(1)
    await stage.run({
      inputs: [{ paths, allowedRoots: ['pods', 'docker', 'nowhere'].map((root) => stage.path(root)) }],
    })
    expect(stage.got).toEqual(['containers/shop.log: from a container\n'])
    expect(stage.refused).toHaveLength(1)
  })

  it('among the directories of its own input may lead anywhere there, also over a linked fixed part', async () => {
    const stage = stageWithLogs()
    mkdirSync(stage.path('logs/deep'))
    writeFileSync(stage.path('logs/deep/a.txt'), 'deep\n')
    symlinkSync('deep/a.txt', stage.path('logs/up.log'))
    symlinkSync(stage.path('logs'), stage.path('linked'))
    await stage.run({ inputs: [{ paths: [stage.path('linked/*.log')] }] })
    expect(stage.got).toEqual(['linked/up.log: deep\n'])
    expect(stage.refused).toEqual([])
  })

  it('that is named without a wildcard is held to its directory too', async () => {
    const stage = stageWithLogs()
    symlinkSync(stage.path('else/secret.txt'), stage.path('logs/named.log'))
    await stage.run({ inputs: [{ paths: [stage.path('logs/named.log')] }] })
    expect(stage.got).toEqual([])
    expect(stage.refused).toHaveLength(1)
  })

  it('to a directory out there leads to no file either', async () => {
    const stage = stageWithLogs()
    writeFileSync(stage.path('else/a.log'), 'not yours\n')
    symlinkSync(stage.path('else'), stage.path('logs/dir'))
    await stage.run({ inputs: [{ paths: [stage.path('logs/*/*.log')] }] })
    expect(stage.got).toEqual([])
    expect(stage.refused).toHaveLength(1)
  })

  it('is refused to one input and read by another that may follow it', async () => {
    const stage = stageWithLogs()
    symlinkSync(stage.path('else/secret.txt'), stage.path('logs/link.log'))
    const paths = [stage.path('logs/*.log')]
    await stage.run({ inputs: [{ paths }, { paths, allowedRoots: [stage.path('else')] }] })
    await stage.read()
    expect(stage.sinks.map((sink) => sink.file.input)).toEqual([1])
    expect(stage.refused).toEqual([])
  })

  for (const [how, isTold] of [
    ['the system tells where a descriptor leads', true],
    ['only names can be followed', false],
  ] as const) {
    it(`that takes the place of a file between look and opening is not read: where ${how}`, async () => {
      const stage = stageWithLogs()
      const path = stage.path('logs/a.log')
      writeFileSync(path, 'harmless\n')
      const files: FileLayer = {
        ...disk,
        openToRead: async (name) => {
          if (name === path) {
            rmSync(path)
            symlinkSync(stage.path('else/secret.txt'), path)
          }
          const opened = await disk.openToRead(name)
          return isTold ? opened : { ...opened, realPath: async () => undefined }
        },
      }
      await stage.run({ ...logs(stage), files })
      await stage.read()
      expect(stage.got).toEqual([])
      expect(stage.problems[0]).toContain('exchanged for a link out of its directories')
    })
  }
})
