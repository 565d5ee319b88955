/**
 * What panics and errors of Rust have in common: frames below each other, the shape of the result, and looking at no more
 * of a line than a header needs.
 */
import type { Frame, Traceback } from '../core/shapes.js'
import { frameName, framePlace, inlinedName, isOmission } from './rust-lines.js'
import type { LineCursor } from './text.js'

/** Sections, places and threads begin this near to the start of their line. */
const NEAR = 260

/** Start of the line that holds `at`, or -1 when it is farther away, so that many candidates in one line stay cheap. */
export function nearStart(text: string, at: number, from: number): number {
  const newline = text.slice(Math.max(from, at - NEAR), at).lastIndexOf('\n')
  if (newline >= 0) return Math.max(from, at - NEAR) + newline + 1
  return at - from <= NEAR ? from : -1
}

/** The line from `at` on, as far as a header reaches. */
export function lineAt(text: string, at: number): string {
  const part = text.slice(at, at + 4096)
  const newline = part.indexOf('\n')
  return newline < 0 ? part : part.slice(0, newline)
}

/** The parts of a traceback that are known; the rest is empty. */
export type Parts = Partial<Traceback> & Pick<Traceback, 'start' | 'end'>

export function traceback(parts: Parts): Traceback {
  const { kind, message, frames = [], causes = [], start, end, uncaught = false } = parts
  return {
    language: 'rust',
    ...(kind !== undefined && { kind }),
    ...(message !== undefined && message !== '' && { message }),
    frames,
    causes,
    start,
    end,
    uncaught,
  }
}

/** Takes numbered frames and their places; gives the end of the last line taken. */
export function takeFrames(cursor: LineCursor, frames: Frame[]): number {
  let end = cursor.start
  let frame: Frame | undefined
  for (; !cursor.done; cursor.advance()) {
    const { line } = cursor
    const name = frameName(line)
    const place = name === undefined && frame !== undefined ? framePlace(line) : undefined
    const inlined =
      name === undefined && place === undefined && frame !== undefined && !isOmission(line)
        ? inlinedName(line)
        : undefined
    if (name !== undefined || inlined !== undefined) {
      const known = name ?? inlined ?? ''
      frame = known === '<unknown>' ? {} : { function: known }
      if (known !== '<unknown>') frames.push(frame)
    } else if (place !== undefined && frame !== undefined) {
      if (frame.function === undefined) frames.push(frame)
      Object.assign(frame, place)
    } else if (!isOmission(line)) break
    end = cursor.end
  }
  return end
}
