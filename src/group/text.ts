/**
 * The text of an entry while it grows: positions in the framer's view as long as its lines stand there one behind the
 * other, which is nearly always; else parts. What must outlast the view is copied by `keep`.
 */
import { ownText } from '../core/text.js'
import { decode, type GroupLine } from './line.js'

export class GrowingText {
  /** Joined by line ends. */
  #parts: string[] = []
  /** Of the parts so many are copies of our own. */
  #owned = 0
  /** Whether the parts are text; false: bytes as latin1. */
  #decoded = false
  /** Whether all lines so far were ASCII. */
  #ascii = true
  /** Lines that are not in the parts yet: `view.slice(start, end)`. Empty and -1 when there are none. */
  #view = ''
  #start = -1
  #end = -1
  #viewIsText = false

  /** Adds the line's `[start, end)`; a line end stands between it and what is there. */
  add(line: GroupLine, start: number, end: number): void {
    this.#ascii &&= line.ascii
    // The one character between them can only be a line feed: a return would have made the line before it shorter.
    if (start === this.#end + 1 && this.#start >= 0 && line.view === this.#view) {
      this.#end = end
      return
    }
    this.#endView()
    this.#view = line.view
    this.#start = start
    this.#end = end
    this.#viewIsText = line.decoded
  }

  /** The first line as it was added. */
  get firstLine(): string {
    const [text = this.#view.slice(Math.max(0, this.#start), Math.max(0, this.#end))] = this.#parts
    const end = text.indexOf('\n')
    return end < 0 ? text : text.slice(0, end)
  }

  /** Whether the first `length` characters stand at `view[start]`, too. Looks from their end, where times differ. */
  beginsAs(view: string, start: number, length: number): boolean {
    const part = this.#parts[0]
    const text = part ?? this.#view
    const from = part === undefined ? Math.max(0, this.#start) : 0
    for (let i = length - 1; i >= 0; i--) if (text.charCodeAt(from + i) !== view.charCodeAt(start + i)) return false
    return true
  }

  /** The last line as it was added. */
  get lastLine(): string {
    const text = this.#start >= 0 ? this.#view.slice(this.#start, this.#end) : (this.#parts.at(-1) ?? '')
    return text.slice(text.lastIndexOf('\n') + 1)
  }

  /** The whole text, decoded; nothing is left. */
  take(): string {
    this.#endView()
    const parts = this.#parts
    const text = parts.length === 1 ? (parts[0] as string) : parts.join('\n')
    const decoded = this.#decoded || this.#ascii
    this.clear()
    return decoded ? text : decode(text)
  }

  clear(): void {
    if (this.#parts.length > 0) this.#parts = []
    this.#owned = 0
    this.#decoded = false
    this.#ascii = true
    this.#view = ''
    this.#start = this.#end = -1
  }

  /** Lets go of the view: what it holds of the text is copied. */
  keep(): void {
    this.#endView()
    if (this.#owned === this.#parts.length) return
    const fresh = ownText(this.#parts.splice(this.#owned).join('\n'))
    // A list that grew by pushing has room for many more, in each of thousands of files.
    if (this.#owned === 0) this.#parts = [fresh]
    else this.#parts.push(fresh)
    this.#owned = this.#parts.length
  }

  #endView(): void {
    if (this.#start < 0) return
    const text = this.#view.slice(this.#start, this.#end)
    this.#view = ''
    this.#start = this.#end = -1
    // Lines of one entry differ in kind only when the runtime changed between them; text wins then.
    if (this.#parts.length === 0) this.#decoded = this.#viewIsText
    else if (this.#decoded !== this.#viewIsText && !this.#decoded) {
      this.#parts.forEach((part, i) => {
        this.#parts[i] = decode(part)
      })
      this.#decoded = true
    }
    this.#parts.push(this.#decoded && !this.#viewIsText ? decode(text) : text)
  }
}
