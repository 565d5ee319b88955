import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../../src/core/shapes.js'
import { compile, processed, recordOf } from '../harness.js'

const applied = (type: string, settings: Record<string, unknown>, attributes: unknown) =>
  processed([{ type, ...settings }], { attributes: attributes as Attributes }).attributes

describe('the grok parser', () => {
  it('makes nested attributes of the trimmed message, and leaves the message', () => {
    const record = processed([{ type: 'grok-parser', grok: { matchRules: 'r %{word:level} %{data:http.url}' } }], {
      message: '  WARN /index \n',
      attributes: { http: { method: 'GET' } },
    })
    expect(record).toMatchObject({
      message: '  WARN /index \n',
      attributes: { level: 'WARN', http: { method: 'GET', url: '/index' } },
    })
  })

  it('reads an attribute, uses support rules, and does nothing where no rule matches', () => {
    const grok = { matchRules: 'r %{_code}', supportRules: '_code code=%{integer:code}' }
    expect(applied('grok-parser', { source: 'a.b', grok }, { a: { b: 'code=7' } })).toEqual({
      a: { b: 'code=7' },
      code: 7,
    })
    expect(applied('grok-parser', { source: 'a.b', grok }, { a: { b: 'no' } })).toEqual({ a: { b: 'no' } })
  })

  it('reports a broken rule at its rules', () => {
    const { problems } = compile({ processors: [{ type: 'grok-parser', grok: { matchRules: 'r %{nonsense:x}' } }] })
    expect(problems).toMatchObject([{ path: ['processors', 0, 'grok', 'matchRules'], severity: 'error' }])
  })
})

describe('a rule with a look-around', () => {
  it('runs, with a warning', () => {
    const { remapper, problems } = compile({
      processors: [{ type: 'grok-parser', grok: { matchRules: 'r %{data:a}(?=-)-%{data:b}' } }],
    })
    expect(problems.map(({ severity }) => severity)).toEqual(['warning'])
    const record = recordOf({ message: 'x-y' })
    remapper.apply(record)
    expect(record.attributes).toEqual({ a: 'x', b: 'y' })
  })
})

describe('the category processor', () => {
  const settings = {
    target: 'x',
    categories: [
      { name: 'ok', filter: { query: '@code:[200 TO 299]' } },
      { name: 'error', filter: { query: '@code:>=500' } },
      { name: 404, filter: { query: '@code:404' } },
    ],
  }
  for (const [code, expected] of [
    [204, 'ok'],
    [503, 'error'],
    [404, '404'],
    [301, undefined],
  ] as const)
    it(`${code} is ${expected}`, () => expect(applied('category-processor', settings, { code }).x).toBe(expected))

  it('reports a query that cannot be read, at its place, and runs without it', () => {
    const categories = [{ name: 'a', filter: { query: '@a:(x OR' } }]
    const { problems } = compile({ processors: [{ type: 'category-processor', target: 'x', categories }] })
    expect(problems).toMatchObject([{ path: ['processors', 0, 'categories', 0, 'filter', 'query'] }])
  })
})

describe('the lookup processor', () => {
  const lookupTable = '1, one, two\n2,zwei\n\nno comma\n1,never'
  for (const [name, settings, attributes, expected] of [
    ['splits lines at the first comma', { lookupTable }, { a: '1' }, 'one, two'],
    ['looks numbers up as text', { lookupTable }, { a: 2 }, 'zwei'],
    ['takes a list of lines', { lookupTable: ['x,y'] }, { a: 'x' }, 'y'],
    ['has a default', { lookupTable, defaultLookup: 'many' }, { a: 9 }, 'many'],
    ['writes nothing without one', { lookupTable }, { a: 9 }, undefined],
    ['writes nothing without a source', { lookupTable, defaultLookup: 'many' }, {}, undefined],
    ['knows attributes by their name under `custom` too', { lookupTable, source: 'custom.a' }, { a: '2' }, 'zwei'],
    [
      'takes an attribute `custom` first',
      { lookupTable, source: 'custom.a' },
      { a: '2', custom: { a: 1 } },
      'one, two',
    ],
  ] as const)
    it(name, () =>
      expect(applied('lookup-processor', { source: 'a', target: 'x', ...settings }, attributes).x).toBe(expected),
    )
})

describe('the arithmetic processor', () => {
  for (const [expression, attributes, expected] of [
    ['a * 1000', { a: 1.5 }, 1500],
    ['(a + b.c) * 2', { a: 1, b: { c: 2 } }, 6],
    ['a - b - c', { a: 10, b: 3, c: 2 }, 5],
    ['a + b * c', { a: 1, b: 2, c: 3 }, 7],
    ['a / b', { a: 1, b: 0 }, undefined],
    ['a / b', { a: 1, b: 3 }, 0.333333333],
    ['a-b', { 'a-b': 5, a: 1 }, 5],
    ['-a', { a: 2 }, -2],
    ['"odd key" + 1', { 'odd key': 1 }, 2],
    ['a', { a: '12' }, 12],
    ['a', { a: 'twelve' }, undefined],
    ['a + missing', { a: 1 }, undefined],
  ] as const)
    it(`${expression} of ${JSON.stringify(attributes)} is ${expected}`, () =>
      expect(applied('arithmetic-processor', { expression, target: 'x' }, attributes).x).toBe(expected))

  it('takes what is missing for 0 on request', () => {
    expect(
      applied('arithmetic-processor', { expression: 'a + b', target: 'x', is_replace_missing: true }, { a: 1 }).x,
    ).toBe(1)
  })

  for (const expression of ['', 'a +', '(a', 'a b', 'a ^ 2', ') + 1', '* a', '('.repeat(1000)])
    it(`complains of ${JSON.stringify(expression.slice(0, 10))}`, () => {
      const { problems } = compile({ processors: [{ type: 'arithmetic-processor', expression, target: 'x' }] })
      expect(problems).toMatchObject(
        [{ path: ['processors', 0, 'expression'], what: /cannot be read/ }].map(({ path }) => ({ path })),
      )
    })
})

describe('the string builder', () => {
  for (const [template, attributes, expected] of [
    ['%{a} and %{b.c}', { a: 'x', b: { c: 1 } }, 'x and 1'],
    ['%{list}', { list: ['x', 'y', 3] }, 'x,y,3'],
    ['%{items.id}', { items: [{ id: 1 }, { id: 2 }] }, '1,2'],
    ['no parts', {}, 'no parts'],
    ['%{a} %{missing}', { a: 1 }, undefined],
    ['%{object}', { object: { a: 1 } }, undefined],
    ['%{objects}', { objects: [{ a: 1 }] }, undefined],
    ['%{message}!', {}, 'the message!'],
    [99, {}, '99'],
    ['%{a}.', { a: 'x'.repeat(300) }, 'x'.repeat(256)],
  ] as const)
    it(`${template} gives ${expected}`, () =>
      expect(applied('string-builder-processor', { template, target: 'x' }, attributes).x).toBe(expected))

  it('takes what is missing for nothing on request', () => {
    const settings = { template: '[%{a}]', target: 'x', replaceMissing: true }
    expect(applied('string-builder-processor', settings, {}).x).toBe('[]')
  })
})

describe('the URL parser', () => {
  for (const [url, expected] of [
    [
      'https://user:pw@shop.example:8443/a/b?q=1%2F2&q=3&flag#top',
      {
        scheme: 'https',
        host: 'shop.example',
        port: 8443,
        path: '/a/b',
        queryString: { q: '1%2F2', flag: '' },
        hash: 'top',
      },
    ],
    ['/index.html?x=a+b', { path: '/index.html', queryString: { x: 'a+b' } }],
    ['http://host', { scheme: 'http', host: 'host', path: '' }],
    ['http://[::1]:80/', { scheme: 'http', host: '[::1]', port: 80, path: '/' }],
    ['?', { path: '' }],
    ['HTTP://Shop.Example:80/A', { scheme: 'HTTP', host: 'shop.example', port: 80, path: '/A' }],
  ] as const)
    it(url, () => expect(applied('url-parser', { target: 'x' }, { http: { url } }).x).toEqual(expected))
})

describe('the array processor', () => {
  for (const [name, operation, attributes, expected] of [
    ['counts', { type: 'length', source: 'a', target: 'x' }, { a: [1, 2] }, 2],
    ['counts lists only', { type: 'length', source: 'a', target: 'x' }, { a: 'text' }, undefined],
    ['appends', { type: 'append', source: 'a', target: 'x' }, { a: 3, x: [1] }, [1, 3]],
    ['begins a list', { type: 'append', source: 'a', target: 'x' }, { a: 3 }, [3]],
    ['appends to lists only', { type: 'append', source: 'a', target: 'x' }, { a: 3, x: 1 }, 1],
    [
      'selects',
      { type: 'select', source: 'a', target: 'x', filter: 'name:From', value_to_extract: 'value' },
      {
        a: [
          { name: 'To', value: 1 },
          { name: 'From', value: 2 },
        ],
      },
      2,
    ],
  ] as const)
    it(name, () => expect(applied('array-processor', { operation }, structuredClone(attributes)).x).toEqual(expected))

  for (const [filter, expected] of [
    ['type:(User OR Group)', 2],
    ['type:"App: Registration"', 1],
    ['type:*oup', 3],
    ['-type:App*', 2],
    ['type:User deep.name:b', 4],
    ['@type:Group', 3],
    ['type:Device', undefined],
  ] as const)
    it(`selects the first element that ${filter} matches`, () => {
      const operation = { type: 'select', source: 'a', target: 'x', filter, valueToExtract: 'id' }
      const a = [
        { id: 1, type: 'App: Registration' },
        { id: 2, type: 'User' },
        { id: 3, type: 'Group' },
        { id: 4, type: 'User', deep: { name: 'b' } },
      ]
      expect(applied('array-processor', { operation }, { a }).x).toBe(expected)
    })

  it('removes what it appended, or keeps it on request', () => {
    const operation = { type: 'append', source: 'a', target: 'x' }
    expect(applied('array-processor', { operation }, { a: 3 })).toEqual({ x: [3] })
    expect(applied('array-processor', { operation: { ...operation, preserve_source: true } }, { a: 3 })).toEqual({
      a: 3,
      x: [3],
    })
  })
})

describe('processors that need a data base of the backend', () => {
  for (const type of ['geo-ip-parser', 'user-agent-parser'])
    it(`${type} does nothing, and says so`, () => {
      const { remapper, problems } = compile({ processors: [{ type, sources: ['a'], target: 'x' }] })
      expect(problems).toMatchObject([{ severity: 'warning', path: ['processors', 0, 'type'] }])
      const record = { message: '', source: '', tags: [], attributes: { a: '10.0.0.1' } }
      remapper.apply(record)
      expect(record.attributes).toEqual({ a: '10.0.0.1' })
    })
})

describe('the exclusion of an attribute', () => {
  it('removes it, and what becomes empty with it', () => {
    expect(applied('exclude-attribute', { attribute_to_exclude: 'a.b' }, { a: { b: 1 }, c: 2 })).toEqual({ c: 2 })
  })
})
