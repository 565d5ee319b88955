/**
 * Datadog's public integrations come as pairs: `NAME.yaml`, a pipeline, and `NAME_tests.yaml`, samples with all that
 * must become of them. This runs a pipeline against its tests by their own rules: the pipeline alone, no preprocessing
 * of reserved attributes, every attribute compared, numbers as numbers.
 */
import { z } from 'zod'
import { zodProblems } from '../config/zod-problems.js'
import type { Problem } from '../core/problem.js'
import { compareValues, type Difference, renderDifference } from './compare.js'
import type { Remapper } from './compile.js'
import { parseDate } from './dates.js'
import type { RemapperDefinition } from './definition.js'
import { parseYaml } from './load.js'
import { parseObject, preprocess } from './preprocess.js'
import type { ProcessorDefinition } from './processor.js'
import type { TestResult } from './run-tests.js'

/** The clock of the public suite: its dates without a year lie in 1970 and 1971. ms since the epoch. */
export const PAIR_CLOCK = Date.UTC(1971, 6, 10)
/** The timestamp that stands for "no processor set one". */
const NO_TIMESTAMP = 1

const resultSchema = z.looseObject({
  custom: z.record(z.string(), z.unknown()).nullish(),
  message: z.string().nullish(),
  status: z.string().nullish(),
  service: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  timestamp: z.union([z.number(), z.string()]).nullish().describe('ms, or ISO 8601.'),
  span_id: z.string().nullish(),
  trace_id: z.union([z.string(), z.number().transform(String)]).nullish(),
})

const pairSchema = z.looseObject({
  id: z.string().optional(),
  tests: z.array(
    z.looseObject({
      sample: z.union([z.string(), z.record(z.string(), z.unknown()).transform((sample) => JSON.stringify(sample))]),
      service: z.string().nullish(),
      tags: z.array(z.string()).nullish(),
      result: z.union([resultSchema.transform((result) => [result]), z.array(resultSchema)]),
    }),
  ),
})

export type PairTest = z.output<typeof pairSchema>['tests'][number]

/** Reads `NAME_tests.yaml`. */
export function readPairTests(text: string, file: string): { tests: readonly PairTest[]; problems: Problem[] } {
  const { value, problems, placeOf } = parseYaml(text, file)
  if (problems.length > 0) return { tests: [], problems }
  const parsed = pairSchema.safeParse(value)
  if (!parsed.success) return { tests: [], problems: zodProblems(parsed.error, placeOf, { input: value }) }
  return { tests: parsed.data.tests, problems: [] }
}

/** Runs the tests of a pair through the compiled pipeline; compile it with `now` at `PAIR_CLOCK`. */
export function runPair(remapper: Remapper, definition: RemapperDefinition, tests: readonly PairTest[]): TestResult[] {
  const ignored = targetsOfBackend(definition.processors).map((target) => `custom.${target}`)
  return tests.map((test, index) => {
    const candidates = test.result.map((result) => pairDifferences(remapper, test, result, ignored))
    // More than one result: any of them will do.
    const failures = candidates.sort((a, b) => a.length - b.length)[0] ?? []
    return {
      index,
      name: `sample ${index + 1}`,
      passed: failures.length === 0,
      failures: failures.map(renderDifference),
    }
  })
}

function pairDifferences(
  remapper: Remapper,
  test: PairTest,
  expected: z.output<typeof resultSchema>,
  ignored: readonly string[],
): Difference[] {
  const record = preprocess(test.sample, {
    source: remapper.source ?? remapper.name,
    reserved: false,
    tags: test.tags ?? [],
    ...(typeof test.service === 'string' ? { service: test.service } : {}),
  })
  remapper.apply(record)

  const { span_id: spanId, ...attributes } = record.attributes
  const custom = typeof expected.span_id === 'string' ? attributes : record.attributes
  const differences = compareValues('custom', expected.custom ?? {}, custom, 'exact', ignored)
  if (typeof expected.span_id === 'string' && expected.span_id !== spanId)
    differences.push({ path: 'span_id', expected: expected.span_id, got: spanId })
  if (typeof expected.message === 'string' && !isSameText(expected.message, record.message))
    differences.push({ path: 'message', expected: expected.message, got: record.message })
  const status = expected.status ?? 'info'
  if (status !== (record.status ?? 'info')) differences.push({ path: 'status', expected: status, got: record.status })
  if (typeof expected.service === 'string' && expected.service !== record.service)
    differences.push({ path: 'service', expected: expected.service, got: record.service })
  const timestamp = parseDate(expected.timestamp) ?? NO_TIMESTAMP
  if (timestamp !== (record.timestamp ?? NO_TIMESTAMP))
    differences.push({ path: 'timestamp', expected: timestamp, got: record.timestamp })
  if (typeof expected.trace_id === 'string' && expected.trace_id.trim() !== (record.traceId ?? ''))
    differences.push({ path: 'trace_id', expected: expected.trace_id, got: record.traceId })
  const tags = (list: readonly string[]) => [...new Set(list)].filter((tag) => !tag.startsWith('source:')).sort()
  if (expected.tags !== undefined && expected.tags !== null)
    differences.push(...compareValues('tags', tags(expected.tags), tags(record.tags), 'exact'))
  return differences
}

/** Whether two messages are the same text, or the same JSON whatever its layout. */
function isSameText(expected: string, got: string): boolean {
  if (expected.trim() === got.trim()) return true
  const a = parseObject(expected)
  const b = parseObject(got)
  return a !== undefined && b !== undefined && compareValues('', a, b, 'exact').length === 0
}

/** What processors write that need a data base which only the backend has, and what is moved away from there. */
function targetsOfBackend(processors: readonly ProcessorDefinition[]): string[] {
  const targets: string[] = []
  const walk = (list: readonly ProcessorDefinition[]) => {
    for (const { type, target, sources, processors: inner } of list) {
      if (type === 'geo-ip-parser' || type === 'user-agent-parser') targets.push(String(target))
      else if (type === 'pipeline') walk(inner as readonly ProcessorDefinition[])
      else if (type === 'attribute-remapper')
        if ((sources as readonly string[]).every((source) => targets.some((base) => source.startsWith(`${base}.`))))
          targets.push(String(target))
    }
  }
  walk(processors)
  return targets
}
