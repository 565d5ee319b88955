import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ruby } from '../../src/trace/ruby.js'
import { itBearsAnyText, linesOf, takenBy } from './any-text.js'

const fixtures = new URL('../fixtures/trace/ruby/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(name, fixtures), 'utf8')

describe('Ruby backtraces in a text', () => {
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith('.txt'))) {
    it(`reads ${name.slice(0, -4)}`, () => {
      const text = fixture(name)
      const result = name.startsWith('read-') ? ruby.read(text) : ruby.find(text, 0)
      expect(result).toEqual(JSON.parse(fixture(name.replace('.txt', '.expected.json'))))
    })

    if (!name.startsWith('read-')) {
      it(`has a hint for ${name.slice(0, -4)}`, () => {
        expect(ruby.hints.some((hint) => fixture(name).includes(hint))).toBe(true)
      })
    }
  }

  for (const [name, flatten] of [
    ['as in JSON', (text: string) => text.replaceAll('\n', '\\n').replaceAll('\t', '\\t')],
    ['as rsyslog does', (text: string) => text.replaceAll('\n', '#012').replaceAll('\t', '#011')],
  ] as const) {
    it(`reads the same with line ends written out ${name}`, () => {
      for (const fixed of ['uncaught-with-causes', 'class-and-message', 'thread-report', 'rails', 'logger']) {
        const text = fixture(`${fixed}.txt`).trimEnd()
        const unix = ruby.find(text, 0)
        const moved = (at?: number) => flatten(text.slice(0, at)).length
        const expected = { ...unix, start: moved(unix?.start), end: moved(unix?.end) }
        expect(ruby.find(flatten(text), 0), fixed).toEqual(expected)
      }
    })
  }

  it('reads the same with the line ends of Windows', () => {
    for (const name of ['uncaught-with-causes', 'logger', 'rails', 'class-and-message']) {
      const unix = ruby.find(fixture(`${name}.txt`), 0)
      const windows = ruby.find(fixture(`${name}.txt`).replaceAll('\n', '\r\n'), 0)
      expect({ ...windows, start: 0, end: 0 }, name).toEqual({ ...unix, start: 0, end: 0 })
    }
  })

  const frames = "/srv/a.rb:24:in `rescue in m'\nmain.rb:20:in `<main>'"
  for (const [name, header, kind, message] of [
    ['takes the class behind the message', 'lost (Orders::Conflict)', 'Orders::Conflict', 'lost'],
    ['takes the class behind an empty message', ' (Orders::Conflict)', 'Orders::Conflict', undefined],
    ['takes the class of a program without modules', 'lost (Conflict)', 'Conflict', 'lost'],
    [
      'takes the class before the message',
      'GET / failed: KeyError: key not found: :a',
      'KeyError',
      'key not found: :a',
    ],
    ['takes the class before an empty message', 'GET / failed: Orders::Error: ', 'Orders::Error', undefined],
    ['takes a class alone', 'GET / failed: Orders::Error', 'Orders::Error', undefined],
    [
      'does not take words in parentheses for a class',
      'ArgumentError: given 3 (Expected 1)',
      'ArgumentError',
      'given 3 (Expected 1)',
    ],
    [
      'does not take a name in parentheses for the class',
      'NameError: no constant (Foo)',
      'NameError',
      'no constant (Foo)',
    ],
    ['does not take a level for a class', 'ERROR: disk is full', undefined, undefined],
    ['takes what inspect prints', 'oops #<IOError: closed>', 'IOError', 'closed'],
    ["takes Rails' form", '  \nIOError (closed (again)):\n  ', 'IOError', 'closed (again)'],
    ['takes no class where none is', 'GET / failed', undefined, undefined],
  ] as const) {
    it(name, () => {
      const found = ruby.find(`${header}\n${frames}`, 0)
      expect({ kind: found?.kind, message: found?.message, frames: found?.frames.length }).toEqual({
        kind,
        message,
        frames: 2,
      })
    })
  }

  for (const [line, frame] of [
    ["/srv/my app/a.rb:3:in `x'", { file: '/srv/my app/a.rb', line: 3, function: 'x' }],
    ["/usr/bin/bundle:23:in `<main>'", { file: '/usr/bin/bundle', line: 23, function: '<main>' }],
    ["(eval):1:in `x'", { file: '(eval)', line: 1, function: 'x' }],
    ["-e:1:in '<main>'", { file: '-e', line: 1, function: '<main>' }],
    ["Rakefile:3:in `block in <top (required)>'", { file: 'Rakefile', line: 3, function: 'block in <top (required)>' }],
    ["C:/app/a.rb:3:in 'Integer#/'", { file: 'C:/app/a.rb', line: 3, function: 'Integer#/' }],
    ['config.ru:7', { file: 'config.ru', line: 7 }],
    ["    org/jruby/RubyArray.java:1735:in `each'", { file: 'org/jruby/RubyArray.java', line: 1735, function: 'each' }],
  ] as const) {
    it(`takes the frame ${line.trim()}`, () => expect(ruby.read(line)?.frames).toEqual([frame]))
  }

  for (const [name, text] of [
    ['a place that a message names', 'see lib/a.rb:12 for more'],
    ['one frame without a class', "called at\nlib/a.rb:3:in `x'"],
    ['a warning of the interpreter', 'main.rb:3: warning: unused variable (Foo)'],
    ['a message that begins with a place', "lib/a.rb:3:in `x': started"],
    ['a level named like an error', 'the rate of StandardError: none'],
    ['the error of another language', 'TypeError: x\n    at f (a.js:1:2)'],
  ] as const) {
    it(`does not find ${name}`, () => expect(ruby.find(text, 0)).toBeUndefined())
  }

  it('finds the next backtrace behind the first', () => {
    const first = fixture('rake.txt')
    const text = `${first}and then\n${fixture('class-and-message.txt')}`
    const found = ruby.find(text, 0)
    expect(ruby.find(text, found?.end ?? 0)?.kind).toBe('Payments::Failed')
  })

  it('keeps the first line of a message behind a log message in the same line', () => {
    expect(ruby.find("ERROR -- : /srv/a.rb:3:in `x': lost (KeyError)\n\tfrom main.rb:1:in `<main>'", 0)).toMatchObject({
      start: 11,
      kind: 'KeyError',
      message: 'lost',
      frames: [
        { file: '/srv/a.rb', line: 3 },
        { file: 'main.rb', line: 1 },
      ],
    })
  })
})

describe('Ruby errors as loggers write them', () => {
  for (const [name, text, expected] of [
    [
      'names the class, not the word before it',
      "job 7 failed -- Exception: Orders::Gone: no order\n/srv/a.rb:1:in `b'\n/srv/c.rb:2:in `d'",
      { kind: 'Orders::Gone', message: 'no order' },
    ],
    [
      'takes the class in angle brackets',
      "Orders: <Orders::Gone> no order\n\t/srv/a.rb:1:in `b'\n\t/srv/c.rb:2:in `d'",
      { kind: 'Orders::Gone', message: 'no order' },
    ],
    [
      'takes a class in angle brackets without a message',
      "<Interrupt> \n\t/srv/a.rb:1:in `b'\n\t/srv/c.rb:2:in `d'",
      { kind: 'Interrupt' },
    ],
    [
      'takes a cause under a label of its own',
      "<Orders::Gone> no\n\t/srv/a.rb:1:in `b'\n\t--- Caused by ---\n\t<KeyError> key\n\t/srv/c.rb:2:in `d'",
      { kind: 'Orders::Gone', causes: [{ kind: 'KeyError', message: 'key' }] },
    ],
    [
      'takes an error without frames whose class is its only name',
      'Orders::Error: no order',
      { kind: 'Orders::Error', message: 'no order', frames: [] },
    ],
    [
      'leaves what a message quotes to the message',
      "far: /far/x.rb:7:in `run': boom (Far::Error)\n\tfrom /far/y.rb:8:in `main' (Orders::Gone)\n/srv/a.rb:1:in `b'\n/srv/c.rb:2:in `d'",
      { kind: 'Orders::Gone', frames: [{ line: 1 }, { line: 2 }] },
    ],
    [
      'leaves a message that looks raised to its class',
      "a.rb:7:in `b': c (Orders::Gone)\n/srv/a.rb:1:in `b'\n/srv/c.rb:2:in `d'",
      { kind: 'Orders::Gone', message: "a.rb:7:in `b': c", frames: [{ line: 1 }, { line: 2 }] },
    ],
    [
      'reads Sinatra without its time',
      "Orders::Gone - no order:\n\t/srv/a.rb:1:in `b'\n\t/srv/c.rb:2:in `d'",
      { kind: 'Orders::Gone', message: 'no order' },
    ],
  ] as const)
    it(name, () => expect(ruby.find(text, 0)).toMatchObject(expected))
})

const taken = (text: string) => takenBy(ruby, text)

describe('Ruby output without a logger', () => {
  for (const name of [
    'empty-message',
    'levels-left-out',
    'rake',
    'reversed-order-with-cause',
    'syntax-error-in-the-script',
    'thread-report',
    'uncaught-3.4',
    'uncaught-in-colours',
    'uncaught-with-causes',
  ]) {
    it(`follows ${name} and stops at the log line behind it`, () => {
      const text = fixture(`${name}.txt`).trimEnd()
      expect(taken(`${text}\n2026-11-21T00:57:00Z INFO done`)).toEqual(text.split('\n'))
    })
  }

  const uncaught = "a.rb:1:in `x': lost (KeyError)\n\tfrom main.rb:1:in `<main>'"
  const thread =
    "#<Thread:0x1 a.rb:1 run> terminated with exception (report_on_exception is true):\na.rb:1:in `x': lost (KeyError)"
  for (const [name, text, rest] of [
    ['leaves a plain line behind the frames alone', uncaught, 'batch 3 done'],
    ['leaves a plain line behind the error of a thread alone', thread, 'batch 3 done'],
    ['keeps a thread apart from what comes before it', uncaught, thread],
    [
      "leaves Logger's lines alone",
      uncaught.split('\n')[0] ?? '',
      'I, [2026-11-21T00:56:45.713950 #31503]  INFO -- : x',
    ],
    ['leaves a place in a log message alone', uncaught, "b.rb:1:in `x': started"],
  ] as const) {
    it(name, () => expect(taken(`${text}\n${rest}`)).toEqual(text.split('\n')))
  }

  const frame = "\tfrom main.rb:1:in `<main>'"
  const first = "a.rb:1:in `x': no #<Order:0x0000aa> (KeyError)"
  const again = "a.rb:1:in `x': no #<Order:0x0000bb> (KeyError)"
  const report = '#<Thread:0x1 a.rb:9 run> terminated with exception (report_on_exception is true):'

  it('leaves the same error of the next run, though the addresses in it differ', () => {
    const run = [first, frame, "b.rb:2:in `y': lost (IOError)", frame]
    expect(taken([...run, again, frame].join('\n'))).toEqual(run)
    expect(ruby.find([...run, again, frame].join('\n'), 0)).toMatchObject({
      end: run.join('\n').length,
      causes: [{ kind: 'IOError' }],
    })
  })

  it('takes the error of a thread once more where it ends the program', () => {
    const run = [report, first, frame, again, frame]
    expect(taken([...run, again, frame].join('\n'))).toEqual(run)
    expect(ruby.find([...run, again, frame].join('\n'), 0)).toMatchObject({ end: run.join('\n').length, causes: [] })
  })

  it('takes the unindented lines of a message that frames must follow', () => {
    const text = "a.rb:1:in `x': 2 problems: (Orders::Invalid)\nqty\n\nuser\n\tfrom main.rb:1:in `<main>'"
    expect(taken(text)).toEqual(text.split('\n'))
  })

  it('does not begin with an ordinary line', () => {
    for (const line of [
      '',
      'INFO done',
      "a.rb:1:in `x'",
      "\tfrom a.rb:1:in `x'",
      "a.rb:1:in `x': started",
      'a.rb:1: warning: x (Y)',
    ]) {
      expect(ruby.follow(line), line).toBeUndefined()
    }
  })

  it('ends a record at the report of a thread, and at nothing else', () => {
    expect(ruby.interrupts('#<Thread:0x1 a.rb:1 run> terminated with exception (report_on_exception is true):')).toBe(
      true,
    )
    expect(ruby.interrupts("a.rb:1:in `x': lost (KeyError)")).toBe(false)
  })
})

const fragments = [
  "a.rb:1:in `x': lost (KeyError)",
  "a.rb:1:in 'A#x': lost",
  "a.rb:1:in `x'",
  'a.rb:1',
  'a.rb:3: bad (SyntaxError)',
  "\tfrom a.rb:1:in `x'",
  "\t1: from a.rb:1:in `x'",
  ' ... 9 levels...',
  'Traceback (most recent call last):',
  '#<Thread:0x1 run> terminated with exception (report_on_exception is true):',
  'E, [2026-11-21T00:56:45.7 #3] ERROR -- : ',
  '[tag] ',
  'KeyError (lost',
  '):',
  '  ',
  '',
  'KeyError: lost',
  'lost (KeyError)',
  '#<KeyError: lost>',
  'Information for cause: KeyError (lost):',
  'Causes:',
  'KeyError (lost)',
  'Caused by: ',
  'rake aborted!',
  '(eval):1:in ',
  '\x1b[1m',
  'batch done',
  '\\n',
  '#012',
] as const

describe("Rails' errors without a logger's head", () => {
  const frames = ["app/a.rb:3:in `save'", "app/b.rb:9:in `create'"]
  const header = 'Orders::Conflict (order 7 is taken)'
  for (const [name, lines] of [
    ['takes the frames below the header', [`${header}:`, '  ', ...frames]],
    ['takes a header behind a blank', [` ${header}:`, '  ', ...frames.map((frame) => `  ${frame}`)]],
    ['takes a message of several lines', ['Orders::Invalid (2 problems:', 'no user', 'no item):', '  ', ...frames]],
    ['takes the causes listed above the frames', [`${header}:`, '', 'Causes:', 'KeyError (no :a)', '  ', ...frames]],
    [
      'takes causes with frames of their own',
      [
        header,
        'Caused by: KeyError (no :a)',
        '',
        `Information for: ${header}:`,
        '  ',
        ...frames,
        '',
        'Information for cause: KeyError (no :a):',
        '  ',
        ...frames,
      ],
    ],
  ] as const)
    it(name, () => {
      for (const next of ['  ', 'Started GET "/"', `${header}:`, 'KeyError (no :a)', 'Causes:'])
        expect(taken([...lines, next].join('\n')), next).toEqual(lines)
    })

  it('take the same error once more behind an empty line, and no other', () => {
    const lines = [`${header}:`, '  ', ...frames, '']
    expect(taken([...lines, ...lines, 'KeyError (no :a):'].join('\n'))).toEqual([...lines, ...lines])
  })

  it('are no part of what stands above them', () => {
    expect([` ${header}:`, `${header}:`, ' Total (USD):', ` ${header}`].map((line) => ruby.interrupts(line))).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})

describe('any text', () => itBearsAnyText(ruby, linesOf(fragments), 2000))
