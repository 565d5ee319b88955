/** How many files are held open when the process may open no more, and when it may again. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { disk, type FileLayer, type OpenedFile } from '../../src/tail/files.js'
import { Stage } from './stage.js'

const FILES = 60
const MINUTE = 60_000

/** A process that may hold so many files open at once. */
class Process {
  may = Number.POSITIVE_INFINITY
  open = 0
  /** The most that were ever open at once since this was set to 0. */
  peak = 0
  refused = 0

  readonly files: FileLayer = {
    ...disk,
    openToRead: async (path) => {
      if (this.open >= this.may) {
        this.refused++
        throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
      }
      this.open++
      this.peak = Math.max(this.peak, this.open)
      const opened = await disk.openToRead(path).catch((error) => {
        this.open--
        throw error
      })
      return this.#counted(opened)
    },
  }

  #counted(opened: OpenedFile): OpenedFile {
    const close = async () => {
      this.open--
      await opened.close()
    }
    return { ...opened, close }
  }
}

/** A tailer that knows more files than it may hold open. */
async function start(may: number, maxOpenFiles: number, files = FILES) {
  const [stage, process] = [new Stage(), new Process()]
  process.may = may
  for (let i = 0; i < files; i++) writeFileSync(stage.path(`${i}.log`), 'first\n')
  await stage.run({ files: process.files, settings: { maxOpenFiles } })
  return { stage, process }
}

/** Every file grows and is read; so all were opened that were closed. */
async function round(stage: Stage, text: string, files = FILES): Promise<void> {
  for (let i = 0; i < files; i++) appendFileSync(stage.path(`${i}.log`), `${text}\n`)
  await stage.read()
}

describe('files held open', () => {
  for (const [name, may, maxOpenFiles, held] of [
    ['are as many as the config says where the process may open them', Number.POSITIVE_INFINITY, 20, 20],
    ['are 16 fewer than could be opened where it may not', 40, 50, 24],
    ['are one where hardly any could be opened', 10, 50, 1],
  ] as const)
    it(name, async () => {
      const { stage, process } = await start(may, maxOpenFiles)
      await round(stage, 'second')
      expect(stage.tail.openFiles).toBe(held)
      expect(process.open).toBe(held)
      expect(stage.sinks.map(({ text }) => text)).toEqual(Array.from({ length: FILES }, () => 'first\nsecond\n'))
    })

  it('become as many as the config says again, by steps, when the process may open more', async () => {
    const { stage, process } = await start(10, 50)
    process.may = 1000
    const held: number[] = []
    for (let minute = 0; minute < 8; minute++) {
      await round(stage, `minute ${minute}`)
      held.push(stage.tail.openFiles)
      stage.clock.advance(MINUTE)
    }
    // Half as many more each time, but 8 at least; the first minute must have passed.
    expect(held).toEqual([1, 9, 17, 25, 37, 50, 50, 50])
    expect(stage.told).toEqual(['50 files are held open again, as tail.maxOpenFiles allows'])
    expect(stage.problems).toHaveLength(1)
  })

  it('leave 16 to others when they rise to what can be opened, and nothing is told of trying', async () => {
    const { stage, process } = await start(17, 50)
    expect(stage.tail.openFiles).toBe(1)
    process.may = 40
    for (let minute = 0; minute < 10; minute++) {
      await round(stage, `minute ${minute}`)
      stage.clock.advance(MINUTE)
      expect(process.may - process.open).toBeGreaterThanOrEqual(16)
    }
    expect(stage.tail.openFiles).toBe(17)
    expect(stage.told).toEqual([])
    expect(stage.problems).toHaveLength(1)
  })

  it('are tried ever more rarely where it is in vain: after one minute, two, four, and so on to an hour', async () => {
    const { stage, process } = await start(2, 50, 3)
    const minutes: number[] = []
    for (let minute = 0; minute < 190; minute++) {
      const before = process.refused
      await round(stage, 'x', 3)
      if (process.refused > before) minutes.push(minute)
      stage.clock.advance(MINUTE)
    }
    expect(minutes).toEqual([1, 3, 7, 15, 31, 63, 123, 183])
    expect(stage.problems).toHaveLength(1)
  })

  it('are told anew only when they had been as many as the config says in between', async () => {
    const { stage, process } = await start(40, 50)
    const told = () => stage.problems.map((text) => /\d+(?= files are held)/.exec(text)?.[0])
    expect(told()).toEqual(['24'])
    process.may = 1000
    const rounds = async (count: number) => {
      for (let i = 0; i < count; i++) {
        stage.clock.advance(MINUTE)
        await round(stage, 'x')
      }
    }
    await rounds(1)
    expect(stage.tail.openFiles).toBe(36)
    process.may = 36
    await rounds(1)
    expect(stage.tail.openFiles).toBe(20)
    expect(told()).toEqual(['24'])
    process.may = 1000
    await rounds(10)
    expect(stage.tail.openFiles).toBe(50)
    process.may = 50
    await round(stage, 'y')
    expect(told()).toEqual(['24', '34'])
  })
})
