/**
 * Several traceback languages may begin on one line (`Unhandled exception:` is .NET's and Dart's): all that do follow
 * it side by side, until a line comes that only some of them print.
 */

/** Follows a traceback outside a record line by line. */
export interface GroupFollower {
  takes(line: string): boolean
  /** True once a line was taken that tells this language from others, such as a frame. */
  readonly traced: boolean
  readonly complete: boolean
  /** True while the last lines belong to the traceback only if a further line proves it. */
  readonly doubtful?: boolean
}

/** The followers of one first line as one; in no order, so that none wins by its place in a list. */
export class Followers implements GroupFollower {
  #running: readonly GroupFollower[]
  #traced = false
  #doubtful = false

  constructor(followers: readonly GroupFollower[]) {
    this.#running = followers.filter(({ complete }) => !complete)
  }

  get traced(): boolean {
    return this.#traced
  }

  get complete(): boolean {
    return this.#running.length === 0
  }

  get doubtful(): boolean {
    return this.#doubtful
  }

  takes(line: string): boolean {
    const took = this.#running.filter((follower) => follower.takes(line))
    const traced = took.filter((follower) => follower.traced)
    this.#traced ||= traced.length > 0
    this.#running = (traced.length > 0 ? traced : took).filter(({ complete }) => !complete)
    this.#doubtful = took.every(({ doubtful }) => doubtful === true)
    return took.length > 0
  }
}
