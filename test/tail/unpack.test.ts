import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { disk, type OpenedFile } from '../../src/tail/files.js'
import { readAt } from '../../src/tail/identity.js'
import { CANNOT_UNPACK, plainName, unpacking } from '../../src/tail/unpack.js'

const folder = mkdtempSync(join(tmpdir(), 'errand-unpack-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer }
const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i} ${Math.sin(i)}\n`).join(''))
/** Two members (frames), as appending to a compressed file makes them. */
const parts = (pack: (bytes: Buffer) => Buffer) =>
  Buffer.concat([pack(text.subarray(0, 300_000)), pack(text.subarray(300_000))])

async function opened<T>(name: string, bytes: Buffer, work: (file: OpenedFile) => Promise<T>): Promise<T> {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  const file = await unpacking(disk).openToRead(path)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

describe('a compressed file', () => {
  for (const [name, pack] of [
    ['a.gz', zlib.gzipSync],
    ...(zstdCompressSync ? [['a.zst', zstdCompressSync] as const] : []),
  ] as const) {
    it(`reads as its content, of several parts too: ${name}`, async () => {
      const bytes = parts(pack)
      await opened(name, bytes, async (file) => {
        expect((await readAt(file, 0, text.length + 5)).equals(text)).toBe(true)
        expect(await file.stat()).toMatchObject({ size: text.length })
        expect(file.packed?.size).toBe(bytes.length)
        expect(await file.isWhole?.()).toBe(true)
      })
    })

    it(`gives the same bytes wherever they are asked for: ${name}`, async () => {
      await opened(name, parts(pack), (file) =>
        fc.assert(
          fc.asyncProperty(fc.nat(text.length + 10), fc.integer({ min: 1, max: 300_000 }), async (from, length) => {
            expect((await readAt(file, from, length)).equals(text.subarray(from, from + length))).toBe(true)
          }),
          {
            numRuns: 30,
            examples: [
              [0, 1024],
              [299_900, 200],
              [text.length, 1],
            ],
          },
        ),
      )
    })

    it(`that is cut short ends where it can no longer be unpacked, at the same byte every time: ${name}`, async () => {
      const bytes = parts(pack)
      for (const cut of [10, 1000, 70_000, bytes.length - 1]) {
        await opened(name, bytes.subarray(0, cut), async (file) => {
          const { size } = await file.stat()
          expect(await file.isWhole?.()).toBe(false)
          for (let i = 0; i < 3; i++) {
            const all = await readAt(file, 0, text.length)
            expect(all.length).toBe(size)
            expect(all.equals(text.subarray(0, size))).toBe(true)
          }
        })
      }
    })
  }

  it('that is damaged gives what stands before the damage', async () => {
    const bytes = parts(zlib.gzipSync)
    for (let at = 170_000; at < 174_000; at++) bytes[at] = 0x5a
    await opened('a.gz', bytes, async (file) => {
      // Only at the end of a part does gzip know that its bytes are not those that were packed.
      expect((await readAt(file, 0, 300_000)).equals(text.subarray(0, 300_000))).toBe(true)
      expect((await readAt(file, 0, 2 * text.length)).length).toBe((await file.stat()).size)
      expect(await file.isWhole?.()).toBe(false)
    })
  })

  it('is approached in steps', async () => {
    const big = Buffer.alloc(20 << 20, 'x')
    await opened('big.gz', zlib.gzipSync(big), async (file) => {
      let steps = 1
      while (!(await file.approach?.(big.length - 10))) steps++
      expect(steps).toBeGreaterThan(3)
      expect((await readAt(file, big.length - 10, 20)).length).toBe(10)
      while (!(await file.approach?.(5 << 20)));
      expect((await readAt(file, 5 << 20, 3)).toString()).toBe('xxx')
    })
  })

  it('that cannot be read says so, and is read when it can be', async () => {
    const path = join(folder, 'broken.gz')
    writeFileSync(path, zlib.gzipSync(text))
    let broken = false
    const failing = {
      ...disk,
      openToRead: async (name: string) => {
        const file = await disk.openToRead(name)
        const read: OpenedFile['read'] = (...args) =>
          broken ? Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })) : file.read(...args)
        return { ...file, read }
      },
    }
    const file = await unpacking(failing).openToRead(path)
    broken = true
    await expect(file.stat()).rejects.toMatchObject({ code: 'EIO' })
    broken = false
    expect((await file.stat()).size).toBe(text.length)
    await file.close()
  })

  it('by its name only is read as it is', async () => {
    await opened('text.gz', Buffer.from('plain text\n'), async (file) => {
      expect((await readAt(file, 0, 100)).toString()).toBe('plain text\n')
      expect(file.packed).toBeUndefined()
    })
  })

  it.skipIf(zstdCompressSync !== undefined)(
    'of a kind that this Node.js cannot unpack says so (Node 22.15 can)',
    async () => {
      const start = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])
      await expect(opened('b.zst', start, async () => undefined)).rejects.toMatchObject({ code: CANNOT_UNPACK })
    },
  )

  it('has the name that the file had before', () => {
    expect(['app.log.1.gz', 'app.log.zst', 'app.log', '.gz', 'a.tgz'].map(plainName)).toEqual([
      'app.log.1',
      'app.log',
      undefined,
      undefined,
      undefined,
    ])
  })
})
