/**
 * Reads one .NET or Mono traceback from its header on: the exceptions, each inside the one it caused, and their frames.
 * An inner exception's frames are printed before those of the one around it, up to `--- End of inner exception …`;
 * an aggregate prints its inner exceptions once more behind its own frames, each closed by `<---`.
 * Where a traceback begins is decided in csharp-find.ts.
 */
import type { Cause, Frame, Traceback } from '../core/shapes.js'
import {
  type Arrow,
  arrowIn,
  closersOf,
  indentOf,
  isRepetition,
  parseArrow,
  parseCrash,
  parseFrame,
  parseHeader,
  parseMarker,
} from './csharp-lines.js'
import { addFrame, type FrameList, runEnd, runReader } from './frame-runs.js'
import { isBlank, LineCursor } from './text.js'

/** Where and how a traceback begins. */
export interface Opening {
  /** First character of the traceback. */
  readonly start: number
  /** Where the outermost exception's header begins; absent when there are only frames, or a crash without one. */
  readonly headerAt?: number
  /** Start of the first line behind the header, or of the first frame's line. */
  readonly bodyFrom: number
  /** Kind and beginning of the message of a crash that has no header. */
  readonly kind?: string
  readonly messageFrom?: number
  /** End of the line that such a crash begins with. */
  readonly headEnd?: number
  /** Indentation that a console logger put before every line. */
  readonly indent: number
  readonly uncaught: boolean
  /** The whole text is one traceback: what stands between its frames belongs to it. */
  readonly whole: boolean
}

interface Block extends FrameList {
  kind?: string
  messageFrom?: number
  messageTo: number
  /** The message is over: frames or the end of an inner exception came. */
  traced: boolean
  /** One that an aggregate lists behind its frames; `<---` ends it. */
  readonly isMember: boolean
}

/** What some exceptions print behind their frames: SqlException, PostgresException. */
const TRAILER = /^(?:ClientConnectionId:|Error Number:|Routing Destination:|Exception data:)/

/** What frames that follow each other have in common. */
const LEAD = /^[ \t]{1,20}at /

/** The frames of a text in which each line is one; none when one of the lines is no frame, or ends an inner exception. */
const framesOfRun = runReader((line) => (line.includes('<---') ? undefined : parseFrame(line)))

/** Reads the traceback that begins at `opening`. */
export function readTraceback(text: string, opening: Opening): Traceback {
  return new Reader(text, opening).read()
}

class Reader {
  readonly #text: string
  readonly #opening: Opening
  readonly #cursor: LineCursor
  /** The outermost exception, then its causes; what aggregates list beside their first one is not here. */
  readonly #chain: Block[] = []
  /** The exceptions whose end has not come, innermost last; never empty while reading. */
  readonly #open: Block[] = []
  /** Inside an aggregate's further inner exceptions, which are in no chain. */
  #asides = 0
  /** End of the last line that belongs to the traceback for certain. */
  #end: number
  /** End of the last line with text of a message that is still open. */
  #messageEnd: number
  #previousEnd: number
  #previousIsTrace = false
  /** Indentation of `Exception data:`; what stands further in belongs to it. */
  #trailer: number | undefined
  /** Before this place lines are read one by one: one of them is no frame. */
  #runsFrom = 0
  /** Other text came behind the frames: if more frames follow, all before them was the message. */
  #interrupted = false

  constructor(text: string, opening: Opening) {
    this.#text = text
    this.#opening = opening
    this.#end = this.#messageEnd = this.#previousEnd = opening.start
    const { headerAt } = opening
    this.#cursor = new LineCursor(text, headerAt ?? opening.bodyFrom)
    if (headerAt !== undefined) {
      this.#begin(this.#cursor.line, 0, headerAt, false)
      this.#previousEnd = this.#cursor.end
      this.#cursor.moveTo(opening.bodyFrom)
      return
    }
    const { kind, messageFrom, headEnd = opening.start } = opening
    this.#push(
      { ...(kind === undefined ? {} : { kind }), ...(messageFrom === undefined ? {} : { messageFrom }) },
      headEnd,
    )
    this.#end = this.#messageEnd = this.#previousEnd = headEnd
  }

  read(): Traceback {
    const cursor = this.#cursor
    while (!cursor.done && (this.#takeRun() || this.#take())) {
      this.#previousEnd = cursor.end
      cursor.advance()
    }
    const last = this.#current
    if (!last.traced) last.messageTo = this.#end = Math.max(this.#end, this.#messageEnd)
    return this.#assemble()
  }

  get #current(): Block {
    return this.#open[this.#open.length - 1] as Block
  }

  #push(head: { kind?: string; messageFrom?: number }, messageTo: number, isMember = false): void {
    const block: Block = { ...head, messageTo, frames: [], isShared: false, traced: false, isMember }
    if (isMember) this.#asides += 1
    else if (this.#asides === 0) this.#chain.push(block)
    this.#open.push(block)
  }

  /** Opens the exception whose header begins at `at` in `line` (at `lineStart` in the text), and those its line holds too. */
  #begin(line: string, at: number, lineStart: number, isMember: boolean): void {
    let from = at
    let member = isMember
    const lineEnd = lineStart + line.length
    for (;;) {
      const header = parseHeader(line, from)
      if (header === undefined) {
        // A header that no grammar knows: all of it is the message.
        this.#push({ messageFrom: lineStart + from }, lineEnd, member)
        break
      }
      const { kind, messageAt } = header
      const found = messageAt === undefined ? header.arrowAt : arrowIn(line, messageAt - 1)
      const arrowAt = found !== undefined && found >= 0 ? found : undefined
      const head = { kind, ...(messageAt === undefined ? {} : { messageFrom: lineStart + messageAt }) }
      this.#push(head, arrowAt === undefined ? lineEnd : lineStart + arrowAt, member)
      if (arrowAt === undefined) break
      this.#current.traced = true
      from = arrowAt + 6
      member = false
    }
    this.#end = this.#messageEnd = lineEnd
    this.#previousIsTrace = false
    this.#interrupted = false
  }

  /** Takes a run of frames at once; the cursor then stands on the last. False when it stands on no such run. */
  #takeRun(): boolean {
    if (this.#interrupted) return false
    const text = this.#text
    const { start } = this.#cursor
    if (start < this.#runsFrom) return false
    const lead = LEAD.exec(text.slice(start, start + 24))?.[0]
    if (lead === undefined) return false
    const end = runEnd(text, start, lead)
    const frames = framesOfRun(text.slice(start, end))
    const [first] = frames
    if (first === undefined) {
      this.#runsFrom = end
      return false
    }
    this.#trace()
    const block = this.#current
    if (block.frames.length === 0) {
      block.frames = frames
      block.isShared = true
    } else for (const frame of frames) addFrame(block, frame)
    this.#cursor.moveTo(Math.max(start, text.lastIndexOf('\n', end - 1) + 1))
    this.#end = this.#cursor.end
    return true
  }

  /** Ends the message of the current exception: its frames begin. */
  #trace(): void {
    const block = this.#current
    if (!block.traced) {
      block.traced = true
      block.messageTo = Math.max(block.messageFrom ?? 0, this.#previousEnd)
    }
    this.#previousIsTrace = true
    this.#trailer = undefined
  }

  /** Takes the cursor's line; false when the traceback has ended before it. */
  #take(): boolean {
    const { start, end, line } = this.#cursor
    const frame = parseFrame(line)
    if (frame) {
      if (this.#interrupted && !this.#fold(frame)) return false
      this.#trace()
      addFrame(this.#current, frame)
      this.#close(line, end)
      return true
    }
    const trimmed = line.trimStart()
    if (trimmed.startsWith('---')) {
      const arrow = parseArrow(line)
      if (arrow && this.#takeArrow(arrow, line, start)) return true
      const marker = arrow ? undefined : parseMarker(line, this.#opening.indent)
      if (marker === 'inner' && (this.#open.length > 1 || this.#current.traced)) {
        this.#endInner()
        this.#close(line, end)
        return true
      }
      if (marker === 'resumed' && this.#current.traced) {
        this.#end = end
        return true
      }
    }
    if (trimmed.startsWith('<---') && this.#asides > 0) {
      this.#close(line, end)
      return true
    }
    return this.#current.traced ? this.#takeBehind(line, trimmed, end) : this.#takeMessage(line, start, end)
  }

  /** Whether the arrow leads to an exception; in a message it may be anybody's. */
  #takeArrow({ headerAt, member }: Arrow, line: string, start: number): boolean {
    const header = parseHeader(line, headerAt)
    if (member === undefined && (header === undefined || header.rank === 4)) return false
    const current = this.#current
    if (!current.traced) {
      current.messageTo = Math.max(current.messageFrom ?? 0, this.#previousEnd)
      current.traced = true
    }
    // The first one that an aggregate lists is its inner exception, which was printed already where there is a chain.
    const isCause = member === undefined || (this.#chain.length === 1 && this.#asides === 0 && member === 0)
    this.#begin(line, headerAt, start, !isCause)
    this.#close(line, this.#cursor.end)
    return true
  }

  /**
   * Frames behind other text: what came before was a trace that the message quotes, as that of a service's fault does.
   * False when there is no such message, or when the frames are those of the log call.
   */
  #fold(frame: Frame): boolean {
    const block = this.#current
    if (block.messageFrom === undefined || frame.module === 'System.Environment') return false
    if (this.#open.length === 1) this.#chain.length = Math.min(this.#chain.length, 1)
    block.frames = []
    block.isShared = false
    block.traced = false
    this.#interrupted = false
    return true
  }

  #endInner(): void {
    const inner = this.#current
    if (!inner.traced) inner.messageTo = Math.max(inner.messageFrom ?? 0, this.#previousEnd)
    inner.traced = true
    if (this.#open.length > 1 && !inner.isMember) this.#open.pop()
    this.#previousIsTrace = true
    this.#interrupted = false
    this.#trailer = undefined
  }

  /** Ends what the `<---` at the end of the line end. */
  #close(line: string, end: number): void {
    this.#end = end
    for (let left = closersOf(line); left > 0 && this.#open.length > 1; left--) {
      let closed = this.#open.pop()
      while (closed && !closed.isMember && this.#asides > 0 && this.#open.length > 1) closed = this.#open.pop()
      if (closed?.isMember) this.#asides--
    }
  }

  /** A line between a header and its frames. */
  #takeMessage(line: string, start: number, end: number): boolean {
    if (!this.#opening.whole && parseCrash(line)) return false
    const arrowAt = arrowIn(line, 0)
    if (arrowAt >= 0) {
      const current = this.#current
      current.messageTo = Math.max(current.messageFrom ?? 0, start + arrowAt)
      current.traced = true
      this.#begin(line, arrowAt + 6, start, false)
      return true
    }
    if (this.#current.messageFrom === undefined && !isBlank(line)) return this.#opening.whole
    if (!isBlank(line)) this.#messageEnd = end
    return true
  }

  /** A line behind frames that is none. */
  #takeBehind(line: string, trimmed: string, end: number): boolean {
    if (trimmed === '') return true
    const indent = indentOf(line)
    if (TRAILER.test(trimmed) || (this.#trailer !== undefined && indent > this.#trailer)) {
      if (!(this.#trailer !== undefined && indent > this.#trailer)) this.#trailer = indent
      this.#end = end
      return true
    }
    this.#trailer = undefined
    // `at` of a form we do not know, and the repetitions of a stack that ran over, are part of the trace.
    if (this.#previousIsTrace && ((indent > 0 && trimmed.startsWith('at ')) || isRepetition(line))) {
      this.#end = end
      return true
    }
    this.#previousIsTrace = false
    // The next traceback; some classes print further exceptions inside the one they caused.
    if (this.#open.length === 1 && parseHeader(line, indent)?.rank === 1) return false
    if (!this.#opening.whole && parseCrash(line)) return false
    this.#interrupted = true
    return true
  }

  #assemble(): Traceback {
    const { start, uncaught, whole } = this.#opening
    const [outermost = { frames: [] }, ...causes] = this.#chain.map((block) => this.#exception(block))
    return {
      language: 'csharp',
      ...outermost,
      causes,
      start,
      end: whole ? this.#text.trimEnd().length : this.#end,
      uncaught,
    }
  }

  #exception({ kind, messageFrom, messageTo, frames }: Block): Cause {
    const message = messageFrom === undefined ? '' : this.#message(messageFrom, messageTo)
    return { ...(kind === undefined ? {} : { kind }), ...(message === '' ? {} : { message }), frames }
  }

  /** The message with `\n` for line ends and without the logger's indentation. */
  #message(from: number, to: number): string {
    const text = this.#text.slice(from, to).replaceAll('\r\n', '\n').trimEnd()
    const { indent } = this.#opening
    if (indent === 0 || !text.includes('\n')) return text
    return text
      .split('\n')
      .map((line, i) => (i === 0 ? line : line.slice(Math.min(indent, indentOf(line)))))
      .join('\n')
  }
}
