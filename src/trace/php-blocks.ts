/**
 * An exception as PHP turns it into text: `Class: message in file:line`, `Stack trace:`, the entries; before it the
 * exceptions that it was made from, each followed by `Next`. The outermost is the last.
 */
import type { Cause, Traceback } from '../core/shapes.js'
import {
  type Entry,
  entryOf,
  fatalHead,
  framesOf,
  isThrownLine,
  isTraceTitle,
  kindAt,
  placeAtEnd,
} from './php-grammar.js'
import { isBlank, LineCursor } from './text.js'

/** One exception of a chain. */
export interface Part extends Cause {
  /** Just after its last character. */
  end: number
}

/** Longest message that is looked through for its end. */
const MAX_MESSAGE_LINES = 2000
/** Exceptions of a chain that are followed. */
const MAX_CHAIN = 100
/** Arguments of a call may hold line ends (before PHP 8.1); the next entry must come within so many lines. */
const MAX_ARGUMENT_LINES = 16

/** Innermost first, as printed. */
export interface Chain {
  readonly parts: readonly Part[]
  readonly end: number
  /** Whether the text says where PHP gave up. */
  readonly thrown: boolean
}

/** The chain whose first class name stands at `at`; `definite` when only an exception can stand there. */
export function readChain(text: string, at: number, definite: boolean): Chain | undefined {
  const part = readPart(text, at, definite)
  return part === undefined ? undefined : continueChain(text, part)
}

/** The chain that the part at the end of a header and its entries begins. */
export function continueChain(text: string, first: Part): Chain {
  const parts = [first]
  for (let part = first; parts.length < MAX_CHAIN; parts.push(part)) {
    const at = nextAt(text, part.end)
    const next = at === undefined ? undefined : readPart(text, at, true)
    if (next === undefined) break
    part = next
  }
  const last = parts.at(-1) ?? first
  const cursor = new LineCursor(text, last.end)
  const thrown = cursor.advance() && isThrownLine(cursor.line)
  return { parts, end: thrown ? thrownEnd(text, cursor) : last.end, thrown }
}

/** nginx and FPM close the quotes behind the line. */
function thrownEnd(text: string, { start, end }: LineCursor): number {
  const line = /^\s*thrown in .{1,1000}? on line \d+/.exec(text.slice(start, end))
  return start + (line?.[0].length ?? end - start)
}

/** Where the class name behind `Next ` stands, when a further exception follows. */
function nextAt(text: string, end: number): number | undefined {
  const cursor = new LineCursor(text, end)
  for (let i = 0; i < 3 && cursor.advance(); i++) {
    if (text.startsWith('Next ', cursor.start)) return cursor.start + 5
    if (!isBlank(cursor.line)) return undefined
  }
  return undefined
}

function readPart(text: string, at: number, definite: boolean): Part | undefined {
  if (kindAt(text, at) === undefined) return undefined
  const cursor = new LineCursor(text, at)
  let end: number | undefined
  for (let i = 0; i < MAX_MESSAGE_LINES; i++) {
    const line = withoutQuote(cursor.line)
    const lineEnd = cursor.start + line.length
    const placed = placeAtEnd(line) !== undefined
    const more = cursor.advance()
    if (placed) {
      if (more && isTraceTitle(cursor.line)) return partOf(text, at, lineEnd, cursor.next)
      end ??= lineEnd
    }
    if (!more || fatalHead(cursor.line) !== undefined) break
  }
  if (end === undefined && !definite) return undefined
  const first = new LineCursor(text, at)
  return partOf(text, at, end ?? first.start + withoutQuote(first.line).length, undefined)
}

/** FPM puts each line between quotes; the opening one stands before the head. */
function withoutQuote(line: string): string {
  const trimmed = line.trimEnd()
  return /\d"$/.test(trimmed) ? trimmed.slice(0, -1) : trimmed
}

/** The exception whose header is `[at, end)` and whose entries begin at `entriesAt`. */
export function partOf(text: string, at: number, end: number, entriesAt: number | undefined): Part | undefined {
  const named = kindAt(text, at)
  if (named === undefined) return undefined
  const rest = text.slice(named.end, end)
  const site = placeAtEnd(rest)
  let message = site === undefined ? rest : rest.slice(0, site.at)
  if (named.quoted) message = message.replace(/'$/, '')
  else message = /^:[ \r\n]/.test(message) ? message.slice(message.startsWith(': ') ? 2 : 1) : ''
  // PHP adds this where the message of a TypeError ends in the line of the call.
  if (/^(?:TypeError|ArgumentCountError)$/.test(named.kind) && message.includes(', called in '))
    message = message.replace(/ and defined$/, '')
  const { entries, end: entriesEnd } = entriesAt === undefined ? NO_ENTRIES : readEntries(text, entriesAt)
  const part: Part = {
    kind: named.kind,
    frames: site !== undefined || entries.length > 0 ? framesOf(site, entries) : [],
    end: Math.max(end, entriesEnd),
  }
  if (message.trim() !== '') part.message = message
  return part
}

const NO_ENTRIES = { entries: [], end: 0 }

/** The entries that begin at `at`; `end` is just after the last. `plain` makes an entry's text of a line. */
export function readEntries(
  text: string,
  at: number,
  plain: (line: string) => string = (line) => line,
): { entries: Entry[]; end: number } {
  const entries: Entry[] = []
  const cursor = new LineCursor(text, at)
  let end = at
  for (; !cursor.done; cursor.advance()) {
    const line = plain(cursor.line).trim().replace(/"$/, '')
    const entry = entryOf(line)
    if (entry === null) {
      if (entries.length > 0 && goesOn(cursor)) continue
      break
    }
    entries.push(entry)
    end = cursor.start + cursor.line.trimEnd().length
    if (entry.call !== '{main}') continue
    // What stands behind the last entry on its line is no part of it.
    end = cursor.start + cursor.line.indexOf('{main}') + 6
    break
  }
  return { entries, end }
}

/** Whether the line is the rest of an argument: entries follow, and none is closed before them. */
function goesOn({ text, start, next }: LineCursor): boolean {
  if (/\)\s*$/.test(text.slice(Math.max(0, start - 16), start))) return false
  const ahead = new LineCursor(text, next)
  for (let i = 0; i < MAX_ARGUMENT_LINES && !ahead.done; i++, ahead.advance()) {
    if (text.startsWith('#', ahead.start)) return entryOf(ahead.line.trim()) !== null
  }
  return false
}

/** The traceback of a chain: the outermost is the error, the others its causes, nearest first. */
export function assemble(parts: readonly Part[], start: number, end: number, uncaught: boolean): Traceback {
  const [outer, ...inner] = parts
  const result: Traceback = {
    language: 'php',
    frames: outer?.frames ?? [],
    causes: inner.map(({ end: _, ...cause }) => cause),
    start,
    end,
    uncaught,
  }
  if (outer?.kind !== undefined) result.kind = outer.kind
  if (outer?.message !== undefined) result.message = outer.message
  return result
}
