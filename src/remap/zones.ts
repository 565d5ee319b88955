/**
 * Time zones: from the name or offset a log writes to the offset in ms at a given time, and from wall clock time to UTC.
 * Knows `Z`, `UTC`, `UTC+5`, `+02:00`, `+3`, the usual abbreviations and every zone of the IANA data base that Node carries.
 * Abbreviations that several countries use (IST, CST, BST) mean the reading most logs have; see ABBREVIATIONS.
 */

/** A zone: its offset from UTC in ms (east is positive) at a time in ms since the epoch. */
export interface Zone {
  offsetAt(utc: number): number
}

const HOUR = 3_600_000
const MINUTE = 60_000

/** Offsets in hours of abbreviations that are no zone of their own in the IANA data base. */
const ABBREVIATIONS: Readonly<Record<string, number>> = {
  ADT: -3,
  AST: -4,
  EDT: -4,
  CDT: -5,
  CST: -6,
  MDT: -6,
  PDT: -7,
  PST: -8,
  AKDT: -8,
  AKST: -9,
  HDT: -9,
  NDT: -2.5,
  NST: -3.5,
  BRT: -3,
  ART: -3,
  CLT: -4,
  COT: -5,
  PET: -5,
  WEST: 1,
  BST: 1,
  CEST: 2,
  EEST: 3,
  MSK: 3,
  TRT: 3,
  SAST: 2,
  EAT: 3,
  WAT: 1,
  CAT: 2,
  GST: 4,
  PKT: 5,
  IST: 5.5,
  NPT: 5.75,
  ICT: 7,
  WIB: 7,
  SGT: 8,
  HKT: 8,
  PHT: 8,
  AWST: 8,
  JST: 9,
  KST: 9,
  ACST: 9.5,
  AEST: 10,
  ACDT: 10.5,
  AEDT: 11,
  NZST: 12,
  NZDT: 13,
}

class FixedZone implements Zone {
  readonly #offset: number
  constructor(offset: number) {
    this.#offset = offset
  }
  offsetAt(): number {
    return this.#offset
  }
}

/** The zone without offset; what Datadog assumes where a log names none. */
export const UTC: Zone = new FixedZone(0)

/** Offsets change only at quarters of an hour, so one look-up serves a quarter of an hour of log lines. */
const QUARTER = 15 * MINUTE
const MAX_CACHED_QUARTERS = 4096

class NamedZone implements Zone {
  readonly #format: Intl.DateTimeFormat
  readonly #offsets = new Map<number, number>()
  #lastQuarter = Number.NaN
  #lastOffset = 0

  /** Throws a RangeError when Node does not know the zone. */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  offsetAt(utc: number): number {
    const quarter = Math.floor(utc / QUARTER)
    if (quarter === this.#lastQuarter) return this.#lastOffset
    let offset = this.#offsets.get(quarter)
    if (offset === undefined) {
      offset = this.#compute(quarter * QUARTER)
      if (this.#offsets.size >= MAX_CACHED_QUARTERS) this.#offsets.clear()
      this.#offsets.set(quarter, offset)
    }
    this.#lastQuarter = quarter
    this.#lastOffset = offset
    return offset
  }

  #compute(utc: number): number {
    if (!(Math.abs(utc) < 8.64e15)) return 0
    let [year, month, day, hour, minute, second, before] = [1970, 1, 1, 0, 0, 0, false]
    for (const part of this.#format.formatToParts(utc)) {
      const value = Number(part.value)
      if (part.type === 'year') year = value
      else if (part.type === 'month') month = value
      else if (part.type === 'day') day = value
      else if (part.type === 'hour') hour = value
      else if (part.type === 'minute') minute = value
      else if (part.type === 'second') second = value
      else if (part.type === 'era') before = part.value.startsWith('B')
    }
    const wall = new Date(0)
    wall.setUTCFullYear(before ? 1 - year : year, month - 1, day)
    wall.setUTCHours(hour, minute, second)
    return wall.getTime() - utc
  }
}

const MAX_CACHED_ZONES = 512
const zones = new Map<string, Zone | undefined>()

/** The zone that `name` means, or undefined when nobody knows it. Cached: names come from a small set. */
export function zoneOf(name: string): Zone | undefined {
  if (name === 'Z' || name === 'UTC') return UTC
  if (zones.has(name)) return zones.get(name)
  const zone = name.length <= 64 ? makeZone(name.trim()) : undefined
  if (zones.size >= MAX_CACHED_ZONES) zones.clear()
  zones.set(name, zone)
  return zone
}

function makeZone(name: string): Zone | undefined {
  const offset = offsetOf(name)
  if (offset !== undefined) return new FixedZone(offset)
  if (/^(?:z|utc|ut|gmt)$/i.test(name)) return UTC
  const prefixed = /^(?:UTC|GMT|UT)([+-].*)$/i.exec(name)?.[1]
  if (prefixed !== undefined) {
    const shift = offsetOf(prefixed)
    return shift === undefined ? undefined : new FixedZone(shift)
  }
  const hours = ABBREVIATIONS[name.toUpperCase()]
  if (hours !== undefined && Object.hasOwn(ABBREVIATIONS, name.toUpperCase())) return new FixedZone(hours * HOUR)
  if (!/^[A-Za-z]/.test(name)) return undefined
  try {
    return new NamedZone(name)
  } catch {
    return undefined
  }
}

/** `+h`, `+hh`, `+hhmm`, `+hh:mm`, `+hhmmss`, `+hh:mm:ss` (or `-`) in ms, at most 18 hours either way. */
export function offsetOf(text: string): number | undefined {
  const match = /^([+-])(\d{1,2})(?::?(\d\d)(?::?(\d\d))?)?$/.exec(text)
  if (match === null) return undefined
  const [, sign, hours, minutes, seconds] = match
  const size = Number(hours) * HOUR + Number(minutes ?? 0) * MINUTE + Number(seconds ?? 0) * 1000
  if (size > 18 * HOUR) return undefined
  return sign === '-' && size > 0 ? -size : size
}

/**
 * UTC in ms of a wall clock time, given as the ms that time would have if the wall hung in UTC.
 * A time that occurs twice (clocks set back) gives the first; one that never occurs (set forward) is moved past the gap.
 */
export function toUtc(wall: number, zone: Zone): number {
  const before = zone.offsetAt(wall - 24 * HOUR)
  const first = wall - before
  if (zone.offsetAt(first) === before) return first
  const after = zone.offsetAt(wall + 24 * HOUR)
  return zone.offsetAt(wall - after) === after ? wall - after : first
}

/** ms of a wall clock time as if in UTC, or undefined when there is no such day or time. `month` is 1-12. */
export function wallTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  // A leap second is the first moment of the next minute; 24:00 is midnight at the day's end.
  if (minute > 59 || second > 60 || hour > 24 || (hour === 24 && (minute > 0 || second > 0 || ms > 0))) return undefined
  if (year >= 100) return Date.UTC(year, month - 1, day, hour, minute, second, ms)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, ms)
  return date.getTime()
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Wall clock ms without a year: the latest such day that is at most a day after `now`. Leap days look further back. */
export function wallTimeWithoutYear(
  now: number,
  zone: Zone,
  at: (year: number) => number | undefined,
): number | undefined {
  const thisYear = new Date(now + zone.offsetAt(now)).getUTCFullYear()
  for (let year = thisYear + 1; year > thisYear - 9; year--) {
    const wall = at(year)
    if (wall !== undefined && toUtc(wall, zone) <= now + 24 * HOUR) return wall
  }
  return undefined
}
