/**
 * Functions of texts with a memory: a program prints the same few stacks over and over. What comes back is shared, so
 * nobody may change it but in a way that is the same for every record. Doubles the speed of a storm of errors (Node.js
 * 20, November 2026).
 */
import { ownText } from './text.js'

/** The newest things by their key, as many as `most` to twice `most` of whatever they are weighed in. */
class Memory<K, T> {
  readonly #most: number
  #recent = new Map<K, T>()
  #older = new Map<K, T>()
  #weight = 0

  constructor(most: number) {
    this.#most = most
  }

  recent(key: K): T | undefined {
    return this.#recent.get(key)
  }

  older(key: K): T | undefined {
    return this.#older.get(key)
  }

  set(key: K, value: T, weight: number): void {
    if (this.#weight >= this.#most) {
      this.#older = this.#recent
      this.#recent = new Map()
      this.#weight = 0
    }
    this.#weight += weight
    this.#recent.set(key, value)
  }
}

/**
 * `make` with a memory for short texts. Those over `maxChars` are made anew each time; of the others the last `maxTotal`
 * to twice as many characters are known.
 */
export function remembered<T>(make: (text: string) => T, maxChars = 300, maxTotal = 1 << 20): (text: string) => T {
  const memory = new Memory<string, T>(maxTotal)
  return (text) => {
    if (text.length > maxChars) return make(text)
    const known = memory.recent(text)
    if (known !== undefined) return known
    const own = ownText(text)
    const value = memory.older(text) ?? make(own)
    memory.set(own, value, own.length)
    return value
  }
}

/** One text and what was made of it; `next` is an older text of the same hash. */
interface Known<T> {
  readonly text: string
  readonly value: T
  readonly next: Known<T> | undefined
}

/** Of texts made to have one hash only the newest are known. */
const MOST_ALIKE = 8

/**
 * The same for texts of many lines. Its hash looks at a part of the text only: that of a Map reads it all, which took a
 * twelfth of the whole time. Texts are compared before they count as the same.
 */
export function rememberedLong<T>(make: (text: string) => T, maxChars = 16_384, maxTotal = 2 << 20) {
  const memory = new Memory<number, Known<T>>(maxTotal)
  return (text: string): T => {
    if (text.length > maxChars) return make(text)
    const hash = partialHash(text)
    const there = find(memory.recent(hash), text)
    if (there !== undefined) return there.value
    const before = find(memory.older(hash), text)
    const own = before?.text ?? ownText(text)
    const value = before === undefined ? make(own) : before.value
    memory.set(hash, { text: own, value, next: newest(memory.recent(hash), MOST_ALIKE - 1) }, own.length)
    return value
  }
}

function find<T>(first: Known<T> | undefined, text: string): Known<T> | undefined {
  for (let known = first; known !== undefined; known = known.next) if (known.text === text) return known
  return undefined
}

/** The first `most` of a chain. */
function newest<T>(first: Known<T> | undefined, most: number): Known<T> | undefined {
  if (first === undefined || most === 0) return undefined
  return { ...first, next: newest(first.next, most - 1) }
}

/** Characters at either end that the hash takes all of: stacks differ in where they were raised. */
const END_CHARS = 64
/** One in so many of the characters between. */
const STEP = 64

function partialHash(text: string): number {
  const { length } = text
  let hash = length
  const end = Math.min(END_CHARS, length)
  for (let i = 0; i < end; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  for (let i = end; i < length - END_CHARS; i += STEP) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  for (let i = Math.max(end, length - END_CHARS); i < length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
