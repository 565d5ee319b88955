/**
 * Datadog's grok parser: match rules and support rules to attributes. The first rule that matches the whole text wins.
 * Each rule is one RegExp; filters and dates are evaluated only for the rule that matched. Throws on no input.
 * Source: Datadog, "Parsing"; the public pipelines of DataDog/integrations-core; vectordotdev/vrl, src/datadog/grok.
 */
import type { Attributes, Value } from '../../core/shapes.js'
import { Budget, type GivenUp, MAX_UNWATCHED } from '../budget.js'
import { Complaint } from './classes.js'
import { type Capture, type CompiledRule, type CompileOptions, compileRule } from './compile.js'
import { addAt, isMap, merge, mergeAt } from './paths.js'
import { keepLast } from './repeats.js'
import { type Rule, splitRules } from './rules.js'

/** What is wrong with a rule. An error takes the rule out; a warning does not. */
export interface GrokProblem {
  /** The rule's name, or empty where a line is no rule. */
  readonly rule: string
  /** 1-based, within the rules text. */
  readonly line: number
  /** Which of the two texts `line` counts in. */
  readonly text: 'matchRules' | 'supportRules'
  readonly what: string
  readonly mend: string
  readonly severity: 'error' | 'warning'
}

export interface GrokOptions {
  /** ms since the epoch; decides the year of dates that have none. */
  readonly now: () => number
  /** Zone of dates whose rule and text name none. Default: UTC. */
  readonly defaultZone?: string | undefined
  /** The rules are of a bundled remapper. */
  readonly isBundled?: boolean
}

export interface ParseOptions {
  /**
   * Evaluates only captures whose attribute begins with one of these names (`http` for `http.status_code`), and those
   * that are merged at the root. An empty set evaluates none: it asks only which rule matches.
   */
  readonly only?: ReadonlySet<string>
  /** What is left of the entry's time; default: a whole one. */
  readonly budget?: Budget
  /** Told of each rule that was not tried to its end; the rules behind it are tried all the same. */
  givenUp?(rule: GivenUp): void
}

export interface GrokMatch {
  /** The match rule that matched. */
  readonly rule: string
  /** Nested, fresh: the caller may change them. */
  readonly attributes: Attributes
}

export interface Grok {
  /** The attributes of the first match rule that matches the whole text, or undefined when none does. */
  parse(text: string, options?: ParseOptions): GrokMatch | undefined
  /** Match rules in the order in which they are tried; those with errors are not among them. */
  readonly ruleNames: readonly string[]
}

/** Compiles rule texts. Total: bad rules are left out and reported, all of them. */
export function compileGrok(
  matchRules: string,
  supportRules: string,
  options: GrokOptions,
): { grok: Grok; problems: GrokProblem[] } {
  const match = splitRules(matchRules)
  const support = splitRules(supportRules)
  const problems: GrokProblem[] = []
  for (const [text, { bad }] of [
    ['matchRules', match],
    ['supportRules', support],
  ] as const)
    for (const { line, what, mend } of bad) problems.push({ rule: '', line, text, what, mend, severity: 'error' })

  // A match rule may be used as a helper too; a support rule of the same name goes first.
  // Datadog lets a helper begin with a quantifier that has nothing to repeat.
  support.rules = support.rules.map((rule) => ({ ...rule, pattern: rule.pattern.replace(/^[?*+](?=\()/, '') }))
  const helpers = new Map<string, Rule>()
  for (const rule of [...support.rules, ...match.rules]) if (!helpers.has(rule.name)) helpers.set(rule.name, rule)
  const compileOptions: CompileOptions = {
    now: options.now,
    defaultZone: options.defaultZone,
    helper: (name) => helpers.get(name),
    helperNames: () => [...helpers.keys()],
  }

  const rules: CompiledRule[] = []
  const compile = (rule: Rule, text: GrokProblem['text']): CompiledRule | undefined => {
    try {
      return compileRule(rule, compileOptions)
    } catch (error) {
      if (!(error instanceof Complaint)) throw error
      const { what, mend } = error
      problems.push({ rule: rule.name, line: rule.line, text, what, mend, severity: 'error' })
      return undefined
    }
  }
  // Support rules first: a match rule that uses a broken one is then known to be its victim.
  for (const rule of support.rules) compile(rule, 'supportRules')
  for (const rule of match.rules) {
    // Texts come trimmed, so that a blank at the end of a whole match could never match.
    const compiled = compile({ ...rule, pattern: rule.pattern.trimEnd() }, 'matchRules')
    if (compiled === undefined) continue
    rules.push(compiled)
    for (const { what, mend } of compiled.warnings)
      problems.push({ rule: rule.name, line: rule.line, text: 'matchRules', what, mend, severity: 'warning' })
  }
  const unwatched = options.isBundled === true ? MAX_UNWATCHED.bundledRule : MAX_UNWATCHED.anyRule
  const allLinear = rules.every((rule) => rule.isLinear)
  return {
    grok: {
      parse: (text, parseOptions = {}) =>
        text.length <= unwatched && allLinear
          ? firstMatch(rules, text, parseOptions.only)
          : watchedMatch(rules, text, options.now(), parseOptions),
      ruleNames: rules.map((rule) => rule.name),
    },
    problems,
  }
}

function firstMatch(
  rules: readonly CompiledRule[],
  text: string,
  only: ReadonlySet<string> | undefined,
): GrokMatch | undefined {
  for (const rule of rules) {
    const match = matchOf(rule, text, only)
    if (match !== undefined) return match
  }
  return undefined
}

/** The same with one timer for all rules: the one that it runs out in is given up, and the next ones are tried. */
function watchedMatch(
  rules: readonly CompiledRule[],
  text: string,
  now: number,
  { only, budget = new Budget(), givenUp }: ParseOptions,
): GrokMatch | undefined {
  let next = 0
  const tryOn = () => {
    for (; next < rules.length; next++) {
      const rule = rules[next]
      if (rule === undefined) continue
      if (rule.rest.covers(text.length, now)) givenUp?.({ pattern: `rule ${rule.name}`, because: 'resting' })
      else {
        const match = matchOf(rule, text, only)
        if (match !== undefined) return match
      }
    }
    return undefined
  }
  for (; next < rules.length; next++) {
    const done = budget.run(tryOn)
    if (typeof done !== 'string') return done[0]
    const rule = rules[next]
    // All were tried when the timer ran out.
    if (rule === undefined) break
    if (done === 'slow') rule.rest.begin(text.length, now)
    givenUp?.({ pattern: `rule ${rule.name}`, because: done })
  }
  return undefined
}

function matchOf(rule: CompiledRule, text: string, only: ReadonlySet<string> | undefined): GrokMatch | undefined {
  const groups = rule.regex.exec(text)
  if (groups === null) return undefined
  for (const repeat of rule.repeats) keepLast(groups, repeat)
  const attributes: Attributes = {}
  if (only?.size !== 0)
    for (let i = 1; i < groups.length; i++) {
      const captured = groups[i]
      const capture = rule.captures[i]
      // An empty capture sets nothing.
      if (captured === undefined || captured === '' || capture === undefined) continue
      if (only !== undefined && capture.path[0] !== undefined && !only.has(capture.path[0])) continue
      store(attributes, capture, captured)
    }
  return { rule: rule.name, attributes }
}

function store(attributes: Attributes, capture: Capture, captured: string): void {
  let value: Value | undefined = captured
  for (const filter of capture.filters) {
    value = filter(value)
    if (value === undefined) return
  }
  if (capture.plain === true && Object.hasOwn(attributes, capture.path[0] ?? '')) return
  if (capture.joins === true && isMap(value)) mergeAt(attributes, capture.path, value)
  else if (capture.path.length > 0) addAt(attributes, capture.path, value)
  else if (isMap(value)) merge(attributes, value)
}
