import { describe, expect, it } from 'vitest'
import { MASK_LIST, template } from '../../src/fingerprint/template.js'

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
    ['retry=3 user=bob', 'retry=<num> user=<val>'],
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
    expect(MASK_LIST.map((mask) => mask.id)).toEqual(MASK_LIST.map((_, i) => `M${String(i + 1).padStart(2, '0')}`))
  })
})
