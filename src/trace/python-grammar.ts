/**
 * The lines that CPython's `traceback` module, `threading`, `multiprocessing` and `faulthandler` print, one by one.
 * Knows single lines only; what they mean together is in python.ts (a text) and python-follow.ts (a stream).
 * Source: CPython, Lib/traceback.py (TracebackException.format), Python/pythonrun.c, Modules/faulthandler.c.
 */
import type { Frame } from '../core/shapes.js'
import { remembered } from './text.js'

/** What every header has in common, whatever stands before it. */
export const RECENT_LAST = ' (most recent call last):'
export const TRACEBACK = 'Traceback (most recent call last):'
export const STACK = 'Stack (most recent call last):'
export const FATAL = 'Fatal Python error: '

/** The lines between the parts of a chain: what came before is the cause (or the context) of what follows. */
const SEPARATORS: ReadonlySet<string> = new Set([
  'The above exception was the direct cause of the following exception:',
  'During handling of the above exception, another exception occurred:',
])
/** Printed when `sys.excepthook` itself failed; what follows is the error that it should have shown. */
export const EXCEPTHOOK_SEPARATOR = 'Original exception was:'

export function isSeparator(line: string): boolean {
  return SEPARATORS.has(line) || line === EXCEPTHOOK_SEPARATOR
}

/** Level names that look like an exception's name and a colon when a logger prints `LEVEL: message`. */
const LEVEL = /^(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|TRACE|SUCCESS)$/
/** A class's qualified name; `<locals>` when it was defined in a function. */
const KIND = /^[\p{L}_][\p{L}\p{N}_]*(?:\.(?:[\p{L}_][\p{L}\p{N}_]*|<locals>))*/u
/** No class name is longer; keeps the scan of a long line short. */
const MAX_KIND = 512

/**
 * The line that names the exception: `kind`, and `message` when there is one (a first line of it).
 * Up to 3.9 the interpreter prints `__main__.` before the script's own classes, later ones do not: it is left out.
 */
export function exceptionLine(line: string): { kind: string; message?: string } | undefined {
  const printed = KIND.exec(line.slice(0, MAX_KIND))?.[0]
  if (printed === undefined || LEVEL.test(printed)) return undefined
  const kind = printed.startsWith('__main__.') ? printed.slice(9) : printed
  if (line.length === printed.length) return { kind }
  if (line.charCodeAt(printed.length) !== 0x3a) return undefined
  // `Kind:` and `Kind: ` are how a message begins that has nothing on its first line, or none at all.
  if (line.length <= printed.length + 2) return /^:? ?$/.test(line.slice(printed.length)) ? { kind } : undefined
  if (line.charCodeAt(printed.length + 1) !== 0x20 || line === 'NoneType: None') return undefined
  return { kind, message: line.slice(printed.length + 2) }
}

/** Exceptions whose message is always one line, because the interpreter composes it or `repr` escapes its line ends. */
const ONE_LINE_KIND =
  /^(?:KeyError|ZeroDivisionError|RecursionError|UnicodeDecodeError|UnicodeEncodeError|StopIteration)$/
const ONE_LINE_MESSAGE =
  /^(?:\[Errno -?\d+\] |name '[^']*' is not defined|cannot access local variable '|local variable '|'[^']*' object has no attribute '|module '[^']*' has no attribute '|type object '[^']*' has no attribute '|No module named '|cannot import name '|list index out of range$|division by zero$)/

/** Whether lines after the message's first can only be notes (`add_note`), which are no part of the message. */
export function isWholeMessage(kind: string, firstLine: string): boolean {
  return ONE_LINE_KIND.test(kind) || ONE_LINE_MESSAGE.test(firstLine)
}

/** The message without the suggestion that the printer, not the exception, adds: `. Did you mean: 'items'?` */
export function withoutSuggestion(kind: string, message: string): string {
  if (!/(?:NameError|AttributeError|ImportError|ModuleNotFoundError|UnboundLocalError)$/.test(kind)) return message
  if (!message.endsWith('?')) return message
  const at = message.indexOf('. Did you ')
  return at < 0 ? message : message.slice(0, at)
}

/** True for names that are most likely an exception's: for places where the grammar alone would take too much. */
export function looksRaised(kind: string): boolean {
  return (
    /(?:Error|Exception|Warning|Interrupt|Exit|Failure|Failed|Timeout|ExceptionGroup|Iteration|RemoteTraceback)$/.test(
      kind,
    ) || /\.\p{Lu}[\p{L}\p{N}_]*$/u.test(kind)
  )
}

/** The tail of a File line: `, line 12, in name`; faulthandler leaves out the second comma, a syntax error the name. */
const PLACE = /^, line (\d{1,9})(?:,? in (.+))?$/

/** Where `File "` stands in a line that may be a frame, or -1. Only blanks, gutter and loguru's `>` may precede it. */
export function fileAt(line: string): number {
  const at = line.indexOf('File "')
  return at >= 0 && at < 256 ? at : -1
}

/**
 * The frame of a line whose `File "` stands at `at`. `function` is absent for the place of a syntax error.
 * A file name may hold quotes, so the last `", line ` ends it.
 */
export function frameOf(line: string, at: number): Frame | undefined {
  return frameOfText(line.slice(at).trimEnd())
}

const frameOfText = remembered((text: string): Frame | undefined => {
  const quote = text.lastIndexOf('", line ')
  if (quote < 6) return undefined
  const place = PLACE.exec(text.slice(quote + 1))
  if (place === null) return undefined
  const frame: Frame = { file: text.slice(6, quote), line: Number(place[1]) }
  if (place[2] !== undefined) frame.function = place[2].trimEnd()
  return frame
})

/** Whether only what may stand before a frame does: its two blanks (a trimmed text lost them), or loguru's `> `. */
export function isFrameIndent(before: string): boolean {
  return /^(?: {0,2}|\t|> ?)$/.test(before)
}

/** A line inside the members of an exception group: `    | text`, `  +-+---------------- 1 ----------------`. */
export function isGutter(line: string): boolean {
  return /^\s+(?:\||\+-)/.test(line)
}

/** Lines of the runtime that announce an uncaught error in a place where nobody could catch it. */
const ANNOUNCEMENT =
  /^(?:Exception in thread (?!")[^\n]{1,256}:|Exception ignored (?:in|on|while|from)\b[^\n]*|Exception in default exception handler[^\n]*|Error in (?:sys\.excepthook|atexit\._run_exitfuncs):|Process [^\n]{1,256}:)$/

/** `Exception in thread Thread-1 (work):`, `Exception ignored in: …`, `Process Process-1:`, `Error in sys.excepthook:`. */
export function isAnnouncement(line: string): boolean {
  return ANNOUNCEMENT.test(line)
}

/** `Process X:` may be anybody's line; the others can only be the runtime's. */
export function isOwnAnnouncement(line: string): boolean {
  return !line.startsWith('Process ') && ANNOUNCEMENT.test(line)
}

/** The exception that carries another process's traceback in its message, in triple quotes on lines of their own. */
export function isRemoteTraceback(line: string): boolean {
  return line.endsWith('RemoteTraceback: ') || line.endsWith('RemoteTraceback:')
}

/** `/srv/shop/web.py:41: DeprecationWarning: …`, which the interpreter prints whenever it likes. */
export function isWarningLine(line: string): boolean {
  return line.length < 2000 && /^\S.*:\d{1,9}: (?:[A-Za-z_]\w*\.)*\w*Warning: /.test(line)
}

/** asyncio's own report, as it reaches stderr when no logging is configured. */
export function isAsyncioReport(line: string): boolean {
  return /^(?:(?:Task|Future) exception was never retrieved|Exception in callback |Unhandled exception in event loop|Unhandled error in exception handler)/.test(
    line,
  )
}

/** The context lines of asyncio's report: `future: <Task …>`. */
export function isAsyncioContext(line: string): boolean {
  return /^(?:future|task|handle|protocol|transport|message|loop|source_traceback|asyncgen|object|context): /.test(line)
}

/** True when the frame is one that nothing of the program stands above. */
export function isOutermost(frame: Frame | undefined): boolean {
  if (frame === undefined) return false
  return (
    frame.function === '<module>' ||
    frame.function === '_run_module_as_main' ||
    (frame.file?.startsWith('<frozen runpy>') ?? false)
  )
}
