/**
 * Records as lines of JSON, one behind the other in one buffer: what a reader of the spool collects, and what an output
 * ships without looking into it. The bytes are the spool's own; nothing is decoded on the way.
 */
const FIRST_BYTES = 64 << 10
const LINE_END = 0x0a

export class Lines {
  readonly #usual: number
  #buffer: Buffer = Buffer.alloc(0)
  /** Where each line ends, its line end included. */
  readonly #ends: number[] = []

  /** `usual`: what full lines need as a rule, in bytes; a larger record gets what it needs. */
  constructor(usual = 0) {
    this.#usual = usual
  }

  get count(): number {
    return this.#ends.length
  }

  /** Sum of the records' lengths, line ends not counted. */
  get bytes(): number {
    return (this.#ends.at(-1) ?? 0) - this.#ends.length
  }

  /** What the buffer takes before it grows, in bytes. */
  get capacity(): number {
    return this.#buffer.length
  }

  /** Copies the record `view[start, start + size)`. */
  add(view: Buffer, start: number, size: number): void {
    const from = this.#ends.at(-1) ?? 0
    const end = from + size + 1
    if (end > this.#buffer.length) this.#grow(from, end)
    view.copy(this.#buffer, from, start, start + size)
    this.#buffer[end - 1] = LINE_END
    this.#ends.push(end)
  }

  /** Record `i`, without its line end. Borrowed: the bytes change when the lines are used again. */
  record(i: number): Buffer {
    return this.#buffer.subarray(this.#startOf(i), this.#startOf(i + 1) - 1)
  }

  /** Records `[from, to)`, each with its line end. Borrowed too. */
  range(from: number, to: number): Buffer {
    return this.#buffer.subarray(this.#startOf(from), this.#startOf(to))
  }

  /** Forgets the records and keeps the buffer. */
  clear(): void {
    this.#ends.length = 0
  }

  #startOf(i: number): number {
    return i === 0 ? 0 : (this.#ends[i - 1] ?? 0)
  }

  #grow(used: number, needed: number): void {
    // From small to full at once: pages that are never written to take no memory, and the buffers between would be garbage.
    const size = needed <= FIRST_BYTES ? FIRST_BYTES : Math.max(needed, this.#usual, this.#buffer.length * 2)
    const buffer = Buffer.allocUnsafeSlow(size)
    this.#buffer.copy(buffer, 0, 0, used)
    this.#buffer = buffer
  }
}
