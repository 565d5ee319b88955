/**
 * Encodings other than UTF-8. Their lines are found in the bytes, as anywhere, and become text line by line: no byte of a
 * character is ever a line end, but in UTF-16, where a line end is a unit of two bytes.
 */
import { TextDecoder } from 'node:util'

/** Named as the WHATWG encoding standard does. All but UTF-16 hold ASCII as it is. */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'big5',
  'euc-jp',
  'euc-kr',
  'gb18030',
  'gbk',
  'ibm866',
  'iso-8859-2',
  'iso-8859-5',
  'iso-8859-15',
  'koi8-r',
  'koi8-u',
  'shift_jis',
  'windows-874',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
] as const

export type Encoding = (typeof ENCODINGS)[number]

const NEWLINE = 10
/** How much of a beginning is looked at. */
const HEAD_BYTES = 1024

/**
 * The UTF-16 that a byte order mark at the beginning of a file promises. Not where what follows breaks the promise: in
 * logs of any script, one character in 16 at least is ASCII, be it of times, blanks or line ends.
 */
export function markedEncoding(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const little = head[0] === 0xff && head[1] === 0xfe
  if (!little && !(head[0] === 0xfe && head[1] === 0xff)) return undefined
  const end = Math.min(head.length, HEAD_BYTES)
  let units = 0
  let plain = 0
  for (let at = 2; at + 1 < end; at += 2, units++) if (head[little ? at + 1 : at] === 0) plain++
  if ((plain + 1) * 16 < units) return undefined
  return little ? 'utf-16le' : 'utf-16be'
}

/** Turns bytes of one encoding into text and finds its line ends. */
export class Decoder {
  readonly #encoding: Encoding
  readonly #decoder: TextDecoder
  /** Bytes of a line end: those of the smallest character. */
  readonly unit: 1 | 2

  constructor(encoding: Encoding) {
    this.#encoding = encoding
    this.#decoder = new TextDecoder(encoding)
    this.unit = encoding.startsWith('utf-16') ? 2 : 1
  }

  /** Index of the first byte of the next line end, from `start` on; -1 without one. In UTF-16 `bytes` are whole units. */
  newline(bytes: Buffer, start: number): number {
    if (this.unit === 1) return bytes.indexOf(NEWLINE, start)
    const isLow = this.#encoding === 'utf-16le' ? 0 : 1
    for (let at = bytes.indexOf(NEWLINE, start); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      const first = at - isLow
      if (first % 2 === 0 && bytes[isLow === 0 ? at + 1 : first] === 0) return first
    }
    return -1
  }

  /** The text of a line; of one that was `cut` without what is left of its last character. */
  text(bytes: Buffer, cut: boolean): string {
    // In one step Node.js 20 reads windows-1252 as Latin-1.
    const text = this.#decoder.decode(bytes, { stream: true })
    const rest = this.#decoder.decode()
    return cut ? text : text + rest
  }
}
