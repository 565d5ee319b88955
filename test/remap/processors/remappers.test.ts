import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../../src/core/shapes.js'
import { compile, processed, recordOf } from '../harness.js'

describe('the attribute remapper', () => {
  const remap = (attributes: Attributes, settings: Record<string, unknown>, tags: string[] = []) =>
    processed([{ type: 'attribute-remapper', ...settings }], { attributes, tags })

  for (const [name, before, settings, expected] of [
    ['moves the first present source', { b: 1, c: 2 }, { sources: ['a', 'b', 'c'], target: 'x' }, { c: 2, x: 1 }],
    ['removes the other sources that say the same', { b: 1, c: 1 }, { sources: ['b', 'c'], target: 'x' }, { x: 1 }],
    [
      'keeps them with the source',
      { b: 1, c: 1 },
      { sources: ['b', 'c'], target: 'x', preserveSource: true },
      { b: 1, c: 1, x: 1 },
    ],
    ['takes objects that become empty along', { a: { b: { c: 1 } } }, { sources: ['a.b.c'], target: 'x' }, { x: 1 }],
    ['keeps the source on request', { a: 1 }, { sources: ['a'], target: 'x', preserveSource: true }, { a: 1, x: 1 }],
    [
      'leaves a target that is present, and removes the source',
      { a: 1, x: 2 },
      { sources: ['a'], target: 'x' },
      { x: 2 },
    ],
    ['overrides it on request', { a: 1, x: 2 }, { sources: ['a'], target: 'x', overrideOnConflict: true }, { x: 1 }],
    [
      'moves a value into itself',
      { error: 'boom' },
      { sources: ['error'], target: 'error.message' },
      { error: { message: 'boom' } },
    ],
    [
      'does not move an object into itself where it is one candidate of several',
      { logger: { thread: 't' } },
      { sources: ['loggerName', 'logger'], target: 'logger.name' },
      { logger: { thread: 't' } },
    ],
    [
      'moves an object into itself where nothing else can be meant',
      { event: { id: 1 } },
      { sources: ['event'], target: 'event.computer' },
      { event: { computer: { id: 1 } } },
    ],
    ['moves an object as a whole', { a: { b: 1 } }, { sources: ['a'], target: 'x.y' }, { x: { y: { b: 1 } } }],
    ['makes integers', { a: '42.9' }, { sources: ['a'], target: 'x', targetFormat: 'integer' }, { x: 42 }],
    ['makes decimals', { a: '42.5' }, { sources: ['a'], target: 'x', targetFormat: 'double' }, { x: 42.5 }],
    ['makes text', { a: 197 }, { sources: ['a'], target: 'x', targetFormat: 'string' }, { x: '197' }],
    [
      'leaves what it cannot convert',
      { a: 'many' },
      { sources: ['a'], target: 'x', targetFormat: 'integer' },
      { x: 'many' },
    ],
    [
      'converts in place',
      { a: '7' },
      { sources: ['a'], target: 'a', targetFormat: 'integer', overrideOnConflict: true },
      { a: 7 },
    ],
    ['does nothing without a source', { b: 1 }, { sources: ['a'], target: 'x' }, { b: 1 }],
  ] as const)
    it(name, () => expect(remap(structuredClone(before) as Attributes, settings).attributes).toEqual(expected))

  it('copies an object that stays: what is written to one later does not show in the other', () => {
    const copy = { type: 'attribute-remapper', sources: ['a'], target: 'b', preserveSource: true }
    const grok = { matchRules: 'r %{data:a.x:json}' }
    const { attributes } = processed([copy, { type: 'grok-parser', source: 'a.x', grok }], {
      attributes: { a: { x: '{"y":1}' } },
    })
    expect(attributes).toEqual({ a: { x: { y: 1 } }, b: { x: '{"y":1}' } })
  })

  it('writes tags in lower case and reads them', () => {
    expect(remap({ a: 'EU-1' }, { sources: ['a'], target: 'region', targetType: 'tag' })).toMatchObject({
      tags: ['region:eu-1'],
      attributes: {},
    })
    expect(remap({}, { sources: ['region'], sourceType: 'tag', target: 'x' }, ['region:eu', 'k:v'])).toMatchObject({
      tags: ['k:v'],
      attributes: { x: 'eu' },
    })
  })
})

describe('the remappers to reserved attributes', () => {
  it('date: takes the first source that is a date, and leaves it', () => {
    const record = processed([{ type: 'date-remapper', sources: ['a', 'b', 'c'] }], {
      attributes: { a: 'soon', b: '2026-11-20T10:15:32Z', c: 1 },
    })
    expect(record).toMatchObject({
      timestamp: Date.UTC(2026, 10, 20, 10, 15, 32),
      attributes: { b: expect.anything() },
    })
  })

  it('date: reads numbers as milliseconds, never as seconds', () => {
    const record = processed([{ type: 'date-remapper', sources: ['ts'] }], { attributes: { ts: 1702027299 } })
    expect(record.timestamp).toBe(1702027299)
  })

  it('message: removes its source, also where it is empty or no text', () => {
    const remap = (msg: Attributes[string]) =>
      processed([{ type: 'message-remapper', sources: ['no', 'msg'] }], { attributes: { msg } })
    expect(remap('hello')).toMatchObject({ message: 'hello', attributes: {} })
    expect(remap(42).message).toBe('42')
    expect(remap({ a: 1 }).message).toBe('{"a":1}')
    expect(remap('').message).toBe('')
  })

  it('service: leaves its source; trace id and span id: remove theirs', () => {
    const record = processed(
      [
        { type: 'service-remapper', sources: ['app'] },
        { type: 'trace-id-remapper', sources: ['trace'] },
        { type: 'span-id-remapper', sources: ['span'] },
      ],
      { attributes: { app: 'shop', trace: 77, span: 'abc' } },
    )
    expect(record).toMatchObject({
      service: 'shop',
      traceId: '77',
      attributes: { app: 'shop', span_id: 'abc' },
    })
  })

  it('status: takes the first present source through the levels of the source', () => {
    const { remapper } = compile({
      source: 'test',
      levels: { '50': 'error' },
      processors: [{ type: 'status-remapper', sources: ['severity', 'level'] }],
    })
    for (const [attributes, status] of [
      [{ level: 50 }, 'error'],
      [{ severity: '', level: 'FATAL' }, 'emergency'],
      [{ severity: 'LOG', level: 'error' }, 'info'],
      [{ other: 1 }, undefined],
    ] as const) {
      const record = recordOf({ attributes: { ...attributes } })
      remapper.apply(record)
      expect(record.status, JSON.stringify(attributes)).toBe(status)
    }
  })

  it('status: only the first remapper that has a source counts', () => {
    const processors = ['a', 'b', 'c'].map((source) => ({ type: 'status-remapper', sources: [source] }))
    expect(processed(processors, { status: 'ok', attributes: { b: 'warn', c: 'error' } }).status).toBe('warn')
  })
})
