/**
 * Stack traces that lost their line ends on the way: rsyslog's `#012#011at`, escaped `\n\tat`, blanks instead, or the
 * separator of a layout that keeps records on one line (`%xEx{separator(|)}`, `%replace(%ex){'[\r\n]+', '\u2028'}`).
 * The text is rewritten into one of the same length with real line ends, so that every offset stays true; the blanks
 * that this leaves at the end of lines are no part of any message.
 */
import type { Traceback } from '../core/shapes.js'

const FRAME_BREAK =
  / {1,8}(?=at [^\s()]{3,400}\([^()]{1,200}\)|Caused by: |Suppressed: |\.\.\. \d{1,6} (?:more|common frames omitted))/g
/** Two frames in a row: one alone may be a place that a sentence mentions. */
const FLAT_FRAMES = /\) {0,8}at [^\s()]{3,400}\([^()]{1,200}\)/
const ESCAPED = /\\n(?:\\t|\t| {1,8})at /
/** What layouts put between the lines; a single CR is what some agents take for a line end within a message. */
const SEPARATOR = /[|\r\u2028](?=\s{0,8}at [^\s()]{3,400}\([^()]{1,200}\))/
const SEPARATED_BREAK =
  /[|\r\u2028](?=\s{0,8}at [^\s()]{3,400}\(|Caused by: |\s{0,8}Suppressed: |\s{0,8}\.\.\. \d{1,6} (?:more|common frames omitted)|$)/g

/** `text` with line ends, of the same length; undefined when it does not look like a flattened trace. */
export function unflatten(text: string): string | undefined {
  if (text.includes('#012') && text.includes('at ')) {
    return text.replaceAll('#015#012', '       \n').replaceAll('#012', '   \n').replaceAll('#011', '   \t')
  }
  if (ESCAPED.test(text)) {
    return text.replaceAll('\\r\\n', '   \n').replaceAll('\\n', ' \n').replaceAll('\\t', ' \t')
  }
  if (isSeparated(text)) return text.replace(SEPARATED_BREAK, '\n')
  if (!FLAT_FRAMES.test(text)) return undefined
  return text.replace(FRAME_BREAK, (blanks) => `${' '.repeat(blanks.length - 1)}\n`)
}

/**
 * Whether a separator stands before a frame. One alone may be anybody's, such as the mark behind a container's name, so that
 * only a traceback with a header counts then.
 */
export function isSeparated(text: string): boolean {
  return SEPARATOR.test(text)
}

/** The traceback that was found in the unflattened `text`, without the blanks at the end of lines. */
export function trimFlat(traceback: Traceback, text: string): Traceback {
  const end = traceback.start + text.slice(traceback.start, traceback.end).trimEnd().length
  return { ...trimMessage(traceback), end, causes: traceback.causes.map(trimMessage) }
}

function trimMessage<T extends { message?: string }>(from: T): T {
  const { message, ...rest } = from
  const trimmed = message
    ?.split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
  return (trimmed ? { ...rest, message: trimmed } : rest) as T
}
