/**
 * Looks whether what the config consists of has changed on disk. By content, not by events or times: so it does not
 * matter whether an editor writes in place or renames, or Kubernetes exchanges a link. What is being written is told by
 * a second look that sees something else.
 */
import { realSleep } from '../ship/sleep.js'
import { type Content, digestNow } from './content.js'

export interface ConfigWatchOptions {
  /** Of the config that runs. */
  readonly running: Content
  settings(): { readonly watch: boolean; readonly poll: number }
  /** The content has changed and is the same at two looks; resolves when that was dealt with. */
  changed(): Promise<void>
  /** After a refusal the content is that of the running config again. */
  back(): void
}

export class ConfigWatch {
  readonly #options: ConfigWatchOptions
  #running: Content
  /** What was read last: its files are looked at, beside those of the running one. */
  #refused: Content | undefined
  /** What the last look saw, if it was new. */
  #seen: string | undefined

  constructor(options: ConfigWatchOptions) {
    this.#options = options
    this.#running = options.running
  }

  /** Looks until `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { watch, poll } = this.#options.settings()
      await realSleep(poll, signal)
      if (signal.aborted) return
      if (watch) await this.look()
    }
  }

  /** A config was taken. */
  took(content: Content): void {
    this.#running = content
    this.#refused = undefined
    this.#seen = undefined
  }

  /** A config was read and not taken: it is not read again until something changes. */
  async refused(content: Content): Promise<void> {
    const globs = [...new Set([...content.globs, ...this.#running.globs])]
    const wider = { ...content, globs }
    const digest = await digestNow(wider)
    // Otherwise it has changed since it was read, and the next looks will see that.
    if ((await digestNow(content)) === content.digest) this.#refused = { ...wider, digest }
    else this.#refused = undefined
    this.#seen = undefined
  }

  /** One look. Resolves when what it led to is done. */
  async look(): Promise<void> {
    const running = await digestNow(this.#running)
    if (running === this.#running.digest) {
      if (this.#refused) this.#options.back()
      this.#refused = undefined
      this.#seen = undefined
      return
    }
    const now = this.#refused === undefined ? running : await digestNow(this.#refused)
    if (now === this.#refused?.digest) return
    if (now === this.#seen) await this.#options.changed()
    else this.#seen = now
  }
}
