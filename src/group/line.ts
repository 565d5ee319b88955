/** What the grouper looks at in one line: its shape as the framer gives it, and what it is by itself. Pure. */

/** A line as the framer gives it; the grouper keeps only slices of its view. */
export interface GroupLine {
  readonly view: string
  readonly start: number
  readonly end: number
  readonly decoded: boolean
  /** The view is known to be ASCII: bytes and text are the same. */
  readonly ascii: boolean
  readonly from: number
  readonly to: number
  readonly lane: 0 | 1 | 2
  readonly partial: boolean
  readonly cut: boolean
  readonly alarmed: boolean
  readonly timeStart: number
  readonly timeEnd: number
}

const SPACE = 32
const TAB = 9
const CLOSE_BRACE = 125
/** Longest line that may end a record of many lines. */
const MAX_END_CHARS = 64
const BYTES_OVER_ASCII = /[\x80-\xff]/
/** `[request-id] [web] ` in front of every line of a tagged logger; tags hold no blanks at their ends. */
const TAGS = /(?:\[[^\]\s][^\]\n]{0,120}\] ){1,6}/y

/** One whole JSON object on a line: begins with `{`, ends with `}`, blanks aside. */
export function isJsonLine(view: string, start: number, end: number): boolean {
  let last = end - 1
  while (last > start && (view.charCodeAt(last) === SPACE || view.charCodeAt(last) === TAB)) last--
  if (view.charCodeAt(last) !== CLOSE_BRACE) return false
  let next = start + 1
  while (next < last && view.charCodeAt(next) === SPACE) next++
  const code = view.charCodeAt(next)
  return code === 34 || next === last
}

/** Whether the line is `text`, blanks at its end aside. */
export function isLine({ view, start, end }: GroupLine, text: string): boolean {
  return end - start <= MAX_END_CHARS && view.slice(start, end).trimEnd() === text
}

/** The line that will end what begins here, `{` alone on its line or java.util.logging's `<record>`; '' for any other. */
export function endOf(view: string, start: number, end: number): string {
  if (end - start > MAX_END_CHARS) return ''
  const line = view.slice(start, end).trimEnd()
  return line === '{' ? '}' : line === '<record>' ? '</record>' : ''
}

/** The tags at the beginning of a line, the blank behind the last included; '' when there are none. */
export function tagsAt(view: string, start: number, end: number): string {
  if (view.charCodeAt(start) !== 91) return ''
  TAGS.lastIndex = start
  const match = TAGS.exec(view)
  return match && start + match[0].length <= end ? match[0] : ''
}

/** Text of UTF-8 bytes that stand as latin1 characters; invalid bytes become U+FFFD. */
export function decode(latin1: string): string {
  return BYTES_OVER_ASCII.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1
}
