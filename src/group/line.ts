/** What the grouper looks at in one line: its shape as the framer gives it, and what it is by itself. Pure. */
import { ownText, wholeCharacters } from '../core/text.js'

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

/** The rest of a line from `start` on. */
export function behind(line: GroupLine, start: number): GroupLine {
  return {
    ...line,
    start,
    // Looked for only when somebody asks, as in the line itself.
    get alarmed() {
      return line.alarmed
    },
  }
}

const SPACE = 32
const TAB = 9
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
/** Longest line that may end a record of many lines. */
const MAX_END_CHARS = 64
const BYTES_OVER_ASCII = /[\x80-\xff]/
/** `[request-id] [web] ` in front of every line of a tagged logger; tags hold no blanks at their ends. */
const TAGS = /(?:\[[^\]\s][^\]\n]{0,120}\] ){1,6}/y

/** A copy of the line that outlives its chunk, and looks for alarms no more. */
export function kept(line: GroupLine): GroupLine {
  const body = ownText(line.view.slice(line.start, line.end))
  const time = ownText(line.view.slice(line.timeStart, line.timeEnd))
  const end = body.length
  return {
    ...line,
    view: body + time,
    start: 0,
    end,
    alarmed: line.alarmed,
    timeStart: end,
    timeEnd: end + time.length,
  }
}

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

/** Whether a line ends in a colon, so that the next one goes on with it; Ruby puts a class behind a message's first line. */
export function announces(line: string): boolean {
  return /:(?: \([A-Z][\w:]*\))?[ \t\r]*$/.test(line.slice(-MAX_END_CHARS))
}

/** The keys under which JSON lines write a level; `status` is not among them, since a server's answers have one. */
const LEVEL_KEY = /"(?:@?l|@?level|levelname|level_?name|log\.?level|lvl|severity|severity_?text)" ?:/i

/** Whether a JSON line names a level: then it is a logger's own record. */
export function saysLevel({ view, start, end }: GroupLine): boolean {
  return LEVEL_KEY.test(view.slice(start, end))
}

/** Whether the line is `text`, blanks at its end aside; an element's end may be indented as its beginning was. */
export function isLine({ view, start, end }: GroupLine, text: string): boolean {
  if (end - start > MAX_END_CHARS) return false
  const line = view.slice(start, end)
  return (text.startsWith('<') ? line.trim() : line.trimEnd()) === text
}

/** Records of XML layouts: java.util.logging's, Log4j 1's, Log4j 2's, which is indented. */
const XML_RECORD = / {0,8}<(?:(record)>|(log4j:event) |(Event) xmlns="http:\/\/logging\.apache\.org\/)/y

/** The line that will end what begins here, `{` alone on its line or a record of an XML layout; '' for any other. */
export function endOf(view: string, start: number, end: number): string {
  if (view.charCodeAt(start) === OPEN_BRACE)
    return end - start <= MAX_END_CHARS && view.slice(start, end).trimEnd() === '{' ? '}' : ''
  XML_RECORD.lastIndex = start
  const match = XML_RECORD.exec(view)
  return match ? `</${match[1] ?? match[2] ?? match[3]}>` : ''
}

/** The tags at the beginning of a line, the blank behind the last included; '' when there are none. */
export function tagsAt(view: string, start: number, end: number): string {
  if (view.charCodeAt(start) !== 91) return ''
  TAGS.lastIndex = start
  const match = TAGS.exec(view)
  return match && start + match[0].length <= end ? match[0] : ''
}

/** Where to cut the line so that of what begins at `start` at most `room` is left, and no character is cut in two. */
export function cutAt({ view, decoded }: GroupLine, start: number, room: number): number {
  const end = start + room
  if (!decoded) return wholeCharacters(view, start, end)
  // Behind the first half of a surrogate pair.
  return room > 0 && (view.charCodeAt(end - 1) & 0xfc00) === 0xd800 ? end - 1 : end
}

/** Text of UTF-8 bytes that stand as latin1 characters; invalid bytes become U+FFFD. */
export function decode(latin1: string): string {
  return BYTES_OVER_ASCII.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1
}
