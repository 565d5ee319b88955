/** What the inputs want to be tailed: their globs over the disk as it is now, each file once, for the first input that matches. */
import { eachOf, type FileLayer, type FileStat, type OpenedFile } from './files.js'
import { compileExcludes, compileGlob, type FoundPath, type Glob, rootOf, walk } from './glob.js'
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
  /** Each file once, the least recently written first. */
  readonly files: readonly FoundFile[]
  /** Other names of the same files, of another input than the one that has them. */
  readonly doubles: readonly { readonly path: string; readonly owner: FoundFile }[]
  /** What could not be looked at: path and system error code. */
  readonly troubles: readonly { readonly path: string; readonly code: string }[]
  /** Links that lead out of the roots of their input, and the real paths they lead to. */
  readonly refused: readonly { readonly path: string; readonly target: string; readonly input: TailInput }[]
}

interface Compiled {
  readonly input: TailInput
  readonly globs: readonly Glob[]
  readonly excludes: (path: string) => boolean
  /** Where its files may really be. */
  readonly roots: readonly string[]
  /** The `device:inode` of the paths that were within the roots at the last discovery: no need to follow them again. */
  allowed: ReadonlyMap<string, string>
  /** What each glob matched at the last discovery, by path. */
  readonly found: Map<Glob, ReadonlyMap<string, FoundPath>>
}

export class Inputs {
  readonly #inputs: readonly Compiled[]
  readonly #files: FileLayer
  /** The roots of all inputs, as they were at the last discovery. */
  #roots = Roots.union([])

  constructor(inputs: readonly TailInput[], files: FileLayer) {
    this.#files = files
    this.#inputs = inputs.map((input) => {
      const globs = input.paths.map(compileGlob)
      const roots = [...globs.map(rootOf), ...input.allowedRoots]
      return { input, globs, excludes: compileExcludes(input.exclude), roots, allowed: new Map(), found: new Map() }
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

  async discover(): Promise<Discovery> {
    const byKey = new Map<string, FoundFile>()
    const doubles: { path: string; owner: FoundFile }[] = []
    const troubles = new Map<string, string>()
    const refused = new Map<string, Discovery['refused'][number]>()
    const allRoots: Roots[] = []
    for (const compiled of this.#inputs) {
      const { input, globs, excludes } = compiled
      const within = await Roots.resolve(compiled.roots, this.#files)
      allRoots.push(within)
      const allowed = new Map<string, string>()
      for (const glob of globs) {
        const trouble = (path: string, code: string) => {
          if (!excludes(path)) troubles.set(path, code)
        }
        const found = await walk(glob, this.#files, trouble, compiled.found.get(glob))
        compiled.found.set(glob, new Map(found.map((one) => [one.path, one])))
        const matches = found.filter(({ path }) => !excludes(path))
        const outside = await this.#outside(matches, within, compiled.allowed)
        for (const { path, stat } of matches) {
          const target = outside.get(path)
          if (target !== undefined) {
            if (target !== '') refused.set(path, { path, target, input })
            continue
          }
          allowed.set(path, stat.key)
          const owner = byKey.get(stat.key)
          if (owner === undefined) byKey.set(stat.key, { path, input, glob, stat })
          else if (owner.input !== input) doubles.push({ path, owner })
        }
      }
      compiled.allowed = allowed
    }
    this.#roots = Roots.union(allRoots)
    const files = [...byKey.values()].sort(byAge)
    return {
      files,
      doubles,
      troubles: [...troubles].map(([path, code]) => ({ path, code })),
      // What another input may follow is read there.
      refused: [...refused.values()].filter(({ path }) => !this.#inputs.some(({ allowed }) => allowed.has(path))),
    }
  }

  /** The paths that are not within the roots, and where they really lead; empty when that cannot be said now. */
  async #outside(
    matches: readonly FoundPath[],
    roots: Roots,
    allowed: ReadonlyMap<string, string>,
  ): Promise<Map<string, string>> {
    const outside = new Map<string, string>()
    const unknown = matches.filter(({ path, stat }) => allowed.get(path) !== stat.key)
    await eachOf(unknown, 32, async ({ path }) => {
      const real = await this.#files.realPath(path).catch(() => '')
      if (real === '' || !roots.allows(real)) outside.set(path, real)
    })
    return outside
  }
}

/** Of the same age the longer name first: app.log.1 was written before app.log. */
function byAge(a: FoundFile, b: FoundFile): number {
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
