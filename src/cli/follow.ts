/**
 * Follows Errand's own delivered file with the `tail` package: it grows by whole UTF-8 lines only, which is all that
 * `tail` needs to be right. A view for people; nothing depends on it.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Tail } from 'tail'
import type { ErrorRecord } from '../core/shapes.js'

/** Reads the records that are in the file already; a line that is no record is passed over. 0 when there is no file. */
export async function readDelivered(path: string, onRecord: (record: ErrorRecord) => void): Promise<number> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size === 0) return 0
  // To the size of now: what comes after is `followDelivered`'s.
  const lines = createInterface({
    input: createReadStream(path, { end: size - 1 }),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  for await (const line of lines) takeLine(line, onRecord)
  return size
}

/** Follows from the present end on, over rotations, until `signal`. Waits for a file that is not there yet. */
export async function followDelivered(
  path: string,
  signal: AbortSignal,
  onRecord: (record: ErrorRecord) => void,
): Promise<void> {
  let fromBeginning = false
  while (!signal.aborted && !(await exists(path))) {
    fromBeginning = true
    await pause(200, signal)
  }
  if (signal.aborted) return
  const tail = new Tail(path, { fromBeginning, follow: true, useWatchFile: true, fsWatchOptions: { interval: 200 } })
  tail.on('line', (line: string) => takeLine(line, onRecord))
  // The file may be gone for the moment of a rotation; the package looks again by itself.
  tail.on('error', () => {})
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  tail.unwatch()
}

function takeLine(line: string, onRecord: (record: ErrorRecord) => void): void {
  if (line === '') return
  try {
    const record = JSON.parse(line) as ErrorRecord
    if (typeof record.id === 'string' && typeof record.error?.pre_fingerprint === 'string') onRecord(record)
  } catch {
    // A line cut by a crash; the record comes again.
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
