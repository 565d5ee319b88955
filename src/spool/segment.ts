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

/** The sequence of the segment's first record; undefined when these bytes are no header. */
export function decodeHeader(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) return undefined
  if (bytes.readUInt32LE(8) !== VERSION || bytes.readUInt32LE(20) !== crc32(bytes.subarray(0, 20))) return undefined
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

/** What a whole segment holds. */
export interface Scan {
  /** Where the last good record ends. */
  readonly end: number
  readonly records: number
  /**
   * `clean`: nothing follows. `torn`: what follows is the beginning of a record that a crash cut off.
   * `damaged`: what follows was a record once, or holds some.
   */
  readonly tail: 'clean' | 'torn' | 'damaged'
  /** Records known to be lost behind `end`: those found whole, and the broken one before them. At least 1 if damaged. */
  readonly lost: number
}

/** Reads a segment, header included, from its first record to the first bad one. */
export function scanSegment(bytes: Buffer): Scan {
  let end = HEADER_BYTES
  let records = 0
  let size = frameAt(bytes, end)
  while (size > 0) {
    end += FRAME_BYTES + size
    records++
    size = frameAt(bytes, end)
  }
  if (end >= bytes.length) return { end, records, tail: 'clean', lost: 0 }
  // A flipped byte in a length can look like a cut record; then whole records follow somewhere behind it.
  const found = wholeRecordsAfter(bytes, end + 1)
  if (found === 0 && (size === SHORT || isZero(bytes.subarray(end)))) return { end, records, tail: 'torn', lost: 0 }
  return { end, records, tail: 'damaged', lost: found + 1 }
}

/** JSON text read as a length is over a gigabyte, so in practice only the starts of frames cost a checksum. */
function wholeRecordsAfter(bytes: Buffer, from: number): number {
  let found = 0
  let at = from
  while (at + FRAME_BYTES < bytes.length) {
    const size = frameAt(bytes, at)
    if (size > 0) found++
    at += size > 0 ? FRAME_BYTES + size : 1
  }
  return found
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}
