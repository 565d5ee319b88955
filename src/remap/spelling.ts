/**
 * The two spellings of a pipeline: snake_case in Datadog's API, camelCase in its public integrations and here.
 * Values are read in camelCase; places are found in the spelling of the file.
 */
import type { Path } from '../config/json5.js'
import { valueAt } from '../config/schema-walk.js'
import { isObject } from './paths.js'

/** Where the API and the integrations differ by more than the case. */
const ALIASES: Readonly<Record<string, string>> = { isEnabled: 'enabled', isReplaceMissing: 'replaceMissing' }
/** Keys whose contents are the user's own words, or attribute paths. */
const VERBATIM = new Set(['levels', 'tests', 'fallback'])

function camelCase(key: string): string {
  const camel = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return ALIASES[camel] ?? camel
}

/** The value with its keys in camelCase and without nulls, which the API writes for what is not set. */
export function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [camelCase(key), VERBATIM.has(key) ? inner : camelKeys(inner)]),
  )
}

/** A camelCase path in the spelling of the raw value. */
export function spelledAs(raw: unknown, path: Path): Path {
  let value = raw
  return path.map((part) => {
    const object = isObject(value) ? (value as Record<string, unknown>) : undefined
    const key =
      object === undefined || typeof part === 'number' || Object.hasOwn(object, part)
        ? part
        : (Object.keys(object).find((each) => camelCase(each) === part) ?? part)
    value = valueAt(value, [key])
    return key
  })
}
