import { describe, expect, it } from 'vitest'
import { renderProblem } from '../../src/core/problem.js'
import type { ErrorRecord } from '../../src/core/shapes.js'
import type { ExpectedRecord } from '../../src/remap/definition.js'
import { readRemapperFile } from '../../src/remap/load.js'
import { compareRecord, type EntryOutcome, runTests, testProblems } from '../../src/remap/run-tests.js'

const kept = (record: Partial<ErrorRecord>): EntryOutcome => ({ outcome: 'kept', record })
const dropped: EntryOutcome = { outcome: 'dropped', reason: 'below_error' }

const placed = readRemapperFile(
  `{ source: 'nginx', processors: [], tests: [
  { sample: 'a', result: 'dropped' },
  { name: 'an error is kept', sample: 'b', service: 'shop', result: { status: 'error' } } ] }`,
  'nginx.json5',
).definitions[0]
if (placed === undefined) throw new Error('the remapper of this test does not load')

describe('the tests of a remapper', () => {
  const outcomesOf = (a: readonly EntryOutcome[], b: readonly EntryOutcome[]) =>
    runTests(placed.definition, ({ text }) => (text === 'a' ? a : b)).map(({ failures }) => failures)

  for (const [name, a, b, expected] of [
    ['pass when all is as expected', [dropped], [kept({ status: 'error' })], [[], []]],
    [
      'take a sample of two entries for dropped when both are',
      [dropped, dropped],
      [dropped, kept({ status: 'error' })],
      [[], []],
    ],
    [
      'fail when a sample was kept',
      [kept({ status: 'error' })],
      [kept({ status: 'error' })],
      [['was kept as "error", expected "dropped"'], []],
    ],
    [
      'fail when a sample was dropped, and say why',
      [],
      [dropped],
      [[], ['was dropped (below_error), expected a record']],
    ],
    [
      'fail when a sample became several records',
      [],
      [kept({ status: 'error' }), kept({})],
      [[], ['became 2 records, expected one']],
    ],
    ['fail when the record differs', [], [kept({ status: 'alert' })], [[], ['status: expected "error", got "alert"']]],
  ] as const)
    it(name, () => expect(outcomesOf(a, b)).toEqual(expected))

  it('get the source, the service and the text of the sample', () => {
    const seen: unknown[] = []
    runTests(placed.definition, (sample) => {
      seen.push(sample)
      return []
    })
    expect(seen).toEqual([
      { text: 'a', source: 'nginx', tags: [] },
      { text: 'b', source: 'nginx', service: 'shop', tags: [] },
    ])
  })

  it('become problems at their places', () => {
    const results = runTests(placed.definition, () => [dropped])
    expect(testProblems(results, placed).map(renderProblem)).toEqual([
      'nginx.json5:3:3  an error is kept: was dropped (below_error), expected a record. Each step is shown by: errand explain --source nginx',
    ])
  })
})

describe('an expected record', () => {
  const record: Partial<ErrorRecord> = {
    timestamp: '2026-11-20T10:15:32.123Z',
    status: 'error',
    message: 'm',
    service: 'shop',
    source: 'java',
    trace_id: '77',
    tags: ['team:shop', 'env:prod'],
    logger: { name: 'shop.Orders' },
    error: {
      kind: 'X',
      stack: 'X\n\tat a.b(C.java:1)',
      pre_fingerprint: 'fp1:0',
      frames: [{ function: 'b', line: 1 }, { function: 'c' }],
      inferred: true,
    },
    attributes: { http: { status: 500, method: 'GET' } },
  }
  for (const [name, expected, differing] of [
    ['compares only what it names', { status: 'error', error: { kind: 'X' } }, []],
    ['compares times in any form', { timestamp: Date.UTC(2026, 10, 20, 10, 15, 32, 123) }, []],
    [
      'compares nested attributes, the logger too',
      { attributes: { http: { status: 500 }, logger: { name: 'shop.Orders' } } },
      [],
    ],
    ['compares as many frames as it names', { error: { frames: [{ function: 'b' }] } }, []],
    ['sees another frame', { error: { frames: [{ function: 'b' }, { function: 'd' }] } }, ['error.frames[1].function']],
    ['sees a missing frame', { error: { causes: [{ kind: 'Y' }] } }, ['error.causes']],
    ['finds its tags among others', { tags: ['env:prod'] }, []],
    ['sees a missing tag', { tags: ['env:dev'] }, ['tags']],
    ['knows the trace id and what was inferred', { traceId: '77', inferred: true }, []],
    [
      'sees all differences at once',
      { status: 'alert', service: 'x', timestamp: '2026-11-20', attributes: { http: { status: 404 } } },
      ['status', 'service', 'timestamp', 'attributes.http.status'],
    ],
  ] as const)
    it(name, () => {
      expect(compareRecord(expected as ExpectedRecord, record).map(({ path }) => path)).toEqual(differing)
    })
})
