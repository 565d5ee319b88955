/**
 * The bytes of one segment file: a header, then records, each in a frame of `u32 length, u32 CRC-32, UTF-8 text`
 * (little endian). Pure: positions and buffers in, values out; files are `spool.ts`'s work.
 */
import { crc32 } from 'node:zlib'

const MAGIC = Buffer.from('ERRSPOOL')
const VERSION = 1
/** Magic (8), version (4), sequence of the first record (8), CRC-32 of these (4). */
export const HEADER_BYTES = 24
export const FRAME_BYTES = 8

/** `frameAt`: the view ends before the record does. */
export const SHORT = -1
/** `frameAt`: these bytes are no record. */
export const BAD = -2

export function segmentName(number: number): string {
  return `${String(number).padStart(10, '0')}.segment`
}

/** The number of a segment's file, or of a copy set aside from it; undefined for other names. */
export function segmentNumber(name: string): number | undefined {
  const match = /^(\d{10,15})\.segment/.exec(name)
  return match?.[1] === undefined ? undefined : Number(match[1])
}

/** `base` is the sequence of the segment's first record. */
export function encodeHeader(base: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(VERSION, 8)
  header.writeBigUInt64LE(BigInt(base), 12)
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20)
  return header
}

/**
 * The sequence of the segment's first record; `damaged` when these bytes are no whole header, `foreign` when they are one
 * of another version.
 */
export function decodeHeader(bytes: Buffer): number | 'damaged' | 'foreign' {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(20) !== crc32(bytes.subarray(0, 20))) return 'damaged'
  if (!bytes.subarray(0, 8).equals(MAGIC) || bytes.readUInt32LE(8) !== VERSION) return 'foreign'
  return Number(bytes.readBigUInt64LE(12))
}

/** Writes the head of the frame `[start, end)`, whose text stands there already. */
export function sealFrame(target: Buffer, start: number, end: number): void {
  const text = start + FRAME_BYTES
  target.writeUInt32LE(end - text, start)
  target.writeUInt32LE(crc32(target.subarray(text, end)), start + 4)
}

/** Length of the frame at `at` of bytes that are known to be frames; text from elsewhere is checked by `frameAt`. */
export function frameBytes(view: Buffer, at: number): number {
  return FRAME_BYTES + view.readUInt32LE(at)
}

/** UTF-8 length of the record whose frame begins at `at`, or SHORT, or BAD. A record is never empty: zeros are BAD. */
export function frameAt(view: Buffer, at: number): number {
  if (at + FRAME_BYTES > view.length) return SHORT
  const size = view.readUInt32LE(at)
  if (size === 0) return BAD
  const start = at + FRAME_BYTES
  if (start + size > view.length) return SHORT
  return crc32(view.subarray(start, start + size)) === view.readUInt32LE(at + 4) ? size : BAD
}

/** Bytes that are no record, between records or behind them. */
export interface Hole {
  readonly from: number
  readonly to: number
  /** Records that were there: as many as their lengths tell, where those are still good, else 1. */
  readonly records: number
  /** Good records of the segment that lie before it. */
  readonly recordsBefore: number
}

/** What a whole segment holds. */
export interface Survey {
  /** Where the last record ends, good or damaged. */
  readonly end: number
  /** Good records. */
  readonly records: number
  /** What is damaged, in order. */
  readonly holes: readonly Hole[]
  /** Behind `end` is the beginning of a record that a crash cut off. */
  readonly isTorn: boolean
}

/** Reads a segment, header included, from its first record to its last; goes on behind those that are damaged. */
export function surveySegment(bytes: Buffer): Survey {
  const holes: Hole[] = []
  let records = 0
  let end = HEADER_BYTES
  while (end < bytes.length) {
    const size = frameAt(bytes, end)
    if (size > 0) {
      records++
      end += FRAME_BYTES + size
      continue
    }
    // A flipped byte in a length can look like a cut record; then whole records follow somewhere behind it.
    const next = nextFrame(bytes, end + 1)
    if (next === bytes.length && isCutOff(bytes, end)) return { end, records, holes, isTorn: true }
    holes.push({ from: end, to: next, records: recordsBetween(bytes, end, next), recordsBefore: records })
    end = next
  }
  return { end, records, holes, isTorn: false }
}

/**
 * Where the first whole record from `from` on begins, or the end. JSON text read as a length is over a gigabyte, so in
 * practice only the starts of frames cost a checksum.
 */
function nextFrame(bytes: Buffer, from: number): number {
  for (let at = from; at + FRAME_BYTES < bytes.length; at++) if (frameAt(bytes, at) > 0) return at
  return bytes.length
}

/** Whether the last bytes are the beginning of a record. */
function isCutOff(bytes: Buffer, from: number): boolean {
  // A file can have its size before its content: the zeros at its end are no part of a record.
  let size = bytes.length
  while (size > from && bytes[size - 1] === 0) size--
  return frameAt(bytes.subarray(0, size), from) === SHORT
}

function recordsBetween(bytes: Buffer, from: number, to: number): number {
  let records = 0
  let at = from
  while (at + FRAME_BYTES <= to) {
    at += frameBytes(bytes, at)
    records++
  }
  return at === to ? records : 1
}
