/** The delivering half of the agent: every output of the plan with its shipper, opened, run and stopped together. */
import { join } from 'node:path'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import { outputKind } from '../outputs/kinds.js'
import type { Output, OutputKind } from '../outputs/output.js'
import type { BatchSettings } from '../ship/settings.js'
import { Shipper } from '../ship/shipper.js'
import { Cursors } from '../spool/cursors.js'
import type { Files } from '../spool/files.js'
import type { Spool } from '../spool/spool.js'
import type { Plan } from './plan.js'

export interface DeliveringOptions {
  readonly plan: Plan
  readonly spool: Spool
  readonly stdout: NodeJS.WritableStream
  readonly log: Logger
  readonly clock: Clock
  readonly counters: Counters
  /** Of the state directory. */
  readonly files: Files
  /** Whether an output was certainly not there in the last run. */
  isNew(output: string): boolean
}

interface Line {
  readonly name: string
  readonly type: string
  readonly output: Output
  readonly shipper: Shipper
}

/** What the batches of all outputs together may hold, those in flight and those that wait for their turn. */
const IN_FLIGHT_BYTES = 8 << 20
/** A batch is not made smaller than this, however many outputs there are. */
const MIN_BATCH_BYTES = 256 << 10

/** The largest batches of one of `outputs` outputs: what the config says, as far as the backend and our memory allow. */
export function batchLimits(
  batch: BatchSettings,
  { limits = {}, concurrency }: Pick<OutputKind, 'limits' | 'concurrency'>,
  outputs: number,
): BatchSettings {
  // Beside those in flight one waits ready.
  const share = Math.max(MIN_BATCH_BYTES, Math.floor(IN_FLIGHT_BYTES / outputs / (concurrency + 1)))
  return {
    ...batch,
    maxBytes: Math.min(batch.maxBytes, limits.maxBytes ?? batch.maxBytes, share),
    maxRecords: Math.min(batch.maxRecords, limits.maxRecords ?? batch.maxRecords),
  }
}

export class Delivering {
  readonly #lines: readonly Line[]
  readonly #cursors: Cursors
  readonly #spool: Spool
  readonly #halt = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  private constructor(lines: readonly Line[], cursors: Cursors, spool: Spool) {
    this.#lines = lines
    this.#cursors = cursors
    this.#spool = spool
  }

  /** Opens outputs and reads their cursors. Rejects when the state directory does not answer. */
  static async open(options: DeliveringOptions): Promise<Delivering> {
    const { plan, spool, stdout, log, clock, counters, files, isNew } = options
    const names = plan.config.outputs.map(({ name }) => name)
    const cursors = await Cursors.open({
      dir: join(plan.stateDir, 'cursors'),
      names,
      spool,
      log,
      counters,
      files,
      isNew,
    })
    const refusedDir = join(plan.stateDir, 'refused')
    const lines = plan.config.outputs.map(({ name, type, batch, ...settings }) => {
      const kind = outputKind(type)
      if (kind === undefined) throw new RangeError(`there is no output of type ${type}`)
      const output = kind.open(settings, { name, log, clock, stdout, resolvePath: plan.resolvePath })
      const limited = batchLimits(batch, kind, plan.config.outputs.length)
      const cursor = cursors.of(name)
      const { concurrency } = kind
      const shared = { name, type, spool, log, clock, counters, refusedDir, files }
      return { name, type, output, shipper: new Shipper({ ...shared, output, cursor, batch: limited, concurrency }) }
    })
    return new Delivering(lines, cursors, spool)
  }

  /** The files that outputs write, absolute: they must never be tailed. */
  get paths(): string[] {
    return this.#lines.flatMap(({ output }) => [...(output.paths?.() ?? [])])
  }

  /** Durable records that each output has before it, by the output's name. */
  get spooled(): Record<string, number> {
    return Object.fromEntries(this.#lines.map(({ name, shipper }) => [name, shipper.spooled]))
  }

  /** Records that each output has before it for the next run, by the output's name. */
  get durablySpooled(): Record<string, number> {
    const { sequence } = this.#spool.end
    return Object.fromEntries(this.#lines.map(({ name }) => [name, sequence - this.#cursors.of(name).saved.sequence]))
  }

  /** Lets go of the records of outputs that are not in the config any more. Rejects when the disk does. */
  giveUpLeft(): Promise<void> {
    return this.#cursors.giveUpLeft()
  }

  /** The output that has most before it, if any has; `waitingBytes` of the spool. */
  get slowest(): { readonly name: string; readonly type: string; readonly waitingBytes: number } | undefined {
    const waiting = this.#lines.map(({ name, type, shipper }) => ({ name, type, waitingBytes: shipper.waitingBytes }))
    return waiting.filter(({ waitingBytes }) => waitingBytes > 0).sort((a, b) => b.waitingBytes - a.waitingBytes)[0]
  }

  /** Begins to ship. Call it once. */
  run(): void {
    this.#running = Promise.all(this.#lines.map(({ shipper }) => shipper.run(this.#halt.signal)))
  }

  /** Resolves when everything that is in the spool now is delivered or refused, at every output. */
  async drained(): Promise<void> {
    await Promise.all(this.#lines.map(({ shipper }) => shipper.drained()))
  }

  /** Lets deliveries under way come to an end within `timeoutMs`, ends the others, saves the cursors, closes all. */
  async stop(timeoutMs: number): Promise<void> {
    await Promise.all(this.#lines.map(({ shipper }) => shipper.stop(timeoutMs)))
    this.#halt.abort()
    await this.#running
    await Promise.all(this.#lines.map(({ output }) => output.close()))
  }
}
