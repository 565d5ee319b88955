import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dart } from '../../src/trace/dart.js'
import { takenBy } from './any-text.js'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/trace/dart/${name}.txt`, import.meta.url), 'utf8')

const taken = (text: string) => takenBy(dart, text)

describe('Dart errors in a text', () => {
  it('reads the same with the line ends of Windows', () => {
    for (const name of ['unhandled', 'several-lines', 'flutter', 'logged', 'terse']) {
      const unix = dart.find(fixture(name), 0)
      const windows = dart.find(fixture(name).replaceAll('\n', '\r\n'), 0)
      expect({ ...windows, start: 0, end: 0 }, name).toEqual({ ...unix, start: 0, end: 0 })
    }
  })

  for (const [text, kind, message] of [
    ['Exception: gone', 'Exception', 'gone'],
    ['Bad state: gone', 'StateError', 'gone'],
    ['Invalid argument (id): no number: "x"', 'ArgumentError', 'no number: "x"'],
    ['Unsupported operation: Cannot add', 'UnsupportedError', 'Cannot add'],
    ['RangeError (index): Invalid value: 7', 'RangeError', 'Invalid value: 7'],
    ['Null check operator used on a null value', 'TypeError', 'Null check operator used on a null value'],
    [
      "type 'String' is not a subtype of type 'int' in type cast",
      'TypeError',
      "type 'String' is not a subtype of type 'int' in type cast",
    ],
    [
      "'package:shop/a.dart': Failed assertion: line 3 pos 5: 'x': is not true.",
      'AssertionError',
      "line 3 pos 5: 'x': is not true.",
    ],
    ['Stack Overflow', 'StackOverflowError', 'Stack Overflow'],
    [
      "Reading static variable 'rates' during its initialization",
      'CyclicInitializationError',
      "Reading static variable 'rates' during its initialization",
    ],
    [
      "Cannot instantiate abstract class: 'Cart'",
      'AbstractClassInstantiationError',
      "Cannot instantiate abstract class: 'Cart'",
    ],
    [
      "'a.dart': Switch case fall-through at line 9.",
      'FallThroughError',
      "'a.dart': Switch case fall-through at line 9.",
    ],
    [
      "'file:///a.dart': malformed type: line 7 pos 24: cannot resolve class 'Cart'",
      'TypeError',
      "'file:///a.dart': malformed type: line 7 pos 24: cannot resolve class 'Cart'",
    ],
    ["Instance of 'OrderGone'", 'OrderGone', undefined],
    ['DioException [connection error]: refused', 'DioException', 'refused'],
    ['PlatformException(code, gone, null, null)', 'PlatformException', '(code, gone, null, null)'],
    ['IntegerDivisionByZeroException', 'IntegerDivisionByZeroException', undefined],
    ['no order', undefined, 'no order'],
  ] as const) {
    it(`knows ${kind ?? 'no kind'} by ${text}`, () => {
      const found = dart.find(`Unhandled exception:\n${text}\n#0      f (package:a/a.dart:1:2)`, 0)
      expect([found?.kind, found?.message, found?.frames.length]).toEqual([kind, message, 1])
    })
  }

  for (const [name, text] of [
    ['a trace of PHP', '#0 /srv/a.php(3): f()\n#1 {main}'],
    ['a place in prose', 'see lib/a.dart 3:4  for more'],
    ['an exception of .NET', 'Unhandled exception. System.Exception: gone\n   at A.B() in a.cs:line 3'],
    ['an issue number', '#0 is closed (package:a)'],
  ] as const) {
    it(`does not take ${name}`, () => expect(dart.find(text, 0)).toBeUndefined())
  }

  it('takes the error above the frames of a log message, and nothing when there is none', () => {
    const frames = '#0      f (package:a/a.dart:1:2)'
    expect(dart.find(`could not pay\n${frames}`, 0)).toMatchObject({ start: 14, frames: [{ function: 'f' }] })
    expect(dart.find(`could not pay\n${frames}`, 0)?.kind).toBeUndefined()
    expect(dart.find(`could not pay: Bad state: gone\n${frames}`, 0)).toMatchObject({ start: 15, kind: 'StateError' })
  })
})

describe('Dart output without a logger', () => {
  for (const name of [
    'unhandled',
    'several-lines',
    'instance',
    'flutter',
    'flutter-assertion',
    'android',
    'without-symbols',
  ]) {
    it(`follows ${name}, decoded or not, and stops at the line behind it`, () => {
      const text = fixture(name).trim()
      expect(taken(`${text}\n2026-11-21T00:57:00Z INFO done`)).toEqual(text.split('\n'))
      const latin1 = Buffer.from(text).toString('latin1')
      expect(taken(`${latin1}\n2026-11-21T00:57:00Z INFO done`)).toEqual(latin1.split('\n'))
    })
  }

  it('ends a record where the runtime speaks', () => {
    expect(dart.interrupts('Unhandled exception:')).toBe(true)
    expect(dart.interrupts(Buffer.from('══╡ EXCEPTION CAUGHT BY GESTURE ╞═══').toString('latin1'))).toBe(true)
    expect(dart.interrupts('the EXCEPTION CAUGHT BY me')).toBe(false)
  })

  it('does not begin with an ordinary line', () => {
    for (const line of ['', 'Unhandled', '#0 x', 'Bad state: gone']) expect(dart.follow(line), line).toBeUndefined()
  })
})
