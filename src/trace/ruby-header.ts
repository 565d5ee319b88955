/**
 * What loggers print above a Ruby backtrace: class and message in the manners of Logger, Rails, Puma, Sinatra, rake
 * and of `"#{e.class}: #{e.message}"`. Works on the text between the record's beginning and its first frame.
 */
import type { Cause } from '../core/shapes.js'
import { CONSTANT, looksRaised } from './ruby-grammar.js'

export interface Header {
  readonly kind: string
  readonly message?: string
  /** Where the header begins in the text it was read from. */
  readonly at: number
}

/** Logger's default formatter, before the message: `E, [2026-11-21T00:56:45.727204 #31503] ERROR -- prog: `. */
const LOGGER_HEAD = /^[A-Z], \[[^\]\n]{1,64}\] +[A-Z]{3,8} -- [^\n]{0,128}?: /

/** Level names, which are no classes. */
const LEVEL = /^(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|UNKNOWN|ANY)$/
/** A header begins near the record's beginning or near the frames; further away is not looked for a class. */
const MAX_SCAN = 16_384

/** Reads the header of a backtrace; undefined when the text names no class. */
export function readHeader(text: string): Header | undefined {
  const head = LOGGER_HEAD.exec(text.slice(0, 256))?.[0].length ?? 0
  const body = text.slice(head)
  const trimmed = body.trimEnd()
  const found =
    railsHeader(trimmed) ??
    sinatraHeader(trimmed) ??
    inspected(trimmed) ??
    bracketed(trimmed) ??
    loggerOrColon(body.replace(/\r?\n$/, ''))
  return found === undefined ? undefined : { ...found, at: found.at + head }
}

const TAGS = '(?:\\[[^\\]\\n]{0,200}\\] )*[ \\t]*'
const RAILS_AMONG_CAUSES = new RegExp(`^${TAGS}Information for(?: cause)?: (${CONSTANT}) \\(`, 'm')
const RAILS_AT_LINE_START = new RegExp(`^${TAGS}(${CONSTANT}) \\(`, 'm')
const RAILS_BEHIND_MESSAGE = new RegExp(`: (${CONSTANT}) \\(`, 'g')

/**
 * `Class (message):`, then blank lines, or the lines around the error in a template; also behind
 * `Error performing Job (Job ID: 7) from Async(default) in 3ms: `. Source: actionpack, debug_exceptions.rb.
 */
function railsHeader(body: string): Header | undefined {
  const end = railsEnd(body)
  if (end < 0) return undefined
  const first = body.slice(0, MAX_SCAN)
  const named = RAILS_AMONG_CAUSES.exec(first) ?? RAILS_AT_LINE_START.exec(first) ?? lastOf(first, RAILS_BEHIND_MESSAGE)
  const kind = named?.[1]
  if (named === null || named === undefined || kind === undefined || LEVEL.test(kind)) return undefined
  const open = named.index + named[0].length
  return open > end ? undefined : header(kind, body.slice(open, end), open - kind.length - 2)
}

/** A cause in the list that Rails 7.0 prints between header and frames, below `Causes:`. */
const LISTED_CAUSE = new RegExp(`^(${CONSTANT}) \\((.*)\\)$`)

/**
 * Where the `):` that ends a Rails header stands, or -1. Behind it come only blank lines, a template's lines, and the list
 * of causes.
 */
function railsEnd(body: string): number {
  let listed = false
  for (let end = body.length; end > 0; ) {
    const start = body.lastIndexOf('\n', end - 1) + 1
    const line = body.slice(start, end).trimEnd()
    if (line.endsWith('):')) return listed ? -1 : start + line.length - 2
    if (line === 'Causes:') listed = false
    else if (LISTED_CAUSE.test(line)) listed = true
    else if (line !== '' && !/^\s+\d+: ?/.test(line)) return -1
    end = start - 1
  }
  return -1
}

/** The causes that Rails 7.0 lists above the frames, nearest first; they have none of their own. */
export function listedCauses(text: string): Cause[] {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const at = lines.lastIndexOf('Causes:')
  if (at < 1) return []
  return lines.slice(at).flatMap((line) => {
    const [, kind, message] = LISTED_CAUSE.exec(line) ?? []
    return kind === undefined ? [] : [{ kind, ...(message && { message }), frames: [] }]
  })
}

const SINATRA = new RegExp(`(?:^| - )(${CONSTANT}) - `)

/** `2026-11-21 10:00:00 - RuntimeError - message:`; the time may have been taken off. */
function sinatraHeader(body: string): Header | undefined {
  if (!body.endsWith(':')) return undefined
  const named = SINATRA.exec(body.slice(0, MAX_SCAN))
  const kind = named?.[1]
  if (named === null || kind === undefined) return undefined
  const end = named.index + named[0].length
  return header(kind, body.slice(end, -1), end - kind.length - 3)
}

const INSPECTED = new RegExp(`#<(${CONSTANT}): `)

/** `#<NoMethodError: message>`, as `inspect` prints an exception. */
function inspected(body: string): Header | undefined {
  if (!body.endsWith('>')) return undefined
  const named = INSPECTED.exec(body.slice(0, MAX_SCAN))
  const kind = named?.[1]
  if (named === null || kind === undefined) return undefined
  return header(kind, body.slice(named.index + named[0].length, -1), named.index)
}

const BRACKETED = new RegExp(`(?:^|: )<(${CONSTANT})>(?: |$)`)

/** `<NoMethodError> message`, as the gem `logging` writes it, perhaps behind the logger's name. */
function bracketed(body: string): Header | undefined {
  const named = BRACKETED.exec(body.slice(0, MAX_SCAN))
  const kind = named?.[1]
  if (named === null || kind === undefined) return undefined
  const end = named.index + named[0].length
  return header(kind, body.slice(end), body.lastIndexOf('<', end))
}

/** Logger's `message (Class)` or the common `Class: message`, which may both seem to be there. */
function loggerOrColon(body: string): Header | undefined {
  const logger = loggerHeader(body)
  if (logger !== undefined && looksRaised(logger.kind)) return logger
  const colon = colonHeader(body)
  return colon !== undefined && looksRaised(colon.kind) ? colon : (logger ?? colon)
}

const CLASS_AT_END = new RegExp(`(?:^| )\\((${CONSTANT})\\)$`)

/** `message (Class)` at the end. The class of an empty message stands alone. Source: logger, formatter.rb, msg2str. */
function loggerHeader(body: string): Header | undefined {
  const trimmed = body.trimEnd()
  const named = CLASS_AT_END.exec(trimmed.slice(-512))
  const kind = named?.[1]
  if (named === null || kind === undefined || LEVEL.test(kind)) return undefined
  const at = body.length - body.trimStart().length
  return header(kind, trimmed.slice(at, trimmed.length - named[0].length), at)
}

const CLASS_AND_COLON = new RegExp(`(?:^|[\\s>\\])-])(${CONSTANT}):(?= |$)`, 'gm')
const CLASS_ALONE = new RegExp(`(?:^|[\\s>\\])-])(${CONSTANT})$`)

/** `Exception: Orders::Gone: message` (semantic_logger): the first word only says what follows. */
const LABEL = /^(?:Exception|Error)$/
const ANOTHER_CLASS = new RegExp(`^ ${CONSTANT}: `)

/** `Class: message`, behind whatever the log message says; the first name that is an exception's, or the very first word. */
function colonHeader(body: string): Header | undefined {
  let first: Header | undefined
  for (const named of body.slice(0, MAX_SCAN).matchAll(CLASS_AND_COLON)) {
    const kind = named[1] ?? ''
    const end = named.index + named[0].length
    if (LEVEL.test(kind) || (LABEL.test(kind) && ANOTHER_CLASS.test(body.slice(end, end + 512)))) continue
    const at = named.index + named[0].length - kind.length - 1
    const found = () => header(kind, body.slice(at + kind.length + 1).replace(/^ /, ''), at)
    if (looksRaised(kind)) return found()
    if (first === undefined && body.slice(0, at).trim() === '') first = found()
  }
  if (first !== undefined) return first
  const alone = CLASS_ALONE.exec(body.trimEnd().slice(-512))?.[1]
  if (alone === undefined || !looksRaised(alone)) return undefined
  return { kind: alone, at: body.trimEnd().length - alone.length }
}

function header(kind: string, message: string, at: number): Header {
  const text = message.replaceAll('\r\n', '\n')
  return text.trim() === '' ? { kind, at } : { kind, message: text, at }
}

function lastOf(text: string, pattern: RegExp): RegExpExecArray | undefined {
  let last: RegExpExecArray | undefined
  for (const match of text.matchAll(pattern)) if (last === undefined || looksRaised(match[1] ?? '')) last = match
  return last
}
