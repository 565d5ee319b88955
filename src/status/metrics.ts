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
  patterns_given_up_total:
    'Times that a rule of a remapper took too long on an entry, or rested because it had, by source and remapper.',
  records_kept_total: 'Error records made, by source.',
  records_delivered_total: 'Records that an output delivered.',
  records_refused_total: 'Records that a backend will never take; they are in the refused file.',
  spool_torn_bytes_total:
    'Bytes at the end of the spool that a crash had left half written; their records are read again.',
  spool_damaged_bytes_total: 'Bytes of the spool that were damaged on disk and set aside.',
  spool_records_lost_total: 'Records that were in the spool and cannot be delivered any more, by reason.',
  cursors_unreadable_total: 'Delivery positions that could not be read; the output begins again at the oldest record.',
  batches_retried_total: 'Attempts that failed and were tried again.',
}

/** The moment's state, read when Prometheus asks. */
export const GAUGES: Readonly<Record<string, string>> = {
  files_open: 'Tailed files held open.',
  files_tailed: 'Files being tailed.',
  spool_bytes: 'Bytes in the spool.',
  lines_open: 'Lines in entries that are not complete yet.',
}

/** The text of /metrics. `spooled` is the number of records each output still has before it. */
export async function renderMetrics(
  counters: Counters,
  gauges: Readonly<Record<string, number>>,
  spooled: Readonly<Record<string, number>>,
): Promise<{ text: string; contentType: string }> {
  // Loaded by those who are asked for metrics only: it takes a while, and memory.
  const { Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const made = new Map<string, Counter>()
  for (const [name, help] of Object.entries(COUNTERS)) {
    // A counter that has counted nothing is 0, not absent: alerts on absence would fire.
    if (counters.total(name) === 0) new Counter({ name: `errand_${name}`, help, registers: [registry] }).inc(0)
  }
  for (const [name, labels, value] of counters.entries()) {
    let counter = made.get(name)
    if (!counter) {
      const help = COUNTERS[name] ?? name
      counter = new Counter({ name: `errand_${name}`, help, labelNames: Object.keys(labels), registers: [registry] })
      made.set(name, counter)
    }
    counter.inc(labels, value)
  }
  for (const [name, value] of Object.entries(gauges)) {
    new Gauge({ name: `errand_${name}`, help: GAUGES[name] ?? name, registers: [registry] }).set(value)
  }
  const waiting = new Gauge({
    name: 'errand_records_spooled',
    help: 'Durable records that an output has neither delivered nor refused.',
    labelNames: ['output'],
    registers: [registry],
  })
  for (const [output, count] of Object.entries(spooled)) waiting.set({ output }, count)
  return { text: await registry.metrics(), contentType: registry.contentType }
}
