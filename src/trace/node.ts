/**
 * Tracebacks of JavaScript: V8's, which Node.js, Deno, Bun, Hermes and Chrome print alike, and the `fn@url` lines of
 * Firefox and Safari. Logged stacks, `util.inspect`ed errors and what the runtime prints before it exits. Finds the
 * header, which may stand behind a log message; `node-parse.ts` reads the rest.
 */
import type { Frame, Traceback } from '../core/shapes.js'
import type { TraceLanguage } from './language.js'
import { BROWSER_HINTS } from './node-browsers.js'
import { followNode } from './node-follow.js'
import { readElided } from './node-frame.js'
import {
  bracketedIn,
  excerptPlace,
  type Header,
  headerAtStart,
  headerIn,
  isCaret,
  isRuntimeWarning,
  isTraceUncaughtHint,
  isTrailer,
  saysUncaught,
} from './node-header.js'
import { NodeLines } from './node-lines.js'
import { type Layout, type ParsedError, parseError } from './node-parse.js'
import { holdsHint } from './text.js'

export const node: TraceLanguage = {
  name: 'nodejs',
  followsAnyLine: true,
  hints: [
    ' at ',
    'Error: ',
    'Exception: ',
    'Error]',
    'Node.js v',
    '--trace-uncaught',
    ': All promises',
    ...BROWSER_HINTS,
  ],
  find(text, from) {
    // The hints promise that nothing is found without them.
    return holdsHint(text, from, node.hints)
      ? (findIn(new NodeLines(text, from)) ?? findFlattened(text, from))
      : undefined
  },
  read(stack) {
    const found = readWhole(stack)
    if (!found) return undefined
    let end = stack.length
    while (end > 0 && (stack[end - 1] === '\n' || stack[end - 1] === '\r')) end--
    return { ...found, start: 0, end }
  },
  follow: followNode,
  interrupts(line) {
    return (
      /^node:[\w/-]{1,100}:\d{1,9}$/.test(line) || /^\(node:\d{1,10}\) UnhandledPromiseRejectionWarning: /.test(line)
    )
  },
}

/** The first traceback in the lines: walks to the first line that anchors one. */
function findIn(lines: NodeLines): Traceback | undefined {
  // Lines before this one belong to something that is no traceback.
  let first = 0
  for (let i = 0; ; i++) {
    const at = lines.at(i)
    if (!at) break
    const frame = lines.frame(i)
    if (frame) {
      const layout = layoutOf(lines, first, frame.isBrowsers ? firstOfRun(lines, first, i) : i, frame.isBrowsers)
      if (layout.ignored) {
        while (lines.frame(i + 1)) i++
        first = i + 1
        continue
      }
      return assemble(lines, first, layout, parseError(lines, layout))
    }
    const bracketed = bracketedIn(at.text)
    if (bracketed) {
      const { column, kind, message, opens } = bracketed
      const layout = {
        kind,
        message,
        column,
        headerLine: i,
        firstFrame: i + 1,
        indent: at.indent,
        opens,
        ignored: false,
      }
      return assemble(lines, first, layout, parseError(lines, layout))
    }
    if (i > first && (isTraceUncaughtHint(at.text) || isTrailer(at.text))) {
      const thrown = thrownValue(lines, first, i)
      if (thrown) return thrown
    }
  }
  return lines.from === 0 ? headerOnly(lines) : undefined
}

/** The first of the lines up to `frame` that are a browser's frames now that one of them has shown itself to be. */
function firstOfRun(lines: NodeLines, first: number, frame: number): number {
  let top = frame
  while (top > first && lines.frame(top - 1, true)?.isBrowsers) top--
  return top
}

interface Found extends Layout {
  /** Column of the header in its line. */
  readonly column: number
  /** True for stacks that are no errors: `console.trace` and warnings of the runtime. */
  readonly ignored: boolean
}

/**
 * The layout of the error whose first frame is line `frame`: its header is the likeliest of the lines before. Browsers
 * print none, so that before a browser's frame only a line that names an error is taken for what a program put there.
 */
function layoutOf(lines: NodeLines, first: number, frame: number, isBrowsers: boolean): Found {
  let best: Found | undefined
  // Names that end in Error or Exception rank above 4.
  let bestRank = isBrowsers ? 4 : -1
  for (let i = first; i < frame; i++) {
    const line = lines.line(i)
    const header = headerIn(line)
    if (!header || header.rank <= bestRank) continue
    const before = line.slice(0, header.column)
    let { kind, message, column } = header
    let ignored = isRuntimeWarning(before)
    if (ignored && kind === 'UnhandledPromiseRejectionWarning') ignored = false
    const wrapped = kind === 'UnhandledPromiseRejectionWarning' ? headerIn(message) : undefined
    if (wrapped) {
      column = line.length - message.length + wrapped.column
      kind = wrapped.kind
      message = wrapped.message
    }
    const indent = lines.at(i)?.indent ?? 0
    best = { kind, message, column, headerLine: i, firstFrame: frame, indent, opens: false, ignored, isBrowsers }
    bestRank = header.rank
  }
  if (best) {
    if (!best.ignored && bestRank < 3 && /^\s*Trace(?:: |$)/m.test(lines.line(frame - 1)))
      return { ...best, ignored: true }
    return best
  }
  const traced = frame > first && /(?:^|\s)Trace(?:: .*)?$/.test(lines.line(frame - 1))
  const indent = Math.max(0, (lines.at(frame)?.indent ?? 0) - 4)
  return {
    kind: undefined,
    message: undefined,
    column: 0,
    headerLine: frame,
    firstFrame: frame,
    indent,
    opens: false,
    ignored: traced,
    isBrowsers,
  }
}

/** Adds what stands around an error: the source excerpt before it, the runtime's last words after it. */
function assemble(lines: NodeLines, first: number, layout: Found, error: ParsedError): Traceback {
  let start = lines.position(layout.headerLine, layout.column)
  let uncaught = false
  const header = lines.line(layout.headerLine)
  const before = header.slice(0, layout.column)
  if (saysUncaught(before)) {
    uncaught = true
    const word = before.search(/Uncaught|Unhandled/)
    if (before.includes('Uncaught')) start = lines.position(layout.headerLine, word)
  }
  if (before.trim() === '' && layout.kind !== undefined) {
    const excerpt = excerptBefore(lines, first, layout.headerLine)
    if (excerpt) {
      start = lines.position(excerpt.line, excerpt.column)
      // A logged SyntaxError, or an error out of a vm script, carries its excerpt too; any other has one only when the
      // runtime prints it.
      const own = excerpt.line === 0 && excerpt.column === 0 && /^(?:\/|file:|node:|[A-Za-z]:|\[)/.test(lines.line(0))
      if (own && layout.kind !== 'SyntaxError') uncaught = true
    }
  }
  let last = error.last
  while (last > layout.headerLine && lines.line(last).trim() === '') last--
  if (isTrailer(lines.line(last + 1)) || (lines.line(last + 1) === '' && isTrailer(lines.line(last + 2))))
    uncaught = true
  const at = lines.at(last)
  const traceback: Traceback = {
    language: 'nodejs',
    frames: error.frames,
    causes: error.causes,
    start,
    end: at ? endOf(lines, last) : lines.text.length,
    uncaught,
  }
  if (error.kind !== undefined) traceback.kind = error.kind
  if (error.message !== undefined) traceback.message = error.message
  return traceback
}

function endOf(lines: NodeLines, i: number): number {
  return lines.at(i)?.end ?? lines.text.length
}

/** The `file:line`, source line, caret and blank line right before line `header`. */
function excerptBefore(lines: NodeLines, first: number, header: number): { line: number; column: number } | undefined {
  // The error of a worker stands right below the caret.
  const above = lines.line(header - 1)
  if (header - 2 < first || (above.trim() !== '' && !isCaret(above))) return undefined
  for (let i = header - 2; i >= Math.max(first, header - 6); i--) {
    const column = excerptPlace(lines.line(i))
    if (column >= 0) return { line: i, column }
  }
  return undefined
}

/**
 * A value thrown that is no error with frames: after the excerpt's caret stands the value itself, before line `end`,
 * which is the runtime's hint or its last line.
 */
function thrownValue(lines: NodeLines, first: number, end: number): Traceback | undefined {
  let caret = end - 1
  while (caret > first && !isCaret(lines.line(caret))) caret--
  let place = caret - 1
  while (place >= first && place > caret - 5 && excerptPlace(lines.line(place)) !== 0) place--
  if (place < first || excerptPlace(lines.line(place)) !== 0) return undefined
  let from = caret + 1
  let to = end
  while (from < to && lines.line(from).trim() === '') from++
  while (to > from && lines.line(to - 1).trim() === '') to--
  const value: string[] = []
  for (let i = from; i < to; i++) value.push(lines.line(i))
  const frame = excerptFrame(lines.line(place), lines.line(caret))
  const traceback: Traceback = {
    language: 'nodejs',
    frames: frame ? [frame] : [],
    causes: [],
    start: lines.position(place, 0),
    end: endOf(lines, Math.max(to - 1, caret)),
    uncaught: true,
  }
  const header = from > caret + 1 ? headerAtStart(value[0] ?? '') : undefined
  if (header) traceback.kind = header.kind
  const message = header ? [header.message, ...value.slice(1)].join('\n') : value.join('\n')
  if (message !== '') traceback.message = message
  return traceback
}

function excerptFrame(place: string, caret: string): Frame | undefined {
  const match = /^(.*):(\d{1,9})$/.exec(place)
  return match?.[1] ? { file: match[1], line: Number(match[2]), column: caret.indexOf('^') + 1 } : undefined
}

/** A stack that is its header alone, on a line of its own behind the log message: an error without frames. */
function headerOnly(lines: NodeLines): Traceback | undefined {
  for (let i = 1; ; i++) {
    const at = lines.at(i)
    if (!at) return undefined
    const header = headerIn(at.text)
    if (header?.rank !== 6 || header.column !== 0 || header.message === '' || header.kind.includes('.')) continue
    let last = i
    while (lines.at(last + 1)) last++
    const message = [header.message]
    for (let j = i + 1; j <= last; j++) message.push(lines.line(j))
    return {
      language: 'nodejs',
      kind: header.kind,
      message: message.join('\n').trimEnd(),
      frames: [],
      causes: [],
      start: at.start,
      end: endOf(lines, last),
      uncaught: false,
    }
  }
}

/** A text that is a stack as a whole: its first line is the header, whatever its name looks like. */
function readWhole(stack: string): Traceback | undefined {
  // A V8 stack shows itself; its message may hold lines like `src/till.ts:4:7`, which are frames of browsers only.
  const lines = new NodeLines(stack, 0, !/^[ \t]*at /m.test(stack))
  let i = 0
  while (lines.at(i) && lines.line(i).trim() === '') i++
  const firstLine = lines.line(i)
  const header = lines.frame(i) || excerptPlace(firstLine) >= 0 ? undefined : headerAtStart(firstLine)
  if (header && !firstLine.trimStart().startsWith('Uncaught ')) {
    let frame = i + 1
    while (lines.at(frame) && !lines.frame(frame) && readElided(lines.line(frame)) === undefined) frame++
    if (lines.at(frame) && !(lines.frame(frame)?.isBrowsers && !namesError(header))) {
      const indent = lines.at(i)?.indent ?? 0
      const { kind, message, column } = header
      const layout: Found = {
        kind,
        message,
        column,
        headerLine: i,
        firstFrame: frame,
        indent,
        opens: false,
        ignored: false,
      }
      return assemble(lines, 0, layout, parseError(lines, layout))
    }
  }
  const found = findIn(lines) ?? findFlattened(stack, 0)
  if (found && (found.frames.length > 0 || holdsHint(stack, 0, node.hints))) return found
  const named = header && (headerIn(firstLine)?.column === header.column ? header : undefined)
  if (!named || (named.message === '' && !/(?:Error|Exception)$/.test(named.kind))) return undefined
  const message = (named.message + stack.slice(lines.at(i)?.end ?? 0)).trimEnd()
  const traceback: Traceback = {
    language: 'nodejs',
    kind: named.kind,
    frames: [],
    causes: [],
    start: 0,
    end: stack.length,
    uncaught: false,
  }
  if (message !== '') traceback.message = message
  return traceback
}

/** Whether a line over a browser's frames is a header, which only the program itself can have put there. */
function namesError({ kind, message }: Header): boolean {
  return /(?:Error|Exception)$/.test(kind) || (message !== '' && !kind.includes(' '))
}

/** ` at fn (file:1:2)` or ` at file:1:2`, further frames of the same line following. */
const FLAT_FRAME =
  /(?<=\S) {1,12}at (?=(?:async |new )?[\w$.<>#]{1,120}(?: \[as [\w$.]{1,60}\])? \((?:[^()\s]{1,300}:\d{1,9}:\d{1,9}|<anonymous>|native)\)|(?:async )?[^\s()]{1,300}:\d{1,9}:\d{1,9}(?:\s|$))/g

/** Stacks that a logger or a shipper put on one line, with `\n` written out or line ends left away. */
function findFlattened(text: string, from: number): Traceback | undefined {
  const at = text.indexOf(' at ', from)
  if (at < 0 || !/:\d+:\d+\)?/.test(text.slice(at, at + 2000))) return undefined
  // Same length, so that positions stay: the traceback is then cut from the text as it is.
  const spelled = /\\n\s{1,12}at /.test(text) ? text.replaceAll('\\n', ' \n') : text
  const unfolded = spelled.replace(FLAT_FRAME, (gap) => `\n${gap.slice(1)}`)
  if (unfolded === text) return undefined
  const found = findIn(new NodeLines(unfolded, from))
  if (!found || found.frames.length === 0) return undefined
  if (found.message !== undefined) found.message = found.message.trimEnd()
  while (found.end > found.start && unfolded[found.end - 1] === ' ') found.end--
  return found
}
