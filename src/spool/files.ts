/**
 * The few file operations that the spool, the cursors and the refused files need, as a parameter, so that tests can
 * make any of them fail and can tell what had reached the disk. Directories are 0700, files 0600: records hold user data.
 */
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** An open file. All positions are bytes from the file's start. */
export interface OpenFile {
  /** Fills `target` from `position` as far as the file goes; gives the bytes read. */
  read(target: Buffer, position: number): Promise<number>
  /** Writes all of `bytes` at `position`. */
  write(bytes: Buffer, position: number): Promise<void>
  /** Resolves when everything written so far survives a power cut. */
  datasync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  /** Whether the path leads to this file: it may have been moved or removed. */
  isAt(path: string): Promise<boolean>
  close(): Promise<void>
}

/** `create` demands that the file does not exist, `edit` makes it when it does not. */
export type OpenMode = 'read' | 'create' | 'edit'

export interface Files {
  makeDir(dir: string): Promise<void>
  /** Names in a directory, in no order. */
  list(dir: string): Promise<string[]>
  open(path: string, mode: OpenMode): Promise<OpenFile>
  /** Text of a small file; undefined when there is none. */
  readText(path: string): Promise<string | undefined>
  rename(from: string, to: string): Promise<void>
  /** Good also when the file is gone already. */
  remove(path: string): Promise<void>
  /** Makes creations and renames in the directory durable. */
  syncDir(dir: string): Promise<void>
}

const FLAGS = { read: 'r', create: 'wx+', edit: 'a+' } as const

export const realFiles: Files = {
  async makeDir(dir) {
    await mkdir(dir, { recursive: true, mode: 0o700 })
  },
  list: (dir) => readdir(dir),
  async open(path, mode) {
    // O_APPEND would ignore positions, so "edit" makes the file first and then opens it for writing anywhere.
    if (mode === 'edit') await (await open(path, FLAGS.edit, 0o600)).close()
    const handle = await open(path, mode === 'edit' ? 'r+' : FLAGS[mode], 0o600)
    return {
      async read(target, position) {
        let filled = 0
        while (filled < target.length) {
          const { bytesRead } = await handle.read(target, filled, target.length - filled, position + filled)
          if (bytesRead === 0) break
          filled += bytesRead
        }
        return filled
      },
      async write(bytes, position) {
        let written = 0
        while (written < bytes.length) {
          written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten
        }
      },
      datasync: () => handle.datasync(),
      truncate: (size) => handle.truncate(size),
      size: async () => (await handle.stat()).size,
      async isAt(path) {
        const there = await stat(path).catch((error: unknown) => {
          if (!isMissing(error)) throw error
        })
        const here = await handle.stat()
        return here.ino === there?.ino && here.dev === there.dev
      },
      close: () => handle.close(),
    }
  },
  async readText(path) {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  },
  rename,
  async remove(path) {
    try {
      await unlink(path)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  },
  async syncDir(dir) {
    const handle = await open(dir, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}

/** Replaces a small file so that after any crash it holds the old text or the new one, whole. */
export async function replaceFile(files: Files, path: string, text: string): Promise<void> {
  const aside = `${path}.new`
  const file = await files.open(aside, 'edit')
  try {
    await file.truncate(0)
    await file.write(Buffer.from(text), 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await files.rename(aside, path)
  await files.syncDir(dirname(path))
}

/** Whether a file operation was rejected because there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
