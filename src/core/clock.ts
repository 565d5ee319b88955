/** Time as a parameter, so that tests wind it by hand. */
export interface Clock {
  /** ms since the epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** A clock that stands still until it is set. */
export class ManualClock implements Clock {
  #now: number
  constructor(now = 0) {
    this.#now = now
  }
  now(): number {
    return this.#now
  }
  set(now: number): void {
    this.#now = now
  }
  advance(ms: number): void {
    this.#now += ms
  }
}
