import { describe, expect, it } from 'vitest'
import { applyRemappers, compileRemapper, type Run, type Step } from '../../src/remap/compile.js'
import { shortRemapper, shortRemapSchema } from '../../src/remap/short-remap.js'
import { compile, NOW, recordOf, toyTracebacks } from './harness.js'

const status = (...sources: string[]) => ({ type: 'status-remapper', sources })
const set = (target: string, template: string) => ({ type: 'string-builder-processor', target, template })

describe('a remapper', () => {
  it('takes the records of its source, of its filter, or all', () => {
    const matches = (file: Record<string, unknown>, more = {}) =>
      compile({ processors: [], ...file }).remapper.matches(recordOf({ source: 'java', ...more }))
    expect(matches({})).toBe(true)
    expect(matches({ source: 'java' })).toBe(true)
    expect(matches({ source: 'go' })).toBe(false)
    expect(matches({ filter: { query: 'source:java' } })).toBe(true)
    expect(matches({ filter: { query: 'source:(go OR ruby)' } })).toBe(false)
    expect(matches({ source: 'java', filter: { query: 'service:shop' } })).toBe(false)
    expect(matches({ source: 'java', filter: { query: 'service:shop' } }, { service: 'shop' })).toBe(true)
    expect(matches({ filter: { query: '*' } })).toBe(true)
    expect(matches({ enabled: false })).toBe(false)
  })

  it('runs its processors in order, nested ones where their filter matches, disabled ones never', () => {
    const { remapper } = compile({
      processors: [
        set('a', '1'),
        { type: 'pipeline', filter: { query: '@a:1' }, processors: [set('b', '%{a}2')] },
        { type: 'pipeline', filter: { query: '@a:2' }, processors: [set('c', 'never')] },
        { ...set('d', 'never'), enabled: false },
        { type: 'pipeline', enabled: false, processors: [set('e', 'never')] },
        set('f', '%{b}3'),
      ],
    })
    const record = recordOf()
    remapper.apply(record)
    expect(record.attributes).toEqual({ a: '1', b: '12', f: '123' })
  })

  it('shows each step with what it changed', () => {
    const { remapper } = compile({
      processors: [
        { ...set('a.b', 'x'), name: 'build' },
        { type: 'pipeline', name: 'inner', filter: { query: '@a.b:x' }, processors: [status('level')] },
        { type: 'pipeline', name: 'other', filter: { query: '@a.b:y' }, processors: [status('level')] },
        { type: 'message-remapper', sources: ['msg'] },
        { type: 'service-remapper', sources: ['none'] },
      ],
    })
    const trail: Step[] = []
    remapper.apply(recordOf({ attributes: { level: 'ERROR', msg: 'hello' } }), { trail })
    expect(trail).toEqual([
      { processor: '1 string-builder-processor: build', changed: { '@a.b': [undefined, 'x'] } },
      { processor: '2.1 status-remapper', changed: { status: [undefined, 'error'] } },
      { processor: '3 pipeline: other', changed: {}, note: 'its filter did not match' },
      {
        processor: '4 message-remapper',
        changed: { message: ['the message', 'hello'], '@msg': ['hello', undefined] },
      },
      { processor: '5 service-remapper', changed: {} },
    ])
  })
})

describe('the status over several remappers', () => {
  const first = compile({ name: 'first', processors: [status('a'), set('after', 'first')] }).remapper
  const second = compile({ name: 'second', processors: [status('b'), set('after', 'second')] }).remapper
  const last = compile({ name: 'last', processors: [set('last', 'yes')] }).remapper

  it('is that of the first status remapper that had a source', () => {
    const record = recordOf({ attributes: { a: 'warn', b: 'error' } })
    applyRemappers([first, second], record)
    expect(record.status).toBe('warn')
    const other = recordOf({ attributes: { b: 'error' } })
    applyRemappers([first, second], other)
    expect(other.status).toBe('error')
  })

  for (const [name, attributes, before, expected] of [
    [
      'stops at once when it was written and is below error',
      { a: 'info', b: 'error' },
      undefined,
      { at: undefined, said: 'below' },
    ],
    ['goes on when it is an error', { a: 'error' }, undefined, { at: 'second', said: undefined }],
    ['goes on while a later remapper may lift it', { b: 'error' }, 'info', { at: 'second', said: undefined }],
    ['stops when none that is left can lift it', {}, 'info', { at: 'second', said: 'below' }],
    ['goes on without a status', {}, undefined, { at: 'second', said: undefined }],
  ] as const)
    it(name, () => {
      const record = recordOf({ attributes: { ...attributes }, ...(before === undefined ? {} : { status: before }) })
      const run: Run = { stopBelowError: true }
      expect(applyRemappers([first, second, last], record, run)).toBe(expected.said)
      expect(record.attributes.after).toBe(expected.at)
      expect(record.attributes.last).toBe(expected.said === 'below' ? undefined : 'yes')
    })

  it('does not stop when it is not asked to', () => {
    const record = recordOf({ attributes: { a: 'info' } })
    expect(applyRemappers([first, second, last], record)).toBeUndefined()
    expect(record.attributes.last).toBe('yes')
  })

  it('stops inside nested pipelines too', () => {
    const { remapper } = compile({
      processors: [{ type: 'pipeline', processors: [status('a'), set('x', '1')] }, set('y', '1')],
    })
    const record = recordOf({ attributes: { a: 'debug' } })
    expect(remapper.apply(record, { stopBelowError: true })).toBe('below')
    expect(record.attributes).toEqual({ a: 'debug' })
  })
})

describe('the short remap of an input', () => {
  it('moves the first present attribute to each target that is not there yet', () => {
    const remap = shortRemapSchema.parse({ 'error.stack': ['exc_info', 'trace'], 'logger.name': 'name' })
    const { remapper, problems } = compileRemapper(shortRemapper(remap, 'test'), {
      now: () => NOW,
      readTraceback: toyTracebacks,
    })
    expect(problems).toEqual([])
    const record = recordOf({ attributes: { trace: 'T', name: 'n' } })
    expect(remapper.matches(record)).toBe(true)
    remapper.apply(record)
    expect(record.attributes).toEqual({ error: { stack: 'T' }, logger: { name: 'n' } })

    const present = recordOf({ attributes: { exc_info: 'T', error: { stack: 'S' } } })
    remapper.apply(present)
    expect(present.attributes).toEqual({ error: { stack: 'S' } })
  })
})
