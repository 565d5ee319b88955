/**
 * The running agent: tails, pipelines, spool and shippers wired together, and the order of the two ledgers kept:
 * what was emitted is in the spool durably before any position behind it is. Starts, runs until stopped or done, stops.
 */

import { join } from 'node:path'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import { ProblemsError, renderPlace } from '../core/problem.js'
import type { ErrorRecord, Status } from '../core/shapes.js'
import { type Encoding, markedEncoding } from '../frame/encoding.js'
import { realSleep } from '../ship/sleep.js'
import { heldFiles } from '../spool/held.js'
import { StateLock, type ThisProcess } from '../spool/lock.js'
import { Spool } from '../spool/spool.js'
import type { Health } from '../status/server.js'
import type { TailedFile } from '../tail/file.js'
import { disk } from '../tail/files.js'
import { Tail } from '../tail/tail.js'
import { Accounts, type Moment } from './accounts.js'
import { Delivering } from './delivering.js'
import { FullSpool } from './full-spool.js'
import { type GivenUpPattern, Pipeline, type PipelineLimits, type PipelineRest } from './pipeline.js'
import type { Plan, PlannedInput } from './plan.js'
import { recordJson } from './record-json.js'
import type { StandardInput } from './standard-input.js'
import { Streams } from './streams.js'

export interface AgentOptions {
  readonly plan: Plan
  /** Read everything there is, deliver it, and end. */
  readonly once: boolean
  readonly standardInput: StandardInput
  readonly stdout: NodeJS.WritableStream
  readonly self: ThisProcess
  /** When the process started, in ms since the epoch. */
  readonly processStart: number
  readonly log: Logger
  readonly clock: Clock
  readonly counters: Counters
  /** `device:inode` of files that must never be tailed: where our own log and standard output go. */
  readonly own?: ReadonlySet<string>
}

/** Positions are written at most this often while there is much to read; a crash repeats what came since. */
const CHECKPOINT_EVERY_MS = 1000

/** The accounts are saved at most this often while nothing is read: deliveries go on. */
const ACCOUNT_EVERY_MS = 1000

/** How a run is told to end. */
export interface StopOptions {
  /** Deliveries under way are waited for no longer than this, whatever `shutdown.timeout` says; in ms. */
  readonly waitMs?: number
  /** The next agent of this process goes on with what standard input has left open. */
  readonly leaveInputOpen?: boolean
}

/** Silent files are looked for at most this often while others are read. */
const TICK_EVERY_MS = 100

/** How far the agent is with what there is to read. */
export interface Progress {
  readonly files: number
  readonly bytesRead: number
  readonly bytesTotal: number
  readonly caughtUp: boolean
}

export class Agent {
  readonly #options: AgentOptions
  readonly #lock: StateLock
  readonly #spool: Spool
  readonly #delivering: Delivering
  readonly #accounts: Accounts
  readonly #fullSpool: FullSpool
  readonly #tail: Tail | undefined
  readonly #keep: ReadonlySet<Status>
  readonly #limits: PipelineLimits
  readonly #streams: Streams
  /** Of the standard inputs. */
  readonly #inputPipelines = new Set<Pipeline>()
  readonly #stop = new AbortController()
  #stopOptions: StopOptions = {}
  #lastCheckpoint = 0
  #lastTick = 0
  /** The flush that goes on beside reading. */
  #flushing: Promise<boolean> | undefined
  /** Something was read since the last checkpoint. */
  #unsaved = false
  #caughtUp = false
  readonly #faultsTold = new Set<string>()
  readonly #patternsTold = new Set<string>()

  private constructor(options: AgentOptions, parts: Parts) {
    this.#options = options
    this.#lock = parts.lock
    this.#spool = parts.spool
    this.#delivering = parts.delivering
    this.#accounts = parts.accounts
    this.#fullSpool = new FullSpool({ spool: parts.spool, delivering: parts.delivering, log: options.log })
    parts.lock.whenTaken((error) => {
      options.log.error(`${error.message} This agent stops; what it has not written is read again.`)
      this.stop()
    })
    const { config } = options.plan
    this.#keep = new Set(config.keep.statuses)
    this.#limits = {
      maxLineBytes: config.group.maxLineBytes,
      maxEntryBytes: config.group.maxEntryBytes,
      idleMs: config.group.idle,
      unfinishedMs: config.group.unfinished,
      sampleCalm: 256,
    }
    this.#streams = new Streams({
      limits: {
        fullBytes: OPEN_FULL_BYTES,
        patienceMs: 2 * config.group.idle + 1000,
        // Who wants larger entries than we have room for gives the room.
        mostBytes: Math.max(OPEN_MOST_BYTES, 4 * config.group.maxEntryBytes),
      },
      clock: options.clock,
      open: (file, before, encoding) => this.#openFile(file, before, encoding),
      cut: (files, bytes) =>
        options.log.warn(
          `${bytes} bytes of entries that did not end were open in ${files} files, more than there is room for: they were cut.`,
        ),
    })
    this.#tail = this.#makeTail(parts.own)
    this.#caughtUp = this.#tail === undefined
  }

  /**
   * Takes the lock on the state directory, opens spool, outputs and files. Rejects with a ProblemsError when something
   * of that cannot be had; nothing is left open then.
   */
  static async start(options: AgentOptions): Promise<Agent> {
    const { plan, log, clock, counters, self, stdout, processStart } = options
    const { stateDir } = plan
    const lock = await StateLock.take({ dir: plan.stateDir, self, clock }).catch((error) => {
      throw explained(error, plan.stateDir)
    })
    let spool: Spool | undefined
    let agent: Agent | undefined
    try {
      const files = heldFiles(lock)
      const accounts = await Accounts.open({ stateDir, counters, processStart, clock, log, files })
      spool = await Spool.open({ dir: join(plan.stateDir, 'spool'), settings: plan.config.spool, log, counters, files })
      const isNew = (output: string) => accounts.knows(output) === false
      const delivering = await Delivering.open({ plan, spool, stdout, log, clock, counters, files, isNew })
      accounts.begin(delivering.spooled)
      // A glob such as /var/log/** must not lead the agent to its own spool and refused records.
      const own = new Set(OWN_STATE.map((names) => `${literalGlob(plan.stateDir)}/${names}`))
      for (const path of delivering.paths) own.add(literalGlob(path))
      agent = new Agent(options, { lock, spool, delivering, accounts, own })
      await agent.#tail?.start()
      return agent
    } catch (error) {
      if (agent) await agent.#tail?.stop()
      await spool?.close().catch(() => undefined)
      await lock.release()
      throw explained(error, plan.stateDir)
    }
  }

  /**
   * Runs until `stop` is called, or until there is nothing more to read and everything is delivered: with `once`, and
   * where the only input is a standard input that ended. Call it once.
   */
  async run(): Promise<void> {
    const { plan, log } = this.#options
    await this.#delivering.giveUpLeft().catch((error: Error) => {
      log.warn(`what outputs have left that are not in the config any more stays in the spool: ${error.message}.`)
    })
    await this.#accounts.save(this.#accounts.take(this.#moment()))
    const accounting = setInterval(() => {
      // What was read since the last positions is not in them.
      if (!this.#unsaved) void this.#accounts.save(this.#accounts.take(this.#moment()))
    }, ACCOUNT_EVERY_MS)
    this.#delivering.run()
    const standardInputs = plan.inputs.filter(({ config }) => config.type === 'stdin')
    const reading = Promise.all([
      this.#tail ? this.#readFiles(this.#tail) : undefined,
      ...standardInputs.map((input) => this.#readStandardInput(input)),
    ])
    await reading
    if (!this.#stop.signal.aborted) {
      await this.#flush()
      await Promise.race([this.#delivering.drained(), aborted(this.#stop.signal)])
    }
    clearInterval(accounting)
    await this.#shutDown()
  }

  /** Stops reading, lets deliveries under way come to an end within `shutdown.timeout`, saves, frees everything. */
  stop(options: StopOptions = {}): void {
    if (this.#stop.signal.aborted) return
    this.#stopOptions = options
    this.#stop.abort()
  }

  progress(): Progress {
    const { files, bytesRead, bytesTotal } = this.#tail?.progress() ?? { files: 0, bytesRead: 0, bytesTotal: 0 }
    return { files, bytesRead, bytesTotal, caughtUp: this.#caughtUp }
  }

  /** What /healthz and /readyz and /metrics say. */
  health(): Health {
    const { linesOpen, recordsPending, spooled } = this.#moment()
    const sources = this.#options.plan.inputs.map(({ source }) => source)
    return {
      ready: this.#caughtUp || this.#unsaved || this.#lastCheckpoint > 0,
      gauges: {
        files_open: this.#tail?.openFiles ?? 0,
        files_tailed: this.#tail?.progress().files ?? 0,
        spool_bytes: this.#spool.bytes,
        lines_open: linesOpen,
        records_pending: recordsPending,
      },
      spooled,
      sources: [...new Set(sources.map(({ name }) => name))],
      remappers: sources.flatMap(({ name: source, remappers }) =>
        remappers.map(({ name }) => ({ source, remapper: name })),
      ),
    }
  }

  #moment(): Moment {
    return {
      linesOpen: [...this.#inputPipelines].reduce((sum, one) => sum + one.linesOpen, this.#streams.linesOpen),
      recordsPending: this.#spool.recordsPending,
      spooled: this.#delivering.spooled,
    }
  }

  #makeTail(own: ReadonlySet<string>): Tail | undefined {
    const { plan, clock, log, counters, once, own: ownKeys } = this.#options
    const inputs = plan.inputs.flatMap(({ config, paths, exclude, allowedRoots }, index) =>
      config.type === 'file'
        ? [{ index, paths, exclude: [...exclude, ...own], startAt: config.startAt, allowedRoots }]
        : [],
    )
    if (inputs.length === 0) return undefined
    return new Tail({
      inputs,
      settings: plan.config.tail,
      stateDir: plan.stateDir,
      clock,
      log,
      once,
      // The only files that the tailer writes are in the state directory.
      files: {
        ...disk,
        openToWrite: this.#lock.guard(disk.openToWrite),
        rename: this.#lock.guard(disk.rename),
        makeDirectory: this.#lock.guard(disk.makeDirectory),
      },
      ...(ownKeys && { own: ownKeys }),
      hooks: {
        open: (file, head) => this.#streams.add(file, head && markedEncoding(head)),
        needsHead: ({ input }) => plan.inputs[input]?.config.encoding === undefined,
        isFull: () => this.#streams.isFull,
        lost: (file, bytes, reason) => {
          counters.add('bytes_lost_total', bytes, { reason })
          log.warn(`${file.path}: ${bytes} bytes were lost before they could be read: ${reason}.`)
        },
        problem: (path, what, mend) => log.warn(`${path}: ${what} ${mend}`),
        stuck: (path, what, mend) => {
          counters.add('files_stuck_total')
          log.warn(`${path}: ${what} ${mend}`)
        },
        refused: (path, what, mend) => {
          counters.add('links_refused_total')
          log.warn(`${path}: ${what} ${mend}`)
        },
      },
    })
  }

  #openFile(file: TailedFile, before: PipelineRest | undefined, marked: Encoding | undefined): Pipeline {
    const input = this.#options.plan.inputs[file.input]
    if (input === undefined) throw new RangeError(`there is no input ${file.input}`)
    return this.#openPipeline(input, { fileId: file.id, path: file.path }, before, marked)
  }

  #openPipeline(
    input: PlannedInput,
    origin: { fileId: string; path?: string },
    before?: PipelineRest,
    marked?: Encoding,
  ): Pipeline {
    const { clock, counters } = this.#options
    return new Pipeline({
      source: input.source,
      origin,
      enrichment: input.enrichment,
      grouping: input.grouping,
      format: input.config.format,
      encoding: input.config.encoding ?? marked,
      keep: this.#keep,
      limits: this.#limits,
      before,
      clock,
      counters,
      learned: ({ source, because }) =>
        this.#options.log.info(`${origin.path ?? 'standard input'} is read as source "${source.name}": ${because}`),
      emit: (record: ErrorRecord) => this.#spool.append(...recordJson(record)),
      gaveUp: ({ from }, pattern) => this.#tellGivenUp(`${origin.path ?? 'standard input'} at byte ${from}`, pattern),
      failed: ({ from }, error) => this.#tellFault(`${origin.path ?? 'standard input'} at byte ${from}`, error),
    })
  }

  /** Names a pattern that took too long, once; from then on it is counted. */
  #tellGivenUp(where: string, { pattern, remapper, processor, place, because }: GivenUpPattern): void {
    const key = `${remapper} ${processor} ${pattern}`
    if (because !== 'slow' || this.#patternsTold.has(key) || this.#patternsTold.size > 100) return
    this.#patternsTold.add(key)
    this.#options.log.warn(
      `${where}: ${pattern} of remapper "${remapper}", processor ${processor}${place ? ` (${renderPlace(place)})` : ''} took too long and was given up; the entry goes on without it. Make the rule more exact: errand_patterns_given_up_total counts on.`,
    )
  }

  /** Says what to report, once for each kind of fault. */
  #tellFault(where: string, error: unknown): void {
    const kind = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (this.#faultsTold.has(kind) || this.#faultsTold.size > 100) return
    this.#faultsTold.add(kind)
    this.#options.log.error({ err: error }, `${where}: errand failed; it goes on behind it. Please report it.`)
  }

  async #readFiles(tail: Tail): Promise<void> {
    const { signal } = this.#stop
    const { once } = this.#options
    while (!signal.aborted) {
      try {
        if (await this.#readOn(tail)) continue
      } catch (error) {
        // Nothing that is known throws here; whatever does must not end the reading of all files.
        if (once) throw error
        this.#tellFault('reading', error)
        await realSleep(1000, signal)
        continue
      }
      if (once && this.#caughtUp) break
      await tail.wait(signal)
    }
    if (once && !signal.aborted) {
      for (const stream of this.#streams) stream.close()
    } else await tail.closeDeleted()
    this.#unsaved = true
    await this.#save(tail, true)
  }

  /** One turn. False when there was nothing to read. */
  async #readOn(tail: Tail): Promise<boolean> {
    const { signal } = this.#stop
    if (this.#spool.isFull) {
      await this.#flush()
      await this.#room(tail)
      return true
    }
    const read = await tail.turn(signal)
    this.#tickQuiet(tail, read)
    if (read > 0) this.#unsaved = true
    await this.#save(tail, read === 0)
    if (read > 0) return true
    this.#caughtUp = tail.atEnd()
    return false
  }

  /** Waits for room in the spool, and looks at the files meanwhile: they are rotated all the same. */
  async #room(tail: Tail): Promise<void> {
    const { signal } = this.#stop
    let hasRoom = false
    const room = this.#fullSpool.room(signal).then(() => {
      hasRoom = true
    })
    while (!hasRoom) {
      await Promise.race([room, tail.wait(signal)])
      await tail.look()
    }
  }

  /** Closes the records of files that are silent; one that waits for its turn to be read is not. */
  #tickQuiet(tail: Tail, read: number): void {
    const now = this.#options.clock.now()
    if (read > 0 && now - this.#lastTick < TICK_EVERY_MS) return
    this.#lastTick = now
    const behind = tail.behind()
    // What is there is all there will be: files that are read wait for nothing where others wait for their memory.
    const closes = this.#options.once && this.#streams.isFull
    for (const stream of this.#streams) {
      if (behind.has(stream.file.id)) continue
      if (closes) stream.close()
      // A group that closed lets the position move on although nothing was read.
      else if (stream.tick()) this.#unsaved = true
    }
  }

  /** Records to the spool first, then the positions behind them. `now`: without waiting for the next time. */
  async #save(tail: Tail, now: boolean): Promise<void> {
    const { clock } = this.#options
    const due = now || clock.now() - this.#lastCheckpoint >= CHECKPOINT_EVERY_MS
    if (!due) {
      // Written while the next files are read; only when the disk falls behind does reading wait for it.
      if (this.#spool.bytesPending > FLUSH_BYTES)
        this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined))
      if (this.#spool.bytesPending > MAX_PENDING_BYTES) await this.#flushing
      return
    }
    if (this.#spool.recordsPending > 0 && !(await this.#flush())) return
    if (!this.#unsaved) return
    this.#unsaved = false
    this.#lastCheckpoint = clock.now()
    const positions = tail.checkpoint()
    // Of the same moment as the positions.
    const account = this.#accounts.take(this.#moment())
    if (await positions) void this.#accounts.save(account)
  }

  /**
   * A disk that takes nothing is told of and waited for: what is pending stays in memory, and reading stops. When the
   * agent is stopping it has one attempt: false when what is pending is not durable, and is to be read again.
   */
  async #flush(): Promise<boolean> {
    const { signal } = this.#stop
    for (let told = false; ; told = true) {
      try {
        await this.#spool.flush()
        return true
      } catch (error) {
        if (!told) {
          const { message } = error as Error
          this.#options.log.error(
            `the spool takes no records: ${message} Reading waits; nothing is lost. Look at the disk of ${this.#options.plan.stateDir}.`,
          )
        }
        if (signal.aborted) return false
        await realSleep(1000, signal)
      }
    }
  }

  async #readStandardInput(input: PlannedInput): Promise<void> {
    const { standardInput, counters, log } = this.#options
    const { signal } = this.#stop
    const pipeline = this.#openPipeline(input, { fileId: standardInput.id }, undefined, standardInput.encoding)
    this.#inputPipelines.add(pipeline)
    const tick = setInterval(() => {
      pipeline.tick()
      void this.#flush()
    }, this.#limits.idleMs)
    try {
      await standardInput.read(pipeline, signal, async () => {
        if (this.#spool.bytesPending > FLUSH_BYTES) await this.#flush()
        await this.#fullSpool.room(signal)
      })
    } catch (error) {
      log.warn(`standard input ended early: ${(error as Error).message}.`)
    } finally {
      clearInterval(tick)
    }
    if (signal.aborted && this.#stopOptions.leaveInputOpen === true && standardInput.carriesOver) {
      counters.add('lines_reread_total', pipeline.linesOpen)
    } else {
      // Nobody reads this stream again, so what is open is taken as whole even when the agent is told to stop.
      pipeline.close()
      standardInput.forget()
    }
    this.#inputPipelines.delete(pipeline)
    await this.#flush()
  }

  async #shutDown(): Promise<void> {
    const { plan, log, counters } = this.#options
    const { timeout } = plan.config.shutdown
    await this.#delivering.stop(Math.min(timeout, this.#stopOptions.waitMs ?? timeout))
    await this.#tail?.stop()
    await this.#spool.close().catch((error: Error) => {
      log.error(`the spool took no records at the end: ${error.message} They are read again after a restart.`)
    })
    const moment = this.#moment()
    counters.add('lines_reread_total', moment.linesOpen)
    await this.#accounts.end({ ...moment, linesOpen: 0 }, this.#delivering.durablySpooled)
    await this.#lock.release()
  }
}

/** Records wait in memory for company up to this many bytes, and no longer than a second: an fsync costs more than both. */
const FLUSH_BYTES = 2 << 20
/** Records that may wait for the disk before reading does. */
const MAX_PENDING_BYTES = 4 << 20

/** What all files together may hold open before others wait, and before the largest are cut; see `Streams`. */
const OPEN_FULL_BYTES = 6 << 20
const OPEN_MOST_BYTES = 32 << 20

interface Parts {
  readonly lock: StateLock
  readonly spool: Spool
  readonly delivering: Delivering
  readonly accounts: Accounts
  /** Globs of our own files, which must never be tailed. */
  readonly own: ReadonlySet<string>
}

/** A fault of the disk while the state directory is opened, as a problem to mend; anything else stays what it is. */
function explained(error: unknown, stateDir: string): unknown {
  if (error instanceof ProblemsError || !(error instanceof Error)) return error
  const cause = error.cause instanceof Error ? error.cause : error
  if (!('syscall' in cause)) return error
  const mend = 'Let the user that runs errand write there, or choose another stateDir.'
  const what = `the state directory cannot be used: ${cause.message}.`
  return new ProblemsError([{ place: { file: stateDir }, what, mend, severity: 'error' }])
}

/** What the agent keeps in its state directory, as globs; the directory itself may hold logs too. */
const OWN_STATE = ['{spool,cursors,refused}/**', '{accounts,checkpoints}.json*', 'errand.lock*'] as const

/** The path as a glob that matches nothing else. */
function literalGlob(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@]/g, '\\$&')
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
