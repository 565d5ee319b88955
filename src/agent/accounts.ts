/**
 * The accounts of a state directory: what was counted since its first start, over all runs. One small file, saved with
 * the positions, from counts of the very moment that the positions are of. What a crash repeats or leaves uncounted is
 * found when the next run begins, by what really lies before each output, and goes on an account of its own.
 */
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../core/clock.js'
import { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import { type Files, realFiles, replaceFile } from '../spool/files.js'
import { due, type Figures, type OutputAccount } from './sums.js'

const count = z.int().min(0)
const counters = z.record(z.string(), z.int())
const accountFile = z.object({
  version: z.literal(1),
  /** ISO times. */
  since: z.string(),
  saved: z.string(),
  /** Start of the process that saved it, in seconds since the epoch: which /metrics belong to it. */
  process: z.number(),
  /** The run ended in order: nothing on disk may be otherwise than it says. */
  ended: z.boolean(),
  /** Totals at the save, and what of them the counters of the process do not hold. */
  totals: counters,
  base: counters,
  linesOpen: count,
  recordsPending: count,
  /** Records before each output at the save. */
  spooled: z.record(z.string(), count),
  outputs: z.record(z.string(), z.object({ opening: z.int(), repeated: z.int(), unexplained: z.int() })),
})

/** What is in the file. */
export type Account = z.output<typeof accountFile>

/** The counts of one moment. */
export interface Moment {
  readonly linesOpen: number
  readonly recordsPending: number
  readonly spooled: Readonly<Record<string, number>>
}

export interface AccountsOptions {
  readonly stateDir: string
  /** Those of the process, which may have counted for runs before this one. */
  readonly counters: Counters
  /** When the process started, in ms since the epoch. */
  readonly processStart: number
  readonly clock: Clock
  readonly log: Logger
  readonly files?: Files
}

export function accountPath(stateDir: string): string {
  return join(stateDir, 'accounts.json')
}

/** The account in a text; undefined when it holds none. */
export function parseAccount(text: string): Account | undefined {
  try {
    return accountFile.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** What an account says of the moment of its save. */
export function figuresOf(account: Account): Figures {
  const { totals, linesOpen, recordsPending, spooled, outputs } = account
  return { totals: Counters.from(totals), linesOpen, recordsPending, spooled, outputs }
}

export class Accounts {
  readonly #options: AccountsOptions
  readonly #path: string
  readonly #files: Files
  readonly #since: string
  readonly #last: Account | undefined
  /** What the totals have beyond the counters of the process; below 0 where another state directory was in use before. */
  readonly #base: Map<string, number>
  #outputs: Record<string, OutputAccount> = {}
  /** What the file says, but for the time. */
  #written = ''
  /** Saves run one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #told = false

  private constructor(options: AccountsOptions, last: Account | undefined) {
    const { counters, clock, files = realFiles, stateDir } = options
    this.#options = options
    this.#files = files
    this.#path = accountPath(stateDir)
    this.#last = last
    this.#since = last?.since ?? new Date(clock.now()).toISOString()
    this.#base = new Map(Object.entries(last?.totals ?? {}))
    // What was open when the last run ended is read again.
    if (last) add(this.#base, 'lines_reread_total', last.linesOpen)
    for (const [key, value] of Object.entries(counters.keyed())) add(this.#base, key, -value)
  }

  /** Reads the account of the last run. A damaged one is set aside and told; rejects when the disk does not answer. */
  static async open(options: AccountsOptions): Promise<Accounts> {
    const { stateDir, clock, log, files = realFiles } = options
    const path = accountPath(stateDir)
    const text = await files.readText(path)
    const last = text === undefined ? undefined : parseAccount(text)
    if (text !== undefined && last === undefined) {
      const aside = `${path}.damaged-${clock.now()}`
      await files.rename(path, aside)
      log.warn(
        `${path} cannot be understood; it was set aside as ${aside}, and counting begins anew. No record is lost.`,
      )
    }
    return new Accounts(options, last)
  }

  /** Whether the output is one of the last run's; undefined when nothing is known of that. */
  knows(output: string): boolean | undefined {
    return this.#last && output in this.#last.outputs
  }

  /** Takes what lies before each output as the run begins; no line may have been read yet. */
  begin(spooled: Readonly<Record<string, number>>): void {
    const last = this.#last
    this.#outputs = {}
    for (const [name, there] of Object.entries(spooled)) {
      const known = last?.outputs[name]
      const account = known ?? { opening: 0, repeated: 0, unexplained: 0 }
      this.#outputs[name] = account
      const beyond = there - due(this.#figures({ linesOpen: 0, recordsPending: 0, spooled }), name)
      if (known === undefined) this.#outputs[name] = { ...account, opening: beyond }
      else if (last?.ended === false) this.#outputs[name] = { ...account, repeated: account.repeated + beyond }
      else if (beyond !== 0) {
        this.#outputs[name] = { ...account, unexplained: account.unexplained + beyond }
        this.#options.log.warn(
          `${Math.abs(beyond)} records ${beyond > 0 ? 'more' : 'fewer'} than there should be wait for output "${name}": ` +
            `${this.#options.stateDir} was changed since the last run. See: errand audit.`,
        )
      }
    }
  }

  /** The account of this moment, for `save`. */
  take(moment: Moment): Account {
    return this.#account(moment, false)
  }

  /**
   * The last account of the run. `durable` is what lies before each output for the next run: what was delivered behind
   * a gap, or after the last save of a cursor, is delivered again.
   */
  end(moment: Moment, durable: Readonly<Record<string, number>>): Promise<void> {
    const figures = this.#figures(moment)
    for (const [name, account] of Object.entries(this.#outputs)) {
      const beyond = (durable[name] ?? 0) - due(figures, name)
      this.#outputs[name] = { ...account, repeated: account.repeated + beyond }
    }
    return this.save(this.#account({ ...moment, spooled: durable }, moment.recordsPending === 0))
  }

  /** Writes an account, if it says anything new. Never rejects: a disk that does not take it is told of once. */
  save(account: Account): Promise<void> {
    const saving = this.#turn.then(async () => {
      const { saved: _, ...said } = account
      const text = JSON.stringify(said)
      if (text === this.#written) return
      try {
        await replaceFile(this.#files, this.#path, `${JSON.stringify(account)}\n`)
        this.#written = text
        this.#told = false
      } catch (error) {
        if (!this.#told)
          this.#options.log.warn(
            `${this.#path} cannot be written: ${(error as Error).message}. Its counts stay behind.`,
          )
        this.#told = true
      }
    })
    this.#turn = saving
    return saving
  }

  #account(moment: Moment, ended: boolean): Account {
    const { clock, processStart } = this.#options
    const { totals, outputs, ...rest } = this.#figures(moment)
    return {
      version: 1,
      since: this.#since,
      saved: new Date(clock.now()).toISOString(),
      process: processStart / 1000,
      ended,
      totals: totals.keyed(),
      base: Object.fromEntries(this.#base),
      ...rest,
      outputs: { ...outputs },
    }
  }

  #figures(moment: Moment): Figures {
    const totals = new Map(this.#base)
    for (const [key, value] of Object.entries(this.#options.counters.keyed())) add(totals, key, value)
    const { linesOpen, recordsPending, spooled } = moment
    return {
      totals: Counters.from(Object.fromEntries(totals)),
      linesOpen,
      recordsPending,
      spooled: { ...spooled },
      outputs: this.#outputs,
    }
  }
}

function add(to: Map<string, number>, key: string, by: number): void {
  to.set(key, (to.get(key) ?? 0) + by)
}
