/** What goes in and out of the spool, and what it says when the disk does not answer. */

/** One record as the spool holds it: `text` is one line of JSON, `bytes` its UTF-8 length. */
export interface SpooledText {
  readonly text: string
  readonly bytes: number
}

/** How much one read may give. */
export interface Limits {
  /** Sum of the UTF-8 lengths. A first record over it is given all the same, alone, unless `onlyIfFits`. */
  readonly maxBytes: number
  readonly maxRecords: number
  /** Give nothing rather than a first record over `maxBytes`. */
  readonly onlyIfFits?: boolean
}

/** `SPOOL_WRITE`: the records are still in memory, flush again. `SPOOL_CLOSED`: the agent has closed the spool. */
export class SpoolError extends Error {
  readonly code: 'SPOOL_WRITE' | 'SPOOL_CLOSED'
  constructor(code: 'SPOOL_WRITE' | 'SPOOL_CLOSED', message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SpoolError'
    this.code = code
  }
}
