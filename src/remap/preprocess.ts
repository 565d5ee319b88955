/**
 * From an entry's text to a record, before any pipeline: a JSON object becomes the attributes (dotted keys nested, nulls
 * left out), its `message` becomes the message, and the reserved attributes are looked up in Datadog's default lists.
 * Any other text is the message. Pure and total: nested, huge or hostile JSON gives a record.
 * Source: docs.datadoghq.com, logs/log_configuration/pipelines, "Preprocessing".
 */
import type { Attributes, LogRecord, Status, Value } from '../core/shapes.js'
import { parseDate } from './dates.js'
import { getPath, isObject, isPresent, parsePath, setKey } from './paths.js'
import { type Levels, recogniseStatus, SYSLOG_STATUSES } from './status.js'

/** Objects nested deeper than this are kept as JSON text. */
export const MAX_DEPTH = 40
/** A dotted key with more segments than this is kept as one key. */
const MAX_SEGMENTS = 20

const paths = (...texts: string[]) => texts.map(parsePath)
/** Where the reserved attributes are looked for, in order. */
const HOST = paths('host', 'hostname', 'syslog.hostname')
const DATE = paths(
  '@timestamp',
  'timestamp',
  '_timestamp',
  'Timestamp',
  'eventTime',
  'date',
  'published_date',
  'syslog.timestamp',
)
/** Where JSON lines write a status; what looks for alarms in bytes needs the keys too. */
export const statusKeys: readonly string[] = ['status', 'severity', 'level', 'syslog.severity']
const STATUS = paths(...statusKeys)
/** Where loggers write a level that is not looked for by default. */
const LEVELS = paths(
  'log.level',
  'levelname',
  'level_name',
  'loglevel',
  'log_level',
  'lvl',
  'severity_text',
  'severityText',
)
const SERVICE = paths('service', 'syslog.appname', 'dd.service', 'contextMap.dd.service')
const TRACE_ID = paths('dd.trace_id', 'contextMap.dd.trace_id', 'trace_id')
const TAGS: readonly (readonly [string, ReturnType<typeof paths>])[] = [
  ['env', paths('dd.env', 'contextMap.dd.env')],
  ['version', paths('dd.version', 'contextMap.dd.version')],
]

export interface PreprocessOptions {
  /** The remapper source that the input names. */
  readonly source: string
  readonly service?: string
  readonly host?: string
  readonly tags?: readonly string[]
  /** The source's own levels. */
  readonly levels?: Levels
  /** IANA zone of times that name none; default UTC. */
  readonly zone?: string
  /** False leaves status, service, host, date and trace id to the pipeline. Default true. */
  readonly reserved?: boolean
}

/** The record of one entry. A whole-line JSON object may have blanks around it and a carriage return behind. */
export function preprocess(text: string, options: PreprocessOptions): LogRecord {
  const record: LogRecord = { message: text, source: options.source, tags: [...(options.tags ?? [])], attributes: {} }
  if (options.service !== undefined) record.service = options.service
  if (options.host !== undefined) record.host = options.host

  const attributes = parseObject(text)
  if (attributes === undefined) {
    const status = options.reserved === false ? undefined : priorityStatus(text)
    if (status !== undefined) record.status = status
    return record
  }
  record.attributes = attributes

  const message = attributes.message
  if (typeof message === 'string' || typeof message === 'number' || typeof message === 'boolean') {
    record.message = String(message)
    delete attributes.message
  } else if (isObject(message)) {
    // Datadog lifts the keys of a message that is an object; the message stays the whole text.
    delete attributes.message
    for (const [key, value] of Object.entries(message)) put(attributes, [key], value)
  }
  if (options.reserved === false) return record
  readReserved(record, options)
  return record.status === undefined ? (unwrap(record, text, options) ?? record) : record
}

/**
 * A shipper or a runtime may have wrapped the application's own line once more, `{"log":"{\"level\":…}\n","pod":…}`, or
 * put it into a message. Where the wrapping says no level, the line is the record, the rest of the wrapping beside it.
 */
function unwrap(outer: LogRecord, text: string, options: PreprocessOptions): LogRecord | undefined {
  if (LEVELS.some((path) => isPresent(getPath(outer.attributes, path)))) return undefined
  const { log, ...rest } = outer.attributes
  const isWrapped = typeof log === 'string' && outer.message === text
  const line = isWrapped ? log.trimEnd() : outer.message
  if (line === text || (!isWrapped && parseObject(line) === undefined)) return undefined
  const inner = preprocess(line, options)
  for (const [key, value] of Object.entries(isWrapped ? rest : outer.attributes)) put(inner.attributes, [key], value)
  if (inner.timestamp === undefined && outer.timestamp !== undefined) inner.timestamp = outer.timestamp
  return inner
}

/** The attributes of a text that is one JSON object; undefined for any other text. */
export function parseObject(text: string): Attributes | undefined {
  const body = text.trim()
  if (!body.startsWith('{') || !body.endsWith('}')) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return undefined
  }
  return isObject(parsed) ? tidyObject(parsed, 0) : undefined
}

/**
 * What syslog's priority in front of a text says, `<131>` or systemd's `<3>`: the facility times eight and the severity.
 * Notice and info say nothing: that is what `logger` and the journal write where a program says no level.
 */
function priorityStatus(text: string): Status | undefined {
  const priority = text.startsWith('<') ? /^<(\d{1,3})>/.exec(text)?.[1] : undefined
  if (priority === undefined || Number(priority) > 191) return undefined
  const status = SYSLOG_STATUSES[Number(priority) % 8]
  return status === 'notice' || status === 'info' ? undefined : status
}

function readReserved(record: LogRecord, options: PreprocessOptions): void {
  const { attributes } = record
  for (const path of STATUS) {
    const status = recogniseStatus(getPath(attributes, path), options.levels)
    if (status === undefined) continue
    record.status = status
    break
  }
  for (const path of DATE) {
    const value = getPath(attributes, path)
    if (!isPresent(value)) continue
    const time = parseDate(value, { zone: options.zone })
    if (time === undefined) continue
    record.timestamp = time
    break
  }
  const host = firstText(attributes, HOST)
  if (host !== undefined) record.host = host
  const service = firstText(attributes, SERVICE)
  if (service !== undefined) record.service = service
  const traceId = firstText(attributes, TRACE_ID)
  if (traceId !== undefined) record.traceId = traceId
  for (const [tag, from] of TAGS) {
    const value = firstText(attributes, from)
    if (value !== undefined) record.tags.push(`${tag}:${value.toLowerCase()}`)
  }
  const tags = attributes.ddtags
  if (typeof tags === 'string')
    for (const tag of tags.split(',')) if (tag.trim() !== '') record.tags.push(tag.trim().toLowerCase())
}

function firstText(attributes: Attributes, from: readonly (readonly string[])[]): string | undefined {
  for (const path of from) {
    const value = getPath(attributes, path)
    if (typeof value === 'number') return String(value)
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

/** Nests dotted keys and leaves nulls out of objects. Objects that need neither are kept as they are. */
function tidyObject(object: Attributes, depth: number): Attributes {
  let tidy = true
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value === null || key === '__proto__' || segmentsOf(key) !== undefined) tidy = false
    else if (typeof value === 'object') object[key] = tidyValue(value, depth + 1)
  }
  if (tidy) return object

  const nested: Attributes = {}
  for (const [key, value] of Object.entries(object)) {
    if (value === null || key === '__proto__') continue
    const segments = segmentsOf(key)
    put(nested, segments ?? [key], segments === undefined ? value : tidyValue(value, depth + segments.length))
  }
  return nested
}

function tidyValue(value: Value, depth: number): Value {
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) return jsonText(value)
  if (Array.isArray(value)) return value.map((one: Value) => tidyValue(one, depth + 1))
  return tidyObject(value as Attributes, depth)
}

/** The segments of a dotted key, or undefined when the key is to stay one key. */
function segmentsOf(key: string): readonly string[] | undefined {
  if (!key.includes('.')) return undefined
  const segments = key.split('.')
  if (segments.length > MAX_SEGMENTS || segments.some((one) => one === '' || one === '__proto__')) return undefined
  return segments
}

/**
 * Puts a value where its dotted key says. Two keys may meet there: objects merge; an object beats a scalar, which stays
 * as its `raw`; of two scalars the first stays.
 */
function put(into: Attributes, path: readonly string[], value: Value): void {
  const [key, ...rest] = path
  if (key === undefined) return
  const present = Object.hasOwn(into, key) ? into[key] : undefined
  if (rest.length > 0) {
    const inner: Attributes = isObject(present) ? present : {}
    if (!isObject(present)) {
      if (present !== undefined) inner.raw = present
      setKey(into, key, inner)
    }
    put(inner, rest, value)
  } else if (present === undefined) setKey(into, key, value)
  else if (isObject(present)) {
    if (isObject(value))
      for (const [innerKey, innerValue] of Object.entries(value)) put(present, [innerKey], innerValue)
    else put(present, ['raw'], value)
  } else if (isObject(value)) {
    setKey(into, key, value)
    put(into, [key], present)
  }
}

function jsonText(value: Value): string {
  try {
    return JSON.stringify(value)
  } catch {
    return '(nested too deep)'
  }
}
