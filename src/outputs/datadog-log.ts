/**
 * One record as a Datadog log. Pure. The stack goes in whole, since Datadog reads frames and causes from it; our parsed
 * frames and causes stay out. A log over 1 MB would be cut by Datadog anywhere, and so is trimmed here where it hurts
 * least: in the middle of its longest texts.
 */
import type { Attributes, ErrorRecord, Value } from '../core/shapes.js'

/** Older logs are answered 202 and dropped. */
export const MAX_LOG_AGE_MS = 18 * 36e5
/** Of one log, in bytes; a little under 1 MB. */
const MAX_LOG_BYTES = 990_000

/** Keys that Datadog reads before or instead of ours: an attribute of that name moves into `attributes`. */
const RESERVED: ReadonlySet<string> = new Set([
  'ddsource',
  'ddtags',
  'host',
  'hostname',
  'service',
  'message',
  'status',
  'timestamp',
  '@timestamp',
  'source',
])

/**
 * The log as JSON. `error.fingerprint` is what Error Tracking groups by, used as it is: the user's own where a rule gave
 * one; else what the application logged under that name; else, with `fingerprint`, our pre-fingerprint; else none, and
 * Datadog groups by its own rules.
 * Source: docs.datadoghq.com, "Error Tracking", Custom grouping.
 */
export function datadogLog(record: ErrorRecord, fingerprint: boolean): string {
  const { error } = record
  const own = error.fingerprint ?? loggedFingerprint(record)
  const ours: Attributes = defined({
    ddsource: record.source,
    ddtags: tagsOf(record).join(','),
    hostname: record.host,
    service: record.service,
    // A log without a message is shown empty in Datadog; the error's own says the most.
    message: record.message ?? error.message ?? error.kind,
    status: record.status,
    timestamp: Date.parse(record.timestamp),
    error: defined({
      kind: error.kind,
      message: error.message,
      stack: error.stack,
      pre_fingerprint: error.pre_fingerprint,
      fingerprint: own ?? (fingerprint ? error.pre_fingerprint : undefined),
      handled: error.handled,
      inferred: error.inferred,
      cut: error.cut,
    }),
    logger: record.logger && defined({ ...record.logger }),
    // The attribute from which Datadog links a log with its trace.
    dd: record.trace_id === undefined ? undefined : { trace_id: record.trace_id },
    git: record.git && (record.git as Attributes),
    container: record.container,
    kubernetes: record.kubernetes,
    log: record.log as Attributes,
    errand: { id: record.id },
  })
  const log = merged(ours, record.attributes ?? {})
  const text = JSON.stringify(log)
  return Buffer.byteLength(text) <= MAX_LOG_BYTES ? text : trimmed(log, ours)
}

/** An application may group its errors itself, as Datadog lets it. */
function loggedFingerprint({ attributes }: ErrorRecord): string | undefined {
  const value = valueAt(attributes ?? {}, ['error', 'fingerprint'])
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `env:prod,version:1.2,…`; Datadog reads git's for links to the source code. */
function tagsOf(record: ErrorRecord): string[] {
  const own: [string, string | undefined][] = [
    ['env', record.env],
    ['version', record.version],
    ['git.commit.sha', record.git?.commit?.sha],
    ['git.repository_url', record.git?.repository_url],
  ]
  const tags = own.flatMap(([key, value]) => (value === undefined ? [] : [`${key}:${value}`]))
  // A comma separates tags, so none may hold one.
  return [...new Set([...tags, ...(record.tags ?? [])])].map((tag) => tag.replaceAll(',', '_'))
}

/** The record's attributes at the root, ours over them; objects on both sides are merged one level deep. */
function merged(ours: Attributes, attributes: Attributes): Attributes {
  const log: Attributes = {}
  const moved: Attributes = {}
  for (const [key, value] of Object.entries(attributes)) {
    const mine = Object.hasOwn(ours, key) ? ours[key] : undefined
    if (RESERVED.has(key)) put(moved, key, value)
    else if (mine === undefined) put(log, key, value)
    else if (isObject(mine) && isObject(value)) put(log, key, { ...value, ...mine })
    else put(moved, key, value)
  }
  if (Object.keys(moved).length > 0) {
    put(log, 'attributes', isObject(log.attributes) ? { ...log.attributes, ...moved } : moved)
  }
  return Object.assign(log, { ...ours, ...overlaps(log, ours) })
}

/** Those of our objects into which attributes were merged already. */
function overlaps(log: Attributes, ours: Attributes): Attributes {
  return Object.fromEntries(Object.entries(log).filter(([key]) => Object.hasOwn(ours, key)))
}

/** The texts that may be shortened, the one that hurts least first. */
const SHORTENED = [['error', 'stack'], ['message'], ['error', 'message']] as const
/** What a shortened text keeps at least, in characters; enough for the frames at both ends. */
const KEPT_CHARACTERS = 32_000

/** Shortens texts, then leaves out the attributes, until the log fits; `errand.cut` names what was touched. */
function trimmed(log: Attributes, ours: Attributes): string {
  const cut: string[] = []
  let current = log
  const rendered = () => JSON.stringify({ ...current, errand: { ...(current.errand as Attributes), cut } })
  let text = rendered()
  for (const path of SHORTENED) {
    const excess = Buffer.byteLength(text) - MAX_LOG_BYTES
    if (excess <= 0) return text
    const value = valueAt(current, path)
    if (typeof value !== 'string' || value.length <= KEPT_CHARACTERS) continue
    cut.push(path.join('.'))
    const size = Buffer.byteLength(JSON.stringify(value))
    // Bytes per character differ along a text: a twentieth off, and the least when that was not enough.
    const keep = Math.floor((value.length * Math.max(0, size - excess) * 0.95) / size)
    for (const characters of [Math.max(keep, KEPT_CHARACTERS), KEPT_CHARACTERS]) {
      current = replaced(current, path, middleCut(value, characters))
      text = rendered()
      if (Buffer.byteLength(text) <= MAX_LOG_BYTES) break
    }
  }
  if (Buffer.byteLength(text) <= MAX_LOG_BYTES) return text
  cut.push('attributes')
  const without = Object.entries(ours).map(([key, value]) => {
    const now = current[key] ?? value
    return [key, isObject(value) ? pickedFrom(now, value) : now] as const
  })
  current = Object.fromEntries(without)
  return rendered()
}

/** The first two thirds and the last third of what is kept, whole code points, with a line between that says so. */
export function middleCut(text: string, keep: number): string {
  if (text.length <= keep) return text
  let head = Math.floor((keep * 2) / 3)
  let tail = text.length - (keep - head)
  if (isHighSurrogate(text.charCodeAt(head - 1))) head--
  if (isHighSurrogate(text.charCodeAt(tail - 1))) tail++
  return `${text.slice(0, head)}\n... ${tail - head} characters cut by errand ...\n${text.slice(tail)}`
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

function valueAt(log: Attributes, path: readonly string[]): Value | undefined {
  let value: Value | undefined = log
  for (const key of path) value = isObject(value) ? value[key] : undefined
  return value
}

function replaced(log: Attributes, [key, ...rest]: readonly string[], value: string): Attributes {
  if (key === undefined) return log
  const inner = log[key]
  return { ...log, [key]: rest.length === 0 ? value : replaced(isObject(inner) ? { ...inner } : {}, rest, value) }
}

/** Those entries of `value` whose keys are in `like`. */
function pickedFrom(value: Value | undefined, like: Value): Attributes {
  if (!isObject(value) || !isObject(like)) return {}
  return Object.fromEntries(Object.entries(value).filter(([key]) => Object.hasOwn(like, key)))
}

function isObject(value: Value | undefined): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets an own key, `__proto__` included. */
function put(target: Attributes, key: string, value: Value): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

/** Without the keys that are undefined. */
function defined(values: Readonly<Record<string, Value | undefined>>): Attributes {
  const present = Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined)
  return Object.fromEntries(present)
}
