/** The delivering half of the agent: every output of the plan with its shipper, opened, run and stopped together. */
import { join } from 'node:path'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import { outputKind } from '../outputs/kinds.js'
import type { Output } from '../outputs/output.js'
import { Shipper } from '../ship/shipper.js'
import { Cursors } from '../spool/cursors.js'
import type { Spool } from '../spool/spool.js'
import type { Plan } from './plan.js'

export interface DeliveringOptions {
  readonly plan: Plan
  readonly spool: Spool
  readonly stdout: NodeJS.WritableStream
  readonly log: Logger
  readonly clock: Clock
  readonly counters: Counters
}

interface Line {
  readonly name: string
  readonly type: string
  readonly output: Output
  readonly shipper: Shipper
}

export class Delivering {
  readonly #lines: readonly Line[]
  readonly #halt = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  private constructor(lines: readonly Line[]) {
    this.#lines = lines
  }

  /** Opens outputs and reads their cursors. Rejects when the state directory does not answer. */
  static async open(options: DeliveringOptions): Promise<Delivering> {
    const { plan, spool, stdout, log, clock, counters } = options
    const names = plan.config.outputs.map(({ name }) => name)
    const cursors = await Cursors.open({ dir: join(plan.stateDir, 'cursors'), names, spool, log, counters })
    const refusedDir = join(plan.stateDir, 'refused')
    const lines = plan.config.outputs.map(({ name, type, batch, ...settings }) => {
      const kind = outputKind(type)
      if (kind === undefined) throw new RangeError(`there is no output of type ${type}`)
      const output = kind.open(settings, { name, log, clock, stdout, resolvePath: plan.resolvePath })
      const { maxBytes = batch.maxBytes, maxRecords = batch.maxRecords } = kind.limits ?? {}
      const limited = {
        ...batch,
        maxBytes: Math.min(batch.maxBytes, maxBytes),
        maxRecords: Math.min(batch.maxRecords, maxRecords),
      }
      const cursor = cursors.of(name)
      const { concurrency } = kind
      const shared = { name, type, spool, log, clock, counters, refusedDir }
      return { name, type, output, shipper: new Shipper({ ...shared, output, cursor, batch: limited, concurrency }) }
    })
    return new Delivering(lines)
  }

  /** The files that outputs write, absolute: they must never be tailed. */
  get paths(): string[] {
    return this.#lines.flatMap(({ output }) => [...(output.paths?.() ?? [])])
  }

  /** Durable records that each output has before it, by the output's name. */
  get spooled(): Record<string, number> {
    return Object.fromEntries(this.#lines.map(({ name, shipper }) => [name, shipper.spooled]))
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
