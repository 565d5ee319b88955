/**
 * Tracebacks as the library rich draws them (`rich.traceback`, Typer, structlog's console): frames in a box, the
 * exception below it. Frames read `file:line in function`, the outermost first; paths too long for the box are wrapped.
 * Source: rich, rich/traceback.py (Traceback.__rich_console__, _render_stack).
 */
import type { Frame } from '../core/shapes.js'
import type { Follower } from './language.js'
import { exceptionLine, isSeparator } from './python-grammar.js'
import type { Part } from './python-parts.js'
import { isBlank, LineCursor, withoutColour } from './text.js'

/** What the title of the box says; without the colon of the plain header. */
export const RICH_TITLE = 'Traceback (most recent call last)'
/** The upper edge with its title, in Unicode or ASCII; group 1 is what stands before it on every line. */
const TOP =
  /^(.*?)(?:\u256d\u2500|\+-)[\u2500-]{0,300} Traceback \(most recent call last\) [\u2500-]{1,300}(?:\u256e|\+)\s*$/
const BOTTOM = /^\s*(?:\u2570\u2500|\+-)[\u2500-]{1,400}(?:\u256f|\+)\s*$/
const SIDE = /^\s*[\u2502|] (.*?)\s*[\u2502|]?\s*$/
const FRAME = /^(.+):(\d{1,9}) in (\S+)$/
/** `in main:12`: code without a file. */
const FILELESS = /^in (\S+):(\d{1,9})$/
/** Lines of one box; a traceback with all its locals is shorter. */
const MAX_LINES = 5000
/** Lines over which a path may be wrapped. */
const MAX_WRAPS = 6

/** What did not fit into a line is shorter than this. */
const MAX_WORD = 20

/** Whether the line is the upper edge of a traceback's box. */
export function isRichTop(line: string): boolean {
  return line.length < 2000 && line.includes(RICH_TITLE) && TOP.test(line)
}

/** The parts of the chain whose first box begins on the cursor's line; empty when no frame is in it. */
export function richChain(cursor: LineCursor): Part[] {
  const parts: Part[] = []
  for (;;) {
    const part = boxAt(cursor)
    if (part === undefined) return parts
    parts.push(part)
    const ahead = new LineCursor(cursor.text, cursor.start)
    ahead.skipBlank()
    if (ahead.done || !isSeparator(withoutColour(ahead.line).trim())) return parts
    ahead.advance()
    ahead.skipBlank()
    cursor.moveTo(ahead.start)
  }
}

/** One box and the exception below it; the cursor ends behind it. */
function boxAt(cursor: LineCursor): Part | undefined {
  const prefix = TOP.exec(withoutColour(cursor.line))?.[1]
  if (prefix === undefined) return undefined
  const part: Part = { frames: [], end: cursor.end, prefix: isBlank(prefix) ? prefix : '' }
  let wrapped = ''
  let wraps = 0
  for (let i = 0; i < MAX_LINES && cursor.advance(); i++) {
    const line = withoutColour(cursor.line)
    part.end = cursor.end
    if (BOTTOM.test(line)) {
      cursor.advance()
      takeRaised(cursor, part)
      break
    }
    const inside = SIDE.exec(line)?.[1]
    if (inside === undefined) return undefined
    // Source lines begin with blanks or the mark of the line that raised; boxes of locals with an edge.
    if (/^[A-Za-z/\\<~.]/.test(inside) || (wrapped !== '' && inside !== '' && !inside.startsWith(' '))) {
      const frame = frameOf(wrapped + inside)
      wraps = frame === undefined ? wraps + 1 : 0
      wrapped = frame === undefined && wraps < MAX_WRAPS ? wrapped + inside : ''
      if (frame !== undefined) part.frames.push(frame)
    } else wrapped = ''
  }
  return part.frames.length === 0 ? undefined : part
}

function frameOf(text: string): Frame | undefined {
  const match = FRAME.exec(text)
  if (match?.[1] !== undefined) return { file: match[1], line: Number(match[2]), function: match[3] ?? '' }
  const fileless = FILELESS.exec(text)
  return fileless?.[1] === undefined ? undefined : { function: fileless[1], line: Number(fileless[2]) }
}

/** Takes the exception's line and its message, up to the end, a blank line before a separator, or another box. */
function takeRaised(cursor: LineCursor, part: Part): void {
  const named = cursor.done ? undefined : exceptionLine(withoutColour(cursor.line).trim())
  if (named === undefined) return
  part.kind = named.kind
  part.end = cursor.end
  const lines = [named.message ?? '']
  while (cursor.advance()) {
    const line = withoutColour(cursor.line).trimEnd()
    if (isSeparator(line.trim()) || isRichTop(line)) break
    lines.push(line.startsWith(part.prefix) ? line.slice(part.prefix.length) : line)
    if (line !== '') part.end = cursor.end
  }
  const message = lines.join('\n').trimEnd()
  if (message !== '') part.message = message
}

/** Follows a box and what stands below it, line by line; `line` is text, not bytes. */
export class RichFollower implements Follower {
  #state: 'box' | 'raised' | 'message' | 'blank' | 'separator' = 'box'
  /** Nobody else draws such a box. */
  readonly traced = true
  readonly complete = false
  /** The box's width: a message is wrapped at it. */
  readonly #width: number
  /** Length of the line before. */
  #before = 0

  /** `top` is the upper edge of the first box, as text. */
  constructor(top: string) {
    this.#width = top.trim().length
  }

  takes(raw: string): boolean {
    const line = richText(raw)
    const isWrapped = this.#before >= this.#width - MAX_WORD
    this.#before = line.length
    switch (this.#state) {
      case 'box':
        if (BOTTOM.test(line)) this.#state = 'raised'
        return this.#state === 'raised' || SIDE.test(line)
      case 'raised':
        this.#state = 'message'
        return exceptionLine(line.trim()) !== undefined
      case 'message':
        if (isBlank(line)) this.#state = 'blank'
        return isBlank(line) || /^\s/.test(line) || isWrapped
      case 'blank':
        if (isSeparator(line.trim())) this.#state = 'separator'
        return isBlank(line) || this.#state === 'separator'
      case 'separator':
        if (isRichTop(line)) this.#state = 'box'
        return isBlank(line) || this.#state === 'box'
    }
  }
}

/** A line without colours, and as text where it is UTF-8 that was decoded as latin1. */
export function richText(line: string): string {
  const plain = withoutColour(line)
  return plain.includes('\xe2\x94') || plain.includes('\xe2\x95')
    ? Buffer.from(plain, 'latin1').toString('utf8')
    : plain
}
