/**
 * The contract of a processor type: one file in `processors/`, one entry in `processors/kinds.ts`. A processor changes a
 * record in place, throws on no record, does no I/O, and leaves everything alone when its source is missing.
 */
import { z } from 'zod'
import type { Place } from '../core/problem.js'
import { type LogRecord, STATUSES, type Traceback } from '../core/shapes.js'
import type { Budget, GivenUp } from './budget.js'
import type { Levels } from './status.js'

/** What one processor did to a record, for `explain`. */
export interface Step {
  /** Its place among its pipeline's processors from 1, its type and its name: `3.1 status-remapper: by code`. */
  readonly processor: string
  /** Each changed place by its dotted path: what it held before and what it holds now. */
  readonly changed: Readonly<Record<string, readonly [before: unknown, after: unknown]>>
  /** Why nothing was done, where that can be said. */
  readonly note?: string
}

/** The passage of one record through all remappers. Make a new one for each record. */
export interface Run {
  /** When given, every processor's step is recorded; slow. */
  readonly trail?: Step[]
  /** Stop as soon as no later processor can lift the status from below error. */
  readonly stopBelowError?: boolean
  /** Set by the first status remapper that had a source: later ones do not count, in whatever pipeline. */
  statusTaken?: boolean
  /** What is left of the time that the patterns of a remapper may take; made when one needs it. */
  budget?: Budget | undefined
  /** The patterns that were not tried to their end, and where they stand; made when there is one. */
  givenUp?: GivenUpPattern[]
}

/** A pattern that was not tried to its end, and where it stands. */
export type GivenUpPattern = GivenUp & Whereabouts

/** Which processor it is, for a person who looks for it. */
export interface Whereabouts {
  readonly remapper: string
  /** As in a `Step`. */
  readonly processor: string
  /** Absent for remappers that are in no file. */
  readonly place?: Place
}

/** A compiled processor. */
export type Apply = (record: LogRecord, run: Run) => void

/**
 * Reads tracebacks; supplied by the agent, since `remap` and `trace` do not know each other.
 * `find`: the traceback that a log message holds. `read`: the whole text is a stack, parts of which may be missing.
 */
export type ReadTraceback = (
  text: string,
  how: 'find' | 'read',
  languages: readonly string[] | undefined,
) => Traceback | undefined

/** Keys and indices from a processor's own object down. */
export type Path = readonly (string | number)[]

/** What a processor gets when it is compiled. */
export interface CompileContext {
  readonly now: () => number
  /** IANA zone of times that name none; default UTC. */
  readonly defaultZone?: string
  readonly levels: Levels
  readonly languages?: readonly string[]
  readonly readTraceback: ReadTraceback
  readonly whereabouts: Whereabouts
  /** The remapper is one of Errand's own, whose patterns are tested for how long they take. */
  readonly isBundled?: boolean
  /** Reports a problem at a path inside the processor. */
  problem(path: Path, what: string, mend: string, severity?: 'error' | 'warning'): void
  /** The predicate of a query; a query that cannot be read is reported and matches nothing. */
  query(text: string, path: Path): (record: LogRecord) => boolean
  /** Compiles nested processors, which stand at `path`. */
  pipeline(processors: readonly ProcessorDefinition[], path: Path): Apply
}

/** A processor as its file declares it, in camelCase, defaults filled in. */
export interface ProcessorDefinition {
  readonly type: string
  readonly name?: string | undefined
  readonly enabled: boolean
  readonly [setting: string]: unknown
}

export interface ProcessorKind<Schema extends z.ZodObject = z.ZodObject> {
  readonly type: string
  /** One sentence for the docs. */
  readonly description: string
  readonly schema: Schema
  /** Whether it can change the record's status. */
  readonly changesStatus?: boolean
  compile(definition: z.output<Schema>, context: CompileContext): Apply
}

/** Names the type parameter, so that `compile` sees what its schema parsed. */
export function defineProcessor<Schema extends z.ZodObject>(kind: ProcessorKind<Schema>): ProcessorKind {
  return kind as unknown as ProcessorKind
}

/** The settings that every processor has. */
export const commonSettings = {
  id: z.string().optional().describe('Datadog gives one to each processor; not used.'),
  name: z.string().nullish().describe('What `explain` calls the processor.'),
  description: z.string().nullish().describe('For readers only.'),
  enabled: z.boolean().default(true).describe('A processor that is not enabled is left out.'),
  tags: z.array(z.string()).optional().describe("Datadog's labels of a pipeline; not used."),
  ocsf: z.unknown().optional().describe('Datadog marks its OCSF processors with it; not used.'),
}

/** A list of attribute paths, the first present one counts; one path may stand without its list. */
export const sourcesSetting = z
  .union([z.string().transform((source) => [source]), z.array(z.string()).min(1)])
  .describe('Attribute paths in order; the first that is present counts.')

export const statusSetting = z.enum(STATUSES)
