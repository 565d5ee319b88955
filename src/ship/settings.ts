/** Settings of how one output's records are gathered into batches. */
import { z } from 'zod'
import { bytes, duration } from '../config/types.js'

export const batchSettings = z
  .strictObject({
    maxBytes: bytes('4MiB').describe(
      'Largest batch, in bytes of record text or "1MiB". A record larger than this is sent alone. The batches of all outputs share 8 MiB of memory, so they are smaller where there are several outputs, or several requests at once.',
    ),
    maxRecords: z.number().int().min(1).default(1000).describe('Most records in one batch.'),
    maxAge: duration('1s').describe('Send a batch that is not full when its first record has waited this long.'),
  })
  .prefault({})
  .describe('When a batch is sent: as soon as one of these is reached.')

/** `maxAge` in ms. */
export type BatchSettings = z.output<typeof batchSettings>

/** Waits between attempts, in ms: the first, and the longest they double to. */
export interface RetrySettings {
  readonly firstMs: number
  readonly maxMs: number
}

export const DEFAULT_RETRY: RetrySettings = { firstMs: 1000, maxMs: 15_000 }
