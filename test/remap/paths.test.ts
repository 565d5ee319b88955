import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../src/core/shapes.js'
import { deletePath, getAllAtPath, getPath, mergeInto, parsePath, setPath } from '../../src/remap/paths.js'

describe('a path', () => {
  for (const [text, segments] of [
    ['error.stack', ['error', 'stack']],
    ['@timestamp', ['@timestamp']],
    ['labels."app.kubernetes.io/name"', ['labels', 'app.kubernetes.io/name']],
    ['"a.b"', ['a.b']],
    ['a', ['a']],
  ] as const)
    it(`${text} has the segments ${segments.join(' | ')}`, () => expect(parsePath(text)).toEqual(segments))

  it('reads own properties only', () => {
    expect(getPath({}, ['constructor', 'name'])).toBeUndefined()
    expect(getPath({ constructor: { name: 'x' } }, ['constructor', 'name'])).toBe('x')
    expect(getPath({ a: 'text' }, ['a', 'length'])).toBeUndefined()
  })

  it('names elements of lists by digits, and goes through all of them on request', () => {
    const attributes: Attributes = { exception: ['Foo', 'boom'], items: [{ id: 1 }, { id: 2 }, { no: 3 }] }
    expect(getPath(attributes, ['exception', '1'])).toBe('boom')
    expect(getPath(attributes, ['items', 'id'])).toBeUndefined()
    expect(getAllAtPath(attributes, ['items', 'id'])).toEqual([1, 2])
  })

  it('makes the objects on its way and keeps a scalar that stood there', () => {
    const attributes: Attributes = { error: 'boom' }
    setPath(attributes, ['error', 'kind'], 'X')
    setPath(attributes, ['http', 'url', 'path'], '/')
    expect(attributes).toEqual({ error: { raw: 'boom', kind: 'X' }, http: { url: { path: '/' } } })
  })

  it('deletes the objects that become empty with it', () => {
    const attributes: Attributes = { a: { b: { c: 1 } }, d: { e: 1, f: 2 } }
    deletePath(attributes, ['a', 'b', 'c'])
    deletePath(attributes, ['d', 'e'])
    deletePath(attributes, ['x', 'y'])
    expect(attributes).toEqual({ d: { f: 2 } })
  })

  it('merges objects into objects', () => {
    const into: Attributes = { a: { b: 1, c: 2 }, d: 3 }
    mergeInto(into, { a: { c: 4 }, d: { e: 5 } })
    expect(into).toEqual({ a: { b: 1, c: 4 }, d: { e: 5 } })
  })

  it('gives back what was set, and never touches a prototype', () => {
    const segment = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'a', '0'))
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (path) => {
        const attributes: Attributes = { a: 'scalar' }
        setPath(attributes, path, 'value')
        if (!path.includes('__proto__')) expect(getPath(attributes, path)).toBe('value')
        expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype)
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
    )
  })
})
