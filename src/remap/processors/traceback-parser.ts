/**
 * Errand's own processor: finds the traceback in the message, or reads the one that a logger stored in an attribute, be
 * it one that nobody named, and fills `error.kind`, `error.message`, `error.stack` and the record's traceback. What the
 * log says of the error outright stays: only a missing kind or message is filled, and a kind that is the same name less
 * qualified.
 */
import { z } from 'zod'
import type { Attributes, LogRecord, Traceback, Value } from '../../core/shapes.js'
import { deletePath, getPath, isObject, isPresent, parsePath, setPath } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'
import { findStoredStack } from '../stored-stack.js'
import { isLessQualified, joinLines, readStructuredError } from '../structured-error.js'

export const tracebackParser = defineProcessor({
  type: 'traceback-parser',
  description: 'Reads the traceback in the message or in an attribute into error.* and frames.',
  schema: z.strictObject({
    type: z.literal('traceback-parser'),
    ...commonSettings,
    source: z
      .string()
      .default('message')
      .describe(
        '`message`: find a traceback in the message and cut it out. A path: the whole attribute is the stack. `*`: whatever attribute holds a stack, where none was found before.',
      ),
    languages: z
      .array(z.string())
      .optional()
      .describe("Traceback languages to try, in order; default the remapper's, else all."),
  }),
  compile({ source, languages }, context) {
    const wanted = languages ?? context.languages
    const { readTraceback } = context
    const takeStored = (record: LogRecord): boolean => {
      const stored = record.traceback ? undefined : findStoredStack(record.attributes, readTraceback, wanted)
      if (stored === undefined) return false
      deletePath(record.attributes, stored.path)
      fill(record, stored.traceback, stored.stack)
      return true
    }
    if (source === 'message')
      return (record) => {
        // Where no message is known, it is the whole JSON line, whose attributes say the same better.
        if (record.message.startsWith('{') && takeStored(record)) return
        const traceback = readTraceback(record.message, 'find', wanted)
        if (traceback !== undefined) cutOut(record, traceback)
      }
    if (source === '*')
      return (record) => {
        if (!record.traceback && !takeStored(record))
          takeErrorText(record, (text) => readTraceback(text, 'read', wanted))
      }
    const path = parsePath(source)
    return (record) => {
      const value = getPath(record.attributes, path)
      if (!isPresent(value)) return
      const text = stackText(value)
      if (text !== undefined) {
        const traceback = readTraceback(text, 'read', wanted)
        if (traceback === undefined) return
        // A list of lines becomes the text that its reader saw.
        if (typeof value !== 'string') setPath(record.attributes, path, text)
        fill(record, traceback, text)
        return
      }
      const structured = readStructuredError(value, readTraceback, wanted)
      if (structured === undefined) return
      if (source === 'error.stack') setPath(record.attributes, path, structured.stack)
      fill(record, structured.traceback, structured.stack)
    }
  },
})

/** Where loggers put an error that is only a text. */
const ERROR_TEXTS = ['error', 'err', 'exception', 'exc']

/** `error: "TypeError: x is not a function"` names a kind and a message, `error: "no answer"` a message. */
function takeErrorText(record: LogRecord, read: (text: string) => Traceback | undefined): void {
  const { attributes } = record
  const key = ERROR_TEXTS.find((one) => typeof attributes[one] === 'string' && attributes[one] !== '')
  const text = key === undefined ? undefined : attributes[key]
  if (key === undefined || typeof text !== 'string' || (key !== 'error' && isPresent(attributes.error))) return
  const found = read(text)
  delete attributes[key]
  attributes.error =
    found?.kind !== undefined && /(?:Error|Exception)$/.test(found.kind)
      ? { kind: found.kind, ...(found.message !== undefined && { message: found.message }) }
      : { message: text }
}

/** Text, or a list of lines as text; undefined for objects and lists of them. */
function stackText(value: Value): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value) || value.length === 0) return undefined
  const lines = value as Value[]
  return lines.every((line) => typeof line === 'string') ? joinLines(lines) : undefined
}

/** Moves a traceback from the message to `error.*`; the message keeps what stood before it. */
function cutOut(record: LogRecord, traceback: Traceback): void {
  const { message } = record
  const before = message.slice(0, traceback.start).trimEnd()
  const stack = message.slice(traceback.start, traceback.end)
  fill(record, traceback, stack)
  record.message = before === '' ? summary(traceback, stack) : before
}

/** `kind: message`, as far as known; else the first line of the stack. */
function summary({ kind, message }: Traceback, stack: string): string {
  const text = [kind, message].filter((part) => part !== undefined && part !== '').join(': ')
  return text === '' ? (stack.trim().split('\n', 1)[0] ?? '').trimEnd() : text
}

function fill(record: LogRecord, traceback: Traceback, stack: string): void {
  record.traceback ??= traceback
  const { attributes } = record
  const present = attributes.error
  // A logger's `error: "boom"` is the error's message.
  const error: Attributes = isObject(present)
    ? present
    : typeof present === 'string' && present !== ''
      ? { message: present }
      : {}
  const { kind, message } = traceback
  if (kind !== undefined && (!isPresent(error.kind) || isLessQualified(error.kind, kind))) error.kind = kind
  if (message !== undefined && message !== '' && !isPresent(error.message)) error.message = message
  if (!isPresent(error.stack)) error.stack = stack
  if (Object.keys(error).length > 0) attributes.error = error
}
