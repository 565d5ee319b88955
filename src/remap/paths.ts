/**
 * Attribute paths: `http.url_details.port` names a place in nested attributes. A segment that holds a dot is quoted:
 * `labels."app.kubernetes.io/name"`. Reads never see inherited properties and writes never touch a prototype:
 * the keys come from log lines.
 */
import type { Attributes, LogRecord, Value } from '../core/shapes.js'

export type Path = readonly string[]

/** The segments of a path as a pipeline writes it. An `@` in front belongs to the key (`@timestamp`, Serilog's `@l`). */
export function parsePath(text: string): Path {
  if (!text.includes('"')) return text.split('.')
  const segments: string[] = []
  let segment = ''
  let quoted = false
  for (const char of text) {
    if (char === '"') quoted = !quoted
    else if (char === '.' && !quoted) {
      segments.push(segment)
      segment = ''
    } else segment += char
  }
  segments.push(segment)
  return segments
}

export function isObject(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at `path`, or undefined. A segment of digits also names an element of an array. */
export function getPath(from: Value | undefined, path: Path): Value | undefined {
  let value = from
  for (const segment of path) {
    if (Array.isArray(value))
      value = /^\d{1,9}$/.test(segment) ? (value[Number(segment)] as Value | undefined) : undefined
    else if (isObject(value) && Object.hasOwn(value, segment)) value = value[segment]
    else return undefined
  }
  return value
}

/** Every value at `path`, where an array on the way stands for all its elements; in order. */
export function getAllAtPath(from: Value, path: Path): Value[] {
  let values: Value[] = [from]
  for (const segment of path) {
    const next: Value[] = []
    for (const value of values)
      for (const one of Array.isArray(value) ? (value as Value[]) : [value])
        if (isObject(one) && Object.hasOwn(one, segment)) {
          const found = one[segment]
          if (found !== undefined) next.push(found)
        }
    values = next
  }
  return values
}

/** Sets an own property; `__proto__` is left out, since no reader of a record could tell it from an attack. */
export function setKey(object: Attributes, key: string, value: Value): void {
  if (key !== '__proto__') object[key] = value
}

/**
 * Sets the value at `path` and makes the objects on the way. Something on the way that is no object gives room: an
 * object is worth more than a scalar, which stays under its key `raw`.
 */
export function setPath(attributes: Attributes, path: Path, value: Value): void {
  const last = path.at(-1)
  if (last === undefined) return
  let object = attributes
  for (const segment of path.slice(0, -1)) {
    const inner = Object.hasOwn(object, segment) ? object[segment] : undefined
    if (isObject(inner)) object = inner
    else {
      const made: Attributes = inner === undefined || inner === null ? {} : { raw: inner }
      setKey(object, segment, made)
      object = made
    }
  }
  setKey(object, last, value)
}

/** Deletes the value at `path`, and each object that becomes empty by it. */
export function deletePath(attributes: Attributes, path: Path): void {
  const [segment, ...rest] = path
  if (segment === undefined || !Object.hasOwn(attributes, segment)) return
  if (rest.length > 0) {
    const inner = attributes[segment]
    if (!isObject(inner)) return
    deletePath(inner, rest)
    if (Object.keys(inner).length > 0) return
  }
  delete attributes[segment]
}

/** Puts `from` into `into`, objects into objects; what `from` says wins. */
export function mergeInto(into: Attributes, from: Attributes): void {
  for (const [key, value] of Object.entries(from)) {
    const present = Object.hasOwn(into, key) ? into[key] : undefined
    if (isObject(present) && isObject(value)) mergeInto(present, value)
    else setKey(into, key, value)
  }
}

/** A value as text: what a template, a tag or a lookup sees. Lists are joined by a comma, objects are JSON. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map((one: Value) => textOf(one)).join(',')
  if (isObject(value)) return JSON.stringify(value)
  return String(value)
}

/** Removes the first of `paths` that holds a value other than null, and gives that value as text. */
export function takeFirst(attributes: Attributes, paths: readonly Path[]): string | undefined {
  for (const path of paths) {
    const value = getPath(attributes, path)
    if (value === undefined || value === null) continue
    deletePath(attributes, path)
    return textOf(value)
  }
  return undefined
}

/** Whether a source counts as present: anything but nothing, null and the empty text. */
export function isPresent(value: Value | undefined): value is NonNullable<Value> {
  return value !== undefined && value !== null && value !== ''
}

/**
 * What a processor reads by a path: the attribute, or else the reserved attribute of that name, which the record
 * holds outside its attributes. `custom.type` is another name of the attribute `type`: Datadog keeps attributes there.
 */
export function readSource(record: LogRecord, path: Path): Value | undefined {
  const value = getPath(record.attributes, path)
  if (value !== undefined) return value
  if (path.length === 1) return reservedOf(record, path[0])
  return path[0] === 'custom' ? getPath(record.attributes, path.slice(1)) : undefined
}

/** The reserved attribute `name` of a record. */
export function reservedOf(record: LogRecord, name: string | undefined): Value | undefined {
  switch (name) {
    case 'message':
      return record.message
    case 'source':
    case 'ddsource':
      return record.source
    case 'service':
      return record.service
    case 'host':
      return record.host
    case 'status':
      return record.status
    case 'timestamp':
      return record.timestamp
    case 'trace_id':
      return record.traceId
    default:
      return undefined
  }
}
