/**
 * What lies in a spool's directory, looked at without changing it: by who is not the agent, which may be running. What
 * it writes meanwhile is seen or not; what it removes is not there any more.
 */
import { join } from 'node:path'
import { type Files, isMissing, realFiles } from './files.js'
import type { Position } from './position.js'
import { decodeHeader, FRAME_BYTES, frameAt, HEADER_BYTES, segmentName, segmentNumber } from './segment.js'

interface SegmentView {
  readonly number: number
  /** Sequence of its first record. */
  readonly base: number
  readonly size: number
}

export class SpoolView {
  readonly #dir: string
  readonly #files: Files
  readonly #segments: readonly SegmentView[]
  /** Records that were ever written to the spool. */
  readonly end: number

  private constructor(dir: string, files: Files, segments: readonly SegmentView[], end: number) {
    this.#dir = dir
    this.#files = files
    this.#segments = segments
    this.end = end
  }

  /** Undefined when there is no spool. Rejects when the disk does not answer. */
  static async open(dir: string, files: Files = realFiles): Promise<SpoolView | undefined> {
    const names = await files.list(dir).catch((error) => {
      if (isMissing(error)) return []
      throw error
    })
    const numbers = names.flatMap((name) => {
      const number = segmentNumber(name)
      return number !== undefined && name === segmentName(number) ? [number] : []
    })
    const segments: SegmentView[] = []
    let end = 0
    for (const number of numbers.sort((a, b) => a - b)) {
      const isLast = number === numbers.at(-1)
      const bytes = await read(files, join(dir, segmentName(number)), isLast ? undefined : HEADER_BYTES)
      const base = bytes && decodeHeader(bytes.view)
      if (bytes === undefined || typeof base !== 'number') continue
      segments.push({ number, base, size: bytes.size })
      end = isLast ? base + recordsIn(bytes.view) : base
    }
    return segments.length === 0 ? undefined : new SpoolView(dir, files, segments, end)
  }

  /** Where the first record is. */
  get start(): Position {
    const first = this.#segments[0]
    return { segment: first?.number ?? 0, offset: HEADER_BYTES, sequence: first?.base ?? 0 }
  }

  /** Bytes of records behind `position`. */
  bytesAfter(position: Position): number {
    let sum = 0
    for (const { number, size } of this.#segments) {
      if (number > position.segment) sum += size - HEADER_BYTES
      else if (number === position.segment) sum += Math.max(0, size - position.offset)
    }
    return sum
  }

  /** The text of the first record behind `position`; undefined when there is none, or it cannot be read. */
  async firstAfter(position: Position): Promise<string | undefined> {
    for (const { number, size } of this.#segments) {
      const from = number === position.segment ? position.offset : HEADER_BYTES
      if (number < position.segment || from + FRAME_BYTES > size) continue
      const frame = await read(this.#files, join(this.#dir, segmentName(number)), FRAME_BYTES, from)
      const length = frame && frame.view.length === FRAME_BYTES ? frame.view.readUInt32LE(0) : 0
      if (length === 0 || from + FRAME_BYTES + length > size) return undefined
      const text = await read(this.#files, join(this.#dir, segmentName(number)), length, from + FRAME_BYTES)
      return text?.view.toString('utf8')
    }
    return undefined
  }
}

/** Whole records of a segment; what the agent is writing at this moment is none yet. */
function recordsIn(segment: Buffer): number {
  let records = 0
  let at = HEADER_BYTES
  for (let size = frameAt(segment, at); size > 0; size = frameAt(segment, at)) {
    records++
    at += FRAME_BYTES + size
  }
  return records
}

/** `count` bytes of a file, or all, and the size of the file; undefined when it is gone. */
async function read(
  files: Files,
  path: string,
  count?: number,
  from = 0,
): Promise<{ view: Buffer; size: number } | undefined> {
  try {
    const file = await files.open(path, 'read')
    try {
      const size = await file.size()
      const view = Buffer.allocUnsafe(Math.min(count ?? size, Math.max(0, size - from)))
      return { view: view.subarray(0, await file.read(view, from)), size }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
