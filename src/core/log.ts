/** The agent's own log: pino, on stderr, one line per fact. Normal running logs nothing above `debug`. */
import { type LoggerOptions, type Logger as PinoLogger, pino } from 'pino'
import type { Fault } from './fault.js'
import { visible } from './terminal.js'

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>

/**
 * `level` is a pino level name; lines go to stderr so that stdout stays free for records. It may be changed. `describe`
 * says what may be shown of an error.
 */
export function openLog(
  level: string,
  describe: (error: unknown) => Fault,
): Logger & Pick<PinoLogger, 'fatal'> & { level: string } {
  const hooks: LoggerOptions['hooks'] = {
    // File names and answers of backends stand in messages. JSON escapes control characters below the blank only.
    logMethod(args, method) {
      method.apply(this, args.map((arg: unknown) => (typeof arg === 'string' ? visible(arg) : arg)) as typeof args)
    },
  }
  const serializers = { err: describe }
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks, serializers }
  return pino(options, pino.destination({ fd: 2, sync: true }))
}

/** A log that says nothing, for tests and for embedding. */
export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} }
