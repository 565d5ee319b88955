/**
 * File system events, through chokidar, as hints only: they make the tailer look sooner. Every event may be missing,
 * late or doubled; the poll finds the same. Trouble with events (no watches left, network disks) ends nothing.
 */
import { type FSWatcher, watch } from 'chokidar'
import { type Glob, mayHold, rootOf } from './glob.js'

export interface Hints {
  /** A file that may have grown. */
  changed(path: string): void
  /** A name that came or went. */
  moved(): void
  /** Events will be missing; told once. */
  trouble(what: string): void
}

/** Files whose events are listened to; each costs a watcher. The poll alone finds what is written to the others. */
const MOST_WATCHED_FILES = 200

export class Watch {
  readonly #globs: readonly Glob[]
  readonly #hints: Hints
  #watcher: FSWatcher | undefined
  readonly #watched = new Set<string>()
  readonly #watchedFiles = new Set<string>()
  #told = false

  constructor(globs: readonly Glob[], hints: Hints) {
    this.#globs = globs
    this.#hints = hints
  }

  /** Begins to watch those directories of the globs that `exists` says are there and are not watched yet. */
  async cover(exists: (directory: string) => Promise<boolean>): Promise<void> {
    const missing = new Set(this.#globs.map(rootOf).filter((root) => !this.#watched.has(root)))
    for (const root of missing) {
      if (!(await exists(root))) continue
      this.#watched.add(root)
      this.#begin().add(root)
    }
  }

  async close(): Promise<void> {
    const watcher = this.#watcher
    this.#watcher = undefined
    await watcher?.close()
  }

  #begin(): FSWatcher {
    if (this.#watcher !== undefined) return this.#watcher
    const watcher = watch([], {
      ignoreInitial: true,
      ignorePermissionErrors: true,
      depth: Math.max(...this.#globs.map((glob) => (glob.deep ? 64 : Math.max(0, glob.segments.length - 1)))),
      ignored: (path, stats) => {
        if (this.#globs.some((glob) => glob.matches(path))) return stats?.isFile() === true && !this.#mayWatch(path)
        // Before its kind is known nothing is ignored: chokidar asks again with the kind.
        return stats === undefined ? false : !this.#globs.some((glob) => path === rootOf(glob) || mayHold(glob, path))
      },
    })
    watcher.on('all', (event, path) => {
      if (event === 'change') this.#hints.changed(path)
      else this.#hints.moved()
      // When a root is removed and made again, it must be watched again.
      if (event === 'unlinkDir') this.#watched.delete(path)
      if (event === 'unlink') this.#watchedFiles.delete(path)
    })
    watcher.on('error', (error) => {
      if (this.#told) return
      this.#told = true
      this.#hints.trouble(error instanceof Error ? error.message : String(error))
    })
    this.#watcher = watcher
    return watcher
  }

  /** Whether the file is one of those that are listened to; it becomes one while there is room. */
  #mayWatch(path: string): boolean {
    if (this.#watchedFiles.size < MOST_WATCHED_FILES) this.#watchedFiles.add(path)
    return this.#watchedFiles.has(path)
  }
}
