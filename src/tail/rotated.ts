/**
 * Names of rotated files: which sibling of `app.log` is an earlier part of it, and in what order they were written.
 * Covers numbers and dates at the end (`app.log.1`, `app.log-20260101`) and before the extension (`app-2026-01-01.0.log`),
 * each also compressed (`app.log.1.gz`), and `app.log.gz` itself.
 */
import { basename, dirname, join } from 'node:path'
import { eachOf, type FileLayer, type FileStat, isGone } from './files.js'
import { plainName } from './unpack.js'

/** A file beside others, looked at. */
export interface Sibling {
  readonly path: string
  readonly stat: FileStat
  /** Whether it is compressed, by its name. */
  readonly isPacked: boolean
}

const SUFFIX = /^(.+?)[.\-_](\d[\d.\-_T:]{0,40})$/
const BEFORE_EXTENSION = /^(.+?)[.\-_](\d[\d.\-_T:]{0,40}?)(\.[A-Za-z][A-Za-z0-9]{0,9})$/

/** The name that `name` was rotated from, or undefined when it does not look rotated. */
export function rotatedFrom(name: string): string | undefined {
  const plain = plainName(name)
  if (plain !== undefined) return rotatedFrom(plain) ?? plain
  const suffix = SUFFIX.exec(name)
  if (suffix?.[1] !== undefined) return suffix[1]
  const inner = BEFORE_EXTENSION.exec(name)
  return inner?.[1] === undefined ? undefined : `${inner[1]}${inner[3]}`
}

/** The path that a file, rotated or not, had when it was written. */
export function originOf(path: string): string {
  const name = rotatedFrom(basename(path))
  return name === undefined ? path : join(dirname(path), name)
}

/** The place in a numbered rotation, 1 the newest; undefined for dates and names without a number. */
export function rotationNumber(name: string): number | undefined {
  const digits = digitsOf(name)
  return digits !== undefined && /^\d{1,4}$/.test(digits) ? Number(digits) : undefined
}

function digitsOf(name: string): string | undefined {
  const plain = plainName(name) ?? name
  return (SUFFIX.exec(plain) ?? BEFORE_EXTENSION.exec(plain))?.[2]
}

/** A file by its present name, and when it was last written; by time alone where the name is not known. */
interface Aged {
  readonly path: string | undefined
  readonly mtimeMs: number
}

/**
 * Whether `a` was written after `b`; both are rotated from one name. By number where both have one, by date where both
 * have one, else by time.
 */
export function isNewer(a: Aged, b: Aged): boolean {
  return compareAges(a, b) > 0
}

/** Sorts files of one row, the oldest first; the one that is not rotated is the newest. */
export function compareAges(a: Aged, b: Aged): number {
  const [mine, theirs] = [a, b].map(({ path }) => (path === undefined ? undefined : basename(path)))
  if (mine !== undefined && theirs !== undefined) {
    const [rotated, other] = [rotatedFrom(mine) !== undefined, rotatedFrom(theirs) !== undefined]
    if (rotated !== other) return rotated ? -1 : 1
    const [number, next] = [rotationNumber(mine), rotationNumber(theirs)]
    if (number !== undefined && next !== undefined && number !== next) return next - number
    const order = number === undefined && next === undefined ? compareDates(mine, theirs) : 0
    if (order !== 0) return order
  }
  return a.mtimeMs - b.mtimeMs
}

/** The order of two dates in names; 0 when they are the same, or are written in different ways. */
function compareDates(a: string, b: string): number {
  const [mine, theirs] = [a, b].map((name) => digitsOf(name)?.match(/\d+/g) ?? [])
  if (mine === undefined || theirs === undefined || mine[0]?.length !== theirs[0]?.length) return 0
  for (let i = 0; i < Math.min(mine.length, theirs.length); i++) {
    const order = Number(mine[i]) - Number(theirs[i])
    if (order !== 0) return order
  }
  return mine.length - theirs.length
}

/** The directories beside the files of interest, each listed at most once; thrown away after one look. */
export class Siblings {
  readonly #files: FileLayer
  readonly #names = new Map<string, Promise<readonly string[]>>()
  /** By directory, then by the name that they were rotated from. */
  readonly #rotated = new Map<string, Promise<ReadonlyMap<string, readonly string[]>>>()
  readonly #stats = new Map<string, Promise<readonly Sibling[]>>()
  /** Directories of which something could not be looked at. */
  readonly #unsure = new Set<string>()

  constructor(files: FileLayer) {
    this.#files = files
  }

  /** Whether everything beside `path` could be looked at, so far: only then is what was not found not there. */
  isSure(path: string): boolean {
    return !this.#unsure.has(dirname(path))
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

  /** Every file of the row that `path` stands in, oldest first; without the one that all were rotated from. */
  row(path: string): Promise<readonly Sibling[]> {
    return this.rotated(originOf(path))
  }

  /** The files whose names say that they were rotated from `path`, oldest first. */
  async rotated(path: string): Promise<readonly Sibling[]> {
    const name = basename(path)
    const directory = dirname(path)
    const found = await this.#look(directory, (await this.#rotatedIn(directory)).get(name) ?? [])
    const aged = ({ path, stat: { mtimeMs } }: Sibling): Aged => ({ path, mtimeMs })
    return [...found].sort((a, b) => compareAges(aged(a), aged(b)))
  }

  #rotatedIn(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
    let rotated = this.#rotated.get(directory)
    if (rotated === undefined) {
      rotated = this.#namesIn(directory).then((names) => {
        const byName = new Map<string, string[]>()
        const present = new Set(names)
        for (const name of names) {
          const from = rotatedFrom(name)
          if (from === undefined) continue
          // While a file is being compressed both are there, and only the plain one is whole.
          const plain = plainName(name)
          if (plain !== undefined && plain !== from && present.has(plain)) continue
          byName.set(from, [...(byName.get(from) ?? []), name])
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
        (error: unknown) => {
          if (!isGone(error)) this.#unsure.add(directory)
          return []
        },
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
        if (stat.kind === 'file') found.push({ path, stat, isPacked: plainName(name) !== undefined })
      } catch (error) {
        if (!isGone(error)) this.#unsure.add(directory)
      }
    })
    return found
  }
}
