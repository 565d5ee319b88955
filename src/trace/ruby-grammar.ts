/**
 * The lines of Ruby backtraces, one by one: frames in all their dresses, and the line the interpreter prints first.
 * Knows single lines only; what they mean together is in ruby.ts (a text) and ruby-follow.ts (a stream).
 * Source: ruby, error.c and eval_error.c (rb_error_write, print_errinfo, print_backtrace), thread.c.
 */
import type { Frame } from '../core/shapes.js'
import { remembered, withoutColour } from './text.js'

/** A constant's path: `Orders::Conflict`. */
export const CONSTANT = '[A-Z]\\w*(?:::[A-Z]\\w*)*'

/** The header of the reversed order (2.5 to 2.7 on a terminal, `order: :bottom`). */
export const REVERSED = 'Traceback (most recent call last):'

/** A line that holds a frame. */
export interface FrameLine {
  readonly frame: Frame
  /** What follows the frame in its line: the message and class of the interpreter's first line. */
  readonly rest?: string
  /** `from` stands before the frame. */
  readonly from: boolean
  /** `12: from` stands before it, as in the reversed order. */
  readonly numbered: boolean
  /** Index in the line, as it is without colours, of the frame's first character. */
  readonly column: number
}

/** Rails' tags, which some loggers repeat on each line. */
const LEAD = /^(?:\[[^\]\n]{0,200}\] )*[ \t]*/
const FROM = /^(?:(\d{1,7}): )?from /
/** The file types that are frames even without `in`. */
const RUBY_FILE = /\.(?:rb|ru|rake|erb|haml|slim|builder|jbuilder|gemspec)$/
/** File names that may hold blanks: absolute ones, eval's, the interpreter's own, Rails' `gem (version) path`. */
const ROOMY_FILE = /^(?:\/|[A-Za-z]:[\\/]|\(eval|<internal:|[\w.-]+ \(\d[\w.]*\) )/
/** Longer locations are not frames; keeps near misses cheap. */
const MAX_LOCATION = 2048

/** Reads a line that is a frame, or begins with one and goes on with `: message`. Undefined for any other line. */
export const frameLine = remembered((raw: string): FrameLine | undefined => {
  const line = withoutColour(raw)
  const lead = LEAD.exec(line.slice(0, MAX_LOCATION))?.[0].length ?? 0
  const from = FROM.exec(line.slice(lead, lead + 16))
  const column = lead + (from?.[0].length ?? 0)
  const found = location(line, column)
  return found === undefined ? undefined : { ...found, from: from !== null, numbered: from?.[1] !== undefined }
})

function location(line: string, column: number): { frame: Frame; rest?: string; column: number } | undefined {
  const at = line.indexOf(':in ', column)
  const quote = line.charCodeAt(at + 4)
  if (at < 0 || at - column > MAX_LOCATION || (quote !== 0x60 && quote !== 0x27)) return bareLocation(line, column)
  const close = line.indexOf("': ", at + 5)
  const end = close < 0 ? line.length - 1 : close
  if (line.charCodeAt(end) !== 0x27 || end <= at + 5 || end - at > MAX_LOCATION) return undefined
  const place = /^(.+):(\d{1,9})$/.exec(line.slice(column, at))
  let file = place?.[1]
  if (file === undefined) return undefined
  let start = column
  if (/\s/.test(file) && !ROOMY_FILE.test(file)) {
    // Behind a log message in the same line; only the interpreter's first line is found there.
    if (close < 0) return undefined
    const blank = file.lastIndexOf(' ') + 1
    start += blank
    file = file.slice(blank)
    if (file === '') return undefined
  }
  const frame: Frame = { function: line.slice(at + 5, end), file, line: Number(place?.[2]) }
  return close < 0 ? { frame, column: start } : { frame, rest: line.slice(close + 3), column: start }
}

/** `main.rb:20`, `main.rb:3: syntax error, … (SyntaxError)` */
function bareLocation(line: string, column: number): { frame: Frame; rest?: string; column: number } | undefined {
  const place = /^([^\s:]+(?::[\\/][^\s:]*)?):(\d{1,9})(?:$|: )/.exec(line.slice(column, column + MAX_LOCATION))
  const file = place?.[1]
  if (place === null || file === undefined || !(RUBY_FILE.test(file) || file.startsWith('(eval'))) return undefined
  const frame: Frame = { file, line: Number(place[2]) }
  const rest = line.slice(column + place[0].length)
  return rest === '' ? { frame, column } : { frame, rest, column }
}

const MESSAGE_AND_CLASS = new RegExp(`^(.*) \\((${CONSTANT})\\)$`, 's')
const CLASS_ALONE = new RegExp(`^${CONSTANT}$`)

/** Class and first message line of the interpreter's first line: `message (Class)`, `Class`, `unhandled exception`. */
export function raisedIn(rest: string): { kind: string; message?: string } | undefined {
  const named = MESSAGE_AND_CLASS.exec(rest)
  if (named?.[2] !== undefined)
    return rest.startsWith('warning: ') ? undefined : { kind: named[2], message: named[1] ?? '' }
  if (rest === 'unhandled exception') return { kind: 'RuntimeError' }
  return rest.length < 512 && CLASS_ALONE.test(rest) && looksRaised(rest) ? { kind: rest } : undefined
}

/** The line the interpreter prints first: a frame without `from`, then what was raised. */
export function isRaisedLine(found: FrameLine | undefined): found is FrameLine & { readonly rest: string } {
  return found?.rest !== undefined && !found.from && raisedIn(found.rest) !== undefined
}

/** What is the same whenever a program dies of the same error: its first line, without the addresses of objects. */
export function raisedAs({ frame, rest }: FrameLine): string {
  return `${frame.file}:${frame.line}:${frame.function}: ${rest?.replace(/0x[0-9a-f]+/g, '0x')}`
}

/** `#<Thread:0x… run> terminated with exception (report_on_exception is true):` */
export function isThreadReport(line: string): boolean {
  return line.startsWith('#<Thread:') && line.includes('> terminated with exception')
}

const LEVELS = /^\s*\.\.\. (\d{1,9}) levels\.\.\.$/

/** ` ... 1349 levels...`, where the interpreter left frames out. */
export function isLevels(line: string): boolean {
  return LEVELS.test(line)
}

/** How many frames such a line stands for. */
export function levelsOf(line: string): number {
  return Number(LEVELS.exec(line)?.[1] ?? 0)
}

/** Names that are most likely an exception's, not another constant's. */
export function looksRaised(name: string): boolean {
  return (
    name.includes('::') ||
    /(?:Error|Exception|Failure|Failed|Interrupt|Timeout|Invalid|NotFound|Exit|Iteration|Conflict|Denied)$/.test(name)
  )
}

/** True when nothing of the program stands above the frame. */
export function isOutermost(frame: Frame | undefined): boolean {
  if (frame === undefined) return false
  return frame.function === undefined || /^<(?:main|top \(required\)|compiled)>$/.test(frame.function)
}
