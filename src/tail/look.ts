/**
 * One look at the disk: which files came, grew, were renamed or went, and what that means for the generations. Reads no
 * content but what tells files apart; the only state it changes is the ledger's.
 */
import { dirname } from 'node:path'
import type { Entry, State } from './checkpoints.js'
import { follow, type Generation } from './file.js'
import type { FileStat, OpenedFile } from './files.js'
import { beginningOf } from './identity.js'
import { byAge, type Discovery, endOf, type FoundFile } from './inputs.js'
import { Missing } from './missing.js'
import { type LookParts, Opening, type Sight } from './opening.js'
import { originOf, Siblings, sortByAge } from './rotated.js'
import { Succession } from './succession.js'
import { Troubles } from './troubles.js'

export class Look {
  readonly #parts: LookParts
  readonly #opening: Opening
  readonly #succession: Succession
  readonly #missing: Missing
  /** Paths that were a second name at the last look; told only when they still are, as a rename can look like one. */
  #doubles = new Set<string>()
  readonly #doublesTold = new Set<string>()
  readonly #refused: Troubles

  constructor(parts: LookParts) {
    this.#parts = parts
    this.#opening = new Opening(parts)
    this.#succession = new Succession(parts, this.#opening, (path) => this.#missing.verifyRow(path))
    this.#missing = new Missing(parts, this.#opening, this.#succession)
    this.#refused = new Troubles(parts.refused)
  }

  /** `last` is the state of the last run; given (or null for none) at the first look only. */
  async look(last?: State | null): Promise<void> {
    const { inputs, ledger, isOwn } = this.#parts
    this.#succession.begin()
    const discovery = await inputs.discover(isOwn)
    const found = discovery.files
    const files = [...found.values()].sort(byAge)
    const sight: Sight = { siblings: new Siblings(this.#parts.files, this.#parts.clock), found, sick: new Map() }
    for (const { path, code } of discovery.troubles) this.#opening.tell(path, code, sight.sick)
    this.#tellDoubles(discovery.doubles)
    this.#tellRefused(discovery.refused)

    const arrivals = await this.#noticeKnown(files, sight)
    for (const generation of ledger.live.values()) await this.#opening.learn(generation)
    await this.#missing.notice(sight)
    const fresh = (await this.#resumeKnown(arrivals, sight)).filter(({ stat }) => stat.size > 0)
    const { archives } = this.#parts
    // They may hold the rest of what is missing otherwise.
    const begun: Generation[] = []
    for (const one of fresh) if (archives.mayBe(one)) begun.push(...(await this.#takeArchive(one, last, sight)))
    if (last != null) {
      this.#missing.recall(last)
      this.#succession.recall(last)
    }
    await this.#missing.recover(sight)
    const empty = files.filter(({ stat }) => stat.size === 0)
    await this.#succession.catchUp(empty, sight, last != null)
    for (const one of fresh) {
      if (archives.mayBe(one) || ledger.live.has(one.stat.key)) continue
      begun.push(...(await this.#arrive(one, last, sight)))
    }
    chain(begun)
    archives.keepOnly(found)
    ledger.noticePacked(found)
    this.#succession.keepEmpty(empty)
    await this.#releaseLeft()
    this.#opening.settle(sight.sick)
  }

  /** Whether the next look knows of something that none after a restart could find. */
  get isPending(): boolean {
    return this.#succession.isPending
  }

  /** The file was truncated or written anew. */
  renew(old: Generation): Promise<Generation[]> {
    return this.#missing.renew(old)
  }

  /** Looks at one file that is said to have grown. False when only a whole look can say what happened. */
  async lookAt(path: string): Promise<boolean> {
    const generation = this.#parts.ledger.places.get(path)
    if (generation === undefined) return false
    try {
      const stat = await this.#parts.files.stat(path)
      if (stat.key !== generation.key) return false
      generation.notice(stat)
      await this.#opening.learn(generation)
      return true
    } catch {
      return false
    }
  }

  /** Brings files already tailed up to date; returns the others. */
  async #noticeKnown(files: readonly FoundFile[], sight: Sight): Promise<FoundFile[]> {
    const { ledger } = this.#parts
    const arrivals: FoundFile[] = []
    const doubtful: FoundFile[] = []
    for (const found of files) {
      const known = ledger.live.get(found.stat.key)
      if (known === undefined) {
        arrivals.push(found)
        continue
      }
      known.parked = false
      if (known.head.length === 0 && known.handle === undefined) {
        // Of an empty file that is not held open nothing tells whether its inode was given to another.
        this.#succession.left(known)
        ledger.remember(known)
        arrivals.push(found)
        continue
      }
      if (known.place !== found.path) {
        const isIt = await this.#missing.isAt(known, found, sight)
        if (isIt === undefined) known.parked = true
        if (isIt === false) {
          this.#missing.deleted(known, known.size - known.offset)
          arrivals.push(found)
        }
        if (isIt !== true) continue
        this.#succession.left(known)
        ledger.place(known, found.path)
      }
      if (known.notice(found.stat)) doubtful.push(found)
      known.leavingSince = undefined
    }
    // Before the names of the others say anything: what was renewed has another place in its row.
    for (const found of doubtful) {
      const known = ledger.live.get(found.stat.key)
      if (known !== undefined) await this.#missing.verify(known)
      if (!ledger.live.has(found.stat.key)) arrivals.push(found)
    }
    return arrivals
  }

  /**
   * Closes files that left, are read to their end, and were silent for the grace time; without waiting while more
   * are held open than may be.
   */
  async #releaseLeft(): Promise<void> {
    const { ledger, clock, settings, descriptors } = this.#parts
    const mayGo = ledger.liveWhere(({ leavingSince, packed }) => leavingSince !== undefined || packed !== undefined)
    for (const generation of mayGo) {
      if (generation.behind) continue
      // The clock may have been set back.
      if (generation.leavingSince !== undefined)
        generation.leavingSince = Math.min(generation.leavingSince, clock.now())
      // A compressed file does not grow, whether it has a name or not.
      if (generation.packed !== undefined) await this.#tellDamage(generation)
      else if (generation.leavingSince === undefined) continue
      else if (clock.now() - generation.leavingSince < settings.rotatedGrace && !descriptors.isOver) continue
      generation.sink?.close()
      ledger.remember(generation)
      await descriptors.close(generation)
      this.#succession.forget(generation)
    }
  }

  async #tellDamage(generation: Generation): Promise<void> {
    const { descriptors, problem } = this.#parts
    await descriptors.ensure(generation).catch(() => false)
    if ((await generation.handle?.isWhole?.()) !== false) return
    const what = `is damaged or cut short: ${generation.size} bytes of its content could be unpacked and were read.`
    problem(
      generation.place ?? generation.file.path,
      what,
      'What stood behind them is lost; look whether the disk is sound.',
    )
  }

  /** Goes on with arrivals whose position is remembered; returns those that are new. */
  async #resumeKnown(arrivals: readonly FoundFile[], sight: Sight): Promise<FoundFile[]> {
    const { ledger, copies } = this.#parts
    const { sick } = sight
    const fresh: FoundFile[] = []
    const orphans: Entry[] = []
    for (const found of arrivals) {
      const entry = ledger.remembered.get(found.stat.key)
      if (entry === undefined) {
        fresh.push(found)
        continue
      }
      const { packed } = entry
      const isSame = packed?.size === found.stat.size && packed.mtimeMs === found.stat.mtimeMs
      if (isSame && ledger.isRead(entry)) continue
      const resumed = await this.#opening.attempt(found, sick, async (handle, stat) => {
        // A file does not become a compressed one: that got its inode.
        const isOther = packed === undefined && handle.packed !== undefined
        return isOther ? 'other' : copies.resume(entry, found.path, found.input, handle, stat)
      })
      if (resumed === 'other') {
        ledger.remembered.delete(found.stat.key)
        orphans.push(entry)
        fresh.push(found)
      } else if (resumed !== undefined && entry.path !== found.path) this.#succession.keep(entry.path, resumed)
    }
    for (const entry of orphans) await this.#missing.recoverReplaced(entry, sight)
    return fresh
  }

  /** A compressed file that nothing is known of by its inode. Gives the generation that began, if one did. */
  async #takeArchive(found: FoundFile, last: State | null | undefined, sight: Sight): Promise<Generation[]> {
    const { sick } = sight
    const { archives, copies, ledger, once } = this.#parts
    const { path, input, stat } = found
    if (ledger.live.has(stat.key)) return []
    const verdict = await archives.verdict(found, once || last !== undefined)
    if (verdict?.do === 'tell') this.#opening.tell(path, verdict.code, sick)
    if (verdict === undefined || verdict.do === 'tell' || verdict.do === 'wait') return []
    archives.forget(stat.key)
    if (verdict.do === 'read') {
      await this.#missing.verifyRow(path)
      // What was truncated and filled again may have been noticed only now.
      if (archives.isOutdated(found, verdict)) return this.#takeArchive(found, last, sight)
    }
    if (verdict.do === 'continue') {
      const { entry } = verdict
      const resumed = await this.#opening.attempt(found, sick, async (handle, unpacked) =>
        ledger.isRemembered(entry.id) ? copies.resume(entry, path, input, handle, unpacked) : 'other',
      )
      if (resumed === undefined || resumed === 'other') return []
      this.#succession.keep(entry.path, resumed)
      return [resumed]
    }
    const fromStart = input.startAt === 'beginning' || this.#appearedSince(found, last)
    if (verdict.do === 'pass over' || !this.#isWanted(stat, fromStart)) {
      ledger.passOver(path, stat)
      return []
    }
    const begun = await this.#opening.begin(found, path, input.index, sick, () => Promise.resolve(0))
    if (begun === undefined) return []
    ledger.place(begun, path)
    return [begun]
  }

  /** A file that nothing is known of. Gives the generation that began, if one did. */
  async #arrive(found: FoundFile, last: State | null | undefined, sight: Sight): Promise<Generation[]> {
    const { ledger, copies, settings } = this.#parts
    const { sick } = sight
    const seen = await this.#opening.attempt(found, sick, async (handle, stat) => ({
      head: await beginningOf(handle, Math.min(settings.fingerprintBytes, stat.size)),
      shadow: await copies.shadow(found.path, handle, stat, this.#succession),
    }))
    if (seen === undefined || seen.shadow === 'wait') return []
    const { head, shadow } = seen
    const former = await this.#succession.of(found.path, sight)
    if (former === 'unsure') return []
    const start = shadow === 'new' ? 'default' : shadow
    const fromStart = former !== undefined || this.#appearedSince(found, last)
    const isWanted = this.#isWanted(found.stat, fromStart || found.input.startAt === 'beginning')
    const startOf = async (handle: OpenedFile, { size }: FileStat) => {
      if (start !== 'default') return Math.min(start.from, size)
      return isWanted ? 0 : endOf(handle, size)
    }
    const generation = await this.#opening.begin(found, found.path, found.input.index, sick, startOf, head)
    if (generation === undefined) return []
    this.#succession.settle(found.path)
    ledger.place(generation, found.path)
    follow(generation, former?.generation)
    return [generation]
  }

  /** Whether the file was not there when its glob was first followed. */
  #appearedSince(found: FoundFile, last: State | null | undefined): boolean {
    if (this.#parts.once || last === undefined) return true
    return last !== null && (last.globs?.includes(found.glob.pattern) ?? true)
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

/** Lets the files of each rotated row that began together be read one after the other, the oldest first. */
function chain(begun: readonly Generation[]): void {
  const rows = new Map<string, Generation[]>()
  for (const generation of begun) {
    const origin = originOf(generation.place ?? generation.file.path)
    const row = rows.get(origin)
    if (row === undefined) rows.set(origin, [generation])
    else row.push(generation)
  }
  for (const row of rows.values()) {
    const aged = sortByAge(
      row.map((generation) => {
        const { place, file, mtimeMs } = generation
        return { generation, path: place ?? file.path, stat: { mtimeMs } }
      }),
    )
    // The youngest first: what each is to follow follows nothing yet, so that a row of thousands takes no time.
    for (let i = aged.length - 1; i > 0; i--) {
      const generation = aged[i]?.generation
      if (generation !== undefined && generation.after === undefined) follow(generation, aged[i - 1]?.generation)
    }
  }
}
