/**
 * Character classes: `[…]`, `\p{…}` and `[:alpha:]` of RE2, Java and Oniguruma, written as JavaScript classes.
 * Works on UTF-16 units and without the flags `u` and `i`, which would take a pattern away from V8's linear engine.
 */

/** What a rule's author has to read; caught where rules are compiled. */
export class Complaint extends Error {
  readonly what: string
  readonly mend: string
  constructor(what: string, mend: string) {
    super(what)
    this.what = what
    this.mend = mend
  }
}

const LETTERS = 'A-Za-zªµºÀ-ÖØ-öø-\\u02ff\\u0370-\\u1fff\\u2c00-\\ud7ff\\uf900-\\ufdcf'
const CONTROLS = '\\x00-\\x1f\\x7f-\\x9f'
const FORMATS = '\\xad\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb'
const MARKS = '\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f'
const PUNCTUATION = '!-\\/:-@\\[-`{-~'

/** Bodies of classes by lower case name: POSIX, Java's `\p{Alpha}`, the general categories that logs need. */
const NAMED: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: '0-9A-Za-z',
  upper: 'A-Z',
  lower: 'a-z',
  punct: PUNCTUATION,
  space: '\\s',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  graph: '!-~',
  print: ' -~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
  ascii: '\\x00-\\x7f',
  l: LETTERS,
  letter: LETTERS,
  isalphabetic: LETTERS,
  lu: 'A-ZÀ-ÖØ-ÞΑ-ΩА-Я',
  ll: 'a-zß-öø-ÿα-ωа-я',
  n: '0-9',
  nd: '0-9',
  p: PUNCTUATION,
  s: '$+<=>^`|~€£¥',
  z: ' \\u00a0\\u2000-\\u200a\\u2028\\u2029\\u3000',
  zs: ' \\u00a0\\u2000-\\u200a\\u3000',
  m: MARKS,
  mn: MARKS,
  cc: CONTROLS,
  cf: FORMATS,
  c: `${CONTROLS}${FORMATS}\\ue000-\\uf8ff`,
}

/** The body of a named class, to stand between brackets. */
export function namedClass(name: string): string {
  const key = name.toLowerCase().replace(/^(?:is|in)(?=[a-z]{1,2}$)/, '')
  const body = Object.hasOwn(NAMED, key) ? NAMED[key] : undefined
  if (body !== undefined) return body
  throw new Complaint(
    `The character class "${name}" is not known.`,
    `Write the characters themselves, or one of ${Object.keys(NAMED).slice(0, 14).join(', ')}.`,
  )
}

/** `\p{Name}`, `\pL`: the name, and the index just after it. `at` is the index of the p. */
export function propertyAt(text: string, at: number): { name: string; end: number } {
  if (text.charAt(at + 1) !== '{') return { name: text.charAt(at + 1), end: at + 2 }
  const close = text.indexOf('}', at)
  if (close < 0) throw new Complaint('"\\p{" is not closed by "}".', 'Close it, as in "\\p{Alpha}".')
  return { name: text.slice(at + 2, close), end: close + 1 }
}

/** A character as it may stand in a class. */
function inClass(code: number): string {
  const c = String.fromCharCode(code)
  if (/[\]\\[^-]/.test(c)) return `\\${c}`
  return code < 32 || code === 0x2028 || code === 0x2029 ? `\\u${code.toString(16).padStart(4, '0')}` : c
}

/** Both cases of a character; itself where it has no other. */
export function cases(c: string): string[] {
  const other = c.toLowerCase() === c ? c.toUpperCase() : c.toLowerCase()
  return other !== c && other.length === c.length ? [c, other] : [c]
}

/** Source of the class that opens at `at` (the bracket), and the index just after it. */
export function classAt(text: string, at: number, ignoreCase: boolean): { source: string; end: number } {
  let i = at + 1
  let source = '['
  if (text.charAt(i) === '^') {
    source += '^'
    i++
  }
  const first = i
  for (;;) {
    if (i >= text.length)
      throw new Complaint('A "[" is not closed by "]".', 'Close the class, or write "\\[" for the character itself.')
    if (text.charAt(i) === ']' && i > first) return { source: `${source}]`, end: i + 1 }
    const item = itemAt(text, i)
    i = item.end
    if (item.code === undefined) {
      source += item.raw
      continue
    }
    const isRange = text.charAt(i) === '-' && i + 1 < text.length && text.charAt(i + 1) !== ']'
    const to = isRange ? itemAt(text, i + 1) : undefined
    if (to?.code === undefined) {
      source += ignoreCase
        ? cases(String.fromCharCode(item.code))
            .map((c) => inClass(c.charCodeAt(0)))
            .join('')
        : inClass(item.code)
      continue
    }
    if (to.code < item.code)
      throw new Complaint(
        `The range "${text.slice(item.start, to.end)}" runs backwards.`,
        'Put the smaller character first, or "\\-" for a hyphen.',
      )
    i = to.end
    source += range(item.code, to.code, ignoreCase)
  }
}

function range(from: number, to: number, ignoreCase: boolean): string {
  let source = `${inClass(from)}-${inClass(to)}`
  if (!ignoreCase) return source
  for (const [low, high, shift] of [
    [65, 90, 32],
    [97, 122, -32],
  ] as const) {
    const start = Math.max(from, low)
    const end = Math.min(to, high)
    if (start <= end) source += `${inClass(start + shift)}-${inClass(end + shift)}`
  }
  return source
}

interface Item {
  readonly start: number
  readonly end: number
  /** The UTF-16 unit, for a single character. */
  readonly code?: number
  /** Source as it stands, for `\d` and named classes. */
  readonly raw: string
}

function itemAt(text: string, start: number): Item {
  const c = text.charAt(start)
  if (c === '[' && text.charAt(start + 1) === ':') {
    const close = text.indexOf(':]', start + 2)
    const name = close < 0 ? '' : text.slice(start + 2, close)
    if (/^\^?[a-z]{1,10}$/.test(name)) {
      if (name.startsWith('^')) throw negated(name)
      return { start, end: close + 2, raw: namedClass(name) }
    }
  }
  if (c !== '\\') return { start, end: start + 1, code: c.charCodeAt(0), raw: '' }
  const d = text.charAt(start + 1)
  const end = start + 2
  switch (d) {
    case '':
      throw new Complaint('The rule ends in a backslash.', 'Write "\\\\" for a backslash.')
    case 'd':
    case 'D':
    case 'w':
    case 'W':
    case 's':
    case 'S':
      return { start, end, raw: `\\${d}` }
    case 'h':
      return { start, end, raw: ' \\t\\u00a0' }
    case 'v':
      return { start, end, raw: '\\n\\x0b\\f\\r\\x85\\u2028\\u2029' }
    case 'R':
      return { start, end, raw: '\\n\\r' }
    case 'p': {
      const property = propertyAt(text, start + 1)
      if (property.name.startsWith('^')) throw negated(property.name)
      return { start, end: property.end, raw: namedClass(property.name) }
    }
    case 'P':
      throw negated('\\P')
    default: {
      const code = escapedCode(text, start + 1)
      return code === undefined ? { start, end, code: d.charCodeAt(0), raw: '' } : { start, ...code, raw: '' }
    }
  }
}

function negated(name: string): Complaint {
  return new Complaint(
    `A negated class ("${name}") inside "[…]" is not supported.`,
    'Negate the whole class with "[^…]", or list the characters.',
  )
}

const CONTROL: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, b: 8, a: 7, e: 27, '0': 0 }

/** The character that `\n`, `\x41`, `\x{41}`, `\u0041` stands for; `at` is the index after the backslash. */
export function escapedCode(text: string, at: number): { code: number; end: number } | undefined {
  const c = text.charAt(at)
  if (c === 'x' || c === 'u') {
    const hex = /^(?:x([0-9a-fA-F]{2})|[xu]\{([0-9a-fA-F]{1,4})\}|u([0-9a-fA-F]{4}))/.exec(text.slice(at, at + 8))
    if (hex === null) return undefined
    return { code: Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '0', 16), end: at + hex[0].length }
  }
  const code = Object.hasOwn(CONTROL, c) ? CONTROL[c] : undefined
  return code === undefined ? undefined : { code, end: at + 1 }
}
