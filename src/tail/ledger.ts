/**
 * What is tailed and what is remembered: live generations by identity and by place, positions of files that are gone,
 * and their durable form. Nothing may be pushed of a generation whose id is not in the checkpoint on disk.
 */
import type { Clock } from '../core/clock.js'
import { type Checkpoints, type Entry, type State, whyNotWritten } from './checkpoints.js'
import type { FileSink, Generation, TailedFile } from './file.js'
import type { FileStat } from './files.js'
import { NOTHING } from './identity.js'
import type { Troubles } from './troubles.js'

export class Ledger {
  /** By `device:inode`. */
  readonly live = new Map<string, Generation>()
  /** By the name that leads to it now. */
  readonly places = new Map<string, Generation>()
  /** Positions of files that are not live, by `device:inode`. */
  readonly remembered = new Map<string, Entry>()
  /** Sinks of remembered files, by id, until the next checkpoint has asked them how far they came. */
  readonly #closed = new Map<string, FileSink>()
  /** Ids of generations that ended in this run: all that was read of them was pushed, durable or not. */
  readonly #endedHere = new Set<string>()
  readonly #checkpoints: Checkpoints
  readonly #globs: readonly string[]
  readonly #clock: Clock
  readonly #forgetAfter: number
  readonly #troubles: Troubles
  readonly #mintId: () => string
  #privateKeys = 0

  constructor(options: {
    checkpoints: Checkpoints
    globs: readonly string[]
    clock: Clock
    forgetAfter: number
    troubles: Troubles
    mintId: () => string
  }) {
    this.#checkpoints = options.checkpoints
    this.#globs = options.globs
    this.#clock = options.clock
    this.#forgetAfter = options.forgetAfter
    this.#troubles = options.troubles
    this.#mintId = options.mintId
  }

  /** Those of the live ones, as they are now: of thousands few, mostly. */
  liveWhere(is: (generation: Generation) => boolean): Generation[] {
    const found: Generation[] = []
    for (const generation of this.live.values()) if (is(generation)) found.push(generation)
    return found
  }

  /** A new generation's file. Its id is durable only after the next `save`. */
  mint(path: string, input: number, startOffset: number): TailedFile {
    return { id: this.#mintId(), path, input, startOffset }
  }

  add(generation: Generation): void {
    generation.ended = false
    const other = this.live.get(generation.key)
    if (other !== undefined && other !== generation) this.rekey(other)
    this.live.set(generation.key, generation)
    const entry = this.remembered.get(generation.key)
    this.remembered.delete(generation.key)
    // Of a file whose inode was given to this one its content may still come, in a copy.
    if (entry !== undefined && entry.id !== generation.file.id) this.keepAside(entry)
    if (generation.place !== undefined) this.places.set(generation.place, generation)
  }

  /** Gives a live generation another name, or none. */
  place(generation: Generation, path: string | undefined): void {
    if (generation.place !== undefined && this.places.get(generation.place) === generation) {
      this.places.delete(generation.place)
    }
    generation.place = path
    if (path === undefined) return
    generation.lastPlace = path
    this.places.set(path, generation)
  }

  /** Gives a live generation whose inode may be another file's by now a key that no file has. */
  rekey(generation: Generation): void {
    if (this.live.get(generation.key) === generation) this.live.delete(generation.key)
    generation.ownKey ??= generation.key
    generation.key = this.#privateKey()
    generation.ended = false
    this.live.set(generation.key, generation)
  }

  /** Keeps a position whose inode is another file's. */
  keepAside(entry: Entry): Entry {
    const aside = { ...entry, key: this.#privateKey() }
    this.remembered.set(aside.key, aside)
    return aside
  }

  #privateKey(): string {
    for (;;) {
      const key = `0:${++this.#privateKeys}`
      if (!this.live.has(key) && !this.remembered.has(key)) return key
    }
  }

  /** Takes a generation out of the live ones. Its handle is the caller's to free. */
  drop(generation: Generation): void {
    if (this.live.get(generation.key) === generation) this.live.delete(generation.key)
    this.place(generation, undefined)
    generation.ended = true
  }

  /** Drops a generation whose file may come back, and keeps its position. */
  remember(generation: Generation): void {
    this.drop(generation)
    const { ownKey } = generation
    if (ownKey !== undefined && !this.live.has(ownKey) && !this.remembered.has(ownKey)) generation.key = ownKey
    this.remembered.set(generation.key, generation.entry(this.#clock.now()))
    this.#endedHere.add(generation.file.id)
    if (generation.sink !== undefined) this.#closed.set(generation.file.id, generation.sink)
  }

  /** Nothing is to be looked for any more between that file and its `former`. */
  settle(id: string): void {
    for (const generation of this.live.values()) if (generation.file.id === id) generation.former = undefined
    for (const [key, { former, ...settled }] of this.remembered) {
      if (settled.id === id && former !== undefined) this.remembered.set(key, settled)
    }
  }

  isRemembered(id: string): boolean {
    for (const entry of this.remembered.values()) if (entry.id === id) return true
    return false
  }

  /** Notes that nothing is to be read of a compressed file. */
  passOver(path: string, stat: FileStat): void {
    this.remembered.set(stat.key, {
      id: this.#mintId(),
      path,
      key: stat.key,
      head: NOTHING,
      seen: NOTHING,
      offset: 0,
      size: 0,
      mtimeMs: stat.mtimeMs,
      packed: { size: stat.size, mtimeMs: stat.mtimeMs },
    })
  }

  /** The positions of compressed files that are read are kept as long as the files: `there` is by `device:inode`. */
  noticePacked(there: ReadonlyMap<string, unknown>): void {
    for (const [key, entry] of this.remembered) {
      if (!this.isRead(entry) || there.has(key) === (entry.goneSince === undefined)) continue
      const { goneSince: _, ...present } = entry
      this.remembered.set(key, there.has(key) ? present : { ...present, goneSince: this.#clock.now() })
    }
  }

  /** Whether nothing more is to be read of a compressed file, if it still is what it was. */
  isRead(entry: Entry): boolean {
    return entry.packed !== undefined && this.resumeFrom(entry) >= entry.size
  }

  /** Where reading goes on when a remembered file is back. */
  resumeFrom(entry: Entry): number {
    return this.#endedHere.has(entry.id) ? entry.seen.to : entry.offset
  }

  /** Takes the positions of the last run. */
  recall(state: State): void {
    for (const entry of state.files) this.remembered.set(entry.key, entry)
  }

  /** Whether a live generation that holds something has no durable id yet. */
  get unsaved(): boolean {
    for (const generation of this.live.values()) if (!generation.saved && generation.head.length > 0) return true
    return false
  }

  /** Asks every sink how far it is, and writes that. */
  checkpoint(): Promise<boolean> {
    for (const generation of this.live.values()) {
      if (generation.sink !== undefined) generation.durable = Math.min(generation.sink.safeOffset, generation.offset)
    }
    for (const [key, entry] of this.remembered) {
      const sink = this.#closed.get(entry.id)
      if (sink !== undefined) this.remembered.set(key, { ...entry, offset: Math.min(sink.safeOffset, entry.seen.to) })
    }
    this.#closed.clear()
    return this.save()
  }

  /** Writes ids and the positions of the last checkpoint. False when it could not; told once, tried again by the next. */
  async save(): Promise<boolean> {
    const now = this.#clock.now()
    for (const [key, entry] of this.remembered) {
      if (entry.goneSince !== undefined && now - entry.goneSince > this.#forgetAfter) {
        this.remembered.delete(key)
        this.#endedHere.delete(entry.id)
      }
    }
    const generations = [...this.live.values()]
    const files = generations.map((generation) => generation.entry(undefined))
    for (const entry of this.remembered.values()) {
      // What its sink had open at the end may not be durable yet; after a crash it is looked for as if it were not gone.
      const { goneSince: _, ...present } = entry
      files.push(this.#closed.has(entry.id) ? present : entry)
    }
    try {
      await this.#checkpoints.save({ globs: this.#globs, files })
    } catch (error) {
      const mend = 'Free space on its disk, and let the agent write to its directory.'
      this.#troubles.tell(this.#checkpoints.path, whyNotWritten(error), mend)
      return false
    }
    this.#troubles.over(this.#checkpoints.path)
    for (const [i, generation] of generations.entries()) if ((files[i]?.head.length ?? 0) > 0) generation.saved = true
    return true
  }
}
