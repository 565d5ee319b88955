/** What the inputs want to be tailed: their globs over the disk as it is now, each file once, for the first input that matches. */
import type { FileLayer, FileStat, OpenedFile } from './files.js'
import { compileExcludes, compileGlob, type Glob, walk } from './glob.js'

export interface TailInput {
  /** The input's place in the config. */
  readonly index: number
  /** Absolute globs. */
  readonly paths: readonly string[]
  /** Globs; one without a slash is held against the name alone. They win over `paths`. */
  readonly exclude: readonly string[]
  readonly startAt: 'beginning' | 'end'
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
}

interface Compiled {
  readonly input: TailInput
  readonly globs: readonly Glob[]
  readonly excludes: (path: string) => boolean
}

export class Inputs {
  readonly #inputs: readonly Compiled[]
  readonly #files: FileLayer

  constructor(inputs: readonly TailInput[], files: FileLayer) {
    this.#files = files
    this.#inputs = inputs.map((input) => ({
      input,
      globs: input.paths.map(compileGlob),
      excludes: compileExcludes(input.exclude),
    }))
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
    for (const { input, globs, excludes } of this.#inputs) {
      for (const glob of globs) {
        const matches = await walk(glob, this.#files, (path, code) => {
          if (!excludes(path)) troubles.set(path, code)
        })
        for (const { path, stat } of matches) {
          if (excludes(path)) continue
          const owner = byKey.get(stat.key)
          if (owner === undefined) byKey.set(stat.key, { path, input, glob, stat })
          else if (owner.input !== input) doubles.push({ path, owner })
        }
      }
    }
    const files = [...byKey.values()].sort(byAge)
    return { files, doubles, troubles: [...troubles].map(([path, code]) => ({ path, code })) }
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
