/**
 * .NET and Mono stack traces (C#, F#, Visual Basic), as the runtimes and their loggers print them.
 * The grammar of lines is in csharp-lines.ts, the beginning in csharp-find.ts, the chain in csharp-blocks.ts.
 */
import type { Traceback } from '../core/shapes.js'
import { findTraceback, readWhole } from './csharp-find.js'
import { followTraceback } from './csharp-follow.js'
import { parseCrash } from './csharp-lines.js'
import type { TraceLanguage } from './language.js'

/**
 * Frames are printed with two or three blanks before `at`; Windows in another language has another word there, but the
 * exception's type is then called so. What the runtime prints without an exception begins with the words below.
 */
const HINTS = [
  '  at ',
  '\tat ',
  'Exception',
  'Unhandled exception',
  ' ---> ',
  'FATAL UNHANDLED',
  'Process terminated.',
  'Stack overflow.',
  'Fatal error. ',
] as const

export const csharp: TraceLanguage = {
  name: 'csharp',
  hints: HINTS,

  find(text, from) {
    if (!HINTS.some((hint) => text.includes(hint))) return undefined
    const found = findTraceback(text, from)
    return found && found.frames.length > 0 ? found : (inFlat(text, (flat) => findTraceback(flat, from)) ?? found)
  },

  read(stack) {
    const read = readWhole(stack)
    return read && read.frames.length > 0 ? read : (inFlat(stack, readWhole) ?? read)
  },

  follow: followTraceback,

  interrupts(line) {
    return parseCrash(line) !== undefined
  },
}

/** What `read` makes of the text when line ends were lost in it; only a trace with frames or causes counts. */
function inFlat(text: string, read: (flat: string) => Traceback | undefined): Traceback | undefined {
  const flat = unflatten(text)
  const traceback = flat === undefined ? undefined : read(flat)
  return traceback && (traceback.frames.length > 0 || traceback.causes.length > 0) ? traceback : undefined
}

/** A line end that became a blank (the console logger's single line), or that was written as an escape. */
const LOST_END = /(?: |\\r\\n|\\n|#015#012|#012)(?= {2,12}at [^\s(]| ---> | {3}--- |--- End of | {0,8}---> \()/g

/** The text with its line ends restored and no character moved, or undefined when none are missing. */
function unflatten(text: string): string | undefined {
  if (!/(?: |\\n|#012) {2,12}at /.test(text) && !text.includes('  ---> ')) return undefined
  const flat = text.replace(LOST_END, (lost) => '\n'.padStart(lost.length, ' '))
  return flat === text ? undefined : flat
}
