/**
 * Where each output stands in the spool. A cursor advances over the contiguous delivered prefix only and is durable
 * before the space behind it is given back; a crash between delivery and saving replays, it never skips.
 * One small file per output, replaced whole.
 */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import { type Files, isMissing, realFiles, replaceFile } from './files.js'
import { compare, type Position } from './position.js'
import type { Spool } from './spool.js'

export interface CursorsOptions {
  /** Directory of the cursors' files; made if missing. */
  readonly dir: string
  /** Names of all outputs. An output left out would not hold back what it has not delivered yet. */
  readonly names: readonly string[]
  readonly spool: Spool
  readonly log: Logger
  readonly counters: Counters
  readonly files?: Files
  /** Whether an output without a cursor was certainly not there before: one that never saved its cursor has none either. */
  readonly isNew?: (name: string) => boolean
}

export interface CursorStore {
  /** Makes a position durable. */
  write(position: Position): Promise<void>
  /** Called after each save. */
  saved?(): Promise<void>
}

/** One output's place in the spool. */
export class Cursor {
  readonly name: string
  /** Everything before this position is delivered, or refused and durably so. Only ever grows. */
  #done: Position
  /** Ranges finished out of turn, by their start; waiting for the gap before them to close. */
  readonly #early = new Map<string, { readonly from: Position; readonly to: Position }>()
  #earlyRecords = 0
  /** What the file says, or where the cursor began; never ahead of `#done`. */
  #saved: Position
  readonly #store: CursorStore
  /** The save under way; saves run one after the other. */
  #saving: Promise<void> = Promise.resolve()

  constructor(name: string, start: Position, store: CursorStore) {
    this.name = name
    this.#done = start
    this.#saved = start
    this.#store = store
  }

  /** Everything before it is finished. */
  get position(): Position {
    return this.#done
  }

  /** The durable position: where a crash now would begin again. */
  get saved(): Position {
    return this.#saved
  }

  /** Records finished behind a gap; they are not waiting any more, though `position` has not passed them. */
  get earlyRecords(): number {
    return this.#earlyRecords
  }

  /** Notes that every record in `[from, to)` is delivered or refused. Ranges join where one's `to` is the next one's `from`. */
  pass(from: Position, to: Position): void {
    this.#early.set(keyOf(from), { from, to })
    this.#earlyRecords += to.sequence - from.sequence
    for (;;) {
      const next = this.#early.get(keyOf(this.#done))
      if (next === undefined) return
      this.#early.delete(keyOf(next.from))
      this.#earlyRecords -= next.to.sequence - next.from.sequence
      this.#done = next.to
    }
  }

  /**
   * Resolves when the position of now is durable. Rejects when the disk does; the cursor goes on in memory. `anew` writes
   * it although it is where it was.
   */
  save(anew = false): Promise<void> {
    const saving = this.#saving.then(async () => {
      const position = this.#done
      if (!anew && compare(position, this.#saved) === 0) return
      await this.#store.write(position)
      this.#saved = position
      await this.#store.saved?.()
    })
    this.#saving = saving.catch(() => {})
    return saving
  }
}

/** The cursors of all outputs; together they say what the spool may give back. */
export class Cursors {
  readonly #byName = new Map<string, Cursor>()
  readonly #options: CursorsOptions
  /** Those without a file that could be read. */
  readonly #fresh: Cursor[] = []
  /** Positions of outputs that are not named any more; they hold their records until `giveUpLeft`. */
  readonly #left = new Map<string, Position>()

  private constructor(options: CursorsOptions) {
    this.#options = options
  }

  /**
   * Reads every cursor; from then on each save gives back the space that no output needs. One that is missing or cannot be
   * read begins at the oldest record: that repeats, but never skips. A new output begins at the oldest record that any
   * other has before it, those that are gone included: one that was renamed goes on where it was.
   */
  static async open(options: CursorsOptions): Promise<Cursors> {
    const { dir, names, spool, log, counters, files = realFiles, isNew } = options
    await files.makeDir(dir)
    const cursors = new Cursors(options)
    for (const file of await files.list(dir)) {
      const name = file.endsWith('.json') ? decodeURIComponent(file.slice(0, -'.json'.length)) : undefined
      if (name === undefined || names.includes(name)) continue
      const position = positionOf((await files.readText(join(dir, file))) ?? '')
      if (position !== undefined) cursors.#left.set(name, spool.place(position))
    }
    const fresh: string[] = []
    for (const name of names) {
      const path = cursors.#pathOf(name)
      const text = await files.readText(path)
      const stored = text === undefined ? undefined : positionOf(text)
      if (text !== undefined && stored === undefined) {
        counters.add('cursors_unreadable_total', 1, { output: name })
        log.warn(`cursor file ${path} cannot be read; output "${name}" begins again at the oldest record in the spool.`)
      }
      if (text === undefined && isNew?.(name) === true) fresh.push(name)
      else if (stored === undefined) cursors.#fresh.push(cursors.#add(name, spool.start))
      else cursors.#add(name, beginning(stored, spool))
    }
    // What was lost before its time is not lost to a new output.
    const start = spool.place(cursors.oldest ?? spool.start)
    for (const name of fresh) cursors.#fresh.push(cursors.#add(name, start))
    await spool.release(cursors.oldest ?? spool.end)
    return cursors
  }

  #add(name: string, start: Position): Cursor {
    const { dir, spool, files = realFiles } = this.#options
    const path = this.#pathOf(name)
    const write = (position: Position) => replaceIn(dir, files, path, `${JSON.stringify(withSum(position))}\n`)
    const saved = () => spool.release(this.oldest ?? spool.end)
    const cursor = new Cursor(name, start, { write, saved })
    this.#byName.set(name, cursor)
    return cursor
  }

  #pathOf(name: string): string {
    return join(this.#options.dir, `${encodeURIComponent(name)}.json`)
  }

  /**
   * Lets go of what outputs that are not named any more had not delivered, and tells how much that is. Call it when the
   * run is sure to go on: before, the same state serves a run that names them.
   */
  async giveUpLeft(): Promise<void> {
    const { spool, log, counters, files = realFiles } = this.#options
    // Durable from the beginning: what has a file is known by the next run even if it never delivered anything.
    const fresh = [...this.#fresh]
    for (const cursor of fresh) await cursor.save(true)
    this.#fresh.length = 0
    for (const [name, position] of this.#left) {
      await files.remove(this.#pathOf(name))
      this.#left.delete(name)
      const records = spool.end.sequence - position.sequence
      const heirs = fresh.filter(({ saved }) => compare(saved, position) <= 0)
      if (records === 0) log.info(`output "${name}" is not in the config any more; it had delivered everything.`)
      else if (heirs.length > 0) {
        const to = heirs.map((heir) => `"${heir.name}"`).join(' and ')
        log.warn(
          `output "${name}" is not in the config any more; ${records} records that it had not delivered go to ${to}.`,
        )
      } else {
        counters.add('spool_records_lost_total', records, { reason: 'output removed', output: name })
        log.warn(`output "${name}" is not in the config any more; ${records} records were not delivered to it.`)
      }
    }
    await spool.release(this.oldest ?? spool.end)
  }

  /** The cursor of an output that was named when the cursors were opened. */
  of(name: string): Cursor {
    const cursor = this.#byName.get(name)
    if (cursor === undefined) throw new RangeError(`There is no cursor for output "${name}".`)
    return cursor
  }

  /** The durable position of the slowest output; undefined when there are no outputs. Nothing behind it is needed again. */
  get oldest(): Position | undefined {
    let oldest: Position | undefined
    const held = [...this.#byName.values()].map(({ saved }) => saved)
    for (const position of [...held, ...this.#left.values()]) {
      if (oldest === undefined || compare(position, oldest) < 0) oldest = position
    }
    return oldest
  }
}

/** The directory is made again when someone removed it. */
async function replaceIn(dir: string, files: Files, path: string, text: string): Promise<void> {
  try {
    await replaceFile(files, path, text)
  } catch (error) {
    if (!isMissing(error)) throw error
    await files.makeDir(dir)
    await replaceFile(files, path, text)
  }
}

/** A place whose records are gone is kept: whoever reads on from it sees how many are missing. */
function beginning(stored: Position, spool: Spool): Position {
  const place = spool.place(stored)
  return place.sequence > stored.sequence ? stored : place
}

function keyOf(position: Position): string {
  return `${position.segment}:${position.offset}`
}

interface StoredPosition extends Position {
  /** 1 has no sum. */
  readonly version: 2
  /** CRC-32 of the numbers: a flipped bit in one of them could pass over records. */
  readonly sum: number
}

function withSum({ segment, offset, sequence }: Position): StoredPosition {
  return { version: 2, segment, offset, sequence, sum: crc32(`${segment}:${offset}:${sequence}`) }
}

/** The position that a cursor file holds; undefined when it holds none. */
export function positionOf(text: string): Position | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { version, segment, offset, sequence, sum } = value as Record<string, unknown>
  if (!isCount(segment) || !isCount(offset) || !isCount(sequence)) return undefined
  const position = { segment, offset, sequence }
  return version === 1 || (version === 2 && sum === withSum(position).sum) ? position : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
