/** What goes in and out of the spool, and what it says when the disk does not answer. */
import type { Lines } from './lines.js'

/** A part of a record's JSON: text, or its UTF-8 where that is known already. */
export type Piece = string | Uint8Array

/** How much a reader wants to hold in all, what it has already included. */
export interface Limits {
  /** Sum of the UTF-8 lengths. A record over it is given all the same, alone. */
  readonly maxBytes: number
  readonly maxRecords: number
}

/** Whether a record of `size` bytes may still be added. */
export function fits(lines: Lines, size: number, limits: Limits): boolean {
  if (lines.count === 0) return limits.maxRecords > 0
  return lines.count < limits.maxRecords && lines.bytes + size <= limits.maxBytes
}

/** Why an output does not get records that were in the spool: dropped as it was full, damaged on disk, removed by someone else. */
export type LossReason = 'full' | 'damaged' | 'removed'

/** `SPOOL_WRITE`: the records are still in memory, flush again. `SPOOL_CLOSED`: the agent has closed the spool. */
export class SpoolError extends Error {
  readonly code: 'SPOOL_WRITE' | 'SPOOL_CLOSED'
  constructor(code: 'SPOOL_WRITE' | 'SPOOL_CLOSED', message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SpoolError'
    this.code = code
  }
}
