/**
 * One generation of one file: from its creation (or truncation) to its end, under whatever names. Knows how far it was
 * read and what stood there, so that no byte is believed that does not follow the bytes before it.
 */
import type { Chunk } from '../core/shapes.js'
import type { Entry, Predecessor } from './checkpoints.js'
import type { FileStat, OpenedFile, Stamp } from './files.js'
import { bears, beginningOf, isPrintOf, NOTHING, OVERLAP, type Print, printOf, readAt } from './identity.js'

export interface TailedFile {
  /** 16 hex digits, minted when the generation is first seen; durable before its first byte is pushed. */
  readonly id: string
  /** As the glob matched it when first seen, never resolved. */
  readonly path: string
  /** `TailInput.index`. */
  readonly input: number
  /** File offset of the first byte that will be pushed. */
  readonly startOffset: number
}

export interface FileSink {
  /** Synchronous; the bytes are borrowed. Chunks follow each other without gap or overlap. */
  push(chunk: Chunk): void
  /** No more bytes of this generation will come (rotated away, deleted, truncated): close what is open. */
  close(): void
  /** Everything before this file offset need not be read again. */
  readonly safeOffset: number
  /** Something has begun that only what follows in the file, or silence, ends. */
  readonly isOpen?: boolean
}

/** What became of a file, and how many bytes of it were surely there and are not read. */
export interface Loss {
  readonly reason: 'deleted before it was read' | 'truncated before it was read'
  readonly bytes: number
}

/** A file holds more and is not read on. */
export interface Wait {
  /** The position then and now. */
  readonly offset: number
  /** ms since the epoch. */
  readonly since: number
  /** The number of the turn in which it began. */
  readonly turn: number
}

/** So much of a file says what kind of text it is. */
const BEGINNING = 1024

/** `gone`: the bytes before the position are no longer there; the file was truncated or written anew. */
export type ReadOutcome = 'bytes' | 'end' | 'gone'

export class Generation {
  readonly file: TailedFile
  /** Device and inode; another only when its content was moved to a copy (copytruncate). */
  key: string
  device: string
  /** The name that leads to it now, if one that the globs match does. */
  place: string | undefined
  /** The last name that led to it and that the globs match. */
  lastPlace: string
  /** A name outside of the globs that leads to it, where one is known; without any, its descriptor is the only way to it. */
  via: string | undefined
  handle: OpenedFile | undefined
  /** Of a compressed file: itself. Sizes and offsets are those of its content, which never changes. */
  packed: Stamp | undefined
  sink: FileSink | undefined
  /** Position of the next read. */
  offset: number
  /** The largest size seen, in bytes; never below `offset`. */
  size: number
  mtimeMs: number
  /** `mtimeMs` when it was first looked at: what was last written before is no copy of it. */
  readonly bornMs: number
  /** Whether the checkpoint on disk holds the id and a beginning to know the file by: nothing may be pushed before. */
  saved = false
  /** The sink's safe offset at the last checkpoint, durable. */
  durable: number
  /** Something changed since the last read: look even if the size says that there is nothing. */
  stirred = false
  /** When its names stopped matching, or its last byte after that was read; ms since the epoch. */
  leavingSince: number | undefined
  /** The generation to be read to its end before this one, so that the order of lines survives rotation. */
  after: Generation | undefined
  /** Whether it is open, and what is open is known to be its file: without that its inode may be another's by now. */
  isHeld = true
  /** No longer tailed. */
  ended = false
  /** Could not be read; left alone until the next look. */
  parked = false
  /** See `Entry.former`. */
  former: Predecessor | undefined
  /** What is lost unless a copy can go on with it: no name leads to it, and it is not open. */
  missing: Loss | undefined
  /** For the vigil. */
  wait: Wait | undefined
  /** The inode it had before it was given a key that no file has. */
  ownKey: string | undefined
  /** Its size when its content was last compared with what was seen: what it grew by since may be another generation's. */
  #sureSize: number
  /** Its time then. */
  #sureMtimeMs: number
  /** The size before its last change: what it grew by then may be another generation's, and is not counted as lost. */
  #sizeBefore: number
  /** The size that the last look at the file told. */
  #toldSize: number
  /** A size that an earlier look told, and that the last told less than: it was truncated, if that is true. */
  #shrunkFrom = 0
  /** Of the beginning of the file; its bytes themselves would be most of what is kept of a file. */
  #head: Print
  /** Compare the beginning at the next read: the file changed, or was opened anew, since it was last compared. */
  #headDue = true
  /** Of the bytes just before `offset`. */
  #seen: Print
  /** What `entry` gave last. */
  #entry: Entry | undefined

  private constructor(file: TailedFile, stat: FileStat, head: Print, seen: Print) {
    this.file = file
    this.lastPlace = file.path
    this.key = stat.key
    this.device = stat.device
    this.offset = file.startOffset
    this.durable = file.startOffset
    this.size = stat.size
    this.mtimeMs = stat.mtimeMs
    this.bornMs = stat.mtimeMs
    this.#sureSize = stat.size
    this.#sureMtimeMs = stat.mtimeMs
    this.#sizeBefore = stat.size
    this.#toldSize = stat.size
    this.#head = head
    this.#seen = seen
  }

  /** Reads what identifies the file; `handle` is the generation's from then on. */
  static async open(
    file: TailedFile,
    handle: OpenedFile,
    stat: FileStat,
    fingerprintBytes: number,
  ): Promise<Generation> {
    const head = await beginningOf(handle, Math.min(fingerprintBytes, stat.size))
    const overlap = Math.min(OVERLAP, file.startOffset)
    const before = await readAt(handle, file.startOffset - overlap, overlap)
    const generation = new Generation(file, stat, head, overlap === 0 ? NOTHING : printOf(before, file.startOffset))
    generation.handle = handle
    generation.packed = handle.packed
    if (generation.#head.length === 0) generation.#becameEmpty()
    return generation
  }

  /**
   * The generation that follows in the same open file after a truncation. Takes over the handle. It must `learn` its
   * beginning before it is read.
   */
  static renewed(file: TailedFile, before: Generation): Generation {
    const stat: FileStat = {
      key: before.key,
      device: before.device,
      size: 0,
      mtimeMs: before.mtimeMs,
      kind: 'file',
      links: 1,
    }
    const generation = new Generation(file, stat, NOTHING, NOTHING)
    generation.handle = before.handle
    before.handle = undefined
    return generation
  }

  /** Of the beginning of the file, as far as it is known. */
  get head(): Print {
    return this.#head
  }

  /** Of the bytes just before `offset`. */
  get seen(): Print {
    return this.#seen
  }

  /** A size that it surely had, and any whole copy of it has. */
  get sureSize(): number {
    return this.#sureSize
  }

  /** When it surely was written to last. */
  get sureMtimeMs(): number {
    return this.#sureMtimeMs
  }

  /** Bytes that were there and are not read. */
  get unread(): number {
    return Math.max(0, this.#sizeBefore - this.offset)
  }

  /** Whether there may be something to read. */
  get behind(): boolean {
    return this.size > 0 && (this.stirred || this.offset < this.size)
  }

  /** Whether there is more to read, as the file system says, whatever reading it gave. */
  get holdsMore(): boolean {
    return this.behind || this.#toldSize > this.offset
  }

  /**
   * Takes what a look at the file says. True when it may be another generation by now, which the next read would find
   * out too late: it shrank, or it changed without growing or while it waits to be read.
   */
  notice(stat: FileStat): boolean {
    if (this.packed !== undefined) return false
    const isOdd = this.behind || stat.size === this.#toldSize
    if (stat.size < this.#toldSize) this.#shrunkFrom = Math.max(this.#shrunkFrom, this.#toldSize)
    this.#toldSize = stat.size
    if (stat.size === this.size && stat.mtimeMs === this.mtimeMs) return false
    this.mtimeMs = stat.mtimeMs
    this.#sizeBefore = this.size
    if (stat.size > this.size) this.size = stat.size
    this.stirred = true
    this.#headDue = true
    return this.#head.length > 0 && (isOdd || this.#shrunkFrom > 0)
  }

  /** Whether the open file still is what was seen of it. */
  async isSame(fingerprintBytes: number): Promise<boolean> {
    const { handle } = this
    if (handle === undefined) return true
    // A file that is compressed becomes another.
    if (handle.packed !== undefined && this.packed === undefined) return false
    if (await this.#isShrunk(handle)) return false
    if (!(await bears(handle, this.#seen)) || !(await this.#compareHead(handle, fingerprintBytes))) return false
    this.#beSure()
    return true
  }

  /** Takes a handle that was opened anew: nothing is believed before the beginning was compared again. */
  reopened(handle: OpenedFile): void {
    this.handle = handle
    this.isHeld = this.#head.length === 0
    this.#headDue = true
  }

  /**
   * Reads up to `want` bytes behind `OVERLAP` bytes of `buffer`. On `bytes` the result is `buffer[OVERLAP, OVERLAP + n)`
   * and the position has moved past it. Each read begins before the position and compares, because a file can be
   * truncated and refilled beyond the old position between two looks.
   */
  async read(buffer: Buffer, want: number, fingerprintBytes: number): Promise<{ outcome: ReadOutcome; bytes: number }> {
    const handle = this.handle
    if (handle === undefined) return { outcome: 'end', bytes: 0 }
    if (await this.#isShrunk(handle)) return { outcome: 'gone', bytes: 0 }
    const before = this.#seen.length
    const start = OVERLAP - before
    const got = await handle.read(buffer, start, before + want, this.offset - before)
    if (got < before || !isPrintOf(this.#seen, buffer.subarray(start, OVERLAP))) return { outcome: 'gone', bytes: 0 }
    const fresh = got - before
    // Before the first read nothing else is compared.
    const isDue = this.#headDue || this.offset === 0 || this.#head.length < fingerprintBytes
    if (isDue || (fresh === 0 && this.offset < this.size)) {
      if (!(await this.#compareHead(handle, fingerprintBytes))) return { outcome: 'gone', bytes: 0 }
    }
    if (fresh === 0) {
      // Emptied before anything was read of it.
      if (this.offset === 0 && this.size > 0) return { outcome: 'gone', bytes: 0 }
      this.size = this.offset
      this.stirred = false
      return { outcome: 'end', bytes: 0 }
    }
    const end = OVERLAP + fresh
    this.offset += fresh
    this.#seen = printOf(buffer.subarray(Math.max(start, end - OVERLAP), end), this.offset)
    if (this.offset > this.size) this.size = this.offset
    this.#beSure()
    this.#sizeBefore = this.size
    // A full read may not have been the end; a short one that reached the known size is.
    this.stirred = fresh === want
    return { outcome: 'bytes', bytes: fresh }
  }

  /** The first bytes of the file, for those who tell by them how it is to be read. */
  async beginning(): Promise<Buffer> {
    return this.handle === undefined ? Buffer.alloc(0) : readAt(this.handle, 0, BEGINNING)
  }

  /**
   * Learns the beginning of a file that was empty so far, without which its id could not be found again after a crash.
   * Returns the bytes that were seen and are gone already.
   */
  async learn(fingerprintBytes: number): Promise<number> {
    const { handle } = this
    if (handle === undefined || this.#head.length > 0 || this.size === 0) return 0
    const head = await readAt(handle, 0, fingerprintBytes).catch(() => undefined)
    if (head === undefined) return 0
    this.#head = printOf(head, head.length)
    this.#beSure()
    return head.length > 0 ? 0 : this.#becameEmpty()
  }

  /** What the last look told is true of what was seen. */
  #beSure(): void {
    this.#sureSize = this.size
    this.#sureMtimeMs = this.mtimeMs
  }

  /** Returns the bytes that were seen and are gone. */
  #becameEmpty(): number {
    const { unread } = this
    this.size = 0
    this.#sureSize = 0
    this.#sizeBefore = 0
    return unread
  }

  /**
   * Whether it ends before a place that it reached. Its content says so only where it differs from what was seen, which
   * may be a header that every generation has. What the file system tells is not enough: network disks tell old sizes.
   */
  async #isShrunk(handle: OpenedFile): Promise<boolean> {
    if (this.#shrunkFrom === 0) return false
    const isThere = (await readAt(handle, this.#shrunkFrom - 1, 1)).length > 0
    this.#shrunkFrom = 0
    return !isThere
  }

  /** Compares the beginning with what it was, and lets it grow with the file. */
  async #compareHead(handle: OpenedFile, fingerprintBytes: number): Promise<boolean> {
    const head = await readAt(handle, 0, Math.max(fingerprintBytes, this.#head.length))
    const known = this.#head.length
    if (head.length < known || !isPrintOf(this.#head, head.subarray(0, known))) return false
    if (head.length > known) this.#head = printOf(head, head.length)
    this.#headDue = false
    this.isHeld = true
    return true
  }

  /** What the checkpoint says of it; `gone` once no name leads to it. The same object as long as it says the same. */
  entry(gone: number | undefined): Entry {
    const size = Math.max(this.#sureSize, this.offset)
    const last = this.#entry
    if (
      last !== undefined &&
      last.key === this.key &&
      last.head === this.#head &&
      last.seen === this.#seen &&
      last.offset === this.durable &&
      last.size === size &&
      last.mtimeMs === this.#sureMtimeMs &&
      last.goneSince === gone &&
      last.packed === this.packed &&
      last.former === this.former
    )
      return last
    this.#entry = {
      id: this.file.id,
      path: this.file.path,
      key: this.key,
      head: this.#head,
      seen: this.#seen,
      offset: this.durable,
      size,
      mtimeMs: this.#sureMtimeMs,
      bornMs: this.bornMs,
      ...(gone === undefined ? {} : { goneSince: gone }),
      ...(this.packed === undefined ? {} : { packed: this.packed }),
      ...(this.former === undefined ? {} : { former: this.former }),
    }
    return this.#entry
  }

  /** Continues on a copy that holds everything read so far: its opened handle and stat. */
  moveTo(handle: OpenedFile, stat: FileStat, place: string | undefined): void {
    this.handle = handle
    this.isHeld = true
    this.packed = handle.packed
    this.via = undefined
    this.missing = undefined
    this.key = stat.key
    this.device = stat.device
    this.size = Math.max(this.offset, stat.size)
    this.#sizeBefore = this.size
    this.#toldSize = stat.size
    this.#shrunkFrom = 0
    this.mtimeMs = stat.mtimeMs
    this.#beSure()
    this.place = place
    this.stirred = true
    this.#headDue = true
  }

  /** Frees the descriptor; the position stays. */
  async release(): Promise<void> {
    const handle = this.handle
    this.handle = undefined
    this.isHeld = false
    await handle?.close().catch(() => undefined)
  }
}

/** Lets `generation` be read only when `before` is read to its end. */
export function follow(generation: Generation, before: Generation | undefined): void {
  if (before === undefined || before.ended) return
  for (let one: Generation | undefined = before; one !== undefined; one = one.after) if (one === generation) return
  // Its last lines may have come after the last look.
  before.stirred = true
  generation.after = before
}
