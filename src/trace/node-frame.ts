/**
 * One line of a V8 stack: `    at async Object.save [as store] (/srv/x.js:27:35) {`.
 * Recognises and reads frames; knows nothing of headers, causes and properties.
 * Source: V8, src/execution/messages.cc (call site serialisation); Node.js, lib/internal/util/inspect.js.
 */
import type { Frame } from '../core/shapes.js'
import { remembered } from './text.js'

/** A frame and what follows it on its line. */
export interface PrintedFrame {
  readonly frame: Frame
  /** True when ` {` follows: the error's own properties are printed next. */
  readonly opens: boolean
}

/** Longer lines are no frames; a cap for lines that are a whole minified file. */
const MAX_FRAME = 8192

const PLACE = /^(.*):(\d{1,9}):(\d{1,9})$/
/** Bun and old engines leave the column out; allowed only between parentheses. */
const PLACE_WITHOUT_COLUMN = /^(.*\.[a-z]{1,4}):(\d{1,9})$/
/** A file as V8 names it, which `at 10:30:15` is not. */
const FILE = /[/\\<]|^node:|\.[A-Za-z]|^\[|^[a-z][\w-]*$/
/** What stands between parentheses instead of a place. */
const NO_PLACE = /^(?:<anonymous>|native(?: code)?|index \d+|unknown location|unknown)$/

/** The frame of a line without ANSI codes and line end, or undefined when the line is none. */
export function readFrame(line: string): PrintedFrame | undefined {
  if (line.length > MAX_FRAME) return undefined
  const text = line.trim()
  return text.startsWith('at ') ? readTrimmed(text) : undefined
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
  return frame && { frame, opens }
})

function readCall(text: string): Frame | undefined {
  if (text.endsWith(')')) {
    const open = text.indexOf(' (')
    if (open > 0) {
      const name = text.slice(0, open)
      const where = text.slice(open + 2, -1)
      if (NO_PLACE.test(where)) return { function: name }
      const place = readPlace(where, true)
      return place && { function: name, ...place }
    }
    return undefined
  }
  if (text === '<anonymous>' || text === 'native') return { function: text }
  return readPlace(text, false)
}

/** `file:line:column` and `eval at f (file:1:2), <anonymous>:1:1`. */
function readPlace(text: string, enclosed: boolean): Frame | undefined {
  const place = PLACE.exec(text)
  if (!place) {
    const short = enclosed ? PLACE_WITHOUT_COLUMN.exec(text) : null
    return short ? { file: short[1] ?? '', line: Number(short[2]) } : undefined
  }
  let file = place[1] ?? ''
  if (file.startsWith('eval at ')) {
    // Evaluated code has no file of its own: its origin tells more than `<anonymous>`.
    const comma = file.lastIndexOf('), ')
    const named = comma < 0 ? '' : file.slice(comma + 3)
    if (comma >= 0) file = named === '<anonymous>' || named === '' ? file.slice(0, comma + 1) : named
  }
  if (file === '' || !FILE.test(file)) return undefined
  return { file, line: Number(place[2]), column: Number(place[3]) }
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
