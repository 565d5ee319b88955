/**
 * Buffers of one size, used again and again. Memory outside of V8's heap that is only let go waits for a collection
 * that its own size hardly hastens: at 100 MB/s that is a hundred megabytes of nothing.
 */
export const BLOCK_BYTES = 256 << 10

export class Blocks {
  readonly #most: number
  readonly #spare: Buffer[] = []

  /** At most `most` blocks are kept while nobody uses them. */
  constructor(most: number) {
    this.#most = most
  }

  /** A block that is the caller's until `give`; it holds whatever it held. */
  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
  }

  /** Takes back a block; nobody may look at it any more. Buffers of other sizes are let go. */
  give(block: Buffer): void {
    if (block.length === BLOCK_BYTES && this.#spare.length < this.#most) this.#spare.push(block)
  }
}
