/**
 * What makes a file the same file: device and inode, and the content already seen, its beginning and the bytes just
 * before the position. Inodes are reused and files are copied, so neither alone is trusted.
 */
import { createHash } from 'node:crypto'
import type { OpenedFile } from './files.js'

/** A hash over `length` bytes that end at file offset `to`. */
export interface Print {
  readonly to: number
  readonly length: number
  /** First 32 hex digits of SHA-256. */
  readonly sha: string
}

/** Bytes before the position that are compared before anything after it is believed. */
export const OVERLAP = 256

/** The print of bytes that end at file offset `to`. */
export function printOf(bytes: Buffer, to: number): Print {
  return { to, length: bytes.length, sha: shaOf(bytes) }
}

/** Of no bytes, at the beginning of a file. */
export const NOTHING: Print = printOf(Buffer.alloc(0), 0)

/** Whether these are bytes that the print was taken of, wherever they stand. */
export function isPrintOf(print: Print, bytes: Buffer): boolean {
  return bytes.length === print.length && shaOf(bytes) === print.sha
}

function shaOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest().toString('hex', 0, 16)
}

/** Whether the file holds, at the print's place, the bytes that the print was taken of. */
export async function bears(file: OpenedFile, print: Print): Promise<boolean> {
  if (print.length === 0) return true
  const bytes = await readAt(file, print.to - print.length, print.length)
  return isPrintOf(print, bytes)
}

/** The print of the first `length` bytes of the file, of fewer where it ends. */
export async function beginningOf(file: OpenedFile, length: number): Promise<Print> {
  const bytes = await readAt(file, 0, length)
  return printOf(bytes, bytes.length)
}

/** Bytes `[from, from + length)` of the file, fewer where it ends. Owned. */
export async function readAt(file: OpenedFile, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length)
  let got = 0
  while (got < length) {
    const n = await file.read(buffer, got, length - got, from + got)
    if (n === 0) break
    got += n
  }
  return got === length ? buffer : Buffer.from(buffer.subarray(0, got))
}
