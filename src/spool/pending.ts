/**
 * Records that were appended and are not durable yet, as the frames in which they will lie on disk: encoded once, into
 * blocks that are used again. A frame never spans two blocks.
 */
import { BLOCK_BYTES, type Blocks } from './blocks.js'
import { FRAME_BYTES, frameBytes, sealFrame } from './segment.js'
import type { Piece } from './shapes.js'

interface Block {
  readonly bytes: Buffer
  /** Frames are in `[start, end)`; what lies before is durable. */
  start: number
  end: number
}

/** The oldest frames, in order: one part for each block. */
export interface Front {
  readonly parts: readonly Buffer[]
  readonly bytes: number
  readonly records: number
}

export class Pending {
  readonly #pool: Blocks
  /** The oldest first; only the last is appended to. */
  readonly #blocks: Block[] = []
  #bytes = 0
  #records = 0

  constructor(pool: Blocks) {
    this.#pool = pool
  }

  /** Of the frames, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  get records(): number {
    return this.#records
  }

  /** Takes one record, whose JSON is the pieces behind each other. */
  append(pieces: readonly Piece[]): void {
    const block = this.#blockFor(pieces)
    const start = block.end
    let at = start + FRAME_BYTES
    for (const piece of pieces) {
      if (typeof piece === 'string') at += block.bytes.write(piece, at)
      else {
        block.bytes.set(piece, at)
        at += piece.length
      }
    }
    sealFrame(block.bytes, start, at)
    block.end = at
    this.#bytes += at - start
    this.#records++
  }

  /** The oldest frames that together have at most `maxBytes`; with `orOne` at least one, however large. */
  front(maxBytes: number, orOne: boolean): Front {
    const parts: Buffer[] = []
    let bytes = 0
    let records = 0
    for (const { bytes: block, start, end } of this.#blocks) {
      let at = start
      while (at < end) {
        const size = frameBytes(block, at)
        if (bytes + size > maxBytes && !(orOne && records === 0)) break
        at += size
        bytes += size
        records++
      }
      if (at > start) parts.push(block.subarray(start, at))
      if (at < end) break
    }
    return { parts, bytes, records }
  }

  /** Forgets what `front` gave last: it is durable. */
  drop({ parts, bytes, records }: Front): void {
    this.#bytes -= bytes
    this.#records -= records
    for (const part of parts) {
      const block = this.#blocks[0]
      if (block === undefined) return
      block.start += part.length
      if (block.start < block.end) return
      this.#blocks.shift()
      this.#pool.give(block.bytes)
    }
  }

  #blockFor(pieces: readonly Piece[]): Block {
    const last = this.#blocks.at(-1)
    const room = last === undefined ? 0 : last.bytes.length - last.end
    // Counting the bytes of a text takes as long as writing it; most of the time it is enough to know what it cannot exceed.
    if (last !== undefined && FRAME_BYTES + mostBytes(pieces) <= room) return last
    const size = FRAME_BYTES + exactBytes(pieces)
    if (last !== undefined && size <= room) return last
    const bytes = size <= BLOCK_BYTES ? this.#pool.take() : Buffer.allocUnsafeSlow(size)
    const block = { bytes, start: 0, end: 0 }
    this.#blocks.push(block)
    return block
  }
}

function mostBytes(pieces: readonly Piece[]): number {
  let most = 0
  for (const piece of pieces) most += typeof piece === 'string' ? piece.length * 3 : piece.length
  return most
}

function exactBytes(pieces: readonly Piece[]): number {
  let bytes = 0
  for (const piece of pieces) bytes += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
  return bytes
}
