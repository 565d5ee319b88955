/**
 * Keeps a second agent off a state directory. The lock is a file that names its process; a lock whose process is gone
 * is taken over. Two agents in different PID namespaces (containers) that share a directory cannot see each other:
 * there the deployment must run one agent a node.
 */
import { dirname, join } from 'node:path'
import type { Clock } from '../core/clock.js'
import { ProblemsError } from '../core/problem.js'
import { type Files, realFiles } from './files.js'

/** The running process, from whoever may ask for it. */
export interface ThisProcess {
  readonly pid: number
  /** Whether a process with that id exists, whoever owns it: sending it signal 0 tells (EPERM means yes). */
  isAlive(pid: number): boolean
}

export interface LockOptions {
  readonly dir: string
  readonly self: ThisProcess
  readonly clock: Clock
  readonly files?: Files
}

interface Holder {
  readonly pid: number
  /** Boot id and start time of the process, where /proc tells them: a pid alone may have been given to another since. */
  readonly started?: string | undefined
  /** ISO time at which the lock was taken. */
  readonly since: string
}

/** For so long the directory counts as ours without another look: writes in a row take a tenth longer with one each. */
const FRESH_MS = 100

/** A held lock. */
export class StateLock {
  readonly #path: string
  readonly #text: string
  readonly #files: Files
  readonly #clock: Clock
  /** Why the directory is not ours any more; it does not become so again. */
  #gone: Error | undefined
  #taken: ((error: ProblemsError) => void) | undefined
  /** When it was last seen that the directory is ours, on the clock. */
  #seenAt = 0

  private constructor(path: string, text: string, files: Files, clock: Clock) {
    this.#path = path
    this.#text = text
    this.#files = files
    this.#clock = clock
  }

  /** Takes the lock on `dir`, which is made if missing. Throws a ProblemsError when a running agent holds it. */
  static async take(options: LockOptions): Promise<StateLock> {
    const { dir, self, clock, files = realFiles } = options
    await files.makeDir(dir)
    const path = join(dir, 'errand.lock')
    const started = await identityOf(self.pid, files)
    const holder: Holder = { pid: self.pid, started, since: new Date(clock.now()).toISOString() }
    const text = `${JSON.stringify(holder)}\n`
    if (await create(path, text, files)) return new StateLock(path, text, files, clock)
    const found = await files.readText(path)
    if (found !== undefined) {
      const other = parse(found)
      if (other !== undefined && (await isRunning(other, self, files))) throw held(path, other)
      // Moved, not removed, and looked at again: between the two looks another agent may have taken the lock.
      const aside = `${path}.${self.pid}`
      await files.rename(path, aside)
      const moved = await files.readText(aside)
      if (moved !== found) await files.rename(aside, path)
      else await files.remove(aside)
    }
    if (await create(path, text, files)) return new StateLock(path, text, files, clock)
    throw held(path, parse((await files.readText(path)) ?? ''))
  }

  /**
   * Makes directory and lock again where someone removed them while the agent runs. Throws a ProblemsError when another
   * agent has taken the directory since, then and ever after.
   */
  async keep(): Promise<void> {
    if (this.#gone) throw this.#gone
    const found = await this.#files.readText(this.#path)
    if (found === this.#text) {
      this.#seenAt = this.#clock.now()
      return
    }
    const other = found === undefined ? undefined : parse(found)
    if (other !== undefined) {
      const error = held(this.#path, other)
      this.#gone ??= error
      this.#taken?.(error)
      this.#taken = undefined
      throw error
    }
    await this.#files.makeDir(dirname(this.#path))
    if (found === undefined && !(await create(this.#path, this.#text, this.#files))) return this.keep()
  }

  /** `work` on the directory, done only as long as that is ours: `keep`, but not anew for every one of many in a row. */
  guard<A extends readonly unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return async (...args) => {
      const isFresh = Math.abs(this.#clock.now() - this.#seenAt) <= FRESH_MS
      if (this.#gone !== undefined || !isFresh) await this.keep()
      return work(...args)
    }
  }

  /** Calls back once when it is found that another agent has taken the directory. */
  whenTaken(callback: (error: ProblemsError) => void): void {
    this.#taken = callback
  }

  /** Gives the lock back, unless someone else has taken it over. Nothing is kept or guarded from then on but refused. */
  async release(): Promise<void> {
    this.#gone ??= new Error(`${this.#path} was given back`)
    if ((await this.#files.readText(this.#path)) === this.#text) await this.#files.remove(this.#path)
  }
}

/** The process that holds the lock on `dir` and runs; undefined when none does. Changes nothing. */
export async function lockHolder(options: Omit<LockOptions, 'clock'>): Promise<number | undefined> {
  const { dir, self, files = realFiles } = options
  const holder = parse((await files.readText(join(dir, 'errand.lock'))) ?? '')
  return holder !== undefined && (await isRunning(holder, self, files)) ? holder.pid : undefined
}

/** False when the file exists. */
async function create(path: string, text: string, files: Files): Promise<boolean> {
  try {
    const file = await files.open(path, 'create')
    try {
      await file.write(Buffer.from(text), 0)
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function isRunning(holder: Holder, self: ThisProcess, files: Files): Promise<boolean> {
  const started = await identityOf(holder.pid, files)
  if (started !== undefined && holder.started !== undefined) return started === holder.started
  // Without /proc, our own id in the lock is that of an earlier process: this one has not locked anything yet.
  return holder.pid !== self.pid && self.isAlive(holder.pid)
}

/** Boot id and start time of a process; undefined where there is no /proc, no such process, or it is hidden from us. */
async function identityOf(pid: number, files: Files): Promise<string | undefined> {
  try {
    const stat = await files.readText(`/proc/${pid}/stat`)
    const boot = await files.readText('/proc/sys/kernel/random/boot_id')
    // Field 22; the second field is the name in parentheses and may hold anything. Source: proc_pid_stat(5).
    const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return ticks === undefined || boot === undefined ? undefined : `${boot.trim()}/${ticks}`
  } catch {
    return undefined
  }
}

function parse(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, started, since } = value as Record<string, unknown>
    if (!Number.isSafeInteger(pid) || typeof since !== 'string') return undefined
    return { pid: Number(pid), since, ...(typeof started === 'string' ? { started } : {}) }
  } catch {
    return undefined
  }
}

function held(path: string, holder: Holder | undefined): ProblemsError {
  return new ProblemsError([
    {
      place: { file: path },
      what:
        holder === undefined
          ? 'Another process has taken this state directory just now.'
          : `Process ${holder.pid} has used this state directory since ${holder.since}.`,
      mend: 'Stop it, or give this agent a stateDir of its own.',
      severity: 'error',
    },
  ])
}
