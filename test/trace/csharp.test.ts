import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csharp } from '../../src/trace/csharp.js'
import { processorMs } from '../processor.js'
import { itBearsAnyText, textsOf } from './any-text.js'

const fixtures = new URL('../fixtures/trace/csharp/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(name, fixtures), 'utf8')
const frame = '   at Acme.A.B(String id) in /src/A.cs:line 1\n'

describe('.NET tracebacks in a text', () => {
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith('.txt'))) {
    it(`reads ${name.slice(0, -4)}`, () => {
      const text = fixture(name)
      const result = name.startsWith('read-') ? csharp.read(text) : csharp.find(text, 0)
      expect(result).toEqual(JSON.parse(fixture(name.replace('.txt', '.expected.json'))))
    })
  }

  for (const [name, header, kind, message] of [
    ['takes a kind without a message', 'System.Exception', 'System.Exception', undefined],
    ['takes an empty message as none', 'System.Exception: ', 'System.Exception', undefined],
    ['leaves out the result code', 'A.BException (0x80004005): x: y', 'A.BException', 'x: y'],
    ['leaves out the error code of a socket', 'A.BException (00000005, 0xFFFDFFFF): x', 'A.BException', 'x'],
    ['takes a nested type', 'Acme.Outer+Gone: x', 'Acme.Outer+Gone', 'x'],
    ['takes a generic type', 'A.B`1+CException[System.String]: x', 'A.B`1+CException[System.String]', 'x'],
    ['takes a type without a namespace', 'OrderException: x', 'OrderException', 'x'],
    ['keeps blank lines of a message', 'A.BException: x\n\ny', 'A.BException', 'x\n\ny'],
    [
      'keeps CRLF of a message as line ends',
      'A.BException: x\r\nParameter name: y',
      'A.BException',
      'x\nParameter name: y',
    ],
    ['keeps an arrow that leads to no exception', 'A.BException: x ---> y', 'A.BException', 'x ---> y'],
    ['keeps a header that a message quotes', 'A.BException: x\nC.DException: y', 'A.BException', 'x\nC.DException: y'],
    ['prefers an exception to a class', 'Acme.Shop.Orders: failed\nA.BException: x', 'A.BException', 'x'],
    ['takes a message for one that the logger repeats', 'A.BException: x\nA.BException: x', 'A.BException', 'x'],
    ['prefers a header to a mention', 'caught C.DException: y\nA.BException: x', 'A.BException', 'x'],
    ['finds the header behind a message', 'got it: A.BException: x', 'A.BException', 'x'],
    ['finds the header behind a bar', '2|no A.CException|A.BException: x', 'A.BException', 'x'],
    ['does not take a level for a type', 'Error: x', undefined, undefined],
  ] as const) {
    it(name, () => {
      const found = csharp.find(`${header}\n${frame}`, 0)
      expect({ kind: found?.kind, message: found?.message, frames: found?.frames.length }).toEqual({
        kind,
        message,
        frames: 1,
      })
    })
  }

  for (const [name, line, expected] of [
    ['without a file', '   at A.B.C()', { module: 'A.B', function: 'C' }],
    [
      'of an explicit implementation',
      '   at A.B.System.IDisposable.Dispose()',
      { module: 'A.B.System.IDisposable', function: 'Dispose' },
    ],
    ['of a generic interface', '   at A.B.C<D.E,F.G>.H(I<J> k)', { module: 'A.B.C<D.E,F.G>', function: 'H' }],
    ['of a type initialiser', '   at A.B..cctor()', { module: 'A.B', function: '.cctor' }],
    ['of a lambda in a constructor', '   at A.<>c.<.ctor>b__0_1(X x)', { module: 'A.<>c', function: '<.ctor>b__0_1' }],
    ['of compiled expressions', '   at lambda_method12(Closure , Object )', { function: 'lambda_method12' }],
    [
      'of a test with blanks in its name',
      '   at A.adds two numbers() in /t.fs:line 3',
      { module: 'A', function: 'adds two numbers', file: '/t.fs', line: 3 },
    ],
    [
      'with text of the layout behind it',
      '   at A.B.C() in /x.cs:line 3|url: http://h/',
      { module: 'A.B', function: 'C', file: '/x.cs', line: 3 },
    ],
    [
      'compiled ahead of time',
      '   at A.B.C(String) + 0x1c in /x.cs:line 3',
      { module: 'A.B', function: 'C', file: '/x.cs', line: 3 },
    ],
    [
      'of Mono, its file unknown',
      '  at A.B.C (System.String[] x) [0x0001f] in <0a1b>:0 ',
      { module: 'A.B', function: 'C' },
    ],
  ] as const) {
    it(`reads a frame ${name}`, () => expect(csharp.find(`A.BException: x\n${line}\n`, 0)?.frames).toEqual([expected]))
  }

  for (const [name, text] of [
    ['a sentence that only mentions one', 'Error rate 0%; System.Exception: none'],
    ['one frame that a sentence mentions', 'slow\n   at Acme.A.B(String id)\nreally'],
    ['places and remarks', 'x\n   at smtp.example.com:25 (retry 3)\n   at example.com (index 0)\n   at noon (really)'],
    [
      'the frames of Java',
      'x\n\tat com.acme.A.b(A.java:1)\n\tat com.acme.A.c(Native Method)\n\tat a.B.c(Unknown Source)',
    ],
    [
      'the frames of Node.js',
      'x\n    at f (a.js:1:2)\n    at Object.<anonymous> (/a.js:1:2)\n    at async Promise.all (index 0)',
    ],
    ['the log message that an error is unhandled', 'Unhandled exception on /pay: 3 times'],
  ] as const) {
    it(`does not take ${name}`, () => expect(csharp.find(text, 0)).toBeUndefined())
  }

  it('finds the second traceback where the first ends', () => {
    const text = `A.BException: x\n${frame}C.DException: y\n${frame}`
    const first = csharp.find(text, 0)
    expect(first).toMatchObject({ kind: 'A.BException', message: 'x' })
    expect(csharp.find(text, first?.end ?? 0)).toMatchObject({ kind: 'C.DException', message: 'y' })
  })

  it('takes only what carries the mark of the runtime for uncaught', () => {
    const uncaught = (head: string) => csharp.find(`${head}System.IO.IOException: x\n${frame}`, 0)?.uncaught
    expect(['Unhandled exception. ', 'Unhandled Exception: ', 'Fatal error. ', ''].map(uncaught)).toEqual([
      true,
      true,
      true,
      false,
    ])
  })

  it('gives the same frames for the same print, and does not mix those of two', () => {
    const one = csharp.find(`A.BException: x\n${frame}${frame}`, 0)
    const other = csharp.find(
      `A.BException: x\n${frame}${frame}--- End of stack trace from previous location ---\n${frame}`,
      0,
    )
    expect([one?.frames.length, other?.frames.length]).toEqual([2, 3])
    expect(csharp.find(`A.BException: y\n${frame}${frame}`, 0)?.frames[0]).toBe(one?.frames[0])
  })
})

describe('a stored .NET stack', () => {
  for (const [name, text, kind, message] of [
    ['takes a header alone', 'A.BException: x', 'A.BException', 'x'],
    ['takes a header without a namespace', 'OrderException: x', 'OrderException', 'x'],
    ['takes what the runtime printed', `Unhandled exception. A.BException: x\n${frame}`, 'A.BException', 'x'],
    ['takes a stack in one line', 'Gone.Away: x    at A.B.C()    at A.B.D() in /x.cs:line 3', 'Gone.Away', 'x'],
    ['takes a chain alone', 'A.BException: x ---> C.DException: y', 'A.BException', 'x'],
  ] as const) {
    it(name, () => expect(csharp.read(text)).toMatchObject({ kind, message, start: 0, end: text.trimEnd().length }))
  }

  for (const text of ['', '\n \n', 'boom', 'Note: it went well\nreally', 'Error: x\n    at f (a.js:1:2)']) {
    it(`does not take ${JSON.stringify(text)}`, () => expect(csharp.read(text)).toBeUndefined())
  }
})

/** How many of the lines belong to the traceback that the first one begins; 0 when it begins none. */
function followed(lines: readonly string[]): number {
  const [first = '', ...rest] = lines
  const follower = csharp.follow(first)
  if (follower === undefined) return 0
  const end = rest.findIndex((line) => !follower.takes(line))
  return end < 0 ? lines.length : end + 1
}

describe('following a .NET traceback line by line', () => {
  const at = frame.trimEnd()
  const head = 'Unhandled exception. System.InvalidOperationException: x'
  const JAPANESE = '   \u5834\u6240 Acme.Shop.Sell(String s) \u5834\u6240 C:\\src\\Shop.cs:\u884c 11'
  const inner = '   --- End of inner exception stack trace ---'
  for (const [name, lines, taken] of [
    ['takes frames and inner exceptions', [head, ' ---> A.BException: y', at, inner, at], 5],
    ['takes an inner exception in the header', [`${head} ---> A.BException: y`, at, 'Error Number:1', inner, at], 5],
    [
      'takes what an aggregate lists',
      [head, at, '---> (Inner Exception #0) A.B: y', `${at}<---`, '', '---> (Inner Exception #1) A.B: z', at],
      7,
    ],
    [
      'takes the ends of an aggregate in an aggregate',
      [head, at, '---> (Inner Exception #0) A.B: y', `${at}<---`, '<---', '', '---> (Inner Exception #1) A.B: z', at],
      8,
    ],
    ['takes the end of what a service quotes', [head, at, '   ...).', at], 4],
    ['takes frames in Japanese, decoded or not', [head, JAPANESE, Buffer.from(JAPANESE).toString('latin1')], 3],
    ['takes a place where it was thrown again', [head, at, '--- End of stack trace from previous location ---', at], 4],
    [
      'takes the blank line that Mono prints there',
      [head, at, '--- End of stack trace from previous location where exception was thrown ---', '', at],
      5,
    ],
    ['takes any line of the message of a crash', [head, 'Second line', '', 'Third', at], 5],
    ['takes the header on the next line', ['Unhandled Exception:', 'A.BException: x', at], 3],
    [
      'takes the repetitions of a stack that ran over',
      [
        'Stack overflow.',
        at,
        'Repeat 9 times:',
        '--------------------------------',
        at,
        '--------------------------------',
        at,
      ],
      7,
    ],
    ['takes what goes on with a printed message', ['A.BException: x', 'Parameter name: y', at], 3],
    ['takes what an open end announces', ['A.BException: x:', 'Table T', at], 3],
    ['leaves a log line behind the header', [head, '2026-03-02 08:14:07 INFO up'], 1],
    ['leaves a sentence behind a printed exception', ['A.BException: x', 'Server started'], 1],
    ['leaves what follows the frames', [head, at, 'job done'], 2],
    ['leaves a blank line behind the frames', [head, at, '', at], 2],
    ['leaves the next crash', [head, at, head, at], 2],
    ['does not begin at a sentence', ['Failed: x', at], 0],
    ['does not begin at a class', ['Acme.Shop.Orders: up', at], 0],
    ['does not begin at a log line', ['2026-03-02 ERROR A.BException: x', at], 0],
  ] as const) {
    it(name, () => expect(followed(lines)).toBe(taken))
  }

  it('interrupts a record only where the runtime speaks', () => {
    const lines = [
      head,
      'Unhandled Exception:',
      'Stack overflow.',
      'A.BException: x',
      at,
      inner,
      'Unhandled exception on /pay',
    ]
    expect(lines.map((line) => csharp.interrupts(line))).toEqual([true, true, true, false, false, false, false])
  })
})

describe('whatever the text', () => {
  const piece = fc.constantFrom(
    ...[
      'System.InvalidOperationException',
      'Acme.Outer+Gone',
      'MyException',
      'A.B`1[System.String]',
      ': x',
      ': ',
      ' (0x80004005)',
    ],
    ...[
      'Unhandled exception. ',
      'Unhandled Exception:',
      'FATAL UNHANDLED EXCEPTION: ',
      'Stack overflow.',
      'Process terminated.',
    ],
    ...[
      ' ---> ',
      '---> (Inner Exception #0) ',
      ' ---> (Inner Exception #1) ',
      '<---',
      '   --- End of inner exception stack trace ---',
    ],
    ...[
      '--- End of stack trace from previous location ---',
      '   at A.B.C(String s) in /x.cs:line 3',
      '  at A.B.C () [0x0] in <a>:0 ',
    ],
    ...[
      '   bei A.B.C() in C:\\x.cs:Zeile 3.',
      '   at A.B.C()',
      '   at ',
      '|',
      '\n',
      '\r\n',
      '\n\n',
      '    ',
      'ClientConnectionId:1',
      '(',
      ')',
      '"',
    ],
  )
  itBearsAnyText(csharp, textsOf(piece), 2000)

  it('takes time linear in the text', () => {
    const slow: string[] = []
    for (const unit of [
      ...[
        'a.',
        'at ',
        '   at a.b(',
        '   at a.b(\n',
        ' ---> ',
        ' ---> A.B: x',
        '|MyException: x',
        'Exceptional: x ',
        '<---',
        '    at ',
      ],
      ...[
        'A.BException\nx\n',
        'A.BException: x\n',
        '---> (Inner Exception #1) A.B: x\n',
        frame,
        `x\n${frame}`,
        '   at x\n',
        'A.B[',
        ' in x:',
      ],
    ]) {
      const hostile = `System.Exception: x ${unit.repeat(Math.ceil(300_000 / unit.length))}`
      const began = processorMs()
      csharp.find(hostile, 0)
      csharp.read(hostile)
      if (processorMs() - began > 3000) slow.push(unit)
    }
    expect(slow).toEqual([])
  })
})
