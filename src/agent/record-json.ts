/**
 * A record as one line of JSON, its error last, in pieces to be put behind each other. A program prints the same few
 * stacks over and over, and they are most of a record: frames, and the lines of the stack that hold them, come from
 * memory as the bytes that they are in the end (a third of the time of a storm of errors; November 2026).
 */
import { rememberedLong } from '../core/remembered.js'
import type { ErrorRecord, Frame } from '../core/shapes.js'

export function recordJson(record: ErrorRecord): (string | Buffer)[] {
  const { error } = record
  const pieces: (string | Buffer)[] = []
  let text = '{'
  for (const key of Object.keys(record) as (keyof ErrorRecord)[]) {
    if (key !== 'error') text += `${JSON.stringify(key)}:${JSON.stringify(record[key])},`
  }
  text += '"error":{'
  for (const key of Object.keys(error) as (keyof ErrorRecord['error'])[]) {
    if (key === 'frames' || key === 'causes') continue
    if (!text.endsWith('{')) text += ','
    if (key === 'stack') text = pushStack(`${text}"stack":"`, error.stack ?? '', pieces)
    else text += `${JSON.stringify(key)}:${JSON.stringify(error[key])}`
  }
  if (error.frames) {
    pieces.push(`${text},"frames":`, listJson(error.frames))
    text = ''
  }
  for (const [i, { frames, ...cause }] of (error.causes ?? []).entries()) {
    text += i === 0 ? ',"causes":[' : ','
    text += JSON.stringify(cause)
    if (!frames) continue
    pieces.push(`${text.slice(0, -1)}${text.endsWith('{}') ? '' : ','}"frames":`, listJson(frames))
    text = '}'
  }
  pieces.push(error.causes ? `${text}]}}` : `${text}}}`)
  return pieces
}

/** Shorter runs of lines are written anew. */
const MIN_RUN_CHARS = 200
const MAX_RUN_CHARS = 16_384
const SPACE = 32
const TAB = 9
const LINE_FEED = 10

/** The inside of the JSON string of a run of lines. */
const runJson = rememberedLong((run) => Buffer.from(JSON.stringify(run).slice(1, -1)), MAX_RUN_CHARS)

/** Puts the stack behind `before`, its runs of indented lines from memory; gives what is to follow the last piece. */
function pushStack(before: string, stack: string, pieces: (string | Buffer)[]): string {
  let text = before
  let written = 0
  for (let at = 0; at < stack.length; ) {
    const end = runEnd(stack, at)
    if (end - at >= MIN_RUN_CHARS && end - at <= MAX_RUN_CHARS) {
      pieces.push(text + inside(stack.slice(written, at)), runJson(stack.slice(at, end)))
      text = ''
      written = end
    }
    at = nextLine(stack, end)
  }
  return `${text}${inside(stack.slice(written))}"`
}

/** End of the last of the indented lines from `start` on, its line end left out; `start` when the first is not indented. */
function runEnd(text: string, start: number): number {
  let end = start
  for (let at = start; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code !== SPACE && code !== TAB) break
    const newline = text.indexOf('\n', at)
    end = newline < 0 ? text.length : newline
    at = end + 1
  }
  return end
}

/** Start of the line behind the one that `at` is in, or at the end of. */
function nextLine(text: string, at: number): number {
  if (text.charCodeAt(at) === LINE_FEED) return at + 1
  const newline = text.indexOf('\n', at)
  return newline < 0 ? text.length : newline + 1
}

function inside(text: string): string {
  return text === '' ? '' : JSON.stringify(text).slice(1, -1)
}

/** JSON of frames and of lists of them: the traceback languages hand out the same ones for the same printed stack. */
const frameTexts = new WeakMap<Frame, string>()
/** Text when a list was seen once, which most languages' lists are; bytes from the second time on. */
const lists = new WeakMap<readonly Frame[], string | Buffer>()

function frameText(frame: Frame): string {
  let written = frameTexts.get(frame)
  if (written === undefined) frameTexts.set(frame, (written = JSON.stringify(frame)))
  return written
}

function listJson(frames: readonly Frame[]): string | Buffer {
  let written = lists.get(frames)
  if (typeof written === 'object') return written
  written = written === undefined ? `[${frames.map(frameText).join(',')}]` : Buffer.from(written)
  lists.set(frames, written)
  return written
}
