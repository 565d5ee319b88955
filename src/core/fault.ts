/**
 * What was thrown, as text for people who read a log: kind, message, frames and causes. Own properties are never shown:
 * errors of clients carry requests with their headers. Never throws, whatever was thrown.
 */
import { visible } from './terminal.js'

/** The fields that pino's readers know. */
export interface Fault {
  readonly type: string
  readonly message: string
  /** Kinds, messages and frames of the error and of what caused it, one a line. */
  readonly stack: string
}

/** Of a message, in characters; it may quote an entry of a log. */
const MOST_MESSAGE = 1000
/** Of one error. */
const MOST_FRAMES = 30
/** Errors that are shown, causes and parts together. */
const MOST_ERRORS = 10
/** Stands for messages as long as it is not known what is secret. */
const LEFT_OUT = '(left out: what the config keeps secret is not known yet)'

/**
 * `hide` blanks what is secret in a text; undefined while that is not known, then no message is shown.
 */
export function describeFault(thrown: unknown, hide: ((text: string) => string) | undefined): Fault {
  const lines: string[] = []
  // Also ends chains that lead back into themselves.
  const seen = new Set<unknown>()
  const add = (one: unknown, how: string, indent: string): void => {
    if (seen.has(one) || seen.size >= MOST_ERRORS) return
    seen.add(one)
    const { type, message, frames } = partsOf(one, hide)
    lines.push(`${indent}${how}${titleOf(type, message)}`, ...frames.map((frame) => `${indent}    ${frame}`))
    const parts = read(one, 'errors')
    if (Array.isArray(parts)) for (const part of parts) add(part, 'one of its errors: ', `${indent}  `)
    const cause = read(one, 'cause')
    if (cause !== undefined) add(cause, 'caused by ', indent)
  }
  add(thrown, '', '')
  const { type, message } = partsOf(thrown, hide)
  return { type, message, stack: lines.join('\n') }
}

/** `TypeError: x is not iterable`. */
export function titleOf(type: string, message: string): string {
  return message === '' ? type : `${type}: ${message}`
}

function partsOf(
  thrown: unknown,
  hide: ((text: string) => string) | undefined,
): { type: string; message: string; frames: readonly string[] } {
  const shown = (text: string) => (hide === undefined ? LEFT_OUT : cut(visible(hide(text))))
  if (typeof thrown === 'string') return { type: 'a text', message: shown(thrown), frames: [] }
  if (!(thrown instanceof Error)) return { type: kindOf(thrown), message: '', frames: [] }
  const [name, message, stack] = (['name', 'message', 'stack'] as const).map((key) => {
    const value = read(thrown, key)
    return typeof value === 'string' ? value : ''
  }) as [string, string, string]
  // A name is part of the program, but anyone may set it.
  const type = /^[\w$.]{1,60}$/.test(name) && (hide?.(name) ?? name) === name ? name : 'Error'
  // The stack begins with the message as it was when the error was made, which may look like frames.
  const told = stack.indexOf(message)
  const behind = told >= 0 ? stack.slice(told + message.length) : stack
  const frames = behind.split('\n').filter((line) => /^ {4}at \S/.test(line))
  return {
    type,
    message: message === '' ? '' : shown(message),
    frames: frames.slice(0, MOST_FRAMES).map((line) => cut(visible(hide?.(line) ?? line)).trim()),
  }
}

/** What it is, when it is neither an error nor a text: its values are not looked at. */
function kindOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null)
    return thrown === null ? 'null' : `a value of type ${typeof thrown}`
  return 'an object that is no error'
}

function cut(text: string): string {
  return text.length > MOST_MESSAGE ? `${text.slice(0, MOST_MESSAGE)}…` : text
}

/** A property, undefined where reading it throws. */
function read(of: unknown, key: string): unknown {
  try {
    return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[key] : undefined
  } catch {
    return undefined
  }
}
