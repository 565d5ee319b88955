/**
 * The lines of what Rust prints, one by one: the panic's header in its three forms, frames of a backtrace, the lines
 * that end a panic. Knows single lines only; what they mean together is in rust.ts (a text) and rust-follow.ts (a stream).
 * Source: rust, library/std/src/panicking.rs (default_hook), library/std/src/sys/backtrace.rs; backtrace, print.rs.
 */
import type { Frame } from '../core/shapes.js'

/** Longer lines are read up to here only. */
const MAX_LINE = 4096

/** `thread 'main' panicked`, `thread 'main' (4711) panicked`, `thread <unnamed> panicked`. */
export const THREAD =
  /^thread (?:'[^'\n]{0,200}'|<[^>\n]{0,200}>)(?: \(\d{1,20}\))? (?:panicked at |has overflowed its stack)/
/** The same, ending just before `panicked`. */
const THREAD_AT_END = /thread (?:'[^'\n]{0,200}'|<[^>\n]{0,200}>)(?: \(\d{1,20}\))? $/

const ABORTS = /^(?:fatal runtime error: |memory allocation of \d+ bytes failed)/
const ENDS =
  /^(?:note: (?:run with `RUST_BACKTRACE|Some details are omitted)|thread (?:caused non-unwinding panic|panicked while )|fatal runtime error: )/
const BACKTRACE = /^\s*[Ss]tack backtrace:\s*$/

/** Start of the `thread '…' ` that stands right before `at`, or -1. */
export function threadBefore(text: string, at: number, from: number): number {
  const start = Math.max(from, at - 260)
  const found = THREAD_AT_END.exec(text.slice(start, at))
  return found === null ? -1 : start + found.index
}

/** Whether the line can only come from the panic runtime itself. */
export function isPanic(line: string): boolean {
  return THREAD.test(line.slice(0, 300))
}

/** The process died without a panic: `fatal runtime error: …`, `memory allocation of 8 bytes failed`. */
export function isAbort(line: string): boolean {
  return ABORTS.test(line.slice(0, 80))
}

/** The last lines of a panic: `note: run with …`, `thread caused non-unwinding panic. aborting.`, … */
export function isEnd(line: string): boolean {
  return ENDS.test(line.slice(0, 80))
}

export function isBacktraceHeader(line: string): boolean {
  return line.length < 80 && BACKTRACE.test(line)
}

/** `Caused by:`, `Location:` and `Stack backtrace:` stand alone on their lines, as anyhow and eyre print them. */
export function isSection(line: string): boolean {
  return line.length < 80 && /^(?:Caused by|Location|Stack backtrace|Backtrace):\s*$/.test(line)
}

/** `src/main.rs:41:9` or `src/main.rs:41`. */
export function placeOf(text: string): Frame | undefined {
  if (text.length > MAX_LINE) return undefined
  const found = /^(\S.*?):(\d{1,9})(?::(\d{1,9}))?$/.exec(text.trim())
  if (found?.[1] === undefined) return undefined
  return {
    file: found[1],
    line: Number(found[2]),
    ...(found[3] !== undefined && { column: Number(found[3]) }),
  }
}

/** What follows `panicked at ` in its line. */
export interface PanicLine {
  readonly place?: Frame
  /** The message is in this line; absent in the new form, where it begins on the next one. */
  readonly message?: string
  /** The old form's quote is open: the message goes on to the line that ends in `', src/main.rs:41:9`. */
  readonly open: boolean
}

/** Reads what follows `panicked at `. Undefined when it names no place and no message of the known forms. */
export function panicLine(rest: string): PanicLine | undefined {
  const line = rest.slice(0, MAX_LINE).trimEnd()
  if (line.startsWith("'")) {
    const closed = closedQuote(line.slice(1))
    return closed ?? { message: line.slice(1), open: true }
  }
  if (line.endsWith(':')) {
    const place = placeOf(line.slice(0, -1))
    if (place?.column !== undefined) return { place, open: false }
  }
  return undefined
}

/** `message', src/main.rs:41:9` at the end of the old form; log-panics writes a colon for the comma. */
export function closedQuote(line: string): PanicLine | undefined {
  for (const quote of ["', ", "': "]) {
    const at = line.lastIndexOf(quote)
    const place = at < 0 ? undefined : placeOf(line.slice(at + quote.length))
    if (place !== undefined) return { place, message: line.slice(0, at), open: false }
  }
  return undefined
}

const FRAME = /^\s{0,8}\d{1,5}:\s+(?:0x[0-9a-f]{1,16} - )?(\S.*)$/
const AT = /^\s{2,}at (\S.*)$/

/** The function of `   3: shop::orders::place`, without addresses and hashes; undefined for any other line. */
export function frameName(line: string): string | undefined {
  const name = FRAME.exec(line.slice(0, MAX_LINE))?.[1]
  return name === undefined ? undefined : withoutHashes(name)
}

/** The place of `             at ./src/orders.rs:41:9`. */
export function framePlace(line: string): Frame | undefined {
  const place = AT.exec(line.slice(0, MAX_LINE))?.[1]
  return place === undefined ? undefined : (placeOf(place) ?? { file: place.trim() })
}

/** A function that was inlined into the frame before it is printed without a number. */
export function inlinedName(line: string): string | undefined {
  const name = /^\s{6,}(?!at |\[\.\.\. )(\S.*)$/.exec(line.slice(0, MAX_LINE))?.[1]
  return name === undefined ? undefined : withoutHashes(name)
}

/** `      [... omitted 12 frames ...]` */
export function isOmission(line: string): boolean {
  return line.length < 80 && /^\s+\[\.\.\. omitted \d+ frames? \.\.\.\]$/.test(line)
}

/** `::h0123456789abcdef` of the old mangling, `std[e28293b1aa0f68bd]` of the new one. */
function withoutHashes(name: string): string {
  return name
    .trimEnd()
    .replace(/::h[0-9a-f]{16}$/, '')
    .replace(/\[[0-9a-f]{8,16}\](?=::|$)/g, '')
}
