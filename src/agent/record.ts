/** From a remapped record to what an output ships: identity, fingerprint, enrichment, and nothing that is empty. Pure. */
import { hash } from 'node:crypto'
import type { Attributes, Cause, Entry, ErrorRecord, ErrorStatus, LogRecord, Traceback, Value } from '../core/shapes.js'
import type { Enrichment } from '../enrich/enrichment.js'
import { type FingerprintInput, preFingerprint } from '../fingerprint/fp1.js'
import type { RuleMatch } from '../fingerprint/rules.js'
import { markInApp } from '../trace/in-app.js'
import type { Grouping } from './grouping.js'

/** Attributes that became the record's own fields under whatever name; they are not said twice. */
const SAID_ELSEWHERE = ['level', 'timestamp', '@timestamp', 'service', 'host', 'error', 'logger', 'ddtags'] as const

export interface Origin {
  /** Minted when the file was first seen; never inode or path. */
  readonly fileId: string
  /** As the glob matched it; absent for standard input. */
  readonly path?: string
}

/** First 32 hex digits of SHA-256 over file id, offset and first line: the same bytes give the same id after any replay. */
export function recordId(fileId: string, entry: Entry): string {
  const newline = entry.text.indexOf('\n')
  const firstLine = newline < 0 ? entry.text : entry.text.slice(0, newline)
  return hash('sha256', `${fileId}\n${entry.from}\n${firstLine}`, 'hex').slice(0, 32)
}

export interface BuiltRecord {
  readonly record: ErrorRecord
  readonly fingerprintInput: FingerprintInput
  /** The rule of the config that the record matched. */
  readonly rule?: RuleMatch
}

/** The error record of a kept entry. `now` in ms stands in where neither the log nor the container names a time. */
export function buildRecord(
  record: LogRecord,
  entry: Entry,
  origin: Origin,
  enrichment: Enrichment,
  now: number,
  grouping: Grouping = {},
): BuiltRecord {
  const traceback = tracebackOf(record, grouping)
  const error = errorOf(record.attributes.error)
  const kind = text(error.kind)
  const message = text(error.message)
  const stack = text(error.stack)
  const logger = loggerOf(record.attributes.logger)
  const frames = traceback?.frames ?? []
  const causes = traceback?.causes ?? []
  // A record without a written status is one that the runtime printed; any other went through a logger.
  const handled = record.inferred ? (traceback?.uncaught ? false : undefined) : true
  const fingerprintInput: FingerprintInput = {
    // What has no traceback speaks the language of its source, so that it is the issue that it would be with one.
    language: traceback?.language ?? record.source,
    ...(kind !== undefined && { kind }),
    ...(message !== undefined && { message }),
    frames,
    causes,
    template: record.message,
    ...(logger?.name !== undefined && { logger: logger.name }),
    ...(handled !== undefined && { handled }),
  }
  const attributes = leftOver(record.attributes, error)
  const tags = tagsOf(record, enrichment)
  const env = tagged(record.tags, 'env') ?? enrichment.env
  const version = tagged(record.tags, 'version') ?? enrichment.version
  const host = record.host ?? enrichment.host
  // Field by field, in the order of the contract: an object put together of many small ones takes several times as long.
  const said: Writable<ErrorRecord['error']> = {} as Writable<ErrorRecord['error']>
  if (kind !== undefined) said.kind = kind
  if (message !== undefined) said.message = message
  if (stack !== undefined) said.stack = stack
  said.pre_fingerprint = preFingerprint(fingerprintInput)
  if (frames.length > 0) said.frames = frames
  if (causes.length > 0) said.causes = causes.map(withoutEmptyFrames)
  if (handled !== undefined) said.handled = handled
  if (record.inferred) said.inferred = true
  if (entry.cut) said.cut = true
  const built = {
    id: recordId(origin.fileId, entry),
    timestamp: new Date(validTime(record.timestamp) ?? validTime(entry.time) ?? now).toISOString(),
    status: record.status as ErrorStatus,
  } as Writable<ErrorRecord>
  if (record.message.trim() !== '') built.message = record.message.trimEnd()
  built.service = record.service ?? enrichment.service
  built.source = record.source
  if (host !== undefined) built.host = host
  if (env !== undefined) built.env = env
  if (version !== undefined) built.version = version
  if (tags.length > 0) built.tags = tags
  built.error = said
  if (logger) built.logger = logger
  if (record.traceId !== undefined) built.trace_id = record.traceId
  if (attributes) built.attributes = attributes
  built.log = {
    ...(origin.path !== undefined && { file: { path: origin.path, offset: entry.from } }),
    ...(entry.stream && { stream: entry.stream }),
  }
  const rule = grouping.rules?.match(built)
  if (rule === undefined) return { record: built, fingerprintInput }
  const { fingerprint } = rule
  const ruled = fingerprint === undefined ? built : { ...built, error: { ...built.error, fingerprint } }
  return { record: ruled, fingerprintInput, rule }
}

/** The traceback with every frame marked, by the tables and then by the user. */
function tracebackOf({ traceback }: LogRecord, { inApp }: Grouping): Traceback | undefined {
  if (traceback === undefined) return undefined
  // Frames that a logger wrote as objects, and no language reads, come unmarked.
  markInApp(traceback)
  return inApp === undefined ? traceback : inApp.apply(traceback)
}

type Writable<T> = { -readonly [key in keyof T]: T[key] }

/** What the record says of its error; a logger's `error: "boom"` is the error's message. */
function errorOf(value: Value | undefined): Attributes {
  if (isObject(value)) return value
  const message = text(value)
  return message === undefined ? {} : { message }
}

type RecordCause = NonNullable<ErrorRecord['error']['causes']>[number]

function withoutEmptyFrames(cause: Cause): RecordCause {
  if (cause.frames.length > 0) return cause
  const { frames: _, ...rest } = cause
  return rest
}

/** Date accepts ±8.64e15 ms; anything else is no time. */
function validTime(time: number | undefined): number | undefined {
  return time !== undefined && Math.abs(time) <= 8.64e15 ? time : undefined
}

function tagsOf(record: LogRecord, enrichment: Enrichment): string[] {
  const own = record.tags.filter((tag) => !tag.startsWith('env:') && !tag.startsWith('version:'))
  return [...new Set([...enrichment.tags, ...own])]
}

function tagged(tags: readonly string[], key: string): string | undefined {
  const tag = tags.findLast((one) => one.startsWith(`${key}:`))
  return tag?.slice(key.length + 1) || undefined
}

function loggerOf(value: Value | undefined): ErrorRecord['logger'] | undefined {
  if (typeof value === 'string' && value !== '') return { name: value }
  if (!isObject(value)) return undefined
  const name = text(value.name)
  const thread = text(value.thread_name)
  if (name === undefined && thread === undefined) return undefined
  return { ...(name !== undefined && { name }), ...(thread !== undefined && { thread_name: thread }) }
}

/** Everything else the line said: the attributes without what has a place of its own, without empty things. */
function leftOver(attributes: Attributes, error: Attributes): Attributes | undefined {
  const rest: Attributes = {}
  for (const [key, value] of Object.entries(attributes)) {
    if ((SAID_ELSEWHERE as readonly string[]).includes(key)) continue
    if (!isEmpty(value)) rest[key] = value
  }
  const restOfError = without(error, ['kind', 'message', 'stack'])
  if (restOfError) rest.error = restOfError
  else if (Array.isArray(attributes.error) && !isEmpty(attributes.error)) rest.error = attributes.error
  const { logger } = attributes
  const restOfLogger = isObject(logger) ? without(logger, ['name', 'thread_name']) : undefined
  if (restOfLogger) rest.logger = restOfLogger
  return Object.keys(rest).length > 0 ? rest : undefined
}

function without(object: Attributes, keys: readonly string[]): Attributes | undefined {
  const rest = Object.fromEntries(
    Object.entries(object).filter(([key, value]) => !keys.includes(key) && !isEmpty(value)),
  )
  return Object.keys(rest).length > 0 ? rest : undefined
}

function isEmpty(value: Value): boolean {
  if (value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function text(value: Value | undefined): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isObject(value: Value | undefined): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
