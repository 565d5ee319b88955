/**
 * Files that are no longer where they were: rotated away, deleted, compressed or replaced, while the agent ran or while
 * it did not. Each is read to its end through its descriptor, under its new name, or in a copy. What can be found in
 * none of them is lost, and said to be; what may be in a file that cannot be read now is looked for again for a while.
 */
import type { Entry, State } from './checkpoints.js'
import { follow, Generation } from './file.js'
import type { Located, LookParts, Opening, Sight } from './opening.js'
import { originOf, type Sibling } from './rotated.js'
import type { Succession } from './succession.js'

/** How long something is looked for where it may be and cannot be read. */
const SEARCH_MS = 60_000

export class Missing {
  readonly #parts: LookParts
  readonly #opening: Opening
  readonly #succession: Succession
  /** Remembered files to be found, by id, and since when they are looked for. */
  readonly #absent = new Map<string, number>()

  constructor(parts: LookParts, opening: Opening, succession: Succession) {
    this.#parts = parts
    this.#opening = opening
    this.#succession = succession
  }

  /** Live files whose names the globs match no more. */
  async notice(sight: Sight): Promise<void> {
    const { ledger, clock, descriptors } = this.#parts
    const missing: Generation[] = []
    for (const generation of ledger.liveWhere(({ key }) => !sight.found.has(key))) {
      generation.parked = false
      const before = generation.place
      if (generation.leavingSince === undefined) {
        generation.leavingSince = clock.now()
        generation.stirred = true
        this.#succession.left(generation)
        ledger.place(generation, undefined)
      }
      if (generation.missing === undefined && generation.handle === undefined) await this.#locate(generation, sight)
      if (generation.ended) continue
      if (generation.missing !== undefined) {
        missing.push(generation)
        continue
      }
      const stat = await generation.handle?.stat().catch(() => undefined)
      if (stat !== undefined) {
        if (generation.notice(stat)) await this.verify(generation)
        // Only a name can spare its descriptor.
        if (stat.links === 0) generation.via = undefined
        else if (descriptors.isTight) generation.via = (await this.#where(generation, sight))?.path
      }
      await this.#opening.learn(generation)
      if (before !== undefined) this.#succession.refresh(before, generation)
    }
    // All of them have given up their inodes by now: one may be the copy of another.
    for (const generation of missing) await this.search(generation)
  }

  /** Renews a generation whose file is no longer what was seen of it. False when that cannot be found out now. */
  async verify(generation: Generation): Promise<boolean> {
    const { descriptors, settings } = this.#parts
    if (!(await descriptors.ensure(generation).catch(() => false))) return false
    const isSame = await generation.isSame(settings.fingerprintBytes).catch(() => undefined)
    if (isSame === false) return (await this.renew(generation)).length > 0
    return isSame === true
  }

  /**
   * Renews what is no longer what was seen of it, of all that waits to be read in the rotated row of a path. False when
   * it is not known of one what it holds.
   */
  async verifyRow(path: string): Promise<boolean> {
    const origin = originOf(path)
    let isSure = true
    for (const generation of [...this.#parts.ledger.live.values()]) {
      const waits = generation.behind && generation.packed === undefined
      if (!waits || originOf(generation.lastPlace) !== origin) continue
      await this.#opening.learn(generation)
      if (generation.head.length > 0) isSure = (await this.verify(generation)) && isSure
      else if (generation.size > 0) isSure = false
    }
    return isSure
  }

  /**
   * The file was truncated or written anew: the old generation goes on in a copy or ends, a new one begins. Gives those
   * that may be read on.
   */
  async renew(old: Generation): Promise<Generation[]> {
    const { ledger, descriptors, settings, clock } = this.#parts
    const { place, unread } = old
    if (old.packed !== undefined) {
      ledger.drop(old)
      // What it is now is another file's content, for the next look to find.
      old.sink?.close()
      await descriptors.close(old)
      return []
    }
    const stat = await old.handle?.stat().catch(() => undefined)
    if (stat === undefined) {
      // Then the next look says what it is now.
      old.parked = true
      return []
    }
    if (!old.isHeld || old.handle?.packed !== undefined) {
      // Nothing says that it was truncated: its inode may be another file's. That is for the next look to find, too.
      await descriptors.close(old)
      this.deleted(old, unread)
      await this.search(old)
      // Or it was rotated after it was written anew, and stands between what it was and who has its name.
      const owner = ledger.places.get(old.lastPlace)
      if (owner !== undefined) this.#succession.renewed(old.lastPlace, old, owner)
      return [old]
    }
    ledger.drop(old)
    // Without a name it was written anew before it lost it, between two looks.
    const next = Generation.renewed(ledger.mint(place ?? old.lastPlace, old.file.input, 0), old)
    descriptors.forget(old)
    ledger.add(next)
    ledger.place(next, place)
    next.via = old.via
    await descriptors.used(next)
    // Before the search, which may need the descriptor's place.
    if (place === undefined) next.leavingSince = clock.now()
    next.notice(stat)
    await next.learn(settings.fingerprintBytes)
    old.missing = { reason: 'truncated before it was read', bytes: unread }
    ledger.rekey(old)
    if (await this.search(old)) follow(next, old)
    if (place !== undefined) this.#succession.renewed(place, old, next)
    if (ledger.unsaved) await ledger.save()
    return [old, next]
  }

  /** Looks for a copy that holds what is missing; what is surely in none is lost. */
  async search(generation: Generation): Promise<boolean> {
    const { ledger, copies, clock, lost } = this.#parts
    generation.leavingSince ??= clock.now()
    let found = await copies.moveToCopy(generation, generation.lastPlace)
    if (found === 'none' && generation.lastPlace !== generation.file.path) {
      found = await copies.moveToCopy(generation, generation.file.path)
    }
    if (found === 'moved') return true
    if (found === 'unsure' && clock.now() - generation.leavingSince < SEARCH_MS) {
      generation.parked = true
      return false
    }
    const { missing } = generation
    if (missing !== undefined && missing.bytes > 0) lost(generation.file, missing.bytes, missing.reason)
    generation.sink?.close()
    // What was deleted may only have been moved away, and come back; what was truncated does not.
    if (missing?.reason === 'truncated before it was read') ledger.drop(generation)
    else ledger.remember(generation)
    return false
  }

  /** Notes the files of the last run. */
  recall(last: State): void {
    for (const { id } of last.files) this.#absent.set(id, this.#parts.clock.now())
  }

  /** An inode that a position was kept for holds another file: its content may be in a copy. */
  async recoverReplaced(entry: Entry, sight: Sight): Promise<void> {
    const aside = this.#parts.ledger.keepAside(entry)
    if (entry.goneSince !== undefined) {
      // What it held was looked for when it went; it may have come back since.
      const found = await this.#parts.copies.recover(aside, sight.siblings)
      // Another had the name after it.
      if (this.#succession.live(entry.path) !== undefined) return
      if (typeof found === 'object') this.#succession.keep(entry.path, found)
      else this.#succession.keepEntry(aside)
      return
    }
    this.#absent.set(entry.id, this.#parts.clock.now())
    await this.#recover(aside, sight, 'truncated or replaced while not running')
    if (this.#parts.ledger.remembered.has(aside.key)) this.#succession.keepEntry(aside)
  }

  /** Finishes files of the last run that were rotated away meanwhile, under whatever name they have now. */
  async recover(sight: Sight): Promise<void> {
    if (this.#absent.size === 0) return
    const { remembered } = this.#parts.ledger
    // Not over a copy: what is found may have the inode that another was known by, which has another key from then on.
    for (const entry of remembered.values()) {
      if (this.#absent.has(entry.id) && !sight.found.has(entry.key)) {
        await this.#recover(entry, sight, 'gone before it was read, while not running')
      }
    }
    const ids = new Set([...remembered.values()].map(({ id }) => id))
    for (const id of this.#absent.keys()) if (!ids.has(id)) this.#absent.delete(id)
  }

  async #recover(entry: Entry, sight: Sight, reason: string): Promise<void> {
    const { ledger, inputs, clock } = this.#parts
    const since = this.#absent.get(entry.id) ?? 0
    const input = inputs.of(entry.path)
    if (entry.goneSince !== undefined || ledger.isRead(entry) || input === undefined) {
      this.#absent.delete(entry.id)
      return
    }
    if (entry.head.length === 0) this.#succession.addEmpty(entry)
    const found = await this.#find(entry, sight)
    if (found === 'unsure' && clock.now() - since < SEARCH_MS) return
    this.#absent.delete(entry.id)
    if (typeof found === 'object') {
      this.#succession.keep(entry.path, found)
      return
    }
    if (entry.size > entry.offset) {
      const file = { id: entry.id, path: entry.path, input: input.index, startOffset: entry.offset }
      this.#parts.lost(file, entry.size - entry.offset, reason)
    }
    ledger.remembered.set(entry.key, { ...entry, goneSince: clock.now() })
  }

  /** The file itself under another name, else a copy. */
  async #find(entry: Entry, { siblings, sick }: Sight): Promise<Generation | 'none' | 'unsure'> {
    const { inputs, copies } = this.#parts
    const input = inputs.of(entry.path)
    if (input === undefined) return 'none'
    const beside = (await siblings.all(entry.path)).find(({ stat }) => stat.key === entry.key)
    if (beside !== undefined) {
      const resumed = await this.#opening.attempt(beside, sick, (handle, stat) =>
        copies.resume(entry, undefined, input, handle, stat),
      )
      if (typeof resumed === 'object') return resumed
      if (resumed === undefined && sick.has(beside.path)) return 'unsure'
    }
    return copies.recover(entry, siblings)
  }

  /** Finds a name that leads to a live file, outside of the globs; it is missing when there surely is none. */
  async #locate(generation: Generation, sight: Sight): Promise<void> {
    if (generation.head.length === 0) {
      // Nothing is known of it but its inode.
      const { key, lastPlace, mtimeMs } = generation
      this.#succession.addEmpty({ key, path: lastPlace, mtimeMs })
      this.#parts.ledger.remember(generation)
      return
    }
    const now = await this.#where(generation, sight)
    if (now !== undefined) {
      const isIt = now.path === generation.via || (await this.isAt(generation, now, sight))
      if (isIt === true) {
        generation.via = now.path
        generation.notice(now.stat)
      }
      generation.parked = isIt === undefined
      if (isIt !== false) return
    } else if (!sight.siblings.isSure(generation.lastPlace)) {
      generation.parked = true
      return
    }
    this.deleted(generation, generation.size - generation.offset)
  }

  /**
   * Whether what has the inode of a generation under a new name is its file. Of one that is not held open only the content says
   * so: it may have been deleted, and its inode given to another. Undefined when it cannot be read.
   */
  async isAt(generation: Generation, found: Located, { sick }: Sight): Promise<boolean | undefined> {
    const { descriptors, settings } = this.#parts
    if (generation.isHeld) return true
    await descriptors.close(generation)
    return this.#opening.attempt(found, sick, async (handle) => {
      generation.reopened(handle)
      let isSame = false
      try {
        isSame = await generation.isSame(settings.fingerprintBytes)
      } finally {
        if (!isSame) generation.handle = undefined
      }
      if (isSame) await descriptors.used(generation)
      return isSame
    })
  }

  /** No name leads to the file of a generation that is not held open, with so many bytes that were not read. */
  deleted(generation: Generation, bytes: number): void {
    const { ledger, clock } = this.#parts
    generation.leavingSince ??= clock.now()
    this.#succession.left(generation)
    ledger.place(generation, undefined)
    generation.via = undefined
    generation.missing = { reason: 'deleted before it was read', bytes }
    ledger.rekey(generation)
  }

  async #where(generation: Generation, { siblings }: Sight): Promise<Sibling | undefined> {
    return (await siblings.all(generation.lastPlace)).find(({ stat }) => stat.key === generation.key)
  }
}
