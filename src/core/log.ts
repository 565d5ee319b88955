/** The agent's own log: pino, on stderr, one line per fact. Normal running logs nothing above `debug`. */
import { type Logger as PinoLogger, pino } from 'pino'

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>

/** `level` is a pino level name; lines go to stderr so that stdout stays free for records. It may be changed. */
export function openLog(level: string): Logger & { level: string } {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
}

/** A log that says nothing, for tests and for embedding. */
export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} }
