/** fp1 as data: every list and limit that it is made of, for docs/fp1.json. docs/fingerprint.md says how they are used. */
import { FAMILIES } from './families.js'
import { MAX_COUNTED, PANIC_KIND, PANIC_WORDS, TERSE_WORDS } from './fp1.js'
import { LOOP_WINDOW, MAX_FRAMES, PANIC_FRAME } from './frames.js'
import { GLUE } from './glue.js'
import {
  CARRIERS,
  KIND_REWRITES,
  KIND_REWRITES_OF,
  OVERFLOWS,
  OVERFLOWS_IN_WORDS,
  PLAIN,
  VAGUE,
  VAGUE_IN_ANY_CASE,
} from './kinds.js'
import {
  BASE_REWRITES,
  INSTALLED,
  PACKAGE_REWRITES,
  PACKAGES,
  PATH_REWRITES,
  ROOTS,
  SHARED,
  STANDARD,
} from './modules.js'
import { NAMING } from './naming.js'
import { KEPT, MASKS, MAX_SCANNED, MAX_WORDS } from './template.js'

/** All of fp1's lists. Regular expressions become `{ pattern, flags }`, in ECMAScript's syntax. */
export function specification(): unknown {
  return plain({
    version: 'fp1',
    limits: {
      countedFrames: MAX_COUNTED,
      frames: MAX_FRAMES,
      loopWindow: LOOP_WINDOW,
      messageCharacters: MAX_SCANNED,
      templateWords: MAX_WORDS,
      terseWords: TERSE_WORDS,
    },
    families: FAMILIES,
    kinds: {
      rewrites: KIND_REWRITES,
      rewritesByFamily: KIND_REWRITES_OF,
      vague: VAGUE,
      vagueInAnyCase: VAGUE_IN_ANY_CASE,
      plain: PLAIN,
      carriers: CARRIERS,
      overflows: OVERFLOWS,
      overflowsInWords: OVERFLOWS_IN_WORDS,
    },
    glue: GLUE,
    naming: NAMING,
    modules: {
      path: PATH_REWRITES,
      base: BASE_REWRITES,
      packages: PACKAGES,
      package: PACKAGE_REWRITES,
      standard: STANDARD,
      shared: SHARED,
      installed: INSTALLED,
      roots: ROOTS,
    },
    panics: { kind: PANIC_KIND, words: PANIC_WORDS, frame: PANIC_FRAME },
    // Where a mask may be found at all is for speed, and nobody else's concern.
    masks: MASKS.map(({ holds: _, ...mask }) => mask),
    kept: KEPT,
  })
}

function plain(value: unknown): unknown {
  if (value instanceof RegExp) return { pattern: value.source, flags: value.flags }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}
