/** What a command may touch of the process that runs it; tests hand in their own. */
import type { Environment } from '../config/environment.js'
import type { ThisProcess } from '../spool/lock.js'
import type { Crash } from './crash.js'

export interface Host {
  readonly environment: Environment
  readonly self: ThisProcess
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean
    readonly columns?: number
    readonly rows?: number
  }
  readonly stderr: NodeJS.WritableStream
  /** Calls back for the first SIGINT or SIGTERM; the next one of either ends the process at once. */
  onStop(callback: (signal: string) => void): void
  /** Calls back for every SIGHUP. Windows has none. */
  onReload(callback: (signal: string) => void): void
  /** Where what nobody caught ends the process. */
  readonly crash: Crash
}

/** 0 good, 1 problems found, 2 wrong usage; a fault of errand itself ends the process with `FAILED`. */
export type ExitCode = 0 | 1 | 2
