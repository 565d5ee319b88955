/**
 * Computes a number: `(a + b.c) * 1000`. `-` needs blanks around it, since names may hold one.
 * The expression is parsed once, by hand: sums of products of numbers, names and brackets.
 */
import { z } from 'zod'
import type { LogRecord } from '../../core/shapes.js'
import { parsePath, readSource, setPath } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

/** The value for a record; undefined when an attribute is missing. */
type Term = (record: LogRecord) => number | undefined

export const arithmeticProcessor = defineProcessor({
  type: 'arithmetic-processor',
  description: 'Writes the result of an expression over attributes.',
  schema: z.strictObject({
    type: z.literal('arithmetic-processor'),
    ...commonSettings,
    expression: z.string().describe('Numbers, attribute paths, + - * / and brackets.'),
    target: z.string().min(1).describe('Path of the attribute to write.'),
    replaceMissing: z
      .boolean()
      .default(false)
      .describe('Take a missing attribute for 0; otherwise nothing is written.'),
  }),
  compile({ expression, target, replaceMissing }, context) {
    const term = parseExpression(expression, replaceMissing)
    if (typeof term === 'string') {
      context.problem(
        ['expression'],
        `the expression "${expression}" cannot be read: ${term}.`,
        'Write numbers and attribute paths with + - * / between them, and blanks around a minus.',
      )
      return () => {}
    }
    const to = parsePath(target)
    return (record) => {
      const result = term(record)
      if (result !== undefined && Number.isFinite(result)) setPath(record.attributes, to, rounded(result))
    }
  },
})

const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?![\w.@$-]))|("[^"]*"|[\p{L}\p{N}_@$][\p{L}\p{N}_@$.-]*)|([-+*/()]))/uy
/** Brackets nested deeper than this are a slip. */
const MAX_DEPTH = 50

/** The expression compiled, or what is wrong with it. */
function parseExpression(text: string, replaceMissing: boolean): Term | string {
  const tokens: string[] = []
  const source = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(source)
    if (match === null) return `"${source.slice(at).trim().slice(0, 20)}" is neither a number, a name nor an operator`
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '')
  }
  let next = 0

  function sum(depth: number): Term {
    let left = product(depth)
    while (tokens[next] === '+' || tokens[next] === '-') left = combine(left, tokens[next++] ?? '', product(depth))
    return left
  }
  function product(depth: number): Term {
    let left = single(depth)
    while (tokens[next] === '*' || tokens[next] === '/') left = combine(left, tokens[next++] ?? '', single(depth))
    return left
  }
  function single(depth: number): Term {
    const token = tokens[next++]
    if (token === undefined) throw new SyntaxError('it ends too early')
    if (depth > MAX_DEPTH) throw new SyntaxError('its brackets nest too deep')
    if (token === '-') {
      const term = single(depth + 1)
      return (record) => {
        const value = term(record)
        return value === undefined ? undefined : -value
      }
    }
    if (token === '(') {
      const inner = sum(depth + 1)
      if (tokens[next++] !== ')') throw new SyntaxError('a ) is missing')
      return inner
    }
    if (/^\d+(\.\d+)?$/.test(token)) {
      const number = Number(token)
      return () => number
    }
    if ('+*/)'.includes(token)) throw new SyntaxError(`"${token}" stands where a value should be`)
    const path = parsePath(token.replace(/^"(.*)"$/, '$1'))
    return (record) => numberOf(readSource(record, path)) ?? (replaceMissing ? 0 : undefined)
  }

  try {
    const term = sum(0)
    return next < tokens.length ? `"${tokens[next]}" stands where an operator should be` : term
  } catch (error) {
    return error instanceof SyntaxError ? error.message : String(error)
  }
}

function combine(left: Term, operator: string, right: Term): Term {
  return (record) => {
    const a = left(record)
    const b = right(record)
    if (a === undefined || b === undefined) return undefined
    if (operator === '+') return a + b
    if (operator === '-') return a - b
    return operator === '*' ? a * b : a / b
  }
}

/** Datadog keeps nine decimals; larger numbers have fewer anyway. */
function rounded(result: number): number {
  return Math.abs(result) < 1e6 ? Math.round(result * 1e9) / 1e9 : result
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}
