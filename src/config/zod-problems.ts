/**
 * zod's issues as Problems: where, what was got, how to mend it; all of them, in the order of the file.
 * Secrets and values from the environment are never quoted. A schema's own message (`custom` issues, `refine`) is taken
 * as it stands: its first sentence says what is wrong, the rest how to mend it.
 */
import type { z } from 'zod'
import { closest, type Place, type Problem } from '../core/problem.js'
import { type Path, type PlaceOf, renderPath } from './json5.js'
import { valueAt } from './schema-walk.js'

type Issue = z.core.$ZodIssue

export interface ZodProblemOptions {
  /** The keys known at a path (see `knownKeys`), for suggestions. */
  readonly known?: (path: Path) => readonly string[]
  /** What was parsed, for quoting. Without it values are not quoted. */
  readonly input?: unknown
  /** Whether the value at a path must not be quoted. */
  readonly isSecret?: (path: Path) => boolean
  /** Paths whose issues are left out, because they have a problem already. */
  readonly skip?: (path: Path) => boolean
}

/** Problems sorted by place; one for each key that is not known, and for unions those of the branch that was meant. */
export function zodProblems(error: z.ZodError, placeOf: PlaceOf, options: ZodProblemOptions = {}): Problem[] {
  const problems = error.issues.flatMap((issue) => problemsOf(issue, [], placeOf, options))
  return sortProblems(problems)
}

/** By file, line and column; those without a line first. The order within one place is kept. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const number = (value: number | undefined) => value ?? 0
  return [...problems].sort(
    ({ place: a }, { place: b }) =>
      (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
      number(a.line) - number(b.line) ||
      number(a.column) - number(b.column),
  )
}

function problemsOf(issue: Issue, base: Path, placeOf: PlaceOf, options: ZodProblemOptions): Problem[] {
  const path: Path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
  if (options.skip?.(path) === true) return []
  const problem = (place: Place, what: string, mend: string): Problem => ({ place, what, mend, severity: 'error' })
  const name = renderPath(path)
  const got = describe(path, options, issue)

  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = options.known?.(path) ?? []
      const given = valueAt(options.input, path)
      const free = known.filter((each) => valueAt(given, [each]) === undefined)
      const place = placeOf([...path, key], 'key')
      return problem(
        place,
        `${renderPath([...path, key])} is not a setting${ownerOf(path, options)}.`,
        suggestKey(key, known, free),
      )
    })
  }
  if (issue.code === 'invalid_union') {
    if (issue.errors.length === 0) {
      const choices = (issue as { options?: readonly unknown[] }).options ?? []
      return [problem(placeOf(path), ...oneOf(name, got, choices, path, options))]
    }
    const meant = meantBranch(issue.errors)
    if (meant !== undefined) return meant.flatMap((inner) => problemsOf(inner, path, placeOf, options))
    const expected = [...new Set(issue.errors.flat().map(expectation))]
    return [problem(placeOf(path), ...mismatch(name, got, joined(expected, 'or'), expected))]
  }
  if (issue.code === 'invalid_key') {
    const key = path.at(-1)
    const inner = issue.issues[0]
    const what = `${renderPath(path.slice(0, -1))} has the key ${JSON.stringify(key)}, which does not fit.`
    const near = closest(String(key), options.known?.(path.slice(0, -1)) ?? [])
    const own = inner !== undefined && hasOwnMessage(inner) ? inner.message : undefined
    const fits = inner === undefined ? 'Use another key.' : `Expected ${expectation(inner)}.`
    const mend = near !== undefined ? `Did you mean ${near}?` : own === undefined ? fits : `It ${own}`
    return [problem(placeOf(path, 'key'), what, mend)]
  }
  const isMissing = got.missing || (issue.code === 'invalid_type' && /received undefined$/.test(issue.message))
  if (hasOwnMessage(issue) && !(isMissing && issue.code === 'invalid_type')) {
    // A message that only says what to do is all mend.
    const isMend = /^(?:Write|Use|Give|Name) /.test(issue.message)
    const [what, mend] = isMend ? [`is ${got.text}, which does not fit.`, issue.message] : sentences(issue.message)
    const given = issue.code === 'custom' ? (issue.params?.mend as unknown) : undefined
    const text = options.isSecret?.(path) === true ? 'does not have the form that is expected here.' : what
    // A message that begins with a verb ("is not …") goes on from the name; any other stands by itself.
    const prefix = path.length === 0 || text.startsWith(name) ? '' : /^[a-z]/.test(text) ? `${name} ` : `${name}: `
    return [problem(placeOf(path), prefix + text, typeof given === 'string' ? given : mend)]
  }
  if (issue.code === 'invalid_value') return [problem(placeOf(path), ...oneOf(name, got, issue.values, path, options))]
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    if (got.missing) return [problem(placeOf(path), ...mismatch(name, got, expectation(issue), []))]
    return [problem(placeOf(path), ...outOfRange(name, got, issue))]
  }
  if (issue.code === 'invalid_format') {
    const format = FORMATS[issue.format] ?? FORMATS.regex
    const expected = issue.format === 'regex' ? `text that matches ${issue.pattern ?? 'its pattern'}` : format?.[0]
    return [problem(placeOf(path), `${name} is ${got.text}, expected ${expected}.`, format?.[1] ?? '')]
  }
  const expected = expectation(issue)
  return [problem(placeOf(path), ...mismatch(name, { ...got, missing: isMissing }, expected, [expected]))]
}

interface Got {
  /** The value, quoted when it may be. */
  readonly text: string
  readonly missing: boolean
  readonly value: unknown
}

function describe(path: Path, options: ZodProblemOptions, issue: Issue): Got {
  const value = valueAt(options.input, path)
  const missing = options.input !== undefined && value === undefined
  if (options.input === undefined) return { text: 'something else', missing: false, value: undefined }
  // What stands for all settings of an output, or for all its headers, holds the secret ones among them.
  const isWhole = path[0] === 'outputs' && issue.code === 'invalid_type' && issue.expected !== 'string'
  const isText = typeof value === 'string' || typeof value === 'number'
  const hidden = isText && (options.isSecret?.(path) === true || (isWhole && !isBare(value)))
  return {
    text: hidden ? `a ${typeof value} that is not shown here` : quoted(value),
    missing,
    value: hidden ? undefined : value,
  }
}

/** A number or a word, as stands where another number is expected. */
function isBare(value: unknown): boolean {
  return /^[\w.-]{1,12}$/.test(String(value))
}

function quoted(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
}

/** ` of output "loki"` for an unknown key in `outputs[0]`, ` of type "loki"` elsewhere, nothing where there is no type. */
function ownerOf(path: Path, options: ZodProblemOptions): string {
  const type = valueAt(options.input, [...path, 'type'])
  if (typeof type !== 'string' || type.length > 60) return ''
  const list = typeof path.at(-1) === 'number' ? path.at(-2) : undefined
  const noun = typeof list === 'string' && list.endsWith('s') ? list.slice(0, -1) : 'type'
  return ` of ${noun} ${JSON.stringify(type)}`
}

function suggestKey(key: string, known: readonly string[], free: readonly string[]): string {
  const near = closest(key, free) ?? closest(key, known)
  if (near !== undefined) return `Did you mean ${near}?`
  if (known.length === 0) return 'Remove it.'
  return known.length > 12 ? 'Remove it, or see docs/configuration.md.' : `Its settings are ${joined(known, 'and')}.`
}

/** The branch whose own kind of value was given, so that its issues are the useful ones; the fewest issues win. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const atRoot = (issue: Issue) =>
    issue.path.length === 0 &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union')
  const fitting = branches.filter((branch) => !branch.some(atRoot))
  return fitting.sort((a, b) => a.length - b.length)[0]
}

function oneOf(
  name: string,
  got: Got,
  choices: readonly unknown[],
  path: Path,
  options: ZodProblemOptions,
): [string, string] {
  const names = choices.map(quoted)
  const expected = names.length === 1 ? `${names[0]}` : `one of ${names.join(', ')}`
  if (got.missing) return [`${name} is missing.`, `Add it: ${expected}.`]
  const what = `${name} is ${got.text}, expected ${expected}.`
  const near =
    options.isSecret?.(path) === true || typeof got.value !== 'string'
      ? undefined
      : closest(
          got.value,
          choices.filter((c) => typeof c === 'string'),
        )
  if (near !== undefined) return [what, `Did you mean ${JSON.stringify(near)}?`]
  return [what, names.length === 1 ? `Write ${names[0]}.` : 'Write one of these.']
}

function mismatch(name: string, got: Got, expected: string, kinds: readonly string[]): [string, string] {
  if (got.missing) return [`${name} is missing.`, `Add it: ${expected}.`]
  const what = `${name} is ${got.text}, expected ${expected}.`
  const { value } = got
  if (kinds.includes('a list') && typeof value !== 'object' && value !== undefined)
    return [what, `Put it in brackets: [${quoted(value)}].`]
  if (kinds.length === 1 && kinds[0] === 'a string' && (typeof value === 'number' || typeof value === 'boolean'))
    return [what, `Put it in quotes: "${value}".`]
  const wantsBare = kinds.includes('a number') || kinds.includes('a whole number') || kinds.includes('true or false')
  if (wantsBare && typeof value === 'string' && /^(?:true|false|\d{1,15})$/.test(value))
    return [what, `Write ${value} without quotes.`]
  return [what, value === null ? 'Write a value, or remove it.' : `Write ${expected}.`]
}

type RangeIssue = Extract<Issue, { code: 'too_small' | 'too_big' }>

function outOfRange(name: string, got: Got, issue: RangeIssue): [string, string] {
  const small = issue.code === 'too_small'
  const limit = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum)
  const than =
    issue.inclusive === false
      ? small
        ? `more than ${limit}`
        : `less than ${limit}`
      : `${limit} or ${small ? 'more' : 'less'}`
  const unit = issue.origin === 'string' ? 'character' : issue.origin === 'array' ? 'item' : undefined
  if (unit === undefined) return [`${name} is ${got.text}, expected ${than}.`, `Write ${than}.`]
  const size = Array.isArray(got.value) || typeof got.value === 'string' ? got.value.length : undefined
  const plural = (count: number) => `${count} ${unit}${count === 1 ? '' : 's'}`
  if (size === 0) return [`${name} is empty.`, `Give it at least ${plural(limit)}.`]
  const has = size === undefined ? (small ? 'is too short' : 'is too long') : `has ${plural(size)}`
  return [`${name} ${has}.`, `Give it ${small ? 'at least' : 'at most'} ${plural(limit)}.`]
}

/** What is expected, and how to mend it, by zod's name of the format. */
const FORMATS: Readonly<Record<string, readonly [string, string]>> = {
  url: ['a URL', 'Write it with its scheme, e.g. "https://host/path".'],
  regex: ['text that matches its pattern', 'Write it in that form.'],
  email: ['an e-mail address', 'Write it as name@host.'],
  starts_with: ['another beginning', 'See docs/configuration.md.'],
  ends_with: ['another end', 'See docs/configuration.md.'],
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  nan: 'NaN',
  undefined: 'nothing',
  never: 'nothing',
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected
    case 'invalid_value':
      return joined(issue.values.map(quoted), 'or')
    case 'invalid_format':
      return issue.format === 'regex'
        ? `text that matches ${issue.pattern ?? 'its pattern'}`
        : (FORMATS[issue.format]?.[0] ?? 'another form')
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`
    case 'invalid_union':
      return joined([...new Set(issue.errors.flat().map(expectation))], 'or') || 'another value'
    case 'custom':
      return 'another value'
    default:
      return 'another value'
  }
}

function joined(words: readonly string[], last: 'and' | 'or'): string {
  const head = words.slice(0, -1)
  return head.length === 0 ? words.join('') : `${head.join(', ')} ${last} ${words.at(-1)}`
}

/** Whether the schema's author wrote the message, rather than zod. */
function hasOwnMessage(issue: Issue): boolean {
  return !/^(?:Invalid |Too small|Too big|Unrecognized |Invalid$)/.test(issue.message)
}

/** The first sentence and the rest. A full stop inside quotes ends nothing. */
function sentences(message: string): [what: string, mend: string] {
  let inQuotes = false
  for (let at = 0; at < message.length; at++) {
    const character = message[at]
    if (character === '\\') at++
    else if (character === '"') inQuotes = !inQuotes
    else if (!inQuotes && (character === '.' || character === '?') && message[at + 1] === ' ') {
      return [message.slice(0, at + 1), message.slice(at + 2)]
    }
  }
  return [message, '']
}
