/**
 * Where each file was read to, durably: one JSON file, written aside, synced, renamed, and its directory synced, so
 * that a crash at any step leaves the old positions or the new. A damaged file is set aside and reported. Each entry has
 * a sum over its text: a flipped bit in a number could pass over lines.
 */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { codeOf, type FileLayer, isGone, type Stamp } from './files.js'
import type { Print } from './identity.js'

/** What is known of one generation of one file. */
export interface Entry {
  readonly id: string
  /** The path it was first seen under. */
  readonly path: string
  /** `device:inode`. */
  readonly key: string
  /** Of the beginning of the file. */
  readonly head: Print
  /** Of the bytes before the read position, which may be beyond `offset`. */
  readonly seen: Print
  /** Reading goes on here after a restart; everything before is durable elsewhere. */
  readonly offset: number
  /** The largest size seen. */
  readonly size: number
  readonly mtimeMs: number
  /** `mtimeMs` when this run first looked at it: a copy of it was written later. Absent in older files. */
  readonly bornMs?: number
  /** When the last name that led to it was gone; ms since the epoch. */
  readonly goneSince?: number
  /** Of a compressed file: itself; all else is said of its content. */
  readonly packed?: Stamp
  /** What was truncated or replaced under its name, as long as nobody has looked what came between the two. */
  readonly former?: Predecessor
}

export interface Predecessor {
  /** `device:inode` of what holds it now. */
  readonly key: string
  readonly mtimeMs: number
}

export interface State {
  /**
   * The globs that were followed: a file that one of them matches and that has no entry appeared since. Undefined when
   * they cannot be read: then all were.
   */
  readonly globs: readonly string[] | undefined
  readonly files: readonly Entry[]
}

const count = z.int().min(0)
const print = z
  .object({ to: count, length: count, sha: z.string() })
  .refine((it) => it.length <= it.to || it.length === 0)
const entry: z.ZodType<Entry> = z
  .object({
    id: z.string().regex(/^[0-9a-f]{16}$/),
    path: z.string(),
    key: z.string().regex(/^\d+:\d+$/),
    head: print,
    seen: print,
    offset: count,
    size: count,
    mtimeMs: z.number(),
    bornMs: z.number().exactOptional(),
    goneSince: z.number().exactOptional(),
    packed: z.object({ size: count, mtimeMs: z.number() }).exactOptional(),
    former: z.object({ key: z.string(), mtimeMs: z.number() }).exactOptional(),
  })
  .readonly()
const stateFile = z.object({
  version: z.literal(1),
  globs: z.array(z.string()),
  sum: z.number().exactOptional(),
  files: z.array(z.unknown()),
})

export class Checkpoints {
  readonly #path: string
  readonly #directory: string
  readonly #files: FileLayer
  /** What the file on disk says; not written again while the entries are the same objects. */
  #written: State | undefined
  /** Writes follow each other: two at once would rename each other's half. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(stateDir: string, files: FileLayer) {
    this.#directory = stateDir
    this.#path = join(stateDir, 'checkpoints.json')
    this.#files = files
  }

  get path(): string {
    return this.#path
  }

  /**
   * The state of the last run, or undefined at the first start. `damaged` is called when the file, or an entry of it,
   * cannot be understood. Rejects with the system's error when the file is there and cannot be read.
   */
  async load(now: number, damaged: (what: string) => void): Promise<State | undefined> {
    await this.#files.makeDirectory(this.#directory)
    let text: string
    try {
      text = await this.#files.readText(this.#path)
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
    const parsed = stateFile.safeParse(parseJson(text))
    if (!parsed.success) {
      const aside = `${this.#path}.damaged-${now}`
      await this.#files.rename(this.#path, aside)
      damaged(`is not a checkpoint file (${text.length} characters); it was set aside as ${aside}.`)
      return undefined
    }
    const files: Entry[] = []
    for (const raw of parsed.data.files) {
      const one = entry.safeParse(raw)
      if (one.success && isWhole(raw)) files.push(one.data)
      else damaged(`holds an entry that cannot be understood: ${JSON.stringify(raw).slice(0, 200)}.`)
    }
    const { globs, sum } = parsed.data
    const isSound = sum === undefined || sum === crc32(JSON.stringify(globs))
    if (!isSound) damaged('does not say which globs were followed.')
    return { globs: isSound ? globs : undefined, files }
  }

  /**
   * Resolves when `state`, which nobody changes any more, is durable. Rejects with the system's error; the old file then
   * still stands.
   */
  save(state: State): Promise<void> {
    const write = this.#last.then(() => this.#write(state))
    this.#last = write.catch(() => undefined)
    return write
  }

  async #write(state: State): Promise<void> {
    if (this.#written !== undefined && isSameState(state, this.#written)) return
    const aside = `${this.#path}.new`
    const file = await this.#files.openToWrite(aside)
    try {
      for (const piece of piecesOf(state)) await file.write(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#files.rename(aside, this.#path)
    await this.#files.syncDirectory(this.#directory)
    this.#written = state
  }
}

function isSameState({ globs, files }: State, last: State): boolean {
  return globs === last.globs && files.length === last.files.length && files.every((one, i) => one === last.files[i])
}

/**
 * Entries in one piece of the file. Of many files all of it is megabytes, which V8 keeps apart and frees late, and a buffer of
 * that size, given back every second, has the C library keep all others of up to that size (glibc's dynamic
 * M_MMAP_THRESHOLD: 15 MiB more).
 */
const PIECE_ENTRIES = 64

/** Each is made when the one before it is written. */
function* piecesOf({ globs, files }: State): Generator<string> {
  const followed = JSON.stringify(globs ?? [])
  yield `{"version":1,"globs":${followed},"sum":${crc32(followed)},"files":[`
  for (let at = 0; at < files.length; at += PIECE_ENTRIES) {
    const piece = files
      .slice(at, at + PIECE_ENTRIES)
      .map(textOf)
      .join(',')
    yield at === 0 ? piece : `,${piece}`
  }
  yield ']}\n'
}

/** An entry as JSON, with the CRC-32 of all else as its last member. */
function textOf(one: Entry): string {
  const text = JSON.stringify(one)
  return `${text.slice(0, -1)},"sum":${crc32(text)}}`
}

/** Whether an entry is what was written. The first version wrote no sums. */
function isWhole(raw: unknown): boolean {
  const { sum, ...rest } = raw as { sum?: unknown }
  return sum === undefined || sum === crc32(JSON.stringify(rest))
}

/** The value, or undefined when the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** One sentence for a person about why the checkpoint could not be written. */
export function whyNotWritten(error: unknown): string {
  return `The positions could not be written (${codeOf(error)}); new files wait, nothing is lost.`
}
