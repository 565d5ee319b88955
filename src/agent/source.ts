/**
 * A source compiled: which remappers its records pass, in which order, which alarms and heads they declare, which
 * traceback languages they speak. One for each distinct input; shared by all its files.
 */
import type { Problem } from '../core/problem.js'
import { isErrorStatus, type Status } from '../core/shapes.js'
import { compileAlarms } from '../frame/alarms.js'
import { applyRemappers, compileRemapper, type Remapper } from '../remap/compile.js'
import type { PlacedDefinition, RemapperDefinition } from '../remap/definition.js'
import { linearSource } from '../remap/linear.js'
import { placeProblems } from '../remap/load.js'
import { statusKeys } from '../remap/preprocess.js'
import { type ShortRemap, shortRemapper } from '../remap/short-remap.js'
import { DATADOG_PREFIXES, LOGGER_WORDS, levelsOf, normaliseStatus, SYSLOG_STATUSES } from '../remap/status.js'
import type { TraceLanguage } from '../trace/language.js'
import { Learner } from './learn.js'
import { languagesNamed, readTraceback } from './tracebacks.js'

/** The source for logs of any kind, used where none is named or none is known. */
export const AUTO = 'auto'

export interface Source {
  readonly name: string
  /** In the order in which they run. */
  readonly remappers: readonly Remapper[]
  readonly languages: readonly TraceLanguage[]
  /** Head patterns of its own. */
  readonly heads: readonly string[]
  /** Matches a line with an alarm; undefined: every line is an alarm. */
  readonly alarms: RegExp | undefined
  /** Matches the beginning of a JSON line whose first attribute is its level, one below error. */
  readonly calmJson: RegExp | undefined
  /** Whether no pipeline of the user's may make an error of what a logger called INFO. */
  readonly trustHeads: boolean
  readonly levels: ReadonlyMap<string, Status>
  readonly zone?: string
  /** Of `auto` only: finds out what writes a stream. */
  readonly learner?: Learner
}

export interface SourceOptions {
  readonly name: string
  /** The bundled remappers, by source. */
  readonly bundled: ReadonlyMap<string, PlacedDefinition>
  /** The user's own, in order; they run after the bundled one. */
  readonly own: readonly PlacedDefinition[]
  readonly remap?: ShortRemap
  readonly zone?: string
  readonly now: () => number
}

/** Compiles a source. Problems of the remappers come back with their places; what is broken is left out. */
export function compileSource(options: SourceOptions): { source: Source; problems: Problem[] } {
  const { name, bundled, remap, zone, now } = options
  const own = options.own.map(withLinearPatterns)
  const problems: Problem[] = []
  const context = { now, readTraceback, ...(zone !== undefined && { defaultZone: zone }) }
  const definitions: RemapperDefinition[] = []
  const remappers: Remapper[] = []
  const base = bundled.get(name) ?? bundled.get(AUTO)
  const add = (definition: RemapperDefinition, placed?: PlacedDefinition) => {
    const isBundled = placed !== undefined && placed === base
    const compiled = compileRemapper(definition, { ...context, isBundled, ...(placed && { placeOf: placed.placeOf }) })
    if (placed) problems.push(...placeProblems(compiled.problems, placed))
    definitions.push(definition)
    remappers.push(compiled.remapper)
  }

  if (remap !== undefined && Object.keys(remap).length > 0) add(shortRemapper(remap, name))
  // The general remapper stands in for a source that nobody has written one for; then the user's own knows better what
  // the source writes, and must see it before the general one has taken it apart.
  const standsIn = base !== undefined && base.definition.source !== name
  const bundledOne = base && (standsIn ? { ...base.definition, source: name } : base.definition)
  const [first, later] = standsIn
    ? [
        own.filter(({ definition }) => definition.source === name),
        own.filter(({ definition }) => definition.source === undefined),
      ]
    : [[], own.filter(({ definition: { source } }) => source === undefined || source === name)]
  for (const placed of first) add(placed.definition, placed)
  if (base && bundledOne) add(bundledOne, base)
  for (const placed of later) add(placed.definition, placed)

  const languages = languagesNamed(base?.definition.languages)
  const isAuto = name === AUTO
  const others = isAuto ? [...bundled.values(), ...own].map(({ definition }) => definition) : []
  // What writes an `auto` stream is not known before its first entries: they must ring whatever it is.
  const ringing = isAuto ? [...definitions, ...others.filter(({ source }) => source !== undefined)] : definitions
  return {
    problems,
    source: {
      name,
      remappers,
      languages,
      heads: ringing.flatMap((definition) => definition.multiline),
      alarms: alarmsOf(ringing, languages),
      trustHeads: remappers.every((remapper, i) => definitions[i] === bundledOne || !remapper.changesStatus),
      calmJson: bundledOne && calmJson(bundledOne),
      levels: new Map(remappers.flatMap((remapper) => [...remapper.levels])),
      ...(zone !== undefined && { zone }),
      ...(isAuto && {
        learner: new Learner(
          others.filter(({ source }) => source !== AUTO),
          (learned) => compileSource({ ...options, name: learned }).source,
        ),
      }),
    },
  }
}

/** A remapper of the user's with its patterns as V8's linear engine takes them; the bundled ones are known to be quick. */
function withLinearPatterns({ definition, placeOf }: PlacedDefinition): PlacedDefinition {
  const linear = (patterns: readonly string[]) => patterns.map((pattern) => linearSource(pattern) ?? pattern)
  const { multiline, detect } = definition
  return { definition: { ...definition, multiline: linear(multiline), detect: linear(detect) }, placeOf }
}

/** Applies the source's remappers to one record. */
export const applySource = applyRemappers

/**
 * What the remappers declare, what the languages need, and every way in which a JSON line may say that it is an error.
 * One remapper that can change a status and declares nothing makes every line an alarm.
 */
function alarmsOf(definitions: readonly RemapperDefinition[], languages: readonly TraceLanguage[]): RegExp | undefined {
  const alarms: string[] = languages.flatMap((language) => [...language.hints])
  const keys = new Set<string>(statusKeys)
  const levels = definitions.flatMap((definition) => Object.entries(definition.levels))
  const errorLevels = levels.flatMap(([level, status]) => (isErrorStatus(status) ? [level] : []))
  for (const definition of definitions) {
    const statuses = statusSources(definition.processors)
    if (definition.alarms === 'every line') {
      if (definition.origin === 'errand' || statuses.length > 0) return undefined
    } else alarms.push(...definition.alarms)
    for (const source of statuses) keys.add(source).add(source.split('.').at(-1) ?? source)
  }
  const isNumber = (level: string) => /^\d+$/.test(level)
  const loggerWords = Object.entries(LOGGER_WORDS).flatMap(([word, status]) => (isErrorStatus(status) ? [word] : []))
  const prefixes = DATADOG_PREFIXES.flatMap(([prefix, status]) => (isErrorStatus(status) ? [prefix] : []))
  // Words of one or two Latin letters would ring everywhere; remappers declare those with what stands around them.
  alarms.push(...errorLevels.filter((level) => !isNumber(level) && (level.length > 3 || /[^\x00-\x7f]/.test(level))))
  return compileAlarms(alarms, {
    keys: [...keys],
    prefixes: [...prefixes, ...loggerWords, ...errorLevels.filter((level) => !isNumber(level))],
    numbers: [...SYSLOG_ERRORS, ...errorLevels.filter(isNumber)],
  })
}

/** Levels below error as most loggers write them into JSON. */
const CALM_WORDS = ['trace', 'silly', 'debug', 'verbose', 'http', 'info', 'information', 'notice', 'warn', 'warning']
const CALM_NUMBERS = ['10', '20', '30']

/** `{"level":"info",` or `{"level":30,`, where `level` is the attribute that decides; with a group for its name. */
function calmJson(definition: RemapperDefinition): RegExp | undefined {
  const [key] = statusSources(definition.processors)
  if (key === undefined || !/^@?\w+$/.test(key)) return undefined
  const isCalm = (level: string) => !isErrorStatus(normaliseStatus(level, levelsOf(definition.levels)))
  // The key is told apart by its case, as JSON does; levels come in three spellings.
  const words = CALM_WORDS.filter(isCalm)
    .flatMap((word) => [word, word.toUpperCase(), capitalised(word)])
    .join('|')
  const numbers = CALM_NUMBERS.filter(isCalm).join('|')
  return new RegExp(`\\{\\s?("${key}"):\\s?(?:"(?:${words})"|(?:${numbers}))[,}]`, 'y')
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** The digits that are errors on syslog's scale. */
const SYSLOG_ERRORS = SYSLOG_STATUSES.flatMap((status, digit) => (isErrorStatus(status) ? [String(digit)] : []))

/** The attributes that a status is read from, and those that are moved there first. */
function statusSources(processors: readonly { readonly type: string; readonly [key: string]: unknown }[]): string[] {
  const flat = processors.flatMap(function inner(processor): typeof processors {
    return processor.type === 'pipeline' ? (processor.processors as typeof processors).flatMap(inner) : [processor]
  })
  const sources = flat.flatMap((one) => (one.type === 'status-remapper' ? (one.sources as string[]) : []))
  for (const one of flat) {
    if (one.type === 'attribute-remapper' && sources.includes(String(one.target)))
      sources.push(...(one.sources as string[]))
  }
  return sources
}
