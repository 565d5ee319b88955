/**
 * Erlang's errors in a text: terms with a stack in them (`{badarith,[{shop,place,2,[{file,"src/shop.erl"},{line,41}]}]}`)
 * as error reports print them, and the readable form of crash reports and shells (`exception error: …`, `in function …`).
 * A term's kind is the atom of its reason, a report's the class (`error`, `exit`, `throw`).
 */
import type { Frame, Traceback } from '../core/shapes.js'
import { moduleOf, reportedFrame } from './elixir-lines.js'
import { isBlank, LineCursor } from './text.js'

const FILE = '{file,"'
const ATOM = "(?:[a-z][\\w@]{0,200}|'[^'\\n]{1,200}')"

/** One entry of a stack: `{shop,place,2,[{file,"src/shop.erl"},{line,41}]}`, broken over lines or not. */
const ENTRY = new RegExp(
  `\\{(${ATOM}),\\s{0,80}(${ATOM}),\\s{0,80}(\\d{1,3}|\\[[^\\n\\]]{0,300}\\]),\\s{0,80}\\[(?:\\{file,\\s{0,80}"([^"\\n]{1,400})"\\},\\s{0,80}\\{line,\\s{0,80}(\\d{1,9})\\})?[^\\[\\]\\n]{0,200}\\]\\}`,
  'y',
)
/** What stands between two entries. */
const BETWEEN = /,?\s{0,80}/y
/** The reason before the stack: an atom, or a tuple that begins with one. */
const REASON = new RegExp(`\\{(?:(${ATOM})|(\\{(${ATOM}),[^\\n]{0,400}\\})),\\s{0,80}\\[\\s{0,80}$`)
/** An entry begins at most this far before its `{file,`. */
const MAX_ENTRY = 800

/** The first error whose text begins at or after `from`. */
export function findErlang(text: string, from: number): Traceback | undefined {
  const term = findTerm(text, from)
  const report = findReport(text, from)
  return term === undefined || (report !== undefined && report.start < term.start) ? report : term
}

function findTerm(text: string, from: number): Traceback | undefined {
  for (let at = text.indexOf(FILE, from); at >= 0; at = text.indexOf(FILE, at + 1)) {
    const first = entryStart(text, at, from)
    if (first < 0) continue
    const frames: Frame[] = []
    const end = takeEntries(text, first, frames)
    if (frames.length === 0) continue
    const back = Math.max(from, first - 700)
    const reason = REASON.exec(text.slice(back, first))
    const kind = reason?.[1] ?? reason?.[3]
    const start = reason === null ? first : back + reason.index
    const closing = /^\]\}?/.exec(text.slice(end, end + 2))?.[0].length ?? 0
    return {
      language: 'elixir',
      ...(kind !== undefined && { kind: kind.replaceAll("'", '') }),
      ...(reason?.[2] !== undefined && { message: reason[2] }),
      frames,
      causes: [],
      start,
      end: end + closing,
      uncaught: false,
    }
  }
  return undefined
}

/** Start of the entry whose `{file,` stands at `at`; entries before it without a place belong to the same stack. */
function entryStart(text: string, at: number, from: number): number {
  const back = Math.max(from, at - MAX_ENTRY)
  let start = -1
  for (let open = text.lastIndexOf('{', at - 1), tries = 0; open >= back && tries < 12; tries++) {
    ENTRY.lastIndex = open
    if (ENTRY.test(text)) start = open
    else if (start >= 0) break
    open = open === 0 ? -1 : text.lastIndexOf('{', open - 1)
  }
  return start
}

function takeEntries(text: string, at: number, frames: Frame[]): number {
  let end = at
  for (let next = at; ; ) {
    ENTRY.lastIndex = next
    const found = ENTRY.exec(text)
    if (found === null) return end
    const arity = /^\d/.test(found[3] ?? '') ? `/${found[3]}` : ''
    const name = `${(found[1] ?? '').replaceAll("'", '')}:${(found[2] ?? '').replaceAll("'", '')}${arity}`
    frames.push({
      function: name,
      ...(found[4] !== undefined && { file: found[4] }),
      ...(found[5] !== undefined && Number(found[5]) > 0 && { line: Number(found[5]) }),
      ...moduleOf(name),
    })
    end = ENTRY.lastIndex
    BETWEEN.lastIndex = end
    BETWEEN.test(text)
    next = Math.max(end, BETWEEN.lastIndex)
  }
}

const CLASSES = ['exception error: ', 'exception exit: ', 'exception throw: '] as const
export const ERLANG_HINTS = [FILE, ...CLASSES] as const

/** `exception error: bad argument`, its message over further lines, then `in function …` and `in call from …`. */
function findReport(text: string, from: number): Traceback | undefined {
  let at = -1
  for (const name of CLASSES) {
    const found = text.indexOf(name, from)
    if (found >= 0 && (at < 0 || found < at)) at = found
  }
  if (at < 0) return undefined
  const cursor = new LineCursor(text, at)
  const [, kind = 'error'] = /^exception (\w+)/.exec(cursor.line.slice(0, 40)) ?? []
  const lines = [cursor.line.slice(`exception ${kind}: `.length)]
  let { end } = cursor
  const frames: Frame[] = []
  while (cursor.advance()) {
    const { line } = cursor
    const frame = reportedFrame(line)
    if (frame !== undefined) frames.push(frame)
    else if (isBlank(line) || !/^\s/.test(line) || /^ {2,4}[a-z][\w ]{2,30}: /.test(line)) break
    else if (frames.length === 0) lines.push(line.trim())
    end = cursor.end
  }
  const message = lines.join('\n').trim()
  const above = text.slice(Math.max(from, at - 60), at)
  // In shells and scripts this is how a line begins.
  const lead = /(?:^|\n)(escript: |\*\* )$/.exec(above)?.[1]
  return {
    language: 'elixir',
    kind,
    ...(message !== '' && { message }),
    frames,
    causes: [],
    start: at - (lead?.length ?? 0),
    end,
    uncaught: lead !== undefined,
  }
}
