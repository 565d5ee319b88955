/**
 * What carried a program's line into the log and stands before every line of it: syslog's time, host and program, or
 * the time of `kubectl logs --timestamps` and its like. It is told from a logger's own head by what stands behind it: a
 * second head with a time. Positions in latin1 views only.
 */
const CLOCK = '\\d\\d:\\d\\d:\\d\\d'
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const ISO = `\\d{4}-\\d\\d-\\d\\dT${CLOCK}(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)`
/**
 * `Nov 20 10:15:32 web-1 shop[7]: ` and `2026-11-20T10:15:32.123+01:00 web-1 shop[7]: `, with a priority perhaps;
 * `2026-11-20T10:15:32.123456+00:00 app[web.1]: ` (Heroku).
 */
const SYSLOG = new RegExp(
  `(?:<\\d{1,3}>(?:1 )?)?(?:${MONTH} [ \\d]\\d ${CLOCK}( [\\w.:-]+ [\\w./@-]+(?:\\[\\d+\\])?:)|${ISO}( [\\w.-]+ [\\w./@-]+\\[\\d+\\]:| [\\w-]+\\[[\\w.-]+\\]:)) ?`,
  'y',
)
const TIME = new RegExp(`${ISO} `, 'y')
/** To the nanosecond, as container runtimes write it (`kubectl logs --timestamps`, `docker logs -t`) and hardly a logger. */
const EXACT_TIME = new RegExp(`\\d{4}-\\d\\d-\\d\\dT${CLOCK}\\.\\d{9}Z `, 'y')

export interface Carrier {
  /** Host and program; empty where there is only a time. A line of another name belongs to another record. */
  readonly name: string
  /** Where the program's own text begins. */
  readonly at: number
  /** Who printed what has no head of its own: `name`, or whoever the runtime ran; '' where the time may be a logger's. */
  readonly printer: string
}

/** What carried the line that begins at `start`, or undefined. A time alone is a carrier only if `mayBeTime`. */
export function carrierOf(view: string, start: number, mayBeTime: boolean): Carrier | undefined {
  SYSLOG.lastIndex = start
  const match = SYSLOG.exec(view)
  if (match) {
    const name = match[1] ?? match[2] ?? ''
    return { name, at: SYSLOG.lastIndex, printer: name }
  }
  TIME.lastIndex = start
  if (!mayBeTime || !TIME.test(view)) return undefined
  EXACT_TIME.lastIndex = start
  return { name: '', at: TIME.lastIndex, printer: EXACT_TIME.test(view) ? 'container' : '' }
}
