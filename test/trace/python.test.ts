import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { python } from '../../src/trace/python.js'
import { itBearsAnyText, linesOf, takenBy } from './any-text.js'

const fixtures = new URL('../fixtures/trace/python/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(name, fixtures), 'utf8')

describe('Python tracebacks in a text', () => {
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith('.txt'))) {
    it(`reads ${name.slice(0, -4)}`, () => {
      const text = fixture(name)
      const result = name.startsWith('read-') ? python.read(text) : python.find(text, 0)
      expect(result).toEqual(JSON.parse(fixture(name.replace('.txt', '.expected.json'))))
    })

    if (!name.startsWith('read-')) {
      it(`has a hint for ${name.slice(0, -4)}`, () => {
        expect(python.hints.some((hint) => fixture(name).includes(hint))).toBe(true)
      })
    }
  }

  const frame = '  File "/srv/a.py", line 3, in f\n    g()\n'
  for (const [name, text, kind, message] of [
    ['takes a kind without a message', `${frame}AssertionError`, 'AssertionError', undefined],
    ['takes an empty message as none', `${frame}ValueError: `, 'ValueError', undefined],
    ['takes a qualified kind', `${frame}a.b.Gone: x: y`, 'a.b.Gone', 'x: y'],
    ['takes a class defined in a function', `${frame}a.f.<locals>.Gone: x`, 'a.f.<locals>.Gone', 'x'],
    ['leaves out the module of the script', `${frame}__main__.Gone: x`, 'Gone', 'x'],
    ['keeps a quoted key', `${frame}KeyError: 'a b'`, 'KeyError', "'a b'"],
    ['keeps the lines of a message', `${frame}ValueError: a\n\nb\n  c\n\n`, 'ValueError', 'a\n\nb\n  c'],
    ['does not take a log level for a kind', `${frame}ERROR: disk full`, undefined, undefined],
    [
      'leaves out what the printer suggests',
      `${frame}NameError: name 'a' is not defined. Did you mean: 'b'?`,
      'NameError',
      "name 'a' is not defined",
    ],
    [
      'keeps a question that a message asks',
      `${frame}ValueError: lost. Did you mean: 'b'?`,
      'ValueError',
      "lost. Did you mean: 'b'?",
    ],
    ['takes an exception without frames', 'ValueError: x', 'ValueError', 'x'],
  ] as const) {
    it(name, () => {
      const found = python.find(`Traceback (most recent call last):\n${text}`, 0)
      expect({ kind: found?.kind, message: found?.message }).toEqual({ kind, message })
    })
  }

  it('takes a cause that was never raised, and says nothing, without a message', () => {
    const found = python.find(
      `a.RemoteError: \n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n${frame}ValueError: x\n`,
      0,
    )
    expect(found?.causes).toEqual([{ kind: 'a.RemoteError', frames: [] }])
  })

  for (const [name, text] of [
    ['a message that only mentions one', 'no "Traceback (most recent call last):" was seen'],
    ['a header at the end of the text', 'x Traceback (most recent call last):'],
    ['a header with something else below', 'Traceback (most recent call last):\nINFO: started\n'],
    ['the message of logging.exception outside an except', 'NoneType: None'],
    ['a level named like an error', 'SyntaxError: in rule 7'],
  ] as const) {
    it(`does not find ${name}`, () => expect(python.find(text, 0)).toBeUndefined())
  }

  for (const [name, text, kind, message] of [
    [
      'of a group on one line',
      '  + Exception Group Traceback (most recent call last):\\n  |   File "/a.py", line 1, in f\\n  |     g()\\n  | ExceptionGroup: two (2 sub-exceptions)\\n  +-+---------------- 1 ----------------\\n    | ValueError: x\\n    +------------------------------------',
      'ExceptionGroup',
      'two (2 sub-exceptions)',
    ],
    [
      'without the warnings behind it',
      `Traceback (most recent call last):\n${frame}ValueError: a\nb\n/srv/a.py:7: RuntimeWarning: never awaited`,
      'ValueError',
      'a\nb',
    ],
    [
      'without the blanks that fill its lines',
      `Traceback (most recent call last):\n${frame}ValueError: a\n`.replace(/\n/g, `${' '.repeat(40)}\n`),
      'ValueError',
      'a',
    ],
  ] as const)
    it(`reads a traceback ${name}`, () => expect(python.find(text, 0)).toMatchObject({ kind, message }))

  it('knows by its mark that loguru caught what came from the outermost frame', () => {
    const text = 'Traceback (most recent call last):\n> File "a.py", line 1, in <module>\n    f()\nValueError: a'
    expect(python.find(text, 0)?.uncaught).toBe(false)
    expect(python.find(text.replace('> ', '  '), 0)?.uncaught).toBe(true)
  })

  it('reads nothing from NoneType: None', () => expect(python.read('NoneType: None')).toBeUndefined())

  it('finds the next traceback behind the first', () => {
    const text = fixture('exception-and-stack-info.txt')
    const first = python.find(text, 0)
    const second = python.find(text, first?.end ?? 0)
    expect(second).toMatchObject({ frames: [{ function: 'both' }, { function: '<module>' }], uncaught: false })
    expect(second?.kind).toBeUndefined()
  })

  it('finds no cause in the message of an exception that quotes a chain', () => {
    const text = fixture('process-pool.txt').replace(
      '    return 10 / n\n',
      '    return 10 / n\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n',
    )
    expect(python.find(text, 0)?.causes.map((cause) => cause.kind)).toEqual([
      'concurrent.futures.process._RemoteTraceback',
    ])
  })
})

const taken = (text: string) => takenBy(python, text)

describe('Python output without a logger', () => {
  for (const name of [
    'asyncio-task',
    'chained',
    'colours-of-3.13',
    'excepthook-failed',
    'exception-ignored',
    'fatal-error',
    'group',
    'group-in-chain',
    'note',
    'printed-by-3.8',
    'process-pool',
    'repeated-lines',
    'rich',
    'syntax-error-import',
    'syntax-error-script',
    'thread',
  ]) {
    it(`follows ${name} and stops at the log line behind it`, () => {
      const text = fixture(`${name}.txt`)
      const lines = text.trimEnd().split('\n')
      expect(taken(`${text.trimEnd()}\nINFO:job:batch 3 done`)).toEqual(lines)
    })
  }

  const uncaught = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nValueError: a'
  const caught = 'Traceback (most recent call last):\n  File "a.py", line 1, in work\n    f()\nValueError: a'
  for (const [name, text, rest] of [
    ['keeps two in a row apart', uncaught, uncaught],
    ['keeps a thread apart from what comes before it', uncaught, `Exception in thread Thread-1 (work):\n${caught}`],
    ['leaves a plain line alone while the program goes on', caught, 'batch 3 done'],
    ['leaves a line with a time alone', uncaught, '2026-11-21 10:00:00,000 started'],
    ['leaves a line with a level alone', uncaught, 'INFO:     Started server process [7]'],
    ['leaves a bracketed line alone', uncaught, '[2026-11-21 10:00:00 +0000] [7] [INFO] Booting worker'],
    ['leaves JSON alone', uncaught, '{"level":"info"}'],
  ] as const) {
    it(name, () => expect(taken(`${text}\n${rest}`)).toEqual(text.split('\n')))
  }

  for (const [name, more] of [
    ['takes the unindented lines of the message that ended the program', 'qty\n  must be positive\nuser'],
    ['takes a further part of the message behind a blank line', 'b\n\nc'],
    ['takes indented lines behind a blank one', '\n  c'],
  ] as const) {
    it(name, () => expect(taken(`${uncaught}\n${more}`)).toEqual(`${uncaught}\n${more}`.split('\n')))
  }

  for (const [name, text, rest] of [
    [
      'takes a root that was never raised below an announcement',
      'Process Process-1:\nValueError: why\n\nThe above exception was the direct cause of the following exception:\n\n' +
        caught,
      'INFO:job:done',
    ],
    ['takes a traceback that the message announces', `${caught} failed:\n${caught}`, 'INFO:job:done'],
    ['leaves the warnings of the interpreter alone', uncaught, '/srv/a.py:7: RuntimeWarning: never awaited'],
    [
      'knows a name beyond ASCII in bytes',
      Buffer.from(caught.replace('ValueError', 'night.Étoile')).toString('latin1'),
      'batch 3 done',
    ],
    ['takes a box in bytes', Buffer.from(fixture('rich.txt').trimEnd()).toString('latin1'), 'batch 3 done'],
  ] as const) {
    it(name, () => expect(taken(`${text}\n${rest}`)).toEqual(text.split('\n')))
  }

  it('does not begin with an ordinary line', () => {
    for (const line of ['', 'INFO:job:done', 'ValueError: a', 'import failed: Traceback (most recent call last):']) {
      expect(python.follow(line)).toBeUndefined()
    }
  })

  for (const [line, interrupts] of [
    ['Exception in thread Thread-1 (work):', true],
    ['Exception ignored in: <function A.__del__ at 0x1>', true],
    ['Fatal Python error: Aborted', true],
    ['Exception in thread "main" java.lang.Error: x', false],
    ['Traceback (most recent call last):', false],
    ['Process Process-1:', false],
  ] as const) {
    it(`${interrupts ? 'ends' : 'does not end'} a record at ${line}`, () => {
      expect(python.interrupts(line)).toBe(interrupts)
    })
  }
})

const fragments = [
  'Traceback (most recent call last):',
  'Stack (most recent call last):',
  '  + Exception Group Traceback (most recent call last):',
  '  | ',
  '    | ',
  '  +-+---------------- 1 ----------------',
  '    +------------------------------------',
  '  File "a.py", line 1, in f',
  '  File "a.py", line 1',
  '    f()',
  '    ^^^',
  '  [Previous line repeated 9 more times]',
  'ValueError: x',
  'KeyError',
  'SyntaxError: bad',
  '"""',
  'a.RemoteTraceback: ',
  '',
  'During handling of the above exception, another exception occurred:',
  'The above exception was the direct cause of the following exception:',
  'Original exception was:',
  'Exception in thread T:',
  'Task exception was never retrieved',
  'Fatal Python error: Aborted',
  'Current thread 0x1 (most recent call first):',
  'INFO:a:b',
  '\\n',
  '\x1b[31m',
] as const

describe('any text', () => itBearsAnyText(python, linesOf(fragments), 2000))
