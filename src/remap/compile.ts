/**
 * From a definition to a remapper: every query, rule and expression compiled once, problems collected with their paths.
 * Applying a remapper is pure but for the record it changes. A trail records what each processor changed; without one
 * nothing is recorded, and a record whose status can no longer reach error is left early.
 */
import type { Place } from '../core/problem.js'
import { isErrorStatus, type LogRecord, type Status } from '../core/shapes.js'
import type { RemapperDefinition } from './definition.js'
import { isObject } from './paths.js'
import type { Apply, CompileContext, Path, ProcessorDefinition, ReadTraceback, Run, Step } from './processor.js'
import { processorKind } from './processors/kinds.js'
import { compileQuery } from './query/query.js'
import { type Levels, levelsOf } from './status.js'

export type { ReadTraceback, Run, Step } from './processor.js'

/** What a remapper needs from outside. */
export interface RemapperContext {
  readonly now: () => number
  /** IANA zone of times that name none; default UTC. */
  readonly defaultZone?: string
  readonly readTraceback: ReadTraceback
  /** Where a path of the definition stands in its file; absent when it is in none. */
  readonly placeOf?: (path: Path) => Place
  /** The remapper is one of Errand's own, whose patterns are tested for how long they take. */
  readonly isBundled?: boolean
}

/** A problem at a path of the definition; its place in the file is the loader's knowledge. */
export interface CompileProblem {
  readonly path: Path
  readonly what: string
  readonly mend: string
  readonly severity: 'error' | 'warning'
}

export interface Remapper {
  readonly name: string
  /** The one source it takes, where it names one. */
  readonly source?: string
  readonly alarms: readonly string[] | 'every line'
  /** First lines of entries. */
  readonly multiline: readonly RegExp[]
  readonly levels: Levels
  readonly languages?: readonly string[]
  /** Whether some processor can change the status. */
  readonly changesStatus: boolean
  matches(record: LogRecord): boolean
  /**
   * Runs the processors on the record. `below`: `run.stopBelowError` was set and the rest was skipped, because the
   * status is below error and no processor can change it any more.
   */
  apply(record: LogRecord, run?: Run): 'below' | undefined
}

interface CompiledStep {
  readonly label: string
  readonly apply: Apply
  readonly isPipeline: boolean
  readonly changesStatus: boolean
}

/** Compiles a definition. A broken part is left out and reported; the rest runs. */
export function compileRemapper(
  definition: RemapperDefinition,
  context: RemapperContext,
): { remapper: Remapper; problems: CompileProblem[] } {
  const problems: CompileProblem[] = []
  const levels = levelsOf(definition.levels)
  const report = (path: Path, what: string, mend: string, severity: 'error' | 'warning' = 'error') =>
    problems.push({ path, what, mend, severity })

  const query = (text: string, path: Path): ((record: LogRecord) => boolean) => {
    if (text.trim() === '' || text.trim() === '*') return () => true
    const compiled = compileQuery(text)
    if (!('problem' in compiled)) return (record) => compiled.matches(record)
    report(path, compiled.problem.what, compiled.problem.mend)
    return () => false
  }

  const steps = (processors: readonly ProcessorDefinition[], at: Path, number: string): CompiledStep[] =>
    processors.flatMap((processor, i) => {
      const kind = processorKind(processor.type)
      if (kind === undefined || !processor.enabled) return []
      const path = [...at, i]
      const place = `${number}${i + 1}`
      const label = `${place} ${processor.type}${processor.name ? `: ${processor.name}` : ''}`
      let changesStatus = kind.changesStatus === true
      const own: CompileContext = {
        now: context.now,
        ...(context.defaultZone === undefined ? {} : { defaultZone: context.defaultZone }),
        levels,
        ...(definition.languages === undefined ? {} : { languages: definition.languages }),
        readTraceback: context.readTraceback,
        isBundled: context.isBundled === true,
        whereabouts: {
          remapper: definition.name,
          processor: label,
          ...(context.placeOf && { place: context.placeOf(path) }),
        },
        problem: (inner, what, mend, severity) => report([...path, ...inner], what, mend, severity),
        query: (text, inner) => query(text, [...path, ...inner]),
        pipeline(inner, innerPath) {
          const compiled = steps(inner, [...path, ...innerPath], `${place}.`)
          changesStatus ||= compiled.some((step) => step.changesStatus)
          return (record, run) => runSteps(compiled, record, run)
        },
      }
      const apply = kind.compile(processor, own)
      return [{ label, apply, isPipeline: processor.type === 'pipeline', changesStatus }]
    })

  const compiled = definition.enabled ? steps(definition.processors, ['processors'], '') : []
  const matchesQuery = definition.query === undefined ? undefined : query(definition.query, ['filter', 'query'])
  const { source } = definition
  const remapper: Remapper = {
    name: definition.name,
    ...(source === undefined ? {} : { source }),
    alarms: definition.alarms,
    multiline: definition.multiline.map((pattern) => new RegExp(pattern)),
    levels,
    ...(definition.languages === undefined ? {} : { languages: definition.languages }),
    changesStatus: compiled.some((step) => step.changesStatus),
    matches: (record) =>
      definition.enabled && (source === undefined || record.source === source) && (matchesQuery?.(record) ?? true),
    apply(record, run = {}) {
      // A rule of one remapper cannot use up the time of another.
      run.budget = undefined
      return runSteps(compiled, record, run)
    },
  }
  return { remapper, problems }
}

/**
 * Runs the remappers that match, in order. `below` as in `Remapper.apply`, but over all of them: a later remapper that
 * may change the status keeps a record going.
 */
export function applyRemappers(remappers: readonly Remapper[], record: LogRecord, run: Run = {}): 'below' | undefined {
  const lastThatDecides = remappers.findLastIndex((remapper) => remapper.changesStatus)
  for (const [i, remapper] of remappers.entries()) {
    if (run.stopBelowError === true && i > lastThatDecides && isBelow(record.status)) return 'below'
    if (remapper.matches(record) && remapper.apply(record, run) === 'below') return 'below'
  }
  return undefined
}

function isBelow(status: Status | undefined): boolean {
  return status !== undefined && !isErrorStatus(status)
}

function runSteps(steps: readonly CompiledStep[], record: LogRecord, run: Run): 'below' | undefined {
  for (const step of steps) {
    if (run.trail === undefined) step.apply(record, run)
    else recordStep(step, record, run, run.trail)
    if (step.changesStatus && run.stopBelowError === true && run.statusTaken === true && isBelow(record.status))
      return 'below'
  }
  return undefined
}

function recordStep(step: CompiledStep, record: LogRecord, run: Run, trail: Step[]): void {
  if (step.isPipeline) {
    const length = trail.length
    step.apply(record, run)
    if (trail.length === length) trail.push({ processor: step.label, changed: {}, note: 'its filter did not match' })
    return
  }
  const before = flatten(record)
  const givenUp = run.givenUp?.length ?? 0
  step.apply(record, run)
  const notes = (run.givenUp ?? []).slice(givenUp).map(({ pattern, because }) => `${pattern} was given up: ${because}`)
  const after = flatten(record)
  const changed: Record<string, readonly [unknown, unknown]> = {}
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(path)
    const is = after.get(path)
    if (was !== is && JSON.stringify(was) !== JSON.stringify(is)) changed[path] = [was, is]
  }
  trail.push({ processor: step.label, changed, ...(notes.length > 0 && { note: notes.join('; ') }) })
}

/** Every place of a record by its dotted path; lists are one place. */
function flatten(record: LogRecord): Map<string, unknown> {
  const { attributes, traceback, tags, ...reserved } = record
  const flat = new Map<string, unknown>(Object.entries(reserved))
  flat.set('tags', [...tags])
  if (traceback !== undefined)
    flat.set('traceback', `${traceback.language}, ${traceback.frames.length} frames, ${traceback.causes.length} causes`)
  const walk = (value: unknown, path: string) => {
    if (!isObject(value)) flat.set(path, value)
    else for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`)
  }
  for (const [key, value] of Object.entries(attributes)) walk(value, key === 'message' ? '@message' : `@${key}`)
  return flat
}
