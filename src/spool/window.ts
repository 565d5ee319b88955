/**
 * The newest records, kept in memory as they lie on disk, so that an output that keeps up reads no disk. A ring of fixed
 * size: the oldest give way to the newest. Holds only records that are durable already.
 *
 *   │ newest ──▶│ free │ oldest ──▶ … │   a write begins again at the left where the right end is too short for it
 */
import type { Lines } from './lines.js'
import type { Position } from './position.js'
import { FRAME_BYTES, frameBytes } from './segment.js'
import { fits, type Limits } from './shapes.js'

/** Frames that lie together in one segment and in the ring. */
interface Group {
  readonly segment: number
  /** Of the first frame, in the segment. */
  readonly from: number
  /** Of the first frame, in the ring. */
  readonly at: number
  /** Sequence of the first record. */
  readonly base: number
  bytes: number
}

/** Frames join the group before them up to this size; whole groups are forgotten. */
const GROUP_BYTES = 128 << 10

export class Window {
  readonly #maxBytes: number
  /** Made by the first record. */
  #ring: Buffer = Buffer.alloc(0)
  /** Where the next frames go. */
  #next = 0
  /** The oldest first; in the order of the spool, with no gap between neighbours but a change of segment. */
  #groups: Group[] = []

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Takes frames that became durable at `from`. */
  add(from: Position, frames: Buffer): void {
    if (this.#ring.length === 0) this.#ring = Buffer.allocUnsafeSlow(this.#maxBytes)
    if (frames.length > this.#ring.length) {
      this.#groups = []
      this.#next = 0
      return
    }
    let at = this.#next
    if (at + frames.length > this.#ring.length) {
      this.#forget((group) => group.at >= at)
      at = 0
    }
    const end = at + frames.length
    this.#forget((group) => group.at < end && group.at + group.bytes > at)
    frames.copy(this.#ring, at)
    this.#next = end
    const last = this.#groups.at(-1)
    const follows = last && last.segment === from.segment && last.from + last.bytes === from.offset
    if (follows && last.at + last.bytes === at && last.bytes + frames.length <= GROUP_BYTES) last.bytes += frames.length
    else this.#groups.push({ segment: from.segment, from: from.offset, at, base: from.sequence, bytes: frames.length })
  }

  /** Adds records from `position` on, within its segment, and gives the place behind them; undefined when they are not here. */
  read(position: Position, limits: Limits, into: Lines): Position | undefined {
    const { segment } = position
    let index = this.#groups.findIndex((group) => group.segment === segment && holds(group, position.offset))
    const first = this.#groups[index]
    if (first === undefined || !this.#isFrame(first, position)) return undefined
    let { offset, sequence } = position
    for (;;) {
      const group = this.#groups[index]
      if (group === undefined || group.segment !== segment || !holds(group, offset)) break
      const at = group.at + offset - group.from
      const size = frameBytes(this.#ring, at) - FRAME_BYTES
      if (!fits(into, size, limits)) break
      into.add(this.#ring, at + FRAME_BYTES, size)
      offset += FRAME_BYTES + size
      sequence++
      if (offset === group.from + group.bytes) index++
    }
    return { segment, offset, sequence }
  }

  /** Whether a record begins at the position, and it is the one of that sequence. */
  #isFrame(group: Group, { offset, sequence }: Position): boolean {
    let from = group.from
    let at = group.at
    let counted = group.base
    while (from < offset) {
      const size = frameBytes(this.#ring, at)
      from += size
      at += size
      counted++
    }
    return from === offset && counted === sequence
  }

  /** Forgets the oldest groups as long as they are in the way. */
  #forget(inTheWay: (group: Group) => boolean): void {
    let count = 0
    for (const group of this.#groups) {
      if (!inTheWay(group)) break
      count++
    }
    if (count > 0) this.#groups = this.#groups.slice(count)
  }
}

function holds(group: Group, offset: number): boolean {
  return group.from <= offset && offset < group.from + group.bytes
}
