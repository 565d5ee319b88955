/**
 * The CRI framing of container runtimes: `<time> <stream> <tags> <body>`, one per line.
 * Finds positions only; decodes nothing. Joining `P` (partial) lines is the grouper's work.
 * Source: kubernetes, pkg/kubelet/kuberuntime/logs/logs.go, parseCRILog.
 */
import { type Line, STDERR, STDOUT } from './line.js'

const T = 84
const SPACE = 32
const MIN_TIME = 20 // 2006-01-02T15:04:05Z
const MAX_TIME = 35 // 2006-01-02T15:04:05.999999999+07:00

/**
 * Narrows `line` to the body of a CRI line, or returns false and leaves it alone.
 * The first of the `:`-separated tags must be exactly P or F: guessing would eat the F of "Failed to bind".
 */
export function frameCri(line: Line): boolean {
  const { view, start, end } = line
  if (end - start < MIN_TIME + 10 || view.charCodeAt(start + 10) !== T) return false
  const timeEnd = view.indexOf(' ', start + MIN_TIME)
  if (timeEnd < 0 || timeEnd > start + MAX_TIME) return false
  const stream = view.startsWith('stdout ', timeEnd + 1)
    ? STDOUT
    : view.startsWith('stderr ', timeEnd + 1)
      ? STDERR
      : undefined
  if (stream === undefined) return false
  const tag = timeEnd + 8
  if (tag >= end) return false
  const first = view[tag]
  const after = view.charCodeAt(tag + 1)
  if ((first !== 'P' && first !== 'F') || !(tag + 1 === end || after === SPACE || after === 58)) return false
  const blank = after === SPACE || tag + 1 >= end ? tag + 1 : view.indexOf(' ', tag)
  line.timeStart = start
  line.timeEnd = timeEnd
  line.lane = stream
  line.partial = first === 'P'
  line.start = blank < 0 || blank >= end ? end : blank + 1
  return true
}
