/**
 * Errors that a logger wrote as objects instead of text: log4j's `thrown`, Logback's `throwable`, structlog's list of
 * dicts, zerolog's `stack`, Monolog's `exception`… One table of keys serves them all. The stack is laid out as the
 * runtime would print it, so that a backend can show it and the language's own reader names the frames alike.
 */
import type { Attributes, Cause, Frame, Traceback, Value } from '../core/shapes.js'
import { isObject } from './paths.js'
import type { ReadTraceback } from './processor.js'

/** Keys by what they hold; compared in lower case without `_` and `-`, the first that holds something counts. */
export const ERROR_KEYS = {
  kind: ['exceptiontype', 'exctype', 'errortype', 'classname', 'class', 'kind', 'type', 'name'],
  message: ['message', 'msg', 'excvalue', 'value', 'localizedmessage', 'errormessage', 'detailmessage'],
  stack: [
    'extendedstacktrace',
    'steparray',
    'stacktrace',
    'stacktracestring',
    'stack',
    'backtrace',
    'traceback',
    'frames',
    'trace',
  ],
  cause: ['cause', 'causedby', 'innerexception', 'previous', 'inner'],
  common: ['commonelementcount', 'commonframesomitted', 'commonframes'],
} as const

export const FRAME_KEYS = {
  function: ['methodname', 'method', 'function', 'func', 'label', 'name'],
  module: ['declaringclass', 'classname', 'class', 'module'],
  file: ['filepath', 'filename', 'file', 'source', 'path'],
  line: ['linenumber', 'lineno', 'fileline', 'line'],
  column: ['columnnumber', 'column', 'colno', 'filecolumn', 'col'],
} as const

const PYTHON_HEADER = 'Traceback (most recent call last):'
/** Causes of causes are followed this far. */
const MAX_CAUSES = 20

interface ReadError {
  kind?: string
  message?: string
  frames: Frame[]
  /** Laid out as text, with its causes not in it. */
  stack: string
}

/**
 * The traceback of an error object, of a list of them (outermost first), or of a list of frames; and the stack as text,
 * which `start` and `end` span. Undefined when the value is none of these.
 */
export function readStructuredError(
  value: Value,
  read: ReadTraceback,
  languages?: readonly string[],
): { traceback: Traceback; stack: string } | undefined {
  const errors = chainOf(value)
  const chain: ReadError[] = []
  let language: string | undefined
  let causes: readonly Cause[] = []
  for (const error of errors) {
    const own = readOne(error, chain.at(-1)?.frames ?? [], (text) => {
      const found = read(text, 'read', languages)
      language ??= found?.language
      if (errors.length === 1) causes = found?.causes ?? []
      return found
    })
    if (own === undefined) break
    // A cause that is the effect of its own effect is written again, without its frames.
    const isRepeated = chain.some(({ kind, message }) => kind === own.kind && message === own.message)
    if (isRepeated && own.frames.length === 0) break
    chain.push(own)
  }
  const [outer, ...inner] = chain
  if (outer === undefined || (outer.kind === undefined && outer.frames.length === 0)) return undefined

  const python = outer.stack.startsWith(PYTHON_HEADER)
  const stack = python
    ? [...chain]
        .reverse()
        .map(({ stack }) => stack)
        .join('\n\nThe above exception was the direct cause of the following exception:\n\n')
    : chain.map(({ stack }, i) => (i === 0 ? stack : `Caused by: ${stack}`)).join('\n')
  const traceback: Traceback = {
    language: language ?? languages?.[0] ?? 'structured',
    ...(outer.kind === undefined ? {} : { kind: outer.kind }),
    ...(outer.message === undefined ? {} : { message: outer.message }),
    frames: outer.frames,
    causes: [...inner.map(({ stack: _, ...cause }) => cause), ...causes],
    start: 0,
    end: stack.length,
    uncaught: false,
  }
  return { traceback, stack }
}

/** Lines as a logger lists them, with their line ends or without, as one text. */
export function joinLines(lines: readonly string[]): string {
  return lines.map((line) => (line.endsWith('\n') ? line.slice(0, -1) : line)).join('\n')
}

/** Whether a key of an object is one under which loggers keep a stack. */
export function isStackKey(key: string): boolean {
  return (ERROR_KEYS.stack as readonly string[]).includes(plainKey(key))
}

function plainKey(key: string): string {
  return key.toLowerCase().replace(/[_-]/g, '')
}

/** The error and its causes as they stand in the value, outermost first. */
function chainOf(value: Value): Value[] {
  if (Array.isArray(value)) {
    const list = value as Value[]
    // structlog: a list of exceptions; otherwise the list is a stack.
    const errors = list.filter((one) => isObject(one) && first(one, ERROR_KEYS.stack) !== undefined)
    return errors.length > 0 ? errors.slice(0, MAX_CAUSES) : [{ stack: list }]
  }
  const chain: Value[] = []
  let next: Value | undefined = value
  while (isObject(next) && chain.length < MAX_CAUSES) {
    chain.push(next)
    const cause: Value | undefined = first(next, ERROR_KEYS.cause)
    next = inside(Array.isArray(cause) ? (cause[0] as Value | undefined) : cause)
  }
  return chain
}

/** The error in a cause: the value itself, or the only thing in it (`causedBy: { exception: { … } }`, JBoss). */
function inside(cause: Value | undefined): Value | undefined {
  if (!isObject(cause)) return cause
  const [only, ...others] = Object.values(cause)
  return others.length === 0 && isObject(only) ? only : cause
}

function readOne(
  error: Value,
  enclosing: readonly Frame[],
  read: (text: string) => Traceback | undefined,
): ReadError | undefined {
  if (!isObject(error)) return undefined
  const kind = textAt(error, ERROR_KEYS.kind)
  const message = textAt(error, ERROR_KEYS.message)
  const named = { ...(kind === undefined ? {} : { kind }), ...(message === undefined ? {} : { message }) }
  const header = kind === undefined ? (message ?? '') : message === undefined ? kind : `${kind}: ${message}`
  const stack = listIn(first(error, ERROR_KEYS.stack))

  if (typeof stack === 'string') return ofText(named, header, stack, read)
  // Monolog: the place of the error, then those of the calls, if any.
  const site = textAt(error, FRAME_KEYS.file)
  const at = site === undefined ? undefined : fileAndLine(site)
  const placed = at === undefined ? header : `${header} in ${site}`
  if (!Array.isArray(stack))
    return { ...named, frames: at === undefined ? [] : (read(site ?? '')?.frames ?? [at]), stack: placed }
  const elements = stack as Value[]
  if (elements.every((one) => typeof one === 'string')) {
    const frames = elements.map(fileAndLine)
    if (elements.length === 0 || frames.some((frame) => frame === undefined))
      return ofText(named, header, joinLines(elements), read)
    const all = [...(at === undefined ? [] : [at]), ...frames.filter((frame) => frame !== undefined)]
    // The language's own reader marks whose code a frame is.
    const found = read([...(at === undefined ? [] : [site]), ...elements].join('\n'))
    const known = found !== undefined && found.frames.length === all.length ? found.frames : all
    return { ...named, frames: known, stack: [placed, ...elements].join('\n') }
  }

  const objects = elements.filter(isObject)
  const frames = objects.map(frameOf)
  const lines = layOut(frames, kind ?? 'Error', header)
  // Read without the message, which may itself look like a stack.
  const found = read(layOut(frames, kind ?? 'Error', kind ?? 'Error'))
  const own = lines.startsWith(PYTHON_HEADER) ? frames.reverse() : frames
  const known = found !== undefined && found.frames.length === own.length ? found.frames : own
  const common = numberAt(error, ERROR_KEYS.common)
  if (!(common > 0)) return { ...named, frames: known, stack: lines }
  return { ...named, frames: [...known, ...enclosing.slice(-common)], stack: `${lines}\n\t... ${common} more` }
}

function ofText(
  named: { kind?: string; message?: string },
  header: string,
  text: string,
  read: (text: string) => Traceback | undefined,
): ReadError {
  const found = read(text)
  const stack = text.trimEnd()
  // pino joins the messages of the causes to the error's own, which the stack shows alone.
  const isJoined = found?.message !== undefined && named.message?.startsWith(`${found.message}: `)
  const isFuller = named.kind === undefined || isLessQualified(named.kind, found?.kind)
  return {
    ...named,
    ...(found?.kind !== undefined && isFuller ? { kind: found.kind } : {}),
    ...(found?.message === undefined || (named.message !== undefined && !isJoined) ? {} : { message: found.message }),
    frames: found?.frames ?? [],
    stack: found?.kind === undefined && header !== '' && !stack.startsWith(header) ? `${header}\n${stack}` : stack,
  }
}

/** Whether `short` is the last part of `full`: `Conflict` of `Orders::Conflict`, `IOException` of `java.io.IOException`. */
export function isLessQualified(short: Value, full: string | undefined): boolean {
  if (full === undefined || typeof short !== 'string' || short.length >= full.length || !full.endsWith(short))
    return false
  return '.:\\/$+'.includes(full.charAt(full.length - short.length - 1))
}

/** Frames as their runtime prints them, told by the names of their parts. Python prints the outermost first. */
function layOut(frames: readonly Frame[], kind: string, header: string): string {
  const files = frames.map(({ file }) => file ?? '')
  if (frames.length > 0 && files.every((file) => file.endsWith('.py') || file.startsWith('<'))) {
    const lines = frames.map((frame) => `  File "${frame.file}", line ${frame.line ?? 0}, in ${frame.function ?? '?'}`)
    return [PYTHON_HEADER, ...lines, header === '' ? kind : header].join('\n')
  }
  return [
    header,
    ...frames.map((frame) => `\tat ${[frame.module, frame.function].filter(Boolean).join('.')}${placeOf(frame)}`),
  ].join('\n')
}

function placeOf({ file, line, column }: Frame): string {
  if (file === undefined) return '(Unknown Source)'
  if (line === undefined) return `(${file})`
  return column === undefined ? `(${file}:${line})` : `(${file}:${line}:${column})`
}

function frameOf(element: Attributes): Frame {
  const frame: Frame = {}
  const name = textAt(element, FRAME_KEYS.function)
  if (name !== undefined) frame.function = name
  const module = textAt(element, FRAME_KEYS.module)
  if (module !== undefined) frame.module = module
  const file = textAt(element, FRAME_KEYS.file)
  if (file !== undefined) frame.file = file
  const line = numberAt(element, FRAME_KEYS.line)
  if (line > 0) frame.line = line
  else if (line === -2) frame.file = 'Native Method'
  const column = numberAt(element, FRAME_KEYS.column)
  if (column > 0) frame.column = column
  return frame
}

/** `/app/Order.php:12`, as PHP loggers list a trace. */
function fileAndLine(value: Value | undefined): Frame | undefined {
  // `/app/Rule.php(15) : eval()'d code:1` holds blanks too.
  if (typeof value !== 'string' || /\n/.test(value) || !/^[^\s]*[/\\]/.test(value)) return undefined
  const colon = value.lastIndexOf(':')
  const line = Number(value.slice(colon + 1))
  return colon > 0 && line > 0 && Number.isInteger(line) ? { file: value.slice(0, colon), line } : undefined
}

function first(object: Attributes, keys: readonly string[]): Value | undefined {
  const byName = new Map(Object.keys(object).map((key) => [plainKey(key), key]))
  for (const name of keys) {
    const key = byName.get(name)
    const value = key === undefined ? undefined : object[key]
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

/**
 * The list that a value is, the frames that lie in an object of their own (Sentry) or, as XML has it, the only thing that
 * a map holds; one element alone is no list in XML.
 */
function listIn(value: Value | undefined): Value | undefined {
  if (!isObject(value)) return value
  const named = first(value, ERROR_KEYS.stack)
  if (Array.isArray(named)) return named
  const [only, ...others] = Object.values(value)
  if (others.length > 0) return value
  return isObject(only) ? [only] : only
}

function textAt(object: Attributes, keys: readonly string[]): string | undefined {
  const value = first(object, keys)
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

/** NaN for what is no number: an object's own `toString` must not be asked. */
function numberAt(object: Attributes, keys: readonly string[]): number {
  const value = first(object, keys)
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN
}
