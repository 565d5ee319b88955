/**
 * V8's linear engine, to which a regular expression is left that backtracks too much. It takes no look-around, no
 * back-reference, no flags i, u and d, and no counts that multiply to more than 16; V8 itself is asked which it takes.
 */
import { setFlagsFromString } from 'node:v8'
import { runWithin } from './budget.js'
import { RegexWriter } from './grok/regex.js'

/** Generous: the engine needs 2 ms for it. Without the engine it would take weeks. */
const PROBE_MS = 2000

let works: boolean | undefined

/**
 * Whether this V8 leaves what backtracks too much to its linear engine. Switches that on and tries it, once: call it, or
 * `isLinear`, before the first pattern is used.
 */
export function linearEngineWorks(): boolean {
  if (works === undefined) {
    setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
    // Lets a pattern ask for the engine by the flag "l", and be refused.
    setFlagsFromString('--enable-experimental-regexp-engine')
    works = runWithin(() => /^(?:(?:a+)+b)$/.test('a'.repeat(50)), PROBE_MS) !== undefined
  }
  return works
}

/** Whether the linear engine takes over when the pattern backtracks too much. A pattern that is none is not. */
export function isLinear(source: string, flags = ''): boolean {
  if (!linearEngineWorks()) return false
  try {
    new RegExp(source, `${flags}l`)
    return true
  } catch {
    return false
  }
}

/**
 * The pattern, rewritten where that is what it takes (large counts are unrolled), so that the linear engine takes it;
 * undefined when it cannot. Where there is no engine, the pattern as it is.
 */
export function linearSource(pattern: string): string | undefined {
  if (!linearEngineWorks() || isLinear(pattern)) return pattern
  const writer = new RegexWriter(
    (text, at) => {
      writer.raw(text.slice(at, at + 2).replace(/[%{]/g, '\\$&'))
      return at + 2
    },
    () => undefined,
  )
  try {
    writer.write(pattern, { i: false, s: false, m: false, x: false })
  } catch {
    return undefined
  }
  return isLinear(writer.source) ? writer.source : undefined
}
