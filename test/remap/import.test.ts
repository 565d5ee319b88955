import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse as parseYamlValue } from 'yaml'
import { renderProblem } from '../../src/core/problem.js'
import type { LogRecord } from '../../src/core/shapes.js'
import { compileRemapper } from '../../src/remap/compile.js'
import { type ImportedTest, importPairTest, importPipeline, oneLine, renderImport } from '../../src/remap/import.js'
import { readRemapperFile } from '../../src/remap/load.js'
import { readPairTests } from '../../src/remap/pairs.js'
import { NOW, recordOf, toyTracebacks } from './harness.js'

const TEST: ImportedTest = { sample: '#E 1 x', result: { status: 'error' } }
const imported = (value: unknown, tests: readonly ImportedTest[] = [TEST]) =>
  renderImport([{ pipeline: importPipeline(value, 'file'), tests }])
/** The file's only definition; problems of reading it end the test. */
const definitionOf = (text: string, file: string) => {
  const { definitions, problems } = readRemapperFile(text, file)
  expect(problems.map(renderProblem).filter((problem) => !problem.includes('warning'))).toEqual([])
  const [placed] = definitions
  if (placed === undefined) throw new Error(text)
  return placed.definition
}

/** An own pipeline that holds every form that has to survive: long rules, comments, tables, nesting, defaults, leftovers. */
const INTEGRATION = `id: door
metric_id: door
facets:
  - { path: door.id, source: log }
pipeline:
  type: pipeline
  name: Door
  enabled: true
  filter:
    query: "source:door"
  processors:
    - type: grok-parser
      name: Lines of the door's own "log"
      enabled: true
      source: message
      samples:
        - "#E 17 it's stuck"
        - '{"a": 1}'
      grok:
        supportRules: |
          _id %{integer:door.id}
          _blank_behind #%{word:level} 
        matchRules: |
          # the usual line

          door %{_blank_behind}%{_id} %{data:msg}(, %{data::keyvalue("=","\\\\[\\\\]'")})?
          path %{regex("[^\\"]*\\\\\\\\"):door.path:nullIf("-")}
    - type: lookup-processor
      enabled: true
      source: door.id
      target: door.name
      lookupTable: |-
        1, front
        2,back, left
      defaultLookup: unknown
    - type: attribute-remapper
      name: ""
      enabled: true
      sources: [name]
      target: usr.name
      preserveSource: true
      overrideOnConflict: true
      sourceType: attribute
      targetType: attribute
    - type: geo-ip-parser
      name: Where
      enabled: true
      sources: [ip]
      target: place
    - type: shiny-new-processor
      name: Shine
      enabled: true
    - type: pipeline
      name: Levels
      enabled: true
      filter: { query: "@level:*" }
      processors:
        - type: category-processor
          enabled: true
          target: severity
          categories:
            - filter: { query: "@level:E" }
              name: error
            - filter: { query: '@door.id:[10 TO 20] OR "x*"' }
              name: warning
        - type: string-builder-processor
          enabled: false
          template: "%{door.id}"
          target: never
          replaceMissing: true
    - type: status-remapper
      enabled: true
      sources: [severity]
    - type: message-remapper
      enabled: true
      sources: [msg]
      overrideOnConflict: true
`

describe('an imported pipeline', () => {
  const text = imported(parseYamlValue(INTEGRATION))

  it('reads well: names without quotes, rules a line each, comments where something does not run here', () => {
    expect(text).toMatch(/^\/\/ Datadog's pipeline "Door": the same processors in the same order\.\n/)
    expect(text).toContain("  name: 'Door',\n  source: 'door',\n  alarms: 'every line',\n  processors: [\n")
    expect(text).toContain(
      `          // the usual line\n          'door %{_blank_behind}%{_id} %{data:msg}(, %{data::keyvalue("=","\\\\\\\\[`,
    )
    expect(text).toContain("          '_blank_behind #%{word:level} ',\n")
    expect(text).toContain(
      '    // Left out: geo-ip-parser "Where" needs a data base of places; the backend can still run it.\n',
    )
    expect(text).toContain(
      '    // Left out: shiny-new-processor "Shine" does not run on a host; the backend can still run it.\n',
    )
    expect(text).toContain('    // Without "overrideOnConflict", which a message-remapper does not have.\n')
    expect(text).toContain("      lookupTable: [\n        '1, front',\n        '2,back, left',\n      ],\n")
    expect(text).toContain("        { filter: { query: '@level:E' }, name: 'error' },\n")
    expect(text).not.toMatch(/facets|metric_id|sourceType|enabled: true|supportRules: \[\]/)
  })

  it('is a remapper file without any problem', () => {
    expect(readRemapperFile(text, 'door.json5').problems).toEqual([])
    expect(definitionOf(text, 'door.json5')).toMatchObject({ name: 'Door', source: 'door', origin: 'errand' })
  })

  it('makes the same records as the original', () => {
    const context = { now: () => NOW, readTraceback: toyTracebacks }
    const [before, after] = [definitionOf(INTEGRATION, 'door.yaml'), definitionOf(text, 'door.json5')].map(
      (definition) => compileRemapper(definition, context).remapper,
    )
    const message = fc.oneof(
      fc.string(),
      fc
        .record({
          level: fc.constantFrom('E', 'I', 'W'),
          id: fc.integer({ min: 0, max: 30 }),
          rest: fc.stringMatching(/^[a-z ,=[\]"'\\]{0,20}$/),
        })
        .map(({ level, id, rest }) => `#${level} ${id} ${rest}, name=[it's], b=2`),
      fc.stringMatching(/^[a-z/-]{0,5}\\$/),
    )
    fc.assert(
      fc.property(message, fc.constantFrom('door', 'other'), (line, source) => {
        const records = [before, after].map((remapper): [boolean | undefined, LogRecord] => {
          const record = recordOf({ message: line, source })
          remapper?.apply(record)
          return [remapper?.matches(recordOf({ source })), record]
        })
        expect(records[1]).toEqual(records[0])
      }),
      { numRuns: 500 },
    )
  })

  it('from the API is the same, in its spelling and with its own keys', () => {
    const api = {
      id: 'x1',
      type: 'pipeline',
      name: 'Door',
      is_enabled: false,
      is_read_only: true,
      filter: { query: 'source:door -service:test' },
      processors: [
        {
          type: 'grok-parser',
          name: '',
          is_enabled: true,
          source: 'message',
          samples: [],
          grok: { support_rules: '', match_rules: 'r %{data:x}\r\n' },
        },
        { type: 'lookup-processor', name: 'l', source: 'a', target: 'b', lookup_enrichment_table: 'people' },
        { type: 'arithmetic-processor', is_enabled: true, expression: 'a * 2', target: 'b', is_replace_missing: true },
      ],
    }
    const own = imported(api)
    expect(definitionOf(own, 'api.json5')).toMatchObject({
      name: 'Door',
      source: 'door',
      query: 'source:door -service:test',
      enabled: false,
      processors: [
        { type: 'grok-parser', grok: { matchRules: 'r %{data:x}' } },
        { type: 'arithmetic-processor', replaceMissing: true },
      ],
    })
    expect(own).toContain('// Left out: lookup-processor "l" needs the reference table "people" of the backend;')
    expect(importPipeline(api, 'x').samples).toEqual([])
  })

  it('gives the samples of what reads the message, each once', () => {
    expect(importPipeline(parseYamlValue(INTEGRATION), 'x').samples).toEqual(["#E 17 it's stuck", '{"a": 1}'])
  })

  for (const [query, source, rest, remark] of [
    ['source:nginx', 'nginx', undefined, undefined],
    ['source:"my.app"', 'my.app', undefined, undefined],
    ['source:nginx service:web', 'nginx', 'source:nginx service:web', undefined],
    ['source:(a OR b-c)', 'a', 'source:(a OR b-c)', /b-c/],
    ['source:a OR service:b', undefined, 'source:a OR service:b', /no source/],
    ['-source:a', undefined, '-source:a', /no source/],
    ['service:b', undefined, 'service:b', /no source/],
    ['*', undefined, undefined, /no source/],
  ] as const)
    it(`with the filter ${query} takes ${source ?? 'every source'}`, () => {
      const { source: found, body, remarks } = importPipeline({ filter: { query }, processors: [] }, 'x')
      expect([found, body.filter]).toEqual([source, rest === undefined ? undefined : { query: rest }])
      expect(remarks.join()).toMatch(remark ?? /^$/)
      expect(readRemapperFile(imported({ name: 'x', filter: { query }, processors: [] }), 'x.json5').problems).toEqual(
        [],
      )
    })

  it('of several makes a list', () => {
    const pipelines = ['a', 'b'].map((name) =>
      importPipeline({ name, filter: { query: `source:${name}` }, processors: [] }, 'x'),
    )
    const { definitions, problems } = readRemapperFile(
      renderImport(pipelines.map((pipeline) => ({ pipeline, tests: [TEST] }))),
      'x.json5',
    )
    expect(problems).toEqual([])
    expect(definitions.map(({ definition }) => definition.source)).toEqual(['a', 'b'])
  })

  it('throws on no value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const pipeline = importPipeline({ processors: [value], filter: value, name: value }, 'x')
        expect(renderImport([{ pipeline, tests: [TEST] }])).toContain('processors')
      }),
    )
  })
})

describe('the tests of an imported pipeline', () => {
  it('keep what the pair says: the status and the error of an error, and that the rest is dropped', () => {
    const pair = `id: x
tests:
  - sample: "#E 1 x"
    service: s
    tags: ["a:b"]
    result: { status: critical, message: x, custom: { error: { kind: K, message: m, stack: s } } }
  - sample: |
      first
      second
    result: [{ status: warn }, { status: error }]
  - sample: "no status"
    result: { custom: {} }
`
    const { tests } = readPairTests(pair, 'x_tests.yaml')
    expect(tests.map(importPairTest)).toEqual([
      {
        sample: '#E 1 x',
        service: 's',
        tags: ['a:b'],
        result: { status: 'critical', error: { kind: 'K', message: 'm' } },
      },
      { sample: 'first\nsecond', result: 'dropped' },
      { sample: 'no status', result: 'dropped' },
    ])
    const file = imported({ filter: { query: 'source:x' }, processors: [] }, tests.map(importPairTest))
    expect(file).toContain("sample: ['first', 'second']")
    expect(definitionOf(file, 'x.json5').tests.map(({ sample }) => sample)).toEqual([
      '#E 1 x',
      'first\nsecond',
      'no status',
    ])
  })

  it('have JSON on one line, as it stands in a log, with all its digits', () => {
    expect(oneLine('{\n  "a" : 7375279878905417346,\n  "b\\n" : [ 1 ]\n}\n')).toBe(
      '{ "a" : 7375279878905417346, "b\\n" : [ 1 ] }',
    )
    expect(oneLine('{\nno json\n}')).toBe('{\nno json\n}')
    expect(oneLine('a\n  b')).toBe('a\n  b')
  })
})
