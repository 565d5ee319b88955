import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileDateFormat, parseDate } from '../../src/remap/dates.js'
import { offsetOf, zoneOf } from '../../src/remap/zones.js'

const NOW = Date.UTC(2026, 10, 20, 12)
const at = (iso: string) => Date.parse(iso)

describe('date formats', () => {
  for (const [format, text, expected, zone, locale] of [
    ['dd/MMM/yyyy', '06/Mar/2013', '2013-03-06T00:00:00Z'],
    ['EEE MMM dd HH:mm:ss yyyy', 'Thu Jun 16 08:29:03 2016', '2016-06-16T08:29:03Z'],
    ['EEE MMM d HH:mm:ss yyyy', 'Tue Nov  1 08:29:03 2016', '2016-11-01T08:29:03Z'],
    ['dd/MMM/yyyy:HH:mm:ss Z', '06/Mar/2013:01:36:30 +0900', '2013-03-05T16:36:30Z'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSZ", '2016-11-29T16:21:36.431+0000', '2016-11-29T16:21:36.431Z'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSZ", '2016-09-02T15:02:29.648Z', '2016-09-02T15:02:29.648Z'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSZZ", '2016-11-29T16:21:36.431+01:00', '2016-11-29T15:21:36.431Z'],
    ['yyyy-MM-dd HH:mm:ss.SSSSSS', '2019-11-25 11:21:32.628299', '2019-11-25T11:21:32.628Z'],
    ['yyyy-MM-dd HH:mm:ss,SSSSSSSSS', '2019-11-25 11:21:32,1', '2019-11-25T11:21:32.100Z'],
    ['yyyy-MM-dd HH:mm:ss.SSS z', '2007-08-31 19:22:22.427 CET', '2007-08-31T17:22:22.427Z'],
    ['yyyy-MM-dd HH:mm:ss.SSS z', '2007-08-31 19:22:22.427 ADT', '2007-08-31T22:22:22.427Z'],
    ['yyyy-MM-dd HH:mm:ss.SSS zzzz', '2007-08-31 19:22:22.427 America/Thule', '2007-08-31T22:22:22.427Z'],
    ['yyyy-MM-dd HH:mm:ss.SSS Z', '2007-08-31 19:22:22.427 -03:00', '2007-08-31T22:22:22.427Z'],
    ['yyyy-MM-dd HH:mm:ss ZZZ', '2026-07-01 12:00:00 Europe/Paris', '2026-07-01T10:00:00Z'],
    ['EEE MMM dd HH:mm:ss yyyy', 'Thu Jun 16 08:29:03 2016', '2016-06-16T05:29:03Z', 'Europe/Moscow'],
    ['EEE MMM dd HH:mm:ss yyyy', 'Thu Jun 16 08:29:03 2016', '2016-06-16T03:29:03Z', 'UTC+5'],
    ['EEE MMM dd HH:mm:ss yyyy', 'Thu Jun 16 08:29:03 2016', '2016-06-16T05:29:03Z', '+3'],
    ['EEE MMM dd HH:mm:ss yyyy', 'Thu Jun 16 08:29:03 2016', '2016-06-16T11:29:03Z', '-0300'],
    ['MMM d y HH:mm:ss z', 'Nov 16 2020 13:41:29 GMT', '2020-11-16T13:41:29Z'],
    ['yyMMdd HH:mm:ss', '171113 14:14:20', '2017-11-13T14:14:20Z'],
    ['yyMMdd  HH:mm:ss', '171113  4:14:20', '2017-11-13T04:14:20Z'],
    ['M/d/yy HH:mm:ss,SSSS z', '11/16/18 19:40:59,1234 GMT', '2018-11-16T19:40:59.123Z'],
    ['M/d/yyyy h:mm:ss a', '1/2/2026 12:05:09 AM', '2026-01-02T00:05:09Z'],
    ['dd-MM-yyyy hh:mm a', '02-01-2026 12:05 p.m.', '2026-01-02T12:05:00Z'],
    ['yyyyMMddHHmmssSSS', '20261120101532123', '2026-11-20T10:15:32.123Z'],
    ['MMMM d, yyyy', 'November 20, 2026', '2026-11-20T00:00:00Z'],
    ['d MMMM yyyy', '1 août 2026', '2026-08-01T00:00:00Z', 'UTC', 'fr'],
    ['d MMM yyyy', '1 juil. 2026', '2026-07-01T00:00:00Z', 'UTC', 'fr_FR'],
    ['d MMM yyyy', '1 März 2026', '2026-03-01T00:00:00Z', 'UTC', 'de'],
    ["yyyy-MM-dd 'at' HH 'o''clock'", "2026-11-20 at 10 o'clock", '2026-11-20T10:00:00Z'],
    ['yyyy-DDD', '2024-366', '2024-12-31T00:00:00Z'],
    ["xxxx-'W'ww-e", '2026-W01-1', '2025-12-29T00:00:00Z'],
    ['yyyy-MM', '2026-11', '2026-11-01T00:00:00Z'],
    ['yyyy-MM-DD HH:mm', '2026-11-20 10:15', '2026-11-20T10:15:00Z'],
    ['MMDD HH:mm', '1119 10:15', '2026-11-19T10:15:00Z'],
    ['yyyy-MM-dd HH:mm:ss', '2026-11-20 10:15:60', '2026-11-20T10:16:00Z'],
    ['yyyy-MM-dd HH:mm:ss', '2026-02-29 10:15:00', undefined],
    ['yyyy-MM-dd HH:mm:ss', '2026-11-20 25:15:00', undefined],
    ['dd MMM yyyy', '01 Foo 2026', undefined],
    ['yyyy-MM-dd z', '2026-01-01 NOPE', undefined],
    ['HH:mm a', '13:00 PM', undefined],
    ['yyyy-MM-dd', '2026-11-20 ', undefined],
  ] as const)
    it(`${format}${zone === undefined ? '' : ` ${zone}`}: ${text}`, () => {
      const compiled = compileDateFormat(format, zone, locale)
      expect(compiled.problem).toBeUndefined()
      expect(compiled.parse(text, NOW)).toBe(expected === undefined ? undefined : at(expected))
      if (expected !== undefined) expect(new RegExp(`^(?:${compiled.regex})$`).test(text)).toBe(true)
    })

  for (const [format, text, now, expected] of [
    ['MMM  d HH:mm:ss', 'Nov 15 10:15:32', '2026-11-20T12:00:00Z', '2026-11-15T10:15:32Z'],
    ['MMM d HH:mm:ss', 'Nov  5 10:15:32', '2026-11-20T12:00:00Z', '2026-11-05T10:15:32Z'],
    ['MMM dd HH:mm:ss', 'Nov 21 10:15:32', '2026-11-20T12:00:00Z', '2026-11-21T10:15:32Z'],
    ['MMM dd HH:mm:ss', 'Nov 22 10:15:32', '2026-11-20T12:00:00Z', '2025-11-22T10:15:32Z'],
    ['MMM dd HH:mm:ss', 'Jan 01 00:00:10', '2026-12-31T23:59:50Z', '2027-01-01T00:00:10Z'],
    ['MMM dd HH:mm:ss', 'Feb 29 10:00:00', '2026-11-20T12:00:00Z', '2024-02-29T10:00:00Z'],
    ['MMM dd HH:mm:ss', 'Jul 26 00:00:00', '1971-07-10T00:00:00Z', '1970-07-26T00:00:00Z'],
    ['HH:mm:ss', '14:20:15', '2026-11-20T12:00:00Z', '2026-11-20T14:20:15Z'],
    ['MMdd HH:mm:ss.SSSSSS', '0424 11:47:41.605188', '2026-11-20T12:00:00Z', '2026-04-24T11:47:41.605Z'],
  ] as const)
    it(`${format} of ${text} at ${now}`, () => {
      expect(compileDateFormat(format).parse(text, at(now))).toBe(at(expected))
    })

  for (const [name, format, zone, locale, what] of [
    ['letters without a meaning', 'yyyy-QQ', undefined, undefined, /"QQ"/],
    ['a zone nobody knows', 'yyyy', 'Mars/Base', undefined, /"Mars\/Base"/],
    ['a locale that is none', 'yyyy', 'UTC', '!!', /"!!"/],
    ['an empty format', '', undefined, undefined, /empty/],
  ] as const)
    it(`name ${name}`, () => {
      const compiled = compileDateFormat(format, zone, locale)
      expect(compiled.problem?.what).toMatch(what)
      expect(compiled.parse('2026', NOW)).toBeUndefined()
      expect(new RegExp(compiled.regex).test('2026')).toBe(false)
    })

  it('give back every time they could have written', () => {
    const format = compileDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSSZ")
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), (date) => {
        expect(format.parse(date.toISOString(), NOW)).toBe(date.getTime())
        expect(parseDate(date.toISOString())).toBe(date.getTime())
      }),
    )
  })

  it('throw on no format and no text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (format, zone, text) => {
        compileDateFormat(format, zone).parse(text, NOW)
        new RegExp(compileDateFormat(format).regex).test(text)
      }),
      { numRuns: 500 },
    )
  })
})

describe('parseDate', () => {
  for (const [text, expected] of [
    ['2026-11-20T10:15:32Z', '2026-11-20T10:15:32Z'],
    ['2026-11-20T10:15:32.123456789Z', '2026-11-20T10:15:32.123Z'],
    ['2026-11-20t10:15:32,5z', '2026-11-20T10:15:32.500Z'],
    ['2026-11-20 10:15:32', '2026-11-20T10:15:32Z'],
    ['2026-11-20  10:15:32,123', '2026-11-20T10:15:32.123Z'],
    ['2026/11/20 10:15:32', '2026-11-20T10:15:32Z'],
    ['2026-11-20T10', '2026-11-20T10:00:00Z'],
    ['2026-11-20T10:15+01:00', '2026-11-20T09:15:00Z'],
    ['2026-11-20T10:15:32+0100', '2026-11-20T09:15:32Z'],
    ['2026-11-20T10:15:32-08', '2026-11-20T18:15:32Z'],
    ['2026-11-20 10:15:32 +0530', '2026-11-20T04:45:32Z'],
    ['2026-11-20 10:15:32.1 UTC', '2026-11-20T10:15:32.100Z'],
    ['2026-11-20 10:15:32 Europe/Paris', '2026-11-20T09:15:32Z'],
    ['2026-11-20T10:15:32+01:00[Europe/Paris]', '2026-11-20T09:15:32Z'],
    ['2026-11-20 10:15:32.123 +0000 UTC m=+0.001', '2026-11-20T10:15:32.123Z'],
    ['20261120T101532Z', '2026-11-20T10:15:32Z'],
    ['20261120T101532.5+0100', '2026-11-20T09:15:32.500Z'],
    ['20261120 10:15:32', '2026-11-20T10:15:32Z'],
    ['2026-11-20', '2026-11-20T00:00:00Z'],
    [' 2026-11-20T10:15:32Z ', '2026-11-20T10:15:32Z'],
    ['Nov 20 10:15:32', '2026-11-20T10:15:32Z'],
    ['Nov  2 10:15:32.123', '2026-11-02T10:15:32.123Z'],
    ['Dec 24 10:15:32', '2025-12-24T10:15:32Z'],
    ['Fri Nov 20 10:15:32 2026', '2026-11-20T10:15:32Z'],
    ['Fri Nov 20 10:15:32 CET 2026', '2026-11-20T09:15:32Z'],
    ['Nov 20, 2026 10:15:32 PM', '2026-11-20T22:15:32Z'],
    ['nov. 20, 2026 10:15:32 PM', '2026-11-20T22:15:32Z'],
    ['Dez. 20, 2026 10:15:32 AM', '2026-12-20T10:15:32Z'],
    ['août 20, 2026 1:15:32 PM', '2026-08-20T13:15:32Z'],
    ['ene 20, 2026 1:15:32 P.\u00a0M.', '2026-01-20T13:15:32Z'],
    ['11月 20, 2026 1:15:32 午後', '2026-11-20T13:15:32Z'],
    ['11월 20, 2026 1:15:32 오전', '2026-11-20T01:15:32Z'],
    ['nov. 20, 2026 1:15:32 EM', '2026-11-20T13:15:32Z'],
    ['20.11.2026 10:15:32,123', '2026-11-20T10:15:32.123Z'],
    ['Fri, 20 Nov 2026 10:15:32 +0100', '2026-11-20T09:15:32Z'],
    ['Fri, 20 Nov 2026 10:15:32 GMT', '2026-11-20T10:15:32Z'],
    ['20 Nov 2026 10:15:32,123', '2026-11-20T10:15:32.123Z'],
    ['20/Nov/2026:10:15:32 +0000', '2026-11-20T10:15:32Z'],
    ['[20/Nov/2026:10:15:32 +0000]', '2026-11-20T10:15:32Z'],
    ['Friday, 20-Nov-26 10:15:32 GMT', '2026-11-20T10:15:32Z'],
    ['20-Nov-2026 10:15:32.123 UTC', '2026-11-20T10:15:32.123Z'],
  ] as const)
    it(text, () => expect(parseDate(text, { now: NOW })).toBe(at(expected)))

  for (const value of [
    '',
    'x',
    '2026-13-01',
    '2026-02-30',
    '2026-11-20T',
    '2026-11-20T10:15:32 and more',
    '2026-11-20X10:15:32',
    '2026-11-20T24:00:01Z',
    '0001-01-01T00:00:00Z',
    '10:15:32',
    'Foo 20 10:15:32',
    '20/Foo/2026:10:15:32 +0000',
    '1747684829.8596163',
    '11/20/2026 10:15:32',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    null,
    undefined,
    true,
    {},
    ['2026-11-20'],
    'x'.repeat(1e6),
  ] as const)
    it(`gives nothing for ${JSON.stringify(value)?.slice(0, 40)}`, () =>
      expect(parseDate(value, { now: NOW })).toBeUndefined())

  it('takes numbers and digits for ms', () => {
    expect(parseDate(1_702_027_299)).toBe(1_702_027_299)
    expect(parseDate('1702027299123')).toBe(1_702_027_299_123)
    expect(parseDate(1_702_027_299_123.9)).toBe(1_702_027_299_123)
  })

  it('reads dates without a zone in the given one, and without a year only when it is told the time', () => {
    expect(parseDate('2026-07-01 12:00:00', { zone: 'Europe/Paris' })).toBe(at('2026-07-01T10:00:00Z'))
    expect(parseDate('2026-07-01 12:00:00Z', { zone: 'Europe/Paris' })).toBe(at('2026-07-01T12:00:00Z'))
    expect(parseDate('2026-07-01 12:00:00', { zone: 'Nowhere' })).toBeUndefined()
    expect(parseDate('Nov 20 10:15:32')).toBeUndefined()
  })

  it('throws on no value', () => {
    fc.assert(fc.property(fc.anything(), (value) => void parseDate(value, { now: NOW, zone: 'Europe/Paris' })))
    fc.assert(fc.property(fc.stringMatching(/^[0-9TZ:., /+-]{0,40}$/), (text) => void parseDate(text, { now: NOW })))
  })
})

describe('zones', () => {
  for (const [name, wall, utc] of [
    ['before clocks go forward', '2026-03-29T01:59:59', '2026-03-29T00:59:59Z'],
    ['in the hour that clocks leave out', '2026-03-29T02:30:00', '2026-03-29T01:30:00Z'],
    ['after clocks went forward', '2026-03-29T03:00:00', '2026-03-29T01:00:00Z'],
    ['in the hour that comes twice, its first time', '2026-10-25T02:30:00', '2026-10-25T00:30:00Z'],
    ['after clocks went back', '2026-10-25T03:00:00', '2026-10-25T02:00:00Z'],
  ] as const)
    it(`are right ${name}`, () => expect(parseDate(wall, { zone: 'Europe/Paris' })).toBe(at(utc)))

  it('agree with Intl at any time', () => {
    const zone = zoneOf('America/New_York')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (utc) => {
        const hour = new Intl.DateTimeFormat('en-US', {
          timeZone: 'America/New_York',
          hour: 'numeric',
          hourCycle: 'h23',
        })
        expect(new Date(utc + (zone?.offsetAt(utc) ?? 0)).getUTCHours()).toBe(Number(hour.format(utc)))
      }),
      { numRuns: 30 },
    )
  })

  it('read offsets', () => {
    expect(offsetOf('+3')).toBe(10_800_000)
    expect(offsetOf('-03:30')).toBe(-12_600_000)
    expect(offsetOf('+013015')).toBe(5_415_000)
    expect(offsetOf('+19:00')).toBeUndefined()
    expect(offsetOf('3')).toBeUndefined()
    expect(zoneOf('GMT-2')?.offsetAt(0)).toBe(-7_200_000)
    expect(zoneOf('constructor')).toBeUndefined()
  })
})
