import { describe, expect, it } from 'vitest'
import { processed } from '../harness.js'

const read = (message: string, attributes = {}) => processed([{ type: 'logfmt-parser' }], { message, attributes })

describe('the logfmt parser', () => {
  for (const [name, message, attributes] of [
    ['reads bare values and numbers', 'level=error n=7 at=a/b.c:1', { level: 'error', n: 7, at: 'a/b.c:1' }],
    [
      'keeps a number that has too many digits',
      'level=info id=12345678901234567890',
      { level: 'info', id: '12345678901234567890' },
    ],
    ['restores what quotes hold', 'level=error msg="a \\"b\\"\\nc\\u00e9"', { level: 'error', msg: 'a "b"\ncé' }],
    [
      "reads single quotes, as Python's repr writes them",
      "level='error' msg='it\\'s'",
      { level: 'error', msg: "it's" },
    ],
    ['nests dotted keys', 'level=error error.kind=X', { level: 'error', error: { kind: 'X' } }],
    [
      'reads values over lines, in which only the quote is escaped',
      'level=error stack="a\n  \\"b\\\\n\\""',
      { level: 'error', stack: 'a\n  "b\\\\n"' },
    ],
    ['reads pairs on further lines', 'level=error\nmsg=x', { level: 'error', msg: 'x' }],
  ] as const)
    it(name, () => expect(read(message).attributes).toEqual(attributes))

  for (const message of ['a=1 b=2', 'the level=error', '', '{"level":"error"}', 'level', 'level = error'])
    it(`leaves ${JSON.stringify(message)} alone`, () =>
      expect(read(message)).toMatchObject({ message, attributes: {} }))

  it('keeps what is there, and what stands behind the pairs', () => {
    expect(read('level=error msg=x\n\tat a.b(C.java:1)', { level: 'info' }).attributes).toEqual({
      level: 'info',
      msg: 'x\n\tat a.b(C.java:1)',
    })
  })
})
