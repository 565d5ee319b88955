/**
 * Decides whether a record is carried: its written status decides alone; only where none was written does a traceback
 * speak. Writes the status it infers into the record, and nothing else.
 */
import { isErrorStatus, type LogRecord, type Status, type Traceback } from '../core/shapes.js'

/** Why a record is dropped; the label of `lines_dropped_total{reason}`. */
export type DropReason = 'below_error' | 'no_status' | 'not_wanted'

export type Verdict = { readonly keep: true } | { readonly keep: false; readonly reason: DropReason }

/**
 * The verdict on a record that has passed its remappers. `keep` holds the statuses the user wants.
 * A record without a status but with a traceback that the runtime printed, or that has frames, is an error, `inferred`.
 */
export function judge(record: LogRecord, keep: ReadonlySet<Status>): Verdict {
  if (record.status === undefined) {
    const { traceback } = record
    if (traceback === undefined || !(traceback.uncaught || hasFrames(traceback)))
      return { keep: false, reason: 'no_status' }
    record.status = 'error'
    record.inferred = true
  }
  if (keep.has(record.status)) return { keep: true }
  return { keep: false, reason: isErrorStatus(record.status) ? 'not_wanted' : 'below_error' }
}

/** Its own frames, or those of what it is an aggregate of. */
function hasFrames({ frames, causes }: Traceback): boolean {
  return frames.length > 0 || causes.some((cause) => cause.frames.length > 0)
}
