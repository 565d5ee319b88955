/** What the config says of how errors are grouped: which frames are the application's. */
import { InAppOverrides, type InAppSettings } from '../trace/in-app-overrides.js'

/** What is absent is not said, and costs nothing. */
export interface Grouping {
  readonly inApp?: InAppOverrides
}

/** Puts together what holds for an input: its own `inApp`, over the config's. */
export function groupingOf(
  own: { readonly index: number; readonly inApp: InAppSettings | undefined } | undefined,
  inApp: InAppSettings | undefined,
): Grouping {
  const overrides = InAppOverrides.of([
    ...(own?.inApp ? [{ name: `inputs[${own.index}].inApp`, settings: own.inApp }] : []),
    ...(inApp ? [{ name: 'inApp', settings: inApp }] : []),
  ])
  return overrides === undefined ? {} : { inApp: overrides }
}
