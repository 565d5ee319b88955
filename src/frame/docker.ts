/**
 * Docker's json-file framing: `{"log":"body\n","stream":"stdout","attrs":{…},"time":"…"}`, one object per line.
 * A `log` without its final newline is a part; the next line of the stream goes on with it.
 * Source: moby, daemon/logger/jsonfilelog/jsonlog/jsonlogbytes.go.
 */
import { type Line, PLAIN, STDERR, STDOUT } from './line.js'

/** Docker writes no blank; tools that write its lines anew may. */
const PREFIX = /\{"log": ?"/y
/** The keys of its lines. */
const KEYS = new Set(['log', 'stream', 'attrs', 'time'])

/**
 * Replaces `line`'s view by the unescaped body, or returns false and leaves it alone (not docker's, or broken JSON:
 * such a line passes on as it is). Stream and time may have been left out on the way: then there must be nothing else
 * but a whole line, or, when it is `known` that docker wrote it, any part of one.
 */
export function frameDocker(line: Line, known: boolean): boolean {
  const { view, start, end } = line
  PREFIX.lastIndex = start
  if (!PREFIX.test(view) || view.charCodeAt(end - 1) !== 125) return false
  let parsed: unknown
  try {
    const raw = view.slice(start, end)
    parsed = JSON.parse(line.decoded ? raw : decodeUtf8(raw))
  } catch {
    return false
  }
  const { log, stream, time } = parsed as { log?: unknown; stream?: unknown; time?: unknown }
  if (typeof log !== 'string') return false
  const whole = log.endsWith('\n')
  const lane = stream === 'stdout' ? STDOUT : stream === 'stderr' ? STDERR : PLAIN
  const complete = typeof time === 'string' && lane !== PLAIN
  if (!complete && !((whole || known) && Object.keys(parsed as object).every((key) => KEYS.has(key)))) return false
  const bodyEnd = whole ? log.length - (log.endsWith('\r\n') ? 2 : 1) : log.length
  line.view = log.slice(0, bodyEnd) + (typeof time === 'string' ? time : '')
  line.start = 0
  line.end = bodyEnd
  line.timeStart = bodyEnd
  line.timeEnd = line.view.length
  line.decoded = true
  line.ascii = false
  line.lane = lane
  line.partial = !whole
  return true
}

/** Text of bytes that stand as latin1 characters; invalid UTF-8 becomes U+FFFD, reading goes on. */
export function decodeUtf8(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1
}
