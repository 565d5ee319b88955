import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson5 } from '../../src/config/json5.js'
import { Comment, commentLines, renderJson5 } from '../../src/remap/json5-text.js'

const read = (text: string) => {
  const { value, problems } = parseJson5(text, 'x.json5')
  expect(problems).toEqual([])
  return value
}

describe('JSON5 for people', () => {
  it('gives back what was written', () => {
    // A number is -0 in JSON5, and not in JSON; `__proto__` is a key that no file needs.
    const values = fc.jsonValue({ maxDepth: 4 }).filter((value) => !/-0\b|__proto__/.test(JSON.stringify(value)))
    fc.assert(
      fc.property(fc.array(values), fc.integer({ min: 0, max: 80 }), (list, width) => {
        expect(read(renderJson5(list, { width }))).toEqual(JSON.parse(JSON.stringify(list)))
      }),
    )
  })

  for (const [name, value, text] of [
    ['needs no quotes around names', { a: 1, $b_2: true, 'c-d': null }, "{\n  a: 1,\n  $b_2: true,\n  'c-d': null,\n}"],
    ['leaves out what is not set', { a: undefined, b: [] }, '{\n  b: [],\n}'],
    ['puts on a line what fits', { a: { b: [1, 'x'], c: {} } }, "{\n  a: { b: [1, 'x'], c: {} },\n}"],
    [
      'chooses the quotes that need fewer escapes',
      ["it's", '"', `'"`, '\\d\n\t'],
      `[\n  "it's",\n  '"',\n  '\\'"',\n  '\\\\d\\n\\t',\n]`,
    ],
    ['writes control characters as escapes', ['\x1b\u2028'], "[\n  '\\u001b\\u2028',\n]"],
  ] as const)
    it(name, () => expect(renderJson5(value)).toBe(text))

  it('breaks what does not fit, and the lists that are to be tall', () => {
    expect(
      renderJson5({ long: ['aaaaaaaaaa', 'bbbbbbbbbb'], rules: ['a'] }, { width: 20, tall: new Set(['rules']) }),
    ).toBe("{\n  long: [\n    'aaaaaaaaaa',\n    'bbbbbbbbbb',\n  ],\n  rules: [\n    'a',\n  ],\n}")
  })

  it('keeps a comment a comment, whatever is in it', () => {
    const text = renderJson5({ list: [new Comment('one\n], two \u2028three'), 1] })
    expect(text).toBe('{\n  list: [\n    // one\n    // ], two\n    // three\n    1,\n  ],\n}')
    expect(read(text)).toEqual({ list: [1] })
    expect(commentLines('')).toEqual(['//'])
  })
})
