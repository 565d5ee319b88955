/** The beginning of a file that is read on from behind it: for whoever tells by it how the bytes are to be read. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { TailedFile } from '../../src/tail/file.js'
import { disk, type FileLayer } from '../../src/tail/files.js'
import { Kept, Stage } from './stage.js'

/** Starts anew behind the first line of `a.log`; what `open` was told of the beginning, and how often it was read. */
async function readOn(needsHead: ((file: TailedFile) => boolean) | undefined) {
  const stage = new Stage()
  writeFileSync(stage.path('a.log'), 'first\n')
  await stage.run()
  await stage.stop()
  appendFileSync(stage.path('a.log'), 'second\n')
  let reads = 0
  const files: FileLayer = {
    ...disk,
    openToRead: async (path) => {
      const opened = await disk.openToRead(path)
      const read: typeof opened.read = (buffer, start, length, position) => {
        if (position === 0) reads++
        return opened.read(buffer, start, length, position)
      }
      return { ...opened, read }
    },
  }
  const heads: (string | undefined)[] = []
  const open = (file: TailedFile, head: Buffer | undefined) => {
    heads.push(head?.toString())
    return new Kept(file)
  }
  await stage.run({ files, open, ...(needsHead && { needsHead }) })
  return { heads, reads }
}

it('is read for all who do not say that they need none, and not for those', async () => {
  const asked: number[] = []
  const unsaid = await readOn(undefined)
  const needed = await readOn(() => true)
  const known = await readOn(({ input }) => {
    asked.push(input)
    return false
  })
  expect(unsaid).toEqual(needed)
  expect(unsaid.heads).toEqual(['first\nsecond\n'])
  expect(known).toEqual({ heads: [undefined], reads: needed.reads - 1 })
  expect(asked).toEqual([0])
})
