/**
 * Who had a name before whom, so that the order of lines survives rotation, and what came and went between two looks.
 * Only files whose names say that they were rotated from a tailed one, and that were written after it, are taken.
 */
import { dirname } from 'node:path'
import type { Entry, State } from './checkpoints.js'
import type { Formerly } from './copies.js'
import { follow, type Generation } from './file.js'
import type { FileStat, OpenedFile } from './files.js'
import type { FoundFile, TailInput } from './inputs.js'
import type { LookParts, Opening, Sight } from './opening.js'
import { newerThan, originOf, type Sibling } from './rotated.js'

/** Who had a name before: for the order of lines, and to tell what was written since. */
export interface Former {
  readonly key: string
  readonly mtimeMs: number
  readonly generation: Generation | undefined
  /** What is remembered when there is no generation. */
  readonly entry?: Entry
}

/** An empty file. */
interface Empty {
  readonly path: string
  readonly mtimeMs: number
}

interface Index {
  readonly byPath: Map<string, Entry[]>
  readonly byOrigin: Map<string, Entry[]>
}

export class Succession implements Formerly {
  readonly #parts: LookParts
  readonly #opening: Opening
  /** See `Missing`. */
  readonly #verifyRow: (path: string) => Promise<boolean>
  /** By path: the last generation that had this name and lost it. */
  readonly #former = new Map<string, Former>()
  /** By `device:inode`: files that were empty when last seen, which may be rotated away once filled. */
  #empty = new Map<string, Empty>()
  /** By path: what was truncated or replaced there, and behind which nobody has looked yet; and the id of what came last. */
  readonly #renewed = new Map<string, { readonly former: Former; readonly id: string }>()
  /** Those of them that may have been filled, and could not be looked at. */
  readonly #emptyStill = new Map<string, Empty>()
  /** By path: since when it is not sure who had it. */
  readonly #unsureSince = new Map<string, number>()
  /** The remembered entries by path, and by the path that theirs was rotated from; made when one look first needs it. */
  #remembered: Index | undefined

  constructor(parts: LookParts, opening: Opening, verifyRow: (path: string) => Promise<boolean>) {
    this.#parts = parts
    this.#opening = opening
    this.#verifyRow = verifyRow
  }

  /** A new look begins. */
  begin(): void {
    this.#remembered = undefined
  }

  /** `generation` had the name `path`, and has lost it. */
  keep(path: string, generation: Generation): void {
    this.#former.set(path, formerlyLive(generation))
  }

  /** Notes who had the name that `generation` is about to lose. */
  left(generation: Generation): void {
    if (generation.place !== undefined) this.keep(generation.place, generation)
  }

  /** What is remembered of a path is neither there nor in a copy. Counts for the present look only. */
  keepEntry(entry: Entry): void {
    this.#former.set(entry.path, formerly(entry))
  }

  /** What `generation` was is not at `path` any more, and `next` has the name already. */
  renewed(path: string, generation: Generation, next: Generation): void {
    // What came between is still looked for behind the first of several.
    const former = this.#renewed.get(path)?.former ?? formerlyLive(generation)
    next.former = { key: former.key, mtimeMs: former.mtimeMs }
    this.#renewed.set(path, { former, id: next.file.id })
  }

  /** Goes on looking for what the last run had no time to look for. */
  recall({ files }: State): void {
    for (const { path, id, former } of files) {
      if (former === undefined) continue
      const entry = files.find(({ key }) => key === former.key)
      this.#renewed.set(path, { former: { ...former, generation: undefined, ...(entry && { entry }) }, id })
    }
  }

  /** Whether something may have come between a truncated file and the one after it that no look has looked for yet. */
  get isPending(): boolean {
    return this.#renewed.size > 0
  }

  /** It was written to since. */
  refresh(path: string, generation: Generation): void {
    if (this.#former.get(path)?.generation === generation) this.keep(path, generation)
  }

  /** The name has a new owner. */
  settle(path: string): void {
    this.#former.delete(path)
  }

  forget(generation: Generation): void {
    for (const [path, former] of this.#former) if (former.generation === generation) this.#former.delete(path)
  }

  live(path: string): Generation | undefined {
    return this.#former.get(path)?.generation
  }

  /** Files that are empty now. */
  keepEmpty(files: readonly FoundFile[]): void {
    this.#empty = new Map(this.#emptyStill)
    for (const { path, stat } of files) this.#empty.set(stat.key, { path, mtimeMs: stat.mtimeMs })
  }

  addEmpty({ key, path, mtimeMs }: Empty & { readonly key: string }): void {
    this.#empty.set(key, { path, mtimeMs })
  }

  /**
   * Finds what came between for every name that nobody has now, or a file that is `empty` so far. `all` looks also behind
   * names that are long gone.
   */
  async catchUp(empty: readonly FoundFile[], sight: Sight, all: boolean): Promise<void> {
    const { ledger } = this.#parts
    const { places, remembered } = ledger
    await this.#noticeFilled(sight)
    for (const [path, former] of this.#former) {
      // Someone known has the name: nobody came between.
      if (places.has(path)) this.#former.delete(path)
      else {
        const last = await this.#between(path, former, sight)
        if (last !== 'unsure' && last.generation === undefined) this.#former.delete(path)
      }
    }
    const renewed = [...this.#renewed]
    // Others may be renewed meanwhile.
    this.#renewed.clear()
    for (const [path, one] of renewed) {
      const last = await this.#between(path, one.former, sight)
      if (last === 'unsure') {
        const { id } = this.#renewed.get(path) ?? one
        this.#renewed.set(path, { former: one.former, id })
        continue
      }
      ledger.settle(one.id)
      const now = places.get(path)
      if (now !== undefined && last !== one.former) follow(now, last.generation)
    }
    const arrived = empty.filter((found) => !this.#wasEmpty(found)).map(({ path }) => path)
    const behind = all ? [...remembered.values()].map((entry) => entry.path) : []
    for (const path of new Set([...arrived, ...behind, ...this.#unsureSince.keys()])) {
      if (places.has(path)) this.#unsureSince.delete(path)
      else await this.of(path, sight)
    }
  }

  /** Whether it is the same empty file still, and not another that got its inode. */
  #wasEmpty({ path, stat }: FoundFile): boolean {
    const one = this.#empty.get(stat.key)
    return one?.path === path && one.mtimeMs === stat.mtimeMs
  }

  /** Who had the name before, also when it is long closed. `unsure` while one may be in what cannot be read. */
  async of(path: string, sight: Sight): Promise<Former | 'unsure' | undefined> {
    const near = this.#former.get(path)
    const last = this.remembered(path).at(-1)
    const former = near ?? (last === undefined ? undefined : formerly(last))
    return former === undefined ? undefined : this.#between(path, former, sight)
  }

  /**
   * Files that came under the name `path` and were rotated away between two looks: its rotated siblings, unknown and
   * written after its former owner. They are read one after the other; the last of them is the former owner now.
   */
  async #between(path: string, former: Former, sight: Sight): Promise<Former | 'unsure'> {
    const { ledger, inputs, isOwn } = this.#parts
    const input = inputs.of(path)
    const rotated = await sight.siblings.rotated(path)
    const owner = { path: await this.#nameOf(former, rotated, sight), stat: { mtimeMs: former.mtimeMs } }
    // Where the name itself cannot be looked at, its owner may be there.
    let isSure = [path, dirname(path)].every((one) => !mayPass(sight.sick.get(one))) && sight.siblings.isSure(path)
    if (!isSure && this.#mayWait(path)) return 'unsure'
    let last = former
    for (const one of newerThan(rotated, owner)) {
      const { key, size } = one.stat
      if (input === undefined || size === 0) continue
      const foundAs = sight.found.get(key)?.path
      if (foundAs === one.path || ledger.live.has(key) || isOwn(key)) continue
      // What had another name when the look began is for the next one to begin.
      const hasMoved = foundAs !== undefined
      const generation = hasMoved ? undefined : await this.#take(one, path, input, last.generation, sight)
      if (generation !== undefined) {
        last = formerlyLive(generation)
        this.#unsureSince.delete(path)
      } else if (hasMoved || mayPass(sight.sick.get(one.path))) {
        isSure = false
        // What is newer would hide it.
        if (this.#mayWait(path)) return 'unsure'
      }
    }
    if (isSure) this.#unsureSince.delete(path)
    return last
  }

  /** The name that a former owner has in its row. Its inode may be another file's by now. */
  async #nameOf(former: Former, rotated: readonly Sibling[], { sick }: Sight): Promise<string | undefined> {
    const { ledger, copies } = this.#parts
    const { key, generation, entry } = former
    const found = rotated.find(({ stat }) => stat.key === key)
    if (found === undefined || (generation !== undefined && ledger.live.get(key) === generation)) return found?.path
    const isIt = await this.#opening.attempt(found, sick, async (handle, stat) =>
      generation !== undefined
        ? copies.isCopy(generation, handle, stat)
        : entry !== undefined && (await copies.originalIn([entry], handle, stat)) !== undefined,
    )
    return isIt === true ? found.path : undefined
  }

  /** Begins or goes on with a rotated file that nothing is known of by its inode, if there is something unread in it. */
  async #take(
    one: Sibling,
    path: string,
    input: TailInput,
    after: Generation | undefined,
    { sick }: Sight,
  ): Promise<Generation | undefined> {
    const { copies, clock, ledger } = this.#parts
    // What is no longer what was seen of it may be what this is a copy of.
    if (!(await this.#verifyRow(path)) && this.#mayWait(path)) sick.set(one.path, UNSURE)
    if (sick.has(one.path) || ledger.live.has(one.stat.key)) return undefined
    const unread = await this.#opening.attempt(one, sick, (handle, stat) =>
      this.#unreadOf(path, one.stat.key, handle, stat),
    )
    if (unread === undefined) return undefined
    const generation =
      unread === 'all'
        ? await this.#opening.begin(one, path, input.index, sick, () => Promise.resolve(0))
        : await this.#opening.attempt(one, sick, (handle, stat) =>
            copies.resume(unread, undefined, input, handle, stat),
          )
    if (generation === undefined || generation === 'other') return undefined
    generation.leavingSince ??= clock.now()
    follow(generation, after)
    this.keep(path, generation)
    return generation
  }

  /** What is unread of a rotated file: all of it, what a remembered file has not, or nothing. */
  async #unreadOf(path: string, key: string, handle: OpenedFile, stat: FileStat): Promise<'all' | Entry | undefined> {
    const { ledger, copies } = this.#parts
    for (const live of [...ledger.live.values()]) {
      if (originOf(live.lastPlace) === path && (await copies.isCopy(live, handle, stat))) return undefined
    }
    // Its inode may be remembered of a file that is gone: only its bytes say whether it was read before.
    const own = ledger.remembered.get(key)
    const entry = await copies.originalIn(own === undefined ? this.row(path) : [...this.row(path), own], handle, stat)
    if (entry === undefined) return 'all'
    return ledger.resumeFrom(entry) < stat.size ? entry : undefined
  }

  /** Whether to wait still for what may be in a file that cannot be read, before the next in the row begins. */
  #mayWait(path: string): boolean {
    const now = this.#parts.clock.now()
    const since = this.#unsureSince.get(path) ?? now
    this.#unsureSince.set(path, since)
    return now - since < WAIT_MS
  }

  /** Files that were empty when they were last seen, and were filled and rotated away since. */
  async #noticeFilled(sight: Sight): Promise<void> {
    const { ledger, inputs } = this.#parts
    this.#emptyStill.clear()
    for (const [key, one] of this.#empty) {
      const { path } = one
      const input = inputs.of(path)
      if (sight.found.has(key) || ledger.live.has(key) || input === undefined) continue
      const now = (await sight.siblings.rotated(path)).find((one) => one.stat.key === key && one.stat.size > 0)
      if (now === undefined && !sight.siblings.isSure(path)) this.#emptyStill.set(key, one)
      if (now === undefined && ledger.places.has(path)) continue
      // Others may have come before it; and it may have been compressed since.
      const former = await this.of(path, sight)
      if (former === 'unsure') this.#emptyStill.set(key, one)
      if (now === undefined || former === 'unsure' || ledger.live.has(key)) continue
      await this.#take(now, path, input, former?.generation, sight)
      if (mayPass(sight.sick.get(now.path))) this.#emptyStill.set(key, one)
    }
  }

  /** Positions of files that are gone and had this path, the oldest first. */
  remembered(path: string): readonly Entry[] {
    return this.#index().byPath.get(path) ?? []
  }

  row(origin: string): readonly Entry[] {
    const { remembered } = this.#parts.ledger
    return (this.#index().byOrigin.get(origin) ?? []).flatMap(({ id, key }) => {
      const known = remembered.get(key)
      if (known?.id === id) return [known]
      // Its inode may be another's since this look began; or it is read again.
      const aside = [...remembered.values()].find((entry) => entry.id === id)
      return aside === undefined ? [] : [aside]
    })
  }

  #index(): Index {
    if (this.#remembered === undefined) {
      this.#remembered = { byPath: new Map(), byOrigin: new Map() }
      const entries = [...this.#parts.ledger.remembered.values()].sort((a, b) => a.mtimeMs - b.mtimeMs)
      for (const entry of entries) {
        push(this.#remembered.byPath, entry.path, entry)
        push(this.#remembered.byOrigin, originOf(entry.path), entry)
      }
    }
    return this.#remembered
  }
}

/** How long the next of a row waits for one that may have been before it. */
const WAIT_MS = 10_000

/** Instead of a system error's code: what the file may be a copy of could not be looked at. */
const UNSURE = 'unsure'

/** Whether what keeps a file from being read may pass by itself. */
function mayPass(code: string | undefined): boolean {
  return code !== undefined && code !== 'EACCES' && code !== 'EPERM'
}

function push(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const others = map.get(key)
  if (others === undefined) map.set(key, [entry])
  else others.push(entry)
}

function formerlyLive(generation: Generation): Former {
  return { key: generation.key, mtimeMs: generation.sureMtimeMs, generation }
}

function formerly(entry: Entry): Former {
  return { key: entry.key, mtimeMs: entry.mtimeMs, generation: undefined, entry }
}
