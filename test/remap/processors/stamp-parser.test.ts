import { describe, expect, it } from 'vitest'
import { processed } from '../harness.js'

const read = (message: string) => processed([{ type: 'stamp-parser' }], { message })
const TIME = Date.UTC(2026, 10, 20, 10, 15, 32)

describe('the parser of stamps', () => {
  for (const [name, stamp, host, syslog] of [
    ['RFC 3164', 'Nov 20 10:15:32 web-1 shop[4711]: ', 'web-1', { appname: 'shop', procid: '4711' }],
    ['RFC 3164 without a process', 'Nov 20 10:15:32 web-1 kernel: ', 'web-1', { appname: 'kernel' }],
    ['a priority before it', '<131>Nov 20 10:15:32 web-1 shop[4711]: ', 'web-1', { appname: 'shop', procid: '4711' }],
    [
      "rsyslog's own format",
      '2026-11-20T10:15:32+00:00 web-1 shop[4711]: ',
      'web-1',
      { appname: 'shop', procid: '4711' },
    ],
    [
      'RFC 5424',
      '<131>1 2026-11-20T10:15:32Z web-1 shop 4711 ID7 [a b="\\]"] ',
      'web-1',
      { appname: 'shop', procid: '4711' },
    ],
    ["Heroku's router", '2026-11-20T10:15:32+00:00 app[web.1]: ', undefined, { appname: 'app', procid: 'web.1' }],
    ["a container's clock", '2026-11-20T10:15:32.000000000Z ', undefined, {}],
  ] as const)
    it(`takes off ${name}`, () => {
      expect(read(`${stamp}no order\n  more`)).toMatchObject({
        message: 'no order\n  more',
        timestamp: TIME,
        attributes: { syslog },
        ...(host && { host }),
      })
    })

  it("restores rsyslog's escapes", () => {
    expect(read('Nov 20 10:15:32 web-1 shop[7]: a#012#011at b').message).toBe('a\n\tat b')
    expect(read('a#011b').message).toBe('a#011b')
  })

  for (const message of [
    '2026-11-20T10:15:32Z ERROR shop.web: no order',
    'Nov 20 10:15:32 ERROR shop: no order',
    '2026-11-20T10:15:32.123Z no order',
    'no order',
  ])
    it(`leaves ${message} alone`, () => expect(read(message).message).toBe(message))

  it('leaves what is known already', () => {
    const record = processed([{ type: 'stamp-parser' }], {
      message: 'Nov 20 10:15:32 web-1 shop[7]: a',
      timestamp: 1,
      host: 'h',
      attributes: { syslog: { appname: 'x' } },
    })
    expect(record).toMatchObject({ message: 'a', timestamp: 1, host: 'h', attributes: { syslog: { appname: 'x' } } })
  })
})
