import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Value } from '../../src/core/shapes.js'
import type { ReadTraceback } from '../../src/remap/processor.js'
import { readStructuredError } from '../../src/remap/structured-error.js'

const blind: ReadTraceback = () => undefined

describe('an error written as an object', () => {
  it('of log4j has its class, its elided frames back, and its causes', () => {
    const read = readStructuredError(
      {
        commonElementCount: 0,
        localizedMessage: 'cannot place',
        message: 'cannot place',
        name: 'com.acme.OrderException',
        extendedStackTrace: [
          { class: 'com.acme.Orders', method: 'place', file: 'Orders.java', line: 41, exact: true },
          { class: 'com.acme.Main', method: 'main', file: 'Main.java', line: 7, exact: true },
        ],
        cause: {
          commonElementCount: 1,
          message: 'timeout',
          name: 'java.io.IOException',
          extendedStackTrace: [{ class: 'sun.nio.Net', method: 'poll', line: -2, exact: false }],
        },
      },
      blind,
      ['java'],
    )
    expect(read?.traceback).toMatchObject({
      language: 'java',
      kind: 'com.acme.OrderException',
      message: 'cannot place',
      frames: [
        { module: 'com.acme.Orders', function: 'place', file: 'Orders.java', line: 41 },
        { module: 'com.acme.Main', function: 'main', file: 'Main.java', line: 7 },
      ],
      causes: [
        {
          kind: 'java.io.IOException',
          message: 'timeout',
          frames: [
            { module: 'sun.nio.Net', function: 'poll', file: 'Native Method' },
            { module: 'com.acme.Main', function: 'main' },
          ],
        },
      ],
    })
    expect(read?.stack.split('\n')).toEqual([
      'com.acme.OrderException: cannot place',
      '\tat com.acme.Orders.place(Orders.java:41)',
      '\tat com.acme.Main.main(Main.java:7)',
      'Caused by: java.io.IOException: timeout',
      '\tat sun.nio.Net.poll(Native Method)',
      '\t... 1 more',
    ])
    expect(read?.traceback.end).toBe(read?.stack.length)
  })

  it('of structlog is a list, outermost first, laid out as Python prints it', () => {
    const frame = { filename: '/app/shop.py', lineno: 3, name: 'place' }
    const read = readStructuredError(
      [
        { exc_type: 'OrderError', exc_value: 'no', frames: [frame] },
        { exc_type: 'KeyError', exc_value: "'x'", frames: [frame] },
      ],
      blind,
    )
    expect(read?.traceback).toMatchObject({ kind: 'OrderError', message: 'no', causes: [{ kind: 'KeyError' }] })
    expect(read?.stack).toContain(
      'Traceback (most recent call last):\n  File "/app/shop.py", line 3, in place\nOrderError: no',
    )
  })

  for (const [name, value, expected] of [
    [
      'of zerolog is a list of frames',
      [{ func: 'place', line: '33', source: 'orders.go' }],
      { frames: [{ function: 'place', file: 'orders.go', line: 33 }] },
    ],
    [
      'of Monolog lists places as text, its own first',
      {
        class: 'App\\Boom',
        message: 'm',
        code: 0,
        file: '/a.php:3',
        trace: ['/b.php:9'],
        previous: { class: 'Root', message: 'r' },
      },
      {
        kind: 'App\\Boom',
        frames: [
          { file: '/a.php', line: 3 },
          { file: '/b.php', line: 9 },
        ],
        causes: [{ kind: 'Root', message: 'r' }],
      },
    ],
    [
      'of Quarkus is named by exceptionType',
      { exceptionType: 'a.B', message: 'm', frames: [{ class: 'a.C', method: 'd', line: 1 }] },
      { kind: 'a.B', frames: [{ module: 'a.C', function: 'd', line: 1 }] },
    ],
    [
      'without a stack still has a kind',
      { type: 'TypeError', message: 'x is not a function' },
      { kind: 'TypeError', frames: [] },
    ],
  ] as const)
    it(name, () => expect(readStructuredError(value as unknown as Value, blind)?.traceback).toMatchObject(expected))

  for (const [name, value, expected] of [
    [
      'of tslog lists places in parts',
      {
        name: 'TypeError',
        message: 'no',
        stack: [{ fileName: 'web.js', filePath: 'lib/web.js', fileLine: '7', fileColumn: '3', method: 'Object.get' }],
      },
      { frames: [{ function: 'Object.get', file: 'lib/web.js', line: 7, column: 3 }] },
    ],
    [
      'of Sentry has its frames in an object of their own',
      {
        type: 'KeyError',
        value: "'x'",
        stacktrace: { frames: [{ filename: '/a.py', lineno: 3, function: 'f' }], registers: {} },
      },
      { kind: 'KeyError', message: "'x'", frames: [{ file: '/a.py', line: 3 }] },
    ],
    [
      'of Serilog is a list by depth',
      [
        { Depth: 0, ClassName: 'A.B', Message: 'm', StackTraceString: '  at A.C()' },
        { Depth: 1, ClassName: 'A.Root', Message: 'r', StackTraceString: '  at A.D()' },
      ],
      { kind: 'A.B', message: 'm' },
    ],
  ] as const)
    it(name, () => {
      const read: ReadTraceback = (text, how, names) =>
        text.includes('at A.')
          ? { language: 'csharp', frames: [{ function: 'A' }], causes: [], start: 0, end: 1, uncaught: false }
          : blind(text, how, names)
      expect(readStructuredError(value as unknown as Value, read)?.traceback).toMatchObject(expected)
    })

  it('takes the kind that its stack qualifies, and the message that pino did not join with those of the causes', () => {
    const read: ReadTraceback = () => ({
      language: 'python',
      kind: 'shop.Gone',
      message: 'gone',
      frames: [],
      causes: [],
      start: 0,
      end: 1,
      uncaught: false,
    })
    const stack = 'shop.Gone: gone'
    expect(readStructuredError({ type: 'Gone', message: 'gone: why', stack }, read)?.traceback).toMatchObject({
      kind: 'shop.Gone',
      message: 'gone',
    })
    expect(readStructuredError({ type: 'Other', message: 'mine', stack }, read)?.traceback).toMatchObject({
      kind: 'Other',
      message: 'mine',
    })
  })

  it('has its frames named by the language that reads its stack', () => {
    const read: ReadTraceback = (text) => ({
      language: 'ruby',
      kind: 'ignored, since the object names its own',
      frames: text.split('\n').map((line) => ({ file: line, in_app: true })),
      causes: [],
      start: 0,
      end: text.length,
      uncaught: false,
    })
    const value = { name: 'Orders::Conflict', message: 'm', stack_trace: ["a.rb:1:in 'x'", "b.rb:2:in 'y'"] }
    expect(readStructuredError(value, read)?.traceback).toMatchObject({
      language: 'ruby',
      kind: 'Orders::Conflict',
      frames: [{ file: "a.rb:1:in 'x'", in_app: true }, { file: "b.rb:2:in 'y'" }],
    })
  })

  it('of Log4j 2 in XML has its frames as the only thing in an element', () => {
    const item = (line: string) => ({ class: 'com.acme.Shop', method: 'place', file: 'Shop.java', line })
    for (const [items, lines] of [
      [
        [item('41'), item('7')],
        [41, 7],
      ],
      [item('41'), [41]],
    ] as const) {
      const value = { name: 'a.B', message: 'm', ExtendedStackTrace: { ExtendedStackTraceItem: items } } as Value
      expect(readStructuredError(value, blind)?.traceback.frames.map(({ line }) => line)).toEqual(lines)
    }
  })

  it('of JBoss has its cause in an object of its own', () => {
    const frames = [{ class: 'com.acme.Shop', method: 'place', line: 41 }]
    const value = {
      exceptionType: 'a.B',
      message: 'm',
      frames,
      causedBy: { exception: { exceptionType: 'a.C', message: 'n', frames } },
    }
    expect(readStructuredError(value, blind)?.traceback).toMatchObject({
      kind: 'a.B',
      causes: [{ kind: 'a.C', message: 'n' }],
    })
  })

  it('that is the cause of its own cause is named once', () => {
    const frames = [{ class: 'com.acme.Shop', method: 'place', line: 41 }]
    const value = {
      name: 'a.B',
      message: 'm',
      frames,
      cause: { name: 'a.C', frames, cause: { name: 'a.B', message: 'm' } },
    }
    expect(readStructuredError(value, blind)?.traceback.causes.map(({ kind }) => kind)).toEqual(['a.C'])
  })

  it('is nothing when there is neither a kind nor a frame', () => {
    for (const value of [{}, [], { a: 1 }, 'text', 3, [{ a: 1 }, 'x']])
      expect(readStructuredError(value as Value, blind)?.traceback.frames ?? []).not.toContainEqual({ file: 'x' })
    expect(readStructuredError({ code: 1 }, blind)).toBeUndefined()
  })

  it('throws on no JSON', () => {
    const words = fc.constantFrom(
      'class',
      'stack',
      'frames',
      'cause',
      'line',
      'file',
      'name',
      'message',
      'commonFrames',
    )
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(words, tie('node'), { maxKeys: 5 }),
      ),
    })).node as fc.Arbitrary<Value>
    fc.assert(fc.property(value, (one) => readStructuredError(one, blind) !== null))
  })
})
