/**
 * Names of rotated files: which sibling of `app.log` is an earlier part of it, and in what order they were written.
 * Covers numbers and dates at the end (`app.log.1`, `app.log-20260101`) and before the extension (`app-2026-01-01.0.log`),
 * each also compressed (`app.log.1.gz`), and `app.log.gz` itself.
 */
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../core/clock.js'
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

/** The place in a numbered rotation, 1 the newest or the oldest; undefined for dates and names without a number. */
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
  readonly stat: { readonly mtimeMs: number }
}

/**
 * Sorts files of one row, the oldest first: by number where both have one, by date where both have one, else by time. The
 * one that is not rotated is the newest. Whether the highest number is the oldest, as with logrotate, or the newest, as
 * Log4j 2 counts (`fileIndex="max"`), the times of the row tell.
 */
export function sortByAge<T extends Aged>(row: readonly T[]): T[] {
  const highest = isCountedUp(row) ? 1 : -1
  return [...row].sort((a, b) => compareAges(a, b, highest))
}

/** The files of a row that were written after `owner`, in the order of the row. */
export function newerThan<T extends Aged>(row: readonly T[], owner: Aged): T[] {
  const highest = isCountedUp(row) ? 1 : -1
  return row.filter((one) => compareAges(one, owner, highest) > 0)
}

/** Two of three neighbours in number say so at least: a late writer can make one look newer than the next. */
function isCountedUp(row: readonly Aged[]): boolean {
  const numbered = row.flatMap(({ path, stat: { mtimeMs } }) => {
    const number = path === undefined ? undefined : rotationNumber(basename(path))
    return number === undefined ? [] : [{ number, mtimeMs }]
  })
  numbered.sort((a, b) => a.number - b.number)
  let up = 0
  let down = 0
  for (const [i, { mtimeMs }] of numbered.entries()) {
    const before = numbered[i - 1]?.mtimeMs ?? mtimeMs
    if (before < mtimeMs) up++
    else if (before > mtimeMs) down++
  }
  return up >= 2 && up > down
}

function compareAges(a: Aged, b: Aged, highest: 1 | -1): number {
  const [mine, theirs] = [a, b].map(({ path }) => (path === undefined ? undefined : basename(path)))
  if (mine !== undefined && theirs !== undefined) {
    const [rotated, other] = [rotatedFrom(mine) !== undefined, rotatedFrom(theirs) !== undefined]
    if (rotated !== other) return rotated ? -1 : 1
    const [number, next] = [rotationNumber(mine), rotationNumber(theirs)]
    if (number !== undefined && next !== undefined && number !== next) return (number - next) * highest
    const order = number === undefined && next === undefined ? compareDates(mine, theirs) : 0
    if (order !== 0) return order
  }
  return a.stat.mtimeMs - b.stat.mtimeMs
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

/** What a directory held when it was listed. */
interface Listing {
  readonly names: readonly string[]
  /** By the name that they were rotated from. */
  readonly rotated: ReadonlyMap<string, readonly string[]>
  /** When something was last renamed, made or deleted in it; undefined while that may be too coarse to tell the next time. */
  readonly changedMs: number | undefined
}

/** File systems tell when a directory changed by a clock that stands still for up to 10 ms; more is for slow ones. */
const COARSE_MS = 100
/** So often a row is looked at in one look while things are renamed around it; then it is for the next look to find out. */
const MOST_TRIES = 6
/** And so many names are listed anew for that in one look: a second's work. */
const MOST_NAMES = 1_000_000

/** The directories beside the files of interest, as they were at one moment; thrown away after one look. */
export class Siblings {
  readonly #files: FileLayer
  readonly #clock: Clock
  readonly #listings = new Map<string, Promise<Listing>>()
  /** Names that were listed anew. */
  #namesAgain = 0
  readonly #stats = new Map<string, Promise<readonly Sibling[]>>()
  /** Directories of which something could not be looked at. */
  readonly #unsure = new Set<string>()

  constructor(files: FileLayer, clock: Clock) {
    this.#files = files
    this.#clock = clock
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
      found = this.#look(directory, ({ names }) => names)
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
    const found = await this.#look(dirname(path), ({ rotated }) => rotated.get(name) ?? [])
    return sortByAge(found)
  }

  /**
   * The files of a directory as they were at one moment. Of files that move up their row while it is looked at one may be
   * met nowhere: what is seen counts when nothing changed in the directory meanwhile, or when it is seen twice.
   */
  async #look(directory: string, pick: (listing: Listing) => readonly string[]): Promise<readonly Sibling[]> {
    let last: readonly Sibling[] | undefined
    for (let tries = 0; ; tries++) {
      const listing = await this.#list(directory)
      const found = await this.#stat(directory, pick(listing))
      if (listing.changedMs !== undefined && (await this.#changedMs(directory)) === listing.changedMs) return found
      if (last !== undefined && areAlike(found, last)) return found
      if (tries === MOST_TRIES || this.#namesAgain > MOST_NAMES) {
        this.#unsure.add(directory)
        return found
      }
      last = found
      this.#namesAgain += listing.names.length
      this.#listings.delete(directory)
    }
  }

  #list(directory: string): Promise<Listing> {
    let listing = this.#listings.get(directory)
    if (listing === undefined) {
      listing = this.#listAnew(directory)
      this.#listings.set(directory, listing)
    }
    return listing
  }

  async #listAnew(directory: string): Promise<Listing> {
    const changedMs = await this.#changedMs(directory)
    const isLongAgo = changedMs !== undefined && this.#clock.now() - changedMs > COARSE_MS
    const names = await this.#files.list(directory).then(
      ({ files }) => files,
      (error: unknown) => {
        if (!isGone(error)) this.#unsure.add(directory)
        return []
      },
    )
    return { names, rotated: rotatedOf(names), changedMs: isLongAgo ? changedMs : undefined }
  }

  /** When something was last renamed, made or deleted in a directory, in ms since the epoch. */
  async #changedMs(directory: string): Promise<number | undefined> {
    return this.#files.stat(directory).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    )
  }

  async #stat(directory: string, names: readonly string[]): Promise<readonly Sibling[]> {
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

/** The names that were rotated from each name. */
function rotatedOf(names: readonly string[]): Map<string, readonly string[]> {
  const rotated = new Map<string, string[]>()
  const present = new Set(names)
  for (const name of names) {
    const from = rotatedFrom(name)
    if (from === undefined) continue
    // While a file is being compressed both are there, and only the plain one is whole.
    const plain = plainName(name)
    if (plain !== undefined && plain !== from && present.has(plain)) continue
    const others = rotated.get(from)
    if (others === undefined) rotated.set(from, [name])
    else others.push(name)
  }
  return rotated
}

/** Whether both are the same files under the same names. */
function areAlike(one: readonly Sibling[], other: readonly Sibling[]): boolean {
  const keys = new Map(one.map(({ path, stat }) => [path, stat.key]))
  return one.length === other.length && other.every(({ path, stat }) => keys.get(path) === stat.key)
}
