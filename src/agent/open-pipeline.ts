/** The pure pipeline of one source as a library: bytes or text in, explained entries out. */
import { type Clock, systemClock } from '../core/clock.js'
import { Counters } from '../core/counters.js'
import { type Place, ProblemsError } from '../core/problem.js'
import { ERROR_STATUSES, type ErrorRecord, type Frame, type Status } from '../core/shapes.js'
import type { Enrichment } from '../enrich/enrichment.js'
import type { FingerprintPart } from '../fingerprint/fp1.js'
import type { Encoding } from '../frame/encoding.js'
import type { Format } from '../frame/framer.js'
import type { Step } from '../remap/processor.js'
import type { Grouping } from './grouping.js'
import { type Outcome, Pipeline, type PipelineLimits } from './pipeline.js'
import { loadBundled } from './plan.js'
import { AUTO, compileSource, type Source } from './source.js'

/** One entry and what became of it; the shape of `errand explain --json`. */
export interface ExplainedEntry {
  /** The file it was read from, when there is one. */
  readonly file?: string
  /** Offsets of its bytes in the file or in all that was pushed. */
  readonly from: number
  readonly to: number
  readonly text: string
  readonly outcome: 'kept' | 'dropped'
  /** Its status, or `uncaught`, when kept; `below_error`, `no_status` or `not_wanted` when dropped. */
  readonly reason: string
  /** The record that would be shipped; of a dropped entry what the remappers made of it. */
  readonly record: ErrorRecord | Readonly<Record<string, unknown>>
  readonly steps: readonly Step[]
  /** Set on the entry by which the source of an `auto` stream was recognised. */
  readonly recognised?: { readonly source: string; readonly because: string }
  readonly fingerprint?: {
    readonly id: string
    readonly location: string
    readonly exact: string
    readonly parts: readonly FingerprintPart[]
    /** What came of the rules of the config; absent where it has none. */
    readonly rule?: ExplainedRule
  }
  /** The frames of the error and its causes of which the config says whose they are; absent where it says nothing. */
  readonly inApp?: readonly ExplainedFrame[]
}

export type ExplainedRule =
  | { readonly matched: false /** How many there are. */; readonly rules: number }
  | {
      readonly matched: true
      /** From 0, as in `fingerprint.rules[0]`. */
      readonly index: number
      readonly place: Place
      readonly because: string
      /** What the record has as `error.fingerprint`; absent when the rule's text came out blank. */
      readonly fingerprint?: string
    }

export interface ExplainedFrame {
  readonly frame: Frame
  /** The setting that decided, and its pattern. */
  readonly because: string
}

export interface OpenPipelineOptions {
  /** The name of a bundled remapper; default `auto`. */
  readonly source?: string
  /** The service of the records; default the source. */
  readonly service?: string
  readonly format?: Format
  /** IANA zone of times that name none; default UTC. */
  readonly timezone?: string
  readonly clock?: Clock
}

export interface OpenPipeline {
  /** Takes the next piece of the log, cut anywhere; returns the entries that it completed. */
  push(piece: string | Uint8Array): ExplainedEntry[]
  /** No more will come: returns the entries that were still open. */
  end(): ExplainedEntry[]
}

/** Opens the production pipeline for one stream of log text. Rejects with ProblemsError when a remapper is broken. */
export async function openPipeline(options: OpenPipelineOptions = {}): Promise<OpenPipeline> {
  const clock = options.clock ?? systemClock
  const name = options.source ?? AUTO
  const { bundled, problems } = await loadBundled([name])
  const zone = options.timezone
  const compiled = compileSource({
    name,
    bundled,
    own: [],
    now: () => clock.now(),
    ...(zone !== undefined && { zone }),
  })
  const broken = [...problems, ...compiled.problems].filter(({ severity }) => severity === 'error')
  if (broken.length > 0) throw new ProblemsError(broken)
  const enrichment = { service: options.service ?? name, tags: [] }
  return explainWith(compiled.source, enrichment, { clock, ...(options.format && { format: options.format }) })
}

export interface ExplainWithOptions {
  readonly clock: Clock
  /** What the config says of the input; where it says nothing, or there is none, its defaults. */
  readonly format?: Format | undefined
  readonly encoding?: Encoding | undefined
  readonly keep?: readonly Status[] | undefined
  readonly limits?: Pick<PipelineLimits, 'maxLineBytes' | 'maxEntryBytes'> | undefined
  readonly grouping?: Grouping | undefined
  readonly file?: string
}

/** The same for a source that is compiled already. */
export function explainWith(source: Source, enrichment: Enrichment, options: ExplainWithOptions): OpenPipeline {
  const { maxLineBytes = 1 << 20, maxEntryBytes = 1 << 20 } = options.limits ?? {}
  let explained: ExplainedEntry[] = []
  let recognised: ExplainedEntry['recognised']
  const pipeline = new Pipeline({
    source,
    origin: { fileId: 'explain', ...(options.file !== undefined && { path: options.file }) },
    enrichment,
    ...(options.grouping && { grouping: options.grouping }),
    format: options.format ?? 'auto',
    encoding: options.encoding,
    keep: new Set(options.keep ?? ERROR_STATUSES),
    limits: { maxLineBytes, maxEntryBytes, idleMs: Infinity, unfinishedMs: Infinity, sampleCalm: 0 },
    clock: options.clock,
    counters: new Counters(),
    emit: () => {},
    learned: (learned) => {
      recognised = { source: learned.source.name, because: learned.because }
    },
    explain: (outcome) => {
      explained.push({ ...shown(outcome, options.file, options.grouping), ...(recognised && { recognised }) })
      recognised = undefined
    },
  })
  let offset = 0
  const take = (): ExplainedEntry[] => {
    const entries = explained
    explained = []
    return entries
  }
  return {
    push(piece) {
      const bytes =
        typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      pipeline.push({ bytes, offset })
      offset += bytes.length
      return take()
    },
    end() {
      pipeline.close()
      return take()
    },
  }
}

function shown(outcome: Outcome, file: string | undefined, grouping: Grouping = {}): ExplainedEntry {
  const { entry, fingerprint } = outcome
  const inApp = framesDecided(outcome.record, grouping)
  return {
    ...(file !== undefined && { file }),
    from: entry.from,
    to: entry.to,
    text: entry.text,
    outcome: outcome.outcome,
    reason: outcome.reason,
    record: outcome.record ?? { ...outcome.remapped },
    steps: outcome.steps,
    ...(fingerprint && {
      fingerprint: {
        id: fingerprint.id,
        location: fingerprint.location,
        exact: fingerprint.exact,
        parts: fingerprint.parts,
        ...(grouping.rules && { rule: ruleShown(outcome.rule, grouping.rules.count) }),
      },
    }),
    ...(inApp.length > 0 && { inApp }),
  }
}

function ruleShown(rule: Outcome['rule'], count: number): ExplainedRule {
  return rule === undefined ? { matched: false, rules: count } : { matched: true, ...rule }
}

/** Every frame once, however often it is in the stack. */
function framesDecided(record: ErrorRecord | undefined, { inApp }: Grouping): ExplainedFrame[] {
  if (record === undefined || inApp === undefined) return []
  const { frames = [], causes = [] } = record.error
  const all = new Set([...frames, ...causes.flatMap((cause) => cause.frames ?? [])])
  return [...all].flatMap((frame) => {
    const decision = inApp.decide(frame)
    return decision === undefined ? [] : [{ frame, because: decision.because }]
  })
}
