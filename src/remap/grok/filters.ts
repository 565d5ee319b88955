/**
 * The filters of grok rules: what is done with a captured text before it becomes an attribute.
 * A filter is built once from its call in the rule and is total: where it cannot apply it gives undefined, no attribute.
 * Source: Datadog, log parsing, "Matcher and filter". The useragent filter sets nothing: it needs a data base.
 */
import type { Value } from '../../core/shapes.js'
import { readJson } from './json.js'
import { keyvalueReader } from './keyvalue.js'
import { readCsv, splitArray } from './lists.js'
import { type Argument, type Call, unescaped } from './reference.js'
import { readRubyHash } from './rubyhash.js'
import { decodePercent, readQuery, readUrl } from './urls.js'
import { readXml } from './xml.js'

export type Filter = (value: Value) => Value | undefined

/** Builds the filter that a call names, or says in a sentence why it cannot. */
export function buildFilter(call: Call): Filter | string {
  const builder = Object.hasOwn(BUILDERS, call.name) ? BUILDERS[call.name] : undefined
  if (builder === undefined) return `the filter "${call.name}" is not known`
  return builder(call.args)
}

/** Names of all filters, for suggestions. */
export function filterNames(): string[] {
  return Object.keys(BUILDERS)
}

type Builder = (args: readonly Argument[]) => Filter | string

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/
const EXPONENTIAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

const BUILDERS: Readonly<Record<string, Builder>> = {
  integer: () => numeric(/^[+-]?\d+$/),
  integerExt: () => numeric(/^[+-]?\d+(?:[eE][+-]?\d+)?$/, Math.trunc),
  number: () => numeric(DECIMAL),
  numberExt: () => numeric(EXPONENTIAL),
  boolean: () => onText((text) => text.trim().toLowerCase() === 'true'),
  lowercase: () => onText((text) => text.toLowerCase()),
  uppercase: () => onText((text) => text.toUpperCase()),
  decodeuricomponent: () => onText(decodePercent),
  querystring: () => onText(readQuery),
  url: () => onText(readUrl),
  json: () => onText(readJson),
  rubyhash: () => onText(readRubyHash),
  xml: () => onText(readXml),
  useragent: () => () => undefined,
  nullIf: (args) => {
    const empty = args[0]
    if (typeof empty !== 'string' && typeof empty !== 'number')
      return '"nullIf" needs the text that means nothing, as in nullIf("-")'
    return (value) => (String(value) === String(empty) ? undefined : value)
  },
  scale: (args) => {
    const factor = args[0]
    if (typeof factor !== 'number') return '"scale" needs a number, as in scale(0.001)'
    const number = numeric(EXPONENTIAL)
    return (value) => {
      const read = number(value)
      return typeof read === 'number' && Number.isFinite(read * factor) ? read * factor : undefined
    }
  },
  array: buildArray,
  csv: (args) => {
    const texts = args.filter((arg) => typeof arg === 'string')
    const [headers, separator, quote] = texts
    if (headers === undefined || texts.length !== args.length || args.length > 3)
      return '"csv" needs the headers, as in csv("name,age") or csv("name,age", "tab", "\'")'
    const names = headers.split(',').map((name) => name.trim())
    const cut = separator === 'tab' ? '\t' : unescaped(separator || ',')
    return onText((text) => readCsv(text, names, cut, quote ?? '"'))
  },
  keyvalue: (args) => {
    const texts = args.filter((arg) => typeof arg === 'string')
    if (texts.length !== args.length || texts.length > 4)
      return '"keyvalue" takes up to four texts: delimiter, more value characters, quotes, field delimiter'
    const reader = keyvalueReader(texts[0] === '' ? undefined : texts[0], texts[1], texts[2], texts[3])
    return typeof reader === 'string' ? `"keyvalue": ${reader}` : onText(reader)
  },
}

function onText(read: (text: string) => Value | undefined): Filter {
  return (value) => (typeof value === 'string' ? read(value) : undefined)
}

/** Text of the given form as a number. Numbers stay: `%{integer:n:number}` is no mistake. */
function numeric(form: RegExp, cast: (n: number) => number = (n) => n): Filter {
  return (value) => {
    if (typeof value === 'number') return cast(value)
    if (typeof value !== 'string' || !form.test(value)) return undefined
    const number = Number(value)
    // Adding zero makes -0 the 0 that JSON can write.
    return Number.isFinite(number) ? cast(number) + 0 : undefined
  }
}

/** `array`, `array(sep)`, `array(filter)`, `array(sep, filter)`, `array(brackets, sep)`, `array(brackets, sep, filter)`. */
function buildArray(args: readonly Argument[]): Filter | string {
  const last = args[args.length - 1]
  const inner = typeof last === 'object' && last !== null ? buildFilter(last) : undefined
  if (typeof inner === 'string') return `in "array", ${inner}`
  const texts = inner === undefined ? args : args.slice(0, -1)
  if (texts.length > 2 || !texts.every((arg) => typeof arg === 'string'))
    return '"array" takes brackets, a separator and a filter, as in array("[]", ",", number)'
  const separator = unescaped(texts[texts.length - 1] || ',')
  const brackets = texts.length === 2 ? bracketsOf(texts[0] ?? '') : bracketsOf('[]')
  if (brackets === null) return `the brackets "${texts[0]}" of "array" are not one or two characters`
  return onText((text) => {
    const list = splitArray(text, brackets, separator)
    if (list === undefined || inner === undefined) return list
    const filtered: Value[] = []
    for (const item of list) {
      const value = inner(item)
      if (value === undefined && !isNullIf(last)) return undefined
      filtered.push(value ?? null)
    }
    return filtered
  })
}

/** nullIf makes elements null on purpose; a number that cannot be read spoils the whole list. */
function isNullIf(argument: Argument | undefined): boolean {
  return typeof argument === 'object' && argument !== null && argument.name === 'nullIf'
}

function bracketsOf(text: string): readonly [string, string] | null {
  if (text.length > 2) return null
  return [text.charAt(0), text.charAt(text.length - 1)]
}
