/**
 * Writing captures into nested attributes: `a.b` nests, `["a b"]` is one name, a name written twice makes a list.
 * Own copies only: a value handed in may become part of the attributes, but is never changed when it came from outside.
 */
import type { Attributes, Value } from '../../core/shapes.js'

/** The segments of an attribute name, outermost first. Empty for the root. */
export type Path = readonly string[]

/** Deepest nesting that text may bring into attributes; what lies deeper is left out. */
export const MAX_DEPTH = 32

/**
 * The segments of a name as grok writes it: `http.status_code`, `field["quoted name"].x`, `["a.b"]`.
 * Undefined when the brackets do not close. Never fails on odd characters: they are part of the name.
 */
export function parsePath(name: string): Path | undefined {
  const segments: string[] = []
  let i = 0
  let plain = ''
  while (i < name.length) {
    const c = name.charAt(i)
    if (c === '[' && (name.charAt(i + 1) === '"' || name.charAt(i + 1) === "'")) {
      const end = name.indexOf(`${name.charAt(i + 1)}]`, i + 2)
      if (end < 0) return undefined
      if (plain !== '') segments.push(plain)
      plain = ''
      segments.push(name.slice(i + 2, end))
      i = end + 2
    } else {
      if (c !== '.') plain += c
      else if (plain !== '') {
        segments.push(plain)
        plain = ''
      }
      i++
    }
  }
  if (plain !== '') segments.push(plain)
  return segments
}

/** True for a map, which a list and null are not. */
export function isMap(value: Value | undefined): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Puts `value` at `path`; a value that is there already becomes a list with it. A scalar in the way gives way. */
export function addAt(attributes: Attributes, path: Path, value: Value): void {
  let map = attributes
  const last = path.length - 1
  for (let i = 0; i < last; i++) {
    const name = path[i] ?? ''
    const inner = own(map, name)
    if (isMap(inner)) map = inner
    else {
      const created: Attributes = {}
      put(map, name, created)
      map = created
    }
  }
  const name = path[last] ?? ''
  const there = own(map, name)
  if (there === undefined) put(map, name, value)
  else if (Array.isArray(there)) put(map, name, [...there, value])
  else put(map, name, [there, value])
}

/** Merges `from` into the map at `path`, which is made where there is none. */
export function mergeAt(attributes: Attributes, path: Path, from: Attributes): void {
  let map = attributes
  for (const name of path) {
    const inner = own(map, name)
    const next: Attributes = isMap(inner) ? inner : {}
    if (next !== inner) put(map, name, next)
    map = next
  }
  merge(map, from)
}

/** Merges `from` into `into`, map into map; elsewhere the newcomer wins. */
export function merge(into: Attributes, from: Attributes, depth = 0): void {
  for (const name of Object.keys(from)) {
    const value = from[name]
    if (value === undefined) continue
    const there = own(into, name)
    if (isMap(there) && isMap(value) && depth < MAX_DEPTH) merge(there, value, depth + 1)
    else put(into, name, value)
  }
}

/**
 * A fresh copy of a parsed value as attributes hold it: names with dots nested, nulls and empty maps left out of maps
 * (nulls stay in lists), undefined when nothing remains.
 */
export function tidy(value: unknown, depth = 0): Value | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return undefined
  if (Array.isArray(value)) {
    const list: Value[] = []
    for (const item of value) {
      const kept = item === null ? null : tidy(item, depth + 1)
      if (kept !== undefined) list.push(kept)
    }
    return list
  }
  const map: Attributes = {}
  let any = false
  for (const [name, item] of Object.entries(value)) {
    const kept = tidy(item, depth + 1)
    if (kept === undefined) continue
    const path = dotted(name)
    if (path === undefined) put(map, name, kept)
    else nest(map, path, kept)
    any = true
  }
  return any ? map : undefined
}

/** The segments of a name with dots, or undefined when it has none or one of them would be empty. */
export function dotted(name: string): Path | undefined {
  if (!name.includes('.')) return undefined
  const path = name.split('.')
  return path.length <= MAX_DEPTH && path.every((segment) => segment !== '') ? path : undefined
}

/** Puts `value` at `path`, joining maps rather than making lists: `{"a": {"x": 1}, "a.y": 2}` is one `a`. */
function nest(map: Attributes, path: Path, value: Value): void {
  let wrapped: Value = value
  for (let i = path.length - 1; i >= 0; i--) wrapped = { [path[i] ?? '']: wrapped }
  if (isMap(wrapped)) merge(map, wrapped)
}

function own(map: Attributes, name: string): Value | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

/** Assigning `__proto__` would change the map's prototype; no log needs such an attribute. */
function put(map: Attributes, name: string, value: Value): void {
  if (name !== '__proto__') map[name] = value
}
