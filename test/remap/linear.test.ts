import { describe, expect, it } from 'vitest'
import { isLinear, linearEngineWorks, linearSource } from '../../src/remap/linear.js'

describe("V8's linear engine", () => {
  it('is there, and takes over', () => expect(linearEngineWorks()).toBe(true))

  for (const [pattern, takes] of [
    ['(a+)+b', true],
    ['^\\[[^\\]]*\\] \\w+$', true],
    ['a{1,30}', false],
    ['(?=a)b', false],
    ['(a)\\1', false],
    ['(', false],
  ] as const)
    it(`${takes ? 'takes' : 'does not take'} ${pattern}`, () => expect(isLinear(pattern)).toBe(takes))

  for (const [pattern, text, other] of [
    ['\\d{1,30}-x', `${'1'.repeat(30)}-x`, '-x'],
    ['(?:[a-z]{1,8} ){2,6}$', 'ab cd ef ', 'ab '],
    ['%{a}[^]b', '%{a}\nb', 'a\nb'],
  ] as const)
    it(`takes ${pattern} once it is rewritten, and it means the same`, () => {
      const source = linearSource(pattern) ?? ''
      expect(isLinear(source)).toBe(true)
      expect([text, other].map((one) => new RegExp(`^(?:${source})`).test(one))).toEqual([true, false])
    })

  it('does not get what cannot be rewritten', () => {
    for (const pattern of ['(?=a)b', '(a)\\1', '(?:[a-z ]{1,900}){1,900}!'])
      expect(linearSource(pattern)).toBeUndefined()
  })
})
