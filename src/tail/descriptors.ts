/** The open descriptors, bounded: the least recently used file that can be found again by its name gives way. */
import type { Clock } from '../core/clock.js'
import type { Generation } from './file.js'
import { codeOf, type FileLayer, type OpenedFile } from './files.js'

/** Open compressed files hold some 300 KiB each. */
const MOST_PACKED = 16
/** What is left to the spool, the outputs and everything else when the process may open no more. */
const RESERVED = 16
/** Where fewer are held than may be, it is tried whether more could be after this; in ms. In vain: after twice that, and so on. */
const RISE_AFTER_MS = 60_000
const RISE_AT_LEAST_EVERY_MS = 3_600_000
/** By how many the number held rises at once: by half, but within these. */
const RISE_BY = { least: 8, most: 64 }

export interface DescriptorsOptions {
  readonly files: FileLayer
  readonly clock: Clock
  /** What the config allows. */
  readonly limit: number
  /** The process could not open `path`: `most` files are held open from then on. Again only after `enough`. */
  tooMany(path: string, most: number): void
  /** As many as the config allows are held open again. */
  enough(): void
}

export class Descriptors {
  readonly #options: DescriptorsOptions
  /** How many are held: `limit`, or fewer since the process could open no more. */
  #most: number
  /** The shortage was told, and is not over. */
  #isTold = false
  /** When more are tried, on the clock, and how long after that again if it is in vain. */
  #riseAt = 0
  #riseAfterMs = RISE_AFTER_MS
  #isTrying = false
  /** The closing that makes room for others, while it is under way. */
  #givingWay: Promise<void> | undefined
  /** Generations with a handle, the least recently used first. */
  readonly #open = new Set<Generation>()

  constructor(options: DescriptorsOptions) {
    this.#options = options
    this.#most = options.limit
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Opens a file. Where the process may open no more, fewer are held from then on: without descriptors of their own the
   * positions and the spool could not be written, and nothing would ever be closed. Rejects with the system's error.
   */
  async open(path: string): Promise<OpenedFile> {
    const { files } = this.#options
    try {
      const opened = await files.openToRead(path)
      // A compressed file takes too much to be opened only to see whether it can be.
      if (opened.packed === undefined) await this.#rise(path)
      return opened
    } catch (error) {
      if (codeOf(error) !== 'EMFILE' && codeOf(error) !== 'ENFILE') throw error
      this.#givingWay ??= this.#giveWay(path).finally(() => {
        this.#givingWay = undefined
      })
      await this.#givingWay
      return await files.openToRead(path)
    }
  }

  async #giveWay(path: string): Promise<void> {
    const most = Math.max(1, this.#open.size - RESERVED)
    if (most < this.#most) {
      this.#most = most
      this.#postpone()
    }
    if (!this.#isTold) this.#options.tooMany(path, this.#most)
    this.#isTold = true
    while (this.#open.size > this.#most && (await this.#spare(this.#open)));
  }

  /**
   * What was short may have come back: a limit that was raised, descriptors of others. Where files wait for descriptors, a
   * few more are held as soon as those, and the reserve, could be opened all at once: on `path`, and closed again.
   */
  async #rise(path: string): Promise<void> {
    const { clock, limit, enough } = this.#options
    if (this.#most >= limit || !this.isTight || this.#isTrying || clock.now() < this.#riseAt) return
    this.#isTrying = true
    const more = Math.min(limit - this.#most, Math.max(RISE_BY.least, Math.min(RISE_BY.most, this.#most >> 1)))
    if (await this.#couldOpen(path, more + RESERVED)) {
      this.#most += more
      this.#riseAfterMs = RISE_AFTER_MS
      if (this.#most === limit) {
        this.#isTold = false
        enough()
      }
    }
    this.#postpone()
    this.#isTrying = false
  }

  async #couldOpen(path: string, count: number): Promise<boolean> {
    const tries = await Promise.allSettled(Array.from({ length: count }, () => this.#options.files.openToRead(path)))
    const opened = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    await Promise.allSettled(opened.map((one) => one.close()))
    return opened.length === count
  }

  #postpone(): void {
    this.#riseAt = this.#options.clock.now() + this.#riseAfterMs
    this.#riseAfterMs = Math.min(2 * this.#riseAfterMs, RISE_AT_LEAST_EVERY_MS)
  }

  /**
   * Opens the file of a generation unless it is open. False when its name no longer leads to it: the next look will say
   * where it went. Rejects with the system's error.
   */
  async ensure(generation: Generation): Promise<boolean> {
    if (generation.handle === undefined) {
      const path = generation.place ?? generation.via
      if (path === undefined) return false
      const handle = await this.open(path)
      const stat = await handle.stat().catch(async (error: unknown) => {
        await handle.close()
        throw error
      })
      if (stat.key !== generation.key) {
        await handle.close()
        return false
      }
      generation.reopened(handle)
    }
    await this.used(generation)
    return true
  }

  /** Exchanges a descriptor that may have gone stale for a new one, if the name still leads to the file. */
  async renew(generation: Generation): Promise<void> {
    const stale = generation.handle
    generation.handle = undefined
    this.forget(generation)
    try {
      await this.ensure(generation)
    } catch {
      // Then the old one must do.
    }
    if (generation.handle !== undefined) await stale?.close().catch(() => undefined)
    else if (stale !== undefined) {
      generation.handle = stale
      this.#open.add(generation)
    }
  }

  /** The generation has a handle and needs it now; another may have to give way. */
  async used(generation: Generation): Promise<void> {
    this.#open.delete(generation)
    this.#open.add(generation)
    if (generation.packed !== undefined) {
      const packed = [...this.#open].filter((other) => other.packed !== undefined)
      if (packed.length > MOST_PACKED) await this.#spare(packed, generation)
    }
    while (this.#open.size > this.#most && (await this.#spare(this.#open, generation)));
  }

  /** Whether more are open than may be: they are the only way to files that were deleted. */
  get isOver(): boolean {
    return this.#open.size > this.#most
  }

  /** Whether there is no room for another. */
  get isTight(): boolean {
    return this.#open.size >= this.#most
  }

  /** Closes one that can be opened again, but not the one that is needed now. False when there is none. */
  async #spare(among: Iterable<Generation>, needed?: Generation): Promise<boolean> {
    // Without a name its descriptor is the only way to what is still unread; and what is read loses least by closing.
    const spare = [...among].filter((other) => other !== needed && (other.place ?? other.via) !== undefined)
    const other = spare.find((one) => !one.behind) ?? spare[0]
    if (other !== undefined) await this.close(other)
    return other !== undefined
  }

  async close(generation: Generation): Promise<void> {
    this.#open.delete(generation)
    await generation.release()
  }

  /** The generation's handle went to another. */
  forget(generation: Generation): void {
    this.#open.delete(generation)
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open].map((generation) => this.close(generation)))
  }
}
