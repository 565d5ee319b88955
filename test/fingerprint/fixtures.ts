/** The errors of all traceback fixtures, as the inputs of their fingerprints. */
import { readdirSync, readFileSync } from 'node:fs'
import { LANGUAGES } from '../../src/agent/tracebacks.js'
import type { Frame, Traceback } from '../../src/core/shapes.js'
import type { FingerprintInput } from '../../src/fingerprint/fp1.js'
import { markInApp } from '../../src/trace/in-app.js'

const FIXTURES = new URL('../fixtures/trace/', import.meta.url)

export interface Printed {
  readonly language: string
  /** `language/fixture`. */
  readonly name: string
  /** As the runtime or a logger printed it. */
  readonly text: string
  readonly error: FingerprintInput
}

/** What the language reads in the text, undefined where it sees nothing. */
export function errorOf(language: string, text: string): FingerprintInput | undefined {
  const found = LANGUAGES.get(language)?.find(text, 0)
  if (found) markInApp(found)
  return found && inputOf(found)
}

function inputOf({ language, kind, message, frames, causes, uncaught }: Traceback): FingerprintInput {
  return {
    language,
    ...(kind !== undefined && { kind }),
    ...(message !== undefined && { message }),
    frames,
    causes,
    ...(uncaught && { handled: false }),
  }
}

/** Every fixture in which its language finds an error. */
export const printed: readonly Printed[] = [...LANGUAGES.keys()].flatMap((language) => {
  const folder = new URL(`${language}/`, FIXTURES)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt') && !file.startsWith('read-'))
    .flatMap((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8')
      const error = errorOf(language, text)
      return error ? [{ language, name: `${language}/${file.slice(0, -'.txt'.length)}`, text, error }] : []
    })
})

/** The error with every frame of it and of its causes changed. */
export function eachFrame(error: FingerprintInput, change: (frame: Frame) => Frame): FingerprintInput {
  return {
    ...error,
    frames: error.frames.map(change),
    causes: error.causes.map((cause) => ({ ...cause, frames: cause.frames.map(change) })),
  }
}
