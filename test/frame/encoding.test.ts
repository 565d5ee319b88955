import { describe, expect, it } from 'vitest'
import { Decoder, ENCODINGS, markedEncoding } from '../../src/frame/encoding.js'

const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')

describe('a byte order mark', () => {
  for (const [name, head, expected] of [
    ['of UTF-16', utf16('2026-11-20 ERROR x'), 'utf-16le'],
    ['of UTF-16, big endian', utf16('2026-11-20 ERROR x').swap16(), 'utf-16be'],
    ['before text of another script', utf16(`2026 ${'李雷'.repeat(30)}\r\n`.repeat(9)), 'utf-16le'],
    ['alone', utf16(''), 'utf-16le'],
    ['before what is no UTF-16', Buffer.from(`\xff\xfe${'ERROR: x\n'.repeat(9)}`, 'latin1'), undefined],
    ['of UTF-8', Buffer.from('\ufeffERROR'), undefined],
    ['that is not there', Buffer.from('ERROR'), undefined],
    ['of nothing', Buffer.alloc(0), undefined],
  ] as const)
    it(`${name} means ${expected ?? 'nothing'}`, () => expect(markedEncoding(head)).toBe(expected))
})

describe('a decoder', () => {
  it('is there for each encoding, and reads the ASCII that they hold', () => {
    for (const encoding of ENCODINGS) {
      const decoder = new Decoder(encoding)
      const bytes = Buffer.from('ERROR a\n', decoder.unit === 2 ? 'utf16le' : 'latin1')
      if (encoding === 'utf-16be') bytes.swap16()
      const newline = decoder.newline(bytes, 0)
      expect(newline, encoding).toBe(bytes.length - decoder.unit)
      expect(decoder.text(bytes.subarray(0, newline), false), encoding).toBe('ERROR a')
    }
  })

  for (const [encoding, order] of [
    ['utf-16le', (bytes: Buffer) => bytes],
    ['utf-16be', (bytes: Buffer) => bytes.swap16()],
  ] as const)
    it(`takes no half of a character for a line end: ${encoding}`, () => {
      // Both have a byte of LF, and the second and third one across their border.
      const bytes = order(Buffer.from('\u0a41\u0141\u0a00\u000b\u000a', 'utf16le'))
      expect(new Decoder(encoding).newline(bytes, 0)).toBe(8)
      expect(new Decoder(encoding).newline(bytes.subarray(0, 8), 0)).toBe(-1)
    })

  it('leaves out what is left of a character that was cut, and only then', () => {
    const decoder = new Decoder('gbk')
    const bytes = Buffer.from([0x61, 0xd6, 0xd0, 0xd6])
    expect(decoder.text(bytes, true)).toBe('a中')
    expect(decoder.text(bytes, false)).toBe('a中\ufffd')
    expect(decoder.text(Buffer.from('b'), false)).toBe('b')
  })
})
