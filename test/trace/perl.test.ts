import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { perl } from '../../src/trace/perl.js'
import { takenBy } from './any-text.js'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/trace/perl/${name}.txt`, import.meta.url), 'utf8')

const taken = (text: string) => takenBy(perl, text)

describe('Perl errors in a text', () => {
  it('reads the same with the line ends of Windows', () => {
    for (const name of ['confess', 'trace-begun', 'propagated', 'syntax-error-in-eval']) {
      const unix = perl.find(fixture(name), 0)
      const windows = perl.find(fixture(name).replaceAll('\n', '\r\n'), 0)
      expect({ ...windows, start: 0, end: 0 }, name).toEqual({ ...unix, start: 0, end: 0 })
    }
  })

  for (const [text, message, file, line] of [
    ['gone at shop.pl line 3.', 'gone', 'shop.pl', 3],
    ['gone at /srv/my-shop/bin/report line 3.', 'gone', '/srv/my-shop/bin/report', 3],
    ['gone at C:\\shop\\x.pl line 3.', 'gone', 'C:\\shop\\x.pl', 3],
    ['gone at -e line 3.', 'gone', '-e', 3],
    ['gone at (eval 12) line 3.', 'gone', '(eval 12)', 3],
    ['gone at (eval 12)[shop.pl:7] line 3.', 'gone', '(eval 12)[shop.pl:7]', 3],
    ['gone at shop.pl line 3, <STDIN> line 17.', 'gone', 'shop.pl', 3],
    ['gone at shop.pl line 3, <$fh> chunk 17.', 'gone', 'shop.pl', 3],
    ['gone at shop.pl line 3 during global destruction.', 'gone', 'shop.pl', 3],
    ['gone at shop.pl line 3 thread 2.', 'gone', 'shop.pl', 3],
    ['a at b.pl line 1. at shop.pl line 3.', 'a at b.pl line 1.', 'shop.pl', 3],
    ['syntax error at shop.pl line 3, near "my ="', 'syntax error', 'shop.pl', 3],
    ['gone at shop.cgi line 3, referer: https://shop.example/', undefined, undefined, undefined],
    ['gone at shop.cgi line 3., referer: https://shop.example/', 'gone', 'shop.cgi', 3],
  ] as const) {
    it(`takes the place of ${text}`, () => {
      const found = perl.find(text, 0)
      expect([found?.message, found?.frames[0]?.file, found?.frames[0]?.line]).toEqual([message, file, line])
    })
  }

  for (const [name, text] of [
    ['an unset value', 'Use of uninitialized value $x in concatenation (.) or string at shop.pl line 3.'],
    ['an argument that is no number', 'Argument "a" isn\'t numeric in addition (+) at shop.pl line 3.'],
    ['what a destructor died of', '\t(in cleanup) gone at shop.pl line 3.'],
    ['what a program calls a warning', 'Warning: attempt 1 failed at shop.pl line 3.'],
    ['a place of a configuration', 'unknown key at shop.yml line 3.'],
    ['a word for a file', 'we stopped at the line 3.'],
    ['a place amid a sentence', 'see lib/Shop.pm, and at shop.pl line 3 what follows'],
    ['a place without a full stop or calls', 'gone at shop.pl line 3'],
    ['a frame of Python', '  File "x.py", line 3, in f'],
    ['an object amid a line', 'got User=HASH(0x55ab4928f4b8) back'],
    ['an unblessed value', 'user=HASH(0x55ab4928f4b8)'],
  ] as const) {
    it(`does not take ${name}`, () => expect(perl.find(text, 0)).toBeUndefined())
  }

  it('takes a message of several lines whole, but no log record above it', () => {
    expect(perl.find('2 problems:\n - qty\n - user at shop.pl line 3.', 0)?.message).toBe(
      '2 problems:\n - qty\n - user',
    )
    expect(perl.find(fixture('record-and-crash'), 0)).toMatchObject({ start: 43, uncaught: true })
  })

  it('finds the next error behind the first', () => {
    const text = fixture('two-errors')
    const first = perl.find(text, 0)
    expect(perl.find(text, first?.end ?? 0)).toMatchObject({
      message: 'no order 7',
      frames: [{ file: 'shop.pl', line: 16 }],
    })
  })
})

describe('Perl output without a logger', () => {
  for (const name of [
    'confess',
    'croak',
    'input-line',
    'propagated',
    'compilation-of-a-module',
    'carp-before-1.25',
    'anonymous-function',
  ]) {
    it(`follows ${name} and stops at the line behind it`, () => {
      const text = fixture(name).trim()
      expect(taken(`${text}\nbatch 3 done`)).toEqual(text.split('\n'))
    })
  }

  it('closes at once behind an object', () =>
    expect(perl.follow('Shop::Error=HASH(0x55ab4928f4b8)')?.complete).toBe(true))

  it('does not begin with an ordinary line, nor with a warning of its own', () => {
    for (const line of ['', 'first line', '\tmain::f(1) called', 'Use of uninitialized value $x at shop.pl line 3.']) {
      expect(perl.follow(line), line).toBeUndefined()
    }
  })
})
