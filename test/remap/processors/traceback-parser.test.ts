import { describe, expect, it } from 'vitest'
import type { Attributes, LogRecord } from '../../../src/core/shapes.js'
import { processed } from '../harness.js'

const parse = (more: Partial<LogRecord>, settings: Record<string, unknown> = {}) =>
  processed([{ type: 'traceback-parser', ...settings }], more)

describe('a traceback in the message', () => {
  const stack = 'BOOM shop.Conflict: taken\n  in place\n  in main'

  for (const [name, message, rest] of [
    ['leaves the text before it', `cannot place order\n${stack}`, 'cannot place order'],
    ['leaves the separator before it', `cannot place order: ${stack}`, 'cannot place order:'],
    ['leaves kind and message where nothing was before it', stack, 'shop.Conflict: taken'],
    ['leaves the kind alone where it has no message', 'BOOM shop.Conflict\n  in place', 'shop.Conflict'],
  ] as const)
    it(name, () => expect(parse({ message }).message).toBe(rest))

  it('fills error.* and the frames, the stack exactly as printed', () => {
    const record = parse({ message: `oops\n${stack}\nafter` })
    expect(record.attributes).toEqual({ error: { kind: 'shop.Conflict', message: 'taken', stack } })
    expect(record.traceback?.frames).toEqual([{ function: 'place' }, { function: 'main' }])
  })

  for (const [name, error, expected] of [
    ['keeps a kind that is there', { kind: 'Other' }, { kind: 'Other', message: 'taken' }],
    ['qualifies a kind that is the same name', { kind: 'Conflict' }, { kind: 'shop.Conflict' }],
    ['keeps a kind that only ends alike', { kind: 'flict' }, { kind: 'flict' }],
    ['keeps a message that is there', { message: 'mine' }, { kind: 'shop.Conflict', message: 'mine' }],
    ['fills an empty kind', { kind: '' }, { kind: 'shop.Conflict' }],
    ['keeps a stack that is there', { stack: 'mine' }, { stack: 'mine' }],
    ['takes an error that is text for its message', 'mine', { kind: 'shop.Conflict', message: 'mine' }],
  ] as const)
    it(name, () => {
      const attributes = { error: structuredClone(error) } as Attributes
      expect(parse({ message: stack, attributes }).attributes.error).toMatchObject(expected)
    })

  it('leaves everything alone when nothing is recognised', () => {
    const record = { message: 'BOOMERANG', attributes: { error: 'x' } }
    expect(parse(record)).toEqual({ ...record, source: 'test', tags: [] })
  })
})

describe('a traceback in an attribute', () => {
  const stack = 'BOOM Conflict: taken\n  in place\n'

  it('fills what is missing and never changes the stack or the message', () => {
    const record = parse({ attributes: { error: { stack } } }, { source: 'error.stack' })
    expect(record.message).toBe('the message')
    expect(record.attributes).toEqual({ error: { stack, kind: 'Conflict', message: 'taken' } })
    expect(record.traceback?.frames).toEqual([{ function: 'place' }])
  })

  it('is read with its own languages, or the default', () => {
    const record = parse({ attributes: { trace: stack } }, { source: 'trace', languages: ['klingon'] })
    expect(record.traceback?.language).toBe('klingon')
    expect(record.attributes).toMatchObject({ trace: stack, error: { stack } })
  })

  it('may be a list of lines, which become the stack', () => {
    const record = parse({ attributes: { error: { stack: ['BOOM X: y', '  in z'] } } }, { source: 'error.stack' })
    expect(record.attributes).toEqual({ error: { kind: 'X', message: 'y', stack: 'BOOM X: y\n  in z' } })
  })

  it('may be an object, whose stack is laid out', () => {
    const thrown = {
      name: 'a.B',
      message: 'm',
      extendedStackTrace: [{ class: 'a.C', method: 'd', file: 'C.java', line: 1 }],
    }
    const record = parse({ attributes: { thrown } }, { source: 'thrown' })
    expect(record.attributes.error).toEqual({ kind: 'a.B', message: 'm', stack: 'a.B: m\n\tat a.C.d(C.java:1)' })
    expect(record.traceback?.frames).toEqual([{ module: 'a.C', function: 'd', file: 'C.java', line: 1 }])
  })

  for (const trace of ['nothing here', '', 7, [], [1], {}, null] as const)
    it(`leaves ${JSON.stringify(trace)} alone`, () => {
      const record = parse({ attributes: { trace } as unknown as Attributes }, { source: 'trace' })
      expect(record).toEqual({ message: 'the message', source: 'test', tags: [], attributes: { trace } })
    })
})

describe('a traceback in whatever attribute', () => {
  const stack = 'BOOM Conflict: taken\n  in place'
  const anywhere = (attributes: unknown, message = 'the message') =>
    parse({ message, attributes: attributes as Attributes }, { source: '*' })

  it('moves to the error', () => {
    const record = anywhere({ payload: { err: { code: 7, stack } } })
    expect(record.attributes).toEqual({
      payload: { err: { code: 7 } },
      error: { kind: 'Conflict', message: 'taken', stack },
    })
    expect(record.traceback?.frames).toEqual([{ function: 'place' }])
  })
  it('may be what the logger calls the error', () => {
    expect(anywhere({ error: stack }).attributes).toEqual({ error: { kind: 'Conflict', message: 'taken', stack } })
  })
  it('is not looked for where there is one already', () => {
    const record = processed([{ type: 'traceback-parser' }, { type: 'traceback-parser', source: '*' }], {
      message: 'BOOM Mine\n  in a',
      attributes: { other: stack },
    })
    expect(record.attributes).toMatchObject({ other: stack, error: { kind: 'Mine' } })
  })
  it('is taken before that in a message that is the whole JSON line', () => {
    const attributes = { data: { stack } }
    const record = parse({ message: JSON.stringify(attributes), attributes })
    expect(record.attributes.error).toEqual({ kind: 'Conflict', message: 'taken', stack })
  })

  for (const [name, attributes, error] of [
    ['a text that names its kind', { err: 'BOOM shop.GoneError: gone' }, { kind: 'shop.GoneError', message: 'gone' }],
    ['any other text', { exception: 'BOOM Gone: gone' }, { message: 'BOOM Gone: gone' }],
    ['a text of the error itself', { error: 'no answer' }, { message: 'no answer' }],
    ['nothing where the error says more', { error: { code: 7 }, err: 'x' }, { code: 7 }],
  ] as const)
    it(`is ${name}, where there is none`, () => expect(anywhere(attributes).attributes.error).toEqual(error))
})
