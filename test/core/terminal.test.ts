import { describe, expect, it } from 'vitest'
import { visible } from '../../src/core/terminal.js'

describe('a text on a terminal', () => {
  for (const [name, text, shown] of [
    ['keeps lines, tabs and letters of any language', 'a\tb\nÄ 漢 😀', 'a\tb\nÄ 漢 😀'],
    ['cannot colour, move or clear', '\x1b[31mred\x1b[2J', '␛[31mred␛[2J'],
    [
      'cannot name the window or write to the clipboard',
      '\x1b]0;owned\x07\x1b]52;c;eA==\x1b\\',
      '␛]0;owned␇␛]52;c;eA==␛\\',
    ],
    ['cannot begin a sequence with one character', '\u009b31m \u009d0;x', '<U+009B>31m <U+009D>0;x'],
    ['cannot write over its line', 'harmless\rrm -rf /\b\b\x7f', 'harmless␍rm -rf /␈␈<U+007F>'],
    ['cannot turn the direction of writing', 'a\u202eb\u2066c', 'a<U+202E>b<U+2066>c'],
  ] as const)
    it(name, () => expect(visible(text)).toBe(shown))
})
