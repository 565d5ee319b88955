/**
 * Stack traces of Elixir and, in elixir-erlang.ts, of Erlang: `** (KeyError) message` and its frames, wherever a logger or a
 * crashed process prints them; exits with the exceptions inside, which are causes. An exit that says nothing but that an
 * exception was raised is that exception. Functions stay as printed, without arguments: `Shop.Orders.place/2`.
 */
import type { Frame, Traceback } from '../core/shapes.js'
import { ERLANG_HINTS, findErlang } from './elixir-erlang.js'
import { type Banner, bannerIn, frameIn, indentOf, isExit, isReportLine } from './elixir-lines.js'
import type { Follower, TraceLanguage } from './language.js'
import { beginsLogLine, isBlank, isIndented, LineCursor } from './text.js'

const STARS = '** ('

export const elixir: TraceLanguage = {
  name: 'elixir',
  hints: [STARS, ...ERLANG_HINTS],
  find,
  read,
  follow: (line) => {
    if (bannerIn(line) !== undefined) return new ElixirFollower()
    return /^(?:escript: exception |\{"init terminating|Error in process )/.test(line)
      ? new ElixirFollower()
      : undefined
  },
  // Crashed processes are reported by the logger, banner below the head; so no line is certain to stand by itself.
  interrupts: () => false,
}

/** Lines of a message before its first frame. */
const MAX_MESSAGE_LINES = 80

function find(text: string, from: number): Traceback | undefined {
  const erlang = findErlang(text, from)
  for (let at = text.indexOf(STARS, from); at >= 0; at = text.indexOf(STARS, at + 1)) {
    if (erlang !== undefined && erlang.start < at) return erlang
    const banner = bannerIn(text.slice(at, at + 700))
    if (banner === undefined || !mayStandBefore(text.charCodeAt(at - 1))) continue
    return trace(text, at, banner, from)
  }
  return erlang
}

/** A banner follows a blank, a line end, a bracket or nothing. */
function mayStandBefore(code: number): boolean {
  return Number.isNaN(code) || code <= 0x20 || code === 0x22 || code === 0x28 || code === 0x5d
}

function read(stack: string): Traceback | undefined {
  const found = find(stack, 0)
  if (found !== undefined) return found
  const cursor = new LineCursor(stack)
  cursor.skipBlank()
  const { start } = cursor
  const frames: Frame[] = []
  let end = start
  for (; !cursor.done; cursor.advance()) {
    const frame = frameIn(cursor.line.trimStart())
    if (frame === undefined) break
    frames.push(frame)
    end = cursor.end
  }
  return frames.length === 0 ? undefined : { language: 'elixir', frames, causes: [], start, end, uncaught: false }
}

/** One banner with its message and frames. */
interface Block {
  readonly kind: string
  readonly indent: number
  readonly lines: string[]
  readonly frames: Frame[]
}

function trace(text: string, at: number, banner: Banner, from: number): Traceback {
  const cursor = new LineCursor(text, at)
  const indent = columnOf(text, at, from)
  const blocks: [Block, ...Block[]] = [
    { kind: banner.kind, indent: indent ?? 0, lines: [cursor.line.slice(banner.messageAt)], frames: [] },
  ]
  let current = blocks[0]
  let end = cursor.end
  /** Lines of the message that are only its own if a frame follows. */
  let doubtful: string[] = []
  while (cursor.advance()) {
    const { line } = cursor
    const depth = indentOf(line)
    const body = line.slice(depth)
    const inner = depth > blocks[0].indent && blocks.length < 20 ? bannerIn(body) : undefined
    if (inner !== undefined) {
      current.lines.push(...doubtful)
      doubtful = []
      current = { kind: inner.kind, indent: depth, lines: [body.slice(inner.messageAt)], frames: [] }
      blocks.push(current)
      end = cursor.end
      continue
    }
    const frame = depth > blocks[0].indent ? frameIn(body) : undefined
    if (frame !== undefined) {
      // The frames of an inner exception stand further in than those of the exit around it.
      const owner = blocks.findLast((block) => block.indent < depth) ?? current
      if (owner === current && owner.frames.length === 0) owner.lines.push(...doubtful)
      doubtful = []
      owner.frames.push(frame)
      current = owner
      end = cursor.end
      continue
    }
    const traced = blocks.some(({ frames }) => frames.length > 0)
    if (traced || isReportLine(body) || bannerIn(line) !== undefined) break
    if (doubtful.length >= MAX_MESSAGE_LINES || (indent === 0 && depth === 0 && beginsLogLine(line))) break
    doubtful.push(line)
  }
  const sure = ownLines(doubtful)
  if (blocks.every(({ frames }) => frames.length === 0) && sure > 0) {
    current.lines.push(...doubtful.slice(0, sure))
    end = endOfLines(text, end, sure)
  }
  return assemble(blocks, at, end, indent === 0)
}

/** Column of the banner when only blanks stand before it in its line; undefined behind other text. */
function columnOf(text: string, at: number, from: number): number | undefined {
  const before = text.slice(Math.max(from, at - 200), at)
  const newline = before.lastIndexOf('\n')
  if (newline < 0 && at - from > 200) return undefined
  const lead = before.slice(newline + 1)
  return isBlank(lead) ? lead.length : undefined
}

/** How many of the lines belong to a message that no frames follow: those that are indented, and blank ones between. */
function ownLines(lines: readonly string[]): number {
  let count = 0
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    if (isBlank(line)) continue
    if (!isIndented(line)) break
    count = i + 1
  }
  return count
}

function endOfLines(text: string, end: number, count: number): number {
  const cursor = new LineCursor(text, end)
  for (let i = 0; i < count; i++) cursor.advance()
  return cursor.end
}

function assemble(blocks: readonly Block[], start: number, end: number, uncaught: boolean): Traceback {
  const named = blocks.map(({ kind, lines, frames }) => ({
    kind: kind.startsWith('EXIT from') ? 'EXIT' : kind,
    message: lines.join('\n').trim(),
    frames,
  }))
  // `** (exit) an exception was raised:` is the exception below it; its frames are the same process's.
  for (let i = 0; i + 1 < named.length; ) {
    const [outer, inner] = [named[i], named[i + 1]]
    if (outer && inner && isExit(outer.kind) && /an exception was raised:$/.test(outer.message)) {
      inner.frames.push(...outer.frames)
      named.splice(i, 1)
    } else i++
  }
  const [first, ...causes] = named.map(({ kind, message, frames }) => ({
    kind,
    ...(message !== '' && { message }),
    frames,
  }))
  return { language: 'elixir', ...first, frames: first?.frames ?? [], causes, start, end, uncaught }
}

/** Takes the message and the frames below a banner that no logger framed. */
class ElixirFollower implements Follower {
  traced = false
  #lines = 0
  #complete = false

  get complete(): boolean {
    return this.#complete
  }

  takes(line: string): boolean {
    if (this.#complete) return false
    const taken = this.#take(line)
    if (!taken) this.#complete = true
    return taken
  }

  #take(line: string): boolean {
    if (isIndented(line) && frameIn(line.trimStart()) !== undefined) {
      this.traced = true
      return true
    }
    if (isIndented(line)) return true
    if (this.traced || bannerIn(line) !== undefined) return false
    return ++this.#lines <= MAX_MESSAGE_LINES && !beginsLogLine(line)
  }
}
