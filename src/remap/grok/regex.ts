/**
 * Writes the regular expressions of grok rules (RE2, Java or Oniguruma flavour) as JavaScript ones, for the flag `s`.
 * Atomic groups and possessive quantifiers become plain, plain groups capture nothing, letters under `(?i)` become
 * classes and large counts are unrolled, so that V8's linear engine can take over when a pattern backtracks too much
 * (it refuses look-around, back-references, the flags i, u, d, and counts that multiply to more than 16; "+" counts 2).
 */
import { Complaint, cases, classAt, escapedCode, namedClass, propertyAt } from './classes.js'
import { type Repeat, repeatsCaptures } from './repeats.js'

/** The inline flags in force. */
export interface Flags {
  /** Letters match both cases. */
  readonly i: boolean
  /** `.` matches line ends; grok's default. */
  readonly s: boolean
  /** `^` and `$` match at line ends. */
  readonly m: boolean
  /** Blanks and `#` comments are left out. */
  readonly x: boolean
}

export const GROK_FLAGS: Flags = { i: false, s: true, m: false, x: false }

/** Larger counts are unrolled: V8's linear engine takes 16, and a group around it may be repeated with "+" too. */
const MAX_COUNT = 8
/** Counts of what is unrolled; none of what holds counts itself, since they multiply. */
const CHUNK = 4
/** Source longer than this is refused: it takes helpers that multiply one another to get there. */
const MAX_SOURCE = 1 << 16

interface Group {
  readonly start: number
  readonly captures: number
  readonly flags: Flags
  /** The capturing group around its repetition, when what it captures must outlast a turn. */
  readonly region: number | undefined
}

export class RegexWriter {
  /** JavaScript source so far. */
  source = ''
  /** Capturing groups so far; the next one has this number plus one. */
  captures = 0
  /** Why V8's linear engine refuses the pattern, if it does. */
  refusal: 'a look-around' | 'a back-reference' | undefined
  /** Repeated groups with captures in them, and the source of one turn of each. */
  readonly repeats: (Omit<Repeat, 'turn'> & { readonly source: string })[] = []
  readonly #names = new Map<string, number>()
  readonly #reference: (text: string, at: number, flags: Flags) => number
  readonly #named: (name: string, capture: number) => void

  /** `reference` writes what a `%{…}` at `at` means and returns the index after it; `named` hears of `(?<name>`. */
  constructor(
    reference: (text: string, at: number, flags: Flags) => number,
    named: (name: string, capture: number) => void,
  ) {
    this.#reference = reference
    this.#named = named
  }

  /** Opens a capturing group; its number. */
  capture(): number {
    this.raw('(')
    return ++this.captures
  }

  raw(source: string): void {
    this.source += source
    if (this.source.length > MAX_SOURCE)
      throw new Complaint('The rule is too large once its helpers are put in.', 'Split it into several match rules.')
  }

  /** Writes a whole piece of a rule. Its groups must close within it. */
  write(text: string, initial: Flags): void {
    const keepsGroups = /\\[1-9]/.test(text)
    const numbered: number[] = []
    const open: Group[] = []
    let flags = initial
    // Start of the last atom in `source`, -1 when there is nothing that could be repeated.
    let atom = -1
    let atomCaptures = 0
    let repeated = false
    const begin = () => {
      atom = this.source.length
      atomCaptures = this.captures
      repeated = false
    }
    let i = 0
    while (i < text.length) {
      const c = text.charAt(i)
      if (c === '%' && text.charAt(i + 1) === '{') {
        begin()
        i = this.#reference(text, i, flags)
      } else if (c === '\\') {
        if (text.charAt(i + 1) === 'Q') {
          const close = text.indexOf('\\E', i + 2)
          for (const literal of text.slice(i + 2, close < 0 ? undefined : close)) {
            begin()
            this.#literal(literal, flags)
          }
          i = close < 0 ? text.length : close + 2
          continue
        }
        begin()
        const end = this.#escape(text, i, flags, numbered)
        if (isAssertion(text.charAt(i + 1))) atom = -1
        i = end
      } else if (c === '[') {
        begin()
        const { source, end } = classAt(text, i, flags.i)
        this.raw(source)
        i = end
      } else if (c === '(') {
        const region = repeatsCaptures(text, i) ? this.capture() : undefined
        const opened = this.#open(text, i, flags, keepsGroups ? numbered : undefined)
        if (opened.group) open.push({ start: opened.start, captures: opened.captures, flags, region })
        flags = opened.flags
        atom = -1
        i = opened.end
      } else if (c === ')') {
        const group = open.pop()
        if (group === undefined)
          throw new Complaint('A ")" closes a group that was not opened.', 'Write "\\)" for the character itself.')
        this.raw(')')
        atom = group.start
        atomCaptures = group.captures
        repeated = false
        flags = group.flags
        i++
        if (group.region !== undefined) {
          const { region, start, captures } = group
          const source = this.source.slice(start)
          if (this.captures > captures) this.repeats.push({ region, first: captures + 1, last: this.captures, source })
          i = this.#quantifier(text, i, start, captures)
          this.raw(')')
          atom = start - 1
        }
      } else if (c === '|') {
        this.raw('|')
        atom = -1
        i++
      } else if (c === '*' || c === '+' || c === '?' || (c === '{' && atom >= 0 && COUNT.test(text.slice(i, i + 16)))) {
        if (atom < 0)
          throw new Complaint(
            `There is nothing that "${c}" could repeat at "${text.slice(i, i + 20)}".`,
            `Write "\\${c}" for the character itself.`,
          )
        if (repeated) this.source = `${this.source.slice(0, atom)}(?:${this.source.slice(atom)})`
        i = this.#quantifier(text, i, atom, atomCaptures)
        repeated = true
      } else if (c === '.') {
        begin()
        this.raw(flags.s ? '.' : '[^\\n]')
        i++
      } else if (c === '^' || c === '$') {
        if (flags.m) this.refusal ??= 'a look-around'
        this.raw(flags.m ? (c === '^' ? '(?:^|(?<=\\n))' : '(?=\\n|$)') : c)
        atom = -1
        i++
      } else if (flags.x && /[\s#]/.test(c)) {
        if (c === '#') while (i < text.length && text.charAt(i) !== '\n') i++
        else i++
      } else {
        begin()
        const character = String.fromCodePoint(text.codePointAt(i) ?? 0)
        this.#literal(character, flags)
        i += character.length
      }
    }
    if (open.length > 0)
      throw new Complaint('A "(" is not closed by ")".', 'Close the group, or write "\\(" for the character itself.')
  }

  #literal(character: string, flags: Flags): void {
    // Without the flag u a character outside the basic plane is two units, which must be repeated together.
    if (character.length > 1) this.raw(`(?:${character})`)
    else if (/[\\^$.*+?()[\]{}|/]/.test(character)) this.raw(`\\${character}`)
    else if (character === '\n') this.raw('\\n')
    else {
      const both = flags.i ? cases(character) : [character]
      this.raw(both.length > 1 ? `[${both.join('')}]` : character)
    }
  }

  /** Writes the escape at `at` (the backslash); the index after it. */
  #escape(text: string, at: number, flags: Flags, numbered: readonly number[]): number {
    const c = text.charAt(at + 1)
    const fixed = Object.hasOwn(ESCAPES, c) ? ESCAPES[c] : undefined
    if (fixed !== undefined) {
      this.raw(fixed)
      return at + 2
    }
    if (c === '') throw new Complaint('The rule ends in a backslash.', 'Write "\\\\" for a backslash.')
    if (c === 'p' || c === 'P') {
      const { name, end } = propertyAt(text, at + 1)
      const inverse = name.startsWith('^')
      this.raw(`[${(c === 'P') !== inverse ? '^' : ''}${namedClass(inverse ? name.slice(1) : name)}]`)
      return end
    }
    if (c >= '1' && c <= '9') return this.#backReference(numbered[Number(c) - 1], `\\${c}`, at + 2)
    if (c === 'k') {
      const name = /^[<{']([^>}']{1,64})[>}']/.exec(text.slice(at + 2, at + 70))
      return this.#backReference(this.#names.get(name?.[1] ?? ''), '\\k', at + 2 + (name?.[0].length ?? 0))
    }
    if (c === 'g' || c === 'K' || c === 'X')
      throw new Complaint(`"\\${c}" is not supported.`, 'Write the rule without it.')
    if (c === 'c' && /[A-Za-z]/.test(text.charAt(at + 2))) {
      this.raw(`\\c${text.charAt(at + 2)}`)
      return at + 3
    }
    const code = escapedCode(text, at + 1)
    if (code !== undefined) {
      this.#literal(String.fromCharCode(code.code), flags)
      return code.end
    }
    const character = String.fromCodePoint(text.codePointAt(at + 1) ?? 0)
    this.#literal(character, flags)
    return at + 1 + character.length
  }

  #backReference(capture: number | undefined, written: string, end: number): number {
    if (capture === undefined)
      throw new Complaint(
        `The back-reference "${written}" has no group to refer to.`,
        'Refer to a group that opens before it in the same rule.',
      )
    this.refusal = 'a back-reference'
    this.raw(`(?:\\${capture})`)
    return end
  }

  /** Opens the group at `at`. `group` is false when there was none to open: a comment, or flags for what follows. */
  #open(
    text: string,
    at: number,
    flags: Flags,
    numbered: number[] | undefined,
  ): { group: boolean; start: number; captures: number; flags: Flags; end: number } {
    const opened = { group: true, start: this.source.length, captures: this.captures, flags }
    if (text.charAt(at + 1) !== '?') {
      if (numbered === undefined) this.raw('(?:')
      else numbered.push(this.capture())
      return { ...opened, end: at + 1 }
    }
    const rest = text.slice(at + 2, at + 80)
    const look = /^(?:<?[=!])/.exec(rest)?.[0]
    if (look !== undefined) {
      this.refusal ??= 'a look-around'
      this.raw(`(?${look}`)
      return { ...opened, end: at + 2 + look.length }
    }
    if (rest.startsWith('>') || rest.startsWith(':') || rest.startsWith('|')) {
      this.raw('(?:')
      return { ...opened, end: at + 3 }
    }
    const name = /^P?<([^>]{1,64})>|^'([^']{1,64})'/.exec(rest)
    if (name !== null) {
      const written = name[1] ?? name[2] ?? ''
      const capture = this.capture()
      this.#names.set(written, capture)
      numbered?.push(capture)
      this.#named(written, capture)
      return { ...opened, end: at + 2 + name[0].length }
    }
    if (rest.startsWith('#')) {
      const close = text.indexOf(')', at)
      return { ...opened, group: false, end: close < 0 ? text.length : close + 1 }
    }
    const set = /^([imsxduU]*)(?:-([imsxduU]+))?([:)])/.exec(rest)
    if (set === null)
      throw new Complaint(
        `The group "(?${rest.slice(0, 10)}" is of a kind that is not supported.`,
        'Use "(?:…)", "(?<name>…)" or "(?i)".',
      )
    const changed = {
      i: on('i', set, flags.i),
      s: on('s', set, flags.s),
      m: on('m', set, flags.m),
      x: on('x', set, flags.x),
    }
    const end = at + 2 + set[0].length
    if (set[3] === ')') return { ...opened, group: false, flags: changed, end }
    this.raw('(?:')
    return { ...opened, flags: changed, end }
  }

  /** Writes the quantifier at `at` behind the atom that starts at `atom` in the source; the index after it. */
  #quantifier(text: string, at: number, atom: number, atomCaptures: number): number {
    const count = COUNT.exec(text.slice(at, at + 16))
    let end = at + (count?.[0].length ?? 1)
    let lazy = ''
    if (text.charAt(end) === '?') {
      lazy = '?'
      end++
    } else if (text.charAt(end) === '+') end++
    if (count === null) {
      this.raw(text.charAt(at) + lazy)
      return end
    }
    const min = Number(count[1] || 0)
    const max = count[2] === undefined ? min : count[3] === '' ? Number.POSITIVE_INFINITY : Number(count[3])
    if (max < min) throw new Complaint(`The count "${count[0]}" runs backwards.`, 'Put the smaller number first.')
    const written = this.source.slice(atom)
    const most = max === Number.POSITIVE_INFINITY ? min : max
    const chunk = /\{\d/.test(written) ? 1 : CHUNK
    const unrolls = most > (chunk === 1 ? 1 : MAX_COUNT) && this.captures === atomCaptures
    const copies = Math.ceil(most / chunk) * 2 + 1
    if (!unrolls || copies * (written.length + 8) > 4096)
      this.raw(`{${min}${max === min ? '' : `,${max === Number.POSITIVE_INFINITY ? '' : max}`}}${lazy}`)
    else {
      this.source = this.source.slice(0, atom)
      this.raw(`(?:${unrolled(written, min, max, lazy, chunk)})`)
    }
    return end
  }
}

const COUNT = /^\{(?:(\d{1,5})|(?=,\d))(,(\d{0,5}))?\}/

/** `X{min,max}` from counts of `chunk`, tried in the same order and with one way only to match each length. */
function unrolled(atom: string, min: number, max: number, lazy: string, chunk: number): string {
  const times = (count: number) => (chunk === 1 ? atom.repeat(count) : `${atom}{${count}}`)
  let source = atom === '' ? '' : times(chunk).repeat(Math.floor(min / chunk))
  if (min % chunk > 0) source += times(min % chunk)
  if (max === Number.POSITIVE_INFINITY) return `${source}${atom}*${lazy}`
  return source + upTo(atom, max - min, lazy, chunk)
}

function upTo(atom: string, most: number, lazy: string, chunk: number): string {
  if (most === 0) return ''
  if (chunk === 1) return `(?:${atom}${upTo(atom, most - 1, lazy, 1)})?${lazy}`
  if (most <= chunk) return `${atom}{0,${most}}${lazy}`
  const many = `${atom}{${chunk}}${upTo(atom, most - chunk, lazy, chunk)}`
  const few = `${atom}{0,${chunk - 1}}${lazy}`
  return lazy === '' ? `(?:${many}|${few})` : `(?:${few}|${many})`
}

function on(flag: string, set: RegExpExecArray, before: boolean): boolean {
  return set[2]?.includes(flag) ? false : before || (set[1]?.includes(flag) ?? false)
}

function isAssertion(letter: string): boolean {
  return letter === 'b' || letter === 'B' || letter === 'A' || letter === 'z' || letter === 'Z' || letter === 'G'
}

/** Escapes that always mean the same. `\Z` may not stop before a last line end here: the rule must match to the end. */
const ESCAPES: Readonly<Record<string, string>> = {
  A: '^',
  G: '^',
  z: '$',
  Z: '$',
  E: '',
  b: '\\b',
  B: '\\B',
  d: '\\d',
  D: '\\D',
  w: '\\w',
  W: '\\W',
  s: '\\s',
  S: '\\S',
  n: '\\n',
  r: '\\r',
  t: '\\t',
  f: '\\f',
  v: '[\\n\\x0b\\f\\r\\x85\\u2028\\u2029]',
  h: '[ \\t\\u00a0]',
  H: '[^ \\t\\u00a0]',
  R: '(?:\\r\\n|[\\n\\x0b\\f\\r\\x85\\u2028\\u2029])',
  N: '[^\\n]',
}
