/**
 * A source compiled: which remappers its records pass, in which order, which alarms and heads they declare, which
 * traceback languages they speak. One for each distinct input; shared by all its files.
 */
import type { Problem } from '../core/problem.js'
import type { Status } from '../core/shapes.js'
import { compileAlarms } from '../frame/alarms.js'
import { applyRemappers, compileRemapper, type Remapper } from '../remap/compile.js'
import type { PlacedDefinition, RemapperDefinition } from '../remap/definition.js'
import { placeProblems } from '../remap/load.js'
import { statusKeys } from '../remap/preprocess.js'
import { type ShortRemap, shortRemapper } from '../remap/short-remap.js'
import type { TraceLanguage } from '../trace/language.js'
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
  /** Whether no pipeline of the user's may make an error of what a logger called INFO. */
  readonly trustHeads: boolean
  readonly levels: ReadonlyMap<string, Status>
  readonly zone?: string
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
  const { name, bundled, own, remap, zone, now } = options
  const problems: Problem[] = []
  const context = { now, readTraceback, ...(zone !== undefined && { defaultZone: zone }) }
  const definitions: RemapperDefinition[] = []
  const remappers: Remapper[] = []
  const add = (definition: RemapperDefinition, placed?: PlacedDefinition) => {
    const compiled = compileRemapper(definition, context)
    if (placed) problems.push(...placeProblems(compiled.problems, placed))
    definitions.push(definition)
    remappers.push(compiled.remapper)
  }

  const base = bundled.get(name) ?? bundled.get(AUTO)
  if (remap !== undefined && Object.keys(remap).length > 0) add(shortRemapper(remap, name))
  // The general remapper stands in for a source that nobody has written one for.
  const bundledOne = base && (base.definition.source === name ? base.definition : { ...base.definition, source: name })
  if (base && bundledOne) add(bundledOne, base)
  for (const placed of own) {
    const { definition } = placed
    if (definition.source === undefined || definition.source === name) add(definition, placed)
  }

  const languages = languagesNamed(base?.definition.languages)
  return {
    problems,
    source: {
      name,
      remappers,
      languages,
      heads: remappers.flatMap((remapper) => remapper.multiline.map((pattern) => pattern.source)),
      alarms: alarmsOf(definitions, languages),
      trustHeads: remappers.every((remapper, i) => definitions[i] === bundledOne || !remapper.changesStatus),
      levels: new Map(remappers.flatMap((remapper) => [...remapper.levels])),
      ...(zone !== undefined && { zone }),
    },
  }
}

/** Applies the source's remappers to one record. */
export const applySource = applyRemappers

/**
 * What the remappers declare, what the languages need, and the status attributes of JSON lines. One remapper that can
 * change a status and declares nothing makes every line an alarm.
 */
function alarmsOf(definitions: readonly RemapperDefinition[], languages: readonly TraceLanguage[]): RegExp | undefined {
  const alarms: string[] = languages.flatMap((language) => [...language.hints])
  const keys = new Set<string>(statusKeys)
  for (const definition of definitions) {
    const statuses = statusSources(definition.processors)
    if (definition.alarms === 'every line') {
      if (definition.origin === 'errand' || statuses.length > 0) return undefined
    } else alarms.push(...definition.alarms)
    for (const source of statuses) for (const key of [source, source.split('.').at(-1) ?? source]) keys.add(key)
  }
  return compileAlarms(alarms, [...keys])
}

function statusSources(processors: readonly { readonly type: string; readonly [key: string]: unknown }[]): string[] {
  return processors.flatMap((processor) => {
    if (processor.type === 'status-remapper') return processor.sources as string[]
    if (processor.type === 'pipeline') return statusSources(processor.processors as typeof processors)
    return []
  })
}
