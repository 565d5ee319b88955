/** The two sums that must hold: of lines, and of records for each output. Pure. */
import type { Counters } from '../core/counters.js'

/** What an output's records are besides the counted ones. */
export interface OutputAccount {
  /** Records that it began with; below 0: records of a time before the output was there. */
  readonly opening: number
  /** Over crashes and stops: records that it gets again (above 0), or whose count a crash cut off (below). */
  readonly repeated: number
  /** What lay before it at a start and no run left there. */
  readonly unexplained: number
}

/** Counts of one moment, since the first start of a state directory. */
export interface Figures {
  readonly totals: Counters
  readonly linesOpen: number
  readonly recordsPending: number
  /** Records before each output. */
  readonly spooled: Readonly<Record<string, number>>
  readonly outputs: Readonly<Record<string, OutputAccount>>
}

export interface LinesSum {
  readonly read: number
  readonly kept: number
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>
  readonly joined: number
  /** Read again after a stop. */
  readonly reread: number
  readonly open: number
  /** Lines that are nowhere; below 0: that are in two places. 0 where the sum holds. */
  readonly difference: number
}

export interface RecordsSum extends OutputAccount {
  readonly output: string
  readonly kept: number
  readonly delivered: number
  readonly refused: number
  /** By reason. */
  readonly lost: Readonly<Record<string, number>>
  /** Durable, before the output. */
  readonly spooled: number
  /** Not yet durable. */
  readonly pending: number
  /** As with lines. */
  readonly difference: number
}

export function sumLines({ totals, linesOpen }: Figures): LinesSum {
  const read = totals.total('lines_read_total')
  const kept = totals.total('lines_kept_total')
  const dropped = byReason(totals, 'lines_dropped_total')
  const joined = totals.total('lines_joined_total')
  const reread = totals.total('lines_reread_total')
  const difference = read - kept - sum(dropped) - joined - reread - linesOpen
  return { read, kept, dropped, joined, reread, open: linesOpen, difference }
}

export function sumRecords(figures: Figures, output: string): RecordsSum {
  const { totals, recordsPending, spooled, outputs } = figures
  const account = outputs[output] ?? { opening: 0, repeated: 0, unexplained: 0 }
  const delivered = totals.get('records_delivered_total', { output })
  const refused = totals.get('records_refused_total', { output })
  const lost = byReason(totals, 'spool_records_lost_total', output)
  const there = spooled[output] ?? 0
  const kept = totals.total('records_kept_total')
  const difference =
    kept + account.opening + account.repeated - delivered - refused - sum(lost) - there - recordsPending
  return { output, kept, ...account, delivered, refused, lost, spooled: there, pending: recordsPending, difference }
}

/** The records that must lie before an output, durable, by what was counted. */
export function due(figures: Figures, output: string): number {
  const { spooled, difference, unexplained } = sumRecords(figures, output)
  return spooled + difference + unexplained
}

/** Of a counter with the label `reason`; with `output`, what was counted for that output. */
export function byReason(totals: Counters, counter: string, output?: string): Record<string, number> {
  const found: Record<string, number> = {}
  for (const [name, labels, value] of totals.entries()) {
    if (name !== counter || labels.reason === undefined || labels.output !== output) continue
    found[labels.reason] = (found[labels.reason] ?? 0) + value
  }
  return found
}

export function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((total, value) => total + value, 0)
}
