/**
 * One line of a stack as Firefox (SpiderMonkey) and Safari and React Native on iOS (JavaScriptCore) print it:
 * `save@https://shop.example/app.js:27:35`. Such stacks reach the logs of a server as what a browser reported.
 *
 * They have neither a header nor anything that a line of another program could not have as well, so a line is read in
 * one of two ways. In any text only what shows by itself what it is: a name without blanks, `@`, a URL of a scheme that
 * scripts are loaded by, line and column, and nothing else. In a text that is known to be a stack also what is short of
 * that: no name, no scheme, no column, `[native code]`, `eval code`.
 * Source: SpiderMonkey, js/src/vm/SavedStacks.cpp (BuildStackString); JavaScriptCore, runtime/StackFrame.cpp (toString).
 */
import type { Frame } from '../core/shapes.js'
import { type Place, readPlace, readUnnamed } from './node-place.js'
import { remembered } from './text.js'

/** What every line that shows by itself to be a frame holds; the hints of the language. */
export const BROWSER_HINTS: readonly string[] = ['@http', '@file:', '@webpack']

const SURE_NAME = /^(?:(?:global|module|eval) code|[^\s@]{0,200})@/
const SURE_FILE = /^(?:https?|file|webpack(?:-internal)?):\/\/[^\s"'<>]*$/

/** A URL, or a path from a root: no name stands before it. */
const ROOTED = /^(?:[A-Za-z][\w+.-]*:)?\//
/** What comes behind the `@` of a name. `github.com/acme/till@v1.2.3/till.go` is Go's. */
const FILE = /^(?:[A-Za-z][\w+.-]*:[/\\]|blob:|\/|\[(?:native|wasm) code\]$)|(?:\.[cm]?[jt]sx?|bundle)(?:\?\S*)?$/
/** What may stand alone: a URL, or a script by its ending. */
const BARE_FILE = /^[A-Za-z][\w+.-]*:\/\/|^[^\s@]+(?:\.[cm]?[jt]sx?|bundle)(?:\?\S*)?$/
/** What JavaScriptCore calls code that is no function; evaluated code has no place. */
const CODE = /^(?:global|module|eval) code$/
const NATIVE = /^\[(?:native|wasm) code\]$/
/** What Firefox puts before the function that an asynchronous call began in: `promise callback*save`. */
const ASYNCHRONOUS = /^[A-Za-z][\w .:-]{0,60}\*/

/**
 * The frame of a trimmed line, or undefined when it is none. `isStack`: the line is known to be one of a stack.
 */
export function readBrowserFrame(line: string, isStack: boolean): Frame | undefined {
  if (isStack) return readAny(line)
  return line.includes('@') ? readSure(line) : undefined
}

const readSure = remembered((line: string): Frame | undefined => {
  if (!SURE_NAME.test(line.replace(ASYNCHRONOUS, ''))) return undefined
  const at = line.indexOf('@')
  const frame = readNamed(line.slice(0, at), line.slice(at + 1))
  // One number would do for the line that is a place, and for many that are none.
  const placed = frame?.column !== undefined || line.includes(' > ')
  return placed && SURE_FILE.test(frame?.file ?? '') ? frame : undefined
})

const readAny = remembered((line: string): Frame | undefined => {
  if (CODE.test(line)) return { function: line }
  if (NATIVE.test(line)) return { file: line }
  const at = ROOTED.test(line) ? -1 : line.indexOf('@')
  if (at >= 0) {
    const name = line.slice(0, at)
    const frame = readNamed(name, line.slice(at + 1))
    return CODE.test(name) || FILE.test(frame?.file ?? '') ? frame : undefined
  }
  const frame = readUnnamed(line)
  return frame?.column !== undefined && BARE_FILE.test(frame.file ?? '') ? frame : undefined
})

function readNamed(printed: string, where: string): Frame | undefined {
  // Firefox 3 printed arguments.
  const name = printed.replace(ASYNCHRONOUS, '').replace(/\([^()]*\)$/, '')
  const frame: Frame = name === '' ? {} : { function: name }
  if (NATIVE.test(where)) return { ...frame, file: where }
  const evaluated = where.indexOf(' > ')
  if (evaluated >= 0) {
    // `app.js line 26 > eval line 2 > eval:1:30`: where it was evaluated is a file that somebody can open.
    const origin = /^(.*) line (\d{1,9})$/.exec(where.slice(0, evaluated))
    return origin?.[1] ? { function: 'eval', ...frame, file: origin[1], line: Number(origin[2]) } : undefined
  }
  const place = (name === '' ? readUnnamed(where) : readPlace(where, false)) ?? withoutColumn(where)
  return place && { ...frame, ...place }
}

/** Firefox before 30 and Safari 6 printed no column; the one number of `http://10.0.0.7:8080` is a port. */
function withoutColumn(where: string): Place | undefined {
  const match = /^(?!https?:\/\/[^/]*$)(.*):(\d{1,9})$/.exec(where)
  return match?.[1] ? { file: match[1], line: Number(match[2]) } : undefined
}
