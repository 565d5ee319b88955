/**
 * Content under another name: files that were renamed or copied (copytruncate) while nobody looked, told by their bytes.
 * A position is never trusted without the bytes before it.
 */
import type { Clock } from '../core/clock.js'
import type { Entry } from './checkpoints.js'
import type { Descriptors } from './descriptors.js'
import { Generation } from './file.js'
import type { FileLayer, FileStat, OpenedFile } from './files.js'
import { bears, OVERLAP, type Print, printOf, readAt } from './identity.js'
import type { Inputs, TailInput } from './inputs.js'
import type { Ledger } from './ledger.js'
import { originOf, type Sibling, Siblings } from './rotated.js'
import { PACKED_SLACK_MS } from './unpack.js'

/** `new`: read it. `wait`: all it holds is read through its original. `from`: what came before was. */
export type Shadow = 'new' | 'wait' | { readonly from: number }

/** Who had a name before. */
export interface Formerly {
  live(path: string): Generation | undefined
  /** Positions of files that are gone and belonged to the rotated row of this path. */
  row(origin: string): readonly Entry[]
}

/** Whether the same bytes stand before `to` in both files. */
async function endsAlike(one: OpenedFile, other: OpenedFile, to: number): Promise<boolean> {
  const length = Math.min(OVERLAP, to)
  return (await readAt(one, to - length, length)).equals(await readAt(other, to - length, length))
}

function slackOf(handle: OpenedFile): number {
  return handle.packed === undefined ? 0 : PACKED_SLACK_MS
}

/** Whether what was opened is what was found by the name; else it was renamed since. */
async function isStill(handle: OpenedFile, { stat }: Sibling): Promise<boolean> {
  const { packed } = handle
  if (packed !== undefined) return packed.size === stat.size && packed.mtimeMs === stat.mtimeMs
  return (await handle.stat()).key === stat.key
}

interface Shade {
  readonly of: Generation
  readonly size: number
  readonly mtimeMs: number
  /** Of its last bytes. */
  readonly end: Print
}

export class Copies {
  readonly #files: FileLayer
  readonly #ledger: Ledger
  readonly #inputs: Inputs
  readonly #descriptors: Descriptors
  readonly #clock: Clock
  readonly #fingerprintBytes: number
  readonly #isOwn: (key: string) => boolean
  /** By `device:inode`: copies of live files, as they were when they were last compared. */
  readonly #shades = new Map<string, Shade>()

  constructor(options: {
    files: FileLayer
    ledger: Ledger
    inputs: Inputs
    descriptors: Descriptors
    clock: Clock
    fingerprintBytes: number
    isOwn: (key: string) => boolean
  }) {
    this.#files = options.files
    this.#ledger = options.ledger
    this.#inputs = options.inputs
    this.#descriptors = options.descriptors
    this.#clock = options.clock
    this.#fingerprintBytes = options.fingerprintBytes
    this.#isOwn = options.isOwn
  }

  /**
   * Goes on with a remembered file at `place` (undefined: under a name that no glob matches), if the opened file bears
   * what was seen; else `other`. Takes the handle only in the first case.
   */
  async resume(
    entry: Entry,
    place: string | undefined,
    input: TailInput,
    handle: OpenedFile,
    stat: FileStat,
  ): Promise<Generation | 'other'> {
    // Of a file that was empty nothing is known but its inode, which may be another's by now.
    if (entry.head.length === 0 || stat.size < Math.max(entry.seen.to, entry.offset)) return 'other'
    // Network disks may tell an old size; what is there says whether it was truncated.
    if (stat.size < entry.size && (await readAt(handle, entry.size - 1, 1)).length === 0) return 'other'
    if (!(await bears(handle, entry.head)) || !(await bears(handle, entry.seen))) return 'other'
    const owner = this.#inputs.of(entry.path)
    const path = owner === undefined ? (place ?? entry.path) : entry.path
    const file = { id: entry.id, path, input: (owner ?? input).index, startOffset: this.#ledger.resumeFrom(entry) }
    const generation = await Generation.open(file, handle, stat, Math.max(this.#fingerprintBytes, entry.head.length))
    generation.saved = true
    generation.former = entry.former
    generation.durable = entry.offset
    this.#ledger.remembered.delete(entry.key)
    this.#ledger.add(generation)
    this.#ledger.place(generation, place)
    if (place === undefined) generation.leavingSince = this.#clock.now()
    await this.#descriptors.used(generation)
    return generation
  }

  /**
   * Finds the content of a remembered file, whose own inode is gone or holds something else, among its rotated siblings.
   * `unsure` when it may be in one that could not be read.
   */
  async recover(entry: Entry, siblings: Siblings): Promise<Generation | 'none' | 'unsure'> {
    const input = this.#inputs.of(entry.path)
    if (input === undefined || entry.head.length === 0) return 'none'
    let isSure = true
    for (const sibling of await this.#candidates(entry.path, entry.bornMs ?? entry.mtimeMs, siblings)) {
      if (!sibling.isPacked && sibling.stat.size < entry.size) continue
      const place = this.#inputs.of(sibling.path) === undefined ? undefined : sibling.path
      const found = await this.#opened(sibling, entry.head, async (handle, stat) => {
        if (stat.size < entry.size) return undefined
        const resumed = await this.resume(entry, place, input, handle, stat)
        return resumed === 'other' ? undefined : resumed
      })
      if (found === 'unreadable') isSure = false
      else if (found !== undefined) return found
    }
    return isSure && siblings.isSure(entry.path) ? 'none' : 'unsure'
  }

  /**
   * Lets a generation whose file is gone or was truncated go on in the copy that was made of it. The handle it had must
   * be in other hands before. `unsure` when the copy may be one that could not be read.
   */
  async moveToCopy(generation: Generation, path: string): Promise<'moved' | 'none' | 'unsure'> {
    if (generation.head.length === 0) return 'none'
    const siblings = new Siblings(this.#files, this.#clock)
    let isSure = true
    for (const sibling of await this.#candidates(path, generation.bornMs, siblings)) {
      const moved = await this.#opened(sibling, generation.head, async (handle, stat) => {
        if (stat.size < generation.sureSize) return undefined
        if (!(await this.#holdsAllRead(generation, handle, stat))) return undefined
        const place = this.#inputs.of(sibling.path) === undefined ? undefined : sibling.path
        this.#ledger.drop(generation)
        generation.moveTo(handle, stat, undefined)
        this.#ledger.add(generation)
        this.#ledger.place(generation, place)
        generation.leavingSince = place === undefined ? this.#clock.now() : undefined
        this.#shades.delete(stat.key)
        await this.#descriptors.used(generation)
        return true
      })
      if (moved === 'unreadable') isSure = false
      else if (moved === true) return 'moved'
    }
    return isSure && siblings.isSure(path) ? 'none' : 'unsure'
  }

  /**
   * Whether a file that nothing is known of is a copy of a live one, e.g. made by copytruncate before it truncates.
   */
  async shadow(path: string, handle: OpenedFile, stat: FileStat, formerly: Formerly): Promise<Shadow> {
    const shade = await this.#shadeOf(handle, stat)
    const origin = originOf(path)
    const named = origin === path ? undefined : (this.#ledger.places.get(origin) ?? formerly.live(origin))
    const original = shade?.of ?? named
    const lives = original !== undefined && this.#ledger.live.get(original.key) === original
    if (lives) {
      if (shade?.size === stat.size && shade.mtimeMs === stat.mtimeMs) return 'wait'
      if (await this.#mirrors(original, handle, stat)) {
        const { size, mtimeMs } = stat
        const from = Math.max(0, size - OVERLAP)
        const end = printOf(await readAt(handle, from, size - from), size)
        this.#shades.set(stat.key, { of: original, size, mtimeMs, end })
        return 'wait'
      }
    }
    this.#shades.delete(stat.key)
    for (const one of this.#ledger.live.values()) {
      // It is looked for, and will be found here.
      const isSought = one.missing !== undefined && originOf(one.lastPlace) === origin && stat.size >= one.sureSize
      if (isSought && (await this.#holdsAllRead(one, handle, stat))) return 'wait'
    }
    if (shade !== undefined) {
      if (!lives) return { from: stat.size }
      // It was a copy up to where it differs now, and what the original had of that was read there.
      return {
        from: (await this.#holdsAllRead(original, handle, stat)) ? Math.min(original.offset, shade.size) : shade.size,
      }
    }
    const entry = await this.originalIn(formerly.row(origin), handle, stat)
    if (entry === undefined) return 'new'
    // One that is looked for will be found here.
    const isSought = entry.goneSince === undefined && !this.#ledger.isRead(entry)
    return isSought ? 'wait' : { from: this.#ledger.resumeFrom(entry) }
  }

  /** What the file was a copy of when it was last compared, unless that was another file with its inode. */
  async #shadeOf(handle: OpenedFile, stat: FileStat): Promise<Shade | undefined> {
    const shade = this.#shades.get(stat.key)
    return shade !== undefined && (await bears(handle, shade.end)) ? shade : undefined
  }

  /** Whether the file holds everything that was read of a live generation, and what is still unread of it. */
  async isCopy(of: Generation, handle: OpenedFile, stat: FileStat): Promise<boolean> {
    const { head } = of
    if (head.length === 0 || stat.mtimeMs + slackOf(handle) < of.bornMs || stat.size < of.sureSize) return false
    if (!(await this.#holdsAllRead(of, handle, stat))) return false
    if (of.missing !== undefined) return true
    if (!(await this.#descriptors.ensure(of)) || of.handle === undefined) return of.offset > 0
    const { size } = await of.handle.stat()
    // The original was truncated since, or written anew.
    if (size < of.size || !(await bears(of.handle, head))) return true
    // Nor does it hold more than the original.
    return endsAlike(handle, of.handle, stat.size)
  }

  /** The remembered file that the file holds everything of; of several the one of which most was read. */
  async originalIn(entries: Iterable<Entry>, handle: OpenedFile, stat: FileStat): Promise<Entry | undefined> {
    const possible = [...entries].filter(({ head, seen, mtimeMs }) => {
      return head.length > 0 && seen.to <= stat.size && mtimeMs <= stat.mtimeMs + slackOf(handle)
    })
    for (const entry of possible.sort((a, b) => b.seen.to - a.seen.to)) {
      if ((await bears(handle, entry.head)) && (await bears(handle, entry.seen))) return entry
    }
    return undefined
  }

  /** Rotated siblings that nobody holds open, written at or after `sinceMs`, the newest first. */
  async #candidates(path: string, sinceMs: number, siblings: Siblings): Promise<Sibling[]> {
    const row = [...(await siblings.row(path))].reverse()
    return row.filter(({ stat, isPacked }) => {
      const isInTime = stat.mtimeMs >= sinceMs - (isPacked ? PACKED_SLACK_MS : 0)
      const isHeld = this.#ledger.live.get(stat.key)?.handle !== undefined
      return isInTime && !isHeld && !this.#isOwn(stat.key)
    })
  }

  /** Opens for `work` what bears the `head`; closes when it comes to nothing. */
  async #opened<T>(
    sibling: Sibling,
    head: Print,
    work: (handle: OpenedFile, stat: FileStat) => Promise<T | undefined>,
  ): Promise<T | 'unreadable' | undefined> {
    let handle: OpenedFile | undefined
    let result: T | undefined
    let isReadable = true
    try {
      handle = await this.#files.openToRead(sibling.path)
      // Of compressed files the beginning is cheap, and the size is not.
      isReadable = await isStill(handle, sibling)
      if (isReadable && (await bears(handle, head))) {
        const stat = await handle.stat()
        // Of a file that is not held open only the inode may be left, and be another's.
        const owner = this.#ledger.live.get(sibling.stat.key)
        const isTaken = owner !== undefined && owner.head.length > 0 && (await this.#holdsAllRead(owner, handle, stat))
        if (!isTaken) result = await work(handle, stat)
      }
    } catch {
      isReadable = false
    }
    if (result === undefined) await handle?.close().catch(() => undefined)
    return isReadable ? result : 'unreadable'
  }

  /** Whether the file begins like the generation and holds, before its position, the bytes last read. */
  async #holdsAllRead(generation: Generation, handle: OpenedFile, stat: FileStat): Promise<boolean> {
    if (stat.size < generation.offset) return false
    return (await bears(handle, generation.head)) && (await bears(handle, generation.seen))
  }

  /** Whether all that the file holds stands at the same offsets in the original. */
  async #mirrors(original: Generation, handle: OpenedFile, stat: FileStat): Promise<boolean> {
    const { head } = original
    const common = Math.min(head.length, stat.size)
    if (common === 0 || stat.mtimeMs < original.bornMs) return false
    if (common === head.length && !(await bears(handle, head))) return false
    if (await this.isCopy(original, handle, stat)) return true
    if (!(await this.#descriptors.ensure(original)) || original.handle === undefined) return false
    // Shorter than what the print is of: the original itself says how it begins.
    if (common < head.length && !(await readAt(handle, 0, common)).equals(await readAt(original.handle, 0, common)))
      return false
    // A copy in the making holds nothing that the original does not hold at the same place.
    if (stat.size > (await original.handle.stat()).size) return false
    return endsAlike(handle, original.handle, stat.size)
  }
}
