/**
 * Follows Errand's own delivered file with the `tail` package: it grows by whole UTF-8 lines only, which is all that
 * `tail` needs to be right. A view for people; nothing depends on it.
 */
import { stat } from 'node:fs/promises'
import { Tail } from 'tail'
import type { ErrorRecord } from '../core/shapes.js'

/** What is done with the records of the file. */
export interface Followed {
  /** A record that stood in the file when following began. */
  before(record: ErrorRecord): void
  /** Called once, behind the last `before`; no `after` comes earlier. */
  caughtUp(): void
  /** A record that came since. */
  after(record: ErrorRecord): void
}

/** How often to look whether the file came, was rotated, or lost its events, in ms. */
const LOOK_EVERY_MS = 250
/** A torn last line would keep the beginning from ever ending; after this many looks without a line it has ended. */
const SILENT_LOOKS = 4

export class Follower {
  readonly #path: string
  readonly #followed: Followed
  #tail: Tail | undefined
  /** `device:inode` of the file that is followed. */
  #key = ''
  /** Bytes of the lines seen, of the present file. */
  #read = 0
  /** The package met an error and stopped reading. */
  #broken = false
  /** Lines before this were handed out already, before the package stopped reading. */
  #known = 0
  /** Where the file ended when following began; undefined once that is reached. */
  #beginning: number | undefined
  #silentLooks = 0
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void>

  private constructor(path: string, beginning: number, followed: Followed) {
    this.#path = path
    this.#followed = followed
    this.#beginning = beginning
    this.#looking = this.#look()
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look())
    }, LOOK_EVERY_MS)
  }

  /** Begins at the beginning of the file, and goes on over rotations until `end`. Waits for a file that is not there. */
  static async open(path: string, followed: Followed): Promise<Follower> {
    const found = await stat(path).catch(() => undefined)
    return new Follower(path, found?.size ?? 0, followed)
  }

  /** Resolves when everything that is in the file now is handed out, or when no line has come for `silentMs`. */
  async upToNow(silentMs: number): Promise<void> {
    const size = (await stat(this.#path).catch(() => undefined))?.size ?? 0
    let [read, until] = [this.#read, Date.now() + silentMs]
    while (this.#read < size && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      if (this.#read !== read) [read, until] = [this.#read, Date.now() + silentMs]
    }
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
    this.#tail?.unwatch()
  }

  async #look(): Promise<void> {
    const found = await stat(this.#path).catch(() => undefined)
    const key = found && `${found.dev}:${found.ino}`
    // The package follows a name that is given to another file only after a second, and from the old place in it.
    if (found && key !== undefined) {
      const isOther = key !== this.#key || found.size < this.#read
      if (isOther || this.#broken) this.#open(key, isOther ? 0 : Math.max(this.#read, this.#known))
    }
    if (this.#beginning === undefined) return
    if (this.#read >= this.#beginning || ++this.#silentLooks > SILENT_LOOKS) this.#caughtUp()
  }

  #open(key: string, known: number): void {
    this.#tail?.unwatch()
    this.#tail = undefined
    this.#read = 0
    this.#known = known
    this.#broken = true
    this.#key = key
    try {
      const tail = openTail(this.#path)
      tail.on('line', (line: string) => this.#take(line))
      tail.on('error', () => {
        this.#broken = true
      })
      this.#tail = tail
      this.#broken = false
    } catch {
      // Gone again between two looks: the next one tries once more.
    }
  }

  #take(line: string): void {
    this.#silentLooks = 0
    this.#read += Buffer.byteLength(line) + 1
    const record = this.#read <= this.#known ? undefined : recordOf(line)
    if (record === undefined) return
    if (this.#beginning === undefined) {
      this.#followed.after(record)
      return
    }
    if (this.#read > this.#beginning) {
      this.#caughtUp()
      this.#followed.after(record)
    } else {
      this.#followed.before(record)
      if (this.#read === this.#beginning) this.#caughtUp()
    }
  }

  #caughtUp(): void {
    this.#beginning = undefined
    this.#followed.caughtUp()
  }
}

/** Events where there are any; where they are used up, the package's own poll. */
function openTail(path: string): Tail {
  const options = { fromBeginning: true, follow: false, separator: '\n' }
  try {
    return new Tail(path, options)
  } catch {
    return new Tail(path, { ...options, useWatchFile: true, fsWatchOptions: { interval: LOOK_EVERY_MS } })
  }
}

/** The record in a line; undefined for a line that a crash cut, whose record comes again. */
function recordOf(line: string): ErrorRecord | undefined {
  if (line === '') return undefined
  try {
    const record = JSON.parse(line) as ErrorRecord
    return typeof record.id === 'string' && typeof record.error?.pre_fingerprint === 'string' ? record : undefined
  } catch {
    return undefined
  }
}
