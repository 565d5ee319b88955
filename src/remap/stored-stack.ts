/**
 * Finds the stack that a logger stored under a name which nobody foresaw: `payload.err.stack`, `fields.exception`,
 * `data[1].stack`. What counts is that a traceback language reads frames in it. Breadth first, so that an error's own
 * stack comes before those of its causes; bounded, since anybody's JSON is searched.
 */
import type { Attributes, Frame, Traceback, Value } from '../core/shapes.js'
import { isObject, type Path } from './paths.js'
import type { ReadTraceback } from './processor.js'
import { isStackKey, joinLines, readStructuredError } from './structured-error.js'

/** Texts of several lines, lists and objects looked at, and how deep they may lie. */
const MAX_VALUES = 400
const MAX_DEPTH = 6

export interface StoredStack {
  /** Where the stack stands; digits lead into lists. */
  readonly path: Path
  readonly traceback: Traceback
  /** The stack as text. */
  readonly stack: string
}

/** The first attribute, nearest to the top, that holds a stack with frames. */
export function findStoredStack(
  attributes: Attributes,
  read: ReadTraceback,
  languages: readonly string[] | undefined,
): StoredStack | undefined {
  const queue: { path: Path; value: Value }[] = [{ path: [], value: attributes }]
  for (let i = 0; i < queue.length && i < MAX_VALUES; i++) {
    const { path, value } = queue[i] as { path: Path; value: Value }
    const found = path.length === 0 ? undefined : readValue(value, path, read, languages)
    if (found !== undefined) return found
    if (typeof value !== 'object' || value === null || path.length >= MAX_DEPTH) continue
    for (const [key, inner] of Object.entries(value) as [string, Value][]) {
      if (queue.length >= MAX_VALUES) break
      // One line holds a header at best.
      if (typeof inner === 'string' ? inner.includes('\n') : typeof inner === 'object' && inner !== null)
        queue.push({ path: [...path, key], value: inner })
    }
  }
  return undefined
}

function readValue(
  value: Value,
  path: Path,
  read: ReadTraceback,
  languages: readonly string[] | undefined,
): StoredStack | undefined {
  const text = typeof value === 'string' ? value : linesOf(value)
  if (text !== undefined) {
    const traceback = read(text, 'read', languages)
    return traceback && hasFrames(traceback) ? { path, traceback, stack: text } : undefined
  }
  // A list is a stack, or errors, as a whole.
  const mayBe = Array.isArray(value)
    ? value.length > 0 && (value as Value[]).every(isObject)
    : isObject(value) && Object.keys(value).some(isStackKey)
  if (!mayBe) return undefined
  const structured = readStructuredError(value, read, languages)
  if (structured === undefined || !hasFrames(structured.traceback)) return undefined
  const key = isObject(value) ? Object.keys(value).find(isStackKey) : undefined
  const isText = key !== undefined && typeof (value as Attributes)[key] === 'string'
  if (!isText && !hasPlaces(structured.traceback.frames)) return undefined
  return { path: key === undefined ? path : [...path, key], ...structured }
}

/** A list of lines as one text; undefined for any other list. */
function linesOf(value: Value): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const lines = value as Value[]
  return lines.every((line) => typeof line === 'string') ? joinLines(lines) : undefined
}

function hasFrames({ frames, causes }: Traceback): boolean {
  return frames.length > 0 || causes.some((cause) => cause.frames.length > 0)
}

/** Whether objects that read as frames are such: half of them at least name a file and a line. Any list has names. */
function hasPlaces(frames: readonly Frame[]): boolean {
  const placed = frames.filter(({ file, line }) => file !== undefined && line !== undefined)
  return placed.length * 2 >= frames.length
}
