/**
 * What the config says of how errors are grouped: which frames are the application's, and fingerprints of the user's own.
 * The bridge between `trace`, `fingerprint` and the search of `remap`, which do not know each other.
 */
import type { PlaceOf } from '../config/json5.js'
import type { Problem } from '../core/problem.js'
import { FingerprintRules, type FingerprintSettings } from '../fingerprint/rules.js'
import { compileQuery } from '../remap/query/query.js'
import { InAppOverrides, type InAppSettings } from '../trace/in-app-overrides.js'

/** Both are absent where the config says nothing: then they cost nothing. */
export interface Grouping {
  readonly inApp?: InAppOverrides
  readonly rules?: FingerprintRules
}

/** The rules of `fingerprint`, and what is wrong with them. */
export function compileRules(
  settings: FingerprintSettings,
  placeOf: PlaceOf,
): { rules?: FingerprintRules; problems: Problem[] } {
  return FingerprintRules.compile(settings, placeOf, compileQuery)
}

/** Puts together what holds for an input: its own `inApp`, over the config's, and the rules. */
export function groupingOf(
  own: { readonly index: number; readonly inApp: InAppSettings | undefined } | undefined,
  inApp: InAppSettings | undefined,
  rules: FingerprintRules | undefined,
): Grouping {
  const overrides = InAppOverrides.of([
    ...(own?.inApp ? [{ name: `inputs[${own.index}].inApp`, settings: own.inApp }] : []),
    ...(inApp ? [{ name: 'inApp', settings: inApp }] : []),
  ])
  return { ...(overrides && { inApp: overrides }), ...(rules && { rules }) }
}
