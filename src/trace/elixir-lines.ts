/**
 * The lines of Elixir's and Erlang's stack traces, one by one: banners (`** (KeyError) …`), frames of both languages,
 * what stands below a crashed process. Knows single lines only; what they mean together is in elixir.ts and elixir-erlang.ts.
 * Source: elixir, lib/elixir/lib/exception.ex (format_banner, format_stacktrace_entry), lib/logger/translator.ex;
 * otp, lib/stdlib/src/erl_error.erl.
 */
import type { Frame } from '../core/shapes.js'

const MAX_LINE = 4096

/** `** (Shop.Orders.Gone) `; also `** (exit) `, `** (EXIT from #PID<0.105.0>) `; other words are no exceptions. */
const BANNER =
  /^\*\* \(([A-Z]\w{0,100}(?:\.\w{1,100}){0,20}|exit|throw|stop|EXIT from (?:#PID<[\d.]{1,40}>|:?[\w.]{1,200}))\)(?: |$)/

/** A banner and where its message begins. */
export interface Banner {
  readonly kind: string
  /** Index in the given text, just after the banner. */
  readonly messageAt: number
}

/** The banner that begins `line`. */
export function bannerIn(line: string): Banner | undefined {
  const found = BANNER.exec(line.slice(0, 700))
  return found?.[1] === undefined ? undefined : { kind: found[1], messageAt: found[0].length }
}

/** Whether a kind says only how the process ended; the exception is then printed inside. */
export function isExit(kind: string): boolean {
  return kind === 'exit' || kind === 'stop' || kind.startsWith('EXIT')
}

export function indentOf(line: string): number {
  let indent = 0
  while (line.charCodeAt(indent) === 0x20) indent++
  return indent
}

const APP = /^\(\w[\w.-]{0,80}(?: \d[\w.+-]{0,40})?\) /
const PLACED =
  /^((?:[\w@./\\~+ -]{1,400}\.(?:ex|exs|eex|heex|leex|erl|hrl|yrl|xrl|beam)|iex|nofile|erl_eval|[\w-]{1,80}#cell:[\w-]{1,80}))(?::(\d{1,9}))?: (\S.*)$/
const CALLED = /^(:?"?[A-Za-z][\w.@"-]{0,300}\.(?:[\w?!"<>=+*/^&|~.-]{1,300}))(?:\/(\d{1,3})|(\(.*\)))$/

/** A line of an Elixir stack trace, already without its indentation. */
export function frameIn(body: string): Frame | undefined {
  const line = body.slice(0, MAX_LINE).trimEnd()
  const app = APP.exec(line)?.[0].length ?? 0
  const rest = line.slice(app)
  const placed = PLACED.exec(rest)
  if (placed?.[1] !== undefined && placed[3] !== undefined) {
    const named = functionOf(placed[3])
    if (named === undefined) return undefined
    return {
      ...named,
      file: placed[1],
      ...(placed[2] !== undefined && Number(placed[2]) > 0 && { line: Number(placed[2]) }),
    }
  }
  // Without a place only the form `Module.function/arity`, or the application's name, tells a frame from a text.
  const called = CALLED.exec(rest)
  if (called === null || (app === 0 && called[2] === undefined && !rest.startsWith(':'))) return undefined
  return functionOf(rest)
}

/** The function as printed, arguments cut off; and its module where the name begins with one. */
function functionOf(printed: string): Frame | undefined {
  if (/^\(\w+\)$/.test(printed)) return { function: printed }
  if (/^anonymous fn\/\d{1,3} in \S/.test(printed)) return { function: printed }
  const open = printed.indexOf('(')
  const name = open > 0 ? printed.slice(0, open) : printed
  if (/\s/.test(name) && !name.includes('"')) return undefined
  const owner = /^(:?[\w@]+(?:\.[A-Z]\w*)*)\.(?=[^.]|\.\.)/.exec(name)?.[1]
  return { function: name, ...(owner !== undefined && { module: owner }) }
}

/** What is printed below the frames of a crashed process; not part of its stack. */
export function isReportLine(line: string): boolean {
  return /^(?:Last message|State:|Client |Function: |Initial Call:|Ancestors:|Message Queue|Messages:|Queue:|Retries|Start Call:|Links:|Dictionary:|Trapping Exits:|Status:|Heap Size:|Stack Size:|Reductions:|Neighbours:|Postponed|Pid:)/.test(
    line.slice(0, 40),
  )
}

/** `in function  shop:place/2 (src/shop.erl, line 41)`, `in call from …`, of Erlang's reports and shell. */
const REPORTED =
  /^\s+in (?:function|call from)\s+([a-z'][\w'@.-]{0,200}:[\w'<>/^-]{1,300}\/\d{1,3}|\S{1,300})(?: \((\S[^,()\n]{0,400})(?:, line (\d{1,9}))?\))?\s*$/

/** A frame of Erlang's reports. */
export function reportedFrame(line: string): Frame | undefined {
  const found = REPORTED.exec(line.slice(0, MAX_LINE))
  if (found?.[1] === undefined) return undefined
  return {
    function: found[1],
    ...(found[2] !== undefined && { file: found[2] }),
    ...(found[3] !== undefined && { line: Number(found[3]) }),
    ...moduleOf(found[1]),
  }
}

/** The module of `shop:place/2`. */
export function moduleOf(name: string): { module?: string } {
  const colon = name.indexOf(':')
  return colon > 0 ? { module: name.slice(0, colon) } : {}
}
