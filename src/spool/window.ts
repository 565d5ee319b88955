/**
 * The newest records, kept in memory as they were appended, so that an output that keeps up reads no disk.
 * Bounded by bytes; drops whole flushes, oldest first. Holds only records that are durable already.
 */
import type { Position } from './position.js'
import { FRAME_BYTES } from './segment.js'
import type { Limits, SpooledText } from './shapes.js'

/** The records of one write, which lie together in one segment. */
interface Group {
  readonly segment: number
  readonly from: number
  readonly to: number
  /** Sequence of the first record. */
  readonly base: number
  readonly items: readonly SpooledText[]
}

export class Window {
  readonly #maxBytes: number
  /** In the order of the spool, with no gap between neighbours but a change of segment. */
  #groups: Group[] = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(from: Position, to: number, items: readonly SpooledText[]): void {
    this.#groups.push({ segment: from.segment, from: from.offset, to, base: from.sequence, items })
    this.#bytes += to - from.offset
    let drop = 0
    while (this.#bytes > this.#maxBytes && drop < this.#groups.length) this.#bytes -= bytesOf(this.#groups[drop++])
    if (drop > 0) this.#groups = this.#groups.slice(drop)
  }

  /** Forgets what lies before `position`. */
  forgetBefore(position: Position): void {
    this.#keep(
      (group) => group.segment > position.segment || (group.segment === position.segment && group.to > position.offset),
    )
  }

  /** Forgets what a segment holds. */
  forgetSegment(segment: number): void {
    this.#keep((group) => group.segment !== segment)
  }

  /** Records from `position` on, within its segment; undefined when they are not in memory. */
  read(position: Position, limits: Limits): { items: SpooledText[]; next: Position } | undefined {
    let index = this.#groups.findIndex(
      (group) => group.segment === position.segment && group.from <= position.offset && position.offset < group.to,
    )
    let group = this.#groups[index]
    if (group === undefined) return undefined
    // The sequence finds the record; the offset must agree, or the position is not one of ours.
    let i = position.sequence - group.base
    let offset = group.from
    for (let before = 0; before < i; before++) offset += FRAME_BYTES + (group.items[before]?.bytes ?? 0)
    if (i < 0 || offset !== position.offset) return undefined
    const items: SpooledText[] = []
    let bytes = 0
    while (items.length < limits.maxRecords) {
      const item: SpooledText | undefined = group.items[i]
      if (item === undefined) {
        group = this.#groups[++index]
        if (group === undefined || group.segment !== position.segment || group.from !== offset) break
        i = 0
        continue
      }
      if (bytes + item.bytes > limits.maxBytes && (items.length > 0 || limits.onlyIfFits === true)) break
      items.push(item)
      bytes += item.bytes
      offset += FRAME_BYTES + item.bytes
      i++
    }
    return { items, next: { segment: position.segment, offset, sequence: position.sequence + items.length } }
  }

  #keep(wanted: (group: Group) => boolean): void {
    this.#groups = this.#groups.filter(wanted)
    this.#bytes = this.#groups.reduce((sum, group) => sum + bytesOf(group), 0)
  }
}

function bytesOf(group: Group | undefined): number {
  return group === undefined ? 0 : group.to - group.from
}
