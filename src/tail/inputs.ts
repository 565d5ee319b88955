/** What the inputs want to be tailed: their globs over the disk as it is now, each file once, for the first input that matches. */
import { codeOf, eachOf, type FileLayer, type FileStat, isGone, type OpenedFile } from './files.js'
import { compileExcludes, compileGlob, type Glob, rootOf, walk } from './glob.js'
import { Roots } from './roots.js'

export interface TailInput {
  /** The input's place in the config. */
  readonly index: number
  /** Absolute globs. */
  readonly paths: readonly string[]
  /** Globs; one without a slash is held against the name alone. They win over `paths`. */
  readonly exclude: readonly string[]
  readonly startAt: 'beginning' | 'end'
  /** Directories that symbolic links may lead to, besides the fixed parts of `paths`; absolute. */
  readonly allowedRoots: readonly string[]
}

export interface FoundFile {
  /** As the glob matched it, never resolved. */
  readonly path: string
  readonly input: TailInput
  /** The glob that matched. */
  readonly glob: Glob
  readonly stat: FileStat
}

export interface Discovery {
  /** Each file once, by `device:inode`; valid until the next discovery. */
  readonly files: ReadonlyMap<string, FoundFile>
  /** Other names of the same files, of another input than the one that has them. */
  readonly doubles: readonly { readonly path: string; readonly owner: FoundFile }[]
  /** What could not be looked at: path and system error code. */
  readonly troubles: readonly { readonly path: string; readonly code: string }[]
  /** Links that lead out of the roots of their input, and the real paths they lead to. */
  readonly refused: readonly { readonly path: string; readonly target: string; readonly input: TailInput }[]
}

/** What is kept of a file from one discovery to the next: of thousands few change. */
interface Match extends FoundFile {
  /** The discovery that met it last. */
  discovery: number
  /** The last discovery that gave it, and not another name of the same file. */
  given: number
  /** Whether it was within the roots: no need to follow it again while it is the same file. */
  isWithin: boolean
}

/** A discovery in the making. */
interface Underway {
  readonly number: number
  readonly isOwn: (key: string) => boolean
  readonly doubles: Discovery['doubles'][number][]
  readonly troubles: Map<string, string>
  readonly refused: Map<string, Discovery['refused'][number]>
}

interface Compiled {
  readonly input: TailInput
  readonly globs: readonly Glob[]
  readonly excludes: (path: string) => boolean
  /** Where its files may really be. */
  readonly roots: readonly string[]
  /** What its globs matched at the last discovery, by path. */
  readonly matches: Map<string, Match>
}

export class Inputs {
  readonly #inputs: readonly Compiled[]
  readonly #files: FileLayer
  /** The roots of all inputs, as they were at the last discovery. */
  #roots = Roots.union([])
  /** What the last discovery gave. */
  readonly #given = new Map<string, Match>()
  #discoveries = 0

  constructor(inputs: readonly TailInput[], files: FileLayer) {
    this.#files = files
    this.#inputs = inputs.map((input) => {
      const globs = input.paths.map(compileGlob)
      const roots = [...globs.map(rootOf), ...input.allowedRoots]
      return { input, globs, excludes: compileExcludes(input.exclude), roots, matches: new Map() }
    })
  }

  /** Where any file may really be; empty before the first discovery. */
  get roots(): Roots {
    return this.#roots
  }

  get globs(): readonly Glob[] {
    return this.#inputs.flatMap((one) => one.globs)
  }

  /** The input that a file of this name belongs to, present or not. */
  of(path: string): TailInput | undefined {
    return this.#inputs.find((one) => !one.excludes(path) && one.globs.some((glob) => glob.matches(path)))?.input
  }

  /** What the globs match now, without the files that `isOwn` names by their `device:inode`. */
  async discover(isOwn: (key: string) => boolean): Promise<Discovery> {
    const under: Underway = { number: ++this.#discoveries, isOwn, doubles: [], troubles: new Map(), refused: new Map() }
    const roots: Roots[] = []
    for (const compiled of this.#inputs) {
      const within = await Roots.resolve(compiled.roots, this.#files)
      roots.push(within)
      for (const glob of compiled.globs) await this.#match(compiled, glob, within, under)
      for (const [path, { discovery }] of compiled.matches) {
        if (discovery !== under.number) compiled.matches.delete(path)
      }
    }
    for (const [key, { given }] of this.#given) if (given !== under.number) this.#given.delete(key)
    this.#roots = Roots.union(roots)
    const isElsewhere = (path: string) => this.#inputs.some(({ matches }) => matches.get(path)?.isWithin === true)
    return {
      files: this.#given,
      doubles: under.doubles.sort(byPath),
      troubles: [...under.troubles].map(([path, code]) => ({ path, code })),
      // What another input may follow is read there.
      refused: [...under.refused.values()].filter(({ path }) => !isElsewhere(path)).sort(byPath),
    }
  }

  async #match({ input, excludes, matches }: Compiled, glob: Glob, within: Roots, under: Underway): Promise<void> {
    const discovery = under.number
    const trouble = (path: string, code: string) => {
      if (!excludes(path)) under.troubles.set(path, code)
    }
    const unknown: Match[] = []
    const paths = await walk(glob, this.#files, trouble, (path) => matches.get(path)?.path)
    await eachOf(paths, 32, async (path) => {
      const last = matches.get(path)
      if (last?.discovery === discovery || excludes(path)) return
      try {
        const stat = await this.#files.stat(path)
        if (stat.kind !== 'file') return
        const match = matchOf(path, stat, last, { input, glob, discovery })
        if (match !== last) matches.set(path, match)
        if (match.isWithin) this.#give(match, under)
        else unknown.push(match)
      } catch (error) {
        if (!isGone(error)) trouble(path, codeOf(error))
      }
    })
    await eachOf(unknown, 32, async (match) => {
      const { path } = match
      const target = await this.#files.realPath(path).catch(() => undefined)
      // What cannot be said now is not read now.
      if (target === undefined) return
      match.isWithin = within.allows(target)
      if (match.isWithin) this.#give(match, under)
      else under.refused.set(path, { path, target, input })
    })
  }

  /** Gives a match to the look unless another name of the same file is given. */
  #give(match: Match, { number, isOwn, doubles }: Underway): void {
    const { path, input, glob, stat } = match
    if (isOwn(stat.key)) return
    const owner = this.#given.get(stat.key)
    // Of several names that a glob matches the first by the alphabet has it.
    if (owner?.given !== number || (owner.glob === glob && path < owner.path)) {
      match.given = number
      this.#given.set(stat.key, match)
    } else if (owner.input !== input) doubles.push({ path, owner })
  }
}

/** What was found at a path: the `last` of it, the same object, when nothing changed. */
function matchOf(
  path: string,
  stat: FileStat,
  last: Match | undefined,
  { input, glob, discovery }: Pick<Match, 'input' | 'glob' | 'discovery'>,
): Match {
  if (last !== undefined && isSameStat(last.stat, stat)) {
    last.discovery = discovery
    return last
  }
  const isWithin = last?.isWithin === true && last.stat.key === stat.key
  return { path, stat, input, glob, discovery, given: 0, isWithin }
}

function isSameStat(one: FileStat, other: FileStat): boolean {
  return (
    one.key === other.key &&
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.links === other.links &&
    one.kind === other.kind
  )
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1
}

/** The least recently written first; of the same age the longer name first: app.log.1 was written before app.log. */
export function byAge(a: FoundFile, b: FoundFile): number {
  return a.stat.mtimeMs - b.stat.mtimeMs || b.path.length - a.path.length || (a.path < b.path ? -1 : 1)
}

/** Where to begin when the present content is not wanted: after its last line end, so that a line in the making comes whole. */
export async function endOf(file: OpenedFile, size: number): Promise<number> {
  const window = Math.min(size, 64 * 1024)
  const buffer = Buffer.allocUnsafe(window)
  const got = await file.read(buffer, 0, window, size - window)
  const lineEnd = buffer.subarray(0, got).lastIndexOf(0x0a)
  return lineEnd < 0 ? size : size - window + lineEnd + 1
}
