/**
 * Python tracebacks in a text: plain, chained, grouped, with notes, of syntax errors, cut at either end, behind a log
 * message, with a prefix repeated on each line, flattened to one line; `stack_info` stacks; faulthandler's dumps.
 * The raised error is the last part of a chain; the members of an exception group stay in the text only.
 * Notes (`add_note`) count as lines of the message, unless the message is of a kind that has only one.
 */
import type { Traceback } from '../core/shapes.js'
import type { TraceLanguage } from './language.js'
import { followPython } from './python-follow.js'
import {
  exceptionLine,
  FATAL,
  fileAt,
  frameOf,
  isAnnouncement,
  isAsyncioContext,
  isAsyncioReport,
  isOutermost,
  isOwnAnnouncement,
  isRemoteTraceback,
  isSeparator,
  RECENT_LAST,
  STACK,
  TRACEBACK,
} from './python-grammar.js'
import {
  assemble,
  chain,
  chainPrefix,
  GROUP,
  type Part,
  prefixOf,
  separatorAt,
  takeException,
  takeFrames,
} from './python-parts.js'
import { isRichTop, RICH_TITLE, richChain } from './python-rich.js'
import { isBlank, LineCursor, lineStart, withoutColour } from './text.js'

export const python: TraceLanguage = {
  name: 'python',
  hints: [
    'Traceback (most recent call last)',
    'Stack (most recent call last)',
    FATAL.trimEnd(),
    'SyntaxError:',
    'IndentationError:',
    'TabError:',
  ],
  find,
  read,
  follow: followPython,
  interrupts: (line) => isOwnAnnouncement(line) || line.startsWith(FATAL),
}

function find(text: string, from: number): Traceback | undefined {
  let first: Traceback | undefined
  for (const candidate of [
    findHeaded(text, from),
    findRich(text, from),
    findFatal(text, from),
    findBareSyntaxError(text, from),
  ]) {
    if (candidate !== undefined && (first === undefined || candidate.start < first.start)) first = candidate
  }
  return first
}

function read(stack: string): Traceback | undefined {
  const headless = readHeadless(stack)
  if (headless !== undefined) return headless
  const found = find(stack, 0)
  if (found !== undefined) return found
  const cursor = new LineCursor(stack)
  cursor.skipBlank()
  const start = cursor.start
  const part: Part = { frames: [], end: start, prefix: '' }
  return takeException(cursor, part) ? assemble([part], start, false) : undefined
}

/** A traceback under `Traceback (most recent call last):` or a stack under `Stack (most recent call last):`. */
function findHeaded(text: string, from: number): Traceback | undefined {
  let lineFrom = Math.max(lineStart(text, from), from)
  let seen = from
  for (let at = text.indexOf(RECENT_LAST, from); at >= 0; at = text.indexOf(RECENT_LAST, at + 1)) {
    // Only what is new is searched for a line start, so that many headers in one line stay linear.
    const newline = text.slice(seen, at).lastIndexOf('\n')
    if (newline >= 0) lineFrom = seen + newline + 1
    seen = at
    const found = text.startsWith(TRACEBACK, at - 9)
      ? traceback(text, at - 9, lineFrom, from)
      : text.startsWith(STACK, at - 5)
        ? stackInfo(text, at - 5, lineFrom)
        : undefined
    if (found !== undefined && found.start >= from) return found
  }
  return undefined
}

/** A traceback in the box that rich draws. */
function findRich(text: string, from: number): Traceback | undefined {
  for (let at = text.indexOf(RICH_TITLE, from); at >= 0; at = text.indexOf(RICH_TITLE, at + 1)) {
    if (text.charCodeAt(at + RICH_TITLE.length) === 0x3a) continue
    const start = Math.max(lineStart(text, at), from)
    const cursor = new LineCursor(text, start)
    if (!isRichTop(withoutColour(cursor.line))) continue
    const parts = richChain(cursor)
    const last = parts.at(-1)
    if (last !== undefined) return assemble(parts, start, endedIn(last))
  }
  return undefined
}

/**
 * Whether a line ends at `at` and another follows; rich fills its lines up with blanks. Near, so that a header inside a
 * long line costs nothing.
 */
function endsLine(text: string, at: number): boolean {
  return /^[ \t]{0,400}\r?\n/.test(text.slice(at, at + 402))
}

/**
 * The chain whose first header's `Traceback` stands at `at`, in the line that begins at `lineFrom`; undefined when
 * nothing of a traceback follows.
 */
function traceback(text: string, at: number, lineFrom: number, from: number): Traceback | undefined {
  if (at < lineFrom) return undefined
  if (!endsLine(text, at + TRACEBACK.length)) return flattened(text, at)
  const before = text.slice(lineFrom, at)
  const grouped = before.endsWith(GROUP)
  const atLineStart = isBlank(grouped ? before.slice(0, -GROUP.length) : before)
  const head: Head = atLineStart ? headOf(text, lineFrom, from) : { uncaught: false }
  const parts =
    head.quoting === undefined ? chain(new LineCursor(text, at), before) : chain(new LineCursor(text, head.quoting), '')
  const last = parts.at(-1)
  if (last === undefined) return undefined
  const ownStart = grouped ? (atLineStart ? lineFrom : at - GROUP.length) : at
  if (!atLineStart) return assemble(parts, ownStart, false)
  if (head.cause !== undefined) parts.unshift(head.cause)
  return assemble(parts, head.start ?? ownStart, head.uncaught || endedIn(last))
}

/** Whether the frames show that nobody caught the error: nothing stands above the outermost. */
function endedIn({ frames, caught }: Part): boolean {
  return caught !== true && isOutermost(frames[0])
}

/** What stands above a header that is at the start of a line. */
interface Head {
  /** Where the traceback begins, when that is before the header. */
  start?: number
  /** The runtime announced the error as uncaught. */
  uncaught: boolean
  /** A root cause that was never raised and therefore has no header of its own. */
  cause?: Part
  /** Start of the exception line in whose message the header is quoted, from another process. */
  quoting?: number
}

/** Reads the lines above a header: at most five, and not before `from`. */
function headOf(text: string, lineFrom: number, from: number): Head {
  const lines: { start: number; line: string }[] = []
  for (let end = lineFrom; lines.length < 6 && end > from; ) {
    const start = Math.max(lineStart(text, end - 1), from)
    lines.push({ start, line: text.slice(start, Math.min(end, start + 4096)).replace(/\r?\n$/, '') })
    end = start
  }
  const [one, two, three, four, five] = lines
  if (one === undefined) return { uncaught: false }
  if (isAnnouncement(one.line)) return { start: one.start, uncaught: true }
  if (lines.some((l, i) => isAsyncioReport(l.line) && lines.slice(0, i).every((c) => isAsyncioContext(c.line)))) {
    return { uncaught: true }
  }
  if (one.line === '"""' && two !== undefined && isRemoteTraceback(two.line)) {
    return { start: two.start, quoting: two.start, uncaught: false }
  }
  const separator = isBlank(one.line) ? two : one
  const root = isBlank(one.line) ? (three !== undefined && isBlank(three.line) ? four : undefined) : two
  if (separator !== undefined && root !== undefined && isSeparator(separator.line)) {
    const named = exceptionLine(root.line)
    if (named !== undefined) {
      const above = root === four ? five : three
      const announced = above !== undefined && isAnnouncement(above.line)
      return {
        start: announced ? above.start : root.start,
        uncaught: announced,
        cause: { ...named, frames: [], end: root.start + root.line.length, prefix: '' },
      }
    }
  }
  return { uncaught: false }
}

/** `stack_info=True`: where a message was logged. No exception, so no kind. */
function stackInfo(text: string, at: number, lineFrom: number): Traceback | undefined {
  if (!endsLine(text, at + STACK.length)) return undefined
  const cursor = new LineCursor(text, at)
  const part: Part = { frames: [], end: cursor.end, prefix: prefixOf(text, cursor.next, text.slice(lineFrom, at)) }
  cursor.advance()
  takeFrames(cursor, part)
  return part.frames.length === 0 ? undefined : assemble([part], at, false)
}

/** A stack whose beginning is missing: frames come before any header. */
function readHeadless(stack: string): Traceback | undefined {
  const cursor = new LineCursor(stack)
  let prefix: string | undefined
  for (; !cursor.done; cursor.advance()) {
    const line = withoutColour(cursor.line)
    if (line.includes(RECENT_LAST)) return undefined
    const at = fileAt(line)
    if (at < 0 || !/^[ \t|>]*$/.test(line.slice(0, at)) || frameOf(line, at) === undefined) continue
    const lead = line.slice(0, at)
    prefix = lead.slice(0, Math.max(0, lead.length - 2))
    break
  }
  if (prefix === undefined) return undefined
  const start = stack.length - stack.trimStart().length
  const part: Part = { frames: [], end: cursor.end, prefix }
  takeFrames(cursor, part)
  takeException(cursor, part)
  const parts = [part]
  if (separatorAt(cursor, chainPrefix(part)) !== undefined) parts.push(...chain(cursor, ''))
  const last = parts.at(-1)
  return assemble(parts, start, last?.kind !== undefined && endedIn(last))
}

/** `  File "x.py", line 3`, source, caret, `SyntaxError: …`: what `python x.py` prints when x.py does not parse. */
function findBareSyntaxError(text: string, from: number): Traceback | undefined {
  for (const name of ['SyntaxError:', 'IndentationError:', 'TabError:']) {
    for (let at = text.indexOf(name, from); at >= 0; at = text.indexOf(name, at + 1)) {
      if (at > 0 && text.charCodeAt(at - 1) !== 0x0a) continue
      let start = at
      for (let back = 0; back < 4 && start > from; back++) {
        start = Math.max(lineStart(text, start - 1), from)
        const cursor = new LineCursor(text, start)
        const column = fileAt(cursor.line)
        const frame = column === 2 ? frameOf(cursor.line, column) : undefined
        if (frame === undefined) continue
        if (frame.function !== undefined) break
        const part: Part = { frames: [], end: cursor.end, prefix: '' }
        takeFrames(cursor, part)
        if (cursor.start === at && takeException(cursor, part)) return assemble([part], start, true)
        break
      }
    }
  }
  return undefined
}

/** faulthandler and Py_FatalError: `Fatal Python error: Segmentation fault`, then threads, most recent call first. */
function findFatal(text: string, from: number): Traceback | undefined {
  for (let at = text.indexOf(FATAL, from); at >= 0; at = text.indexOf(FATAL, at + 1)) {
    if (at > 0 && text.charCodeAt(at - 1) !== 0x0a) continue
    const cursor = new LineCursor(text, at)
    const result: Traceback = {
      language: 'python',
      kind: FATAL.slice(0, -2),
      frames: [],
      causes: [],
      start: at,
      end: cursor.end,
      uncaught: true,
    }
    const message = cursor.line.slice(FATAL.length).trim()
    if (message !== '') result.message = message
    for (let crashed = false; cursor.advance(); ) {
      const { line } = cursor
      if (isBlank(line)) continue
      const column = fileAt(line)
      const frame = column === 2 ? frameOf(line, column) : undefined
      if (/^(?:Current thread|Thread) 0x.* \(most recent call first\):$/.test(line)) {
        // The dump holds every thread; the frames are those of the one that crashed.
        crashed = line.startsWith('Current')
      } else if (frame !== undefined) {
        if (crashed) result.frames.push(frame)
      } else if (!/^(?:Python runtime state: |Extension modules: | {2}<no Python frame>)/.test(line)) break
      result.end = cursor.end
    }
    return result
  }
  return undefined
}

/** How some shippers write a line end inside one line. */
const FLAT_ENDS = ['\\n', '#012'] as const

/** The inside of a quoted text, by its quote. */
const QUOTED: ReadonlyMap<string, RegExp> = new Map([
  ['"', /^(?:[^"\\]|\\.)*/],
  ["'", /^(?:[^'\\]|\\.)*/],
])
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

/** The first frame behind a flat line end; what follows it will parse, so unfolding the line is not in vain. */
const FLAT_FRAME = /^[\s|]*File \\?"[^"\\]{1,1024}\\?", line \d+, in /

/** A traceback whose line ends were written as `\n` or `#012`, so that it fills one line. */
function flattened(text: string, at: number): Traceback | undefined {
  const after = at + TRACEBACK.length
  const end = FLAT_ENDS.find((flat) => text.startsWith(flat, after))
  if (end === undefined || !FLAT_FRAME.test(text.slice(after + end.length, after + 1200))) return undefined
  const start = text.endsWith(GROUP, at) ? at - GROUP.length : at
  const cursor = new LineCursor(text, start)
  // What is quoted ends with its quote, and has those in it escaped, as well as each backslash.
  const quote = text.charAt(start - 1)
  const isQuoted = quote === '"' || quote === "'"
  const line = isQuoted ? (QUOTED.get(quote)?.exec(cursor.line)?.[0] ?? '') : cursor.line
  const unfolded = isQuoted
    ? line.replace(/\\([\s\S])/g, (_, letter: string) => ESCAPED[letter] ?? letter)
    : line.replaceAll(end, '\n').replaceAll('\\"', '"')
  const found = findHeaded(unfolded, 0)
  return found === undefined ? undefined : { ...found, start, end: start + line.length }
}
