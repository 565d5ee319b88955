/**
 * Date formats as Datadog's grok writes them: Joda letters, quotes for text. Compiled once into a regex to match with and
 * a parser for what it matched. Lenient as Joda is (one digit where two are meant, any run of blanks for a blank).
 * A missing zone is the given one or UTC, a missing year the latest that is not in the future, a missing date today.
 */
import { toUtc, UTC, wallTime, wallTimeWithoutYear, type Zone, zoneOf } from './zones.js'

export interface DateFormat {
  /** Regex source without captures, flags or anchors. */
  readonly regex: string
  /** ms since the epoch, or undefined when `text` is no such date. `now` decides a missing year or day. */
  parse(text: string, now: number): number | undefined
  /** Set when the format, the zone or the locale is not understood; `parse` then leaves that part out. */
  readonly problem?: { readonly what: string; readonly mend: string }
}

/** What a letter sets; `none` is matched and not used. */
type Field =
  | 'year'
  | 'shortYear'
  | 'month'
  | 'monthName'
  | 'day'
  | 'hour'
  | 'hour12'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'half'
  | 'zone'
  | 'dayOfYear'
  | 'week'
  | 'weekday'
  | 'weekdayName'
  | 'weekyear'
  | 'none'

interface Part {
  /** Regex source of this part. */
  readonly regex: string
  readonly field?: Field
}

const LETTERS = 'yYuxCMdDeEwHkhKmsSaZzXG'
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const OFFSET = '[+-]\\d\\d(?::?\\d\\d)?(?::\\d\\d)?'
const ZONE_NAME = `(?:[A-Za-z]+(?:/[A-Za-z_-]+)*(?:[+-]\\d{1,2}(?::?\\d\\d)?)?|${OFFSET})`

/** Compiles a format; a bad one gives a format with a `problem`, whose parser knows no date. */
export function compileDateFormat(format: string, zone?: string, locale?: string): DateFormat {
  const names = locale === undefined || /^en([-_]|$)/i.test(locale) ? undefined : namesIn(locale)
  if (names === null) return broken(`"${locale}" is not a locale.`, 'Give a language such as "en", "fr" or "pt-BR".')
  const inZone = zone === undefined || zone === '' ? UTC : zoneOf(zone)
  if (inZone === undefined)
    return broken(
      `"${zone}" is not a time zone.`,
      'Give an IANA name such as "Europe/Paris", or an offset such as "+02:00".',
    )
  const parts = partsOf(format, names === undefined ? '[A-Za-z]{3}[A-Za-z]*' : '[^\\s\\d,;:/]+')
  if (typeof parts === 'string')
    return broken(
      `"${parts}" in the date format "${format}" has no meaning.`,
      `Use the letters ${LETTERS}, and '…' around text.`,
    )
  if (parts.length === 0) return broken('The date format is empty.', 'Write one, such as "yyyy-MM-dd HH:mm:ss".')
  const fields: Field[] = []
  let capturing = '^'
  for (const part of parts) {
    if (part.field === undefined) capturing += part.regex
    else {
      fields.push(part.field)
      capturing += `(${part.regex})`
    }
  }
  const pattern = new RegExp(`${capturing}$`)
  return {
    regex: parts.map((part) => part.regex).join(''),
    parse: (text, now) => {
      const match = pattern.exec(text)
      return match === null ? undefined : timeOf(fields, match, inZone, names ?? english, now)
    },
  }
}

function broken(what: string, mend: string): DateFormat {
  return { regex: '(?!)', parse: () => undefined, problem: { what, mend } }
}

/** The format cut into parts, or the piece of it that is not understood. */
function partsOf(format: string, name: string): Part[] | string {
  const parts: Part[] = []
  let i = 0
  while (i < format.length) {
    const c = format.charAt(i)
    let end = i + 1
    if (c === "'") {
      const [text, after] = quoted(format, i)
      parts.push({ regex: escaped(text) })
      i = after
    } else if (/[A-Za-z]/.test(c)) {
      while (format.charAt(end) === c) end++
      const part = partOf(c, end - i, nextIsNumber(format, end) || previousIsNumber(format, i), name)
      if (part === undefined) return format.slice(i, end)
      parts.push(part)
      i = end
    } else if (c === ' ') {
      while (format.charAt(end) === ' ') end++
      parts.push({ regex: ' +' })
      i = end
    } else {
      parts.push({ regex: escaped(c) })
      i = end
    }
  }
  return parts
}

/** The text in quotes that opens at `start`, and where it ends. Two quotes in a row are one quote. */
function quoted(format: string, start: number): [string, number] {
  if (format.charAt(start + 1) === "'") return ["'", start + 2]
  let text = ''
  let i = start + 1
  for (; i < format.length; i++) {
    if (format.charAt(i) !== "'") text += format.charAt(i)
    else if (format.charAt(i + 1) === "'") {
      text += "'"
      i++
    } else break
  }
  return [text, i + 1]
}

function escaped(text: string): string {
  return text.replace(/ +|[\\^$.*+?()[\]{}|/]/g, (c) => (c.startsWith(' ') ? ' +' : `\\${c}`))
}

const NUMERIC = /[yYuxCdDewHkhKmsS]/

function nextIsNumber(format: string, i: number): boolean {
  return NUMERIC.test(format.charAt(i)) || /^MM?(?!M)/.test(format.slice(i, i + 3))
}

function previousIsNumber(format: string, i: number): boolean {
  return NUMERIC.test(format.charAt(i - 1)) || /(?:^|[^M])MM?$/.test(format.slice(Math.max(0, i - 3), i))
}

/** `tight`: the neighbours are digits too, so that the number of digits is all that separates them. */
function partOf(letter: string, width: number, tight: boolean, name: string): Part | undefined {
  const digits = (most: number) =>
    tight ? `\\d{${Math.min(Math.max(width, 1), 9)}}` : `\\d{1,${Math.min(Math.max(width, most), 9)}}`
  switch (letter) {
    case 'y':
    case 'Y':
    case 'u':
      return width === 2 ? { regex: '\\d{2}', field: 'shortYear' } : { regex: '\\d{4}', field: 'year' }
    case 'x':
      return { regex: '\\d{4}', field: 'weekyear' }
    case 'M':
      return width >= 3 ? { regex: name, field: 'monthName' } : { regex: digits(2), field: 'month' }
    case 'd':
      return { regex: digits(2), field: 'day' }
    case 'D':
      return { regex: digits(3), field: 'dayOfYear' }
    case 'w':
      return { regex: digits(2), field: 'week' }
    case 'e':
      return { regex: '[1-7]', field: 'weekday' }
    case 'E':
      return { regex: name, field: 'weekdayName' }
    case 'H':
    case 'k':
      return { regex: digits(2), field: 'hour' }
    case 'h':
    case 'K':
      return { regex: digits(2), field: 'hour12' }
    case 'm':
      return { regex: digits(2), field: 'minute' }
    case 's':
      return { regex: digits(2), field: 'second' }
    case 'S':
      return { regex: tight ? `\\d{${Math.min(width, 16)}}` : `\\d{1,${Math.min(width, 16)}}`, field: 'fraction' }
    case 'a':
      return { regex: '[AaPp]\\.?[Mm]\\.?', field: 'half' }
    case 'Z':
      return { regex: width >= 3 ? ZONE_NAME : `(?:Z|${OFFSET})`, field: 'zone' }
    case 'X':
      return { regex: `(?:Z|${OFFSET})`, field: 'zone' }
    case 'z':
      return { regex: ZONE_NAME, field: 'zone' }
    case 'C':
      return { regex: '\\d{2}', field: 'none' }
    case 'G':
      return { regex: '(?:AD|BC|CE|BCE)', field: 'none' }
    default:
      return undefined
  }
}

/** Month and weekday names, lower case and without dots, to their number (1-12; 1 = Monday). */
interface Names {
  readonly months: ReadonlyMap<string, number>
}

const english: Names = { months: byName([MONTHS, MONTHS.map((m) => m.slice(0, 3)), MONTHS.map((m) => m.slice(0, 4))]) }

function byName(lists: readonly (readonly string[])[]): Map<string, number> {
  const map = new Map<string, number>()
  for (const list of lists)
    list.forEach((name, i) => {
      map.set(name.toLowerCase().replaceAll('.', ''), i + 1)
    })
  return map
}

/** Names in a locale, as Node's Intl has them; null when there is no such locale. English names are understood too. */
function namesIn(locale: string): Names | null {
  const lists: string[][] = []
  try {
    for (const month of ['short', 'long'] as const)
      for (const day of [undefined, 'numeric'] as const) {
        const format = new Intl.DateTimeFormat(locale.replaceAll('_', '-'), {
          month,
          ...(day && { day }),
          timeZone: 'UTC',
        })
        lists.push(
          MONTHS.map(
            (_, i) => format.formatToParts(Date.UTC(2026, i, 15)).find((part) => part.type === 'month')?.value ?? '',
          ),
        )
      }
  } catch {
    return null
  }
  return { months: new Map([...english.months, ...byName(lists)]) }
}

function timeOf(
  fields: readonly Field[],
  match: readonly (string | undefined)[],
  defaultZone: Zone,
  names: Names,
  now: number,
): number | undefined {
  let zone = defaultZone
  let year: number | undefined
  let month: number | undefined
  let day: number | undefined
  let dayOfYear: number | undefined
  let week: number | undefined
  let weekday: number | undefined
  let hour = 0
  let minute = 0
  let second = 0
  let ms = 0
  let half: string | undefined
  for (let i = 0; i < fields.length; i++) {
    const text = match[i + 1] ?? ''
    switch (fields[i]) {
      case 'year':
      case 'weekyear':
        year = Number(text)
        break
      case 'shortYear':
        year = Number(text) + (Number(text) < 70 ? 2000 : 1900)
        break
      case 'month':
        month = Number(text)
        break
      case 'monthName':
        month = names.months.get(text.toLowerCase().replaceAll('.', ''))
        if (month === undefined) return undefined
        break
      case 'day':
        day = Number(text)
        break
      case 'dayOfYear':
        dayOfYear = Number(text)
        break
      case 'week':
        week = Number(text)
        break
      case 'weekday':
        weekday = Number(text)
        break
      case 'weekdayName':
        weekday = WEEKDAYS.findIndex((name) => name.startsWith(text.slice(0, 3).toLowerCase())) + 1
        break
      case 'hour':
      case 'hour12':
        hour = Number(text)
        break
      case 'minute':
        minute = Number(text)
        break
      case 'second':
        second = Number(text)
        break
      case 'fraction':
        ms = fractionMs(text)
        break
      case 'half':
        half = text.charAt(0).toLowerCase()
        break
      case 'zone': {
        const written = zoneOf(text)
        if (written === undefined) return undefined
        zone = written
        break
      }
    }
  }
  if (half !== undefined) {
    if (hour < 0 || hour > 12) return undefined
    hour = (hour % 12) + (half === 'p' ? 12 : 0)
  }
  const wall = wallOf(now, zone, { year, month, day, dayOfYear, week, weekday }, (y, m, d) =>
    wallTime(y, m, d, hour, minute, second, ms),
  )
  return wall === undefined ? undefined : toUtc(wall, zone)
}

interface Day {
  readonly year: number | undefined
  readonly month: number | undefined
  readonly day: number | undefined
  readonly dayOfYear: number | undefined
  readonly week: number | undefined
  readonly weekday: number | undefined
}

const DAY_MS = 86_400_000

function wallOf(
  now: number,
  zone: Zone,
  given: Day,
  at: (year: number, month: number, day: number) => number | undefined,
): number | undefined {
  const { year, month, dayOfYear, week } = given
  // `yyyy-MM-DD` means the day of the month, whatever its author wrote.
  const day = given.day ?? (month === undefined ? undefined : dayOfYear)
  if (year !== undefined && (month !== undefined || (dayOfYear === undefined && week === undefined)))
    return at(year, month ?? 1, day ?? 1)
  const today = new Date(now + zone.offsetAt(now))
  if (dayOfYear !== undefined && month === undefined) {
    const first = at(year ?? today.getUTCFullYear(), 1, 1)
    return first === undefined || dayOfYear < 1 || dayOfYear > 366 ? undefined : first + (dayOfYear - 1) * DAY_MS
  }
  if (week !== undefined && month === undefined) {
    // ISO 8601: week 1 holds 4 January.
    const fourth = at(year ?? today.getUTCFullYear(), 1, 4)
    if (fourth === undefined || week < 1 || week > 53) return undefined
    const weekdayOfFourth = (new Date(fourth).getUTCDay() + 6) % 7
    return fourth + ((week - 1) * 7 - weekdayOfFourth + ((given.weekday ?? 1) - 1)) * DAY_MS
  }
  if (year !== undefined) return at(year, month ?? 1, day ?? 1)
  if (year === undefined && month === undefined && day === undefined)
    return at(today.getUTCFullYear(), today.getUTCMonth() + 1, today.getUTCDate())
  const inMonth = month ?? today.getUTCMonth() + 1
  return wallTimeWithoutYear(now, zone, (y) => at(y, inMonth, day ?? 1))
}

/** The first three digits of a fraction as ms; the rest is cut, not rounded. */
export function fractionMs(digits: string): number {
  return Number(digits.slice(0, 3).padEnd(3, '0'))
}

/**
 * Languages in which programs write dates by themselves, because their machine speaks them: Java's java.util.logging,
 * C's strftime. Where two of them mean different months by one name, the first counts.
 */
const WRITTEN = ['de', 'fr', 'es', 'it', 'pt', 'nl', 'sv', 'da', 'nb', 'pl', 'ru', 'tr']
let written: Names['months'] | undefined

/** The number of a month, 1-12, by its English name or the start of it, or as a language of `WRITTEN`, `11月` or `11월`. */
export function monthOf(name: string): number | undefined {
  const known = english.months.get(name.toLowerCase())
  if (known !== undefined) return known
  const counted = /^(\d{1,2})[月월]$/.exec(name)?.[1]
  if (counted !== undefined) return Number(counted)
  written ??= new Map(WRITTEN.toReversed().flatMap((locale) => [...(namesIn(locale)?.months ?? [])]))
  return written.get(name.toLowerCase().replaceAll('.', ''))
}
