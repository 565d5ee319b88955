/** The names and meanings of the metrics, and their rendering for Prometheus. */
import type { Counter } from 'prom-client'
import type { Counters } from '../core/counters.js'

/** What each counter counts. A counter without an entry here is exported with its name for a meaning. */
export const COUNTERS: Readonly<Record<string, string>> = {
  lines_read_total: 'Physical lines read.',
  lines_kept_total: 'Lines in entries that were kept.',
  lines_dropped_total: 'Lines in entries that were dropped, by reason.',
  lines_joined_total: 'Lines that a container runtime had split off and that were joined to the line before them.',
  lines_cut_total: 'Lines over the limit, of which the rest was cut.',
  lines_unframed_total: 'Lines of container files that were not in the container format; they pass on as they are.',
  entries_cut_total: 'Entries over the limit, of which the rest was cut.',
  bytes_cut_total: 'Bytes cut from lines and entries over their limits.',
  bytes_lost_total: 'Bytes that were gone before they could be read, by reason.',
  files_stuck_total: 'Times that a file held more and was not read on, and was opened anew.',
  links_refused_total: 'Symbolic links that lead out of the directories of their input and were not followed.',
  alarms_missed_total: 'Errors found in a sample of entries without an alarm; anything but 0 is a fault of a remapper.',
  lines_reread_total: 'Lines that were open when the agent stopped or reloaded; they are read and counted again.',
  patterns_given_up_total:
    'Times that a rule of a remapper took too long on an entry, or rested because it had, by source and remapper.',
  records_kept_total: 'Error records made, by source.',
  records_delivered_total: 'Records that an output delivered.',
  records_refused_total: 'Records that a backend will never take; they are in the refused file.',
  spool_torn_bytes_total:
    'Bytes at the end of the spool that a crash had left half written; their records are read again.',
  spool_damaged_bytes_total: 'Bytes of the spool that were damaged on disk and set aside.',
  spool_records_lost_total:
    'Records that were in the spool and that an output will not get: dropped because the spool was full, damaged on disk, or removed.',
  cursors_unreadable_total: 'Delivery positions that could not be read; the output begins again at the oldest record.',
  batches_retried_total: 'Attempts that failed and were tried again.',
  config_reloads_total:
    'Reloads of the config, by result: applied, refused (it has problems), failed (it could not be started).',
}

/** The moment's state, read when Prometheus asks. */
export const GAUGES: Readonly<Record<string, string>> = {
  files_open: 'Tailed files held open.',
  files_tailed: 'Files being tailed.',
  spool_bytes: 'Bytes in the spool.',
  lines_open: 'Lines in entries that are not complete yet.',
  records_pending: 'Records that wait to become durable in the spool.',
  config_last_reload_ok: '1 when the config on disk is the one that runs, 0 when the last one was not taken.',
  process_start_time_seconds: 'When the process started, in seconds since 1970.',
}

const each = (label: string, values: readonly string[]) => values.map((value) => ({ [label]: value }))
const ofOutputs = ({ spooled }: Snapshot) => each('output', Object.keys(spooled))
const ofSources = ({ sources }: Snapshot) => each('source', sources)

/**
 * The series of counters with labels that are known before anything was counted. They are there from the start, as 0:
 * what first appears as 1 has no rate.
 */
const SERIES: Readonly<Record<string, (known: Snapshot) => readonly Readonly<Record<string, string>>[]>> = {
  lines_dropped_total: () => each('reason', ['calm', 'below_error', 'no_status', 'not_wanted', 'fault']),
  bytes_cut_total: () => each('limit', ['line', 'entry']),
  bytes_lost_total: () => each('reason', ['deleted before it was read', 'truncated before it was read']),
  alarms_missed_total: ofSources,
  patterns_given_up_total: ({ remappers }) => remappers,
  records_kept_total: ofSources,
  records_delivered_total: ofOutputs,
  records_refused_total: ofOutputs,
  spool_records_lost_total: (known) =>
    ofOutputs(known).flatMap((output) =>
      each('reason', ['full', 'damaged', 'removed']).map((why) => ({ ...why, ...output })),
    ),
  batches_retried_total: ofOutputs,
  cursors_unreadable_total: ofOutputs,
  config_reloads_total: () => each('result', ['applied', 'refused', 'failed']),
}

/** What is rendered, taken at one moment: its sums hold. */
export interface Snapshot {
  readonly gauges: Readonly<Record<string, number>>
  /** Records waiting, by output. */
  readonly spooled: Readonly<Record<string, number>>
  /** The sources of the inputs. */
  readonly sources: readonly string[]
  /** The remappers that run for each of them; one may be there twice. */
  readonly remappers: readonly { readonly source: string; readonly remapper: string }[]
}

/** The text of /metrics. `take` is called in the same moment in which the counters are read. */
export async function renderMetrics(
  counters: Counters,
  take: () => Snapshot,
): Promise<{ text: string; contentType: string }> {
  // Loaded by those who are asked for metrics only: it takes a while, and memory.
  const { Counter, Gauge, Registry } = await import('prom-client')
  const taken = take()
  const { gauges, spooled } = taken
  const registry = new Registry()
  const made = new Map<string, Counter>()
  const counterOf = (name: string, labels: readonly string[]): Counter => {
    const known = made.get(name)
    if (known) return known
    const help = COUNTERS[name] ?? name
    const counter = new Counter({ name: `errand_${name}`, help, labelNames: [...labels], registers: [registry] })
    made.set(name, counter)
    return counter
  }
  const counted = [...counters.entries()]
  const labelsOf = new Map<string, Set<string>>()
  for (const [name, labels] of counted) {
    labelsOf.set(name, new Set([...(labelsOf.get(name) ?? []), ...Object.keys(labels)]))
  }
  for (const name of Object.keys(COUNTERS)) {
    const known = SERIES[name]?.(taken) ?? []
    const names = new Set([...Object.keys(known[0] ?? {}), ...(labelsOf.get(name) ?? [])])
    const counter = counterOf(name, [...names])
    // A counter that has counted nothing is 0, not absent: alerts on absence would fire.
    if (known.length > 0) for (const labels of known) counter.inc(labels, 0)
    else if (names.size === 0 || counters.total(name) === 0) counter.inc(0)
  }
  for (const [name, labels, value] of counted) counterOf(name, [...(labelsOf.get(name) ?? [])]).inc(labels, value)
  for (const [name, value] of Object.entries(gauges)) {
    // `process_…` are Prometheus' own names.
    const full = name.startsWith('process_') ? name : `errand_${name}`
    new Gauge({ name: full, help: GAUGES[name] ?? name, registers: [registry] }).set(value)
  }
  const waiting = new Gauge({
    name: 'errand_records_spooled',
    help: 'Durable records that an output has neither delivered nor refused nor lost.',
    labelNames: ['output'],
    registers: [registry],
  })
  for (const [output, count] of Object.entries(spooled)) waiting.set({ output }, count)
  return { text: await registry.metrics(), contentType: registry.contentType }
}
