/**
 * What a repeated group captured: `(?:a=%{word:a} |b=%{word:b} )+`. JavaScript forgets at every turn what the turns
 * before it captured; Java and Oniguruma, for which rules are written, keep the last text of every capture. The turns are
 * read once more, within what the whole repetition matched. Pure.
 */

/** A repeated group with captures in it. */
export interface Repeat {
  /** The group around the whole repetition. */
  readonly region: number
  /** The captures within one turn, by number: `[first, last]`. */
  readonly first: number
  readonly last: number
  /** One turn, sticky; its groups are those captures in order. */
  readonly turn: RegExp
}

/** Whether the group that opens at `at` is repeated and may hold captures that belong to attributes. */
export function repeatsCaptures(text: string, at: number): boolean {
  if (text.charAt(at + 1) === '?' && !/^[:>]/.test(text.charAt(at + 2))) return false
  let depth = 0
  let captures = false
  for (let i = at; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === '\\') i++
    else if (c === '%' && text.charAt(i + 1) === '{') {
      captures = true
      i = referenceEnd(text, i)
    } else if (c === '[') i = classEnd(text, i)
    else if (c === '(') {
      depth++
      if (/^\?P?<[^=!]/.test(text.slice(i + 1, i + 5))) captures = true
    } else if (c === ')' && --depth === 0) return captures && /^(?:[*+]|\{\d*,)/.test(text.slice(i + 1, i + 8))
  }
  return false
}

/** Fills in the captures that an earlier turn made and a later one did not. */
export function keepLast(groups: (string | undefined)[], { region, first, last, turn }: Repeat): void {
  const text = groups[region]
  if (text === undefined || text === '') return
  const kept: (string | undefined)[] = []
  turn.lastIndex = 0
  while (turn.lastIndex < text.length) {
    const from = turn.lastIndex
    const match = turn.exec(text)
    // Turns that cannot be read alone leave what is known.
    if (match === null || turn.lastIndex === from) return
    for (let i = 1; i < match.length; i++) if (match[i] !== undefined) kept[i] = match[i]
  }
  for (let number = first; number <= last; number++) groups[number] ??= kept[number - first + 1]
}

/** The index of the `}` that closes the reference at `at`; quotes may hold others. */
function referenceEnd(text: string, at: number): number {
  let quote = ''
  for (let i = at + 2; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === '\\') i++
    else if (quote !== '') {
      if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '}') return i
  }
  return text.length
}

function classEnd(text: string, at: number): number {
  for (let i = at + (text.charAt(at + 1) === '^' ? 3 : 2); i < text.length; i++) {
    if (text.charAt(i) === '\\') i++
    else if (text.charAt(i) === ']') return i
  }
  return text.length
}
