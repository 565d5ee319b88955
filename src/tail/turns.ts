/** Whose turn it is: everyone who has something to read goes round in a ring, so that a busy file starves nobody. */
export class Turns<T> {
  /** In the order in which they will be served. */
  readonly #ring = new Set<T>()

  get size(): number {
    return this.#ring.size
  }

  /** Takes a place at the end; one who waits already keeps its place. */
  add(one: T): void {
    this.#ring.add(one)
  }

  remove(one: T): void {
    this.#ring.delete(one)
  }

  /** The first who `mayGo`, taken out of the ring. */
  next(mayGo: (one: T) => boolean): T | undefined {
    for (const one of this.#ring) {
      if (!mayGo(one)) continue
      this.#ring.delete(one)
      return one
    }
    return undefined
  }
}
