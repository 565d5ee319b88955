import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { java } from '../../src/trace/java.js'
import { processorMs } from '../processor.js'
import { itBearsAnyText, textsOf } from './any-text.js'

const fixtures = new URL('../fixtures/trace/java/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(name, fixtures), 'utf8')
const frame = '\tat com.acme.A.b(A.java:1)\n'

describe('Java tracebacks in a text', () => {
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith('.txt'))) {
    it(`reads ${name.slice(0, -4)}`, () => {
      const text = fixture(name)
      const result = name.startsWith('read-') ? java.read(text) : java.find(text, 0)
      expect(result).toEqual(JSON.parse(fixture(name.replace('.txt', '.expected.json'))))
    })
  }

  it('finds the second traceback of a text whole, behind the one that the message quotes', () => {
    const text = fixture('two-in-one-entry.txt')
    const second = java.find(text, java.find(text, 0)?.end ?? 0)
    expect(second).toMatchObject({ kind: 'java.lang.IllegalStateException', message: 'row 3\nis broken' })
    expect(text.slice(second?.start, second?.end)).toBe(
      'java.lang.IllegalStateException: row 3\nis broken\n\tat com.acme.Import.all(Import.java:9)',
    )
  })

  for (const [name, header, kind, message] of [
    ['takes a kind without a message', 'java.lang.AssertionError', 'java.lang.AssertionError', undefined],
    ['takes an empty message as none', 'java.lang.AssertionError: ', 'java.lang.AssertionError', undefined],
    ['takes null, which loggers print for no message, as none', 'a.B$C: null', 'a.B$C', undefined],
    ['takes a class whose name says nothing of an error', 'com.acme.Job$Fatal: x: y', 'com.acme.Job$Fatal', 'x: y'],
    ['takes a class that was declared in a method', 'com.acme.Pipeline$1Local: x', 'com.acme.Pipeline$1Local', 'x'],
    ['takes a class without a package', 'Boom: x', 'Boom', 'x'],
    ['takes a text form in brackets', 'RuleException[cpu / idle]', 'RuleException', 'cpu / idle'],
    ['takes a text form and a message', 'a.RuleException[cpu]: hot', 'a.RuleException', 'hot'],
    ['takes a text form of several lines', 'RuleException[cpu\nidle]', 'RuleException', 'cpu\nidle'],
    ['keeps blank lines of a message', 'a.BException: x\n\n\ny', 'a.BException', 'x\n\n\ny'],
    ['keeps the line end that a message ends in', 'a.BException: x\n', 'a.BException', 'x\n'],
    ['keeps a cause that a message quotes', 'a.BException: c.DError: x', 'a.BException', 'c.DError: x'],
    ['does not take a level for a class', 'SEVERE: x', undefined, undefined],
    ['does not take a bare word for a class', 'Error: 3 rows\na.BException: x', 'a.BException', 'x'],
    ['prefers a header to a mention', 'caught a.BException: x\na.B: y', 'a.B', 'y'],
    ['prefers a header to a cause that a message quotes', 'x\nCaused by: a.BException: x\na.C: y', 'a.C', 'y'],
    ['finds the header behind a message', 'got it: a.BException: c.DError: x', 'a.BException', 'c.DError: x'],
    ['finds an unusual header behind a message', 'ERROR [main] c.Log: failed: a.b.Fatal: x', 'a.b.Fatal', 'x'],
    ['finds a class without a package behind a message', 'got it: StepError: a: b', 'StepError', 'a: b'],
    ['prefers it to a class whose name says nothing', 'up - c.d.Log: JobException: x', 'JobException', 'x'],
    ['prefers a class with a package to it', 'got it: JobException: a.BException: x', 'a.BException', 'x'],
    ['does not take a sentence for one', 'got it: no JobException: x', undefined, undefined],
    ['ends a thread name at the header', 'Exception in thread "a" b" c.DError: x', 'c.DError', 'x'],
    ['keeps the text that stands for an uncaught error', 'Exception in thread "a" so what', undefined, 'so what'],
  ] as const) {
    it(name, () => {
      const found = java.find(`${header}\n${frame}`, 0)
      expect({ kind: found?.kind, message: found?.message, frames: found?.frames.length }).toEqual({
        kind,
        message,
        frames: 1,
      })
    })
  }

  for (const [name, text] of [
    ['a sentence that only mentions one', 'Error rate 0.0%; java.lang.Exception seen: none'],
    ['a header in the middle of a line and no frames', 'gave up: java.io.IOException: reset'],
    ['a message with the words of one', 'bounce\nCaused by: mailbox full\n    at smtp.example.com:25 (retry 3)'],
    ['a sentence about threads', 'seen: Exception in thread "main" of the other host'],
    ['a cause that a message quotes', 'bounce\nCaused by: java.net.ConnectException: refused'],
    ['what is no frame', 'x\n\tat x(Y.java:1)\n    at f (a.js:1:2)\n   at Shop.Main.Run()\n'],
    ['frames of React Native', 'TypeError: x\n    at Till.open(main.jsbundle:3:14)\n    at Array.map(<anonymous>)\n'],
    ['the exception of another language', 'System.InvalidOperationException: x\n   at Shop.Main.Run(String id)\n'],
    [
      'a thread dump',
      `"main" #1 prio=5 os_prio=0 tid=0x1 nid=0x1 runnable\n   java.lang.Thread.State: RUNNABLE\n${frame}\t- locked <0x1>\n${frame}`,
    ],
    ['one frame that a sentence mentions', 'slow at com.acme.A.b(A.java:1), java.io.IOException: reset'],
  ] as const) {
    it(`does not take ${name}`, () => expect(java.find(text, 0)).toBeUndefined())
  }

  it('takes only what carries the mark of the runtime for uncaught', () => {
    const uncaught = (head: string) => java.find(`${head}java.io.IOException: x\n${frame}`, 0)?.uncaught
    expect([uncaught('Exception in thread "main" '), uncaught('')]).toEqual([true, false])
  })

  it('restores no more frames than a text could honestly have elided', () => {
    const deep = Array.from({ length: 1000 }, (_, i) => `\tat com.acme.A.b(A.java:${i + 1})\n`).join('')
    const causes = 'Caused by: a.BException: x\n\tat c.D.e(D.java:1)\n\t... 999 more\n'.repeat(500)
    const found = java.find(`a.BException: x\n${deep}${causes}`, 0)
    expect(found?.causes).toHaveLength(500)
    expect(found?.causes.reduce((sum, cause) => sum + cause.frames.length, 0)).toBeLessThan(21_000)
  })
})

describe('a Java traceback on one line', () => {
  const lines = [
    'java.io.IOException: reset',
    '\tat com.acme.Net.read(Net.java:7)',
    'Caused by: a.Deep: x | y',
    '\tat com.acme.Net.open(Net.java:9)',
    '\t... 1 more',
  ]
  for (const [name, separator] of [
    ['bars', '|'],
    ['line separators', '\u2028'],
    ['carriage returns', '\r'],
    ['escaped line ends', '\\n'],
  ] as const)
    it(`is read where ${name} stand for line ends`, () => {
      const found = java.find(`2026-11-20 10:15:32 ERROR a.B - failed ${lines.join(separator)}${separator}`, 0)
      expect(found).toMatchObject({
        kind: 'java.io.IOException',
        message: 'reset',
        frames: [{ function: 'read', line: 7 }],
        causes: [
          {
            kind: 'a.Deep',
            message: 'x | y',
            frames: [
              { function: 'open', line: 9 },
              { function: 'read', line: 7 },
            ],
          },
        ],
      })
    })

  it('is not seen in a frame behind the name of a container', () => {
    expect(java.find('web_1  | \tat com.acme.Net.read(Net.java:7)', 0)?.frames ?? []).toEqual([])
  })

  it('is not seen in a message with bars', () => {
    expect(java.find('java.io.IOException: a|b|c', 0)).toMatchObject({ message: 'a|b|c', frames: [] })
  })
})

it("reads Dropwizard's stack of an exception whose name says nothing of an error", () => {
  expect(java.find('no order\n! com.acme.Job$Fatal: gone\n! at com.acme.Job.run(Job.java:4)', 0)).toMatchObject({
    kind: 'com.acme.Job$Fatal',
    message: 'gone',
    frames: [{ function: 'run', line: 4 }],
  })
})

describe('a stored Java stack', () => {
  it('is read behind the colon that JBoss writes', () => {
    expect(java.read(`: Boom: x\n${frame}`)).toMatchObject({ kind: 'Boom', message: 'x', start: 2 })
  })

  for (const [name, text, kind, message] of [
    ['takes a header alone', 'com.acme.Job$Fatal: x', 'com.acme.Job$Fatal', 'x'],
    ['takes a cause alone', `Caused by: a.BException: x\n${frame}`, 'a.BException', 'x'],
    ['takes what the runtime printed', `Exception in thread "a" b.CError: x\n${frame}`, 'b.CError', 'x'],
  ] as const) {
    it(name, () => expect(java.read(text)).toMatchObject({ kind, message, start: 0, end: text.trimEnd().length }))
  }

  for (const text of ['', '\n \n', 'boom', 'Note: it went well\nreally', 'Error: x\n    at f (a.js:1:2)']) {
    it(`does not take ${JSON.stringify(text)}`, () => expect(java.read(text)).toBeUndefined())
  }
})

/** How many of the lines belong to the traceback that the first one begins; 0 when it begins none. */
function followed(lines: readonly string[]): number {
  const [first = '', ...rest] = lines
  const follower = java.follow(first)
  if (follower === undefined) return 0
  if (follower.complete) return 1
  const end = rest.findIndex((line) => !follower.takes(line))
  return end < 0 ? lines.length : end + 1
}

describe('following a Java traceback line by line', () => {
  const at = frame.trimEnd()
  const head = 'Exception in thread "main" java.lang.IllegalStateException: x'
  for (const [name, lines, taken] of [
    [
      'takes frames, causes and suppressed ones',
      [head, at, '\tSuppressed: a.B: y', `\t${at}`, 'Caused by: c.D', at],
      6,
    ],
    ['takes elided and circular frames', [head, at, '\t... 3 more', '\t[CIRCULAR REFERENCE: a.B: y]'], 4],
    ['takes indented lines of the message', [head, ' at [Source: (String)"{"; line: 1]', '\t- a: b', at], 4],
    ['takes lines that go on with the message', [head, '(unclosed', '         ^', '', 'select 1', at], 6],
    ['takes what an open end announces', [`${head}:`, 'Table T', at], 3],
    ['takes a hex dump', [head, '00000000  de ad be ef', at], 3],
    ['takes the message of a cause', [head, at, 'Caused by: a.B: y', 'of two lines', at], 5],
    ['takes what is nested in a message', [`${head};`, '  nested exception is:', 'a.BException: 550', '', at], 5],
    ['takes the cause of a class without a package', ['JobFailed$StepError: x', at, 'Caused by: a.B: y', at], 4],
    ['takes indented lines of its message', ['StepError: x', '  - y', at], 3],
    ['leaves unindented ones', ['StepError: x', 'and so on', at], 1],
    ['leaves a log line behind the header', [head, '2026-03-02 08:14:07 INFO up'], 1],
    ['leaves a level behind the header', [head, 'info: up'], 1],
    ['leaves key=value behind the header', [head, 'level=info msg=up'], 1],
    ['leaves a sentence behind the header', [head, 'Server started'], 1],
    ['leaves a log line behind the frames', [head, at, 'job done'], 2],
    ['leaves a blank line behind the frames', [head, at, '', at], 2],
    ['leaves the next traceback', [head, at, head, at], 2],
    ['leaves the next traceback when the first has no frames', [head, head, at], 1],
    ['leaves text behind a header without message', ['java.lang.NullPointerException', 'and so on'], 1],
    ['begins where the quotes of a thread were lost', [head.replaceAll('"', ''), at, 'Caused by: a.B: y', at], 4],
    ['begins at a printed throwable', ['com.acme.Job$Fatal: x', at], 2],
    ['is done at once where the handler threw', [fixture('handler-of-uncaught-threw.txt').trim(), at], 1],
    ['does not begin at a name with one dot', ['shop.Local: up', at], 0],
    ['does not begin at a sentence', ['Failed: x', at], 0],
    ['does not begin at a log line', ['2026-03-02 ERROR a.BException: x', at], 0],
    ['does not begin at the state of a thread', ['java.lang.Thread.State: RUNNABLE', at], 0],
  ] as const) {
    it(name, () => expect(followed(lines)).toBe(taken))
  }

  it('interrupts a record only where the runtime speaks', () => {
    const lines = [
      head,
      fixture('handler-of-uncaught-threw.txt').trim(),
      'java.io.IOException: x',
      at,
      'Caused by: a.B',
    ]
    expect(lines.map((line) => java.interrupts(line))).toEqual([true, true, false, false, false])
  })
})

describe('whatever the text', () => {
  const piece = fc.constantFrom(
    ...['java.lang.IllegalStateException', 'com.acme.Job$Fatal', 'MyError', 'RuleException[', ']', ': x', ': ', 'null'],
    ...[
      'Exception in thread "main" ',
      'Caused by: ',
      'Suppressed: ',
      'Wrapped by: ',
      'Causing: ',
      '[CIRCULAR REFERENCE: ',
    ],
    ...['\tat com.acme.A.b(A.java:1)', 'at a.B$$Lambda$1/0x08.c(Unknown Source)', ' ~[x.jar:?]', '\tat x(Y.java:1)'],
    ...[
      '\t... 2 more',
      '... 3 common frames omitted',
      '\n',
      '\r\n',
      '\n\n',
      '\t',
      '    ',
      '! ',
      '#012',
      '#011',
      '\\n\\tat ',
    ],
    ...[
      '"main" #1 prio=5',
      '   java.lang.Thread.State: RUNNABLE',
      '2026-03-02 ERROR [main] a.B - ',
      'é☃',
      '(',
      ')',
      '"',
    ],
  )
  itBearsAnyText(java, textsOf(piece), 2000)

  it('takes time linear in the text', () => {
    const slow: string[] = []
    for (const unit of [
      'a.',
      'at ',
      'Exception in thread "',
      'a.BException: x\n',
      ') at a.a.a',
      'é.',
      frame,
      `x\n${frame}`,
    ]) {
      const hostile = `NullPointerException ${unit.repeat(Math.ceil(300_000 / unit.length))}`
      const began = processorMs()
      java.find(hostile, 0)
      java.read(hostile)
      if (processorMs() - began > 3000) slow.push(unit)
    }
    expect(slow).toEqual([])
  })
})
