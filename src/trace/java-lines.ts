/**
 * What one line of a Java stack trace can be: a frame, an elision, a label (`Caused by:` …) or an exception's header.
 * Pure grammar of single lines; which lines belong together is decided in java-blocks.ts.
 * Sources: java.lang.Throwable.printStackTrace and StackTraceElement.toString (OpenJDK 8 to 21), logback
 * ThrowableProxyUtil, log4j ThrowableProxy, Dropwizard PrefixedRootCauseFirstThrowableProxyConverter.
 */
import type { Frame } from '../core/shapes.js'
import { remembered } from './text.js'

/** Indentation; rsyslog writes a tab as `#011`. */
const INDENT = /^(?:[ \t]|#011)*/
/** One part of a qualified name. Beyond ASCII everything is allowed: names may be latin1-decoded UTF-8. */
const NAME =
  /(?:<#[0-9a-f]{1,16}> )?((?:[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*\.){0,60}[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*)/y
const FRAME = /^at ([^()]*[^()\s])\(([^()]*)\)(?:\s.*)?$/s
const ELISION = /^\.\.\. (?:(\d+) (more|common frames omitted|(?:frames?|lines?)\b.*)|suppressed \d+ lines)\s*$/
const LABEL = /^(Caused by|Suppressed|Wrapped by|Causing): /
const SUFFIX = /(?:Exception|Error|Throwable)(?:\$\w*)?$/
const LEVEL = /^(?:severe|warn|warning|info|config|fine|finer|finest|error|fatal|critical|notice|debug|trace)$/i
const UNCAUGHT = 'Exception in thread "'
const THROWN_FROM = /^Exception: (\S+) thrown from the UncaughtExceptionHandler in thread "/
const DUMPED_THREAD = /^"[^"]*" (?:daemon |prio=|#\d|Id=\d)/
const CIRCULAR = /^\[CIRCULAR REFERENCE:/

/** Number of characters of indentation. */
export function indentOf(line: string): number {
  return INDENT.exec(line)?.[0].length ?? 0
}

/**
 * The frame that `body` (a line without its indentation) prints, or undefined.
 * A frame always names a class and a method and ends in a place: `at x(Y.java:1)` is text of somebody's message.
 */
export function parseFrame(body: string): Frame | undefined {
  return body.startsWith('at ') ? frameOfBody(body) : undefined
}

const frameOfBody = remembered((body: string): Frame | undefined => {
  const match = FRAME.exec(body)
  const qualified = match?.[1] ?? ''
  const dot = qualified.lastIndexOf('.')
  const owner = qualified.slice(0, dot)
  if (dot <= 0 || dot === qualified.length - 1 || /\s/.test(owner)) return undefined
  const place = parsePlace(match?.[2] ?? '')
  return place && { function: qualified.slice(dot + 1), ...place, module: classOf(owner) }
})

/** The class without `loader/module@version/`; the address of a hidden class (`…$$Lambda$14/0x0800c03000`) is part of its name. */
function classOf(owner: string): string {
  const hidden = /\/(?:0x)?[0-9a-fA-F]+$/.exec(owner)?.index ?? owner.length
  return owner.slice(owner.lastIndexOf('/', hidden - 1) + 1)
}

/**
 * What stands in a frame's parentheses; undefined when it is no place (`()`, `(String)`, `(retry 3)`), or one of
 * JavaScript (`(app.js:4:17)`, `(<anonymous>)`), which React Native prints behind the function without a blank.
 */
function parsePlace(place: string): Pick<Frame, 'file' | 'line'> | undefined {
  if (place === 'Unknown Source' || place === 'Native Method' || place === 'Native method') return {}
  const colon = place.lastIndexOf(':')
  if (colon > 0 && /^-?\d{1,9}$/.test(place.slice(colon + 1))) {
    const file = place.slice(0, colon)
    const line = Number(place.slice(colon + 1))
    if (/:\d+$/.test(file)) return undefined
    return { ...(file === 'Unknown Source' ? {} : { file }), ...(line > 0 ? { line } : {}) }
  }
  if (place === 'SourceFile' || place === 'NO_SOURCE_FILE' || place === 'Unknown' || place === 'Redefined') return {}
  if (/^(?:<(?!anonymous>)[^<>]+>|[^\s:]+\.[a-z]{1,8}|[DR]8\$\$\w+)$/.test(place)) return { file: place }
  return undefined
}

/**
 * Number of common frames that an elision line stands for: 0 when frames were left out for another reason
 * (`… frames excluded`), undefined when `body` is no elision.
 */
export function parseElision(body: string): number | undefined {
  if (!body.startsWith('... ') || body.length > 200) return undefined
  const match = ELISION.exec(body)
  if (!match) return undefined
  return match[2] === 'more' || match[2] === 'common frames omitted' ? Number(match[1]) : 0
}

/** True when the line `body`, indented or not, can only be part of the frames of a trace. */
export function isTraceLine(body: string): boolean {
  return parseElision(body) !== undefined || parseFrame(body) !== undefined
}

export type LabelKind = 'cause' | 'suppressed' | 'wrapper'

export interface Label {
  readonly kind: LabelKind
  /** Length of the label, its blank included; the header follows. */
  readonly length: number
}

/** `Caused by: `, `Suppressed: `, and the labels of root-first printing: `Wrapped by: ` and Dropwizard's `Causing: `. */
export function parseLabel(body: string): Label | undefined {
  const match = LABEL.exec(body)
  if (!match) return undefined
  const kind = match[1] === 'Caused by' ? 'cause' : match[1] === 'Suppressed' ? 'suppressed' : 'wrapper'
  return { kind, length: match[0].length }
}

/** A throwable that was printed before: `[CIRCULAR REFERENCE: java.lang.Exception: first]`. */
export function isCircular(body: string): boolean {
  return CIRCULAR.test(body)
}

/** How much a header's class name looks like a throwable's; the smaller, the more. */
export type Rank =
  /** Qualified and ends in Exception, Error or Throwable. */
  | 1
  /** Qualified, and the last part begins with a capital: `com.acme.Job$Fatal`. */
  | 2
  /** Ends in Exception, Error or Throwable, no package: `MyError`, `RuleException[cpu]`. */
  | 3
  /** Could be any word; only its place right before a frame makes it a header. */
  | 4

export interface Header {
  readonly kind?: string
  readonly rank: Rank
  /** Where in the line the message begins; absent when there is none, so that none can follow either. */
  readonly messageAt?: number
  /** The bracket that ends the message, for classes whose text form is `RuleException[cpu / idle]`. */
  readonly closer?: string
}

const CLOSERS: { readonly [opener: string]: string } = { '[': ']', '(': ')', '{': '}' }

/** The header that `line` holds from character `at` on, or undefined. */
export function parseHeader(line: string, at = 0): Header | undefined {
  NAME.lastIndex = at
  const kind = NAME.exec(line)?.[1]
  if (kind === undefined) return undefined
  const after = NAME.lastIndex
  const rank = rankOf(kind)
  if (rank === undefined) return undefined
  const next = line[after]
  if (next === undefined || (/\s/.test(next) && line.slice(after).trim() === '')) return { kind, rank }
  if (next === ':') {
    if (line[after + 1] === ' ') return { kind, rank, messageAt: after + 2 }
    return after + 1 === line.length ? { kind, rank, messageAt: after + 1 } : undefined
  }
  const closer = CLOSERS[next]
  if (closer === undefined || !SUFFIX.test(kind)) return undefined
  const inner = line.indexOf(`${closer}: `, after)
  if (inner >= 0) return { kind, rank, messageAt: inner + 3 }
  if (line.trimEnd().endsWith(closer) || !line.includes(closer, after)) {
    return { kind, rank, messageAt: after + 1, closer }
  }
  return undefined
}

/** The header behind a label or `Exception in thread "x" `, where something must stand whatever its form. */
export function parseAnyHeader(line: string, at: number): Header {
  const header = parseHeader(line, at)
  if (header) return header
  NAME.lastIndex = at
  const kind = NAME.exec(line)?.[1]
  if (kind !== undefined && line[NAME.lastIndex] === ' ' && SUFFIX.test(kind)) {
    return { kind, rank: 4, messageAt: NAME.lastIndex + 1 }
  }
  return { rank: 4, messageAt: at }
}

function rankOf(name: string): Rank | undefined {
  const dot = name.lastIndexOf('.')
  if (name === 'java.lang.Thread.State') return undefined
  if (SUFFIX.test(name)) {
    if (dot > 0) return 1
    return name === 'Error' || name === 'Exception' || name === 'Throwable' ? undefined : 3
  }
  if (dot > 0) return /^[A-Z\u0080-\uffff]/.test(name.slice(dot + 1)) && !/^[A-Z]/.test(name) ? 2 : 4
  return /^[A-Z]/.test(name) && /[a-z]/.test(name) && !LEVEL.test(name) ? 4 : undefined
}

/** A header in the middle of a line, behind a log message. */
export interface MidHeader extends Header {
  readonly at: number
}

const TOKEN = /[A-Za-z_$\u0080-\uffff][\w$.\u0080-\uffff]*/g

/**
 * The header that begins somewhere in `line`: the leftmost qualified throwable name that a message or the line's end
 * follows (the leftmost, because a message often quotes its cause), else, behind `: ` or `- `, the leftmost throwable
 * name without a package, else the last capitalised qualified name (not the first, which may be the logger's).
 */
export function findMidHeader(line: string): MidHeader | undefined {
  let simple: MidHeader | undefined
  let fallback: MidHeader | undefined
  for (const token of line.matchAll(TOKEN)) {
    const at = token.index
    const end = at + token[0].length
    if ((end < line.length && line[end] !== ':') || !(token[0].includes('.') || SUFFIX.test(token[0]))) continue
    const header = parseHeader(line, at)
    if (header?.rank === 1) return { ...header, at }
    if (header === undefined || header.rank === 4 || !/[:-] $/.test(line.slice(Math.max(0, at - 2), at))) continue
    if (header.rank === 2) fallback = { ...header, at }
    else simple ??= { ...header, at }
  }
  return simple ?? fallback
}

/**
 * `Exception in thread "x" ` in `line`: where it begins and where the header behind it does. A thread's name may hold
 * quotes, so the first one that a header follows ends it.
 */
export function findUncaught(line: string): { readonly at: number; readonly headerAt: number } | undefined {
  const at = line.indexOf(UNCAUGHT)
  const first = at < 0 ? -1 : line.indexOf('" ', at + UNCAUGHT.length)
  if (first < 0) return undefined
  for (let quote = first, tries = 0; quote >= 0 && tries < 8; quote = line.indexOf('" ', quote + 1), tries++) {
    const header = parseHeader(line, quote + 2)
    if (header && header.rank < 4) return { at, headerAt: quote + 2 }
  }
  // In the middle of a line it may be somebody's sentence.
  return at === 0 ? { at, headerAt: first + 2 } : undefined
}

/** The class of `Exception: java.lang.OutOfMemoryError thrown from the UncaughtExceptionHandler in thread "main"`. */
export function parseThrownFrom(line: string): string | undefined {
  return line.startsWith('Exception: ') ? THROWN_FROM.exec(line)?.[1] : undefined
}

/** True when the line begins something the virtual machine prints by itself. */
export function isRuntimePrint(line: string): boolean {
  return line.startsWith(UNCAUGHT) || parseThrownFrom(line) !== undefined
}

/** True when the frames that follow belong to a thread dump. */
export function isThreadDumpLine(line: string): boolean {
  return line.includes('java.lang.Thread.State: ') || (line.startsWith('"') && DUMPED_THREAD.test(line))
}
