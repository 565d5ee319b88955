/**
 * What the keys of a query name in a record: attributes, the reserved fields, tags, the message, everything.
 * A target turns the question of a term into a test of the whole record.
 */
import type { Attributes, Value } from '../../core/shapes.js'
import { messageTest, type Pattern, plainText, someScalar, type ValueTest, wordTest } from './value.js'

/** The part of a log record that queries look at. */
export interface QueryRecord {
  message: string
  source: string
  service?: string
  host?: string
  status?: string
  /** `key:value`, lower case. */
  tags: readonly string[]
  attributes: Attributes
}

export type Predicate = (record: QueryRecord) => boolean

/** What a term asks: a test of scalars, or whether there is a value at all. */
export type Question =
  | { readonly exists: true }
  | { readonly exists: false; readonly test: ValueTest; readonly pattern?: Pattern }

/** Turns the question of a term into a test of the record, by the key before the colon. */
export type Target = (question: Question) => Predicate

const RESERVED: Readonly<Record<string, (record: QueryRecord) => string | undefined>> = {
  source: (record) => record.source,
  ddsource: (record) => record.source,
  service: (record) => record.service,
  host: (record) => record.host,
  hostname: (record) => record.host,
  status: (record) => record.status,
}

/** What the key of a term names. Keys that are neither attributes nor reserved are tags, or attributes below others. */
export function targetOf(key: string): Target {
  if (key.startsWith('@')) return attributeTarget(key.slice(1).split('.'))
  if (key === '_exists_' || key === '_missing_') return existenceTarget(key === '_exists_')
  if (key === '*') return everywhere
  if (key === 'message') return messageTarget
  const read = Object.hasOwn(RESERVED, key) ? RESERVED[key] : undefined
  if (read !== undefined)
    return (question) => {
      if (question.exists) return (record) => (read(record) ?? '') !== ''
      const test = question.pattern === undefined ? question.test : wordTest(question.pattern, true)
      return (record) => {
        const value = read(record)
        return value !== undefined && test(value)
      }
    }
  const tag = tagTarget(key.toLowerCase())
  if (!key.includes('.')) return tag
  // Pipelines name attributes without the "@" too; tags with dots are rare, so both are asked.
  const attribute = attributeTarget(key.split('.'))
  return (question) => {
    const [isTag, isAttribute] = [tag(question), attribute(question)]
    return (record) => isTag(record) || isAttribute(record)
  }
}

function attributeTarget(path: readonly string[]): Target {
  return (question) => {
    if (question.exists) return (record) => exists(record.attributes, path, 0)
    return (record) => someAt(record.attributes, path, 0, question.test)
  }
}

/** `_exists_:a.b`; its value is the name of an attribute or a tag. */
function existenceTarget(expected: boolean): Target {
  return (question) => {
    const name = question.exists || question.pattern === undefined ? undefined : plainText(question.pattern)
    if (name === undefined) return () => expected
    const path = name.replace(/^@/, '').split('.')
    return (record) =>
      (exists(record.attributes, path, 0) || record.tags.some((tag) => tag.startsWith(`${name}:`))) === expected
  }
}

const messageTarget: Target = (question) => {
  if (question.exists) return (record) => record.message !== ''
  const { pattern, test } = question
  const words = pattern === undefined ? undefined : messageTest(pattern)
  return (record) => (words === undefined ? test(record.message) : words(record.message))
}

/** `*:word`: the message and every attribute. */
const everywhere: Target = (question) => {
  if (question.exists) return () => true
  const { pattern, test } = question
  const words = pattern === undefined ? test : messageTest(pattern)
  const some = (value: Value | undefined, depth: number): boolean => {
    if (value === undefined || value === null || depth > 32) return false
    if (typeof value === 'object') return Object.values(value).some((inner: Value) => some(inner, depth + 1))
    return words(String(value))
  }
  return (record) => words(record.message) || some(record.attributes, 0)
}

/** Tags are kept in lower case. `tags:a:b` and `tags:"a:b"` name a whole tag. */
function tagTarget(key: string): Target {
  const prefix = key === 'tags' ? '' : `${key}:`
  return (question) => {
    if (question.exists) return (record) => record.tags.some((tag) => tag.startsWith(prefix))
    const test = question.pattern === undefined ? question.test : wordTest(question.pattern, true)
    return (record) => record.tags.some((tag) => tag.startsWith(prefix) && test(tag.slice(prefix.length)))
  }
}

/** Follows the path through maps, and through every element of lists; a key with dots in it is found too. */
function follow(
  value: Value | undefined,
  path: readonly string[],
  at: number,
  found: (value: Value) => boolean,
): boolean {
  if (value === undefined || value === null) return false
  if (at === path.length) return found(value)
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.some((item: Value) => follow(item, path, at, found))
  const map = value as Attributes
  const name = path[at] ?? ''
  if (Object.hasOwn(map, name) && follow(map[name], path, at + 1, found)) return true
  if (at === path.length - 1) return false
  const rest = path.slice(at).join('.')
  return Object.hasOwn(map, rest) && follow(map[rest], path, path.length, found)
}

function someAt(value: Value, path: readonly string[], at: number, test: ValueTest): boolean {
  return follow(value, path, at, (found) => someScalar(found, test))
}

function exists(value: Value, path: readonly string[], at: number): boolean {
  return follow(value, path, at, () => true)
}
