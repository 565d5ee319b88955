/**
 * One line of a JavaScript stack: V8's `    at async Object.save [as store] (/srv/x.js:27:35) {`, which Hermes, Chakra and
 * PhantomJS print much alike, or a browser's `save@https://…` (`node-browsers.ts`).
 * Recognises and reads frames; knows nothing of headers, causes and properties.
 * Source: V8, src/execution/messages.cc (call site serialisation); Node.js, lib/internal/util/inspect.js.
 */
import type { Frame } from '../core/shapes.js'
import { readBrowserFrame } from './node-browsers.js'
import { readPlace, readUnnamed } from './node-place.js'
import { remembered } from './text.js'

/** A frame and what follows it on its line. */
export interface PrintedFrame {
  readonly frame: Frame
  /** True when ` {` follows: the error's own properties are printed next. */
  readonly opens: boolean
  /** True for a browser's frame: the lines that follow may be frames of its kind that would not do as a first one. */
  readonly isBrowsers: boolean
}

/** Longer lines are no frames; a cap for lines that are a whole minified file. */
const MAX_FRAME = 8192

/** What stands between parentheses instead of a place. */
const NO_PLACE = /^(?:<anonymous>|native(?: code)?|index \d+|unknown location|unknown)$/
/** How a place begins. V8 puts it behind a name which may hold parentheses itself, as that of a C++ function does. */
const PLACE_START =
  /^(?:async |address at )?(?:[A-Za-z][\w+.-]*:(?![:\s])|\.{0,2}\/|\\\\|<anonymous>|eval at |native\b|index \d)/
/** Hermes gives the offset in its bytecode as the column, and says so. Chrome marks a place as it does a function. */
const BEFORE_PLACE = /^(?:address at |async )/
/** Safari's extensions: `save@safari-web-extension:(//id/x.js:1:2)`. */
const SAFARI_EXTENSION = /^(.{0,200}@)?(safari-(?:web-)?extension:)\((\/\/[^()]{1,2000})\)$/

/**
 * The frame of a line without ANSI codes and line end, or undefined when the line is none. `isBrowsers`: the line is known
 * to be one of a browser's stack, so that it need not show by itself what it is.
 */
export function readFrame(line: string, isBrowsers = false): PrintedFrame | undefined {
  if (line.length > MAX_FRAME) return undefined
  const text = line.trim()
  if (text.startsWith('at ')) return readTrimmed(text)
  const frame = readBrowserFrame(text, isBrowsers)
  return frame && { frame, opens: false, isBrowsers: true }
}

const NAMED = /^\s+at (?:async )?((?:new )?[A-Za-z_$][\w$.<>]{0,200}(?: \[as [\w$]{1,100}\])?)$/

/**
 * `    at applyAll`: a function of a host that names no place. Any sentence may look so; only behind a frame is it one.
 */
export function readPlaceless(line: string): Frame | undefined {
  const name = line.length < 400 ? NAMED.exec(line)?.[1] : undefined
  return name === undefined ? undefined : { function: name }
}

const readTrimmed = remembered((line: string): PrintedFrame | undefined => {
  let text = line
  let opens = false
  if (text.endsWith(' {')) {
    opens = true
    text = text.slice(0, -2)
  } else if (/[),\d>\]]$/.test(text)) {
    // The last frame of an element of `[errors]: [` is followed by a comma; of a one-line array, by brackets.
    text = text.replace(/[,\]]$/, '')
  }
  text = text.slice(3).trim()
  if (text.startsWith('async ')) text = text.slice(6)
  const frame = readCall(text)
  return frame && { frame, opens, isBrowsers: false }
})

function readCall(text: string): Frame | undefined {
  if (text === '<anonymous>' || text === 'native') return { function: text }
  const extension = SAFARI_EXTENSION.exec(text)
  if (extension) return readBrowserFrame(`${extension[1] ?? ''}${extension[2]}${extension[3]}`, true)
  const open = openOf(text)
  if (text.endsWith(')'))
    return open > 0 ? readEnclosed(text.slice(0, open), text.slice(open + 2, -1)) : readTight(text)
  // A line that was cut at its end; `C:\Program Files (x86)\x.js:1:2` is whole.
  const cut = open > 0 && PLACE_START.test(text.slice(open + 2, open + 200)) && !/[/\\]/.test(text.slice(0, open))
  return cut ? readEnclosed(text.slice(0, open), text.slice(open + 2)) : readUnnamed(text)
}

/** Where ` (` stands before the place; when none looks like one, the first ` (`, or -1. */
function openOf(text: string): number {
  const first = text.indexOf(' (')
  for (let at = first; at >= 0; at = text.indexOf(' (', at + 2)) {
    if (PLACE_START.test(text.slice(at + 2, at + 200))) return at
  }
  return first
}

function readEnclosed(name: string, where: string): Frame | undefined {
  if (NO_PLACE.test(where)) return { function: name }
  const place = readPlace(where.replace(BEFORE_PLACE, ''), true)
  return place && { function: name, ...place }
}

/**
 * `at save(/srv/x.js:1:2)`, as React Native and tools that rewrite stacks print it. Java writes `(X.java:1)` in the same
 * manner, so the column must be there.
 */
function readTight(text: string): Frame | undefined {
  const open = text.indexOf('(')
  if (open <= 0) return undefined
  const name = text.slice(0, open)
  const where = text.slice(open + 1, -1)
  if (where === '<anonymous>' || where === 'native') return { function: name }
  const place = readPlace(where, false)
  return place?.column === undefined ? undefined : { function: name, ...place }
}

const ELIDED = /^\s*\.\.\. (\d{1,6}) lines matching cause stack trace \.\.\.$/

/** How many frames a line leaves out as common with the cause's stack, or undefined when it is no such line. */
export function readElided(line: string): number | undefined {
  const match = line.length < 200 ? ELIDED.exec(line) : null
  return match ? Number(match[1]) : undefined
}

/** A line that long-stack-trace libraries print between two parts of one stack. */
export function isSeam(line: string): boolean {
  return line.length < 120 && /^\s*(?:From previous event:|-{20,})$/.test(line)
}

/**
 * What begins frames of another place than where the error was raised: `Emitted 'error' event on Server instance at:` of an
 * error that no listener took, `Thrown at:` of --trace-uncaught.
 * Source: Node.js, lib/events.js (enhanceStackTrace), src/node_errors.cc (TriggerUncaughtException).
 */
export function isElsewhere(line: string): boolean {
  return line.length < 300 && /^\s*(?:Emitted '[^']*' event(?: on .{1,200} instance)? at:|Thrown at:)$/.test(line)
}
