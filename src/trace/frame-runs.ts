/**
 * Runs of frames: lines that follow each other and begin alike, read as one text with a memory, because a program
 * prints the same few stacks over and over. What the readers of Java, .NET and Go share.
 */
import type { Frame } from '../core/shapes.js'
import { LineCursor, rememberedLong } from './text.js'

/** The frames of one exception while it is read. */
export interface FrameList {
  /** Copied before it is written to when `isShared`: a run of frames that was read before comes as the same list. */
  frames: Frame[]
  isShared: boolean
}

/** Appends a frame; a shared list becomes the block's own first. */
export function addFrame(block: FrameList, frame: Frame): void {
  if (block.isShared) {
    block.frames = [...block.frames]
    block.isShared = false
  }
  block.frames.push(frame)
}

/** Appends the frames of a run, which is shared and stays as it is. Many runs take time linear in their frames. */
export function addRun(list: FrameList, run: readonly Frame[]): void {
  if (list.frames.length === 0) {
    list.frames = run as Frame[]
    list.isShared = true
  } else for (const frame of run) addFrame(list, frame)
}

/** End of the last of the lines from `start` on that begin with `lead`, its line feed excluded; `start` when none does. */
export function runEnd(text: string, start: number, lead: string): number {
  let next = start
  let end = start
  while (next < text.length && text.startsWith(lead, next)) {
    const newline = text.indexOf('\n', next)
    end = newline < 0 ? text.length : newline
    next = newline < 0 ? text.length : newline + 1
  }
  return end
}

/**
 * Reads a run in which `parse` takes every line, and remembers it: the list that comes back is shared (see FrameList).
 * Gives no frames at all when `parse` refuses one of the lines.
 */
export function runReader(parse: (line: string) => Frame | undefined): (run: string) => Frame[] {
  return rememberedLong((run) => {
    const frames: Frame[] = []
    for (const cursor = new LineCursor(run); !cursor.done; cursor.advance()) {
      const frame = parse(cursor.line)
      if (frame === undefined) return []
      frames.push(frame)
    }
    return frames
  })
}
