/** Compares what a test expects with what came out: differences as data, by dotted path. */
import { isObject } from './paths.js'

export interface Difference {
  /** Dotted path of the place that differs. */
  readonly path: string
  readonly expected: unknown
  /** Undefined when there is nothing. */
  readonly got: unknown
}

/**
 * Differences at `path`. `subset`: only what is expected is compared, and of lists as many elements as are expected;
 * `exact`: anything more is a difference too, where nothing, null, an empty object and an empty list are the same.
 */
export function compareValues(
  path: string,
  expected: unknown,
  got: unknown,
  how: 'subset' | 'exact',
  ignored: readonly string[] = [],
): Difference[] {
  if (ignored.includes(path)) return []
  if (Array.isArray(expected) && Array.isArray(got)) {
    if (how === 'exact' && expected.length !== got.length) return [{ path, expected, got }]
    return expected.flatMap((one, i) => compareValues(`${path}[${i}]`, one, got[i], how, ignored))
  }
  const nothing = how === 'exact' && (isNothing(expected) || isNothing(got))
  if (isObject(expected) ? isObject(got) || nothing : nothing && isObject(got)) {
    const wanted: object = isObject(expected) ? expected : {}
    const held: object = isObject(got) ? got : {}
    const keys = how === 'exact' ? new Set([...Object.keys(wanted), ...Object.keys(held)]) : Object.keys(wanted)
    return [...keys].flatMap((key) =>
      compareValues(path === '' ? key : `${path}.${key}`, ownValue(wanted, key), ownValue(held, key), how, ignored),
    )
  }
  if (how === 'exact' ? isEmpty(expected) && isEmpty(got) : isNothing(expected) && isNothing(got)) return []
  return isSame(expected, got) ? [] : [{ path, expected, got }]
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null
}

/** What the public tests leave out of what they expect: nothing, and lists without elements. */
function isEmpty(value: unknown): boolean {
  return isNothing(value) || (Array.isArray(value) && value.length === 0)
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  // 0.1 + 0.2: results of arithmetic may differ in the last digit.
  // An integer that a number cannot hold is text in a record, so that ids keep their digits.
  if (typeof a === 'number' && typeof b === 'string' && /^-?\d{16,}$/.test(b)) return isSame(a, Number(b))
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= Math.abs(a) * 1e-12
  return false
}

function ownValue(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined
}

/** `status: expected "error", got nothing`. */
export function renderDifference({ path, expected, got }: Difference): string {
  return `${path}: expected ${show(expected)}, got ${show(got)}`
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 200 ? `${text.slice(0, 197)}...` : text
}
