import { describe, expect, it } from 'vitest'
import { compileRemapper } from '../../src/remap/compile.js'
import { readRemapperFile } from '../../src/remap/load.js'
import { PAIR_CLOCK, readPairTests, runPair } from '../../src/remap/pairs.js'

const PIPELINE = `id: door
metric_id: door
pipeline:
  type: pipeline
  name: Door
  enabled: true
  filter:
    query: source:door
  processors:
    - type: grok-parser
      name: parse
      enabled: true
      source: message
      grok:
        matchRules: |
          door %{date("MMM dd HH:mm:ss"):time} %{word:level} %{number:seconds} %{data:message}
    - type: date-remapper
      sources: [time]
    - type: status-remapper
      sources: [level]
    - type: message-remapper
      sources: [message]
    - type: geo-ip-parser
      sources: [seconds]
      target: place
`
const run = (tests: string, pipeline = PIPELINE) => {
  const placed = readRemapperFile(pipeline, 'door.yaml').definitions[0]
  if (placed === undefined) throw new Error('the pipeline of this test does not load')
  const context = { now: () => PAIR_CLOCK, readTraceback: () => undefined }
  const { remapper } = compileRemapper(placed.definition, context)
  const read = readPairTests(tests, 'door_tests.yaml')
  expect(read.problems).toEqual([])
  return runPair(remapper, placed.definition, read.tests).map(({ failures }) => failures)
}

const SAMPLE = 'May 03 10:00:00 ERROR 2.0 it is stuck'
const test = (result: string) => `id: door
tests:
  - sample: "${SAMPLE}"
    result:
${result.replace(/^/gm, '      ')}`

describe('a pair of the public integrations', () => {
  const good = `custom:
  level: ERROR
  seconds: 2
  time: ${Date.UTC(1971, 4, 3, 10)}
  place: { city: Oslo }
message: it is stuck
status: error
tags: ["source:LOGS_SOURCE"]
timestamp: ${Date.UTC(1971, 4, 3, 10)}`

  it('passes by its own rules: numbers as numbers, what needs a data base left out, the suite at its own clock', () => {
    expect(run(test(good))).toEqual([[]])
  })

  for (const [name, result, expected] of [
    ['an attribute', good.replace('level: ERROR', 'level: WARN'), 'custom.level: expected "WARN", got "ERROR"'],
    [
      'an attribute that is not expected',
      good.replace('  level: ERROR\n', ''),
      'custom.level: expected nothing, got "ERROR"',
    ],
    [
      'an attribute that is missing',
      good.replace('  level', '  more: 1\n  level'),
      'custom.more: expected 1, got nothing',
    ],
    ['the status', good.replace('status: error', 'status: warn'), 'status: expected "warn", got "error"'],
    ['the message', good.replace('stuck', 'open'), 'message: expected "it is open", got "it is stuck"'],
    ['the tags', good.replace('LOGS_SOURCE"', 'LOGS_SOURCE", "a:b"'), 'tags: expected ["a:b"], got []'],
    [
      'a time that none was to set',
      good.replace(/^timestamp: \d+/m, 'timestamp: 1'),
      `timestamp: expected 1, got ${Date.UTC(1971, 4, 3, 10)}`,
    ],
  ] as const)
    it(`sees ${name}`, () => expect(run(test(result))).toEqual([[expected]]))

  it('takes a record without a status for info, and JSON whatever its layout', () => {
    const tests = `id: door
tests:
  - sample: '{"b": 1, "a": null, "status": "error"}'
    service: given
    result:
      custom: { b: 1.0, status: error }
      message: |
        { "status": "error",
          "b": 1 }
      service: given
      timestamp: 1`
    expect(run(tests)).toEqual([[]])
  })

  it('takes a list without elements for nothing, and an id of too many digits for the number it is near', () => {
    const tests = `id: door
tests:
  - sample: '{"a": [], "b": "7375279878905417346", "c": ["7375279878905417346"]}'
    result:
      custom: { b: 7375279878905417346, c: [7375279878905417000] }
`
    expect(run(tests)).toEqual([[]])
    expect(run(tests.replace('b: 7', 'b: 8'))).toEqual([
      ['custom.b: expected 8375279878905418000, got "7375279878905417346"'],
    ])
  })

  it('does not ask for what is moved away from where only the backend writes', () => {
    const pipeline = `${PIPELINE}    - type: attribute-remapper
      sources: [place.city]
      target: town
`
    const pair = test(good.replace('  place', '  town: Oslo\n  place'))
    expect(run(pair)).toEqual([['custom.town: expected "Oslo", got nothing']])
    expect(run(pair, pipeline)).toEqual([[]])
  })

  it('that is none is a problem with its place', () => {
    expect(readPairTests('id: x\ntests: 7\n', 'x_tests.yaml').problems).toMatchObject([
      { place: { file: 'x_tests.yaml', line: 2, column: 8 } },
    ])
  })
})
