/** Settings of the spool. */
import { z } from 'zod'
import { bytes } from '../config/types.js'

export const spoolSettings = z
  .strictObject({
    maxBytes: bytes('1GiB')
      .refine((size) => size >= 1 << 20, 'The spool needs at least "1MiB".')
      .describe(
        'Disk space for records that wait for delivery, in bytes or "1GiB". What happens when it is full, whenFull says.',
      ),
    whenFull: z
      .enum(['wait', 'dropOldest'])
      .default('wait')
      .describe(
        '"wait": reading waits until the slowest output has delivered; nothing is dropped, but files may be rotated away unread. "dropOldest": reading goes on, and the oldest file of the spool is dropped for the outputs that have not delivered it yet; what each lost is counted and logged.',
      ),
    segmentBytes: bytes('16MiB')
      .refine((size) => size >= 1 << 16, 'A file of the spool needs at least "64KiB".')
      .describe(
        'Size at which the spool begins a new file, in bytes or "16MiB", at most a quarter of maxBytes. Space is given back by whole files.',
      ),
  })
  .describe('The disk buffer between reading and delivery, shared by all outputs.')

export type SpoolSettings = z.output<typeof spoolSettings>
