/** What the log is told while reading waits for a full spool: once when it begins, naming who holds the space, and when it ends. */
import type { Logger } from '../core/log.js'
import { formatBytes } from '../ship/standing.js'
import type { Spool } from '../spool/spool.js'
import type { Delivering } from './delivering.js'

export class FullSpool {
  readonly #spool: Spool
  readonly #delivering: Delivering
  readonly #log: Logger
  /** Those who wait: files, and each standard input. */
  #waiting = 0

  constructor(options: { readonly spool: Spool; readonly delivering: Delivering; readonly log: Logger }) {
    this.#spool = options.spool
    this.#delivering = options.delivering
    this.#log = options.log
  }

  /** Resolves when the spool is not full, or on abort. */
  async room(signal: AbortSignal): Promise<void> {
    if (!this.#spool.isFull || signal.aborted) return
    if (this.#waiting++ === 0) {
      this.#log.warn(
        `the spool is full (${formatBytes(this.#spool.bytes)}): reading waits, and nothing is lost but what is rotated away unread. ` +
          `${this.#holder()} Mend it, or give the spool more space with spool.maxBytes.`,
      )
    }
    await this.#spool.room(signal)
    if (--this.#waiting === 0 && !signal.aborted) this.#log.info('the spool has room again; reading goes on.')
  }

  #holder(): string {
    const slowest = this.#delivering.slowest
    if (slowest === undefined) return 'No output holds the space.'
    return `Output "${slowest.name}" (${slowest.type}) holds the space: ${formatBytes(slowest.waitingBytes)} wait for it.`
  }
}
