/**
 * Reads one Java traceback from its header on: the lines of each throwable (a block), then the chain they form.
 * Keeps messages whole, whatever they hold; restores frames that were elided as common with the enclosing throwable.
 * Where a traceback begins is decided in java-find.ts.
 */
import type { Cause, Frame, Traceback } from '../core/shapes.js'
import { addFrame, type FrameList, runEnd, runReader } from './frame-runs.js'
import {
  type Header,
  indentOf,
  isCircular,
  isRuntimePrint,
  isThreadDumpLine,
  isTraceLine,
  type Label,
  parseAnyHeader,
  parseElision,
  parseFrame,
  parseHeader,
  parseLabel,
} from './java-lines.js'
import { isBlank, LineCursor } from './text.js'

/** Frames restored over a whole chain; beyond it (a text made to hurt) the printed ones must do. */
const MAX_RESTORED_FRAMES = 20_000

/** Where and how a traceback begins. */
export interface Opening {
  /** First character of the traceback. */
  readonly start: number
  /** Start of the first line to read behind the header; of the first frame's line when there is no header. */
  readonly bodyFrom: number
  /** End of the header's line; absent without a header. */
  readonly headerEnd?: number
  readonly kind?: string
  /** Where the message begins in the text; absent when there is none. */
  readonly messageFrom?: number
  readonly closer?: string
  /** Indentation of the outermost header; labels further in belong to suppressed exceptions. */
  readonly indent: number
  /** Every line begins with `! `. */
  readonly banged: boolean
  readonly uncaught: boolean
  /** The whole text is one traceback: what looks like another header is part of a message. */
  readonly whole: boolean
}

/** One throwable of the traceback. */
interface Block extends FrameList {
  readonly label: Label['kind'] | 'top'
  readonly indent: number
  readonly kind?: string
  readonly closer?: string
  readonly circular: boolean
  readonly messageFrom?: number
  messageTo: number
  frameIndent: number
  /** Common frames that were left out. */
  elided: number
  /** True once the frames have begun, so that the message is over. */
  traced: boolean
}

/** How nearly every frame begins. */
const FRAME_START = '\tat '

/** The frames of a text in which each line begins so; none when one of the lines is no frame after all. */
const framesOfRun = runReader((line) => parseFrame(line.slice(1)))

/** Length of the `! ` that frameworks put before each line of a stack. */
export function bangOf(text: string, at: number): number {
  if (text[at] !== '!') return 0
  return text[at + 1] === ' ' ? 2 : 1
}

/** Reads the traceback that begins at `opening`. */
export function readTraceback(text: string, opening: Opening): Traceback {
  const reader = new BlockReader(text, opening)
  return reader.read()
}

class BlockReader {
  readonly #text: string
  readonly #opening: Opening
  readonly #cursor: LineCursor
  /** Never empty: the outermost throwable as printed, then one per label. */
  readonly #blocks: [Block, ...Block[]]
  /** End of the last line that belongs to the traceback for certain. */
  #end: number
  /** End of the line before the cursor's. */
  #previousEnd: number
  /** End of the last line with text of a message that is still open. */
  #messageEnd: number
  /** The block after whose frames other text came: if frames follow without a header, all of it was its message. */
  #suspect: number | undefined
  /** Whether that text was more than blank lines. */
  #interrupted = false
  #previousIsTrace = false
  #blankBefore = false
  /** A blank line stands before the frames already: blank lines between them are no end. */
  #spaced = false
  /** Blank lines stand between the frames, too: somebody doubled the line ends. */
  #doubled = false
  /** Lines before this offset look like a run of frames but hold one that is none: they are taken one by one. */
  #noRunBefore = 0

  constructor(text: string, opening: Opening) {
    this.#text = text
    this.#opening = opening
    this.#cursor = new LineCursor(text, opening.bodyFrom)
    const headerEnd = opening.headerEnd ?? opening.start
    this.#end = this.#previousEnd = this.#messageEnd = headerEnd
    this.#blocks = [
      {
        label: 'top',
        indent: opening.indent,
        circular: false,
        ...(opening.kind !== undefined ? { kind: opening.kind } : {}),
        ...(opening.closer !== undefined ? { closer: opening.closer } : {}),
        ...(opening.messageFrom !== undefined ? { messageFrom: opening.messageFrom } : {}),
        messageTo: headerEnd,
        frames: [],
        isShared: false,
        frameIndent: 0,
        elided: 0,
        traced: false,
      },
    ]
  }

  read(): Traceback {
    const cursor = this.#cursor
    while (!cursor.done && (this.#takeRun() || this.#take())) {
      this.#previousEnd = cursor.end
      this.#blankBefore = isBlank(cursor.line)
      cursor.advance()
    }
    const last = this.#last
    if (!last.traced) last.messageTo = this.#end = Math.max(this.#end, this.#messageEnd)
    return this.#assemble()
  }

  get #last(): Block {
    return this.#blocks[this.#blocks.length - 1] ?? this.#blocks[0]
  }

  /**
   * Takes a run of frames at once, the usual ones, of one tab; the cursor then stands on the last. False when it stands
   * on no such run: nothing is taken then.
   */
  #takeRun(): boolean {
    const text = this.#text
    const { start } = this.#cursor
    if (start < this.#noRunBefore || !text.startsWith(FRAME_START, start)) return false
    const end = runEnd(text, start, FRAME_START)
    const frames = framesOfRun(text.slice(start, end))
    const [first] = frames
    if (first === undefined) this.#noRunBefore = end
    if (first === undefined || !this.#takeTraceLine(first, 0, 1)) return false
    const block = this.#last
    if (block.frames.length === 1) {
      block.frames = frames
      block.isShared = true
    } else {
      for (const frame of frames.slice(1)) addFrame(block, frame)
    }
    this.#cursor.moveTo(Math.max(start, text.lastIndexOf('\n', end - 1) + 1))
    this.#end = this.#cursor.end
    return true
  }

  /** Takes the cursor's line; false when the traceback has ended before it. */
  #take(): boolean {
    const { start, end } = this.#cursor
    const bang = this.#opening.banged ? bangOf(this.#text, start) : 0
    if (this.#opening.banged && bang === 0) return false
    const line = this.#text.slice(start + bang, end)
    const indent = indentOf(line)
    const body = line.slice(indent)

    const frame = parseFrame(body)
    const elided = frame ? undefined : parseElision(body)
    if (frame || elided !== undefined) return this.#takeTraceLine(frame, elided ?? 0, indent)

    const wasTrace = this.#previousIsTrace
    this.#previousIsTrace = false
    const label = parseLabel(body)
    if (label && this.#isGenuine(body, label, wasTrace)) {
      this.#takeLabel(label, body, indent, start + bang + indent)
      return true
    }
    if (isCircular(body) && this.#last.traced) {
      this.#takeLabel({ kind: 'cause', length: 0 }, body, indent, start + bang + indent)
      return true
    }
    // `at` of a form we do not know, between frames: part of the trace, though no frame.
    if (wasTrace && indent > 0 && body.startsWith('at ')) {
      this.#previousIsTrace = true
      this.#end = end
      return true
    }
    return this.#takeOther(line)
  }

  #takeTraceLine(frame: Frame | undefined, elided: number, indent: number): boolean {
    // Common frames are counted right behind the frames; behind other text it is part of that text.
    if (!frame && this.#interrupted && this.#last.traced && !this.#previousIsTrace) return true
    if (frame && this.#suspect !== undefined && !this.#fold(this.#suspect)) return false
    const block = this.#last
    if (!block.traced) {
      this.#spaced ||= this.#blankBefore
      block.traced = true
      block.messageTo = this.#previousEnd
      block.frameIndent = indent
    }
    if (frame) addFrame(block, frame)
    block.elided += elided
    this.#end = this.#cursor.end
    this.#previousIsTrace = true
    return true
  }

  /**
   * Frames without a header: what was taken for frames and causes since block `suspect` was the text of a message, as
   * of a remote call's error that quotes the other side's trace. False when there is no such message.
   */
  #fold(suspect: number): boolean {
    // Only a cause ends in `... n more`; without that, the frames are those of the outermost.
    const at = this.#endsElided() || this.#blocks[0].messageFrom === undefined ? suspect : 0
    if (this.#blocks[at]?.messageFrom === undefined) return false
    this.#blocks.length = at + 1
    const block = this.#last
    block.frames = []
    block.isShared = false
    block.elided = 0
    block.traced = false
    this.#suspect = undefined
    this.#interrupted = false
    return true
  }

  /** Whether the run of frames that begins at the cursor ends in common frames that were left out. */
  #endsElided(): boolean {
    const ahead = new LineCursor(this.#text, this.#cursor.start)
    for (; !ahead.done; ahead.advance()) {
      const line = ahead.line.slice(this.#opening.banged ? bangOf(this.#text, ahead.start) : 0)
      const body = line.slice(indentOf(line))
      if (parseElision(body) !== undefined) return true
      if (!parseFrame(body)) return false
    }
    return false
  }

  /** Whether a label begins a throwable, or is a line of somebody's message (`Caused by: mailbox full`). */
  #isGenuine(body: string, label: Label, afterTrace: boolean): boolean {
    if (isCircular(body.slice(label.length))) return true
    const header = parseHeader(body, label.length)
    if (header && header.rank < 4) return true
    if (!afterTrace) return false
    const next = new LineCursor(this.#text, this.#cursor.next)
    const line = next.line.slice(this.#opening.banged ? bangOf(this.#text, next.start) : 0)
    return isTraceLine(line.slice(indentOf(line)))
  }

  #takeLabel(label: Label, body: string, indent: number, bodyStart: number): void {
    const before = this.#last
    if (!before.traced) before.messageTo = this.#previousEnd
    if (!this.#interrupted) this.#suspect = undefined
    const { end } = this.#cursor
    const circular = isCircular(body.slice(label.length))
    const header: Header = circular ? { rank: 4 } : parseAnyHeader(body, label.length)
    this.#blocks.push({
      label: label.kind,
      indent,
      circular,
      ...(header.kind !== undefined ? { kind: header.kind } : {}),
      ...(header.closer !== undefined ? { closer: header.closer } : {}),
      ...(circular
        ? { messageFrom: end }
        : header.messageAt !== undefined
          ? { messageFrom: bodyStart + header.messageAt }
          : {}),
      messageTo: end,
      frames: [],
      isShared: false,
      frameIndent: 0,
      elided: 0,
      traced: circular && body.trimEnd().endsWith(']'),
    })
    this.#end = this.#messageEnd = end
  }

  #takeOther(line: string): boolean {
    const block = this.#last
    const blank = isBlank(line)
    if (!block.traced && block.messageFrom !== undefined) {
      if (!this.#opening.whole && isRuntimePrint(line)) return false
      if (!blank) this.#messageEnd = this.#cursor.end
      if (block.circular && line.trimEnd().endsWith(']')) {
        block.traced = true
        this.#end = this.#cursor.end
      }
      return true
    }
    if (blank && this.#spaced) {
      this.#doubled = true
      return true
    }
    this.#suspect ??= this.#blocks.length - 1
    if (blank) return true
    this.#interrupted = true
    if (this.#opening.whole) return true
    if (isRuntimePrint(line) || isThreadDumpLine(line)) return false
    const header = parseHeader(line)
    return header === undefined || header.rank > 2
  }

  #assemble(): Traceback {
    const { start, uncaught } = this.#opening
    const chain = this.#chain()
    restoreElided(chain)
    const [outermost = { frames: [] }, ...causes] = chain
      .map((block) => this.#throwable(block))
      // The beginning was cut off, and nothing is left of the outermost.
      .filter((one, i, { length }) => i > 0 || length === 1 || one.kind !== undefined || one.frames.length > 0)
    return {
      language: 'java',
      ...outermost,
      causes,
      start,
      end: Math.max(this.#end, start),
      uncaught,
    }
  }

  /** The throwables from the outermost to the root; without suppressed ones and those that were printed before. */
  #chain(): Block[] {
    const [top] = this.#blocks
    let chain = this.#blocks.filter((block) => block === top || (!block.circular && !this.#isNested(block)))
    if (chain.some((block) => block.label === 'wrapper')) chain = chain.reverse()
    const seen = new Set<string>()
    return chain.filter((block) => {
      const name = `${block.kind}\n${this.#message(block)}`
      // Loggers without the notion of a circular reference print the header again, and no frames.
      if (seen.has(name) && block.frames.length === 0) return false
      seen.add(name)
      return true
    })
  }

  #isNested(block: Block): boolean {
    const [top] = this.#blocks
    return (
      block.label === 'suppressed' ||
      block.indent > top.indent ||
      // The prefix `! ` takes the place of the first tab, of labels too: only frames still show the depth.
      (this.#opening.banged && block.frames.length > 0 && block.frameIndent > top.frameIndent)
    )
  }

  #throwable(block: Block): Cause {
    const message = this.#message(block)
    return {
      ...(block.kind !== undefined ? { kind: block.kind } : {}),
      ...(message !== undefined ? { message } : {}),
      frames: block.frames,
    }
  }

  #message(block: Block): string | undefined {
    if (block.messageFrom === undefined) return undefined
    const { messageTo } = block
    let message = this.#text.slice(block.messageFrom, messageTo)
    if (this.#opening.banged) message = message.replace(/\n! ?/g, '\n')
    if (this.#doubled) message = message.trimEnd()
    // A CR belongs to the message only if the lines around it do without.
    if (this.#text[messageTo] === '\r') message = message.replaceAll('\r\n', '\n')
    if (block.closer !== undefined && message.trimEnd().endsWith(block.closer)) message = message.trimEnd().slice(0, -1)
    // Loggers print a missing message as null, the virtual machine leaves it out.
    return message === '' || message === 'null' ? undefined : message
  }
}

/** What a list of frames became when it was completed last; for shared lists, which come again in the same company. */
const completed = new WeakMap<
  readonly Frame[],
  { readonly enclosing: readonly Frame[]; readonly elided: number; readonly frames: Frame[] }
>()

/** Gives each throwable the frames it has in common with the one that encloses it; `chain` is outermost first. */
function restoreElided(chain: readonly Block[]): void {
  let budget = MAX_RESTORED_FRAMES
  for (const [i, block] of chain.entries()) {
    const enclosing = chain[i - 1]?.frames
    const { elided, frames } = block
    if (enclosing === undefined || elided === 0 || elided > enclosing.length || elided > budget) continue
    budget -= elided
    const last = completed.get(frames)
    if (last?.enclosing === enclosing && last.elided === elided) block.frames = last.frames
    else {
      block.frames = [...frames, ...enclosing.slice(enclosing.length - elided)]
      if (block.isShared) completed.set(frames, { enclosing, elided, frames: block.frames })
    }
  }
}
