/**
 * Turns pipelines of Datadog's, as its API gives them or as its public integrations write them, into the text of a
 * remapper file: the same processors in the same order, without what is only default, and with a comment where
 * something does not run here. Pure: values in, text out; the tests that stand in the file are the caller's.
 */
import { valueAt } from '../config/schema-walk.js'
import { isErrorStatus } from '../core/shapes.js'
import { Comment, commentLines, renderJson5 } from './json5-text.js'
import type { PairTest } from './pairs.js'
import { isObject } from './paths.js'
import type { Path, ProcessorKind } from './processor.js'
import { processorKind } from './processors/kinds.js'
import { camelKeys } from './spelling.js'

/** One test of the file to be. */
export interface ImportedTest {
  readonly name?: string
  /** The text of the log, lines parted by line ends. */
  readonly sample: string
  readonly service?: string
  readonly tags?: readonly string[]
  readonly result: 'dropped' | Readonly<Record<string, unknown>>
}

/** A pipeline made ready to be written. */
export interface ImportedPipeline {
  readonly name: string
  /** The source whose records it takes, when its filter names one; of several the first. */
  readonly source?: string
  /** Texts that the pipeline's own parsers of the message give as samples, each once. */
  readonly samples: readonly string[]
  /** The remapper as its file says it, without tests; comments stand among the processors. */
  readonly body: Readonly<Record<string, unknown>>
  /** What a reader should know before the first line. */
  readonly remarks: readonly string[]
}

/** Makes one pipeline ready: an object of the API, or an integration's file with its pipeline under `pipeline`. */
export function importPipeline(value: unknown, fallbackName: string): ImportedPipeline {
  const wrapper = isObject(value) ? value : {}
  const raw = camelKeys(isObject(wrapper.pipeline) ? wrapper.pipeline : wrapper)
  const pipeline: Readonly<Record<string, unknown>> = isObject(raw) ? raw : {}
  const filter = isObject(pipeline.filter) ? pipeline.filter : {}
  const query = typeof filter.query === 'string' ? filter.query.trim() : ''
  const { source, others, exact } = sourcesOf(query)
  const name = textOf(pipeline.name) ?? textOf(wrapper.id) ?? source ?? fallbackName
  const remarks: string[] = []
  if (others.length > 0)
    remarks.push(
      `Its filter names these sources too: ${others.join(', ')}. Give their inputs source: "${source}", or copy the remapper.`,
    )
  if (source === undefined) remarks.push('Its filter names no source, so that it takes the records of every source.')
  const processors = Array.isArray(pipeline.processors) ? (pipeline.processors as unknown[]) : []
  return {
    name,
    ...(source === undefined ? {} : { source }),
    samples: samplesOf(processors),
    remarks,
    body: {
      name,
      description: textOf(pipeline.description),
      source,
      filter: exact || query === '' || query === '*' ? undefined : { query },
      enabled: pipeline.enabled === false ? false : undefined,
      alarms: 'every line',
      processors: processors.flatMap(importProcessor),
    },
  }
}

/** What a test of a public integration asks, as a test of a remapper file: what is below error is dropped here. */
export function importPairTest(test: PairTest): ImportedTest {
  const [expected] = test.result
  const status = expected?.status ?? undefined
  const error = isObject(expected?.custom) && isObject(expected.custom.error) ? expected.custom.error : {}
  return {
    sample: oneLine(test.sample),
    ...(typeof test.service === 'string' ? { service: test.service } : {}),
    ...(Array.isArray(test.tags) && test.tags.length > 0 ? { tags: test.tags } : {}),
    result: isErrorStatus(status) ? expectedRecord({ status, error }) : 'dropped',
  }
}

/** The result of a test that a record passes: its status, and what its error is called. */
export function expectedRecord(record: {
  readonly status?: unknown
  readonly error?: unknown
}): Readonly<Record<string, unknown>> {
  const error = isObject(record.error) ? record.error : {}
  const known = Object.entries({ kind: error.kind, message: error.message }).filter(
    ([, one]) => typeof one === 'string',
  )
  return { status: record.status, ...(known.length === 0 ? {} : { error: Object.fromEntries(known) }) }
}

/** A sample as it would stand in a log file: JSON that was laid out for readers is one line there. */
export function oneLine(sample: string): string {
  const text = sample.replace(/\n+$/, '')
  if (!/^\s*\{[\s\S]*\}\s*$/.test(text) || !text.includes('\n')) return text
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  // Line ends of valid JSON stand between its values only; numbers keep their digits this way.
  return text.trim().replace(/\s*\n\s*/g, ' ')
}

/** Lists and keys that are easier to read with one element a line. */
const TALL = new Set(['processors', 'tests', 'matchRules', 'supportRules', 'lookupTable', 'categories', 'mappers'])

/** The text of a remapper file that holds the pipelines and their tests. */
export function renderImport(
  pipelines: readonly { readonly pipeline: ImportedPipeline; readonly tests: readonly ImportedTest[] }[],
): string {
  const remappers = pipelines.map(({ pipeline: { body }, tests }) => ({
    ...body,
    tests: tests.map(({ name, sample, service, tags, result }) => {
      const lines = sample.split('\n')
      return { name, sample: lines.length === 1 ? sample : lines, service, tags, result }
    }),
  }))
  const head = pipelines.flatMap(({ pipeline: { name, remarks } }) => [
    `Datadog's pipeline "${name}": the same processors in the same order.`,
    ...remarks,
  ])
  head.push(
    'Every line is looked at. When every error of this source holds one of a few texts, alarms: ["…"] makes it cheap.',
  )
  const [only] = remappers
  const value = remappers.length === 1 ? only : remappers
  return `${[...head.flatMap(commentLines), renderJson5(value, { tall: TALL })].join('\n')}\n`
}

/** The sources that a filter names. `exact`: it says nothing else. */
function sourcesOf(query: string): { source?: string; others: string[]; exact: boolean } {
  const exact = /^source:(?:"([\w.-]+)"|([\w.-]+))$/.exec(query)
  if (exact !== null) return { source: exact[1] ?? exact[2] ?? '', others: [], exact: true }
  const list = /^source:\(([^()]*)\)$/.exec(query)?.[1]?.split(/\s+OR\s+|\s*\|\|\s*/) ?? []
  const [first, ...others] = list.map((one) => one.trim().replace(/^"(.*)"$/, '$1'))
  if (first !== undefined && list.every((one) => /^\s*"?[\w.-]+"?\s*$/.test(one)))
    return { source: first, others, exact: others.length === 0 }
  // `source:nginx service:shop`; with alternatives or negations the query alone decides.
  const named = [...query.matchAll(/(?:^|[\s(])source:"?([\w.-]+)"?(?=$|[\s)])/g)].map((match) => match[1] ?? '')
  const [one] = named
  if (one === undefined || named.length > 1 || /\bOR\b|\|\||\bNOT\b|[-!]\(/.test(query))
    return { others: [], exact: false }
  return { source: one, others: [], exact: false }
}

/** Why processors of a type are left out. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'geo-ip-parser': 'needs a data base of places',
  'user-agent-parser': 'needs a data base of user agents',
}
/** Settings that say nothing to a remapper. */
const IDLE = ['id', 'tags', 'ocsf']
const FIRST = ['type', 'name', 'description', 'enabled', 'filter', 'source', 'sources', 'target']
const LAST = ['samples', 'grok', 'operation', 'categories', 'mappers', 'processors']

/** A processor as the file says it, after comments on what of it does not run here. */
function importProcessor(raw: unknown): unknown[] {
  if (!isObject(raw) || typeof raw.type !== 'string') return []
  const { type } = raw
  const kind = processorKind(type)
  const called = textOf(raw.name) === undefined ? type : `${type} "${textOf(raw.name)}"`
  const because =
    kind === undefined
      ? 'does not run on a host'
      : typeof raw.lookupEnrichmentTable === 'string'
        ? `needs the reference table "${raw.lookupEnrichmentTable}" of the backend`
        : LEFT_OUT[type]
  if (because !== undefined) return [new Comment(`Left out: ${called} ${because}; the backend can still run it.`)]
  if (kind === undefined) return []

  const settings: Record<string, unknown> = structuredClone(raw)
  for (const key of IDLE) delete settings[key]
  if (textOf(raw.name) === undefined) delete settings.name
  const unknown = removeUnknown(kind.schema, settings)
  const comments = unknown.map((key) => new Comment(`Without "${key}", which a ${type} does not have.`))
  const read = (value: unknown) => {
    const parsed = kind.schema.safeParse(value)
    return parsed.success ? JSON.stringify(parsed.data) : undefined
  }
  const whole = read(settings)
  for (const key of Object.keys(settings)) {
    const { [key]: _, ...without } = settings
    if (whole !== undefined && read(without) === whole) delete settings[key]
  }
  if (isObject(settings.grok)) settings.grok = importRules(settings.grok)
  if (typeof settings.lookupTable === 'string')
    settings.lookupTable = linesOf(settings.lookupTable).map((line) => line.trim())
  if (Array.isArray(settings.processors))
    settings.processors = (settings.processors as unknown[]).flatMap(importProcessor)
  return [...comments, inOrder(settings)]
}

/** Takes the keys away that the schema does not know; what they were called. */
function removeUnknown(schema: ProcessorKind['schema'], settings: Record<string, unknown>): string[] {
  const parsed = schema.safeParse(settings)
  if (parsed.success) return []
  return parsed.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return []
    const object = valueAt(settings, issue.path as Path)
    for (const key of issue.keys) if (isObject(object)) delete (object as Record<string, unknown>)[key]
    return issue.keys
  })
}

/** Grok rules as lists, one rule an element; their comments stay comments. */
function importRules(grok: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rules = (value: unknown) =>
    (typeof value === 'string' ? value.split('\n') : Array.isArray(value) ? value.map(String) : []).flatMap(
      (line): (string | Comment)[] => {
        const rule = line.trimStart().replace(/\r$/, '')
        if (rule.trim() === '') return []
        return rule.startsWith('#') ? [new Comment(rule.slice(1).trim())] : [rule]
      },
    )
  const supportRules = rules(grok.supportRules)
  return { ...(supportRules.length === 0 ? {} : { supportRules }), matchRules: rules(grok.matchRules) }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function inOrder(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rank = (key: string) => {
    if (FIRST.includes(key)) return FIRST.indexOf(key)
    return LAST.includes(key) ? 100 + LAST.indexOf(key) : 50
  }
  return Object.fromEntries(Object.entries(settings).sort(([a], [b]) => rank(a) - rank(b)))
}

/** Samples of the parsers that read the message, also within nested pipelines. */
function samplesOf(processors: readonly unknown[]): string[] {
  const samples = processors.flatMap((processor): string[] => {
    if (!isObject(processor)) return []
    if (Array.isArray(processor.processors)) return samplesOf(processor.processors as unknown[])
    if (processor.type !== 'grok-parser' || (processor.source ?? 'message') !== 'message') return []
    const own = Array.isArray(processor.samples) ? (processor.samples as unknown[]) : []
    return own.filter((sample) => typeof sample === 'string').map(oneLine)
  })
  return [...new Set(samples)].filter((sample) => sample.trim() !== '')
}

/** A text with something in it; numbers count as text. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}
