/** Runs bytes through the production pipeline of a source, with or without alarms. */
import { Pipeline } from '../../src/agent/pipeline.js'
import { loadBundled } from '../../src/agent/plan.js'
import { compileSource, type Source } from '../../src/agent/source.js'
import { ManualClock } from '../../src/core/clock.js'
import { Counters } from '../../src/core/counters.js'
import { ERROR_STATUSES, type ErrorRecord } from '../../src/core/shapes.js'

const { bundled } = await loadBundled()
export const SOURCES: readonly string[] = [...bundled.keys()]
const NOW = Date.UTC(2026, 10, 21)

const compiled = new Map<string, Source>()
export function sourceNamed(name: string): Source {
  let source = compiled.get(name)
  if (!source) {
    source = compileSource({ name, bundled, own: [], now: () => NOW }).source
    compiled.set(name, source)
  }
  return source
}

export interface Run {
  readonly records: ErrorRecord[]
  readonly counters: Counters
  readonly pipeline: Pipeline
}

/** `everyLine` judges every entry; otherwise alarms and heads decide what is looked at, as in production. */
export function runPieces(
  sourceName: string,
  pieces: readonly Buffer[],
  options: { everyLine?: boolean; close?: boolean } = {},
): Run {
  const counters = new Counters()
  const records: ErrorRecord[] = []
  const source = sourceNamed(sourceName)
  const pipeline = new Pipeline({
    source: options.everyLine ? { ...source, alarms: undefined, trustHeads: false } : source,
    origin: { fileId: 'f', path: '/var/log/x.log' },
    enrichment: { service: 's', tags: [] },
    format: 'auto',
    keep: new Set(ERROR_STATUSES),
    limits: { maxLineBytes: 1 << 20, maxEntryBytes: 1 << 20, idleMs: 1000, unfinishedMs: 30_000, sampleCalm: 0 },
    clock: new ManualClock(NOW),
    counters,
    emit: (record) => records.push(record),
  })
  let offset = 0
  for (const bytes of pieces) {
    pipeline.push({ bytes, offset })
    offset += bytes.length
  }
  if (options.close ?? true) pipeline.close()
  return { records, counters, pipeline }
}
