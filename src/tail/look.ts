/**
 * One look at the disk: which files came, grew, were renamed or went, and what that means for the generations. Reads no
 * content but what tells files apart; the only state it changes is the ledger's.
 */
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../core/clock.js'
import type { Entry, State } from './checkpoints.js'
import type { Copies } from './copies.js'
import type { Descriptors } from './descriptors.js'
import { follow, Generation, type TailedFile } from './file.js'
import { codeOf, type FileLayer, type FileStat, isGone, type OpenedFile } from './files.js'
import { endOf, type FoundFile, type Inputs } from './inputs.js'
import type { Ledger } from './ledger.js'
import { isNewer, Siblings } from './rotated.js'
import type { TailSettings } from './settings.js'
import { explainCode, Troubles } from './troubles.js'

export interface LookParts {
  readonly inputs: Inputs
  readonly files: FileLayer
  readonly ledger: Ledger
  readonly descriptors: Descriptors
  readonly copies: Copies
  readonly settings: TailSettings
  readonly clock: Clock
  /** Read every file that has no position from its beginning. */
  readonly once: boolean
  readonly isOwn: (key: string) => boolean
  readonly lost: (file: TailedFile, bytes: number, reason: string) => void
  readonly problem: (path: string, what: string, mend: string) => void
  readonly debug: (facts: object, text: string) => void
}

/** Who had a name before: for the order of lines, and to tell what was written since. */
interface Former {
  readonly key: string
  mtimeMs: number
  readonly generation: Generation | undefined
  /** What is remembered when there is no generation. */
  readonly entry?: Entry
}

export class Look {
  readonly #parts: LookParts
  readonly #troubles: Troubles
  /** By path: the last generation that had this name and lost it. */
  readonly #former = new Map<string, Former>()
  /** By `device:inode`: the paths of files that were empty at the last look, which may be rotated away at the next. */
  #empty = new Map<string, string>()
  /** Paths that were a second name at the last look; told only when they still are, as a rename can look like one. */
  #doubles = new Set<string>()
  /** The remembered entries by path; made when one look first needs it. */
  #byPath: Map<string, Entry[]> | undefined
  readonly #doublesTold = new Set<string>()

  constructor(parts: LookParts) {
    this.#parts = parts
    this.#troubles = new Troubles(parts.problem)
  }

  /** `last` is the state of the last run; given (or null for none) at the first look only. */
  async look(last?: State | null): Promise<void> {
    const { inputs, ledger, settings, isOwn } = this.#parts
    const siblings = new Siblings(this.#parts.files)
    this.#byPath = undefined
    const discovery = await inputs.discover()
    const files = discovery.files.filter((found) => !isOwn(found.stat.key))
    const keys = new Set(files.map((found) => found.stat.key))
    const sick = new Set(discovery.troubles.map((trouble) => trouble.path))
    for (const { path, code } of discovery.troubles) this.#troubles.tell(path, ...explainCode(code))
    this.#tellDoubles(discovery.doubles)

    const arrivals = this.#noticeKnown(files)
    for (const generation of ledger.live.values()) await generation.learn(settings.fingerprintBytes)
    await this.#noticeGone(keys, siblings)
    const fresh = await this.#resumeKnown(arrivals, siblings, sick)
    if (last != null) await this.#recoverAbsent(keys, siblings, last, sick)
    await this.#noticeFilled(keys, siblings, sick)
    for (const [path, former] of this.#former) {
      // Someone known has the name: nobody came between.
      if (ledger.places.has(path)) this.#former.delete(path)
      else await this.#between(path, former, keys, siblings, sick)
    }
    for (const found of fresh) {
      if (found.stat.size > 0 && !ledger.live.has(found.stat.key)) await this.#arrive(found, keys, siblings, last, sick)
    }
    this.#empty = new Map(files.filter(({ stat }) => stat.size === 0).map(({ stat, path }) => [stat.key, path]))
    await this.#releaseLeft()
    this.#troubles.keepOnly(sick)
  }

  /** Looks at one file that is said to have grown. False when only a whole look can say what happened. */
  async lookAt(path: string): Promise<boolean> {
    const generation = this.#parts.ledger.places.get(path)
    if (generation === undefined) return false
    try {
      const stat = await this.#parts.files.stat(path)
      if (stat.key !== generation.key) return false
      generation.notice(stat)
      await generation.learn(this.#parts.settings.fingerprintBytes)
      return true
    } catch {
      return false
    }
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
    if (generation.place !== undefined) this.#keepFormer(generation.place, generation)
  }

  #keepFormer(path: string, generation: Generation): void {
    this.#former.set(path, { key: generation.key, mtimeMs: generation.mtimeMs, generation })
  }

  /** Files whose names the globs match no more: their descriptors are read to the end. */
  async #noticeGone(keys: ReadonlySet<string>, siblings: Siblings): Promise<void> {
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
      const former = before === undefined ? undefined : this.#former.get(before)
      if (former?.generation === generation) former.mtimeMs = generation.mtimeMs
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
      if (generation.leavingSince === undefined || generation.behind || !generation.saved) continue
      if (clock.now() - generation.leavingSince < settings.rotatedGrace) continue
      generation.sink?.close()
      ledger.remember(generation)
      await descriptors.close(generation)
      for (const [path, former] of this.#former) if (former.generation === generation) this.#former.delete(path)
    }
  }

  /** Goes on with arrivals whose position is remembered; returns those that are new. */
  async #resumeKnown(arrivals: readonly FoundFile[], siblings: Siblings, sick: Set<string>): Promise<FoundFile[]> {
    const { ledger, copies } = this.#parts
    const fresh: FoundFile[] = []
    const orphans: Entry[] = []
    for (const found of arrivals) {
      const entry = ledger.remembered.get(found.stat.key)
      if (entry === undefined) {
        fresh.push(found)
        continue
      }
      const resumed = await this.#tryOpen(found.path, sick, (handle, stat) =>
        copies.resume(entry, found.path, found.input, handle, stat),
      )
      if (resumed === 'other') {
        ledger.remembered.delete(found.stat.key)
        orphans.push(entry)
        fresh.push(found)
      } else if (resumed !== undefined && entry.path !== found.path) this.#keepFormer(entry.path, resumed)
    }
    for (const entry of orphans) {
      const copy = await copies.recover(entry, siblings)
      if (copy !== undefined) this.#keepFormer(entry.path, copy)
      else if (entry.goneSince === undefined) this.#lostWhileStopped(entry, 'truncated or replaced while not running')
    }
    return fresh
  }

  /** After a start: finishes files that were rotated away meanwhile, under whatever name they have now. */
  async #recoverAbsent(keys: ReadonlySet<string>, siblings: Siblings, last: State, sick: Set<string>): Promise<void> {
    const { ledger, inputs, copies, clock } = this.#parts
    for (const entry of last.files) {
      if (ledger.remembered.get(entry.key) !== entry || keys.has(entry.key) || entry.goneSince !== undefined) continue
      const input = inputs.of(entry.path)
      if (input === undefined) continue
      const beside = (await siblings.all(entry.path)).find((other) => other.stat.key === entry.key)
      let resumed: Generation | undefined
      if (beside !== undefined) {
        const opened = await this.#tryOpen(beside.path, sick, (handle, stat) =>
          copies.resume(entry, undefined, input, handle, stat),
        )
        if (opened !== 'other') resumed = opened
      }
      resumed ??= await copies.recover(entry, siblings)
      if (resumed !== undefined) this.#keepFormer(entry.path, resumed)
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
  async #arrive(
    found: FoundFile,
    keys: ReadonlySet<string>,
    siblings: Siblings,
    last: State | null | undefined,
    sick: Set<string>,
  ): Promise<void> {
    const { ledger, copies } = this.#parts
    const shadow = await this.#tryOpen(found.path, sick, (handle, stat) =>
      copies.shadow(found.path, handle, stat, {
        live: (path) => this.#former.get(path)?.generation,
        remembered: (path) => this.#rememberedAt(path),
      }),
    )
    if (shadow === 'wait' || shadow === undefined) return
    const former = await this.#formerOf(found.path, keys, siblings, sick)
    this.#former.delete(found.path)
    const start = shadow === 'new' ? 'default' : shadow
    const fromStart = former !== undefined || this.#appearedSince(found, last)
    const generation = await this.#begin(found.path, found.path, found.input.index, sick, (handle, stat) => {
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

  /** Who had the name before, also when it is long closed. */
  async #formerOf(
    path: string,
    keys: ReadonlySet<string>,
    siblings: Siblings,
    sick: Set<string>,
  ): Promise<Former | undefined> {
    const near = this.#former.get(path)
    if (near !== undefined) return near
    const last = this.#rememberedAt(path).at(-1)
    if (last === undefined) return undefined
    return this.#between(
      path,
      { key: last.key, mtimeMs: last.mtimeMs, generation: undefined, entry: last },
      keys,
      siblings,
      sick,
    )
  }

  /**
   * Files that came under the name `path` and were rotated away between two looks: its rotated siblings, unknown and
   * written after its former owner. They are read one after the other; the last of them is the former owner now.
   */
  async #between(
    path: string,
    former: Former,
    keys: ReadonlySet<string>,
    siblings: Siblings,
    sick: Set<string>,
  ): Promise<Former> {
    const { ledger, inputs, copies, isOwn } = this.#parts
    const input = inputs.of(path)
    const rotated = await siblings.rotated(path)
    const owner = { path: rotated.find((one) => one.stat.key === former.key)?.path, mtimeMs: former.mtimeMs }
    let last = former
    for (const one of rotated) {
      const { key, size } = one.stat
      if (input === undefined || size === 0 || !isNewer(one, owner)) continue
      if (keys.has(key) || ledger.live.has(key) || ledger.remembered.has(key) || isOwn(key)) continue
      const before = last.generation ?? last.entry
      const isCopy = await this.#tryOpen(one.path, sick, (handle, stat) =>
        before === undefined ? Promise.resolve(false) : copies.isCopy(before, handle, stat),
      )
      if (isCopy !== false) continue
      const generation = await this.#beginLeft(one.path, path, input.index, last.generation, sick)
      if (generation !== undefined) last = { key, mtimeMs: generation.mtimeMs, generation }
    }
    return last
  }

  /** Files that were empty when they were last seen, and were filled and rotated away since. */
  async #noticeFilled(keys: ReadonlySet<string>, siblings: Siblings, sick: Set<string>): Promise<void> {
    const { ledger, inputs } = this.#parts
    for (const [key, path] of this.#empty) {
      const input = inputs.of(path)
      if (keys.has(key) || ledger.live.has(key) || input === undefined) continue
      const now = (await siblings.rotated(path)).find((one) => one.stat.key === key && one.stat.size > 0)
      if (now !== undefined)
        await this.#beginLeft(now.path, path, input.index, this.#former.get(path)?.generation, sick)
    }
  }

  /** Begins a file at its start that already lost the name it is asked for by. */
  async #beginLeft(
    path: string,
    as: string,
    input: number,
    after: Generation | undefined,
    sick: Set<string>,
  ): Promise<Generation | undefined> {
    const generation = await this.#begin(path, as, input, sick, () => Promise.resolve(0))
    if (generation === undefined) return undefined
    generation.leavingSince = this.#parts.clock.now()
    follow(generation, after)
    this.#keepFormer(as, generation)
    return generation
  }

  /** Positions of files that are gone and had this path, the oldest first. */
  #rememberedAt(path: string): readonly Entry[] {
    if (this.#byPath === undefined) {
      this.#byPath = new Map()
      const entries = [...this.#parts.ledger.remembered.values()].sort((a, b) => a.mtimeMs - b.mtimeMs)
      for (const entry of entries) {
        const others = this.#byPath.get(entry.path)
        if (others === undefined) this.#byPath.set(entry.path, [entry])
        else others.push(entry)
      }
    }
    return this.#byPath.get(path) ?? []
  }

  /** Opens a file as a new generation, under the path `as`. */
  async #begin(
    path: string,
    as: string,
    input: number,
    sick: Set<string>,
    startOf: (handle: OpenedFile, stat: FileStat) => Promise<number>,
  ): Promise<Generation | undefined> {
    const { ledger, settings, descriptors } = this.#parts
    return this.#tryOpen(path, sick, async (handle, stat) => {
      if (ledger.live.has(stat.key)) return undefined
      const file = ledger.mint(as, input, await startOf(handle, stat))
      const generation = await Generation.open(file, handle, stat, settings.fingerprintBytes)
      ledger.add(generation)
      await descriptors.used(generation)
      this.#parts.debug({ path, id: file.id, from: file.startOffset }, 'new file')
      return generation
    })
  }

  /** Opens `path` for `work`, and closes it unless a generation took it. Undefined, and told, when it cannot be opened. */
  async #tryOpen<T>(
    path: string,
    sick: Set<string>,
    work: (handle: OpenedFile, stat: FileStat) => Promise<T>,
  ): Promise<T | undefined> {
    const { files, ledger } = this.#parts
    let handle: OpenedFile | undefined
    let stat: FileStat | undefined
    try {
      handle = await files.openToRead(path)
      stat = await handle.stat()
      if (stat.kind !== 'file' || this.#parts.isOwn(stat.key)) return undefined
      return await work(handle, stat)
    } catch (error) {
      if (!isGone(error)) {
        sick.add(path)
        this.#troubles.tell(path, ...explainCode(codeOf(error)))
      }
      return undefined
    } finally {
      const taken = stat !== undefined && ledger.live.get(stat.key)?.handle === handle
      if (handle !== undefined && !taken) await handle.close().catch(() => undefined)
    }
  }

  #tellDoubles(doubles: readonly { path: string; owner: FoundFile }[]): void {
    for (const { path, owner } of doubles) {
      if (!this.#doubles.has(path) || this.#doublesTold.has(path)) continue
      this.#doublesTold.add(path)
      const first = join(dirname(owner.path), basename(owner.path))
      this.#parts.problem(
        path,
        `is the same file as ${first}, which inputs[${owner.input.index}] already reads; it is read once, for that input.`,
        'Exclude it from one of the inputs.',
      )
    }
    this.#doubles = new Set(doubles.map((double) => double.path))
  }
}
