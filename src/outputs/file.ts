/**
 * Records as lines of JSON at the end of a file. A batch counts as delivered when it is on the disk (fdatasync); a batch
 * that could not be written whole is taken back, and a line that a crash left torn is mended when the file is opened.
 * Rotates by size, and follows when someone else moves the file away.
 */
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { bytes } from '../config/types.js'
import type { Batch, Delivery, Output, OutputContext, OutputKind } from './output.js'

const settings = z.strictObject({
  path: z.string().min(1).describe("The file, from the config's folder. It and its directories are made when missing."),
  maxBytes: bytes('0').describe(
    'Begin a new file before this one grows past this size; the old one becomes "PATH.1". 0: never, so that nothing is ever deleted.',
  ),
  keep: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe('How many old files stay ("PATH.1" is the newest); older ones are deleted. Counts only with maxBytes.'),
})
type Settings = z.output<typeof settings>

export const file: OutputKind<Settings> = {
  type: 'file',
  description: 'Appends records to a local file, one JSON object a line.',
  settings,
  concurrency: 1,
  open: (settings, context) => new FileOutput(settings, context),
}

/** How far from the end a torn line is looked for; Errand's own lines are shorter. */
const TAIL_BYTES = 16 * 1024 * 1024

class FileOutput implements Output {
  readonly #path: string
  readonly #settings: Settings
  readonly #context: OutputContext
  /** Open on `#path` as it was at the last send; ends with a whole line. */
  #handle: FileHandle | undefined
  /** The last send, by which sends follow each other even when they are not awaited. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(settings: Settings, context: OutputContext) {
    this.#settings = settings
    this.#context = context
    this.#path = resolve(context.resolvePath?.(settings.path) ?? settings.path)
  }

  paths(): readonly string[] {
    if (this.#settings.maxBytes === 0) return [this.#path]
    return [this.#path, ...Array.from({ length: this.#settings.keep }, (_, index) => this.#old(index + 1))]
  }

  /** A write that has begun is finished even when `signal` aborts: half a line would be worse. */
  send(batch: Batch, signal: AbortSignal): Promise<Delivery> {
    const sent = this.#last.then(async (): Promise<Delivery> => {
      signal.throwIfAborted()
      try {
        await this.#append(batch.ndjson)
        return { outcome: 'delivered' }
      } catch (error) {
        await this.#release()
        return this.#faultOf(error)
      }
    })
    this.#last = sent.catch(() => {})
    return sent
  }

  async close(): Promise<void> {
    await this.#last
    await this.#release()
  }

  async #append(content: Buffer): Promise<void> {
    if (await this.#wasMoved()) await this.#release()
    this.#handle ??= await openForLines(this.#path)
    let { size } = await this.#handle.stat()
    const { maxBytes } = this.#settings
    if (maxBytes > 0 && size > 0 && size + content.length > maxBytes) {
      await this.#rotate()
      this.#handle = await openForLines(this.#path)
      size = 0
    }
    const handle = this.#handle
    try {
      for (let written = 0; written < content.length; ) {
        written += (await handle.write(content, written)).bytesWritten
      }
      await handle.datasync()
    } catch (error) {
      // Take back what was written, so that the same batch can follow whole. Failing that, opening mends the line.
      await handle.truncate(size).catch(() => {})
      throw error
    }
  }

  /** Whether the path no longer leads to the open file, because it was moved or deleted. */
  async #wasMoved(): Promise<boolean> {
    if (this.#handle === undefined) return false
    const there = await stat(this.#path).catch(() => undefined)
    const here = await this.#handle.stat()
    return there === undefined || there.ino !== here.ino || there.dev !== here.dev
  }

  async #rotate(): Promise<void> {
    await this.#release()
    await rm(this.#old(this.#settings.keep), { force: true })
    for (let number = this.#settings.keep - 1; number >= 0; number--) {
      await rename(this.#old(number), this.#old(number + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
  }

  /** `PATH` for 0, else `PATH.number`. */
  #old(number: number): string {
    return number === 0 ? this.#path : `${this.#path}.${number}`
  }

  async #release(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close().catch(() => {})
  }

  #faultOf(error: unknown): Delivery {
    const { code, message } = error as NodeJS.ErrnoException
    const path = JSON.stringify(this.#path)
    const mend = `Check outputs.${this.#context.name}.path.`
    switch (code) {
      case 'ENOSPC':
        return { outcome: 'retry', reason: `no space is left for ${path} (ENOSPC)` }
      case 'EDQUOT':
        return { outcome: 'retry', reason: `the quota for ${path} is used up (EDQUOT)` }
      case 'EACCES':
      case 'EPERM':
        return { outcome: 'hold', reason: `this user may not write ${path} (${code})`, mend }
      case 'EROFS':
        return { outcome: 'hold', reason: `${path} is on a read-only file system (EROFS)`, mend }
      case 'EISDIR':
        return { outcome: 'hold', reason: `${path} is a directory (EISDIR)`, mend }
      case 'ENOTDIR':
      case 'EEXIST':
        return { outcome: 'hold', reason: `a part of ${path} that should be a directory is a file (${code})`, mend }
      case 'NOT_A_FILE':
        return { outcome: 'hold', reason: `${path} is neither a file nor missing`, mend }
      case 'ENAMETOOLONG':
      case 'ELOOP':
        return { outcome: 'hold', reason: `${path} leads nowhere (${code})`, mend }
      default:
        return { outcome: 'retry', reason: `${path} could not be written (${code ?? message})` }
    }
  }
}

/** Something other than a file stands at the path. Opening a pipe would wait for its reader. */
class NotAFileError extends Error {
  readonly code = 'NOT_A_FILE'
}

/** Opens for appending, makes what is missing, and leaves the file at the end of a line. */
async function openForLines(path: string): Promise<FileHandle> {
  const existing = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
  if (existing?.isDirectory() === false && !existing.isFile()) throw new NotAFileError(path)
  if (existing === undefined) await mkdir(dirname(path), { recursive: true, mode: 0o750 })
  const handle = await open(path, 'a+', 0o640)
  try {
    await mendLastLine(handle)
    if (existing === undefined) await syncDirectory(dirname(path))
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * After a crash the last line may lack its end. A torn record is cut off, since its batch was never delivered and comes
 * again; a whole record gets its line end. Anything else is not ours: it is kept, and ended.
 */
async function mendLastLine(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat()
  if (size === 0) return
  const from = Math.max(0, size - TAIL_BYTES)
  const last = Buffer.alloc(1)
  await handle.read(last, 0, 1, size - 1)
  if (last[0] === 0x0a) return
  const tail = Buffer.alloc(size - from)
  await handle.read(tail, 0, tail.length, from)
  const start = tail.lastIndexOf(0x0a) + 1
  const line = tail.toString('utf8', start)
  const isOurs = line.startsWith('{"id":') || '{"id":'.startsWith(line)
  if (isOurs && !isJson(line) && (start > 0 || from === 0)) await handle.truncate(from + start)
  else await handle.appendFile('\n')
  await handle.datasync()
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

/** Makes a new name in the directory durable. Not every file system can; then the name is as durable as it gets. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync().catch(() => {})
  } finally {
    await directory.close()
  }
}
