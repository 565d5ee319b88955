/**
 * Who had a name before whom, so that the order of lines survives rotation, and what came and went between two looks.
 * Only files whose names say that they were rotated from a tailed one, and that were written after it, are taken.
 */
import type { Entry } from './checkpoints.js'
import type { Formerly } from './copies.js'
import { follow, type Generation } from './file.js'
import type { LookParts, Opening, Sight } from './opening.js'
import { isNewer } from './rotated.js'

/** Who had a name before: for the order of lines, and to tell what was written since. */
export interface Former {
  readonly key: string
  mtimeMs: number
  readonly generation: Generation | undefined
  /** What is remembered when there is no generation. */
  readonly entry?: Entry
}

export class Succession implements Formerly {
  readonly #parts: LookParts
  readonly #opening: Opening
  /** By path: the last generation that had this name and lost it. */
  readonly #former = new Map<string, Former>()
  /** By `device:inode`: the paths of files that were empty when last seen, which may be rotated away once filled. */
  #empty = new Map<string, string>()
  /** The remembered entries by path; made when one look first needs it. */
  #byPath: Map<string, Entry[]> | undefined

  constructor(parts: LookParts, opening: Opening) {
    this.#parts = parts
    this.#opening = opening
  }

  /** A new look begins. */
  begin(): void {
    this.#byPath = undefined
  }

  /** `generation` had the name `path`, and has lost it. */
  keep(path: string, generation: Generation): void {
    this.#former.set(path, { key: generation.key, mtimeMs: generation.mtimeMs, generation })
  }

  /** Notes who had the name that `generation` is about to lose. */
  left(generation: Generation): void {
    if (generation.place !== undefined) this.keep(generation.place, generation)
  }

  /** What is remembered of a path is neither there nor in a copy. Counts for the present look only. */
  keepEntry(entry: Entry): void {
    this.#former.set(entry.path, formerly(entry))
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
  keepEmpty(files: Iterable<readonly [key: string, path: string]>): void {
    this.#empty = new Map(files)
  }

  addEmpty(key: string, path: string): void {
    this.#empty.set(key, path)
  }

  /** Finds what came between for every name that nobody has now. `all` looks also behind names that are long gone. */
  async catchUp(sight: Sight, all: boolean): Promise<void> {
    const { places, remembered } = this.#parts.ledger
    await this.#noticeFilled(sight)
    for (const [path, former] of this.#former) {
      // Someone known has the name: nobody came between.
      if (places.has(path)) this.#former.delete(path)
      else if ((await this.#between(path, former, sight)).generation === undefined) this.#former.delete(path)
    }
    if (!all) return
    for (const path of new Set([...remembered.values()].map((entry) => entry.path))) {
      if (!places.has(path)) await this.of(path, sight)
    }
  }

  /** Who had the name before, also when it is long closed. */
  async of(path: string, sight: Sight): Promise<Former | undefined> {
    const near = this.#former.get(path)
    if (near !== undefined) return near
    const last = this.remembered(path).at(-1)
    if (last === undefined) return undefined
    return this.#between(path, formerly(last), sight)
  }

  /**
   * Files that came under the name `path` and were rotated away between two looks: its rotated siblings, unknown and
   * written after its former owner. They are read one after the other; the last of them is the former owner now.
   */
  async #between(path: string, former: Former, sight: Sight): Promise<Former> {
    const { ledger, inputs, copies, isOwn } = this.#parts
    const input = inputs.of(path)
    const rotated = await sight.siblings.rotated(path)
    const owner = { path: rotated.find((one) => one.stat.key === former.key)?.path, mtimeMs: former.mtimeMs }
    let last = former
    for (const one of rotated) {
      const { key, size } = one.stat
      if (input === undefined || size === 0 || !isNewer({ path: one.path, mtimeMs: one.stat.mtimeMs }, owner)) continue
      if (sight.keys.has(key) || ledger.live.has(key) || isOwn(key)) continue
      // Its inode may be remembered of a file that is gone: only its bytes say whether it was read before.
      const known = [last.generation ?? last.entry, ledger.remembered.get(key)].filter((of) => of !== undefined)
      const isCopy = await this.#opening.attempt(one.path, sight.sick, async (handle, stat) => {
        for (const of of known) if (await copies.isCopy(of, handle, stat)) return true
        return false
      })
      if (isCopy !== false) continue
      const generation = await this.#beginLeft(one.path, path, input.index, last.generation, sight)
      if (generation !== undefined) last = { key, mtimeMs: generation.mtimeMs, generation }
    }
    return last
  }

  /** Files that were empty when they were last seen, and were filled and rotated away since. */
  async #noticeFilled(sight: Sight): Promise<void> {
    const { ledger, inputs, copies } = this.#parts
    for (const [key, path] of this.#empty) {
      const input = inputs.of(path)
      if (sight.keys.has(key) || ledger.live.has(key) || input === undefined) continue
      const now = (await sight.siblings.rotated(path)).find((one) => one.stat.key === key && one.stat.size > 0)
      if (now === undefined) continue
      const shadow = await this.#opening.attempt(now.path, sight.sick, (handle, stat) =>
        copies.shadow(now.path, handle, stat, this),
      )
      if (shadow === 'new') await this.#beginLeft(now.path, path, input.index, this.live(path), sight)
    }
  }

  /** Begins a file at its start that already lost the name it is asked for by. */
  async #beginLeft(
    path: string,
    as: string,
    input: number,
    after: Generation | undefined,
    sight: Sight,
  ): Promise<Generation | undefined> {
    const generation = await this.#opening.begin(path, as, input, sight.sick, () => Promise.resolve(0))
    if (generation === undefined) return undefined
    generation.leavingSince = this.#parts.clock.now()
    follow(generation, after)
    this.keep(as, generation)
    return generation
  }

  /** Positions of files that are gone and had this path, the oldest first. */
  remembered(path: string): readonly Entry[] {
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
}

function formerly(entry: Entry): Former {
  return { key: entry.key, mtimeMs: entry.mtimeMs, generation: undefined, entry }
}
