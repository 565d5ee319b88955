/**
 * Inodes as ext4 and XFS give them out, the lowest free one first and at once: whatever file system the tests run on, and
 * whoever else makes files there, a sequence meets the same ones each time.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FileStat, OpenedFile } from '../../src/tail/files.js'

/** Not the one of the tailer's private keys. */
const DEVICE = '1'

export class Inodes {
  readonly #directory: string
  /** By the inode that the file system really gave. */
  readonly #numbers = new Map<number, number>()
  /** Descriptors that hold a file, by its real inode. */
  readonly #held = new Map<number, number>()

  /** For the files in one directory. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** A file was made at that path. */
  made(path: string): void {
    const { ino } = statSync(path)
    this.#numbers.delete(ino)
    const taken = new Set<number | undefined>()
    for (const name of readdirSync(this.#directory)) {
      const stat = statSync(join(this.#directory, name), { throwIfNoEntry: false })
      if (stat !== undefined) taken.add(this.#numbers.get(stat.ino))
    }
    for (const held of this.#held.keys()) taken.add(this.#numbers.get(held))
    let lowest = 1
    while (taken.has(lowest)) lowest++
    this.#numbers.set(ino, lowest)
  }

  /** What the file system tells of a file, with the inode that it has here. */
  seen(stat: FileStat): FileStat {
    const number = this.#numbers.get(inodeOf(stat))
    return number === undefined ? stat : { ...stat, key: `${DEVICE}:${number}`, device: DEVICE }
  }

  /** A file keeps its inode while it is open, with a name or without. */
  async opened(file: OpenedFile): Promise<OpenedFile> {
    const ino = inodeOf(await file.stat())
    this.#held.set(ino, (this.#held.get(ino) ?? 0) + 1)
    return {
      ...file,
      stat: async () => this.seen(await file.stat()),
      close: async () => {
        const others = (this.#held.get(ino) ?? 1) - 1
        if (others > 0) this.#held.set(ino, others)
        else this.#held.delete(ino)
        await file.close()
      },
    }
  }
}

/** The tests run on no disk whose inodes are beyond a double. */
function inodeOf({ key }: FileStat): number {
  return Number(key.slice(key.indexOf(':') + 1))
}
