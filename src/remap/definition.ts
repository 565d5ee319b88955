/**
 * What a remapper file says: a Datadog pipeline, as its API (snake_case) or its public integrations (camelCase) write it,
 * and Errand's own keys beside it. Both spellings become one camelCase shape, checked by one schema for each type of
 * processor. All problems at once, each with its place in the spelling of the file.
 */
import { z } from 'zod'
import type { Path, PlaceOf } from '../config/json5.js'
import { knownKeys, valueAt } from '../config/schema-walk.js'
import { sortProblems, zodProblems } from '../config/zod-problems.js'
import { closest, type Problem } from '../core/problem.js'
import type { Attributes, Status } from '../core/shapes.js'
import { linearSource } from './linear.js'
import { isObject } from './paths.js'
import { type ProcessorDefinition, statusSetting } from './processor.js'
import { PROCESSOR_KINDS, processorKind, UNSUPPORTED_TYPES } from './processors/kinds.js'
import { camelKeys, spelledAs } from './spelling.js'

const text = z.union([z.string(), z.number().transform(String)])
const error = z.strictObject({
  kind: z.string().optional(),
  message: z.string().optional(),
  stack: z.string().optional(),
  frames: z.array(z.looseObject({})).optional(),
  causes: z.array(z.looseObject({})).optional(),
})

const testSchema = z.strictObject({
  name: z.string().optional().describe('What the test shows, in a sentence.'),
  sample: z
    .union([z.string(), z.array(z.string()).transform((lines) => lines.join('\n'))])
    .describe('The log text: one entry, as a text or as a list of its lines.'),
  service: z.string().optional().describe('The service the input would give.'),
  tags: z.array(z.string()).optional().describe('The tags the input would give.'),
  result: z
    .union([
      z.literal('dropped'),
      z.strictObject({
        status: statusSetting.optional(),
        message: z.string().optional(),
        service: z.string().optional(),
        host: z.string().optional(),
        timestamp: z.union([z.number(), z.string()]).optional().describe('ms since the epoch, or ISO 8601.'),
        traceId: z.string().optional(),
        inferred: z.boolean().optional(),
        tags: z.array(z.string()).optional(),
        error: error.optional(),
        'error.kind': z.string().optional(),
        'error.message': z.string().optional(),
        'error.stack': z.string().optional(),
        attributes: z.record(z.string(), z.unknown()).optional(),
      }),
    ])
    .describe('`"dropped"`, or what the record must hold; what is not named is not compared.'),
})

/** The keys of a remapper file; its processors are checked one by one. */
export const remapperSchema = z.strictObject({
  id: z.string().optional().describe("Datadog's id; the name where there is none."),
  type: z.literal('pipeline').optional(),
  name: text.optional().describe('What the remapper is called; default its source or id.'),
  description: z.string().optional(),
  tags: z.array(z.string()).optional(),
  order: z.number().optional(),
  isReadOnly: z.boolean().optional(),
  filter: z
    .strictObject({ query: z.string().default('*').describe('A search query: which records the remapper takes.') })
    .optional(),
  enabled: z.boolean().default(true),
  processors: z.array(z.unknown()).describe('Processors in order.'),
  source: z.string().min(1).optional().describe('The source whose records the remapper takes.'),
  alarms: z
    .union([z.literal('every line'), z.array(z.string().min(1))])
    .default('every line')
    .describe('Texts one of which every error of this source holds somewhere in its entry; or "every line".'),
  levels: z
    .record(z.string(), statusSetting)
    .default({})
    .describe("The source's own levels, as it writes them: { SEVERE: 'error', '50': 'error' }."),
  multiline: z
    .strictObject({
      start: z.array(z.string().min(1)).min(1).describe('Regular expressions that match the first line of an entry.'),
    })
    .optional()
    .describe('How entries of several lines begin.'),
  languages: z.array(z.string()).optional().describe('Traceback languages of this source; default all.'),
  detect: z
    .array(z.string().min(1))
    .default([])
    .describe('Regular expressions that match an entry of this source and of no other: how "auto" recognises it.'),
  tests: z.array(testSchema).default([]).describe('Samples and what must become of them.'),
})

/** The keys that only Errand's files have. */
const ERRAND_KEYS = ['source', 'alarms', 'levels', 'multiline', 'languages', 'detect', 'tests'] as const

export interface ExpectedError {
  readonly kind?: string
  readonly message?: string
  readonly stack?: string
  readonly frames?: readonly unknown[]
  readonly causes?: readonly unknown[]
}

/** What a test's record must hold; what is absent is not compared. */
export interface ExpectedRecord {
  readonly status?: Status
  readonly message?: string
  readonly service?: string
  readonly host?: string
  /** ms since the epoch, or ISO 8601. */
  readonly timestamp?: number | string
  readonly traceId?: string
  readonly inferred?: boolean
  readonly tags?: readonly string[]
  readonly error?: ExpectedError
  readonly attributes?: Attributes
}

export interface TestDefinition {
  readonly name?: string
  readonly sample: string
  readonly service?: string
  readonly tags?: readonly string[]
  readonly result: 'dropped' | ExpectedRecord
}

export interface RemapperDefinition {
  readonly name: string
  /** Whether the file is one of Errand's own or a pipeline of Datadog's as it stands. */
  readonly origin: 'errand' | 'datadog'
  readonly source?: string
  /** A search query; absent = all records (of the source). */
  readonly query?: string
  readonly enabled: boolean
  readonly processors: readonly ProcessorDefinition[]
  readonly alarms: readonly string[] | 'every line'
  /** Sources of regular expressions for the first line of an entry. */
  readonly multiline: readonly string[]
  readonly levels: Readonly<Record<string, Status>>
  readonly languages?: readonly string[]
  /** Sources of regular expressions by which `auto` recognises the source. */
  readonly detect: readonly string[]
  readonly tests: readonly TestDefinition[]
}

/** A definition with the places of its parts, in the spelling of its file. */
export interface PlacedDefinition {
  readonly definition: RemapperDefinition
  /** The place of a path of the definition's camelCase shape. */
  readonly placeOf: PlaceOf
}

/**
 * Reads one remapper from a parsed value. `at` is where it stands in its file; `fallbackName` names a remapper that
 * has no name, id or source. A definition with error problems is not returned.
 */
export function readDefinition(
  root: unknown,
  at: Path,
  placeOf: PlaceOf,
  fallbackName: string,
): { placed?: PlacedDefinition; problems: Problem[] } {
  const wrapper = valueAt(root, at)
  // A public integration wraps its pipeline and lists facets beside it.
  const wrapped = isObject(wrapper) && isObject(wrapper.pipeline)
  const base = wrapped ? [...at, 'pipeline'] : at
  const raw = valueAt(root, base)
  const place: PlaceOf = (path, what) => placeOf([...base, ...spelledAs(raw, path)], what)
  const problems: Problem[] = []
  const normal = camelKeys(raw)

  const own = ERRAND_KEYS.some((key) => isObject(normal) && key in normal)
  const check: Check = { place, problems, lenient: !own }

  for (const key of ERRAND_KEYS)
    if (wrapped && key in wrapper) {
      const what = `${key} stands beside the pipeline, where it is not read.`
      problems.push({
        place: placeOf([...at, key], 'key'),
        what,
        mend: 'Move it into the pipeline.',
        severity: 'error',
      })
    }
  const data = parseWith(remapperSchema, normal, [], check)
  const listed = isObject(normal) && Array.isArray(normal.processors) ? (normal.processors as unknown[]) : []
  const processors = checkProcessors(listed, ['processors'], check)
  if (data === undefined) return { problems: sortProblems(problems) }

  const id = data.id ?? (wrapped && typeof wrapper.id === 'string' ? wrapper.id : undefined)
  const name = data.name ?? data.source ?? id ?? fallbackName
  const query = data.filter?.query
  const source = data.source ?? sourceOf(query)
  const namesSource = source !== undefined && sourceOf(query) === source
  const definition: RemapperDefinition = {
    name,
    origin: own ? 'errand' : 'datadog',
    ...(source === undefined ? {} : { source }),
    ...(query === undefined || query.trim() === '*' || namesSource ? {} : { query }),
    enabled: data.enabled,
    processors,
    alarms: data.alarms,
    multiline: data.multiline?.start ?? [],
    levels: data.levels,
    ...(data.languages === undefined ? {} : { languages: data.languages }),
    detect: data.detect,
    tests: data.tests.map(readTest),
  }
  const patterns = [
    ...definition.multiline.map((pattern, i) => [pattern, ['multiline', 'start', i]] as const),
    ...definition.detect.map((pattern, i) => [pattern, ['detect', i]] as const),
  ]
  for (const [pattern, path] of patterns) {
    const wrong = patternProblem(pattern)
    if (wrong === undefined) continue
    const mend = 'Write a regular expression without look-around and back-references, and with small counts only.'
    problems.push({ place: place(path), what: `"${pattern}" ${wrong}.`, mend, severity: 'error' })
  }
  if (own && data.tests.length === 0) {
    const what = `remapper "${name}" has no tests.`
    const mend = 'Add tests: [{ sample: "…", result: "dropped" }] with one sample kept and one dropped at least.'
    problems.push({ place: place(['tests'], 'key'), what, mend, severity: 'error' })
  }
  const broken = problems.some(({ severity }) => severity === 'error')
  return { ...(broken ? {} : { placed: { definition, placeOf: place } }), problems: sortProblems(problems) }
}

interface Check {
  readonly place: PlaceOf
  readonly problems: Problem[]
  /** For pipelines of Datadog's: what they hold that is not known here is left out, with a warning. */
  readonly lenient: boolean
}

/** Checks processors by the schema of their type; those that Errand does not run are kept, but not enabled. */
function checkProcessors(list: readonly unknown[], at: Path, check: Check): ProcessorDefinition[] {
  const { place, problems, lenient } = check
  return list.flatMap((raw, i) => {
    const path = [...at, i]
    const type = isObject(raw) ? raw.type : undefined
    if (!isObject(raw) || typeof type !== 'string') {
      const what = `processor ${i + 1} has no type.`
      problems.push({ place: place(path), what, mend: 'Give it one, e.g. type: "grok-parser".', severity: 'error' })
      return []
    }
    const kind = processorKind(type)
    if (kind === undefined) {
      const problem = unknownType(type, lenient)
      problems.push({ place: place([...path, 'type']), ...problem })
      return problem.severity === 'warning' ? [{ type, enabled: false }] : []
    }
    const definition = parseWith(kind.schema, raw, path, check) as ProcessorDefinition | undefined
    if (definition === undefined) return []
    if (type !== 'pipeline' || !Array.isArray(raw.processors)) return [definition]
    return [{ ...definition, processors: checkProcessors(raw.processors, [...path, 'processors'], check) }]
  })
}

function unknownType(type: string, lenient: boolean): Pick<Problem, 'what' | 'mend' | 'severity'> {
  const types = PROCESSOR_KINDS.map((kind) => kind.type)
  const near = closest(type, types)
  if (UNSUPPORTED_TYPES.includes(type) || (lenient && near === undefined))
    return {
      what: `${type} does not run on the host; the pipeline runs without it.`,
      mend: 'Leave it in the pipeline of the backend.',
      severity: 'warning',
    }
  return {
    what: `"${type}" is not a type of processor.`,
    mend: near === undefined ? `The types are ${types.join(', ')}.` : `Did you mean "${near}"?`,
    severity: 'error',
  }
}

/** What the schema makes of `input`, which stands at `at` in the remapper; its issues become problems. */
function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  at: Path,
  check: Check,
): z.output<Schema> | undefined {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const relative: PlaceOf = (path, what) => check.place([...at, ...path], what)
  const problems = zodProblems(parsed.error, relative, { known: (path) => knownKeys(schema, input, path), input })
  const known = check.lenient ? withoutUnknown(input, parsed.error) : undefined
  const again = known === undefined ? parsed : schema.safeParse(known)
  check.problems.push(
    ...problems.map((problem): Problem => (again.success ? { ...problem, severity: 'warning' } : problem)),
  )
  return again.success ? again.data : undefined
}

/** A copy of `input` without its unknown keys; undefined when they are not all that is wrong. */
function withoutUnknown(input: unknown, error: z.ZodError): unknown {
  const copy: unknown = structuredClone(input)
  for (const issue of error.issues) {
    if (issue.code !== 'unrecognized_keys') return undefined
    const object = valueAt(copy, issue.path as Path)
    for (const key of issue.keys) if (isObject(object)) delete object[key]
  }
  return copy
}

function readTest(test: z.output<typeof testSchema>): TestDefinition {
  const { name, sample, service, tags, result } = test
  const given = {
    ...(name === undefined ? {} : { name }),
    sample,
    ...(service === undefined ? {} : { service }),
    ...(tags === undefined ? {} : { tags }),
  }
  if (result === 'dropped') return { ...given, result }
  const { 'error.kind': kind, 'error.message': message, 'error.stack': stack, error: nested, ...rest } = result
  const merged = withoutUndefined({ kind, message, stack, ...nested })
  const expected = withoutUndefined({ ...rest, error: Object.keys(merged).length === 0 ? undefined : merged })
  return { ...given, result: expected as ExpectedRecord }
}

function withoutUndefined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

/** The source that a filter such as `source:nginx` names. */
function sourceOf(query: string | undefined): string | undefined {
  return /^\s*source:"?([\w.-]+)"?\s*$/.exec(query ?? '')?.[1]
}

function patternProblem(pattern: string): string | undefined {
  if (/\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</.test(pattern)) return 'uses look-around or a back-reference'
  try {
    new RegExp(pattern)
  } catch (problem) {
    return `is not a regular expression: ${problem instanceof Error ? problem.message : String(problem)}`
  }
  return linearSource(pattern) === undefined ? 'holds counts that multiply to too much' : undefined
}
