/**
 * Java stack traces, as the virtual machine and the loggers of the JVM print them (Kotlin, Scala and Groovy alike).
 * The grammar of lines is in java-lines.ts, the beginning in java-find.ts, the chain in java-blocks.ts.
 */
import type { Traceback } from '../core/shapes.js'
import { findTraceback, readWhole } from './java-find.js'
import { isSeparated, trimFlat, unflatten } from './java-flat.js'
import { followTraceback } from './java-follow.js'
import { isRuntimePrint } from './java-lines.js'
import type { TraceLanguage } from './language.js'

/**
 * Frames are printed with a tab, with four blanks where tabs were replaced, or behind Dropwizard's mark. A trace without frames, or one that lost
 * its indentation or was flattened, is known by its header: a message follows the class name, or the class is the one
 * that HotSpot throws without frames all the time. `find` returns nothing that holds none of these.
 * ` at `, `Exception` and `.java:` are left out on purpose: sentences, calm log lines and `%F:%L` layouts hold them.
 */
const HINTS = [
  '\tat ',
  '    at ',
  '! at ',
  'Exception:',
  'Error:',
  'Exception in thread "',
  'Caused by: ',
  'NullPointerException',
] as const

export const java: TraceLanguage = {
  name: 'java',
  hints: HINTS,

  find(text, from) {
    return hasHint(text) ? find(text, from) : undefined
  },

  read(stack) {
    const read = readWhole(stack)
    return read && read.frames.length > 0 ? read : (inFlat(stack, readWhole) ?? read)
  },

  follow: followTraceback,

  interrupts: isRuntimePrint,
}

function hasHint(text: string): boolean {
  return HINTS.some((hint) => text.includes(hint))
}

function find(text: string, from: number): Traceback | undefined {
  const found = findTraceback(text, from)
  if (found && (found.frames.length > 0 || found.causes.length > 0)) return found
  return inFlat(text, (flat) => findTraceback(flat, from)) ?? found
}

/** What `read` makes of the text when it is a flattened trace; only one with frames counts. */
function inFlat(text: string, read: (flat: string) => Traceback | undefined): Traceback | undefined {
  const flat = unflatten(text)
  const traceback = flat === undefined ? undefined : read(flat)
  if (flat === undefined || traceback === undefined || traceback.frames.length === 0) return undefined
  if (traceback.kind === undefined && isSeparated(text)) return undefined
  return trimFlat(traceback, flat)
}
