/** The settings of the tailer, in the config under `tail`. Every default waits rather than drops. */
import { z } from 'zod'
import { bytes, duration } from '../config/types.js'

export const tailSettings = z
  .strictObject({
    poll: duration('500ms').describe(
      'How often to look for new, grown, rotated and deleted files. File system events only make it look sooner.',
    ),
    watch: z
      .boolean()
      .default(true)
      .describe(
        'Use file system events to notice changes at once. Turn off on network file systems; the poll finds everything.',
      ),
    maxOpenFiles: z
      .int()
      .min(1)
      .default(512)
      .describe(
        'Files held open at once. Above it the least recently read ones are closed and opened again when they grow.',
      ),
    rotatedGrace: duration('10s').describe(
      'How long a file that was rotated away or deleted is held open after its last byte was read, for writers that have not reopened yet.',
    ),
    ignoreOlder: duration('0s').describe(
      'Skip the present content of files last written longer ago than this; what is written to them later is read. 0 reads all.',
    ),
    maxBytesPerTurn: bytes('256KiB')
      .pipe(
        z
          .number()
          .min(1024)
          .max(2 ** 26),
      )
      .describe('Most bytes read from one file before the other files have their turn.'),
    fingerprintBytes: bytes('1KiB')
      .pipe(
        z
          .number()
          .min(16)
          .max(2 ** 20),
      )
      .describe('How much of the beginning of a file tells it from others. Changing it keeps all positions.'),
    forgetAfter: duration('7d').describe('Forget the position of a file that has been gone for this long.'),
  })
  .prefault({})

export type TailSettings = z.output<typeof tailSettings>
