/**
 * The agent over the life of the process: one agent after the other, a new one for each config that is taken. What
 * outlives them is here: the status port, the counters, standard input. A config is taken whole or not at all: it is
 * planned and checked before anything of the running one is touched, and when it cannot be started, the one before is.
 */
import { type Problem, ProblemsError, renderProblem } from '../core/problem.js'
import { linearEngineWorks } from '../remap/linear.js'
import { realSleep } from '../ship/sleep.js'
import { Bell } from '../spool/bell.js'
import { type Health, StatusServer } from '../status/server.js'
import { Agent, type AgentOptions, type Progress, type StopOptions } from './agent.js'
import { ConfigWatch } from './config-watch.js'
import type { Plan, Planned } from './plan.js'
import { StandardInput } from './standard-input.js'

export interface ServiceOptions extends Omit<AgentOptions, 'plan' | 'standardInput'> {
  /** What to begin with. */
  readonly planned: Planned & { readonly plan: Plan }
  readonly stdin: NodeJS.ReadableStream
  /** Reads and checks the config as it is on disk now. */
  plan(): Promise<Planned>
  /** A config was taken; the agent that runs it has started. */
  taken?(plan: Plan): void
}

/** Deliveries under way delay a reload no longer than this, in ms; what is aborted is delivered again by the next agent. */
const RELOAD_WAIT_MS = 2000
/** When neither the new nor the old config can be started, the old one is tried again after this, in ms. */
const START_AGAIN_MS = 5000

interface Next {
  readonly plan: Plan
  /** How the agent that runs is to end. */
  readonly stop: StopOptions
  readonly status: StatusServer | undefined
  /** Called when an agent runs again: whether it is the new one. */
  settled(applied: boolean): void
}

export class Service {
  readonly #options: ServiceOptions
  readonly #standardInput: StandardInput
  readonly #stopping = new AbortController()
  readonly #watch: ConfigWatch
  /** What runs, or ran last. */
  #plan: Plan
  #agent: Agent | undefined
  #status: StatusServer | undefined
  /** What the last agent said at its end, as long as there is no other. */
  #last: Health | undefined
  #lastProgress: Progress = { files: 0, bytesRead: 0, bytesTotal: 0, caughtUp: false }
  #next: Next | undefined
  readonly #nextCame = new Bell()
  #lastReloadOk = true
  /** Reloads run one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  private constructor(options: ServiceOptions) {
    this.#options = options
    this.#plan = options.planned.plan
    this.#standardInput = new StandardInput(options.stdin)
    this.#watch = new ConfigWatch({
      running: options.planned.content,
      settings: () => this.#plan.config.reload,
      changed: () => this.#inTurn('the config has changed'),
      back: () => {
        this.#lastReloadOk = true
        this.#options.log.info('the config on disk is the one that runs again')
      },
    })
  }

  /** Starts the first agent and the status port. Rejects with a ProblemsError when one of them cannot be had. */
  static async start(options: ServiceOptions): Promise<Service> {
    if (!linearEngineWorks())
      options.log.warn(
        "this Node.js has no linear engine for regular expressions: a timer watches every rule of a remapper instead, at 0.1 ms for each text. Use one of the versions that package.json's engines name.",
      )
    const service = new Service(options)
    const { plan } = options.planned
    const agent = await service.#start(plan)
    try {
      service.#status = await service.#listen(plan)
    } catch (error) {
      agent.stop()
      await agent.run()
      service.#standardInput.close()
      throw error
    }
    service.#agent = agent
    return service
  }

  /** Runs until `stop`, or until the agent comes to an end by itself. Call it once. */
  async run(): Promise<void> {
    const { once } = this.#options
    const watching = once ? undefined : this.#watch.run(this.#stopping.signal)
    while (this.#agent || this.#next) {
      const agent = this.#agent
      // Told to while it was starting.
      if (this.#next) agent?.stop(this.#next.stop)
      if (this.#stopping.signal.aborted) agent?.stop()
      await agent?.run()
      this.#last = agent?.health() ?? this.#last
      this.#lastProgress = this.progress()
      this.#agent = undefined
      const next = this.#next
      this.#next = undefined
      // What standard input has left open is lost with this process: an agent has to take it as it is.
      if (next && (!this.#stopping.signal.aborted || this.#standardInput.holdsOpen)) await this.#takeOver(next)
      else next?.settled(false)
    }
    this.#stopping.abort()
    await watching
    await this.#status?.stop()
    this.#standardInput.close()
  }

  /** Ends the run in order; see `Agent.stop`. */
  stop(): void {
    this.#stopping.abort()
    this.#agent?.stop()
  }

  /** Reads the config again and takes it, if it is sound. `why` is for the log. */
  reload(why: string): void {
    if (this.#options.once) {
      this.#options.log.info(`${why}: --once ends by itself; the config is not read again`)
      return
    }
    // One that has not begun yet will see what this one would.
    if (this.#waiting < 2) void this.#inTurn(why)
  }

  progress(): Progress {
    return this.#agent?.progress() ?? this.#lastProgress
  }

  /** Resolves when the reload is done, either way. */
  #inTurn(why: string): Promise<void> {
    this.#waiting++
    const done = this.#turn.then(async () => {
      try {
        if (!this.#stopping.signal.aborted) await this.#reload(why)
      } catch (error) {
        this.#options.log.error(
          { err: error },
          `${why}: errand failed; the config that runs goes on. Please report it.`,
        )
      }
      this.#waiting--
    })
    this.#turn = done
    return done
  }

  async #reload(why: string): Promise<void> {
    const { log, plan: read } = this.#options
    const planned = await read()
    const { plan, problems } = planned
    if (plan === undefined) {
      this.#count('refused')
      log.error(`${why}: it has problems and is not taken; the one that runs goes on.`)
      this.#tell(problems)
      await this.#watch.refused(planned.content)
      return
    }
    let status: StatusServer | undefined
    try {
      status = plan.config.status?.listen === this.#plan.config.status?.listen ? this.#status : await this.#listen(plan)
    } catch (error) {
      this.#failed(error, 'The one that runs goes on.')
      await this.#watch.refused(planned.content)
      return
    }
    if (this.#stopping.signal.aborted) {
      if (status !== this.#status) await status?.stop()
      return
    }
    log.info(`${why}: it is taken`)
    this.#tell(problems)
    const hasInput = plan.inputs.some(({ config }) => config.type === 'stdin')
    const stop = { waitMs: RELOAD_WAIT_MS, leaveInputOpen: hasInput }
    const applied = await new Promise<boolean>((settled) => {
      this.#next = { plan, stop, status, settled }
      this.#nextCame.ring()
      this.#agent?.stop(stop)
    })
    if (applied) this.#watch.took(planned.content)
    else await this.#watch.refused(planned.content)
  }

  /** Starts an agent on the new plan; if that cannot be, on the old one, as often as it takes. */
  async #takeOver(next: Next): Promise<void> {
    const before = this.#plan
    try {
      this.#agent = await this.#start(next.plan)
    } catch (error) {
      if (next.status !== this.#status) await next.status?.stop()
      this.#failed(error, 'The one before is started again.')
      // From here on another config may come, also while this one cannot be started.
      next.settled(false)
      await this.#startAgain(before)
      return
    }
    this.#moved(before, next.plan)
    this.#plan = next.plan
    if (next.status !== this.#status) await this.#status?.stop()
    this.#status = next.status
    this.#count('applied')
    this.#options.taken?.(next.plan)
    this.#options.log.info(`reading ${describeInputs(next.plan)}`)
    next.settled(true)
  }

  async #startAgain(plan: Plan): Promise<void> {
    const { signal } = this.#stopping
    for (let told = false; !signal.aborted && !this.#next; told = true) {
      try {
        this.#agent = await this.#start(plan)
        this.#options.log.info(`reading ${describeInputs(plan)}`)
        return
      } catch (error) {
        if (this.#last) this.#last = { ...this.#last, ready: false }
        if (!told) {
          this.#options.log.error(
            'nothing is read now; it is tried again every few seconds, and when the config changes.',
          )
          this.#tell(problemsOf(error))
        }
      }
      await Promise.race([realSleep(START_AGAIN_MS, signal), this.#nextCame.heard(signal)])
    }
  }

  #start(plan: Plan): Promise<Agent> {
    return Agent.start({ ...this.#options, plan, standardInput: this.#standardInput })
  }

  async #listen(plan: Plan): Promise<StatusServer | undefined> {
    const { listen } = plan.config.status ?? {}
    if (listen === undefined) return undefined
    const { counters } = this.#options
    const health = () => this.#health()
    const status = new StatusServer({ listen, place: plan.listenPlace, counters, health })
    await status.start()
    return status
  }

  #health(): Health {
    const health = this.#agent?.health() ??
      this.#last ?? { ready: false, gauges: {}, spooled: {}, sources: [], remappers: [] }
    return {
      ...health,
      // A change of agents is not a time in which nobody is ready.
      ready: health.ready || this.#last?.ready === true,
      gauges: {
        ...health.gauges,
        config_last_reload_ok: this.#lastReloadOk ? 1 : 0,
        process_start_time_seconds: this.#options.processStart / 1000,
      },
    }
  }

  #count(result: 'applied' | 'refused' | 'failed'): void {
    this.#lastReloadOk = result === 'applied'
    this.#options.counters.add('config_reloads_total', 1, { result })
  }

  #failed(error: unknown, then: string): void {
    this.#count('failed')
    this.#options.log.error(`the config could not be started. ${then}`)
    this.#tell(problemsOf(error))
  }

  #tell(problems: readonly Problem[]): void {
    for (const problem of problems) {
      if (problem.severity === 'error') this.#options.log.error(renderProblem(problem))
      else this.#options.log.warn(renderProblem(problem))
    }
  }

  /** Says what stays behind when the state directory is another. */
  #moved(from: Plan, to: Plan): void {
    if (from.stateDir === to.stateDir) return
    const left = Object.entries(this.#last?.spooled ?? {}).filter(([, records]) => records > 0)
    const records = left.map(([output, count]) => `${count} for "${output}"`).join(', ') || 'none'
    this.#options.log.warn(
      `the state directory is ${to.stateDir} now; positions begin anew there. Records that wait in ${from.stateDir}: ${records}. ` +
        'Run errand with the former config to deliver them.',
    )
  }
}

/** What is read, in a few words. */
export function describeInputs(plan: Plan): string {
  return plan.inputs.flatMap(({ paths, config }) => (config.type === 'stdin' ? ['standard input'] : paths)).join(', ')
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ProblemsError) return error.problems
  const what = error instanceof Error ? error.message : String(error)
  return [{ place: { file: 'errand' }, what, mend: 'See the messages above.', severity: 'error' }]
}
