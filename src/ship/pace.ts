/**
 * When the next attempt may begin. While the backend answers, at once; after a failed attempt one probe at a time, with
 * waits that double, so that many batches in flight do not fall upon a backend that has just come back.
 */
import type { Clock } from '../core/clock.js'
import { Bell } from '../spool/bell.js'
import type { RetrySettings } from './settings.js'
import type { Sleep } from './sleep.js'

export interface PaceOptions {
  readonly retry: RetrySettings
  readonly clock: Clock
  readonly sleep: Sleep
  /** `[0, 1)`, for the jitter. */
  readonly random: () => number
}

/** The leave to make one attempt; to be given back with `succeeded`, `failed` or `gaveUp`. */
export interface Turn {
  /** Failures before this attempt began: those that come from older attempts do not lengthen the wait again. */
  readonly round: number
  readonly isProbe: boolean
}

export class Pace {
  readonly #retry: RetrySettings
  readonly #clock: Clock
  readonly #sleep: Sleep
  readonly #random: () => number
  /** Failed rounds since the last success. */
  #failures = 0
  /** Grows with every failed round and every recovery. */
  #round = 0
  #notBefore = 0
  #isProbing = false
  readonly #changed = new Bell()

  constructor(options: PaceOptions) {
    this.#retry = options.retry
    this.#clock = options.clock
    this.#sleep = options.sleep
    this.#random = options.random
  }

  /** Resolves when an attempt may begin; undefined when `signal` is aborted first. */
  async turn(signal: AbortSignal): Promise<Turn | undefined> {
    while (!signal.aborted) {
      if (this.#failures === 0) return { round: this.#round, isProbe: false }
      if (!this.#isProbing) {
        this.#isProbing = true
        await this.#wait(signal)
        if (!signal.aborted) return { round: this.#round, isProbe: true }
        this.gaveUp({ round: this.#round, isProbe: true })
      } else await this.#changed.heard(signal)
    }
    return undefined
  }

  /** The backend took the attempt; everybody may go on. False when it began before the last fault: it proves nothing. */
  succeeded(turn: Turn): boolean {
    const isNews = turn.round === this.#round
    if (isNews) {
      if (this.#failures > 0) this.#round++
      this.#failures = 0
    }
    this.#endOf(turn)
    return isNews
  }

  /** The attempt is to be made again, not before `afterMs` if given; `slowest` waits the longest time at once. Gives the failed rounds in a row. */
  failed(turn: Turn, how: { readonly afterMs?: number | undefined; readonly slowest?: boolean } = {}): number {
    const now = this.#clock.now()
    if (how.afterMs !== undefined) this.#notBefore = Math.max(this.#notBefore, now + how.afterMs)
    if (turn.round === this.#round) {
      const { firstMs, maxMs } = this.#retry
      const full = how.slowest === true ? maxMs : Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 30))
      // A quarter of jitter, downwards, so that the longest wait stays the longest.
      this.#notBefore = Math.max(this.#notBefore, now + full * (1 - this.#random() / 4))
      this.#failures++
      this.#round++
    }
    this.#endOf(turn)
    return this.#failures
  }

  /** The attempt was aborted and says nothing about the backend. */
  gaveUp(turn: Turn): void {
    this.#endOf(turn)
  }

  #endOf(turn: Turn): void {
    if (turn.isProbe) this.#isProbing = false
    this.#changed.ring()
  }

  /** Until `#notBefore`, which an attempt still in flight may move. */
  async #wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = this.#notBefore - this.#clock.now()
      if (left <= 0 || signal.aborted) return
      await this.#sleep(left, signal)
    }
  }
}
