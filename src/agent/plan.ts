/**
 * From a config file to a plan: what was written becomes what it means. Paths resolved, remapper files read and
 * compiled, services and sources settled. All problems at once; nothing is opened for reading or writing of logs.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../config/environment.js'
import type { PlaceOf } from '../config/json5.js'
import { type LoadedConfig, loadConfig, loadConfigText, resolveFrom } from '../config/load.js'
import { fixedPrefix, matchFiles, whyUnreadable } from '../config/load-files.js'
import { closest, type Place, type Problem } from '../core/problem.js'
import type { Enrichment } from '../enrich/enrichment.js'
import { hostName } from '../enrich/enrichment.js'
import { secretsOf } from '../outputs/secrets.js'
import type { PlacedDefinition } from '../remap/definition.js'
import { readRemapperFile, readRemappers } from '../remap/load.js'
import { type Content, digestOf, type LoadedText } from './content.js'
import { compileRules, type Grouping, groupingOf } from './grouping.js'
import { type Config, configSettings, type InputConfig } from './settings.js'
import { AUTO, compileSource, type Source } from './source.js'
import { LANGUAGES } from './tracebacks.js'

/** The path that the plan's first output of type `file` delivers to. */
export function deliveredPath(plan: Plan): string | undefined {
  for (const output of plan.config.outputs) {
    if (output.type === 'file' && 'path' in output && typeof output.path === 'string')
      return plan.resolvePath(output.path)
  }
  return undefined
}

/** The remappers that come with Errand. */
const BUNDLED = fileURLToPath(new URL('../../remappers/', import.meta.url))

export interface PlannedInput {
  readonly config: InputConfig
  /** Absolute; empty for standard input. */
  readonly paths: readonly string[]
  readonly exclude: readonly string[]
  /** Absolute; empty for standard input. */
  readonly allowedRoots: readonly string[]
  readonly source: Source
  readonly enrichment: Enrichment
  readonly grouping: Grouping
}

export interface Plan {
  readonly config: Config
  readonly stateDir: string
  readonly inputs: readonly PlannedInput[]
  /** What holds for errors of whatever input. */
  readonly grouping: Grouping
  /** The user's own remappers, for `errand test`. */
  readonly own: readonly PlacedDefinition[]
  /** Where the config says `status.listen`. */
  readonly listenPlace: Place
  /** Makes a path of the config absolute, against the folder of its file. */
  resolvePath(path: string): string
}

export interface Planned {
  /** Absent when there is any problem of severity error. */
  readonly plan?: Plan
  readonly problems: readonly Problem[]
  /** What was read for it. */
  readonly content: Content
  /** Texts of the config that no message may show; not complete when its problems are. */
  readonly secrets: readonly string[]
}

/**
 * The bundled remappers by source, and their problems (none in a release: a test reads them all). Only those of
 * `sources` where all of them are known, since reading the others takes longer than the rest of a start.
 */
export async function loadBundled(
  sources: readonly string[] = [AUTO],
): Promise<{ bundled: Map<string, PlacedDefinition>; problems: Problem[] }> {
  const bundled = new Map<string, PlacedDefinition>()
  const problems: Problem[] = []
  const all = await matchFiles(`${BUNDLED}*.json5`)
  const wanted = new Set(sources.map((source) => `${BUNDLED}${source}.json5`))
  const some = all.filter((file) => wanted.has(file))
  // `auto` must know the shapes of all sources, and stands in for those that nobody knows.
  for (const file of sources.includes(AUTO) || some.length < wanted.size ? all : some) {
    const loaded = await loadRemapperFile(file)
    problems.push(...loaded.problems)
    for (const placed of loaded.definitions) {
      if (placed.definition.source !== undefined) bundled.set(placed.definition.source, placed)
    }
  }
  return { bundled, problems }
}

/** One remapper file, JSON5 or YAML; `loaded` is told what was read. */
export async function loadRemapperFile(
  file: string,
  loaded?: (read: LoadedText) => void,
): Promise<{ definitions: readonly PlacedDefinition[]; problems: Problem[] }> {
  const { text, problems } = await loadConfigText(file)
  loaded?.({ file, text })
  if (text === undefined) return { definitions: [], problems }
  const read = readRemapperFile(text, file)
  return {
    definitions: read.definitions,
    problems: [...problems, ...read.problems, ...read.definitions.flatMap(unknownLanguages)],
  }
}

/** Reads and checks the config and everything it names. */
export async function planFrom(file: string, environment: Environment, now: () => number): Promise<Planned> {
  const loaded = await loadConfig<Config>(file, configSettings, environment)
  const { config, text } = loaded
  const read: LoadedText[] = [{ file, text }]
  const planned = config && (await planOf(file, { ...loaded, config }, environment, now, (one) => read.push(one)))
  const globs = config?.remappers.flatMap((one) => (typeof one === 'string' ? [resolveFrom(file, one)] : [])) ?? []
  const secrets = [...loaded.secrets, ...secretsOf(config?.outputs)]
  return { problems: loaded.problems, ...planned, content: { file, globs, digest: digestOf(read) }, secrets }
}

async function planOf(
  file: string,
  loaded: LoadedConfig<Config> & { config: Config },
  environment: Environment,
  now: () => number,
  read: (one: LoadedText) => void,
): Promise<Omit<Planned, 'content' | 'secrets'>> {
  const { config, placeOf } = loaded
  const { bundled, problems: bundledProblems } = await loadBundled(config.inputs.map(({ source }) => source))
  const problems = [...loaded.problems, ...bundledProblems]
  const own = await loadOwn(config, file, placeOf, problems, read)
  const names = new Set<string>()
  for (const [i, output] of config.outputs.entries()) {
    if (names.has(output.name)) {
      const what = `output ${i + 1} has the name "${output.name}" of another output.`
      problems.push({
        place: placeOf(['outputs', i, 'name']),
        what,
        mend: 'Give each output its own name.',
        severity: 'error',
      })
    }
    names.add(output.name)
  }
  const { rules, problems: ruleProblems } = compileRules(config.fingerprint, placeOf)
  problems.push(...ruleProblems)
  const sources = new Map<string, Source>()
  const inputs: PlannedInput[] = []
  for (const [i, input] of config.inputs.entries()) {
    const at = ['inputs', i] as const
    if (input.type === 'stdin' && config.inputs.findIndex(({ type }) => type === 'stdin') < i) {
      const what = 'standard input is read by an input before this one.'
      problems.push({ place: placeOf(at), what, mend: 'Keep one input of type "stdin".', severity: 'error' })
    }
    const known = bundled.has(input.source) || own.some(({ definition }) => definition.source === input.source)
    if (!known && input.source !== AUTO) {
      const near = closest(input.source, bundled.keys())
      const what = `there is no remapper for source "${input.source}"; it is treated as "auto".`
      const mend = near ? `Did you mean "${near}"?` : `Bundled are ${[...bundled.keys()].join(', ')}.`
      problems.push({ place: placeOf([...at, 'source']), what, mend, severity: 'warning' })
    }
    if (input.service === undefined) {
      const what = `this input names no service; its errors get service "${input.source}".`
      problems.push({
        place: placeOf(at),
        what,
        mend: 'Add service: "…", as your backend should show it.',
        severity: 'warning',
      })
    }
    const key = JSON.stringify([input.source, input.timezone, input.remap])
    let source = sources.get(key)
    if (!source) {
      const compiled = compileSource({
        name: input.source,
        bundled,
        own,
        remap: Object.fromEntries(Object.entries(input.remap).map(([to, from]) => [to, [from].flat()])),
        ...(input.timezone !== undefined && { zone: input.timezone }),
        now,
      })
      // The same pipeline compiled for two sources has its problems once.
      const seen = new Set(problems.map((problem) => JSON.stringify(problem)))
      problems.push(...compiled.problems.filter((problem) => !seen.has(JSON.stringify(problem))))
      source = compiled.source
      sources.set(key, source)
    }
    const paths = input.type === 'file' ? input.paths.map((path) => resolveFrom(file, path)) : []
    await checkDirectories(paths, i, placeOf, problems)
    const allowedRoots = input.type === 'file' ? input.allowedRoots.map((path) => resolveFrom(file, path)) : []
    await checkRoots(allowedRoots, i, placeOf, problems)
    inputs.push({
      config: input,
      paths,
      exclude: input.type === 'file' ? input.exclude.map((path) => resolveFrom(file, path)) : [],
      allowedRoots,
      source,
      enrichment: enrichmentOf(config, input, environment),
      grouping: groupingOf({ index: i, inApp: input.inApp }, config.inApp, rules),
    })
  }
  if (problems.some(({ severity }) => severity === 'error')) return { problems }
  const resolvePath = (path: string) => resolveFrom(file, path)
  const grouping = groupingOf(undefined, config.inApp, rules)
  const stateDir = resolvePath(config.stateDir)
  const listenPlace = placeOf(['status', 'listen'])
  return { problems, plan: { config, stateDir, inputs, grouping, own, listenPlace, resolvePath } }
}

async function loadOwn(
  config: Config,
  file: string,
  placeOf: PlaceOf,
  problems: Problem[],
  read: (one: LoadedText) => void,
): Promise<PlacedDefinition[]> {
  const own: PlacedDefinition[] = []
  for (const [i, remapper] of config.remappers.entries()) {
    if (typeof remapper !== 'string') {
      const read = readRemappers(config, ['remappers', i], placeOf, `remapper ${i + 1} of the config`)
      problems.push(...read.problems, ...read.definitions.flatMap(unknownLanguages))
      own.push(...read.definitions)
      continue
    }
    const files = await matchFiles(resolveFrom(file, remapper))
    if (files.length === 0) {
      const what = `no file matches "${remapper}".`
      problems.push({
        place: placeOf(['remappers', i]),
        what,
        mend: 'Correct the glob, or take it out.',
        severity: 'warning',
      })
    }
    for (const path of files) {
      const loaded = await loadRemapperFile(path, read)
      // A file that is not there is the config's fault: point at where it was named.
      const missing = loaded.problems.some((problem) => problem.place.file === path && problem.place.line === undefined)
      problems.push(
        ...(missing
          ? loaded.problems.map((problem) => ({
              ...problem,
              place: placeOf(['remappers', i]),
              what: `"${remapper}": ${problem.what}`,
            }))
          : loaded.problems),
      )
      own.push(...loaded.definitions)
    }
  }
  return own
}

/** A directory that is missing may come later; one that may not be read will not mend itself. */
async function checkDirectories(
  paths: readonly string[],
  input: number,
  placeOf: PlaceOf,
  problems: Problem[],
): Promise<void> {
  for (const [i, path] of paths.entries()) {
    const directory = fixedPrefix(path)
    const why = await whyUnreadable(directory)
    const place = placeOf(['inputs', input, 'paths', i])
    if (why === 'denied') {
      const mend = 'Give the user that runs errand the right to read and enter it.'
      problems.push({ place, what: `this user may not read the directory ${directory}.`, mend, severity: 'error' })
    } else if (why === 'no directory') {
      problems.push({ place, what: `${directory} is not a directory.`, mend: 'Correct the path.', severity: 'error' })
    } else if (why === 'missing') {
      const mend = 'Its files are read when it comes; correct the path if it never will.'
      problems.push({ place, what: `the directory ${directory} is not there yet.`, mend, severity: 'warning' })
    }
  }
}

/** A root that is not there allows nothing until it comes; one that can be none will never allow anything. */
async function checkRoots(
  roots: readonly string[],
  input: number,
  placeOf: PlaceOf,
  problems: Problem[],
): Promise<void> {
  for (const [i, root] of roots.entries()) {
    const place = placeOf(['inputs', input, 'allowedRoots', i])
    if ((await whyUnreadable(root)) === 'no directory') {
      const what = `${root} is not a directory.`
      const mend = 'Name the directory that symbolic links may lead to.'
      problems.push({ place, what, mend, severity: 'error' })
    } else if (fixedPrefix(join(root, 'x')) !== root && (await whyUnreadable(root)) === 'missing') {
      const what = `allowedRoots takes directories, not patterns; there is no directory ${root}.`
      problems.push({ place, what, mend: `Name ${fixedPrefix(root)}.`, severity: 'error' })
    }
  }
}

function unknownLanguages({ definition, placeOf }: PlacedDefinition): Problem[] {
  return (definition.languages ?? []).flatMap((name, i) => {
    if (LANGUAGES.has(name)) return []
    const near = closest(name, LANGUAGES.keys())
    const mend = near ? `Did you mean "${near}"?` : `The languages are ${[...LANGUAGES.keys()].join(', ')}.`
    return [
      {
        place: placeOf(['languages', i]),
        what: `"${name}" is not a traceback language.`,
        mend,
        severity: 'error' as const,
      },
    ]
  })
}

function enrichmentOf(config: Config, input: InputConfig, environment: Environment): Enrichment {
  const env = input.env ?? config.env
  const version = input.version ?? config.version
  const host = config.host ?? hostName(environment)
  const tags = Object.entries({ ...config.tags, ...input.tags }).map(([key, value]) => `${key}:${value}`)
  return {
    service: input.service ?? input.source,
    ...(host !== undefined && { host }),
    ...(env !== undefined && { env }),
    ...(version !== undefined && { version }),
    tags,
  }
}
