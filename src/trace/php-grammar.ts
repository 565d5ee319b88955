/**
 * What PHP prints of an exception, piece by piece: class names, places, entries of a trace, names of errors.
 * An entry says where a call was made and what was called, so a frame is the place of one entry with the function of
 * the next: `framesOf` shifts them. Source: php-src, Zend/zend_exceptions.c and main/main.c.
 */
import type { Frame } from '../core/shapes.js'
import { inApp } from './in-app.js'
import { raisedAtCall } from './php-builtin.js'
import { remembered } from './text.js'

/** A place in a file; PHP prints none for what its own functions call. */
export interface Place {
  readonly file?: string
  readonly line?: number
}

/** One entry of a trace: where the call was made, and what was called. */
export interface Entry {
  readonly place: Place
  /** As printed, without its arguments; `{main}` for the last entry. */
  readonly call: string
  /** Whether the entry is where a function of PHP's own, or an error handler, reports what went wrong. */
  readonly atCall: boolean
}

const NAME = '[A-Za-z_\\x80-\\uffff][\\w\\x80-\\uffff]*'
/** Backslashes are doubled in JSON; behind the NUL of an anonymous class stands where it was declared. */
export const KIND = `\\\\{0,2}${NAME}(?:\\\\{1,2}${NAME}){0,20}(?:@anonymous(?:(?:\\x00|\\\\u0000)[^\\n]{0,400}?\\$[0-9a-f]{1,8}(?![0-9a-f]))?)?`

const KIND_AT = new RegExp(`(?:exception '(${KIND})' with message '|(${KIND})(?=: |:?[\\r\\n]| in |$))`, 'y')

/** A class name and where what follows it begins. */
export interface KindAt {
  readonly kind: string
  /** Just after the name, or after the text that introduces the message in PHP 5. */
  readonly end: number
  /** The manner of PHP 5: `exception 'Foo' with message 'bar' in …`. */
  readonly quoted: boolean
}

/** The class name that begins at `at`, when a message, a place or nothing follows it. */
export function kindAt(text: string, at: number): KindAt | undefined {
  KIND_AT.lastIndex = at
  const match = KIND_AT.exec(text)
  const name = match?.[1] ?? match?.[2]
  if (match === null || name === undefined) return undefined
  return { kind: plainName(name), end: at + match[0].length, quoted: match[1] !== undefined }
}

/** A name without what follows its NUL, and with single backslashes. */
export function plainName(name: string): string {
  const nul = name.indexOf('\0')
  return (nul < 0 ? name : name.replace(/\0[^\n]*?\$[0-9a-f]+(?![0-9a-f])/g, '')).replaceAll('\\\\', '\\')
}

/** Whether a name says by itself that it is an exception's class. */
export function isStrongKind(kind: string): boolean {
  return kind.includes('\\') || /(?:[a-z]Exception|[a-z]Error|^Exception|^Error|@anonymous)$/.test(kind)
}

/** What stands for a file where code comes from none. */
const FILE = /[/\\.]|^(?:Command line code|Standard input code|php shell code|Unknown|\[no active file\]|-)/

export interface PlaceAtEnd extends Place {
  /** Where the ` in ` before it begins. */
  readonly at: number
}

/** ` in file:41` or ` in file on line 41` at the end of a text. */
export function placeAtEnd(text: string): PlaceAtEnd | undefined {
  const number = /(?::| on line )(\d{1,9})$/.exec(text.slice(-24))
  if (number === null) return undefined
  const end = text.length - number[0].length
  const at = text.lastIndexOf(' in ', end)
  const file = text.slice(at + 4, end)
  return at < 0 || file === '' || !FILE.test(file) ? undefined : { at, ...place(file, Number(number[1])) }
}

/** Line 0 is PHP's word for none. */
export function place(file: string, line: number): Place {
  return line > 0 ? { file, line } : { file }
}

const ENTRY = /^#\d{1,5} (?:(\{main\})$|(?:\[internal function\]|([^\n]{1,1000}?)\((\d{1,9})\)): ([^\n]+)$)/

/** `#0 /srv/y.php(12): A->b()`, `#1 [internal function]: f()` or `#2 {main}`, without blanks around it. */
export const entryOf = remembered((line: string): Entry | null => {
  const match = ENTRY.exec(line)
  if (match === null) return null
  const [, main, file, number, printed = ''] = match
  if (main !== undefined) return { place: {}, call: main, atCall: false }
  const at = file === undefined ? {} : place(file, Number(number))
  const call = nameOfCall(printed)
  return { place: at, call, atCall: raisedAtCall(call, printed.slice(call.length), at.line) }
})

/** Whether a line is an entry, without reading it. */
export function isEntry(line: string): boolean {
  return ENTRY.test(line)
}

/** `A->b` of `A->b('…', Object(C))`. PHP 8.4 names closures `{closure:A::b():12}`. */
function nameOfCall(call: string): string {
  const brace = call.indexOf('{closure')
  let open = call.indexOf('(')
  if (brace >= 0 && brace < open) open = call.indexOf('(', Math.max(0, call.indexOf('}', brace)))
  return plainName(open < 0 ? call : call.slice(0, open))
}

/**
 * Frames of a trace whose error was raised at `site`. Where no site is printed, the raising function is known but, as a
 * rule, not its place.
 */
export function framesOf(site: Place | undefined, entries: readonly Entry[]): Frame[] {
  const frames: Frame[] = []
  let at = site ?? (entries[0]?.atCall === true ? entries[0].place : {})
  for (const { place, call } of entries) {
    frames.push(
      frames.length === 0 && at.file === undefined && call.includes('\\')
        ? { ...frameOf(at, call), in_app: inApp('php', { function: call, file: '?' }) }
        : frameOf(at, call),
    )
    if (call === '{main}') return frames
    at = place
  }
  if (at.file !== undefined) frames.push(frameOf(at, ''))
  return frames
}

const known = remembered((key: string): Frame => {
  const [call = '', line = '', file = ''] = key.split('\n')
  const frame: Frame = {}
  if (call !== '') frame.function = call
  if (file !== '') frame.file = file
  if (line !== '') frame.line = Number(line)
  const module = classOf(call)
  if (module !== '') frame.module = module
  return frame
}, 1000)

function frameOf({ file = '', line }: Place, call: string): Frame {
  return known(`${call}\n${line ?? ''}\n${file}`)
}

/** The class of `A->b` or `A::b`; empty for a function. */
function classOf(call: string): string {
  const arrow = call.search(/->|::/)
  const brace = call.indexOf('{')
  return arrow < 0 || (brace >= 0 && brace < arrow) ? '' : call.slice(0, arrow)
}

/** PHP's names of errors that end a script, as it prints them. */
export const FATAL = '(?:(?:Recoverable f|Catchable f|F)atal error|Parse error)'
/** How a line begins that PHP writes to its error log; `PHP message: ` is what FPM adds. */
const IN_LOG = new RegExp(`(?:PHP message: )?PHP (${FATAL}): {1,2}`)
/** How the same begins on the page or the standard output. */
const ON_PAGE = new RegExp(`^(${FATAL}): {1,2}`)

export interface FatalHead {
  readonly level: string
  /** Where it begins in the line. */
  readonly at: number
  /** Where what it says begins in the line. */
  readonly end: number
  /** Whether only PHP itself can have printed it. */
  readonly certain: boolean
}

/** The beginning of a fatal error in a line. */
export function fatalHead(line: string): FatalHead | undefined {
  if (!line.includes('rror: ')) return undefined
  const match = IN_LOG.exec(line) ?? ON_PAGE.exec(line)
  if (match?.[1] === undefined) return undefined
  return { level: match[1], at: match.index, end: match.index + match[0].length, certain: match[0].includes('PHP ') }
}

/** The line above a trace. */
export function isTraceTitle(line: string): boolean {
  return /^\s*(?:(?:PHP )?stack ?trace:|\[stack ?trace\]|trace:)\s*$/i.test(line.slice(0, 40))
}

/** The last line of an uncaught exception. */
export function isThrownLine(line: string): boolean {
  return /^\s*thrown in .{1,1000} on line \d/.test(line)
}
