/** A place in the spool between two records. */
export interface Position {
  /** Number of the segment; numbers only grow and are never used twice. */
  readonly segment: number
  /** Bytes from the start of the segment's file. */
  readonly offset: number
  /** Records that lie before this place since the spool began; the difference of two is what waits between them. */
  readonly sequence: number
}

/** Negative when `a` lies before `b`, 0 when they are the same place. */
export function compare(a: Position, b: Position): number {
  return a.segment - b.segment || a.offset - b.offset
}
