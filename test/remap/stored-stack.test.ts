import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../src/core/shapes.js'
import { findStoredStack } from '../../src/remap/stored-stack.js'
import { toyTracebacks } from './harness.js'

const stack = 'BOOM Conflict: taken\n  in place'
const found = (attributes: unknown) => findStoredStack(attributes as Attributes, toyTracebacks, undefined)

describe('a stack under a name that nobody foresaw', () => {
  for (const [name, attributes, path] of [
    ['is found in a text', { whatever: stack }, ['whatever']],
    ['is found in a list of frames', { trace: [{ func: 'place', file: '/a.go', line: 3 }] }, ['trace']],
    ['is found in a list of lines', { lines: ['BOOM Conflict: taken', '  in place'] }, ['lines']],
    ['is found in a list of lines with their ends', { lines: ['BOOM Conflict: taken\n', '  in place\n'] }, ['lines']],
    ['is found in an object, of which it is a part', { a: { b: { type: 'X', stack } } }, ['a', 'b', 'stack']],
    ['is found in an element of a list', { data: ['x', { message: 'm', stack }] }, ['data', '1', 'stack']],
    ['is the one that is nearest to the top', { a: { cause: { text: `${stack}\n  in deep` } }, z: stack }, ['z']],
  ] as const)
    it(name, () => expect(found(attributes)).toMatchObject({ path, traceback: { frames: [{ function: 'place' }] } }))

  it('comes with what the object says of the error', () => {
    expect(found({ err: { type: 'shop.Gone', message: 'gone', stack } })?.traceback).toMatchObject({
      kind: 'shop.Gone',
      message: 'gone',
    })
  })

  for (const [name, attributes] of [
    ['a text of one line', { a: 'BOOM Conflict: taken' }],
    ['a header without frames', { a: 'BOOM Conflict: taken\nmore' }],
    ['an object that has a kind only', { a: { type: 'X', message: 'y' } }],
    ['what lies too deep', { a: { b: { c: { d: { e: { f: { g: stack } } } } } } }],
    [
      'what stands behind too many values',
      { ...Object.fromEntries([...Array(500).keys()].map((i) => [`k${i}`, 'x\ny'])), a: stack },
    ],
    [
      'a list of anything that has names',
      {
        items: [
          { name: 'a', path: '/x' },
          { name: 'b', path: '/y' },
        ],
      },
    ],
    ['nothing', {}],
  ] as const)
    it(`is not ${name}`, () => expect(found(attributes)).toBeUndefined())
})
