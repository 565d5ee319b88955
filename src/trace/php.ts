/**
 * PHP's exceptions and fatal errors in a text: as PHP writes them to its error log or the page, as `(string) $e`, as
 * Monolog does, and as bare traces with the class above, behind the message or missing; also where the line ends were
 * escaped on the way (Apache, rsyslog). What PHP says of the end of a script without an exception has no kind.
 */
import type { Traceback } from '../core/shapes.js'
import type { TraceLanguage } from './language.js'
import { assemble, continueChain, type Part, partOf, readChain, readEntries } from './php-blocks.js'
import { followPhp, isPhpLog } from './php-follow.js'
import { type FatalHead, fatalHead, framesOf, isStrongKind, kindAt, place, placeAtEnd } from './php-grammar.js'
import { headerAbove } from './php-header.js'
import { OBJECT, readObject, unescaped, withLineEnds } from './php-monolog.js'
import { isBlank, LineCursor } from './text.js'

const HINTS = ['atal error: ', 'Parse error: ', '#0 ', OBJECT] as const

/** After so many beginnings that led nowhere nothing is looked for any more, to stay linear. */
const MAX_FALSE_STARTS = 32
/** A message of PHP itself is followed over so many lines. */
const MAX_FATAL_LINES = 64

export const php: TraceLanguage = {
  name: 'php',
  hints: HINTS,

  find(text, from) {
    return HINTS.some((hint) => text.includes(hint, from)) ? find(text, from) : undefined
  },

  read(stack) {
    return find(stack, 0, 1) ?? readHeader(stack) ?? readPlaces(stack)
  },

  follow: followPhp,

  interrupts: isPhpLog,
}

/** `entriesNeeded` is how many entries make a trace that no class stands above. */
function find(text: string, from: number, entriesNeeded = 2): Traceback | undefined {
  const flat = unflatten(text)
  if (flat === undefined) return findIn(text, from, entriesNeeded)
  const found = findIn(flat, from, entriesNeeded)
  if (found === undefined) return undefined
  const doubled = flat.includes('\\\\')
  return { ...cleaned(found, doubled), causes: found.causes.map((cause) => cleaned(cause, doubled)) }
}

/** A trace whose line ends were escaped; Monolog's stands in JSON and is read as such. */
const FLAT = /(?:\\n|#012)(?:Stack trace:|#0 )/

/** The text with real line ends, of the same length; undefined when it has them. */
function unflatten(text: string): string | undefined {
  if (!FLAT.test(text) || text.includes(OBJECT)) return undefined
  if (text.includes('#012')) return text.replaceAll('#012', '  \r\n')
  // Where backslashes are doubled too, every other `\n` is a line end; else it may begin a name in a namespace.
  if (text.includes('\\\\')) return withLineEnds(text)
  return text.replace(/\\n(?=Stack trace:|#\d|Next | {2}thrown in |\\n|\s*$)/g, '\r\n')
}

function cleaned<T extends { message?: string }>(from: T, doubled: boolean): T {
  const { message, ...rest } = from
  const own = message?.replace(/[ \t]*\r\n/g, '\n')
  return (own === undefined ? from : { ...rest, message: doubled ? unescaped(own) : own }) as T
}

function findIn(text: string, from: number, entriesNeeded: number): Traceback | undefined {
  const cursor = new LineCursor(text, from)
  for (let falseStarts = 0; !cursor.done && falseStarts < MAX_FALSE_STARTS; cursor.advance()) {
    const { line, start } = cursor
    for (let at = line.indexOf(OBJECT); at >= 0 && falseStarts < MAX_FALSE_STARTS; at = line.indexOf(OBJECT, at + 1)) {
      const found = readObject(text, start + at)
      if (found !== undefined) return found
      falseStarts++
    }
    const fatal = fatalHead(line)
    if (fatal !== undefined) {
      const found = readFatal(text, start, fatal)
      if (found !== undefined) return found
      falseStarts++
    }
    if (/^\s*#0 /.test(line)) {
      const found = readTrace(text, from, start, entriesNeeded)
      if (found !== undefined) return found
      falseStarts++
    }
  }
  return undefined
}

/** `PHP Fatal error:  Uncaught Class: …` and what PHP says itself: `PHP Fatal error:  … in file on line 41`. */
function readFatal(text: string, lineAt: number, head: FatalHead): Traceback | undefined {
  const start = lineAt + head.at
  const at = lineAt + head.end
  if (text.startsWith('Uncaught ', at)) {
    const chain = readChain(text, at + 9, true)
    if (chain !== undefined) return assemble([...chain.parts].reverse(), start, chain.end, true)
  }
  const cursor = new LineCursor(text, at)
  let site: ReturnType<typeof placeAtEnd>
  let said = ''
  let end = at
  for (let i = 0; i < MAX_FATAL_LINES && site === undefined; i++) {
    said = text
      .slice(at, cursor.end)
      .trimEnd()
      .replace(/(\d)"$/, '$1')
    end = at + said.length
    site = placeAtEnd(said)
    if (!cursor.advance() || fatalHead(cursor.line) !== undefined) break
  }
  if (site === undefined && !head.certain) return undefined
  if (site === undefined) said = new LineCursor(text, at).line.trimEnd()
  const traced = site !== undefined && !cursor.done && /^\s*Stack trace:/.test(cursor.line)
  const trace = traced ? readEntries(text, cursor.next) : { entries: [], end: 0 }
  const message = site === undefined ? said : said.slice(0, site.at)
  const part: Part = {
    frames: site === undefined ? [] : framesOf(site, trace.entries),
    end: Math.max(site === undefined ? at + said.length : end, trace.end),
  }
  if (message.trim() !== '') part.message = message
  // The one exception that PHP does not call uncaught.
  if (head.level === 'Parse error') part.kind = 'ParseError'
  return assemble([part], start, part.end, true)
}

/** Entries that begin at `at`, with what stands above them. */
function readTrace(text: string, from: number, at: number, entriesNeeded: number): Traceback | undefined {
  const { entries, end } = readEntries(text, at)
  if (entries.length === 0) return undefined
  const header = headerAbove(text, from, at)
  const part = header && partOf(text, header.at, header.end, at)
  if (part === undefined) {
    if (entries.length < entriesNeeded) return undefined
    return assemble([{ frames: framesOf(undefined, entries), end }], at + text.slice(at).search(/\S/), end, false)
  }
  const chain = continueChain(text, part)
  return assemble([...chain.parts].reverse(), header?.start ?? at, chain.end, chain.thrown || header?.uncaught === true)
}

/** A stack field that holds no trace: the class, the message and the place. */
function readHeader(text: string): Traceback | undefined {
  const start = text.search(/\S/)
  const named = start < 0 ? undefined : kindAt(text, start)
  if (named === undefined) return undefined
  const chain = readChain(text, start, named.kind.includes('\\'))
  if (chain === undefined || !(isStrongKind(named.kind) || /\.php\b/.test(text.slice(start, chain.end))))
    return undefined
  return assemble([...chain.parts].reverse(), start, chain.end, false)
}

/** The trace as Monolog lists it: `/srv/x.php:41` on each line. */
function readPlaces(text: string): Traceback | undefined {
  const start = text.search(/\S/)
  if (start < 0) return undefined
  const entries = []
  const cursor = new LineCursor(text, start)
  for (; !cursor.done; cursor.advance()) {
    if (isBlank(cursor.line)) continue
    const match = /^([^\n]{0,1000}[/\\][^\n]{0,1000}?):(\d{1,9})$/.exec(cursor.line.trim())
    if (match === null) return undefined
    entries.push(place(match[1] ?? '', Number(match[2])))
  }
  const frames = entries.flatMap((one) => framesOf(one, []))
  return assemble([{ frames, end: text.length }], start, text.trimEnd().length, false)
}
