import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_DEPTH, parseObject, preprocess } from '../../src/remap/preprocess.js'
import { levelsOf } from '../../src/remap/status.js'

const read = (text: string, options = {}) => preprocess(text, { source: 'test', ...options })

describe('the text of an entry', () => {
  for (const [name, text] of [
    ['plain text', 'disk full'],
    ['text before JSON', 'app: {"level":"error"}'],
    ['text after JSON', '{"level":"error"} done'],
    ['JSON cut short', '{"level":"error"'],
    ['braces that are no JSON', '{not json}'],
    ['a list', '[{"level":"error"}]'],
    ['nothing', ''],
  ] as const)
    it(`is the message when it is ${name}`, () => {
      expect(read(text)).toEqual({ message: text, source: 'test', tags: [], attributes: {} })
    })

  it('becomes attributes when it is a JSON object, blanks and a carriage return around it or not', () => {
    const record = read(' \t{"message":"boom","code":7,"none":null,"list":[null,1]}\r')
    expect(record.message).toBe('boom')
    expect(record.attributes).toEqual({ code: 7, list: [null, 1] })
  })

  it('stays the message when the JSON has no message, or one that is an object, whose keys are lifted', () => {
    expect(read('{"msg":"boom"}').message).toBe('{"msg":"boom"}')
    const structured = '{"message":{"text":"boom"}}'
    expect(read(structured)).toMatchObject({ message: structured, attributes: { text: 'boom' } })
    expect(read('{"message":42}')).toMatchObject({ message: '42', attributes: {} })
  })
})

describe('dotted keys', () => {
  for (const [name, flat, nested] of [
    ['become objects', '{"error.kind":"X","error.message":"m"}', { error: { kind: 'X', message: 'm' } }],
    ['join objects that are there', '{"a":{"b":1},"a.c":2}', { a: { b: 1, c: 2 } }],
    ['join objects that come later', '{"a.c":2,"a":{"b":1}}', { a: { b: 1, c: 2 } }],
    [
      'are nested inside objects and lists too',
      '{"a":{"b.c":1},"d":[{"e.f":2}]}',
      { a: { b: { c: 1 } }, d: [{ e: { f: 2 } }] },
    ],
    [
      'leave a scalar that stood in their way as raw',
      '{"error":"boom","error.kind":"X"}',
      { error: { raw: 'boom', kind: 'X' } },
    ],
    ['do so in the other order too', '{"error.kind":"X","error":"boom"}', { error: { raw: 'boom', kind: 'X' } }],
    ['keep the first of two scalars', '{"a.b":1,"a":{"b":2}}', { a: { b: 1 } }],
    ['stay whole when a segment is empty', '{"a..b":1,".c":2,"d.":3,".":4}', { 'a..b': 1, '.c': 2, 'd.': 3, '.': 4 }],
    ['cannot reach a prototype', '{"__proto__":{"x":1},"a":{"__proto__":2,"k":1}}', { a: { k: 1 } }],
    ['may be called constructor', '{"constructor.name":"x"}', { constructor: { name: 'x' } }],
  ] satisfies [string, string, unknown][])
    it(name, () => expect<unknown>(parseObject(flat)).toEqual(nested as object))

  it('give what the nested form gives', () => {
    const key = fc.constantFrom('a', 'b', 'error', 'stack', 'toString', '@x', 'ü')
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean())
    const tree = fc.letrec((tie) => ({
      node: fc.dictionary(key, fc.oneof({ depthSize: 'small' }, leaf, tie('node')), { minKeys: 1, maxKeys: 4 }),
    })).node as fc.Arbitrary<Record<string, unknown>>
    fc.assert(
      fc.property(tree, (nested) => {
        const flat: Record<string, unknown> = {}
        const walk = (object: object, prefix: string) => {
          for (const [name, value] of Object.entries(object))
            if (typeof value === 'object' && value !== null) walk(value, `${prefix}${name}.`)
            else flat[prefix + name] = value
        }
        walk(nested, '')
        expect(parseObject(JSON.stringify(flat))).toEqual(parseObject(JSON.stringify(nested)))
      }),
    )
  })
})

describe('hostile JSON', () => {
  it('is kept as text where it nests too deep', () => {
    const depth = 100_000
    const record = read(`{"a":${'['.repeat(depth)}${']'.repeat(depth)},"level":"error"}`)
    expect(record.status).toBe('error')
    let value: unknown = record.attributes.a
    let levels = 0
    while (Array.isArray(value)) {
      value = value[0]
      levels++
    }
    expect(levels).toBeLessThanOrEqual(MAX_DEPTH)
    expect(typeof value).toBe('string')
  })

  it('gives a record for any text and any JSON', () => {
    fc.assert(fc.property(fc.string(), (text) => read(text).source === 'test'))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const record = read(JSON.stringify(object))
        expect(typeof record.message).toBe('string')
        expect(Object.getPrototypeOf(record.attributes)).toBe(Object.prototype)
      }),
    )
  })
})

describe('reserved attributes of JSON', () => {
  it('are found in their default lists', () => {
    const record = read(
      JSON.stringify({
        '@timestamp': '2026-11-20T10:15:32.123Z',
        severity: 'ERROR',
        hostname: 'web-1',
        'syslog.appname': 'shop',
        dd: { trace_id: '77', env: 'Prod', version: '1.2' },
        ddtags: 'team:shop, Region:EU',
      }),
    )
    expect(record).toMatchObject({
      timestamp: Date.UTC(2026, 10, 20, 10, 15, 32, 123),
      status: 'error',
      host: 'web-1',
      service: 'shop',
      traceId: '77',
      tags: ['env:prod', 'version:1.2', 'team:shop', 'region:eu'],
    })
  })

  it('take the first of a list that says something', () => {
    expect(read('{"status":200,"level":"warn"}').status).toBe('warn')
    expect(read('{"timestamp":"yesterday","date":1702027299000}').timestamp).toBe(1702027299000)
    expect(read('{"host":{"name":"x"},"hostname":"y"}', { host: 'z' }).host).toBe('y')
  })

  it('leave the status open when no table knows the level, and ask the source first', () => {
    expect(read('{"level":50}').status).toBeUndefined()
    expect(read('{"level":50}', { levels: levelsOf({ '50': 'error' }) }).status).toBe('error')
  })

  it('are left to the pipeline on request', () => {
    expect(read('{"status":"error","service":"x"}', { reserved: false, service: 'given' })).toEqual({
      message: '{"status":"error","service":"x"}',
      source: 'test',
      service: 'given',
      tags: [],
      attributes: { status: 'error', service: 'x' },
    })
  })
})

describe('a line that was wrapped once more', () => {
  const read = (value: unknown) => preprocess(JSON.stringify(value), { source: 's' })

  it('is the record when it is JSON', () => {
    const inner = '{"level":"error","message":"gone","pod":"mine"}\n'
    expect(read({ log: inner, pod: 'p', time: '2026-11-20T10:15:32Z' })).toMatchObject({
      message: 'gone',
      status: 'error',
      attributes: { level: 'error', pod: 'mine', time: '2026-11-20T10:15:32Z' },
    })
  })
  it('is the message when it is text', () => {
    expect(read({ log: 'ERROR gone\n', stream: 'stderr' })).toMatchObject({
      message: 'ERROR gone',
      attributes: { stream: 'stderr' },
    })
  })
  it('is found in a message', () => {
    expect(read({ message: '{"level":"error","msg":"gone"}', host: 'h' })).toMatchObject({
      status: 'error',
      attributes: { msg: 'gone' },
    })
  })
  it('stays a message when the wrapping says a level', () => {
    expect(read({ level: 'info', message: '{"level":"error"}' })).toMatchObject({
      status: 'info',
      message: '{"level":"error"}',
    })
    for (const level of [{ 'log.level': 'INFO' }, { log: { level: 'INFO' } }, { levelname: 'INFO' }])
      expect(read({ ...level, message: '{"level":"error"}' })).toMatchObject({ message: '{"level":"error"}' })
  })
})

describe("a text behind syslog's priority", () => {
  for (const [text, status] of [
    ['<131>Nov 20 10:15:32 web-1 gone', 'error'],
    ['<2>gone', 'critical'],
    ['<12>slow', 'warn'],
    ['<191>tick', 'debug'],
    ['<14>from stdout', undefined],
    ['<13>from logger', undefined],
    ['<192>gone', undefined],
    ['<b>gone</b>', undefined],
  ] as const)
    it(`is ${status ?? 'of no status'}: ${text}`, () =>
      expect(preprocess(text, { source: 's' })).toMatchObject({ message: text, ...(status && { status }) }))

  it('leaves its status to the pipeline when that is asked for', () => {
    expect(preprocess('<131>gone', { source: 's', reserved: false }).status).toBeUndefined()
    expect(preprocess('<14>gone', { source: 's' }).status).toBeUndefined()
  })
})
