/**
 * Compressed files that the globs match: what is new in them. Most are copies of logs that were read before they were
 * compressed, and only their content tells. Unpacking takes long, so it goes on beside the reading of other files.
 */
import { basename } from 'node:path'
import type { Clock } from '../core/clock.js'
import type { Entry } from './checkpoints.js'
import type { Copies } from './copies.js'
import type { Generation } from './file.js'
import { codeOf, type FileLayer, type FileStat, isGone, type OpenedFile, type Stamp } from './files.js'
import { bears, OVERLAP, readAt } from './identity.js'
import type { FoundFile } from './inputs.js'
import type { Ledger } from './ledger.js'
import { originOf } from './rotated.js'
import { PACKED_SLACK_MS, plainName } from './unpack.js'

export type Verdict =
  /** It is being written, or what it holds is still being read where it came from. */
  | { readonly do: 'wait'; readonly until: () => boolean }
  /** It is compressed by its name only. */
  | { readonly do: 'take as it is' }
  /** All that it holds was read. */
  | { readonly do: 'pass over' }
  /** It goes on with a file that is gone. */
  | { readonly do: 'continue'; readonly entry: Entry }
  /** Nothing of it was read; `known` are the ids of its row that it was held against. */
  | { readonly do: 'read'; readonly known: ReadonlySet<string> }
  | { readonly do: 'tell'; readonly code: string }

interface Examination {
  /** Of the file that the verdict is about. */
  stamp: Stamp | undefined
  verdict: Verdict | undefined
  running: Promise<void> | undefined
}

/** Bytes that two logs do not have in common by chance. */
const MUCH = 1024

export class Archives {
  readonly #files: FileLayer
  readonly #ledger: Ledger
  readonly #copies: Copies
  readonly #clock: Clock
  /** A file that is not whole is taken for one in the making when it was written to within this time. */
  readonly #makingMs: number
  /** By `device:inode`. */
  readonly #examinations = new Map<string, Examination>()
  /** One goes on at a time. */
  #last: Promise<void> = Promise.resolve()
  #open: OpenedFile | undefined
  #stopped = false

  constructor(options: { files: FileLayer; ledger: Ledger; copies: Copies; clock: Clock; makingMs: number }) {
    this.#files = options.files
    this.#copies = options.copies
    this.#ledger = options.ledger
    this.#clock = options.clock
    this.#makingMs = options.makingMs
  }

  /** Whether the name says that a file is compressed, and nothing else is known. */
  mayBe({ path, stat }: FoundFile): boolean {
    return plainName(basename(path)) !== undefined && !this.#isPlain(stat.key)
  }

  /** What to do with a file that nothing is known of by its inode; undefined while it is examined, unless `atOnce`. */
  async verdict({ path, stat }: FoundFile, atOnce: boolean): Promise<Verdict | undefined> {
    const examination = this.#examinations.get(stat.key) ?? { stamp: undefined, verdict: undefined, running: undefined }
    this.#examinations.set(stat.key, examination)
    if (examination.running === undefined && (!isOf(examination, stat) || isStale(examination.verdict))) {
      const running = this.#last.then(() => this.#examine(path, stat, examination, atOnce))
      this.#last = running
      examination.running = running.finally(() => (examination.running = undefined))
    }
    if (atOnce) await examination.running
    return isOf(examination, stat) ? examination.verdict : undefined
  }

  /** Whether something came into its row since that verdict, which it may be a copy of. */
  isOutdated({ path }: FoundFile, verdict: Verdict): boolean {
    return verdict.do === 'read' && [...this.#row(path)].some((id) => !verdict.known.has(id))
  }

  /** Forgets the verdict: it was followed, or could not be. */
  forget(key: string): void {
    this.#examinations.delete(key)
  }

  /** Forgets what is no longer there; `present` is by `device:inode`. */
  keepOnly(present: ReadonlyMap<string, unknown>): void {
    for (const key of this.#examinations.keys()) if (!present.has(key)) this.#examinations.delete(key)
  }

  /** Resolves when nothing is being examined. */
  idle(): Promise<void> {
    return this.#last
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#close()
    await this.#last
  }

  async #close(): Promise<void> {
    const file = this.#open
    this.#open = undefined
    await file?.close().catch(() => undefined)
  }

  #isPlain(key: string): boolean {
    return this.#examinations.get(key)?.verdict?.do === 'take as it is'
  }

  async #examine(path: string, seen: FileStat, examination: Examination, atOnce: boolean): Promise<void> {
    if (this.#stopped) return
    try {
      const file = await this.#files.openToRead(path)
      this.#open = file
      if (this.#stopped) return
      const verdict = await this.#judge(path, file, seen, atOnce)
      examination.verdict = verdict
      examination.stamp = file.packed ?? seen
    } catch (error) {
      if (this.#stopped) return
      examination.verdict = isGone(error) ? undefined : { do: 'tell', code: codeOf(error) }
      examination.stamp = seen
    } finally {
      await this.#close()
    }
  }

  async #judge(path: string, file: OpenedFile, seen: FileStat, atOnce: boolean): Promise<Verdict> {
    const { packed } = file
    // Its first bytes may not be written yet.
    if (packed === undefined && seen.size < 4) return { do: 'wait', until: () => true }
    if (packed === undefined) return { do: 'take as it is' }
    const makingUntil = packed.mtimeMs + this.#makingMs
    const stat = await file.stat()
    if (!atOnce && !(await file.isWhole?.()) && this.#clock.now() < makingUntil) {
      return { do: 'wait', until: () => this.#clock.now() >= makingUntil }
    }
    const known = this.#row(path)
    // Where names say nothing, only much that is the same is no chance.
    const origin = originOf(path)
    for (const original of [...this.#ledger.live.values()].sort((a, b) => b.offset - a.offset)) {
      const isRelated = originOf(original.lastPlace) === origin || Math.min(original.offset, stat.size) >= MUCH
      if (original.packed !== undefined || !isRelated) continue
      const verdict = await this.#against(original, file, stat)
      if (verdict !== undefined) return verdict
    }
    const entries = [...this.#ledger.remembered.values()].filter(
      (entry) => entry.seen.to >= MUCH || originOf(entry.path) === origin,
    )
    const entry = await this.#copies.originalIn(entries, file, stat)
    if (entry === undefined) return { do: 'read', known }
    return this.#ledger.resumeFrom(entry) >= stat.size ? { do: 'pass over' } : { do: 'continue', entry }
  }

  /** The ids of all in the rotated row of a path of which enough is known to compare it. */
  #row(path: string): Set<string> {
    const origin = originOf(path)
    const ids = new Set<string>()
    for (const { lastPlace, file, head } of this.#ledger.live.values()) {
      if (head.length > 0 && originOf(lastPlace) === origin) ids.add(file.id)
    }
    for (const entry of this.#ledger.remembered.values()) if (originOf(entry.path) === origin) ids.add(entry.id)
    return ids
  }

  /** Whether the first `length` bytes are those of the original. */
  async #beginsLike({ head, place }: Generation, file: OpenedFile, length: number): Promise<boolean> {
    if (length === head.length) return bears(file, head)
    // Shorter than what the print is of: the original itself must say.
    const kept = place === undefined ? undefined : await this.#files.openToRead(place).catch(() => undefined)
    if (kept === undefined) return false
    try {
      return (await readAt(file, 0, length)).equals(await readAt(kept, 0, length))
    } finally {
      await kept.close().catch(() => undefined)
    }
  }

  /** Whether a live file surely ends there now. */
  async #endsAt(offset: number, { handle, place, key }: Generation): Promise<boolean> {
    try {
      const stat = await (handle === undefined && place !== undefined ? this.#files.stat(place) : handle?.stat())
      return stat?.key === key && stat.size === offset
    } catch {
      return false
    }
  }

  /** Whether the content is that of a live file, and what follows from it; undefined when it is not. */
  async #against(original: Generation, file: OpenedFile, stat: FileStat): Promise<Verdict | undefined> {
    const { head, seen, offset } = original
    const common = Math.min(head.length, stat.size)
    if (common === 0 || stat.mtimeMs + PACKED_SLACK_MS < original.bornMs) return undefined
    if (!(await this.#beginsLike(original, file, common))) return undefined
    if (offset <= stat.size) {
      if (!(await bears(file, seen))) return undefined
      if (offset < stat.size && (await this.#endsAt(offset, original))) return undefined
      // What is the same so far may still differ later on.
      const next = Math.min(stat.size, 2 * offset)
      const isFurther = () => original.offset > offset && (original.offset >= next || !original.behind)
      return { do: 'wait', until: () => original.ended || isFurther() }
    }
    // More was read of it than the archive holds: it may have been compressed and kept.
    if (original.place === undefined) return undefined
    const length = Math.min(OVERLAP, stat.size)
    const mine = await readAt(file, stat.size - length, length)
    const kept = await this.#files.openToRead(original.place)
    try {
      const theirs = await readAt(kept, stat.size - length, length)
      return mine.equals(theirs) ? { do: 'pass over' } : undefined
    } finally {
      await kept.close().catch(() => undefined)
    }
  }
}

function isOf({ stamp }: Examination, stat: FileStat): boolean {
  return stamp?.size === stat.size && stamp.mtimeMs === stat.mtimeMs
}

function isStale(verdict: Verdict | undefined): boolean {
  return verdict === undefined || verdict.do === 'tell' || (verdict.do === 'wait' && verdict.until())
}
