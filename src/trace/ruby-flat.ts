/**
 * Backtraces whose line ends were written out on the way: `\n\tfrom` in a JSON string that was escaped twice, rsyslog's
 * `#012#011from`. The text is rewritten into one of the same length, so that every offset stays true.
 */
import type { Traceback } from '../core/shapes.js'

const FLAT_FRAME = /(?:\\n|#012)(?:\\t|#011|[ \t]){0,8}(?:from )?[^\s\\#][^\n\\#]{0,500}?:\d{1,9}:in [`']/
/** What a line end becomes. A frame ends its line, so rsyslog's four characters fill the beginning of the next one. */
const JSON_END = '\r\n'
const SYSLOG_END = '\n   '

/** `text` with line ends, of the same length; undefined when it does not look like a flattened backtrace. */
export function unflatten(text: string): string | undefined {
  if (!text.includes(':in ') || !FLAT_FRAME.test(text)) return undefined
  return text.includes('#012')
    ? text.replaceAll('#012', SYSLOG_END).replaceAll('#011', '   \t')
    : text.replaceAll('\\n', JSON_END).replaceAll('\\t', ' \t')
}

/** What was found in the unflattened `text`, its messages with line ends alone. */
export function trimFlat(traceback: Traceback, text: string): Traceback {
  const end = text.includes(JSON_END) ? JSON_END : SYSLOG_END
  const trimmed = <T extends { message?: string }>(from: T): T =>
    from.message === undefined ? from : { ...from, message: from.message.replaceAll(end, '\n') }
  return { ...trimmed(traceback), causes: traceback.causes.map(trimmed) }
}
