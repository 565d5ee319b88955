import { describe, expect, it } from 'vitest'
import { describeFault } from '../../src/core/fault.js'
import { hideSecrets } from '../../src/core/secrets.js'

const CANARY = 'k4n4rienvogel-7f3a9b2e'
const hide = (text: string) => hideSecrets(text, [CANARY])

/** An error whose frames are these. */
function failing<E extends Error>(error: E, ...frames: string[]): E {
  error.stack = `${error.name}: ${error.message}\n${frames.map((frame) => `    at ${frame}`).join('\n')}`
  return error
}

describe('what is said of a fault', () => {
  it('is its kind, its message, its frames and its causes, and nothing else of it', () => {
    const cause = failing(new RangeError(`no header ${CANARY}`), 'dial (net.js:3:1)')
    const error = Object.assign(
      failing(new TypeError('x is not iterable', { cause }), 'send (http.js:7:2)', 'main.js:1:1'),
      {
        headers: { authorization: CANARY },
        [CANARY]: 1,
      },
    )
    expect(describeFault(error, hide)).toEqual({
      type: 'TypeError',
      message: 'x is not iterable',
      stack: [
        'TypeError: x is not iterable',
        '    at send (http.js:7:2)',
        '    at main.js:1:1',
        'caused by RangeError: no header [secret]',
        '    at dial (net.js:3:1)',
      ].join('\n'),
    })
  })

  it('shows the errors that were gathered in one', () => {
    const both = failing(
      new AggregateError([failing(new Error('IPv6'), 'a'), failing(new Error(CANARY), 'b')], 'no host'),
    )
    expect(describeFault(both, hide).stack.split('\n')).toEqual([
      'AggregateError: no host',
      '  one of its errors: Error: IPv6',
      '      at a',
      '  one of its errors: Error: [secret]',
      '      at b',
    ])
  })

  it('leaves messages out as long as it is not known what is secret', () => {
    const error = failing(new SyntaxError(`bad ${CANARY}`, { cause: CANARY }), 'parse (json5.js:1:1)')
    const { message, stack } = describeFault(error, undefined)
    expect([message, stack].join()).not.toContain(CANARY)
    expect(stack).toContain('SyntaxError: (left out')
    expect(stack).toContain('at parse (json5.js:1:1)')
  })

  it('takes no line of a message for a frame, also of a message that was changed later', () => {
    const error = new Error('a\n    at b (c.js:1:1)')
    error.stack = `Error: ${error.message}\n    at real (d.js:2:2)`
    expect(describeFault(error, hide).stack).toBe('Error: a\n    at b (c.js:1:1)\n    at real (d.js:2:2)')
    error.stack = `Error: old ${CANARY}\n    at real ${CANARY} (d.js:2:2)`
    error.message = 'new'
    expect(describeFault(error, hide).stack).toBe('Error: new\n    at real [secret] (d.js:2:2)')
  })

  it('ends: long messages, many frames, causes in a circle', () => {
    const error = failing(new Error('x'.repeat(5000)), ...Array.from({ length: 100 }, (_, i) => `f${i} (a.js:1:1)`))
    error.cause = new Error('again', { cause: error })
    const { message, stack } = describeFault(error, hide)
    expect(message).toHaveLength(1001)
    expect(stack.match(/^ {4}at f\d/gm)).toHaveLength(30)
    expect(stack.match(/caused by/g)).toHaveLength(1)
  })

  for (const [name, thrown, type, message] of [
    ['a text', `no ${CANARY}`, 'a text', 'no [secret]'],
    ['a number', 7, 'a value of type number', ''],
    ['nothing', undefined, 'a value of type undefined', ''],
    ['null', null, 'null', ''],
    ['an object', { apiKey: CANARY, message: CANARY }, 'an object that is no error', ''],
    ['an error with a name that is none', Object.assign(new Error('m'), { name: `x ${CANARY}` }), 'Error', 'm'],
    ['an error whose message is no text', Object.assign(new Error(), { message: { CANARY } }), 'Error', ''],
  ] as const)
    it(`holds for ${name} that is thrown`, () => {
      const fault = describeFault(thrown, hide)
      expect(fault).toMatchObject({ type, message })
      expect(fault.stack).not.toContain(CANARY)
    })

  it('holds for an error that throws when it is looked at', () => {
    const error = new Error('m')
    const refuse = {
      get() {
        throw new Error(CANARY)
      },
    }
    for (const key of ['stack', 'message', 'name', 'cause', 'errors']) Object.defineProperty(error, key, refuse)
    expect(describeFault(error, hide)).toEqual({ type: 'Error', message: '', stack: 'Error' })
  })

  it('leaves the terminal as it is', () => {
    expect(describeFault(new Error('\x1b[31mred\x9b'), hide).message).not.toMatch(/[\x1b\x9b]/)
  })
})
