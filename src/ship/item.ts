/** Spooled records as an output sees them: bytes, which are decoded or parsed only when somebody asks. */

import type { ErrorRecord } from '../core/shapes.js'
import type { Batch, BatchItem } from '../outputs/output.js'
import type { Lines } from '../spool/lines.js'

/** Records are written with their id first; finding it there saves parsing a record that is sent as it is. */
const ID_FIRST = /^\{"id":"([^"\\]{1,128})"/
/** Bytes in which such an id ends, whatever its characters are. */
const ID_BYTES = 600

export class Item implements BatchItem {
  readonly #lines: Lines
  readonly #index: number

  constructor(lines: Lines, index: number) {
    this.#lines = lines
    this.#index = index
  }

  get text(): string {
    return this.#lines.record(this.#index).toString('utf8')
  }

  get id(): string {
    const head = this.#lines.record(this.#index).toString('utf8', 0, ID_BYTES)
    return ID_FIRST.exec(head)?.[1] ?? this.record().id
  }

  record(): ErrorRecord {
    return JSON.parse(this.text) as ErrorRecord
  }
}

/** A batch of some of the records of `lines`, which must not change as long as anybody has the batch. */
export class LinesBatch implements Batch {
  readonly items: readonly Item[]
  readonly #lines: Lines
  readonly #from: number

  private constructor(lines: Lines, from: number, items: readonly Item[]) {
    this.#lines = lines
    this.#from = from
    this.items = items
  }

  static of(lines: Lines): LinesBatch {
    return new LinesBatch(
      lines,
      0,
      Array.from({ length: lines.count }, (_, i) => new Item(lines, i)),
    )
  }

  get ndjson(): Buffer {
    return this.#lines.range(this.#from, this.#from + this.items.length)
  }

  get bytes(): number {
    return this.ndjson.length - this.items.length
  }

  /** The first half, the larger one, and the second. */
  halves(): [LinesBatch, LinesBatch] {
    const middle = Math.ceil(this.items.length / 2)
    return [
      new LinesBatch(this.#lines, this.#from, this.items.slice(0, middle)),
      new LinesBatch(this.#lines, this.#from + middle, this.items.slice(middle)),
    ]
  }
}
