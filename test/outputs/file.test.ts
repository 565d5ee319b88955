import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { file } from '../../src/outputs/file.js'
import type { Output } from '../../src/outputs/output.js'
import { batchOf, never, openWith, outputContract, record } from './contract.js'

outputContract(file, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'errand-file-'))
  const path = join(folder, 'deep', 'errors.ndjson')
  return {
    output: openWith(file, { path }),
    arrived: async () => (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(0, -1),
    close: () => rm(folder, { recursive: true }),
  }
})

let folder: string
let path: string
let output: Output | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-file-'))
  path = join(folder, 'errors.ndjson')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await output?.close()
  await rm(folder, { recursive: true })
})

function openFile(settings: Record<string, unknown> = {}): Output {
  output = openWith(file, { path, ...settings })
  return output
}
const sendOne = (to: Output, n: number) => to.send(batchOf([record(n)]), never())
const line = (n: number) => `${JSON.stringify(record(n))}\n`
const content = () => readFile(path, 'utf8')

describe('the file', () => {
  it('is made with its directories, readable by owner and group only', async () => {
    path = join(folder, 'a', 'b', 'errors.ndjson')
    expect(await sendOne(openFile(), 1)).toEqual({ outcome: 'delivered' })
    expect((await stat(path)).mode & 0o137).toBe(0)
    expect((await stat(join(folder, 'a'))).mode & 0o027).toBe(0)
  })

  it('is found against the folder of the config', async () => {
    output = openWith(file, { path: './x.ndjson' }, { resolvePath: (given) => join(folder, given) })
    await sendOne(output, 1)
    expect(await readFile(join(folder, 'x.ndjson'), 'utf8')).toBe(line(1))
  })

  it('is appended to', async () => {
    await writeFile(path, 'before\n')
    await sendOne(openFile(), 1)
    expect(await content()).toBe(`before\n${line(1)}`)
  })

  it('is made anew when it was moved away, and the old one left as it is', async () => {
    const output = openFile()
    await sendOne(output, 1)
    await rename(path, `${path}.moved`)
    await sendOne(output, 2)
    expect([await readFile(`${path}.moved`, 'utf8'), await content()]).toEqual([line(1), line(2)])
  })

  it('is gone on with when it was truncated', async () => {
    const output = openFile()
    await sendOne(output, 1)
    await writeFile(path, '')
    await sendOne(output, 2)
    expect(await content()).toBe(line(2))
  })
})

describe('a last line without its end', () => {
  const torn = line(2).slice(0, 40)
  for (const [name, before, after] of [
    ['is cut off when it is torn, since its batch comes again', line(1) + torn, line(1)],
    ['is cut off when it is the only one', torn, ''],
    ['is cut off when only its first byte is there', `${line(1)}{`, line(1)],
    ['is ended when it is whole', line(1) + line(2).trimEnd(), line(1) + line(2)],
    ['is kept and ended when it is not ours', `${line(1)}someone's note`, `${line(1)}someone's note\n`],
    ['is kept and ended when it is not ours, also if it is the only one', "someone's note", "someone's note\n"],
  ] as const) {
    it(name, async () => {
      await writeFile(path, before)
      expect(await sendOne(openFile(), 3)).toEqual({ outcome: 'delivered' })
      expect(await content()).toBe(after + line(3))
    })
  }

  it('is mended at every length a crash may leave', async () => {
    const whole = line(1) + line(2)
    for (let length = 0; length < whole.length; length += 7) {
      await writeFile(path, whole.slice(0, length))
      const output = openFile()
      await sendOne(output, 3)
      await output.close()
      const lines = (await content()).split('\n').slice(0, -1)
      expect(lines.map((each) => JSON.parse(each).message).at(-1), `length ${length}`).toBe('record 3')
    }
  })
})

describe('rotation', () => {
  const size = Buffer.byteLength(line(1))

  it('begins a new file before one grows past its size, and keeps as many as told', async () => {
    const output = openFile({ maxBytes: 2 * size, keep: 2 })
    for (let n = 1; n <= 9; n++) await sendOne(output, n)
    const files = await Promise.all(['', '.1', '.2'].map((end) => readFile(path + end, 'utf8')))
    expect(files).toEqual([line(9), line(7) + line(8), line(5) + line(6)])
    expect(await readdir(folder)).toHaveLength(3)
  })

  it('puts a batch that is larger than the size into a file of its own', async () => {
    const output = openFile({ maxBytes: size + 1 })
    await sendOne(output, 1)
    await output.send(batchOf([record(2), record(3)]), never())
    await sendOne(output, 4)
    const files = await Promise.all(['', '.1', '.2'].map((end) => readFile(path + end, 'utf8')))
    expect(files).toEqual([line(4), line(2) + line(3), line(1)])
  })

  it('never happens unless it is asked for', async () => {
    const output = openFile()
    for (let n = 0; n < 20; n++) await sendOne(output, n)
    expect(await readdir(folder)).toEqual(['errors.ndjson'])
  })

  it('tells all the paths that may be written', () => {
    expect(openFile().paths?.()).toEqual([path])
    expect(openFile({ maxBytes: '1MiB', keep: 2 }).paths?.()).toEqual([path, `${path}.1`, `${path}.2`])
  })
})

describe('a file that cannot be written', () => {
  it('is held when it is a directory', async () => {
    await mkdir(path)
    expect(await sendOne(openFile(), 1)).toEqual({
      outcome: 'hold',
      reason: `${JSON.stringify(path)} is a directory (EISDIR)`,
      mend: 'Check outputs.main.path.',
    })
  })

  it('is held when a part of the path is a file', async () => {
    await writeFile(join(folder, 'a'), '')
    path = join(folder, 'a', 'b', 'errors.ndjson')
    expect(await sendOne(openFile(), 1)).toMatchObject({ outcome: 'hold', reason: expect.stringContaining('ENOTDIR') })
  })

  it('is held, without waiting for a reader, when it is a pipe', async () => {
    execFileSync('mkfifo', [path])
    const delivery = await sendOne(openFile(), 1)
    expect(delivery).toMatchObject({ outcome: 'hold', reason: `${JSON.stringify(path)} is neither a file nor missing` })
  })

  /** Makes every write put down `bytes` bytes and then fail. */
  async function failAfter(bytes: number, code: string) {
    const probe = await open(join(folder, 'probe'), 'w')
    const methods = Object.getPrototypeOf(probe) as { write(content: Buffer, offset: number, length?: number): unknown }
    await probe.close()
    const { write } = methods
    vi.spyOn(methods, 'write').mockImplementation(async function (this: unknown, content: Buffer, offset: number) {
      if (offset >= bytes) throw Object.assign(new Error(`${code}: no`), { code })
      return write.call(this, content, offset, bytes - offset)
    })
  }

  for (const [code, outcome, reason] of [
    ['ENOSPC', 'retry', 'no space is left for'],
    ['EDQUOT', 'retry', 'the quota for'],
    ['EIO', 'retry', 'could not be written (EIO)'],
    ['EACCES', 'hold', 'this user may not write'],
    ['EROFS', 'hold', 'is on a read-only file system'],
  ] as const) {
    it(`${code}: ${outcome}, with nothing of the batch left, and delivers later`, async () => {
      const output = openFile()
      await sendOne(output, 1)
      await failAfter(11, code)
      expect(await sendOne(output, 2)).toMatchObject({ outcome, reason: expect.stringContaining(reason) })
      expect(await content()).toBe(line(1))
      vi.restoreAllMocks()
      expect(await sendOne(output, 2)).toEqual({ outcome: 'delivered' })
      expect(await content()).toBe(line(1) + line(2))
    })
  }
})
