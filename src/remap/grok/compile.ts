/**
 * One grok rule with its helpers to one RegExp and the list of what its groups capture.
 * Complains by exception (`Complaint`); `grok.ts` catches it and names the rule.
 */
import { closest } from '../../core/problem.js'
import type { Value } from '../../core/shapes.js'
import { BUDGET_MS, Rest } from '../budget.js'
import { compileDateFormat } from '../dateformat.js'
import { isLinear, linearEngineWorks } from '../linear.js'
import { Complaint } from './classes.js'
import { buildFilter, type Filter, filterNames } from './filters.js'
import { MATCHERS, VALUE_FILTERS } from './matchers.js'
import type { Path } from './paths.js'
import { type Argument, parseReference, type Reference } from './reference.js'
import { type Flags, GROK_FLAGS, RegexWriter } from './regex.js'
import type { Repeat } from './repeats.js'
import type { Rule } from './rules.js'

/** What becomes of a group's text. */
export interface Capture {
  /** Empty = the root, where only a map can be merged. */
  readonly path: Path
  readonly filters: readonly Filter[]
  /** A group of the pattern itself, `(?<level>.)`: it gives way to what a reference says. */
  readonly plain?: true
  /** Another capture of the rule has a path below this one: a map is merged with it. */
  readonly joins?: true
}

export interface Advice {
  readonly what: string
  readonly mend: string
}

export interface CompiledRule {
  readonly name: string
  readonly regex: RegExp
  /** By group number; undefined for groups that capture for the regex's own use. Index 0 is unused. */
  readonly captures: readonly (Capture | undefined)[]
  /** Repeated groups whose captures outlast a turn; inner ones before the ones around them. */
  readonly repeats: readonly Repeat[]
  /** Whether the linear engine takes over when this rule backtracks too much. */
  readonly isLinear: boolean
  readonly rest: Rest
  readonly warnings: readonly Advice[]
}

export interface CompileOptions {
  readonly now: () => number
  readonly defaultZone: string | undefined
  /** A helper or match rule by its name. */
  readonly helper: (name: string) => Rule | undefined
  readonly helperNames: () => string[]
}

/** Helpers within helpers, at most; and references in one rule, all helpers put in. */
const MAX_DEPTH = 50
const MAX_REFERENCES = 5000

/** Compiles a rule; throws a Complaint, whose `rule` is the helper that is at fault if it is not the rule itself. */
export function compileRule(rule: Rule, options: CompileOptions): CompiledRule {
  const captures: (Capture | undefined)[] = [undefined]
  const warnings: Advice[] = []
  const stack: Rule[] = [rule]
  let references = 0
  const writer: RegexWriter = new RegexWriter(
    (text, at, flags) => {
      const reference = parseReference(text, at)
      if (typeof reference === 'string')
        throw new Complaint(
          `In a "%{…}", ${reference}.`,
          'Write it as %{matcher}, %{matcher:name} or %{matcher:name:filter}.',
        )
      if (++references > MAX_REFERENCES)
        throw new Complaint(
          'The rule holds too many "%{…}" once its helpers are put in.',
          'Split it into several match rules.',
        )
      write(reference, flags)
      return reference.end
    },
    (name, capture) => {
      captures[capture] = { path: [name], filters: [], plain: true }
    },
  )

  const write = (reference: Reference, flags: Flags) => {
    const { matcher, path } = reference
    const helper = options.helper(matcher.name)
    const part = helper === undefined ? builtIn(reference, options) : undefined
    const filters = part?.filter === undefined ? [] : [part.filter]
    for (const call of reference.filters) {
      const filter = buildFilter(call)
      if (typeof filter === 'string')
        throw new Complaint(`In %{${matcher.name}…}, ${filter}.`, `Known filters: ${filterNames().join(', ')}.`)
      filters.push(filter)
      if (call.name === 'useragent')
        warnings.push({
          what: 'The filter "useragent" sets nothing on the host: it needs a data base.',
          mend: 'Leave it to the user-agent-parser of the backend.',
        })
    }
    if (path === undefined) writer.raw('(?:')
    else captures[writer.capture()] = { path, filters }
    if (part !== undefined) writer.write(part.source, part.flags ?? flags)
    else if (helper !== undefined) {
      if (stack.includes(helper) || stack.length > MAX_DEPTH)
        throw new Complaint(
          `The rule contains itself: ${[...stack, helper]
            .map((r) => r.name)
            .slice(-6)
            .join(' > ')}.`,
          'Break the circle.',
        )
      stack.push(helper)
      writer.write(helper.pattern, flags)
      stack.pop()
    }
    writer.raw(')')
  }

  writer.write(rule.pattern, GROK_FLAGS)
  for (const [i, capture] of captures.entries())
    if (
      capture !== undefined &&
      capture.path.length > 0 &&
      captures.some((other) => isBelow(other?.path, capture.path))
    )
      captures[i] = { ...capture, joins: true }
  let regex: RegExp
  const repeats: Repeat[] = []
  try {
    regex = new RegExp(`^(?:${writer.source})$`, 's')
    // A back-reference within a turn has another number there.
    if (writer.refusal !== 'a back-reference')
      for (const { source, ...repeat } of writer.repeats) repeats.push({ ...repeat, turn: new RegExp(source, 'sy') })
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: .*: /s, '') : ''
    throw new Complaint(
      `The pattern is no regular expression: ${reason}.`,
      'Escape characters that mean themselves with "\\".',
    )
  }
  const linear = isLinear(regex.source, 's')
  // Compiled twice by V8 (bytecode, then native code), so that this time is not the first entry's.
  if (!linear) for (let i = 0; i < 2; i++) regex.test('')
  if (!linear && linearEngineWorks())
    warnings.push({
      what: `The rule uses ${writer.refusal ?? 'counts that multiply'}, so it may take long on a text that nearly matches: it is watched, which costs 0.1 ms each time, and given up after ${BUDGET_MS / 2} ms.`,
      mend: 'Say it without: list what may stand there, or put a more special rule before it.',
    })
  return { name: rule.name, regex, captures, repeats, isLinear: linear, rest: new Rest(), warnings }
}

function isBelow(path: Path | undefined, above: Path): boolean {
  return path !== undefined && path.length > above.length && above.every((name, i) => path[i] === name)
}

interface Part {
  readonly source: string
  /** Turns the text into the matcher's value. */
  readonly filter: Filter | undefined
  readonly flags?: Flags
}

function builtIn({ matcher }: Reference, options: CompileOptions): Part {
  const { name, args } = matcher
  if (name === 'regex') {
    const source = args[0]
    if (typeof source !== 'string' || args.length > 1)
      throw new Complaint(
        '"regex" needs one pattern in quotes.',
        'Write it as %{regex("[a-z]+"):name}, with backslashes doubled.',
      )
    return { source, filter: undefined }
  }
  if (name === 'date') return datePart(args, options)
  if (name === 'boolean') return booleanPart(args)
  const source = Object.hasOwn(MATCHERS, name) ? MATCHERS[name] : undefined
  if (source === undefined)
    throw new Complaint(
      `The matcher "${name}" is neither built in nor a helper rule.`,
      suggestion(name, [...options.helperNames(), 'regex', 'date', 'boolean', ...Object.keys(MATCHERS)]),
    )
  const call = Object.hasOwn(VALUE_FILTERS, name) ? VALUE_FILTERS[name] : undefined
  const filter = call === undefined ? undefined : buildFilter({ name: call, args: [] })
  return { source, filter: typeof filter === 'string' ? undefined : filter, flags: GROK_FLAGS }
}

function datePart(args: readonly Argument[], options: CompileOptions): Part {
  const texts = args.filter((arg) => typeof arg === 'string')
  const [format, zone, locale] = texts
  if (format === undefined || texts.length !== args.length || args.length > 3)
    throw new Complaint(
      '"date" needs a format in quotes, then perhaps a zone and a locale.',
      'Write it as %{date("yyyy-MM-dd HH:mm:ss", "Europe/Paris"):date}.',
    )
  const compiled = compileDateFormat(format, zone ?? options.defaultZone, locale)
  if (compiled.problem !== undefined) throw new Complaint(compiled.problem.what, compiled.problem.mend)
  return {
    source: compiled.regex,
    filter: (value: Value) => (typeof value === 'string' ? compiled.parse(value, options.now()) : undefined),
    flags: GROK_FLAGS,
  }
}

/** `boolean`, or `boolean("yes", "no")` with patterns of one's own; case does not matter. */
function booleanPart(args: readonly Argument[]): Part {
  const [yes, no] = [args[0] ?? 'true', args[1] ?? 'false']
  if (typeof yes !== 'string' || typeof no !== 'string' || args.length > 2)
    throw new Complaint(
      '"boolean" takes two patterns in quotes.',
      'Write it as %{boolean} or %{boolean("yes", "no"):name}.',
    )
  const flags = { ...GROK_FLAGS, i: true }
  const writer = new RegexWriter(
    (_, at) => at + 2,
    () => undefined,
  )
  writer.write(yes, flags)
  let isYes: RegExp
  try {
    isYes = new RegExp(`^(?:${writer.source})$`, 's')
  } catch {
    throw new Complaint(`"${yes}" is no regular expression.`, 'Give "boolean" two patterns, for true and for false.')
  }
  return {
    source: `(?:${yes}|${no})`,
    filter: (value) => (typeof value === 'string' ? isYes.test(value) : undefined),
    flags,
  }
}

function suggestion(name: string, known: readonly string[]): string {
  const meant = closest(name, known)
  return meant === undefined
    ? `Define "${name}" in the support rules.`
    : `Did you mean "${meant}"? If not, define "${name}" in the support rules.`
}
