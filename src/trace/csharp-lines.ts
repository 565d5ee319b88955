/**
 * What one line of a .NET or Mono stack trace can be: a frame, a header, an arrow to an inner exception, a marker, or
 * what the runtime prints before an exception that nobody caught.
 * Pure grammar of single lines; which lines belong together is decided in csharp-blocks.ts.
 * Sources: dotnet/runtime, Exception.ToString, StackTrace.ToString, AggregateException.ToString and Strings.resx;
 * mono, mcs/class/corlib (Exception.cs, StackTrace.cs) and mini-exceptions.c; the language packs of .NET Framework.
 */
import type { Frame } from '../core/shapes.js'
import { remembered } from './text.js'

/** Longer lines are no frames; keeps near misses cheap. */
const MAX_FRAME_CHARS = 4000
/** What stands before a frame, in the languages of .NET Framework. */
const AT = new Set('at bei à en em in na в w v bij vid ved hos kohdassa σε konum: 在 於 位於 場所 위치:'.split(' '))
/** Mono's mark of code that the runtime made. */
const WRAPPER = /^\(wrapper [\w-]+\) /
/** What other runtimes write in the brackets of a frame. */
const FOREIGN_PLACE =
  /^(?:Native [Mm]ethod|Unknown Source|SourceFile|NO_SOURCE_FILE|Unknown|Redefined|native|anonymous)$/
/** ` [0x0002f] in /src/Shop.cs:77 `, ` <0x40d0a8b0 + 0x0001b> in <filename unknown>:0 `; Mono. */
const MONO_PLACE = /^ (?:\[0x[0-9a-f]+\]|<0x[0-9a-f]+ \+ 0x[0-9a-f]+>)(?: in (.+):(\d{1,9}))?$/i
/** ` in C:\src\Shop.cs:line 77`, and ` bei C:\src\Shop.cs:Zeile 77.`; behind an offset in code compiled ahead of time. */
const NET_PLACE = /^ (?:\+ 0x[0-9a-f]+(?:$| ))?(?:([^ ]{1,12}) (.+):([^\d:\\/]{0,14})(\d{1,9})\.?)?$/i

/** Number of blanks and tabs in front. */
export function indentOf(line: string): number {
  let at = 0
  while (at < line.length && (line.charCodeAt(at) === 0x20 || line.charCodeAt(at) === 0x09)) at++
  return at
}

/** How many inner exceptions of an aggregate end with the line: each prints `<---` behind its last character. */
export function closersOf(line: string): number {
  let count = 0
  for (let end = line.trimEnd().length; line.endsWith('<---', end); end -= 4) count++
  return count
}

/** The line without the `<---` at its end. */
export function withoutClosers(line: string): string {
  return line.endsWith('---') || line.endsWith('--- ') ? line.replace(/(?:<---)+\s*$/, '') : line
}

/** The frame that `line` prints, or undefined. Comes from memory: nobody may change it. */
export function parseFrame(line: string): Frame | undefined {
  if (!line.includes('(') || line.length > MAX_FRAME_CHARS) return undefined
  return frameOfLine(withoutClosers(line))
}

const frameOfLine = remembered((line: string): Frame | undefined => {
  const indent = indentOf(line)
  const blank = line.indexOf(' ', indent)
  if (blank <= indent || blank - indent > 10) return undefined
  const word = line.slice(indent, blank)
  const isKnown = word === 'at' || (indent >= 2 && AT.has(word))
  if (!isKnown && (indent < 2 || !/^[A-Za-z:\u0080-\uffff]+$/.test(word))) return undefined

  const rest = line.slice(blank + 1)
  const wrapper = WRAPPER.exec(rest)?.[0] ?? ''
  const open = rest.indexOf('(', wrapper.length)
  const close = open < 0 ? -1 : closingBracket(rest, open)
  if (close < 0) return undefined
  const name = rest.slice(wrapper.length, open).trimEnd()
  const place = parsePlace(rest.slice(close + 1))
  if (place === undefined || (!isKnown && place.file === undefined)) return undefined
  if (!place.certain && wrapper === '' && !isSignature(rest.slice(open + 1, close))) return undefined
  if (!isMember(name, place.certain)) return undefined
  return { ...splitMember(name, wrapper), ...placed(place) }
})

interface Place {
  readonly file?: string
  readonly line?: number
  /** Only a .NET or Mono frame looks so. */
  readonly certain: boolean
}

/** What stands behind a frame's parameters; undefined when it can be nothing of a frame. */
function parsePlace(text: string): Place | undefined {
  // A layout may put more behind the stack, set off by a bar.
  const bar = text.indexOf('|')
  const suffix = (bar < 0 ? text : text.slice(0, bar)).trimEnd()
  if (suffix === '') return { certain: false }
  const mono = MONO_PLACE.exec(suffix)
  if (mono) return { ...fileAndLine(mono[1], mono[2]), certain: true }
  const net = NET_PLACE.exec(suffix)
  if (net === null) return undefined
  // A name with a colon and a number behind it is a place only where a word like `line` or a path says so.
  if (net[2] !== undefined && net[3] === '' && !/[\\/]|\.\w{2,4}$/.test(net[2])) return undefined
  return { ...fileAndLine(net[2], net[4]), certain: true }
}

/** No file where the runtime knows none: `<12b418a7818c>:0`, `<filename unknown>:0`. */
function fileAndLine(file: string | undefined, line: string | undefined): Pick<Place, 'file' | 'line'> {
  if (file === undefined || file.startsWith('<')) return {}
  return Number(line) > 0 ? { file, line: Number(line) } : { file }
}

function placed({ file, line }: Place): Pick<Frame, 'file' | 'line'> {
  return { ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) }
}

/** Index of the bracket that closes the one at `open`, or -1. */
function closingBracket(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x28) depth++
    else if (code === 0x29 && --depth === 0) return at
  }
  return -1
}

/** Whether text in brackets can be a list of parameters (`String id, Int32& n`), not a place or a remark. */
function isSignature(text: string): boolean {
  if (text === '') return true
  if (FOREIGN_PLACE.test(text) || /[:/\\"'=!?;]|(?:^|[\s,(])\d|^</.test(text)) return false
  if (/[\s,]/.test(text)) return true
  // A type alone, as crashing runtimes print it: `System.String`, `Int32`; not `Order.java`.
  const last = text.slice(text.lastIndexOf('.') + 1)
  return /^[A-Z_\u0080-\uffff]/.test(last)
}

/** Whether `name` can be a method with its type. F# and test frameworks have blanks in names. */
function isMember(name: string, certain: boolean): boolean {
  if (name === '' || /["'=;{}\\/]/.test(name) || !/^[\p{L}_<@(|]/u.test(name)) return false
  if (/^lambda_method\d*$/.test(name)) return true
  const bare = name.replace(/\[[^\]]*\]/g, '')
  if (bare.includes(':') || (/\s/.test(bare) && !certain)) return false
  const dot = bare.lastIndexOf('.')
  return dot > 0 && dot < bare.length - 1
}

/** Type and method of `Acme.Outer+Inner.Method[T]`; `<…>` and `[…]` hold dots that are not theirs. */
function splitMember(name: string, wrapper: string): Pick<Frame, 'function' | 'module'> {
  let end = name.length
  if (name.endsWith(']')) {
    let depth = 0
    for (let at = name.length - 1; at > 0; at--) {
      if (name[at] === ']') depth++
      else if (name[at] === '[' && --depth === 0) {
        end = at
        break
      }
    }
  }
  let depth = 0
  let dot = -1
  for (let at = end - 1; at > 0 && dot < 0; at--) {
    const character = name[at]
    if (character === '>' || character === ']') depth++
    else if (character === '<' || character === '[') depth--
    else if (character === '.' && depth <= 0) dot = at
  }
  // Constructors are called `.ctor`: two dots.
  if (dot > 0 && name[dot - 1] === '.') dot--
  if (dot <= 0) return { function: name.slice(0, end), ...(wrapper === '' ? {} : { module: wrapper.trim() }) }
  return { function: name.slice(dot + 1, end), module: wrapper + name.slice(0, dot) }
}

/** How much a header's type name looks like an exception's; the smaller, the more. */
export type Rank =
  /** Qualified and ends in Exception, Error or Fault. */
  | 1
  /** Qualified, and the last part begins with a capital: `Acme.Shop.OrderGone`. */
  | 2
  /** Ends in Exception, no namespace. */
  | 3
  /** Could be any word; only its place right before a frame makes it a header. */
  | 4

export interface Header {
  readonly kind: string
  readonly rank: Rank
  /** Where in the line the message begins; absent when there is none, so that none can follow either. */
  readonly messageAt?: number
  /** Where an inner exception's arrow begins that stands right behind the type; for one in the message see `arrowIn`. */
  readonly arrowAt?: number
}

const NAME = /[A-Za-z_\u0080-\uffff][\w$`\u0080-\uffff]*(?:[.+][A-Za-z_\u0080-\uffff][\w$`\u0080-\uffff]*)*/y
/** An HRESULT or a socket's error code: ` (0x80004005)`, ` (111)`, ` (00000005, 0xFFFDFFFF)`. */
const CODE = / \((?:0x)?-?[0-9A-Fa-f]{1,10}(?:, 0x[0-9A-Fa-f]{1,8})?\)/y
const LEVEL =
  /^(?:trace|trce|debug|dbug|verbose|info|information|notice|warn|warning|error|err|fail|fatal|crit|critical|alert|severe|exception)$/i

/** The header that `line` holds from character `at` on, or undefined. */
export function parseHeader(line: string, at: number): Header | undefined {
  NAME.lastIndex = at
  const name = NAME.exec(line)?.[0]
  if (name === undefined) return undefined
  const rank = rankOf(name)
  let end = at + name.length
  if (rank === undefined) return undefined
  if (line[end] === '[') end = typeArgumentsEnd(line, end)
  const kind = line.slice(at, end)
  CODE.lastIndex = end
  end += CODE.exec(line)?.[0].length ?? 0

  const rest = line.charCodeAt(end)
  if (Number.isNaN(rest)) return { kind, rank }
  if (line.startsWith(' ---> ', end)) return { kind, rank, arrowAt: end }
  if (rest !== 0x3a) return line.slice(end, end + 200).trim() === '' ? { kind, rank } : undefined
  const next = line[end + 1]
  if (next !== undefined && next !== ' ') return undefined
  return { kind, rank, messageAt: next === undefined ? end + 1 : end + 2 }
}

/** End of `[System.String,System.Int32]` behind a generic type's name. */
function typeArgumentsEnd(line: string, open: number): number {
  let depth = 0
  for (let at = open; at < line.length && at - open < 2000; at++) {
    if (line[at] === '[') depth++
    else if (line[at] === ']' && --depth === 0) return at + 1
  }
  return open
}

/** Index of the ` ---> Type: message` that ends the message of the exception around it, from `from` on, or -1. */
export function arrowIn(line: string, from: number): number {
  for (let at = line.indexOf(' ---> ', from); at >= 0; at = line.indexOf(' ---> ', at + 6)) {
    NAME.lastIndex = at + 6
    const name = NAME.exec(line)?.[0]
    const rank = name === undefined ? undefined : rankOf(name)
    if (
      rank !== undefined &&
      rank < 4 &&
      /^(?:[:[]| \(| --->|\s*$)/.test(line.slice(NAME.lastIndex, NAME.lastIndex + 8))
    )
      return at
  }
  return -1
}

function rankOf(name: string): Rank | undefined {
  const last = name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('+')) + 1)
  const isQualified = last.length < name.length
  if (isQualified)
    return /(?:Exception|Error|Fault)(?:`\d+)?$/.test(last) ? 1 : /^[A-Z\u0080-\uffff]/.test(last) ? 2 : undefined
  if (/.Exception(?:`\d+)?$/.test(name)) return 3
  return /^[A-Z]/.test(name) && !LEVEL.test(name) ? 4 : undefined
}

/** ` ---> System.IO.IOException: reset`, ` ---> (Inner Exception #1) …`. */
export interface Arrow {
  /** Where the header behind it begins. */
  readonly headerAt: number
  /** The number of an aggregate's inner exception. */
  readonly member?: number
}

const ARROW = /^\s*---> (?:\([^()#]{1,40}#(\d{1,6})\) )?/

export function parseArrow(line: string): Arrow | undefined {
  const match = ARROW.exec(line)
  if (match === null) return undefined
  return { headerAt: match[0].length, ...(match[1] === undefined ? {} : { member: Number(match[1]) }) }
}

/**
 * A line between frames: `inner` ends an inner exception, after which the frames are those of the one around it;
 * `resumed` stands where an exception was thrown again. The former is indented in every language.
 */
export function parseMarker(line: string, baseIndent: number): 'inner' | 'resumed' | undefined {
  const match = /^(\s*)--- (.{4,160}?) ---\s*$/.exec(line)
  if (match === null) return undefined
  const text = match[2] ?? ''
  if (/inner exception/i.test(text)) return 'inner'
  if (/previous location/i.test(text)) return 'resumed'
  return (match[1] ?? '').length >= baseIndent + 2 ? 'inner' : 'resumed'
}

/** What the runtime prints when nobody catches an exception. */
export interface Crash {
  /** Index of the mark in the line. */
  readonly at: number
  /** Where the exception's header begins; absent when it stands on the next line or there is none. */
  readonly headerAt?: number
  /** The header stands on the next line. */
  readonly isOnNextLine: boolean
  /** The kind of a crash that has no exception's header. */
  readonly kind?: string
  /** Where its message begins, when it has no header. */
  readonly messageAt?: number
}

/** `Unhandled exception. `, `Unhandled Exception: `, and what language packs make of it. */
const UNHANDLED =
  /^(?:Unhandled [Ee]xception[.:]|Exception Info:|Unbehandelte Ausnahme:|Exception non gérée ?:|Excepción no controlada:|Eccezione non gestita:|Exceção [Ss]em [Tt]ratamento:|Необработанное исключение:|未(?:经|經)?处理的异常:|未處理的例外狀況:|ハンドルされていない例外:|처리되지 않은 예외:)\s*/
const MONO_FATAL = /^(?:\[ERROR\] |[\w-]{0,20} ?\[ERROR\] )?FATAL UNHANDLED EXCEPTION: /

/** The crash that a line begins, or undefined. */
export function parseCrash(line: string): Crash | undefined {
  const at = indentOf(line)
  const body = at === 0 ? line : line.slice(at)
  const mono = MONO_FATAL.exec(body)
  if (mono) return { at, headerAt: at + mono[0].length, isOnNextLine: false }
  const mark = UNHANDLED.exec(body)
  if (mark) {
    const headerAt = at + mark[0].length
    if (headerAt >= line.length) return { at, isOnNextLine: true }
    const header = parseHeader(line, headerAt)
    return header && header.rank < 4 ? { at, headerAt, isOnNextLine: false } : undefined
  }
  if (body.trimEnd() === 'Stack overflow.') return { at, isOnNextLine: false, kind: 'System.StackOverflowException' }
  if (body.startsWith('Process terminated.')) return { at, isOnNextLine: false, messageAt: at + 20 }
  if (!body.startsWith('Fatal error. ')) return undefined
  const header = parseHeader(line, at + 13)
  if (header && header.rank < 4) return { at, headerAt: at + 13, isOnNextLine: false }
  return /^Internal CLR error\./.test(body.slice(13)) ? { at, isOnNextLine: false, messageAt: at + 13 } : undefined
}

/** Lines that the runtime prints between the frames of a stack that ran over. */
export function isRepetition(line: string): boolean {
  return /^(?:Repeat \d+ times:|-{10,})\s*$/.test(line)
}
