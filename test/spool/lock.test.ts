import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.js'
import { type Files, type OpenFile, realFiles, replaceFile } from '../../src/spool/files.js'
import { heldFiles } from '../../src/spool/held.js'
import { StateLock, type ThisProcess } from '../../src/spool/lock.js'
import { tempDir } from './disk.js'

const clock = new ManualClock(Date.UTC(2026, 10, 20, 10))
const self: ThisProcess = { pid: process.pid, isAlive: (pid) => pid === process.pid || pid === process.ppid }
/** Files of a system without /proc. */
const withoutProc = {
  ...realFiles,
  readText: async (path: string) => (path.startsWith('/proc') ? undefined : realFiles.readText(path)),
}
/** Files of a system whose /proc says that a process started at that tick. */
const startedAt = (ticks: number) => ({
  ...realFiles,
  readText: async (path: string) => {
    if (path.endsWith('boot_id')) return 'boot\n'
    if (path.startsWith('/proc')) return `1 (a) (b) S ${'0 '.repeat(18)}${ticks} 0 0`
    return realFiles.readText(path)
  },
})

describe('the lock on a state directory', () => {
  it('keeps a second agent off, naming the first', async () => {
    const dir = tempDir()
    const lock = await StateLock.take({ dir, self, clock })
    const second = StateLock.take({ dir, self: { ...self, pid: process.ppid }, clock })
    await expect(second).rejects.toMatchObject({ code: 'PROBLEMS' })
    await expect(second).rejects.toThrow(
      `errand.lock  Process ${process.pid} has used this state directory since 2026-11-20T10:00:00.000Z. Stop it, or give this agent a stateDir of its own.`,
    )
    await lock.release()
    expect(readdirSync(dir)).toEqual([])
    await (await StateLock.take({ dir, self, clock })).release()
  })

  for (const [name, text, files] of [
    ['names a process that is gone', '{"pid":999999,"since":"x"}', realFiles],
    ['names a process that is gone, without /proc', '{"pid":999999,"since":"x"}', withoutProc],
    ['names an earlier process with our id', `{"pid":${process.pid},"since":"x"}`, withoutProc],
    [
      'names a process id that was given away again',
      `{"pid":${process.ppid},"started":"boot/41","since":"x"}`,
      startedAt(42),
    ],
    ['was cut off by a crash', '{"pi', realFiles],
    ['is empty', '', realFiles],
  ] as const) {
    it(`that ${name} is taken over`, async () => {
      const dir = tempDir()
      writeFileSync(join(dir, 'errand.lock'), text)
      const lock = await StateLock.take({ dir, self, clock, files })
      expect(JSON.parse(readFileSync(join(dir, 'errand.lock'), 'utf8')).pid).toBe(process.pid)
      expect(readdirSync(dir)).toEqual(['errand.lock'])
      await lock.release()
    })
  }

  for (const [name, text, files] of [
    ['lives', `{"pid":${process.ppid},"since":"x"}`, withoutProc],
    ['lives since the same tick', `{"pid":${process.ppid},"started":"boot/42","since":"x"}`, startedAt(42)],
  ] as const) {
    it(`is respected while its process ${name}`, async () => {
      const dir = tempDir()
      writeFileSync(join(dir, 'errand.lock'), text)
      await expect(StateLock.take({ dir, self, clock, files })).rejects.toThrow(`Process ${process.ppid}`)
      expect(readFileSync(join(dir, 'errand.lock'), 'utf8')).toBe(text)
    })
  }

  it('that another agent has taken over meanwhile is not given back by the first', async () => {
    const dir = tempDir()
    const lock = await StateLock.take({ dir, self, clock })
    writeFileSync(join(dir, 'errand.lock'), 'another')
    await lock.release()
    expect(readFileSync(join(dir, 'errand.lock'), 'utf8')).toBe('another')
  })

  it('is made again with its directory when someone removed them', async () => {
    const dir = join(tempDir(), 'state')
    const lock = await StateLock.take({ dir, self, clock })
    const text = readFileSync(join(dir, 'errand.lock'), 'utf8')
    rmSync(dir, { recursive: true })
    await lock.keep()
    await lock.keep()
    expect(readFileSync(join(dir, 'errand.lock'), 'utf8')).toBe(text)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    await lock.release()
  })

  it('that another agent has taken since cannot be kept', async () => {
    const dir = join(tempDir(), 'state')
    const lock = await StateLock.take({ dir, self, clock })
    rmSync(dir, { recursive: true })
    const other = await StateLock.take({ dir, self: { ...self, pid: process.ppid }, clock })
    const told: string[] = []
    lock.whenTaken(({ message }) => told.push(message))
    const why = `Process ${process.ppid} has used this state directory since`
    await expect(lock.keep()).rejects.toThrow(why)
    await other.release()
    // What the other has left there is not of ours.
    await expect(lock.keep()).rejects.toThrow(why)
    expect(told).toEqual([expect.stringContaining(why)])
    expect(readdirSync(dir)).toEqual([])
  })

  it('that was given back is not taken again by a write that comes late', async () => {
    const dir = tempDir()
    const lock = await StateLock.take({ dir, self, clock })
    await lock.release()
    await expect(lock.keep()).rejects.toThrow('errand.lock was given back')
    expect(readdirSync(dir)).toEqual([])
  })

  it('of another boot is taken over, though a process with its id and start time lives', async () => {
    const dir = tempDir()
    writeFileSync(join(dir, 'errand.lock'), `{"pid":${process.ppid},"started":"another-boot/42","since":"x"}`)
    const lock = await StateLock.take({ dir, self, clock, files: startedAt(42) })
    await lock.release()
  })
})

describe('the files of a state directory', () => {
  /** Each way to change something in the directory, and a file that was open before. */
  const changes: readonly (readonly [string, (files: Files, dir: string, open: OpenFile) => Promise<unknown>])[] = [
    ['makes no directory', (files, dir) => files.makeDir(join(dir, 'spool'))],
    ['creates no file', (files, dir) => files.open(join(dir, 'b'), 'create')],
    ['opens no file to write', (files, dir) => files.open(join(dir, 'a'), 'edit')],
    ['renames nothing', (files, dir) => files.rename(join(dir, 'a'), join(dir, 'b'))],
    ['removes nothing', (files, dir) => files.remove(join(dir, 'a'))],
    ['writes nothing into an open file', (_, __, open) => open.write(Buffer.from('late'), 0)],
    ['cuts nothing off an open file', (_, __, open) => open.truncate(0)],
    ['replaces no file', (files, dir) => replaceFile(files, join(dir, 'a'), 'late')],
  ]
  for (const [name, change] of changes)
    it(`that another agent has taken: the first ${name}`, async () => {
      const dir = tempDir()
      const lock = await StateLock.take({ dir, self, clock })
      const files = heldFiles(lock)
      await replaceFile(files, join(dir, 'a'), 'ours')
      const open = await files.open(join(dir, 'a'), 'edit')
      const another = JSON.stringify({ pid: process.ppid, since: 'now' })
      writeFileSync(join(dir, 'errand.lock'), another)
      clock.advance(1000)
      await expect(change(files, dir, open)).rejects.toThrow(`Process ${process.ppid} has used this state directory`)
      await open.close()
      expect(readdirSync(dir).sort()).toEqual(['a', 'errand.lock'])
      expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('ours')
      expect(await files.readText(join(dir, 'errand.lock'))).toBe(another)
    })
})
