/**
 * Opening files for a look: closes what nobody took, tells once what cannot be opened, and begins new generations.
 * Also the things that all parts of a look share.
 */
import type { Clock } from '../core/clock.js'
import type { Archives } from './archives.js'
import type { Copies } from './copies.js'
import type { Descriptors } from './descriptors.js'
import { Generation, type TailedFile } from './file.js'
import { codeOf, type FileLayer, type FileStat, isGone, type OpenedFile } from './files.js'
import { bears, type Print } from './identity.js'
import type { Inputs } from './inputs.js'
import type { Ledger } from './ledger.js'
import type { Siblings } from './rotated.js'
import type { TailSettings } from './settings.js'
import { explainCode, Troubles } from './troubles.js'

export interface LookParts {
  readonly inputs: Inputs
  readonly files: FileLayer
  readonly ledger: Ledger
  readonly descriptors: Descriptors
  readonly copies: Copies
  readonly archives: Archives
  readonly settings: TailSettings
  readonly clock: Clock
  /** Read every file that has no position from its beginning. */
  readonly once: boolean
  readonly isOwn: (key: string) => boolean
  readonly lost: (file: TailedFile, bytes: number, reason: string) => void
  readonly problem: (path: string, what: string, mend: string) => void
  readonly refused: (path: string, what: string, mend: string) => void
  readonly debug: (facts: object, text: string) => void
}

/** Instead of a system error's code: another file, or none, has the name that a file was found by. */
const MOVED = 'moved'

/** A file that was found by its name; what it is, `stat` says. */
export interface Located {
  readonly path: string
  readonly stat: FileStat
}

/** What one look has seen so far. */
export interface Sight {
  readonly siblings: Siblings
  /** By `device:inode`: every file that the globs match now. */
  readonly found: ReadonlyMap<string, Located>
  /** Paths that could not be read, and the code of why. */
  readonly sick: Map<string, string>
}

export class Opening {
  readonly #parts: LookParts
  readonly #troubles: Troubles

  constructor(parts: LookParts) {
    this.#parts = parts
    this.#troubles = new Troubles(parts.problem)
  }

  /** Notes that a path cannot be looked at. */
  tell(path: string, code: string, sick: Map<string, string>): void {
    sick.set(path, code)
    this.#troubles.tell(path, ...explainCode(code))
  }

  /** The look is over: paths that are not sick are well, and told anew should they fall ill. */
  settle(sick: ReadonlyMap<string, string>): void {
    this.#troubles.keepOnly(new Set(sick.keys()))
  }

  /** Learns the beginning of a file that was empty so far. */
  async learn(generation: Generation): Promise<void> {
    if (generation.head.length > 0 || generation.size === 0) return
    if (!(await this.#parts.descriptors.ensure(generation).catch(() => false))) return
    const gone = await generation.learn(this.#parts.settings.fingerprintBytes)
    if (gone > 0) this.#parts.lost(generation.file, gone, 'truncated before it was read')
  }

  /**
   * Opens a file as a new generation, under the path `as`. Not when it no longer begins like `head`: it was truncated while
   * others were looked at.
   */
  async begin(
    found: Located,
    as: string,
    input: number,
    sick: Map<string, string>,
    startOf: (handle: OpenedFile, stat: FileStat) => Promise<number>,
    head?: Print,
  ): Promise<Generation | undefined> {
    const { path } = found
    const { ledger, settings, descriptors } = this.#parts
    return this.attempt(found, sick, async (handle, stat) => {
      if (ledger.live.has(stat.key)) return undefined
      const file = ledger.mint(as, input, await startOf(handle, stat))
      const generation = await Generation.open(file, handle, stat, settings.fingerprintBytes)
      if (head !== undefined && !(await bears(handle, head))) return undefined
      ledger.add(generation)
      await descriptors.used(generation)
      this.#parts.debug({ path, id: file.id, from: file.startOffset }, 'new file')
      return generation
    })
  }

  /**
   * Opens what was found for `work`, and closes it unless a generation took it. Undefined when it cannot be opened, which is
   * told, and when another file has the name by now: a program rotates while we look.
   */
  async attempt<T>(
    { path, stat: { key } }: Located,
    sick: Map<string, string>,
    work: (handle: OpenedFile, stat: FileStat) => Promise<T>,
  ): Promise<T | undefined> {
    const { descriptors, ledger } = this.#parts
    let handle: OpenedFile | undefined
    let stat: FileStat | undefined
    try {
      handle = await descriptors.open(path)
      stat = await handle.stat()
      if (stat.key !== key) sick.set(path, MOVED)
      if (stat.key !== key || stat.kind !== 'file' || this.#parts.isOwn(key)) return undefined
      // Of thousands of files one string each is kept.
      return await work(handle, { ...stat, key })
    } catch (error) {
      if (isGone(error)) sick.set(path, MOVED)
      else this.tell(path, codeOf(error), sick)
      return undefined
    } finally {
      const taken = stat !== undefined && ledger.live.get(stat.key)?.handle === handle
      if (handle !== undefined && !taken) await handle.close().catch(() => undefined)
    }
  }
}
