/**
 * Dates in text that no format announces, for the date-remapper: ISO 8601 in all usual spellings, then the named-month
 * dates of syslog, mail, Apache, ctime and Java. Total: what is no date gives undefined. Times are ms since the epoch.
 * Dates that put the day or the month first without naming the month are left to formats, since they cannot be told
 * apart; only between dots the day comes first everywhere.
 */
import { fractionMs, monthOf } from './dateformat.js'
import { toUtc, UTC, wallTime, wallTimeWithoutYear, type Zone, zoneOf } from './zones.js'

export { compileDateFormat, type DateFormat } from './dateformat.js'

export interface ParseDateOptions {
  /** The zone of dates that name none; UTC without it. */
  readonly zone?: string | undefined
  /** ms since the epoch, from which a missing year follows. Without it a date without a year gives undefined. */
  readonly now?: number | undefined
}

/** Largest distance from the epoch that a Date can hold, in ms. */
const MAX_TIME = 8.64e15
/** No date is longer; what is, is not scanned. */
const MAX_LENGTH = 100

/**
 * ms since the epoch of a date value, or undefined. A number or a string of digits is ms already, never
 * seconds; digits with a fraction are seconds of some logger, and no date.
 * Go's zero time (`0001-01-01T00:00:00Z`) means "no time" and gives undefined.
 */
export function parseDate(value: unknown, options?: ParseDateOptions): number | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) && Math.abs(value) <= MAX_TIME ? Math.trunc(value) : undefined
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined
  const text = value.trim()
  if (/^\d{1,16}$/.test(text)) return parseDate(Number(text))
  return parseIso(text, options) ?? parseNamed(text, options)
}

const ZERO = 48
/** The number that `count` digits at `at` make, or -1 when one of them is no digit. */
function digitsAt(text: string, at: number, count: number): number {
  let n = 0
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (!(digit >= 0 && digit <= 9)) return -1
    n = n * 10 + digit
  }
  return n
}

/**
 * `2026-11-20T10:15:32.123456789+01:00` and its relatives: blank for T, `/` between the date's parts, comma fraction,
 * no seconds, no time at all, basic form without separators, a zone name, Java's `[Europe/Paris]`, Go's `+0000 UTC m=+0.1`.
 */
function parseIso(text: string, options?: ParseDateOptions): number | undefined {
  const year = digitsAt(text, 0, 4)
  if (year < 0) return undefined
  const separator = text.charAt(4)
  const basic = separator >= '0' && separator <= '9'
  if (!basic && separator !== '-' && separator !== '/') return undefined
  if (!basic && text.charAt(7) !== separator) return undefined
  const month = digitsAt(text, basic ? 4 : 5, 2)
  const day = digitsAt(text, basic ? 6 : 8, 2)
  if (month < 0 || day < 0 || (year === 1 && month === 1 && day === 1)) return undefined
  let i = basic ? 8 : 10
  if (i === text.length) return basic ? undefined : finish(wallTime(year, month, day, 0, 0, 0, 0), '', options)
  const between = text.charAt(i)
  if (between !== 'T' && between !== ' ' && between !== 't' && between !== '_' && between !== ':') return undefined
  i++
  while (text.charAt(i) === ' ') i++
  const hour = digitsAt(text, i, 2)
  if (hour < 0) return undefined
  i += 2
  let minute = 0
  let second = 0
  let ms = 0
  if (text.charAt(i) === ':' || basic) {
    if (text.charAt(i) === ':') i++
    minute = digitsAt(text, i, 2)
    if (minute < 0) return undefined
    i += 2
    const secondsAt = text.charAt(i) === ':' ? i + 1 : i
    if (secondsAt > i || (basic && digitsAt(text, i, 2) >= 0)) {
      second = digitsAt(text, secondsAt, 2)
      if (second < 0) return undefined
      i = secondsAt + 2
      const point = text.charCodeAt(i)
      if (point === 46 || point === 44) {
        const from = ++i
        while (isDigit(text.charCodeAt(i))) i++
        if (i === from) return undefined
        ms = fractionMs(text.slice(from, Math.min(i, from + 3)))
      }
    }
  }
  return finish(wallTime(year, month, day, hour, minute, second, ms), text.slice(i), options)
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** A wall clock time and what stands behind it: nothing, an offset, a zone, both. */
function finish(wall: number | undefined, rest: string, options?: ParseDateOptions): number | undefined {
  if (wall === undefined) return undefined
  const zone = zoneBehind(rest, options)
  return zone === undefined ? undefined : toUtc(wall, zone)
}

function zoneBehind(rest: string, options?: ParseDateOptions): Zone | undefined {
  if (rest === 'Z') return UTC
  const text = rest.trim()
  if (text === '') return options?.zone === undefined ? UTC : zoneOf(options.zone)
  const match =
    /^([+-]\d\d(?::?\d\d(?::?\d\d)?)?|[A-Za-z][\w/+-]*)(?: ?\[[\w/+-]{1,40}\]| [A-Z]{3,5}| \([^()]{1,40}\))?(?: m=[+-][\d.]+)?$/.exec(
      text,
    )
  return match?.[1] === undefined ? undefined : zoneOf(match[1])
}

/** AM and PM, also as Java spells them in the languages it speaks. */
const HALF = '[AaPp]\\.?[ \\u00a0\\u202f]?[Mm]\\.?|[午上下오][前後午전후]|[FE]M|[fe]m'
const AFTERNOON = /^ ?(?:p|e|午後|下午|오후)/i
const TIME = `(\\d{1,2}):(\\d\\d)(?::(\\d\\d)(?:[.,](\\d{1,9}))?)?( ?(?:${HALF})(?![A-Za-z]))?`
const WEEKDAY = '(?:[A-Za-z]{3,9},? +)?'
const MONTH_NAME = '(\\p{L}{3,9}|\\d{1,2}[月월])'
/** `Nov 20 [2026,] 10:15:32[.123] [zone] [2026]`: syslog, ctime, `date`, java.util.logging. */
const MONTH_FIRST = new RegExp(`^${WEEKDAY}${MONTH_NAME}\\.? +(\\d{1,2})(?:,? +(\\d{4}),?)? +${TIME}(.*)$`, 'u')
/** `[Fri, ]20 Nov 2026 10:15:32 +0000`, `20/Nov/2026:10:15:32 +0000`, `20-Nov-26 10:15:32`: mail, HTTP, Apache, Oracle. */
const DAY_FIRST = new RegExp(
  `^\\[?${WEEKDAY}(\\d{1,2})[ /\\-]${MONTH_NAME}\\.?[ /\\-](\\d{4}|\\d\\d)[ :,T]+${TIME}([^\\]]*)\\]?$`,
  'u',
)
/** `20.11.2026 10:15:32`. */
const DOTTED = new RegExp(`^(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4}) +${TIME}(.*)$`, 'u')

function parseNamed(text: string, options?: ParseDateOptions): number | undefined {
  const monthFirst = MONTH_FIRST.exec(text)
  if (monthFirst !== null) {
    const [, month, day, year, hour, minute, second, fraction, half, rest] = monthFirst
    const yearBehind = /^(.*?) (\d{4})$/.exec(rest ?? '')
    return named(
      year ?? yearBehind?.[2],
      month,
      day,
      [hour, minute, second, fraction, half],
      yearBehind?.[1] ?? rest,
      options,
    )
  }
  const dayFirst = DAY_FIRST.exec(text) ?? DOTTED.exec(text)
  if (dayFirst === null) return undefined
  const [, day, month, year, hour, minute, second, fraction, half, rest] = dayFirst
  return named(year, month, day, [hour, minute, second, fraction, half], rest, options)
}

function named(
  year: string | undefined,
  monthName: string | undefined,
  day: string | undefined,
  [hour, minute, second, fraction, half]: readonly (string | undefined)[],
  rest: string | undefined,
  options?: ParseDateOptions,
): number | undefined {
  const month = /^\d+$/.test(monthName ?? '') ? Number(monthName) : monthOf(monthName ?? '')
  const zone = zoneBehind(rest ?? '', options)
  if (month === undefined || zone === undefined) return undefined
  let hours = Number(hour)
  if (half !== undefined) {
    if (hours > 12) return undefined
    hours = (hours % 12) + (AFTERNOON.test(half) ? 12 : 0)
  }
  const at = (y: number) =>
    wallTime(y, month, Number(day), hours, Number(minute), Number(second ?? 0), fractionMs(fraction ?? ''))
  let wall: number | undefined
  if (year !== undefined) wall = at(year.length === 2 ? Number(year) + (Number(year) < 70 ? 2000 : 1900) : Number(year))
  else if (options?.now !== undefined) wall = wallTimeWithoutYear(options.now, zone, at)
  return wall === undefined ? undefined : toUtc(wall, zone)
}
