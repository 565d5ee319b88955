/**
 * Go's tracebacks in a text: what the runtime prints when a program ends (`panic: …`, `fatal error: …`, goroutines), what
 * programs print of panics that they recovered, what the race detector found, and errors with their stacks (`%+v` of
 * pkg/errors, xerrors, cockroachdb/errors; go-errors, gin). Also without the tabs, set in, and where a logger made one
 * line of it.
 */
import type { Traceback } from '../core/shapes.js'
import { readLoggedDump, readReport } from './go-dump.js'
import { followGo } from './go-follow.js'
import { goroutineIn, isFrameAt, isReport, isStackAt, placeAboveOf } from './go-lines.js'
import { isRace, RACE, readRace } from './go-race.js'
import { readLayers, readPlacesAbove, readWrapped, TYPES } from './go-wrap.js'
import type { TraceLanguage } from './language.js'
import { isBlank, LineCursor } from './text.js'

/**
 * Not `.go:` alone: zap and klog print the place of the call in every line. A stack without any of these (built with
 * -trimpath, cut off above the runtime, of packages that are on no known host) is not found.
 */
const HINTS = [
  ...['goroutine ', 'panic: ', 'fatal error: ', 'Exception 0x', RACE, 'runtime.goexit', 'runtime.main', TYPES],
  ...['\t/', '    /', '\tgithub.com/', '\tnet/http/', '\truntime/', ' (0x'],
]

export const go: TraceLanguage = {
  name: 'go',
  hints: HINTS,
  find(text, from) {
    if (!HINTS.some((hint) => text.indexOf(hint, from) >= 0)) return undefined
    return first(text, from, false) ?? unfolded(text, from)
  },
  read(stack) {
    return first(stack, 0, true) ?? unfolded(stack, 0)
  },
  follow: followGo,
  interrupts: isReport,
}

/** The first traceback from `from` on. */
function first(text: string, from: number, whole: boolean): Traceback | undefined {
  const layered = text.includes(TYPES)
  for (const cursor = new LineCursor(text, from); !cursor.done; cursor.advance()) {
    const { line, start } = cursor
    const goroutine = goroutineIn(line)
    if (isReport(line) && isLineStart(text, start)) {
      const found = readReport(text, start, start < 64 && isBlank(text.slice(0, start)))
      if (found !== undefined) return found
    }
    // Behind other words it is a head only where its stack is below: `recovered: no order goroutine 7 [running]:`.
    if (goroutine === 0 || (goroutine > 0 && isStackAt(text, cursor.next)))
      return readLoggedDump(text, from, start + goroutine)
    if (isRace(line) && isLineStart(text, start)) {
      const found = readRace(text, start)
      if (found !== undefined) return found
    }
    if (layered && line.startsWith('(1) ')) {
      const found = readLayers(text, from, start, whole)
      if (found !== undefined) return found
    } else if (isFrameAt(cursor)) return readWrapped(text, from, start, whole)
    else if (placeAboveOf(line) !== undefined) return readPlacesAbove(text, from, start)
  }
  return undefined
}

function isLineStart(text: string, at: number): boolean {
  return at === 0 || text[at - 1] === '\n'
}

/** How syslog and some loggers write line ends and tabs. */
const FOLDED = /#01[12]|\\[nt]/g

/** The same in a text whose lines were made one. Positions are those of the text as it is. */
function unfolded(text: string, from: number): Traceback | undefined {
  if (!/#012|\\n/.test(text)) return undefined
  const shifts: number[] = []
  let removed = 0
  const open = text.slice(from).replace(FOLDED, (mark, at: number) => {
    shifts.push(at - removed)
    removed += mark.length - 1
    return mark === '#012' || mark === '\\n' ? '\n' : '\t'
  })
  const found = first(open, 0, false)
  if (found === undefined) return undefined
  const width =
    text
      .slice(from)
      .match(FOLDED)
      ?.map((mark) => mark.length - 1) ?? []
  const place = (at: number) => {
    let shift = 0
    for (let i = 0; i < shifts.length && (shifts[i] ?? 0) < at; i++) shift += width[i] ?? 0
    return from + at + shift
  }
  return { ...found, start: place(found.start), end: place(found.end) }
}
