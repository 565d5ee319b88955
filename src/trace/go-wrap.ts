/**
 * Errors that carry their stacks, as `%+v` prints them. github.com/pkg/errors: the root's message, its stack, then each
 * wrapper's message and stack. golang.org/x/xerrors: the wrappers first, one frame each. cockroachdb/errors: numbered
 * layers and a list of types. go-errors and gin: places above functions.
 * The frames are those of the innermost stack, where the error was raised; the message is what `Error()` returns.
 */
import type { Frame, Traceback } from '../core/shapes.js'
import { isFrameAt, isGoroutine, isReport, takeFrames, takeFramesBelow } from './go-lines.js'
import { beginsLogLine, isBlank, isIndented, LineCursor, lineStart } from './text.js'

/** Lines of a message above or between stacks; what is further away is another text. */
const MAX_MESSAGE_LINES = 64
/** Lines below the last stack that can be wrappers' messages, where nothing says that the whole text is the error. */
const MAX_TRAILING_LINES = 3

/** A message and the stack below it. */
interface Part {
  /** Messages of one line each, or with indented lines. The innermost first. */
  readonly messages: readonly string[]
  readonly frames: readonly Frame[]
}

/**
 * The error whose first frame begins at `at`; its message stands above, from `from` on. In a `whole` text all of it is
 * the error; else what stands before a colon on the first line is what the log says of it.
 */
export function readWrapped(text: string, from: number, at: number, whole: boolean): Traceback {
  const header = headerAbove(text, from, at, whole)
  const cursor = new LineCursor(text, at)
  const stack = takeFrames(cursor, false)
  const parts: Part[] = [{ messages: messagesOf(header.lines), frames: stack.frames }]
  let { end } = stack
  while (!cursor.done) {
    const lines: string[] = []
    const ahead = new LineCursor(text, cursor.start)
    while (!ahead.done && lines.length < MAX_MESSAGE_LINES && !isOther(ahead.line) && !isFrameAt(ahead)) {
      lines.push(ahead.line)
      ahead.advance()
    }
    if (!ahead.done && isFrameAt(ahead)) {
      const below = takeFrames(ahead, false)
      parts.push({ messages: messagesOf(lines), frames: below.frames })
      end = below.end
      cursor.moveTo(ahead.start)
      continue
    }
    const trailing = trailingMessages(lines, ahead.done, whole)
    if (trailing > 0) {
      parts.push({ messages: messagesOf(lines.slice(0, trailing)), frames: [] })
      for (let i = 0; i < trailing; i++) {
        end = cursor.end
        cursor.advance()
      }
    }
    break
  }
  const nested = parts.slice(1).some(({ messages }) => /^\s*- /.test(messages[0] ?? ''))
  const { messages, frames } = nested ? outsideIn(parts) : insideOut(parts)
  return assemble(messages, frames, header.start, end)
}

/** Lines that begin something else. */
function isOther(line: string): boolean {
  return isGoroutine(line) || isReport(line) || line.startsWith('exit status ')
}

function trailingMessages(lines: readonly string[], ended: boolean, whole: boolean): number {
  let count = lines.length
  while (count > 0 && isBlank(lines[count - 1] ?? '')) count--
  if (whole) return ended ? count : 0
  const plain = lines.slice(0, count).every((line) => !isBlank(line) && !beginsLogLine(line))
  return ended && plain && count <= MAX_TRAILING_LINES ? count : 0
}

interface Header {
  readonly lines: readonly string[]
  /** First character of the error in the text. */
  readonly start: number
}

function headerAbove(text: string, from: number, at: number, whole: boolean): Header {
  let first = at
  for (let lines = 0; first > from && lines < MAX_MESSAGE_LINES; lines++) {
    const above = Math.max(from, lineStart(text, first - 1))
    if (above >= first) break
    first = above
  }
  const above = text.slice(first, at)
  let start = first + (above.length - above.trimStart().length)
  // The root may have an empty message.
  if (start >= at) return { lines: first < at ? [''] : [], start: at }
  if (!whole) {
    const { end, next, line } = new LineCursor(text, start)
    const colon = line.indexOf(': ')
    if (colon >= 0) start += colon + 2
    else if (line.endsWith(':') && next < at) start = next
    if (start >= end && isBlank(text.slice(start, at))) return { lines: [''], start: at }
  }
  const cursor = new LineCursor(text, start)
  const lines: string[] = []
  while (cursor.start < at) {
    lines.push(text.slice(cursor.start, Math.min(cursor.end, at)))
    if (!cursor.advance()) break
  }
  while (lines.length > 1 && isBlank(lines.at(-1) ?? '')) lines.pop()
  return { lines, start }
}

/** Lines as messages: one that is set in goes on with the one above it. */
function messagesOf(lines: readonly string[]): string[] {
  const messages: string[] = []
  for (const line of lines) {
    const last = messages.length - 1
    if (last >= 0 && isIndented(line) && !/^\s+- .*:$/.test(line)) messages[last] = `${messages[last]}\n${line}`
    else messages.push(line)
  }
  return messages.map((message) => message.trimEnd())
}

interface Read {
  /** Outermost first. */
  readonly messages: readonly string[]
  readonly frames: readonly Frame[]
}

/** pkg/errors: each wrapper stands below what it wraps. */
function insideOut(parts: readonly Part[]): Read {
  return {
    messages: parts.flatMap(({ messages }) => messages).reverse(),
    frames: parts.find(({ frames }) => frames.length > 0)?.frames ?? [],
  }
}

/** xerrors: each wrapper stands above what it wraps, and has one frame. */
function outsideIn(parts: readonly Part[]): Read {
  return {
    messages: parts.flatMap(({ messages }) => messages.map((line) => line.replace(/^\s*- /, '').replace(/:$/, ''))),
    frames: [...parts].reverse().flatMap(({ frames }) => frames),
  }
}

function assemble(messages: readonly string[], frames: readonly Frame[], start: number, end: number): Traceback {
  const message = messages.join(': ')
  const root = messages.at(-1)
  return {
    language: 'go',
    ...(message === '' ? {} : { message }),
    frames: frames as Frame[],
    causes: messages.length > 1 && root !== undefined && root !== '' ? [{ message: root, frames: [] }] : [],
    start,
    end,
    uncaught: false,
  }
}

/** What ends an error of cockroachdb/errors. */
export const TYPES = 'Error types: (1) '
const LAYER = /^(?:[└─ ]{0,40}Wraps: )?\((\d{1,4})\) ?(.*)$/

/** The error whose layers begin at `at` with `(1) …`; undefined when they do not end in the list of their types. */
export function readLayers(text: string, from: number, at: number, whole: boolean): Traceback | undefined {
  const cursor = new LineCursor(text, at)
  const layers: { said: string[]; frames: readonly Frame[] }[] = []
  let types: string | undefined
  let gutter: string[] = []
  const close = () => {
    const stack = new LineCursor(gutter.join('\n'))
    while (!stack.done && !isFrameAt(stack)) stack.advance()
    const layer = layers.at(-1)
    if (layer !== undefined) layer.frames = takeFrames(stack, false).frames
    gutter = []
  }
  for (; !cursor.done; cursor.advance()) {
    const { line } = cursor
    if (line.startsWith(TYPES)) {
      types = line.slice(TYPES.length - 4)
      break
    }
    const layer = LAYER.exec(line)
    if (layer !== null) {
      if (Number(layer[1]) === 1 && layers.length > 0) return undefined
      close()
      layers.push({ said: [layer[2] ?? ''], frames: [] })
    } else if (/^ {1,20}\|/.test(line)) gutter.push(line.replace(/^ {1,20}\| ?/, ''))
  }
  if (types === undefined) return undefined
  close()
  const kinds = types.split(/\(\d{1,4}\) /).map((one) => one.trim())
  const kind = kinds.at(-1)
  const root = layers.at(-1)?.said[0]
  const header = headerAbove(text, from, at, whole)
  const message = header.lines.join('\n').trimEnd()
  const own = { ...(kind ? { kind } : {}), ...(root ? { message: root } : {}) }
  return {
    language: 'go',
    ...own,
    ...(message === '' ? {} : { message }),
    frames: (layers.findLast(({ frames }) => frames.length > 0)?.frames ?? []) as Frame[],
    causes: root && message !== '' && root !== message ? [{ ...own, frames: [] }] : [],
    start: header.start,
    end: cursor.end,
    uncaught: false,
  }
}

/** The type that go-errors prints before the message. */
const TYPED = /^(\*?(?:[\w.~%@+-]{1,100}\/){0,20}[\w-]{1,100}\.\w{1,100}) (.*)$/s

/** The error whose places stand above its functions, the first of them at `at`. */
export function readPlacesAbove(text: string, from: number, at: number): Traceback {
  const { frames, end } = takeFramesBelow(new LineCursor(text, at))
  // gin prints the request above the value: only the last line is the message.
  let start = at
  while (start > from) {
    const above = Math.max(from, lineStart(text, start - 1))
    if (above >= start) break
    const line = text.slice(above, start)
    start = above
    if (!isBlank(line)) break
  }
  const said = text.slice(start, at).trim()
  const typed = TYPED.exec(said)
  return {
    language: 'go',
    ...(typed !== null ? { kind: typed[1] ?? '' } : {}),
    ...(said === '' ? {} : { message: typed === null ? said : (typed[2] ?? '') }),
    frames,
    causes: [],
    start: said === '' ? at : start,
    end,
    uncaught: false,
  }
}
