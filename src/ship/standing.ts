/**
 * How an output stands with its backend, told to the log once per change: what is wrong, what it means for the
 * records, what to do. Everything in between is counted, not logged.
 */
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/log.js'
import type { Refusal } from '../outputs/output.js'

export interface StandingOptions {
  readonly name: string
  /** The output's kind, e.g. `loki`. */
  readonly type: string
  readonly log: Logger
  /** Bytes that wait in the spool for this output. */
  readonly waitingBytes: () => number
  /** Where refused records go, as a person would look for it. */
  readonly refusedPath: string
  readonly clock: Clock
}

/** Refusals are told once per reason; a backend that invents a reason for every record is told this often. */
const MOST_REASONS = 16

/** What a full spool drops is told at once, and then this often. */
const DROPPED_EVERY_MS = 60_000

export class Standing {
  readonly #options: StandingOptions
  readonly #label: string
  #state: 'well' | 'retrying' | 'holding' = 'well'
  /** Work that waits for our own disk and that the log knows of. */
  readonly #diskFaults = new Set<string>()
  readonly #toldReasons = new Set<string>()
  /** Records that were dropped since the log was told. */
  #dropped = 0
  #toldDroppedAt = Number.NEGATIVE_INFINITY

  constructor(options: StandingOptions) {
    this.#options = options
    this.#label = `output "${options.name}" (${options.type})`
  }

  /** An attempt came through. */
  well(): void {
    if (this.#state === 'well') return
    this.#state = 'well'
    this.tellDropped()
    this.#options.log.info(`${this.#label} works again; ${this.#waiting()} are being delivered.`)
  }

  /** `failures` in a row. The first is weather: a 429 or a closed connection that the next attempt mends. */
  retrying(reason: string, failures: number): void {
    if (failures < 2) this.#options.log.debug(`${this.#label} did not take a batch: ${sentence(reason)}`)
    if (failures < 2 || this.#state === 'retrying') return
    this.#state = 'retrying'
    this.#options.log.warn(
      `${this.#label} did not take a batch: ${sentence(reason)} Nothing is lost, ${this.#waiting()} wait in the spool; it is tried again.`,
    )
  }

  holding(reason: string, mend: string): void {
    if (this.#state === 'holding') return
    this.#state = 'holding'
    this.#options.log.warn(
      `${this.#label}: ${reason.replace(/\.$/, '')}; nothing is lost, ${this.#waiting()} wait in the spool. ${sentence(mend)}`,
    )
  }

  /** `total` records were in the attempt. */
  refused(refusals: readonly Refusal[], total: number): void {
    const { log, refusedPath } = this.#options
    const first = refusals[0]?.reason ?? ''
    const isNew = !this.#toldReasons.has(first) && this.#toldReasons.size < MOST_REASONS
    if (isNew) this.#toldReasons.add(first)
    const rest = refusals.length < total ? '; the rest was delivered' : ''
    const text = `${this.#label} refused ${refusals.length} of ${total} records: ${first.replace(/\.$/, '')}. They are in ${refusedPath}${rest}.`
    if (isNew) log.warn(text)
    else log.debug(text)
  }

  /** The spool was full, and dropped records that this output had not delivered. */
  dropped(records: number): void {
    this.#dropped += records
    if (this.#options.clock.now() - this.#toldDroppedAt >= DROPPED_EVERY_MS) this.tellDropped()
  }

  /** Says what was dropped since it was last said. */
  tellDropped(): void {
    if (this.#dropped === 0) return
    const { log, clock } = this.#options
    const records = this.#dropped === 1 ? '1 record was' : `${this.#dropped} records were`
    log.error(
      `${this.#label}: ${records} dropped undelivered, the oldest first: the spool is full, and spool.whenFull is "dropOldest". ` +
        'Mend the output, or give the spool more space with spool.maxBytes.',
    )
    this.#dropped = 0
    this.#toldDroppedAt = clock.now()
  }

  /** Our own disk did not answer; `what` names the work that waits for it. */
  diskFault(what: string, error: unknown): void {
    if (this.#diskFaults.has(what)) return
    this.#diskFaults.add(what)
    const reason = error instanceof Error ? error.message : String(error)
    this.#options.log.error(
      `${this.#label}: ${what}: ${sentence(reason)} Nothing is lost and it is tried again; check the disk of the state directory.`,
    )
  }

  diskWell(what: string): void {
    if (this.#diskFaults.delete(what)) this.#options.log.info(`${this.#label}: no longer the case: ${what}.`)
  }

  #waiting(): string {
    return formatBytes(this.#options.waitingBytes())
  }
}

/** `14 MiB`, `3.2 KiB`, `17 bytes`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  let value = bytes / 1024
  let unit = 'KiB'
  for (const next of ['MiB', 'GiB', 'TiB']) {
    if (value < 1024) break
    value /= 1024
    unit = next
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** With exactly one full stop at its end. */
function sentence(text: string): string {
  return `${text.replace(/[.\s]+$/, '')}.`
}
