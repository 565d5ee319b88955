/**
 * The lines of a text, read on demand and kept, without ANSI codes; positions still count in the text as given.
 * Knows whether the text as a whole is a stack, which decides what is a frame.
 */
import { type PrintedFrame, readFrame } from './node-frame.js'
import { LineCursor } from './text.js'

export interface NodeLine {
  /** The line without ANSI codes and line end. */
  readonly text: string
  /** Where the line starts in the whole text. */
  readonly start: number
  /** Just after the line's last character in the whole text, its line end excluded. */
  readonly end: number
  /** How many blanks it begins with. */
  readonly indent: number
}

const ANSI = /\x1b\[[0-9;]*m/g

/** Lines from a position on, by ordinal. Reading line n reads all lines before it, once. */
export class NodeLines {
  readonly text: string
  /** Where in the text the first line starts. */
  readonly from: number
  /** True when the whole text is known to be a browser's stack: lines are frames then that elsewhere would not do. */
  readonly isBrowsers: boolean
  readonly #cursor: LineCursor
  readonly #lines: NodeLine[] = []

  constructor(text: string, from: number, isBrowsers = false) {
    this.text = text
    this.from = from
    this.isBrowsers = isBrowsers
    this.#cursor = new LineCursor(text, from)
  }

  /** Line `i`, or undefined past the end of the text. */
  at(i: number): NodeLine | undefined {
    while (this.#lines.length <= i) {
      const cursor = this.#cursor
      if (cursor.done) return undefined
      const raw = cursor.line
      const text = raw.includes('\x1b') ? raw.replace(ANSI, '') : raw
      this.#lines.push({ text, start: cursor.start, end: cursor.end, indent: indentOf(text) })
      cursor.advance()
    }
    return this.#lines[i]
  }

  /** The text of line `i`; empty past the end. */
  line(i: number): string {
    return this.at(i)?.text ?? ''
  }

  /** The frame of line `i`, or undefined when it is none; `within` says that the line before is a browser's frame. */
  frame(i: number, within = false): PrintedFrame | undefined {
    return readFrame(this.line(i), within || this.isBrowsers)
  }

  /** Where column `column` of line `i`, counted without ANSI codes, stands in the whole text. */
  position(i: number, column: number): number {
    const line = this.at(i)
    if (!line) return this.text.length
    if (line.text.length === line.end - line.start) return line.start + column
    const raw = this.text.slice(line.start, line.end)
    let at = 0
    let left = column
    for (const code of raw.matchAll(ANSI)) {
      if (code.index - at > left) break
      left -= code.index - at
      at = code.index + code[0].length
    }
    return line.start + at + left
  }
}

export function indentOf(line: string): number {
  let i = 0
  while (i < line.length && (line[i] === ' ' || line[i] === '\t')) i++
  return i
}
