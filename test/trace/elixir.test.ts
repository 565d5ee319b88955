import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { elixir } from '../../src/trace/elixir.js'
import { takenBy } from './any-text.js'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/trace/elixir/${name}.txt`, import.meta.url), 'utf8')

const taken = (text: string) => takenBy(elixir, text)

describe('Elixir and Erlang errors in a text', () => {
  it('reads the same with the line ends of Windows', () => {
    for (const name of ['script', 'genserver', 'exit-with-exception', 'erlang-error-report', 'erlang-crash-report']) {
      const unix = elixir.find(fixture(name), 0)
      const windows = elixir.find(fixture(name).replaceAll('\n', '\r\n'), 0)
      const { start: _, end: __, ...rest } = unix ?? {}
      expect(windows, name).toMatchObject(rest)
    }
  })

  for (const [line, frame] of [
    [
      '    (shop 0.1.0) lib/shop.ex:41: Shop.place/2',
      { function: 'Shop.place/2', module: 'Shop', file: 'lib/shop.ex', line: 41 },
    ],
    [
      '    (shop) lib/shop.ex:41: Shop.place/2',
      { function: 'Shop.place/2', module: 'Shop', file: 'lib/shop.ex', line: 41 },
    ],
    [
      '    lib/shop.ex:41: Shop."odd name"/0',
      { function: 'Shop."odd name"/0', module: 'Shop', file: 'lib/shop.ex', line: 41 },
    ],
    ['    lib/shop.ex:41: (module)', { function: '(module)', file: 'lib/shop.ex', line: 41 }],
    [
      '    test/shop_test.exs:7: Shop.Test."test places"/1',
      { function: 'Shop.Test."test places"/1', module: 'Shop.Test', file: 'test/shop_test.exs', line: 7 },
    ],
    [
      '    (shop 0.1.0) lib/shop.ex:41: anonymous fn/3 in Shop.place/2',
      { function: 'anonymous fn/3 in Shop.place/2', file: 'lib/shop.ex', line: 41 },
    ],
    [
      '    (stdlib 5.0) timer.erl:166: :timer.tc/1',
      { function: ':timer.tc/1', module: ':timer', file: 'timer.erl', line: 166 },
    ],
    ['    :erlang.apply/2', { function: ':erlang.apply/2', module: ':erlang' }],
    ['    iex:3: (file)', { function: '(file)', file: 'iex', line: 3 }],
  ] as const) {
    it(`takes the frame ${line.trim()}`, () => expect(elixir.find(`** (A) x\n${line}`, 0)?.frames).toEqual([frame]))
  }

  for (const [name, text] of [
    ['bold text', 'this is ** (very) important'],
    ['a power', 'x ** (2 + 3)'],
    ['a word for an error', 'an exception error occurred'],
    ['a term without a stack', '{file,"src/shop.erl"}'],
    ['stars in a word', 'a** (B) c'],
  ] as const) {
    it(`does not take ${name}`, () => expect(elixir.find(text, 0)).toBeUndefined())
  }

  it('ends the stack where the report goes on', () => {
    const text = fixture('genserver')
    const found = elixir.find(text, 0)
    expect(text.slice(found?.end).trimStart().startsWith('Last message')).toBe(true)
  })
})

describe('Elixir output without a logger', () => {
  for (const name of [
    'script',
    'exit-with-exception',
    'exit-time-out',
    'exit-from',
    'function-clause',
    'arguments-instead-of-arity',
  ]) {
    it(`follows ${name} and stops at the line behind it`, () => {
      const text = fixture(name).trim()
      expect(taken(`${text}\nbatch 3 done`)).toEqual(text.split('\n'))
    })
  }

  it('stops at a log line before any frame', () => {
    expect(taken('** (A) x\nfrom o in Order\n10:15:32.123 [info] done')).toEqual(['** (A) x', 'from o in Order'])
  })

  it('does not begin with an ordinary line', () => {
    for (const line of ['', '**', '** bold **', '    lib/x.ex:3: X.f/1', 'exception error'])
      expect(elixir.follow(line), line).toBeUndefined()
  })
})
