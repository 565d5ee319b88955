/** A spool on a real temporary directory, whose disk fails on demand and remembers what a power cut would leave. */
import { cpSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Logger } from '../../src/core/log.js'
import { type Files, type OpenFile, realFiles } from '../../src/spool/files.js'
import type { Lines } from '../../src/spool/lines.js'

const made: string[] = []
afterAll(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})

/** A directory of its own, removed when the test file is through. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'errand-spool-'))
  made.push(dir)
  return dir
}

/** A log that keeps its lines as `level text`. */
export function listLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const at = (level: string) => (first: unknown) => void lines.push(`${level} ${String(first)}`)
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as Logger & {
    readonly lines: string[]
  }
}

/** The records of `lines`, as text. */
export function textsOf(lines: Lines): string[] {
  return Array.from({ length: lines.count }, (_, i) => lines.record(i).toString())
}

export type Operation = 'open' | 'read' | 'write' | 'datasync' | 'truncate' | 'rename' | 'remove' | 'syncDir'

/** Real files with two additions: `fault` may throw before an operation, and the synced size of each file is known. */
export class WatchedFiles implements Files {
  /** Throws to make an operation fail; called before it. */
  fault: (operation: Operation, path: string) => void = () => {}
  /** Bytes of each file that a power cut cannot take. */
  readonly synced = new Map<string, number>()
  readonly operations: string[] = []

  async open(path: string, mode: 'read' | 'create' | 'edit'): Promise<OpenFile> {
    this.#before('open', path)
    const file = await realFiles.open(path, mode)
    return {
      ...file,
      read: async (target, position) => {
        this.#before('read', path)
        return await file.read(target, position)
      },
      write: async (bytes, position) => {
        this.#before('write', path)
        await file.write(bytes, position)
      },
      truncate: async (size) => {
        this.#before('truncate', path)
        await file.truncate(size)
      },
      datasync: async () => {
        this.#before('datasync', path)
        const size = await file.size()
        await file.datasync()
        this.synced.set(path, size)
      },
    }
  }
  async rename(from: string, to: string): Promise<void> {
    this.#before('rename', from)
    await realFiles.rename(from, to)
  }
  async remove(path: string): Promise<void> {
    this.#before('remove', path)
    await realFiles.remove(path)
  }
  async syncDir(dir: string): Promise<void> {
    this.#before('syncDir', dir)
    await realFiles.syncDir(dir)
  }
  makeDir = realFiles.makeDir
  list = realFiles.list
  readText = realFiles.readText

  #before(operation: Operation, path: string): void {
    this.operations.push(`${operation} ${path}`)
    this.fault(operation, path)
  }

  /** A copy of `dir` as a power cut might leave it: of what was not synced, `keep` (0 to 1) of each file survives. */
  async afterPowerCut(dir: string, keep: number): Promise<string> {
    const copy = tempDir()
    cpSync(dir, copy, { recursive: true })
    for (const name of await this.list(copy)) {
      const path = join(copy, name)
      const file = await realFiles.open(path, 'read')
      const size = await file.size()
      await file.close()
      const synced = this.synced.get(join(dir, name)) ?? 0
      if (size > synced) truncateSync(path, synced + Math.floor((size - synced) * keep))
    }
    return copy
  }
}

export function ioError(code: string): Error {
  return Object.assign(new Error(`${code}: the disk says no`), { code })
}
