import { describe, expect, it } from 'vitest'
import { renderProblem } from '../../src/core/problem.js'
import { readRemapperFile } from '../../src/remap/load.js'

const said = (text: string, file = 'nginx.json5') => readRemapperFile(text, file).problems.map(renderProblem)
const definitionOf = (text: string, file = 'nginx.json5') => {
  const { definitions, problems } = readRemapperFile(text, file)
  expect(problems).toEqual([])
  return definitions[0]?.definition
}

const API = `{
  "id": "abc", "type": "pipeline", "name": "nginx", "is_enabled": true, "is_read_only": false,
  "filter": { "query": "source:nginx" },
  "processors": [
    { "type": "grok-parser", "name": "p", "is_enabled": true, "source": "message", "samples": ["x"],
      "grok": { "match_rules": "r %{data:a}", "support_rules": "" } },
    { "type": "attribute-remapper", "is_enabled": false, "sources": ["a"], "source_type": "attribute", "target": "b",
      "target_type": "attribute", "target_format": null, "preserve_source": true, "override_on_conflict": false },
    { "type": "arithmetic-processor", "is_enabled": true, "expression": "a * 2", "target": "c", "is_replace_missing": true },
    { "type": "pipeline", "name": "inner", "is_enabled": true, "filter": { "query": "@a:1" },
      "processors": [ { "type": "lookup-processor", "is_enabled": true, "source": "a", "target": "d",
        "lookup_table": ["1,one"], "default_lookup": "none" } ] }
  ]
}`

const YAML = `id: nginx
metric_id: nginx
backend_only: false
facets:
  - groups: [Web]
    name: a
    path: a
    source: log
pipeline:
  type: pipeline
  name: nginx
  enabled: true
  filter:
    query: source:nginx
  processors:
    - type: grok-parser
      name: p
      enabled: true
      source: message
      samples: [x]
      grok:
        matchRules: r %{data:a}
        supportRules: ""
    - type: attribute-remapper
      enabled: false
      sources: [a]
      sourceType: attribute
      target: b
      targetType: attribute
      preserveSource: true
      overrideOnConflict: false
    - name: by two
      enabled: true
      expression: a * 2
      target: c
      replaceMissing: true
      type: arithmetic-processor
    - type: pipeline
      name: inner
      enabled: true
      filter:
        query: "@a:1"
      processors:
        - type: lookup-processor
          enabled: true
          source: a
          target: d
          lookupTable: |-
            1,one
          defaultLookup: none
`

describe('a pipeline of Datadog', () => {
  it('means the same in the spelling of the API and in that of the public integrations', () => {
    const api = definitionOf(API)
    const yaml = definitionOf(YAML, 'nginx.yaml')
    const { name: _, ...byTwo } = yaml?.processors[2] ?? {}
    expect(api?.processors).toEqual(yaml?.processors.map((processor, i) => (i === 2 ? byTwo : processor)))
    expect(api).toMatchObject({ name: 'nginx', origin: 'datadog', source: 'nginx', tests: [] })
    expect(api).not.toHaveProperty('query')
  })

  it('has its defaults filled in', () => {
    expect(definitionOf('{ processors: [{ type: "date-remapper", sources: ["t"] }] }', 'a/b/my.json5')).toEqual({
      name: 'my',
      origin: 'datadog',
      enabled: true,
      processors: [{ type: 'date-remapper', sources: ['t'], enabled: true }],
      alarms: 'every line',
      multiline: [],
      detect: [],
      levels: {},
      tests: [],
    })
  })

  it('runs without the processors that a host cannot run, and says so', () => {
    const text = `pipeline:
  name: x
  processors:
    - type: decoder-processor
      source: t
    - type: date-remapper
      sources: [t]
`
    const { definitions, problems } = readRemapperFile(text, 'x.yaml')
    expect(definitions[0]?.definition.processors.map(({ enabled }) => enabled)).toEqual([false, true])
    expect(problems.map(renderProblem)).toEqual([
      'x.yaml:4:13  warning: decoder-processor does not run on the host; the pipeline runs without it. Leave it in the pipeline of the backend.',
    ])
  })
})

describe("Errand's own keys", () => {
  it('are read beside the pipeline', () => {
    expect(
      definitionOf(`{
        source: 'java',
        alarms: ['ERROR', 'Exception'],
        levels: { SEVERE: 'error', '50': 'critical' },
        multiline: { start: ['^\\\\d{4}-'] },
        languages: ['java'],
        processors: [],
        tests: [
          { sample: ['a', 'b'], result: 'dropped' },
          { name: 'kept', sample: 'c', tags: ['a:b'], result: { status: 'error', 'error.kind': 'X', error: { message: 'm' } } },
        ],
      }`),
    ).toEqual({
      name: 'java',
      origin: 'errand',
      source: 'java',
      enabled: true,
      processors: [],
      alarms: ['ERROR', 'Exception'],
      levels: { SEVERE: 'error', '50': 'critical' },
      multiline: ['^\\d{4}-'],
      detect: [],
      languages: ['java'],
      tests: [
        { sample: 'a\nb', result: 'dropped' },
        { name: 'kept', sample: 'c', tags: ['a:b'], result: { status: 'error', error: { kind: 'X', message: 'm' } } },
      ],
    })
  })

  it('may come as a list of remappers', () => {
    const { definitions } = readRemapperFile('[{ processors: [] }, { name: "b", processors: [] }]', 'two.json5')
    expect(definitions.map(({ definition }) => definition.name)).toEqual(['two 1', 'b'])
  })
})

describe('problems of a remapper file', () => {
  for (const [name, text, expected, file] of [
    [
      'warn of what Datadog may know and this does not',
      '{ processors: [{ type: "future-processor" }, { type: "date-remapper", sources: ["t"], flavour: 1 }] }',
      [
        'nginx.json5:1:24  warning: future-processor does not run on the host; the pipeline runs without it. Leave it in the pipeline of the backend.',
        /^nginx\.json5:1:87 {2}warning: flavour is not a setting of type "date-remapper"/,
      ],
    ],
    [
      'name an unknown setting of a processor, in the spelling of the file',
      '{ processors: [\n  { type: "date-remapper", sorces: ["t"], sources: ["t"] },\n] }',
      ['nginx.json5:2:28  warning: sorces is not a setting of type "date-remapper". Did you mean sources?'],
    ],
    [
      'name an unknown key of the remapper',
      '{ processors: [], proccesors: [] }',
      ['nginx.json5:1:19  warning: proccesors is not a setting. Did you mean processors?'],
    ],
    [
      'suggest the type of processor that was meant',
      '{ processors: [{ type: "grok-praser" }] }',
      ['nginx.json5:1:24  "grok-praser" is not a type of processor. Did you mean "grok-parser"?'],
    ],
    [
      'find a processor without a type',
      '{ processors: [{ sources: [] }] }',
      ['nginx.json5:1:16  processor 1 has no type. Give it one, e.g. type: "grok-parser".'],
    ],
    [
      'reach into nested pipelines',
      '{ processors: [{ type: "pipeline", processors: [\n { type: "url-parser", target: 7 }] }] }',
      ['nginx.json5:2:32  target is 7, expected a string. Put it in quotes: "7".'],
    ],
    [
      'see what is missing',
      '{ processors: [{ type: "date-remapper" }] }',
      ['nginx.json5:1:16  sources is missing. Add it: a string or a list.'],
    ],
    [
      'refuse a pattern that can take forever',
      '{ source: "a", processors: [], multiline: { start: ["(?=a)b"] }, tests: [{ sample: "", result: "dropped" }] }',
      [
        'nginx.json5:1:53  "(?=a)b" uses look-around or a back-reference. Write a regular expression without look-around and back-references, and with small counts only.',
      ],
    ],
    [
      'ask for tests',
      '{ source: "a", processors: [] }',
      [
        'nginx.json5:1:1  remapper "a" has no tests. Add tests: [{ sample: "…", result: "dropped" }] with one sample kept and one dropped at least.',
      ],
    ],
    [
      'show where YAML stops being YAML',
      'pipeline:\n  name: "x\n',
      [/^x\.yaml:3:1 {2}the file is not YAML here: .* Look at the indentation/],
      'x.yaml',
    ],
    [
      'have places in YAML',
      'pipeline:\n  processors:\n    - type: date-remapper\n      sources: [t]\n      enabld: true\n',
      ['x.yaml:5:7  warning: enabld is not a setting of type "date-remapper". Did you mean enabled?'],
      'x.yaml',
    ],
    [
      'see keys that stand beside the pipeline',
      'pipeline:\n  processors: []\nlevels: { E: error }\n',
      ['x.yaml:3:1  levels stands beside the pipeline, where it is not read. Move it into the pipeline.'],
      'x.yaml',
    ],
    ['are found in a file that is no remapper', '7', [/the file is 7, expected an object/]],
    ['are found in an empty file', '', [/^nginx\.json5/]],
  ] as const)
    it(name, () => {
      const got = said(text, file ?? 'nginx.json5')
      expect(got).toHaveLength(expected.length)
      for (const [i, one] of expected.entries())
        if (typeof one === 'string') expect(got[i]).toBe(one)
        else expect(got[i]).toMatch(one)
    })

  it('come all at once, in the order of the file, and keep the definition back', () => {
    const text =
      '{ processors: [\n { type: "x" },\n { type: "date-remapper" } ],\n levels: { E: "eror" },\n source: "s" }'
    const { definitions, problems } = readRemapperFile(text, 'a.json5')
    expect(definitions).toEqual([])
    expect(problems.map(({ place }) => place.line)).toEqual([2, 3, 4])
  })

  it('do not follow YAML aliases without end', () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'].map((pair) => [...pair]))
      lines.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(',')}]`)
    expect(said(lines.join('\n'), 'bomb.yaml')).toHaveLength(1)
  })
})
