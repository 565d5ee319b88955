/**
 * From what a log writes as its level to a status. Three tables, asked in this order: the source's own levels (pino 50,
 * klog E, JUL SEVERE…), words of loggers that Datadog's prefixes would get wrong, and Datadog's prefixes.
 * The tables are exported so that a law can walk through every spelling.
 */
import { STATUSES, type Status } from '../core/shapes.js'

/** Syslog severities: the index is the digit. */
export const SYSLOG_STATUSES: readonly Status[] = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warn',
  'notice',
  'info',
  'debug',
]

/**
 * Whole words, lower case, that loggers write as a level and that a prefix would misread: SEVERE begins like
 * "success", CONFIG like "critical", FINE like "fatal", `fail` (.NET) like "fatal" too.
 * FATAL is not here: Datadog's users know it as emergency.
 */
export const LOGGER_WORDS: Readonly<Record<string, Status>> = {
  // java.util.logging
  severe: 'error',
  config: 'debug',
  fine: 'debug',
  finer: 'debug',
  finest: 'debug',
  all: 'debug',
  // zap, logrus, zerolog; `pani` and `pnc` are their abbreviations
  panic: 'emergency',
  pani: 'emergency',
  pnc: 'emergency',
  dpanic: 'critical',
  // .NET console, Serilog
  fail: 'error',
  trce: 'debug',
  vrb: 'debug',
  // Ruby's Logger: UNKNOWN is printed as ANY
  unknown: 'error',
  any: 'error',
  // various
  exception: 'error',
  failure: 'error',
  unhandled: 'error',
  uncaught: 'error',
  audit: 'info',
  success: 'ok',
  silly: 'debug',
  trc: 'debug',
  t: 'debug',
  v: 'debug',
}

/** Datadog's log status remapper: the first prefix that fits wins; a level that fits none is info. */
export const DATADOG_PREFIXES: readonly (readonly [prefix: string, status: Status])[] = [
  ['emerg', 'emergency'],
  ['f', 'emergency'],
  ['a', 'alert'],
  ['c', 'critical'],
  ['e', 'error'],
  ['w', 'warn'],
  ['n', 'notice'],
  ['i', 'info'],
  ['d', 'debug'],
  ['trac', 'debug'],
  ['verbose', 'debug'],
  ['o', 'ok'],
  ['s', 'ok'],
]

/** A source's own levels by the text it writes, lower case. */
export type Levels = ReadonlyMap<string, Status>

/** `{ "50": "error", SEVERE: "error" }` as a map that `normaliseStatus` takes. */
export function levelsOf(levels: Readonly<Record<string, Status>> | undefined): Levels {
  return new Map(Object.entries(levels ?? {}).map(([level, status]) => [level.trim().toLowerCase(), status]))
}

/**
 * The status that a written level stands for, or undefined when no table knows it.
 * `value` is what the attribute holds: text or a number; anything else is no level.
 */
export function recogniseStatus(value: unknown, levels?: Levels): Status | undefined {
  const level = levelText(value)
  if (level === undefined) return undefined
  const own = levels?.get(level)
  if (own !== undefined) return own
  if (/^[0-7]$/.test(level)) return SYSLOG_STATUSES[Number(level)]
  if (Object.hasOwn(LOGGER_WORDS, level)) return LOGGER_WORDS[level]
  return DATADOG_PREFIXES.find(([prefix]) => level.startsWith(prefix))?.[1]
}

/** As `recogniseStatus`, with Datadog's last rule: any other level is info. Undefined only when there is no level. */
export function normaliseStatus(value: unknown, levels?: Levels): Status | undefined {
  return recogniseStatus(value, levels) ?? (levelText(value) === undefined ? undefined : 'info')
}

export function isStatus(value: unknown): value is Status {
  return STATUSES.some((status) => status === value)
}

/** The level as the tables spell it. `-` is how a logger says that it has none (Echo's, whose `Print` has no level). */
function levelText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') return undefined
  const text = value.trim().toLowerCase()
  return text === '' || text === '-' ? undefined : text
}
