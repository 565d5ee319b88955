import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MASKS, template } from '../../src/fingerprint/template.js'

describe('the template of a message', () => {
  for (const [message, expected] of [
    ['order 4711 refused', 'order <num> refused'],
    ['took 1.5s for 35 ms of 12%', 'took <qty> for <qty> of <qty>'],
    ['wrote 3.2 MiB of 10 kB', 'wrote <qty> of <qty>'],
    ['no key "a b" in \'c\'', 'no key <str> in <str>'],
    ["can't open 'x'", "can't open <str>"],
    ['адрес «129» не найден', 'адрес <str> не найден'],
    ['GET https://a.b/c?d=1 failed', 'GET <url> failed'],
    ['mail to bob@acme.example bounced', 'mail to <email> bounced'],
    ['request 4c40ffe7-940c-4150-ae52-071436977b70 lost', 'request <uuid> lost'],
    ['connect ECONNREFUSED 127.0.0.1:9', 'connect ECONNREFUSED <addr>'],
    ['connect to [fe80::1]:80', 'connect to <addr>'],
    ['at 2026-11-20T10:15:32.123Z, not 20/11/2026', 'at <time>, not <time>'],
    ['no file /srv/till/3.json here', 'no file <path> here'],
    ['no file C:\\till\\3.json', 'no file <path>'],
    ['db-1.eu-west-1.internal is gone', '<host> is gone'],
    ['user-708 bought SKU-7069', '<id> bought <id>'],
    ['object at 0x7f3a', 'object at <ref>'],
    ['com.acme.Till@1b2c3d is closed', 'com.acme.Till<ref> is closed'],
    ['index 7 of 3, 4, 5', 'index <num> of <num>'],
    ['retry=3 user=bob', 'retry=<val> user=<val>'],
    ['10.1.2.3 "GET /v2/a/7 HTTP/1.1" status: 500', '<addr> GET <path> status: <num>'],
    ['at Sun Jul  9 03:55:15 2005, not Jul 10 03:55:15', 'at <time>, not <time>'],
    ['proxy.cse.cuhk.edu.hk:5070 to mail.dsl.easynet.nl', '<host> to <host>'],
    ["'utf-8' codec", '<str> codec'],
    ['no utf8 and no base64', 'no utf8 and no base64'],
    ['a\n\nb 1\nc', 'a b <num>'],
    ['\x1b[31mred 1\x1b[0m', 'red <num>'],
    ['java.io.IOException: no', 'java.io.IOException: no'],
    ['', ''],
  ] as const) {
    it(JSON.stringify(message), () => expect(template(message)).toBe(expected))
  }

  it('has at most 24 words', () => expect(template('word '.repeat(500)).split(' ')).toHaveLength(24))

  it('does not change when it is made again', () => {
    for (const text of ['order 47 of user-8', 'a "b" c 10ms', 'GET https://x/1', 'k=v 1, 2']) {
      expect(template(template(text))).toBe(template(text))
    }
  })

  it('names its masks in order', () => {
    expect(MASKS.map((mask) => mask.id)).toEqual(MASKS.map((_, i) => `T${String(i + 1).padStart(2, '0')}`))
  })

  it('looks for each mask wherever it would match', () => {
    const piece = fc.constantFrom(
      ...[
        'http://a.b/c',
        'bob@acme.example',
        '4c40ffe7-940c-4150-ae52-071436977b70',
        '"q"',
        "'q'",
        '`q`',
        '«q»',
        '„q“',
      ],
      ...[
        '2026-11-20T10:15:32',
        'Fri, 20 Nov 2026',
        '10:15:32',
        '20.11.2026',
        '127.0.0.1:9',
        'fe80::1',
        '::1',
        'aa:bb:cc:dd:ee:ff',
      ],
      ...[
        '/srv/x',
        'C:\\x',
        '~/x',
        './x',
        '\\\\host\\x',
        'db.internal',
        'localhost',
        '0x7f',
        '@1b2c3d',
        '#<A b>',
        'object at <addr>',
      ],
      ...[
        '12%',
        '3 MiB',
        'user-7',
        'SKU_7',
        'deadbeefdeadbeef',
        '12',
        '-3',
        'k=v',
        'a]=v',
        '<num>',
        ', ',
        ' and ',
        ' ',
        ': ',
        'word',
      ],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        for (const { id, pattern, holds } of MASKS) {
          if (text.replace(pattern, '\0') !== text) expect(holds.test(text), `${id} in ${text}`).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
