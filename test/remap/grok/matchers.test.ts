import { describe, expect, it } from 'vitest'
import { compileGrok } from '../../../src/remap/grok/grok.js'

const now = () => Date.UTC(2026, 10, 20, 12)

function field(matcher: string, text: string) {
  const { grok, problems } = compileGrok(`rule %{${matcher}:field}`, '', { now })
  expect(problems).toEqual([])
  return grok.parse(text)?.attributes.field
}

describe('matchers', () => {
  for (const [matcher, text, value] of [
    ['number', '-1.2', -1.2],
    ['number', '+1', 1],
    ['number', '.5', 0.5],
    ['number', '1.', 1],
    ['number', '-0', 0],
    ['number', '1e3', undefined],
    ['numberStr', '01.50', '01.50'],
    ['numberExt', '-1234e+3', -1234000],
    ['numberExt', '.1e+3', 100],
    ['numberExtStr', '1e3', '1e3'],
    ['integer', '-2', -2],
    ['integer', '2.0', undefined],
    ['integerStr', '007', '007'],
    ['integerExt', '-1e+2', -100],
    ['integerExt', '1234.1e+5', undefined],
    ['integerExtStr', '1e2', '1e2'],
    ['boolean', 'TRUE', true],
    ['boolean', 'false', false],
    ['boolean("yes|on", "no")', 'On', true],
    ['boolean("yes|on", "no")', 'NO', false],
    ['boolean("yes|on", "no")', 'true', undefined],
    ['word', 'ab_1', 'ab_1'],
    ['word', 'a-b', undefined],
    ['notSpace', 'a-b', 'a-b'],
    ['notSpace', 'a b', undefined],
    ['data', 'a\nb', 'a\nb'],
    ['greedyData', 'a\nb', 'a\nb'],
    ['port', '8080', '8080'],
    ['port', '0', undefined],
    ['port', '123456', undefined],
    ['ipv4', '192.168.0.255', '192.168.0.255'],
    ['ipv4', '192.168.0.256', undefined],
    ['ipv6', '2001:db8:0:0:0:0:2:1', '2001:db8:0:0:0:0:2:1'],
    ['ipv6', '2001:db8::2:1', '2001:db8::2:1'],
    ['ipv6', '::1', '::1'],
    ['ipv6', '1:2:3:4:5:6:7::', '1:2:3:4:5:6:7::'],
    ['ipv6', '::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['ipv6', '64:ff9b::192.0.2.33', '64:ff9b::192.0.2.33'],
    ['ipv6', 'fe80::1%eth0', 'fe80::1%eth0'],
    ['ipv6', '12:34:56', undefined],
    ['ipv6', '1::2::3', undefined],
    ['ip', '10.0.0.1', '10.0.0.1'],
    ['hostname', 'db-1.example_x.com', 'db-1.example_x.com'],
    ['hostname', '-x', undefined],
    ['ipOrHost', 'localhost', 'localhost'],
    ['ipOrHost', '::1', '::1'],
    ['mac', '00:1A:2b:3c:4d:5e', '00:1A:2b:3c:4d:5e'],
    ['mac', '00-1A-2b-3c-4d-5e', '00-1A-2b-3c-4d-5e'],
    ['mac', '001a.2b3c.4d5e', '001a.2b3c.4d5e'],
    ['mac', '00:1A:2b:3c:4d', undefined],
    ['uuid', 'fcd4e8ae-63a0-11ee-8c99-0242ac120002', 'fcd4e8ae-63a0-11ee-8c99-0242ac120002'],
    ['uuid', 'fcd4e8ae-63a0-11ee-8c99', undefined],
    ['doubleQuotedString', '"a b"', '"a b"'],
    ['singleQuotedString', "'a b'", "'a b'"],
    ['quotedString', "'a b'", "'a b'"],
    ['quotedString', '"a', undefined],
    ['regex("[a-c]{2}")', 'ab', 'ab'],
    ['date("yyyy-MM-dd HH:mm:ss,SSS")', '2026-11-20 10:15:32,123', Date.UTC(2026, 10, 20, 10, 15, 32, 123)],
    ['date("HH:mm", "+02:00")', '10:15', Date.UTC(2026, 10, 20, 8, 15)],
    ['date("d MMMM yyyy", "Europe/Paris", "fr")', '1 août 2026', Date.UTC(2026, 6, 31, 22)],
  ] as const)
    it(`%{${matcher}} of ${JSON.stringify(text)}`, () => expect(field(matcher, text)).toEqual(value))

  it('do not cut an address to what follows greedy data', () => {
    const { grok } = compileGrok('rule .*%{ipv4:ip}.*', '', { now })
    expect(grok.parse('from 10.0.0.1 port')?.attributes).toEqual({ ip: '10.0.0.1' })
  })

  it('give dates in the zone of the options where rule and text name none', () => {
    const zoned = { now, defaultZone: 'Asia/Tokyo' }
    const { grok } = compileGrok('a %{date("yyyy-MM-dd HH:mm"):d}\nb %{date("yyyy-MM-dd HH:mm Z"):d}', '', zoned)
    expect(grok.parse('2026-11-20 09:00')?.attributes).toEqual({ d: Date.UTC(2026, 10, 20) })
    expect(grok.parse('2026-11-20 09:00 +0000')?.attributes).toEqual({ d: Date.UTC(2026, 10, 20, 9) })
  })
})
