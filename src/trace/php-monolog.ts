/**
 * Exceptions as Monolog's LineFormatter (Laravel's and Symfony's default too) writes them into the context:
 * `[object] (Class(code: 0): message at file:line)`, perhaps `[stacktrace]` and entries, then `[previous exception]`s.
 * The text stands in a JSON string, whose line ends may or may not be real; read from an attribute it is plain.
 */
import type { Traceback } from '../core/shapes.js'
import { assemble, type Part, readEntries } from './php-blocks.js'
import { framesOf, isTraceTitle, KIND, place, plainName } from './php-grammar.js'
import { isBlank, LineCursor } from './text.js'

export const OBJECT = '[object] ('

const HEADER = new RegExp(`(${KIND})\\(code: [^)\\n]{0,2000}\\): ?`, 'y')
/** The end of a header; Monolog 1 lists the previous exceptions behind it, in the same parentheses. */
const ENDS = new RegExp(`:(\\d{1,9})(?:\\)|, (?=${KIND}\\(code: ))`, 'g')
const PREVIOUS = '[previous exception] '
const MAX_CHAIN = 100

/** The traceback of the object at `at`, where `OBJECT` stands; undefined when it is no exception. */
export function readObject(text: string, at: number): Traceback | undefined {
  HEADER.lastIndex = at + OBJECT.length
  if (!HEADER.test(text)) return undefined
  const escaped = text[at - 1] === '"'
  const region = escaped ? withLineEnds(text.slice(at, stringEnd(text, at))) : text.slice(at)
  const plain = escaped ? unescaped : (one: string) => one
  const parts: Part[] = []
  for (let next: number | undefined = 0; next !== undefined && parts.length < MAX_CHAIN; ) {
    const group = readGroup(region, next + OBJECT.length, plain)
    if (group === undefined) break
    parts.push(...group)
    next = previousAt(region, parts.at(-1)?.end ?? 0)
  }
  const end = Math.max(0, ...parts.map((part) => part.end))
  return parts.length === 0 ? undefined : assemble(parts, at, at + end, false)
}

/** One object: an exception, in Monolog 1 its previous ones too, and the trace of the first. */
function readGroup(region: string, from: number, plain: (text: string) => string): Part[] | undefined {
  const headers: { kind: string; message: string; file: string; line: number }[] = []
  let end = from
  for (let at = from; ; ) {
    HEADER.lastIndex = at
    const named = HEADER.exec(region)
    if (named === null) return undefined
    const bodyAt = at + named[0].length
    const ends = endOf(region, bodyAt)
    if (ends === undefined) return undefined
    // The blank before ` at ` may be the one behind the colon of an empty message.
    const body = region.slice(bodyAt - 1, ends.index)
    const split = body.lastIndexOf(' at ')
    if (split < 0) return undefined
    headers.push({
      kind: plainName(named[1] ?? ''),
      message: plain(body.slice(1, Math.max(1, split))).replaceAll('\r\n', '\n'),
      file: plain(body.slice(split + 4)),
      line: Number(ends[1]),
    })
    end = ends.index + ends[0].length
    if (ends[0].endsWith(')')) break
    at = end
  }
  const cursor = new LineCursor(region, end)
  const traced = cursor.advance() && isTraceTitle(cursor.line)
  const { entries, end: entriesEnd } = traced ? readEntries(region, cursor.next, plain) : { entries: [], end }
  return headers.map(({ kind, message, file, line }, i) => {
    const part: Part = {
      kind,
      frames: framesOf(place(file, line), i === 0 ? entries : []),
      end: Math.max(end, entriesEnd),
    }
    if (message.trim() !== '') part.message = message
    return part
  })
}

/** The first end of a header with the right text behind it; a message may hold what looks like one. */
function endOf(region: string, from: number): RegExpExecArray | undefined {
  let first: RegExpExecArray | undefined
  ENDS.lastIndex = from
  for (let i = 0; i < 200; i++) {
    const match = ENDS.exec(region)
    if (match === null) break
    first ??= match
    if (!match[0].endsWith(')')) return match
    const behind = region.slice(match.index + match[0].length, match.index + match[0].length + 40)
    if (/^\s*(?:$|\[(?:stacktrace|previous exception)\])/.test(behind)) return match
  }
  return first
}

/** Where the object behind `[previous exception] ` begins. */
function previousAt(region: string, end: number): number | undefined {
  const cursor = new LineCursor(region, end)
  for (let i = 0; i < 3 && cursor.advance(); i++) {
    if (region.startsWith(PREVIOUS + OBJECT, cursor.start)) return cursor.start + PREVIOUS.length
    if (!isBlank(cursor.line)) return undefined
  }
  return undefined
}

/** Where the JSON string that `at` stands in ends. */
function stringEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 34) return i
    if (code === 92) i++
  }
  return text.length
}

/** The text with real line ends for escaped ones, of the same length. */
export function withLineEnds(text: string): string {
  return text.replace(/\\[\\nr]/g, (pair) => (pair === '\\n' ? '\r\n' : pair === '\\r' ? '  ' : pair))
}

const ESCAPES: { readonly [letter: string]: string } = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/** What a piece of a JSON string says. */
export function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, code: string | undefined, letter: string | undefined) =>
    code === undefined ? (ESCAPES[letter ?? ''] ?? letter ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
