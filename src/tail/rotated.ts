/**
 * Names of rotated files: which sibling of `app.log` is an earlier part of it, and in what order they were written.
 * Covers numbers and dates at the end (`app.log.1`, `app.log-20260101`) and before the extension (`app-2026-01-01.0.log`).
 */
import { basename, dirname, join } from 'node:path'
import { eachOf, type FileLayer, type FileStat } from './files.js'

/** A file beside others, looked at. */
export interface Sibling {
  readonly path: string
  readonly stat: FileStat
}

const SUFFIX = /^(.+?)[.\-_](\d[\d.\-_T:]{0,40})$/
const BEFORE_EXTENSION = /^(.+?)[.\-_](\d[\d.\-_T:]{0,40}?)(\.[A-Za-z][A-Za-z0-9]{0,9})$/

/** The name that `name` was rotated from, or undefined when it does not look rotated. */
export function rotatedFrom(name: string): string | undefined {
  const suffix = SUFFIX.exec(name)
  if (suffix?.[1] !== undefined) return suffix[1]
  const inner = BEFORE_EXTENSION.exec(name)
  return inner?.[1] === undefined ? undefined : `${inner[1]}${inner[3]}`
}

/** The place in a numbered rotation, 1 the newest; undefined for dates and names without a number. */
export function rotationNumber(name: string): number | undefined {
  const digits = (SUFFIX.exec(name) ?? BEFORE_EXTENSION.exec(name))?.[2]
  return digits !== undefined && /^\d{1,4}$/.test(digits) ? Number(digits) : undefined
}

/** Whether `a` was written after `b`; both are rotated from one name. By number where both have one, else by time. */
export function isNewer(a: Sibling, b: { path: string | undefined; mtimeMs: number }): boolean {
  const mine = rotationNumber(basename(a.path))
  const other = b.path === undefined ? undefined : rotationNumber(basename(b.path))
  if (mine !== undefined && other !== undefined) return mine < other
  return a.stat.mtimeMs > b.mtimeMs
}

/** The directories beside the files of interest, each listed at most once; thrown away after one look. */
export class Siblings {
  readonly #files: FileLayer
  readonly #names = new Map<string, Promise<readonly string[]>>()
  /** By directory, then by the name that they were rotated from. */
  readonly #rotated = new Map<string, Promise<ReadonlyMap<string, readonly string[]>>>()
  readonly #stats = new Map<string, Promise<readonly Sibling[]>>()

  constructor(files: FileLayer) {
    this.#files = files
  }

  /** Every regular file in the directory of `path`; none when it cannot be read. */
  all(path: string): Promise<readonly Sibling[]> {
    const directory = dirname(path)
    let found = this.#stats.get(directory)
    if (found === undefined) {
      found = this.#namesIn(directory).then((names) => this.#look(directory, names))
      this.#stats.set(directory, found)
    }
    return found
  }

  /** The files whose names say that they were rotated from `path`, oldest first. */
  async rotated(path: string): Promise<readonly Sibling[]> {
    const name = basename(path)
    const directory = dirname(path)
    const found = await this.#look(directory, (await this.#rotatedIn(directory)).get(name) ?? [])
    return [...found].sort((a, b) => (isNewer(a, { path: b.path, mtimeMs: b.stat.mtimeMs }) ? 1 : -1))
  }

  #rotatedIn(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
    let rotated = this.#rotated.get(directory)
    if (rotated === undefined) {
      rotated = this.#namesIn(directory).then((names) => {
        const byName = new Map<string, string[]>()
        for (const name of names) {
          const from = rotatedFrom(name)
          if (from !== undefined) byName.set(from, [...(byName.get(from) ?? []), name])
        }
        return byName
      })
      this.#rotated.set(directory, rotated)
    }
    return rotated
  }

  #namesIn(directory: string): Promise<readonly string[]> {
    let names = this.#names.get(directory)
    if (names === undefined) {
      names = this.#files.list(directory).then(
        (entries) => entries.filter((entry) => entry.kind === 'file').map((entry) => entry.name),
        () => [],
      )
      this.#names.set(directory, names)
    }
    return names
  }

  async #look(directory: string, names: readonly string[]): Promise<readonly Sibling[]> {
    const found: Sibling[] = []
    await eachOf(names, 32, async (name) => {
      const path = join(directory, name)
      try {
        const stat = await this.#files.stat(path)
        if (stat.kind === 'file') found.push({ path, stat })
      } catch {
        // A search beside the way: what cannot be looked at is not what is searched.
      }
    })
    return found
  }
}
