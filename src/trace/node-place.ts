/**
 * Where a frame of JavaScript is: `file:line:column`, and the forms beside it that engines print for evaluated code,
 * WebAssembly and modules out of `data:` URIs. Knows nothing of what stands around a place.
 */
import type { Frame } from '../core/shapes.js'

/** What is known of a place. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

const FULL = /^(.*):(\d{1,9}):(\d{1,9})$/
/** PhantomJS, Bun and old engines leave the column out; only a file that looks like a script's may do without. */
const WITHOUT_COLUMN = /^(.*\.[a-z]{1,4}):(\d{1,9})$/
const SCRIPT_WITHOUT_COLUMN = /^(\S*[/\\]\S*\.[cm]?[jt]sx?):(\d{1,9})$/
/** A script alone, as V8 prints a frame whose position is lost. */
const SCRIPT_ALONE = /^(?:[a-z][\w+.-]*:\/\/|\/|[A-Za-z]:[\\/]).*\.[cm]?[jt]sx?$/
/** A file as V8 names it, which `at 10:30:15` is not. */
const FILE = /[/\\<]|\.[A-Za-z]|^\[|^[a-z][\w-]*(?::[a-z_][\w-]*)?$|^eval (?:code$|at )/
/** Source: WebAssembly Web API, "Conventions": the module's URL, the function's index, the offset of the instruction. */
const WASM = /^(.*):(wasm-function\[\d{1,9}\])(?::0x[0-9A-Fa-f]{1,16})?$/
const DATA = /^data:([\w.+-]{1,60}(?:\/[\w.+-]{1,60})?)[;,]/

/** The place that is `text` as a whole; `enclosed` says that it stood in parentheses, where less will do. */
export function readPlace(text: string, enclosed: boolean): Place | undefined {
  const full = FULL.exec(text)
  if (full) {
    const printed = full[1] ?? ''
    const file = printed.startsWith('eval at ') ? evaluated(printed) : shortened(printed)
    return FILE.test(file) ? { file, line: Number(full[2]), column: Number(full[3]) } : undefined
  }
  const wasm = WASM.exec(text)
  if (wasm?.[1]) return { file: wasm[1] }
  const short = (enclosed ? WITHOUT_COLUMN : SCRIPT_WITHOUT_COLUMN).exec(text)
  if (short?.[1]) return { file: short[1], line: Number(short[2]) }
  return enclosed && SCRIPT_ALONE.test(text) ? { file: text } : undefined
}

/** The frame of a place that no function is printed for; of WebAssembly it tells the function's index. */
export function readUnnamed(text: string): Frame | undefined {
  const place = readPlace(text, false)
  const index = WASM.exec(text)?.[2]
  return place && (index === undefined ? { ...place } : { function: index, ...place })
}

/**
 * The file of evaluated code, `eval at f (file:1:2), <anonymous>`: the name that the code gave itself (`//# sourceURL`),
 * else its origin, which tells more than `<anonymous>`. The position is the one in the evaluated code, as V8 has it.
 */
function evaluated(file: string): string {
  const comma = file.lastIndexOf('), ')
  if (comma < 0) return file
  const named = file.slice(comma + 3)
  return named === '<anonymous>' || named === '' ? file.slice(0, comma + 1) : named
}

/** A module out of a `data:` URI is its own source text: the type is what names it. */
function shortened(file: string): string {
  const type = DATA.exec(file)?.[1]
  return type === undefined ? file : `data:${type}`
}
