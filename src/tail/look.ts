/**
 * One look at the disk: which files came, grew, were renamed or went, and what that means for the generations. Reads no
 * content but what tells files apart; the only state it changes is the ledger's.
 */
import { dirname } from 'node:path'
import type { Entry, State } from './checkpoints.js'
import { follow, type Generation } from './file.js'
import type { FileStat } from './files.js'
import { type Discovery, endOf, type FoundFile } from './inputs.js'
import { type LookParts, Opening, type Sight } from './opening.js'
import { Siblings } from './rotated.js'
import { Succession } from './succession.js'
import { Troubles } from './troubles.js'

export class Look {
  readonly #parts: LookParts
  readonly #opening: Opening
  readonly #succession: Succession
  /** Paths that were a second name at the last look; told only when they still are, as a rename can look like one. */
  #doubles = new Set<string>()
  readonly #doublesTold = new Set<string>()
  readonly #refused: Troubles

  constructor(parts: LookParts) {
    this.#parts = parts
    this.#opening = new Opening(parts)
    this.#succession = new Succession(parts, this.#opening)
    this.#refused = new Troubles(parts.refused)
  }

  /** `last` is the state of the last run; given (or null for none) at the first look only. */
  async look(last?: State | null): Promise<void> {
    const { inputs, ledger, isOwn } = this.#parts
    this.#succession.begin()
    const discovery = await inputs.discover()
    const files = discovery.files.filter((found) => !isOwn(found.stat.key))
    const keys = new Set(files.map((found) => found.stat.key))
    const sight: Sight = { siblings: new Siblings(this.#parts.files), keys, sick: new Set() }
    for (const { path, code } of discovery.troubles) this.#opening.tell(path, code, sight.sick)
    this.#tellDoubles(discovery.doubles)
    this.#tellRefused(discovery.refused)

    const arrivals = this.#noticeKnown(files)
    for (const generation of ledger.live.values()) await this.#learn(generation)
    await this.#noticeGone(sight)
    const fresh = await this.#resumeKnown(arrivals, sight)
    if (last != null) await this.#recoverAbsent(last, sight)
    await this.#succession.catchUp(sight, last != null)
    for (const found of fresh) {
      if (found.stat.size > 0 && !ledger.live.has(found.stat.key)) await this.#arrive(found, last, sight)
    }
    this.#succession.keepEmpty(files.filter(({ stat }) => stat.size === 0).map(({ stat, path }) => [stat.key, path]))
    await this.#releaseLeft()
    this.#opening.settle(sight.sick)
  }

  /** Looks at one file that is said to have grown. False when only a whole look can say what happened. */
  async lookAt(path: string): Promise<boolean> {
    const generation = this.#parts.ledger.places.get(path)
    if (generation === undefined) return false
    try {
      const stat = await this.#parts.files.stat(path)
      if (stat.key !== generation.key) return false
      generation.notice(stat)
      await this.#learn(generation)
      return true
    } catch {
      return false
    }
  }

  async #learn(generation: Generation): Promise<void> {
    if (generation.head.length > 0 || generation.size === 0) return
    if (!(await this.#parts.descriptors.ensure(generation).catch(() => false))) return
    const gone = await generation.learn(this.#parts.settings.fingerprintBytes)
    if (gone > 0) this.#parts.lost(generation.file, gone, 'truncated before it was read')
  }

  /** Brings files already tailed up to date; returns the others. */
  #noticeKnown(files: readonly FoundFile[]): FoundFile[] {
    const { ledger } = this.#parts
    const arrivals: FoundFile[] = []
    for (const found of files) {
      const known = ledger.live.get(found.stat.key)
      if (known === undefined) {
        arrivals.push(found)
        continue
      }
      known.parked = false
      known.notice(found.stat)
      if (known.place !== found.path) {
        this.#left(known)
        ledger.place(known, found.path)
      }
      known.leavingSince = undefined
    }
    return arrivals
  }

  /** Notes who had the name that `generation` is about to lose. */
  #left(generation: Generation): void {
    if (generation.place !== undefined) this.#succession.keep(generation.place, generation)
  }

  /** Files whose names the globs match no more: their descriptors are read to the end. */
  async #noticeGone({ keys, siblings }: Sight): Promise<void> {
    const { ledger, clock, files, descriptors } = this.#parts
    for (const generation of [...ledger.live.values()]) {
      if (keys.has(generation.key)) continue
      generation.parked = false
      const before = generation.place
      if (generation.leavingSince === undefined) {
        generation.leavingSince = clock.now()
        generation.stirred = true
        this.#left(generation)
        ledger.place(generation, undefined)
      }
      if (generation.handle === undefined) {
        const path = before ?? generation.file.path
        const now = (await siblings.all(path)).find((other) => other.stat.key === generation.key)
        const handle = now === undefined ? undefined : await files.openToRead(now.path).catch(() => undefined)
        if (handle === undefined) {
          await this.#unreachable(generation, path)
          continue
        }
        generation.reopened(handle)
        await descriptors.used(generation)
      }
      await generation.handle?.stat().then(
        (stat) => generation.notice(stat),
        () => undefined,
      )
      await this.#learn(generation)
      if (before !== undefined) this.#succession.refresh(before, generation)
    }
  }

  /** Closed to spare descriptors, and gone before it was opened again. */
  async #unreachable(generation: Generation, path: string): Promise<void> {
    this.#parts.ledger.drop(generation)
    if (await this.#parts.copies.moveToCopy(generation, path)) return
    const unread = generation.size - generation.offset
    if (unread > 0) this.#parts.lost(generation.file, unread, 'deleted before it was read')
    generation.sink?.close()
    this.#parts.ledger.remember(generation)
  }

  /** Closes files that left, are read to their end, and were silent for the grace time. */
  async #releaseLeft(): Promise<void> {
    const { ledger, clock, settings, descriptors } = this.#parts
    for (const generation of [...ledger.live.values()]) {
      if (generation.leavingSince === undefined || generation.behind) continue
      if (clock.now() - generation.leavingSince < settings.rotatedGrace) continue
      generation.sink?.close()
      ledger.remember(generation)
      await descriptors.close(generation)
      this.#succession.forget(generation)
    }
  }

  /** Goes on with arrivals whose position is remembered; returns those that are new. */
  async #resumeKnown(arrivals: readonly FoundFile[], { siblings, sick }: Sight): Promise<FoundFile[]> {
    const { ledger, copies } = this.#parts
    const fresh: FoundFile[] = []
    const orphans: Entry[] = []
    for (const found of arrivals) {
      const entry = ledger.remembered.get(found.stat.key)
      if (entry === undefined) {
        fresh.push(found)
        continue
      }
      const resumed = await this.#opening.attempt(found.path, sick, (handle, stat) =>
        copies.resume(entry, found.path, found.input, handle, stat),
      )
      if (resumed === 'other') {
        ledger.remembered.delete(found.stat.key)
        orphans.push(entry)
        fresh.push(found)
      } else if (resumed !== undefined && entry.path !== found.path) this.#succession.keep(entry.path, resumed)
    }
    for (const entry of orphans) {
      const copy = await copies.recover(entry, siblings)
      if (copy !== undefined) this.#succession.keep(entry.path, copy)
      else {
        this.#succession.keepEntry(entry)
        if (entry.goneSince === undefined) this.#lostWhileStopped(entry, 'truncated or replaced while not running')
      }
    }
    return fresh
  }

  /** After a start: finishes files that were rotated away meanwhile, under whatever name they have now. */
  async #recoverAbsent(last: State, { keys, siblings, sick }: Sight): Promise<void> {
    const { ledger, inputs, copies, clock } = this.#parts
    for (const entry of last.files) {
      if (ledger.remembered.get(entry.key) !== entry || keys.has(entry.key) || entry.goneSince !== undefined) continue
      const input = inputs.of(entry.path)
      if (input === undefined) continue
      if (entry.head.length === 0) this.#succession.addEmpty(entry.key, entry.path)
      const beside = (await siblings.all(entry.path)).find((other) => other.stat.key === entry.key)
      let resumed: Generation | undefined
      if (beside !== undefined) {
        const opened = await this.#opening.attempt(beside.path, sick, (handle, stat) =>
          copies.resume(entry, undefined, input, handle, stat),
        )
        if (opened !== 'other') resumed = opened
      }
      resumed ??= await copies.recover(entry, siblings)
      if (resumed !== undefined) this.#succession.keep(entry.path, resumed)
      else {
        this.#lostWhileStopped(entry, 'gone before it was read, while not running')
        ledger.remembered.set(entry.key, { ...entry, goneSince: clock.now() })
      }
    }
  }

  #lostWhileStopped(entry: Entry, reason: string): void {
    const input = this.#parts.inputs.of(entry.path)
    if (input === undefined || entry.size <= entry.offset) return
    const file = { id: entry.id, path: entry.path, input: input.index, startOffset: entry.offset }
    this.#parts.lost(file, entry.size - entry.offset, reason)
  }

  /** A file that nothing is known of. */
  async #arrive(found: FoundFile, last: State | null | undefined, sight: Sight): Promise<void> {
    const { ledger, copies } = this.#parts
    const { sick } = sight
    const shadow = await this.#opening.attempt(found.path, sick, (handle, stat) =>
      copies.shadow(found.path, handle, stat, this.#succession),
    )
    if (shadow === 'wait' || shadow === undefined) return
    const former = await this.#succession.of(found.path, sight)
    this.#succession.settle(found.path)
    const start = shadow === 'new' ? 'default' : shadow
    const fromStart = former !== undefined || this.#appearedSince(found, last)
    const generation = await this.#opening.begin(found.path, found.path, found.input.index, sick, (handle, stat) => {
      if (start !== 'default') return Promise.resolve(Math.min(start.from, stat.size))
      return this.#isWanted(stat, fromStart || found.input.startAt === 'beginning')
        ? Promise.resolve(0)
        : endOf(handle, stat.size)
    })
    if (generation === undefined) return
    ledger.place(generation, found.path)
    follow(generation, former?.generation)
  }

  /** Whether the file was not there when its glob was first followed. */
  #appearedSince(found: FoundFile, last: State | null | undefined): boolean {
    if (this.#parts.once || last === undefined) return true
    return last?.globs.includes(found.glob.pattern) ?? false
  }

  #isWanted(stat: FileStat, fromStart: boolean): boolean {
    const { ignoreOlder } = this.#parts.settings
    return fromStart && (ignoreOlder === 0 || this.#parts.clock.now() - stat.mtimeMs <= ignoreOlder)
  }

  #tellRefused(refused: Discovery['refused']): void {
    for (const { path, target, input } of refused) {
      const what = `is a symbolic link that leads to ${target}, out of the directories of inputs[${input.index}]; it is not read.`
      const mend = `If it is meant, add ${dirname(target)} to inputs[${input.index}].allowedRoots; else exclude it.`
      this.#refused.tell(path, what, mend)
    }
    this.#refused.keepOnly(new Set(refused.map(({ path }) => path)))
  }

  #tellDoubles(doubles: readonly { path: string; owner: FoundFile }[]): void {
    for (const { path, owner } of doubles) {
      if (!this.#doubles.has(path) || this.#doublesTold.has(path)) continue
      this.#doublesTold.add(path)
      this.#parts.problem(
        path,
        `is the same file as ${owner.path}, which inputs[${owner.input.index}] already reads; it is read once, for that input.`,
        'Exclude it from one of the inputs.',
      )
    }
    this.#doubles = new Set(doubles.map((double) => double.path))
  }
}
