/**
 * Runs the tests that a remapper file holds. Pure: how text becomes records is a parameter, so that the tests run
 * through the same pipeline as production.
 */
import type { Problem } from '../core/problem.js'
import type { ErrorRecord } from '../core/shapes.js'
import { compareValues, type Difference, renderDifference } from './compare.js'
import { parseDate } from './dates.js'
import type { ExpectedRecord, PlacedDefinition, RemapperDefinition, TestDefinition } from './definition.js'

/** What one entry of a sample became. */
export type EntryOutcome =
  | { readonly outcome: 'kept'; readonly record: Partial<ErrorRecord> }
  | { readonly outcome: 'dropped'; readonly reason?: string }

/** What the pipeline makes of a sample: one outcome for each entry that it was grouped into. */
export type RunSample = (sample: {
  readonly text: string
  readonly source?: string
  readonly service?: string
  readonly tags: readonly string[]
}) => readonly EntryOutcome[]

export interface TestResult {
  /** Index of the test in its file. */
  readonly index: number
  /** The test's name, or `sample N`, counted from 1. */
  readonly name: string
  readonly passed: boolean
  /** What happened instead, one sentence each; empty when it passed. */
  readonly failures: readonly string[]
}

/** Runs every test of a definition. */
export function runTests(definition: RemapperDefinition, run: RunSample): TestResult[] {
  return definition.tests.map((test, index) => {
    const outcomes = run({
      text: test.sample,
      tags: test.tags ?? [],
      ...(definition.source === undefined ? {} : { source: definition.source }),
      ...(test.service === undefined ? {} : { service: test.service }),
    })
    const failures = failuresOf(test, outcomes)
    return { index, name: test.name ?? `sample ${index + 1}`, passed: failures.length === 0, failures }
  })
}

/** The failed tests as problems at their places. */
export function testProblems(results: readonly TestResult[], { definition, placeOf }: PlacedDefinition): Problem[] {
  return results
    .filter(({ passed }) => !passed)
    .map(({ index, name, failures }) => ({
      place: placeOf(['tests', index]),
      what: `${name}: ${failures.join('; ')}.`,
      mend: `Each step is shown by: errand explain --source ${definition.source ?? definition.name}`,
      severity: 'error',
    }))
}

function failuresOf({ result }: TestDefinition, outcomes: readonly EntryOutcome[]): string[] {
  const kept = outcomes.filter((outcome) => outcome.outcome === 'kept')
  if (result === 'dropped') return kept.map(({ record }) => `was kept as "${record.status}", expected "dropped"`)
  const [only, ...others] = kept
  if (only === undefined) {
    const reasons = [
      ...new Set(outcomes.map((outcome) => (outcome.outcome === 'dropped' ? outcome.reason : undefined))),
    ]
    const because = reasons.filter((reason) => reason !== undefined).join(', ')
    return [`was dropped${because === '' ? '' : ` (${because})`}, expected a record`]
  }
  if (others.length > 0) return [`became ${kept.length} records, expected one`]
  return compareRecord(result, only.record).map(renderDifference)
}

/** Where a record differs from what a test names of it. */
export function compareRecord(expected: ExpectedRecord, record: Partial<ErrorRecord>): Difference[] {
  const { timestamp, traceId, inferred, attributes, error, tags, ...plain } = expected
  const { logger, ...got } = record
  const differences = compareValues('', plain, got, 'subset')
  if (timestamp !== undefined)
    differences.push(...compareValues('timestamp', parseDate(timestamp), parseDate(record.timestamp), 'subset'))
  if (traceId !== undefined) differences.push(...compareValues('traceId', traceId, record.trace_id, 'subset'))
  if (inferred !== undefined)
    differences.push(...compareValues('inferred', inferred, record.error?.inferred ?? false, 'subset'))
  if (error !== undefined) differences.push(...compareValues('error', error, record.error, 'subset'))
  for (const tag of tags ?? [])
    if (record.tags?.includes(tag) !== true) differences.push({ path: 'tags', expected: tag, got: record.tags })
  if (attributes !== undefined) {
    const held = { ...(logger === undefined ? {} : { logger }), ...record.attributes }
    differences.push(...compareValues('attributes', attributes, held, 'subset'))
  }
  return differences
}
