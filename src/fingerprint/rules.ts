/**
 * Fingerprints of the user's own, as data: rules in the order given, of which the first that matches an error counts.
 * They leave `error.pre_fingerprint` as it is and give `error.fingerprint`, which every grouping key prefers: Datadog's
 * Error Tracking groups by that attribute, used as it is (docs.datadoghq.com, "Error Tracking", Custom grouping), and
 * Sentry by the event's list `fingerprint`, in which `{{ default }}` stands for its own key (docs.sentry.io, "SDK
 * Fingerprinting" and "Fingerprint Rules", where the first matching rule counts and all frames are looked at too).
 */
import { z } from 'zod'
import type { Path, PlaceOf } from '../config/json5.js'
import { framePatterns } from '../config/types.js'
import { compileFramePatterns } from '../core/frame-pattern.js'
import { closest, type Place, type Problem } from '../core/problem.js'
import type { Attributes, ErrorRecord, Frame } from '../core/shapes.js'
import { MAX_FINGERPRINT, type Placeholders, parsePlaceholders, renderPlaceholders } from './placeholders.js'

const ruleSettings = z.strictObject({
  match: z
    .strictObject({
      query: z
        .string()
        .min(1)
        .optional()
        .describe(
          'A search query in Datadog\'s syntax over the record, e.g. "@error.kind:*TimeoutException service:shop".',
        ),
      frames: framePatterns().describe(
        'Patterns as in `inApp`, e.g. "app/db/*", "com.zaxxer.hikari": some frame of the error matches some pattern.',
      ),
    })
    .superRefine(({ query, frames }, context) => {
      if (query === undefined && frames.length === 0)
        context.addIssue({
          code: 'custom',
          message: 'matches nothing. Give it a query, frames, or both; query: "*" matches every error.',
        })
    })
    .describe('Which errors the rule is for; with a query and frames, those that both match.'),
  fingerprint: z
    .string()
    .min(1)
    .max(MAX_FINGERPRINT)
    .transform((text, context): Placeholders => {
      const parsed = parsePlaceholders(text)
      if (typeof parsed !== 'string') return parsed
      context.addIssue({ code: 'custom', message: parsed })
      return z.NEVER
    })
    .describe(
      "Their fingerprint: a text, in which {{ default }} stands for the error's own pre-fingerprint and {{ error.kind }}, {{ service }} and the like for what the record holds.",
    ),
})

export const fingerprintSettings = z.strictObject({
  rules: z
    .array(ruleSettings)
    .prefault([])
    .describe('In order: the first rule that matches an error gives its `error.fingerprint`.'),
})
export type FingerprintSettings = z.output<typeof fingerprintSettings>

/** The part of a record that queries look at. */
export interface SearchedRecord {
  message: string
  source: string
  service?: string
  host?: string
  status?: string
  /** `key:value`, lower case. */
  tags: readonly string[]
  attributes: Attributes
}

/** Compiles a query; supplied by the agent, since the fingerprint does not know the remappers' search. */
export type CompileQuery = (
  text: string,
) => { matches(record: SearchedRecord): boolean } | { readonly problem: Pick<Problem, 'what' | 'mend'> }

interface Rule {
  readonly place: Place
  readonly query: string | undefined
  readonly matchesQuery: ((record: SearchedRecord) => boolean) | undefined
  readonly patterns: readonly string[]
  readonly findPattern: (frame: Frame) => number
  readonly fingerprint: Placeholders
}

/** The rule that matched an error. */
export interface RuleMatch {
  /** From 0, as in `fingerprint.rules[0]`. */
  readonly index: number
  readonly place: Place
  /** What of the rule matched, for a person. */
  readonly because: string
  /** Absent when the rule's text came out blank: then the error has no fingerprint of its own. */
  readonly fingerprint?: string
}

export class FingerprintRules {
  readonly #rules: readonly Rule[]

  private constructor(rules: readonly Rule[]) {
    this.#rules = rules
  }

  get count(): number {
    return this.#rules.length
  }

  /**
   * Compiles the rules of a config; `rules` is absent when there are none. A query that cannot be read is an error, a
   * rule that does nothing or hardly what was meant is a warning; `placeOf` gives the places from the config's root.
   */
  static compile(
    settings: FingerprintSettings,
    placeOf: PlaceOf,
    compileQuery: CompileQuery,
  ): { rules?: FingerprintRules; problems: Problem[] } {
    const problems: Problem[] = []
    let all = -1
    const rules = settings.rules.map(({ match, fingerprint }, index): Rule => {
      const at: Path = ['fingerprint', 'rules', index]
      const report = (path: Path, what: string, mend: string, severity: Problem['severity']) =>
        problems.push({ place: placeOf([...at, ...path]), what, mend, severity })
      if (all >= 0) {
        const what = `no error comes to fingerprint.rules[${index}], since fingerprint.rules[${all}] matches all.`
        report([], what, `Put it before fingerprint.rules[${all}], or take it out.`, 'warning')
      }
      const isForAll = match.query === undefined || /^\s*\*?\s*$/.test(match.query)
      if (isForAll && match.frames.length === 0 && all < 0) all = index
      for (const [name, meant] of misspelt(fingerprint)) {
        const what = `{{ ${name} }} is no field of a record; it is looked for in attributes and tags.`
        report(['fingerprint'], what, `Did you mean {{ ${meant} }}?`, 'warning')
      }
      const compiled = isForAll || match.query === undefined ? undefined : compileQuery(match.query)
      const broken = compiled && 'problem' in compiled
      if (broken) report(['match', 'query'], compiled.problem.what, compiled.problem.mend, 'error')
      return {
        place: placeOf(at),
        query: match.query,
        matchesQuery: compiled && !broken ? (record) => compiled.matches(record) : undefined,
        patterns: match.frames,
        findPattern: compileFramePatterns(match.frames),
        fingerprint,
      }
    })
    return rules.length === 0 ? { problems } : { rules: new FingerprintRules(rules), problems }
  }

  /** The first rule that matches. */
  match(record: ErrorRecord): RuleMatch | undefined {
    let searched: SearchedRecord | undefined
    for (const [index, { place, query, matchesQuery, patterns, findPattern, fingerprint }] of this.#rules.entries()) {
      if (matchesQuery && !matchesQuery((searched ??= searchedIn(record)))) continue
      const pattern = patterns.length === 0 ? undefined : patterns[firstFound(record.error.frames ?? [], findPattern)]
      if (patterns.length > 0 && pattern === undefined) continue
      const reasons = [
        ...(query === undefined ? [] : [`query ${JSON.stringify(query)}`]),
        ...(pattern === undefined ? [] : [`a frame matches ${JSON.stringify(pattern)}`]),
      ]
      const text = renderPlaceholders(fingerprint, record)
      return { index, place, because: reasons.join(', '), ...(text !== undefined && { fingerprint: text }) }
    }
    return undefined
  }
}

/** What the first frame that matches is found by; -1 when none does. */
function firstFound(frames: readonly Frame[], find: (frame: Frame) => number): number {
  for (const frame of frames) {
    const index = find(frame)
    if (index >= 0) return index
  }
  return -1
}

/**
 * The record as queries see it: as it is shipped. `@error.kind`, `@error.causes.kind`, `@logger.name` and
 * `@log.file.path` are its fields, any other `@name` is one of its attributes; env, version and tags are tags.
 */
function searchedIn(record: ErrorRecord): SearchedRecord {
  const { error, attributes = {}, service, source, host, status, message = '', env, version, tags = [] } = record
  const { logger, trace_id, git, container, kubernetes, log } = record
  const fields = {
    logger,
    trace_id,
    git,
    container,
    kubernetes,
    log,
    error: { ...objectIn(attributes, 'error'), ...error },
  }
  const present = Object.entries(fields).filter(([, value]) => value !== undefined)
  const named = [
    ...tags,
    ...(env === undefined ? [] : [`env:${env}`]),
    ...(version === undefined ? [] : [`version:${version}`]),
  ]
  return {
    message,
    source,
    service,
    status,
    ...(host !== undefined && { host }),
    tags: named.map((tag) => tag.toLowerCase()),
    attributes: { ...attributes, ...(Object.fromEntries(present) as Attributes) },
  }
}

function objectIn(attributes: Attributes, key: string): object {
  const value = attributes[key]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

const FIELDS = ['default', 'service', 'source', 'host', 'env', 'version', 'status', 'message', 'trace_id'] as const
const ERROR_FIELDS = ['kind', 'message', 'stack', 'handled'] as const

/** Names that are no field of a record but nearly one, with the one that was meant. */
function misspelt(parts: Placeholders): [name: string, meant: string][] {
  return parts.flatMap((part): [string, string][] => {
    if (typeof part === 'string' || (FIELDS as readonly string[]).includes(part.name)) return []
    const { name } = part
    if ((ERROR_FIELDS as readonly string[]).includes(name)) return [[name, `error.${name}`]]
    if (/^error\.\w+$/.test(name) && !(ERROR_FIELDS as readonly string[]).includes(name.slice(6))) {
      const near = closest(name.slice(6), ERROR_FIELDS)
      return near === undefined ? [] : [[name, `error.${near}`]]
    }
    const near = name.includes('.') ? undefined : closest(name, FIELDS)
    return near === undefined ? [] : [[name, near]]
  })
}
