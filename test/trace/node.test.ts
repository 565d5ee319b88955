import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { node } from '../../src/trace/node.js'
import { processorMs } from '../processor.js'

const folder = new URL('../fixtures/trace/nodejs/', import.meta.url)
const fixtures = readdirSync(folder).flatMap((file) => (file.endsWith('.txt') ? [file.slice(0, -4)] : []))
const textOf = (name: string) => readFileSync(new URL(`${name}.txt`, folder), 'utf8')

describe('the fixtures of Node.js', () => {
  for (const name of fixtures) {
    it(name, () => {
      const expected: unknown = JSON.parse(readFileSync(new URL(`${name}.expected.json`, folder), 'utf8'))
      expect(name.startsWith('read-') ? node.read(textOf(name)) : node.find(textOf(name), 0)).toEqual(expected)
    })
  }

  it('each hold one of the hints', () => {
    for (const name of fixtures.filter((name) => !name.startsWith('read-')))
      expect(
        node.hints.some((hint) => textOf(name).includes(hint)),
        name,
      ).toBe(true)
  })
})

const AT = '    at f (/a/b.js:1:2)'

describe('the header', () => {
  for (const [what, text, kind, message] of [
    ['stands behind a log message', `GET /x failed TypeError: no\n${AT}`, 'TypeError', 'no'],
    ['may lack a name that ends in Error', `GET /x failed OrderConflict: twice\n${AT}`, 'OrderConflict', 'twice'],
    ['is not the label before it', `Failed: RangeError: far\n${AT}`, 'RangeError', 'far'],
    ['is not the class that logs', `TillService: RangeError: far\n${AT}`, 'RangeError', 'far'],
    ['is the outer of two names', `Error: TypeError: no\n${AT}`, 'Error', 'TypeError: no'],
    ['loses its code', `TypeError [ERR_INVALID_URL]: Invalid URL\n${AT}`, 'TypeError', 'Invalid URL'],
    ['may be a name alone', `x Error\n${AT}`, 'Error', undefined],
    ['may be qualified', `assert.AssertionError: no\n${AT}`, 'assert.AssertionError', 'no'],
    ['may be the lower-case one of node-postgres', `error: no such table\n${AT}`, 'error', 'no such table'],
    ['may be that one behind a log message', `query failed error: no such table\n${AT}`, 'error', 'no such table'],
    ['keeps the lines of its message', `Error: a\n  b\n\nc\n${AT}`, 'Error', 'a\n  b\n\nc'],
    ['stands on the line after the log message', `2026 error: GET /x\nTillError: no\n${AT}`, 'TillError', 'no'],
    ['is not a word of the log message', `Error rate 0; see Trouble\nTillError: no\n${AT}`, 'TillError', 'no'],
    ['follows Uncaught', `Uncaught TypeError: no\n${AT}`, 'TypeError', 'no'],
    ['may be alone on the second line', 'closing failed\nAggregateError: all failed', 'AggregateError', 'all failed'],
    ['may be missing', AT, undefined, undefined],
    [
      'names the class whose static method made the error',
      'Error: x\n    at TillError.from (/a.js:1:2)',
      'TillError',
      'x',
    ],
  ] as const) {
    it(what, () => {
      const found = node.find(text, 0)
      expect([found?.kind, found?.message]).toEqual([kind, message])
    })
  }

  for (const [what, text] of [
    ['a mention without frames', 'Error rate: 0%; TypeError: none seen'],
    ['a trace that is no error', `Trace: here\n${AT}`],
    ['a warning of the runtime', `(node:7) MaxListenersExceededWarning: leak\n${AT}`],
    ['frames of Java', 'java.io.IOException: x\n\tat com.acme.A.b(A.java:12)'],
    ['frames of .NET', 'System.Exception: x\n   at Acme.A.B(String s) in /a/b.cs:line 12'],
    ['times of day', 'Error: shop opens\n    at 10:30:15'],
    ['an address', 'Error: shop opens\n    at http://192.0.2.7:8080'],
    ['calls of Java without a blank', 'Error: x\n\tat com.acme.A.b(A.java:12)\n\tat com.acme.A.c(Native Method)'],
  ] as const) {
    it(`is not found in ${what}`, () => expect(node.find(text, 0)).toBeUndefined())
  }
})

describe('a frame', () => {
  for (const [printed, frame] of [
    ['at #save (/a b/(c)/x.js:1:2)', { function: '#save', file: '/a b/(c)/x.js', line: 1, column: 2 }],
    ['at /a/x.js:1:2', { file: '/a/x.js', line: 1, column: 2 }],
    ['at async Promise.all (index 0)', { function: 'Promise.all' }],
    ['at new Foo (file:///a/x.mjs:1:2)', { function: 'new Foo', file: 'file:///a/x.mjs', line: 1, column: 2 }],
    ['at JSON.parse (<anonymous>)', { function: 'JSON.parse' }],
    ['at async C:\\a b\\x.js:1:2', { file: 'C:\\a b\\x.js', line: 1, column: 2 }],
    ['at Socket.<anonymous> (node:net:1:2)', { function: 'Socket.<anonymous>', file: 'node:net', line: 1, column: 2 }],
    ['at eval (eval at f (/a.js:3:4), named.js:1:2)', { function: 'eval', file: 'named.js', line: 1, column: 2 }],
    [
      'at g (eval at f (eval at e (/a.js:3:4)), <anonymous>:1:2)',
      { function: 'g', file: 'eval at f (eval at e (/a.js:3:4))', line: 1, column: 2 },
    ],
    ['at g (eval at f (native), <anonymous>:1:2)', { function: 'g', file: 'eval at f (native)', line: 1, column: 2 }],
    ['at eval code (eval code:1:2)', { function: 'eval code', file: 'eval code', line: 1, column: 2 }],
    ['at f(/a/x.js:1:2)', { function: 'f', file: '/a/x.js', line: 1, column: 2 }],
    ['at [].map(<anonymous>)', { function: '[].map' }],
    ['at f (address at main.jsbundle:1:2)', { function: 'f', file: 'main.jsbundle', line: 1, column: 2 }],
    ['at f (async https://till.example/:1:2)', { function: 'f', file: 'https://till.example/', line: 1, column: 2 }],
    ['at A::b(int) const (/x.wasm:wasm-function[3]:0x1f)', { function: 'A::b(int) const', file: '/x.wasm' }],
    ['at wasm://wasm/0f1e:wasm-function[3]:0x1f', { function: 'wasm-function[3]', file: 'wasm://wasm/0f1e' }],
    ['at f (data:text/javascript,throw (1):1:7)', { function: 'f', file: 'data:text/javascript', line: 1, column: 7 }],
    ['at data:text/javascript;base64,dGhyb3cgMQ==:1:7', { file: 'data:text/javascript', line: 1, column: 7 }],
    ['at f (/a/x.js)', { function: 'f', file: '/a/x.js' }],
    ['at https://till.example/x.js:12', { file: 'https://till.example/x.js', line: 12 }],
    ['at f (ext:core/01_core.js:1:2)', { function: 'f', file: 'ext:core/01_core.js', line: 1, column: 2 }],
    ['at bun:main:1:2', { file: 'bun:main', line: 1, column: 2 }],
    [
      'at new Foo (https://till.example/x.js:1:2',
      { function: 'new Foo', file: 'https://till.example/x.js', line: 1, column: 2 },
    ],
    ['at C:\\Program Files (x86)\\x.js:1:2', { file: 'C:\\Program Files (x86)\\x.js', line: 1, column: 2 }],
    [
      'at f@safari-web-extension:(//1f/x.js:1:2)',
      { function: 'f', file: 'safari-web-extension://1f/x.js', line: 1, column: 2 },
    ],
  ] as const) {
    it(printed, () => expect(node.find(`Error: x\n    ${printed}`, 0)?.frames).toEqual([frame]))
  }
})

describe('a frame without a place', () => {
  const stack = (...lines: string[]) => ['Error: x', ...lines].join('\n')
  for (const [printed, name] of [
    ['at applyAll', 'applyAll'],
    ['at async Cart.pay', 'Cart.pay'],
    ['at new Cart', 'new Cart'],
    ['at Cart.pay [as settle]', 'Cart.pay [as settle]'],
  ] as const)
    it(`is one behind a frame: ${printed}`, () => {
      const text = stack(AT, `    ${printed}`, AT)
      expect(node.find(text, 0)?.frames.map((frame) => frame.function)).toEqual(['f', name, 'f'])
      expect(group(`${text}\nfine`)).toEqual([4, 1])
    })
  it('is none anywhere else', () => {
    expect(node.find(stack('    at applyAll'), 0)).toBeUndefined()
    expect(node.find(stack(AT, '    at 10 past noon'), 0)?.frames).toHaveLength(1)
    expect(node.find(stack(AT, 'at home'), 0)?.frames).toHaveLength(1)
  })
})

describe('a stack field', () => {
  for (const [what, stack, kind, frames] of [
    ['with a name of two words', `Not Found: /x\n${AT}`, 'Not Found', 1],
    ['with a name that is a label elsewhere', `Failed: TypeError: x\n${AT}`, 'Failed', 1],
    ['without a header', `${AT}\n${AT}`, undefined, 2],
    ['that is a header alone', 'AggregateError: all failed', 'AggregateError', 0],
    ['that starts with an excerpt', `r.js:1\na +* b\n   ^\n\nSyntaxError: no\n${AT}`, 'SyntaxError', 1],
  ] as const) {
    it(what, () => {
      const read = node.read(`${stack}\n`)
      expect([read?.kind, read?.frames.length, read?.start, read?.end]).toEqual([kind, frames, 0, stack.length])
    })
  }
  it('is refused when it is no stack', () => expect(node.read('all is well')).toBeUndefined())
  it('of a vm script is not uncaught for its excerpt', () => {
    expect(node.read(`r.js:1\nx\n^\n\nReferenceError: x\n${AT}`)?.uncaught).toBe(false)
  })
})

/** The entries that followers make of lines, as counts of lines. */
function group(text: string): number[] {
  const counts: number[] = []
  let follower: ReturnType<typeof node.follow>
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (follower?.takes(line)) {
      counts.push((counts.pop() ?? 0) + 1)
      if (follower.complete) follower = undefined
      continue
    }
    counts.push(1)
    follower = node.follow(line)
  }
  return counts
}

describe('the follower', () => {
  for (const name of [
    'plain',
    'uncaught',
    'uncaught-properties-and-cause',
    'aggregate',
    'assertion-diff',
    'vm-script',
  ]) {
    it(`takes the whole of ${name} and nothing after it`, () => {
      const text = textOf(name).replace(/\n$/, '')
      const lines = text.split('\n').length
      expect(group(`before\n${text}\nafter: 1\n  next`)).toEqual([1, lines, 1, 1])
    })
  }
  it('takes the value and the end of what is thrown without being an error', () => {
    expect(group(`before${textOf('thrown-string')}after`)).toEqual([1, 7, 1])
  })
  it('leaves lines that only mention an error alone', () => {
    expect(group('Error rate: 0%; TypeError: none seen\nselect id\nfine')).toEqual([1, 1, 1])
  })
  it('takes a stack behind a line that mentions a file', () => {
    expect(group(`loaded /a/b.js:80\nTypeError: no\n${AT}\n${AT}\nfine`)).toEqual([4, 1])
  })
  it('is complete after the last line of the runtime', () => {
    const follower = node.follow('/a/b.js:1')
    const taken = ['throw 1', '^', '', 'Error: x', AT, '', 'Node.js v20.19.0'].map((line) => follower?.takes(line))
    expect([taken.every(Boolean), follower?.complete]).toEqual([true, true])
  })
})

describe('what Node.js prints of an error that nobody listened to', () => {
  const text = [
    'node:events:497',
    '      throw er; // Unhandled',
    '      ^',
    '',
    'Error: listen EADDRINUSE: address already in use :::80',
    '    at Server.listen (node:net:1908:16)',
    "Emitted 'error' event on Server instance at:",
    '    at emitErrorNT (node:net:1887:8) {',
    "  code: 'EADDRINUSE',",
    '  [cause]: RangeError: x',
    '      at f (/a/b.js:1:2)',
    '}',
    '',
    'Node.js v20.19.0',
  ].join('\n')

  it('is one error, whose frames are those of where it was raised', () => {
    expect(group(text)).toEqual([14])
    expect(node.find(text, 0)).toMatchObject({
      kind: 'Error',
      message: 'listen EADDRINUSE: address already in use :::80',
      frames: [{ function: 'Server.listen', line: 1908 }],
      causes: [{ kind: 'RangeError' }],
      uncaught: true,
    })
  })
  it('is no part of the message of an error without frames', () => {
    const bare = text.replace('    at Server.listen (node:net:1908:16)\n', '')
    expect(node.find(bare, 0)?.message).toBe('listen EADDRINUSE: address already in use :::80')
  })
  it('goes on with where it was thrown (--trace-uncaught)', () => {
    const traced = text.replace('\n\nNode.js', `\nThrown at:\n${AT}\n\nNode.js`)
    expect(group(traced)).toEqual([16])
  })
  it('stands right below the caret when it comes from a worker', () => {
    const worker = `node:internal/event_target:1105\n  process.nextTick(() => { throw err; });\n   ^\nTypeError [Error]: a\n\nb\n${AT}\n\nNode.js v20.19.0`
    expect(group(worker)).toEqual([9])
    expect(node.find(worker, 0)).toMatchObject({ kind: 'TypeError', message: 'a\n\nb', start: 0, uncaught: true })
  })
})

describe('a promise and its reason on the console', () => {
  it('are one entry', () => {
    const text = `Unhandled Rejection at: Promise {\n  <rejected> TypeError: no\n      at f (/a/b.js:1:2)\n} reason: TypeError: no\n${AT}`
    expect(group(`${text}\nfine`)).toEqual([5, 1])
  })
})

describe('lines below a header', () => {
  /** For each line whether it was taken, and whether that was in doubt. */
  const doubts = (...lines: string[]) => {
    const [first = '', ...others] = lines
    const follower = node.follow(first)
    return others.map((line) => [follower?.takes(line), follower?.doubtful])
  }

  it('are in doubt until a frame comes', () => {
    expect(doubts('Error: a:', 'b', '', AT, 'fine')).toEqual([
      [true, true],
      [true, true],
      [true, false],
      [false, false],
    ])
  })
  it('are its message without doubt when they are indented', () => {
    expect(doubts('Error: a:', '  b', AT)).toEqual([
      [true, false],
      [true, false],
    ])
  })
  for (const line of [
    '2026-11-20 10:15:32 fine',
    'INFO fine',
    '{"level":30}',
    'TillError: b',
    'x TillError: b',
    '/a/b.js:1',
  ])
    it(`end it at ${line}`, () => expect(doubts('Error: a:', 'b', line).at(-1)?.[0]).toBe(false))
  it('are no message where a line only mentions an error', () => {
    expect(doubts('retry after TypeError: x', 'b')).toEqual([[false, false]])
    expect(doubts('Query failed: TypeError: x', 'b')).toEqual([[true, true]])
  })
  it('are not waited for without end', () => {
    const taken = doubts('Error: a', ...Array.from({ length: 60 }, () => 'b')).map(([took]) => took)
    expect(taken.indexOf(false)).toBe(40)
  })
})

describe('a line that ends the record before it', () => {
  for (const [line, interrupts] of [
    ['node:internal/process/promises:394', true],
    ['(node:7) UnhandledPromiseRejectionWarning: Error: x', true],
    ['/opt/till/main.js:7', false],
    ['Error: x', false],
    [AT, false],
  ] as const) {
    it(`${line}: ${interrupts}`, () => expect(node.interrupts(line)).toBe(interrupts))
  }
})

describe('any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'Error: x',
      AT,
      `${AT} {`,
      '}',
      '  [cause]: Error: y',
      '  [errors]: [',
      '[Error: z] {',
      '',
      '  ^',
      '/a.js:1',
    ),
    fc.constantFrom(
      'Node.js v20.1.0',
      '    ... 3 lines matching cause stack trace ...',
      'caused by: Error: w',
      '(Use `node --trace-uncaught ...`',
      'f@https://till.example/x.js:1:2',
      'https://till.example/x.js:1:2',
      'eval code',
      'f@[native code]',
    ),
    fc.string({ maxLength: 20 }),
  )
  it('gives tracebacks that lie within it, in order, and none twice', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = lines.join(end)
        let from = 0
        for (let found = node.find(text, from); found; found = node.find(text, from)) {
          expect(found.start).toBeGreaterThanOrEqual(from)
          expect(found.end).toBeGreaterThan(found.start)
          expect(found.end).toBeLessThanOrEqual(text.length)
          from = found.end
        }
        node.read(text)
        const follower = node.follow(lines[0] ?? '')
        for (const line of lines.slice(1)) if (!follower?.takes(line)) break
      }),
      { numRuns: 500 },
    )
  })

  it('takes time that grows with it, not with its square', () => {
    for (const unit of [
      'Error: ',
      'Aa',
      '    at x (',
      ' (/',
      '    at eval (eval at f (',
      'f@http://',
      'promise callback*',
      'f@https://till.example/x.js:1:2\n',
      ' > eval',
      '[Error: ',
      'é',
      'a.',
      '\\n    at ',
      "'",
      '    at f (/a.js:1:2) {\n',
      '\n',
    ]) {
      const text = unit.repeat(Math.ceil(400_000 / unit.length))
      const started = processorMs()
      node.find(text, 0)
      node.read(text)
      node.follow(text)
      expect(processorMs() - started, JSON.stringify(unit)).toBeLessThan(5000)
    }
  })
})
