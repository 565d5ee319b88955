/**
 * Walking a text line by line without splitting it: what the traceback languages share.
 * A line is `[start, end)` without its line end (`\n` or `\r\n`); `next` is where the following line starts.
 */
export { remembered, rememberedLong } from '../core/remembered.js'

/** A cursor on one line of a text. Linear: each step scans only the line it steps on. */
export class LineCursor {
  readonly text: string
  /** First character of the line. */
  start = 0
  /** Just after the line's last character, its line end excluded. */
  end = 0
  /** Start of the following line; `text.length` when there is none. */
  next = 0

  /** Stands on the part of a line that begins at `from` (which may be in the middle of a line). */
  constructor(text: string, from = 0) {
    this.text = text
    this.moveTo(from)
  }

  /** The line's text, without its line end. */
  get line(): string {
    return this.text.slice(this.start, this.end)
  }

  /** True when the cursor has stepped past the last line. */
  get done(): boolean {
    return this.start >= this.text.length
  }

  /** Stands on the part of a line that begins at `from`. */
  moveTo(from: number): void {
    const { text } = this
    const newline = text.indexOf('\n', from)
    this.start = Math.min(from, text.length)
    this.next = newline < 0 ? text.length : newline + 1
    this.end = newline < 0 ? text.length : newline
    if (this.end > this.start && text.charCodeAt(this.end - 1) === 0x0d) this.end--
  }

  /** Steps to the following line; false when there is none. */
  advance(): boolean {
    this.moveTo(this.next)
    return !this.done
  }

  /** Steps over lines that are blank; stays when its line is not. */
  skipBlank(): void {
    while (!this.done && isBlank(this.line)) this.advance()
  }
}

/** Start of the line that holds position `at`. */
export function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
}

/** True when `line` is empty or holds only blanks. */
export function isBlank(line: string): boolean {
  return line.trim() === ''
}

/** `line` without ANSI colours and other control sequences (`ESC [ … letter`). */
export function withoutColour(line: string): string {
  return line.includes('\x1b') ? line.replace(/\x1b\[[0-9;?]{0,32}[A-Za-z]/g, '') : line
}

/** Whether `line` begins with a blank or a tab. */
export function isIndented(line: string): boolean {
  const first = line.charCodeAt(0)
  return first === 0x20 || first === 0x09
}

/**
 * Whether a line looks like the beginning of a log record: a date, a time, a level or JSON near its start.
 * A guess, for what follows a traceback that no logger framed.
 */
export function beginsLogLine(line: string): boolean {
  const head = line.slice(0, 80)
  return (
    /^\{ *"/.test(head) ||
    /^[A-Z], \[/.test(head) ||
    /^\[\d/.test(head) ||
    /\b\d{4}[-/]\d\d[-/]\d\d\b|\b\d\d:\d\d:\d\d\b/.test(head) ||
    /(?:^|[\s[(<|])(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|TRACE|SUCCESS)(?:$|[\s\]):>|])/.test(head) ||
    /^(?:level|time|ts|severity)=/.test(head)
  )
}

/** Whether the text holds one of a language's hints at or after `from`: without, there is no traceback to find. */
export function holdsHint(text: string, from: number, hints: readonly string[]): boolean {
  return hints.some((hint) => text.includes(hint, from))
}
