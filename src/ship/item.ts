/** One spooled record as an output sees it; its text is parsed only when somebody asks for more than the id. */

import type { ErrorRecord } from '../core/shapes.js'
import type { Batch, BatchItem } from '../outputs/output.js'

/** Records are written with their id first; finding it there saves parsing a record that is sent as it is. */
const ID_FIRST = /^\{"id":"([^"\\]{1,128})"/

export class Item implements BatchItem {
  readonly text: string
  /** UTF-8 length of `text`. */
  readonly bytes: number
  #record: ErrorRecord | undefined

  constructor(text: string, bytes: number) {
    this.text = text
    this.bytes = bytes
  }

  get id(): string {
    return ID_FIRST.exec(this.text)?.[1] ?? this.record().id
  }

  record(): ErrorRecord {
    this.#record ??= JSON.parse(this.text) as ErrorRecord
    return this.#record
  }
}

/** A batch of these items, in order. */
export function batchOf(items: readonly Item[]): Batch {
  return { items, bytes: items.reduce((sum, item) => sum + item.bytes, 0) }
}
