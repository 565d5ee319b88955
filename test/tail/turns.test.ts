import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { disk } from '../../src/tail/files.js'
import { Turns } from '../../src/tail/turns.js'
import { Stage } from './stage.js'

describe('turns', () => {
  it('go round, and skip who may not go', () => {
    const turns = new Turns<string>()
    for (const one of ['a', 'b', 'c', 'a']) turns.add(one)
    expect(turns.next(() => true)).toBe('a')
    turns.add('a')
    expect(turns.next((one) => one !== 'b')).toBe('c')
    expect([turns.next(() => true), turns.next(() => true), turns.next(() => true)]).toEqual(['b', 'a', undefined])
  })

  it('let no busy file starve the others (21)', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('busy.log'), `${'x'.repeat(1023)}\n`.repeat(20_000))
    for (let i = 0; i < 5; i++) writeFileSync(stage.path(`quiet${i}.log`), 'quiet\n')
    await stage.start()
    const first = await stage.tail.turn(stage.signal)
    expect(first).toBeLessThanOrEqual(5 << 20)
    expect(stage.sinks.filter((sink) => sink.text === 'quiet\n')).toHaveLength(5)
    for (let i = 0; i < 5; i++) appendFileSync(stage.path(`quiet${i}.log`), 'again\n')
    await stage.tail.turn(stage.signal)
    expect(stage.sinks.filter((sink) => sink.text === 'quiet\nagain\n')).toHaveLength(5)
    expect(stage.tail.atEnd()).toBe(false)
    const { bytesRead, bytesTotal } = stage.tail.progress()
    expect(bytesTotal - bytesRead).toBeGreaterThan(10 << 20)
    await stage.read()
    expect(stage.tail.progress()).toEqual({ files: 6, bytesRead: 20_480_060, bytesTotal: 20_480_060 })
  })

  it('are for files that hold something open only, while there is no room for more', async () => {
    const stage = new Stage()
    let isFull = false
    writeFileSync(stage.path('open.log'), 'no end yet')
    writeFileSync(stage.path('whole.log'), 'whole\n')
    await stage.run({ isFull: () => isFull })
    isFull = true
    for (const name of ['open', 'whole', 'fresh']) appendFileSync(stage.path(`${name}.log`), ' more\n')
    while ((await stage.tail.turn(stage.signal)) > 0);
    expect(stage.got.sort()).toEqual(['open.log: no end yet more\n', 'whole.log: whole\n'])
    expect(stage.tail.atEnd()).toBe(false)
    isFull = false
    await stage.read()
    expect(stage.got.sort()).toEqual(['fresh.log:  more\n', 'open.log: no end yet more\n', 'whole.log: whole\n more\n'])
  })

  it('give no file more than its share while others have more to read (21)', async () => {
    const stage = new Stage()
    const names = ['a.log', 'b.log', 'c.log']
    for (const name of names) writeFileSync(stage.path(name), `${'x'.repeat(1023)}\n`.repeat(2000))
    await stage.start({ settings: { maxBytesPerTurn: '16KiB' } })
    for (let i = 0; i < 4; i++) {
      await stage.tail.turn(stage.signal)
      const read = stage.sinks.map((sink) => sink.text.length)
      expect(read).toHaveLength(3)
      expect(Math.max(...read) - Math.min(...read)).toBeLessThanOrEqual(16 << 10)
    }
  })

  it('read a bounded number of bytes each, and the last part of a file however small it is (22)', async () => {
    const stage = new Stage()
    const size = (3 << 20) + 7
    writeFileSync(stage.path('a.log'), 'x'.repeat(size))
    await stage.start({ settings: { maxBytesPerTurn: '100KiB' } })
    const turns: number[] = []
    while (!stage.tail.atEnd()) turns.push(await stage.tail.turn(stage.signal))
    expect(Math.max(...turns)).toBeLessThanOrEqual((1 << 20) + (100 << 10))
    expect(turns.reduce((sum, bytes) => sum + bytes)).toBe(size)
    expect(stage.sinks[0]?.text).toHaveLength(size)
  })

  it('look at the disk once a poll while nothing comes, and wait for nothing while there is more (23)', async () => {
    const stage = new Stage()
    let looks = 0
    const files = {
      ...disk,
      list: (path: string) => {
        looks++
        return disk.list(path)
      },
    }
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.start({ files, settings: { poll: '1s' } })
    const turns = async (count: number) => {
      let bytes = 0
      for (let i = 0; i < count; i++) bytes += await stage.tail.turn(stage.signal)
      return bytes
    }
    expect(await turns(3)).toBe(4)
    appendFileSync(stage.path('a.log'), 'x'.repeat(5 << 20))
    looks = 0
    expect(await turns(20)).toBe(0)
    expect(looks).toBe(0)
    stage.clock.advance(1000)
    expect(await turns(20)).toBe(5 << 20)
    expect(looks).toBe(1)
  })

  it('push every block that was read when they are aborted, and go on after it', async () => {
    const stage = new Stage()
    const text = `${'y'.repeat(63)}\n`.repeat(1000)
    writeFileSync(stage.path('a.log'), text)
    const abort = new AbortController()
    let reads = 0
    const files = {
      ...disk,
      openToRead: async (path: string) => {
        const file = await disk.openToRead(path)
        return {
          ...file,
          read: (buffer: Buffer, start: number, length: number, position: number) => {
            if (++reads === 6) abort.abort()
            return file.read(buffer, start, length, position)
          },
        }
      },
    }
    await stage.start({ files, settings: { maxBytesPerTurn: 1024 } })
    const before = await stage.tail.turn(abort.signal)
    expect(before).toBeLessThan(text.length)
    expect(stage.sinks[0]?.text).toHaveLength(before)
    await stage.read()
    expect(stage.sinks[0]?.text).toBe(text)
  })

  it('leave a file that cannot be read alone, say so once, and read it later', async () => {
    const stage = new Stage()
    for (const name of ['a.log', 'b.log']) writeFileSync(stage.path(name), `${name}\n`)
    let broken = false
    const files = {
      ...disk,
      openToRead: async (path: string) => {
        const file = await disk.openToRead(path)
        return {
          ...file,
          read: (buffer: Buffer, start: number, length: number, position: number) =>
            broken && path.endsWith('a.log')
              ? Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
              : file.read(buffer, start, length, position),
        }
      },
    }
    await stage.run({ files })
    broken = true
    for (const name of ['a.log', 'b.log']) appendFileSync(stage.path(name), 'more\n')
    await stage.read()
    await stage.read()
    expect(stage.got).toEqual(['a.log: a.log\n', 'b.log: b.log\nmore\n'])
    expect(stage.problems).toEqual(['a.log could not be read (EIO).'])
    broken = false
    await stage.read()
    expect(stage.got).toEqual(['a.log: a.log\nmore\n', 'b.log: b.log\nmore\n'])
  })

  it('with once end although the file grows all the time', async () => {
    const stage = new Stage()
    writeFileSync(stage.path('a.log'), 'one\n')
    await stage.start({ once: true })
    for (let i = 0; i < 50 && !stage.tail.atEnd(); i++) {
      await stage.tail.turn(stage.signal)
      appendFileSync(stage.path('a.log'), 'more\n')
    }
    expect(stage.tail.atEnd()).toBe(true)
    expect(await stage.tail.turn(stage.signal)).toBe(0)
    truncateSync(stage.path('a.log'))
    expect(await stage.tail.turn(stage.signal)).toBe(0)
  })

  it('wait for the next look, and not at all when aborted', async () => {
    const stage = new Stage()
    await stage.start({ settings: { poll: 30 } })
    const began = performance.now()
    await stage.tail.wait(new AbortController().signal)
    expect(performance.now() - began).toBeGreaterThanOrEqual(25)
    await stage.start({ settings: { poll: '1h' } })
    await stage.tail.wait(AbortSignal.abort())
    const abort = new AbortController()
    const waiting = stage.tail.wait(abort.signal)
    abort.abort()
    await waiting
    expect(stage.tail.atEnd()).toBe(true)
  })
})
