/**
 * The body of a V8 stack: message lines, frames, properties, `[cause]`, `[errors]`, and frames left out as common with
 * the cause. Reads one error and everything nested in it, from its header's line on; finding the header is `node.ts`.
 * Source: Node.js, lib/internal/util/inspect.js (formatError, getStackFrames, formatProperty).
 */
import type { Cause, Frame } from '../core/shapes.js'
import { isElsewhere, isSeam, readElided, readPlaceless } from './node-frame.js'
import { bracketedIn, causedBy, excerptPlace, headerAtStart, headerIn, isCaret, isTrailer } from './node-header.js'
import { indentOf, type NodeLines } from './node-lines.js'

/** One error of a text: what its header, frames and properties say. */
export interface ParsedError {
  readonly kind: string | undefined
  readonly message: string | undefined
  readonly frames: Frame[]
  /** Nearest first, root last. */
  readonly causes: Cause[]
  /** The ordinal of the last line that belongs to it. */
  readonly last: number
}

/** Where an error's parts are: lines by ordinal. */
export interface Layout {
  readonly kind: string | undefined
  /** The rest of the header's line. */
  readonly message: string | undefined
  readonly headerLine: number
  /** The first frame; the line after the header when there is none. */
  readonly firstFrame: number
  /** Indentation of the header's line: its properties are indented two more, and end with `}` at this one. */
  readonly indent: number
  /** True when the header itself ends in ` {`, as that of an error without frames does. */
  readonly opens: boolean
  /** True when the first frame is known to be a browser's, whether or not it shows that by itself. */
  readonly isBrowsers?: boolean
}

/** Gaps larger than this between two runs of frames are never part of a message. */
const MAX_GAP = 60
/** Properties longer than this are given up. */
const MAX_PROPERTIES = 10_000
/** How deep causes may be nested; inspect itself stops at two, loggers rarely later. */
const MAX_DEPTH = 20

/** Reads the error laid out by `layout`. Linear in the lines it spans. */
export function parseError(lines: NodeLines, layout: Layout, depth = 0): ParsedError {
  let slots: (Frame | number)[] = []
  let told: ParsedError | undefined
  let properties: Properties | undefined
  let firstFrame = layout.firstFrame
  let i = firstFrame
  let opens = layout.opens
  let browsers = layout.isBrowsers === true
  while (!opens) {
    const line = lines.line(i)
    const frame = lines.frame(i, browsers)
    if (frame) {
      browsers = frame.isBrowsers
      slots.push(frame.frame)
      opens = frame.opens
      i++
      if (opens) break
      continue
    }
    const elided = readElided(line)
    if (elided !== undefined) {
      slots.push(elided)
      i++
      continue
    }
    if (slots.length === 0) break
    if (isElsewhere(line)) {
      for (let emitter = lines.frame(++i); emitter && !opens; emitter = lines.frame(++i)) opens = emitter.opens
      break
    }
    const placeless = readPlaceless(line)
    if (placeless) {
      slots.push(placeless)
      i++
      continue
    }
    if (isSeam(line) && lines.frame(i + 1)) {
      i++
      continue
    }
    const cause = causedBy(line)
    if (cause >= 0 && depth < MAX_DEPTH) {
      const nested = nestedError(lines, i, cause, layout.indent, depth + 1)
      // A cause that opens a block of properties closes it at the outer indentation: they are the outer error's.
      if (nested) {
        told = nested
        i = nested.last + 1
        opens = lines.line(nested.last).endsWith(' {')
      }
      break
    }
    const again = depth === 0 && (!browsers || lines.isBrowsers) ? framesAfterGap(lines, i, firstFrame) : -1
    if (again < 0) break
    i = again
    // JavaScriptCore prints the bare name of a function without a place.
    if (browsers) continue
    // What looked like frames was quoted in the message; the real ones come last.
    firstFrame = again
    slots = []
  }
  let last = i - 1
  if (opens) {
    properties = readProperties(lines, i, layout.indent, depth)
    if (properties) last = properties.last
  }
  const nested = properties?.cause ?? told ?? properties?.member
  const message = layout.message === undefined ? undefined : messageOf(lines, layout, firstFrame)
  const frames = restore(slots, nested?.frames ?? [])
  return {
    kind: layout.kind === 'Error' ? (factoryOf(frames[0]) ?? layout.kind) : layout.kind,
    message,
    frames,
    causes: nested ? [causeOf(nested), ...nested.causes] : [],
    last: Math.max(last, layout.headerLine),
  }
}

/**
 * The class of an error that kept its parent's name, when a static method of the class itself made it: axios prints
 * `Error: …` over `at AxiosError.from (…)`.
 */
function factoryOf(frame: Frame | undefined): string | undefined {
  return /^([A-Z][\w$]*Error)\.[\w$]+$/.exec(frame?.function ?? '')?.[1]
}

function causeOf(error: ParsedError): Cause {
  const cause: Cause = { frames: error.frames }
  if (error.kind !== undefined) cause.kind = error.kind
  if (error.message !== undefined) cause.message = error.message
  return cause
}

/** The message: the header's rest and the lines up to the first frame, without the header's indentation. */
function messageOf(lines: NodeLines, layout: Layout, firstFrame: number): string | undefined {
  const parts = [layout.message ?? '']
  for (let i = layout.headerLine + 1; i < firstFrame; i++) {
    const line = lines.line(i)
    parts.push(line.slice(Math.min(layout.indent, indentOf(line))))
  }
  if (parts.length > 1 && isElsewhere(parts.at(-1) ?? '')) parts.pop()
  // Deno puts the source line and a caret between message and frames.
  while (parts.length > 2 && isCaret(parts.at(-1) ?? '')) parts.splice(-2)
  const message = parts.join('\n')
  return message === '' ? undefined : message
}

/**
 * The next run of frames when the lines from `i` on can only be a message that quoted some frames: they hold no header
 * and nothing that ends a traceback. -1 when there is none.
 */
function framesAfterGap(lines: NodeLines, i: number, firstFrame: number): number {
  const indent = lines.at(firstFrame)?.indent ?? 0
  for (let j = i; j < i + MAX_GAP; j++) {
    const at = lines.at(j)
    if (!at) return -1
    const line = at.text
    if (lines.frame(j)) return at.indent === indent && j > i ? j : -1
    if (causedBy(line) >= 0 || bracketedIn(line) || excerptPlace(line) === 0) return -1
    if ((headerIn(line)?.rank ?? 0) >= 3) return -1
    if (isTrailer(line) && j > i && lines.line(j + 1) !== '') return -1
    if (/^\d{4}-\d\d-\d\d[T ]|^\[\d|^\{"/.test(line)) return -1
  }
  return -1
}

interface Properties {
  readonly cause: ParsedError | undefined
  /** The first error of an AggregateError, which is as near to a cause as it has. */
  readonly member: ParsedError | undefined
  /** The line of the closing `}`. */
  readonly last: number
}

/** The block of properties from line `i` on, or undefined when it is never closed at `indent`. */
function readProperties(lines: NodeLines, i: number, indent: number, depth: number): Properties | undefined {
  let cause: ParsedError | undefined
  let member: ParsedError | undefined
  for (let j = i; j < i + MAX_PROPERTIES; j++) {
    const at = lines.at(j)
    if (!at) return undefined
    if (at.indent < indent && at.text.length > at.indent) return undefined
    if (at.indent === indent && /^\s*\}[,\])}]*(?: \{)?$/.test(at.text)) return { cause, member, last: j }
    if (at.indent !== indent + 2 || at.text[at.indent] !== '[' || depth >= MAX_DEPTH) continue
    if (!cause && at.text.startsWith('[cause]: ', at.indent)) {
      cause = nestedError(lines, j, at.indent + '[cause]: '.length, at.indent, depth + 1)
      if (cause) j = Math.max(j, cause.last)
    } else if (!member && at.text.startsWith('[errors]: [', at.indent)) {
      const first = lines.at(j + 1)
      if (first && first.indent > at.indent) member = nestedError(lines, j + 1, first.indent, first.indent, depth + 1)
      if (member) j = Math.max(j, member.last)
    }
  }
  return undefined
}

/** The error that a property's value or a `Caused by:` names, or undefined when the value is no error. */
function nestedError(
  lines: NodeLines,
  i: number,
  column: number,
  indent: number,
  depth: number,
): ParsedError | undefined {
  const value = lines.line(i).slice(column)
  const bracketed = value.startsWith('[') ? bracketedIn(value) : undefined
  if (bracketed?.column === 0) {
    const { kind, message, opens } = bracketed
    return parseError(lines, { kind, message, headerLine: i, firstFrame: i + 1, indent, opens }, depth)
  }
  // A cause may be any value; only errors are reported as causes.
  if (/^[[{'"`\d]/.test(value)) return undefined
  const header = headerAtStart(value)
  if (!header) return undefined
  let firstFrame = i + 1
  for (; ; firstFrame++) {
    const at = lines.at(firstFrame)
    // Without frames of its own the error is the one line: whatever follows is not its message.
    if (!at || firstFrame > i + 500 || (at.indent <= indent && /^\s*[}\]]/.test(at.text))) {
      return { kind: header.kind, message: header.message || undefined, frames: [], causes: [], last: i }
    }
    if (lines.frame(firstFrame) || readElided(at.text) !== undefined) break
  }
  const { kind, message } = header
  return parseError(lines, { kind, message, headerLine: i, firstFrame, indent, opens: false }, depth)
}

/** Puts back the frames that were left out because the cause's stack, already whole, has them too. */
function restore(slots: readonly (Frame | number)[], cause: readonly Frame[]): Frame[] {
  const frames: Frame[] = []
  for (const [i, slot] of slots.entries()) {
    if (typeof slot !== 'number') {
      frames.push(slot)
      continue
    }
    const before = frames.at(-1)
    const after = slots[i + 1]
    if (before === undefined) continue
    for (const [j, frame] of cause.entries()) {
      if (!same(frame, before)) continue
      const end = cause[j + slot + 1]
      if (typeof after === 'object' && !(end && same(end, after))) continue
      frames.push(...cause.slice(j + 1, j + 1 + slot).map((common) => ({ ...common })))
      break
    }
  }
  return frames
}

function same(a: Frame, b: Frame): boolean {
  return a.function === b.function && a.file === b.file && a.line === b.line && a.column === b.column
}
