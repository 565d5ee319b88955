/**
 * The lines of a text, read on demand and kept, without ANSI codes; positions still count in the text as given.
 */
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
  readonly #cursor: LineCursor
  readonly #lines: NodeLine[] = []

  constructor(text: string, from: number) {
    this.text = text
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
