import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { php } from '../../src/trace/php.js'
import { processorMs } from '../processor.js'
import { itBearsAnyText, textsOf } from './any-text.js'

const fixtures = new URL('../fixtures/trace/php/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(name, fixtures), 'utf8')
const trace = 'Stack trace:\n#0 /srv/shop/main.php(3): run()\n#1 {main}\n'

describe('PHP tracebacks in a text', () => {
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith('.txt'))) {
    it(`reads ${name.slice(0, -4)}`, () => {
      const text = fixture(name)
      const result = name.startsWith('read-') ? php.read(text) : php.find(text, 0)
      expect(result).toEqual(JSON.parse(fixture(name.replace('.txt', '.expected.json'))))
    })
  }

  it('finds the second traceback of a text whole', () => {
    const text = fixture('two-in-one-entry.txt')
    const second = php.find(text, php.find(text, 0)?.end ?? 0)
    expect(second).toMatchObject({ kind: 'LogicException', message: 'second' })
    expect(text.slice(second?.start, second?.end)).toBe(
      'LogicException: second in /srv/shop/b.php:2\nStack trace:\n#0 /srv/shop/c.php(3): b()\n#1 {main}',
    )
  })

  for (const [name, header, kind, message] of [
    ['takes a class without a message', 'LogicException in /a.php:1', 'LogicException', undefined],
    ['takes a class whose name says nothing of an error', 'Boom: x in /a.php:1', 'Boom', 'x'],
    ['takes a class in a namespace', 'Shop\\Gone: x: y in /a.php:1', 'Shop\\Gone', 'x: y'],
    ['keeps a place that a message holds', 'Boom: x in /b.php:2 and in /a.php:1', 'Boom', 'x in /b.php:2 and'],
    [
      'keeps what a TypeError says for itself',
      'TypeError: f() and defined in /a.php:1',
      'TypeError',
      'f() and defined',
    ],
    ['takes code that comes from no file', 'Error: x in Command line code:1', 'Error', 'x'],
    ['takes a file of Windows', 'Error: x in C:\\shop\\a.php:1', 'Error', 'x'],
    ['takes a header without a place', 'Shop\\Gone: order 17', 'Shop\\Gone', 'order 17'],
    ['does not take a word without a place for a class', 'Note: x', undefined, undefined],
    ['does not take shouted words for a class', 'DETAIL: x in /a.php:1', undefined, undefined],
    ['takes what a handler calls uncaught', 'Handler: Uncaught Boom: x in /a.php:1', 'Boom', 'x'],
  ] as const) {
    it(name, () => {
      const found = php.find(`${header}\n${trace}`, 0)
      expect({ kind: found?.kind, message: found?.message, frames: found?.frames.length }).toEqual({
        kind,
        message,
        frames: 2,
      })
    })
  }

  it('places the frame of an entry where the next inner one was called', () => {
    expect(php.find(`Error: x in /srv/shop/orders.php:41\n${trace}`, 0)?.frames).toEqual([
      { function: 'run', file: '/srv/shop/orders.php', line: 41 },
      { function: '{main}', file: '/srv/shop/main.php', line: 3 },
    ])
  })

  it('knows an error handler by the line among its arguments', () => {
    const handled = (line: number) =>
      php.read(`#0 /srv/shop/a.php(49): A->{closure}(2, '...', '...', ${line})\n#1 {main}`)?.frames[0]?.line
    expect([handled(49), handled(50)]).toEqual([49, undefined])
  })

  for (const [name, text] of [
    ['a warning', 'PHP Warning:  Undefined array key "x" in /srv/shop/a.php on line 54'],
    ['a sentence about a fatal error', 'seen: Fatal error: out of paper'],
    ['a page that only begins like one', 'Fatal error: the printer is out of paper'],
    ['an object that is no exception', '[x] shop.INFO: x {"a":"[object] (stdClass: {})"} []'],
    ['an entry that a sentence mentions', 'see #0 /srv/shop/a.php(3): run()'],
    ['one entry alone', '#0 /srv/shop/a.php(3): run()'],
    ['a list with numbers', '#0 first\n#1 second\n#2 third'],
    ['the trace of a debugger', '#0  0x00007f in raise () from /lib/libc.so.6\n#1  0x00007f in abort ()'],
    ['a fatal error of Go', 'fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:'],
  ] as const) {
    it(`does not take ${name}`, () => expect(php.find(text, 0)).toBeUndefined())
  }

  it('takes only what carries the mark of PHP for uncaught', () => {
    const uncaught = (head: string) => php.find(`${head}Error: x in /a.php:1\n${trace}`, 0)?.uncaught
    expect([uncaught('PHP Fatal error:  Uncaught '), uncaught('Fatal error: Uncaught '), uncaught('')]).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('PHP errors behind a log message', () => {
  for (const [name, header, expected] of [
    ['without a message', 'visit 7 failed: Clinic\\Gone in /srv/a.php:1', { kind: 'Clinic\\Gone' }],
    [
      'of an anonymous class',
      'visit 7 failed: RuntimeException@anonymous\0/srv/a.php:33$4: odd in /srv/a.php:33',
      { kind: 'RuntimeException@anonymous', message: 'odd' },
    ],
  ] as const)
    it(`are named ${name}`, () => expect(php.find(`${header}\n${trace}`, 0)).toMatchObject(expected))
})

describe('a stored PHP stack', () => {
  it('takes a single entry', () => {
    expect(php.read('#0 /srv/shop/a.php(3): run()')?.frames).toEqual([
      { function: 'run' },
      { file: '/srv/shop/a.php', line: 3 },
    ])
  })

  for (const text of [
    '',
    '\n \n',
    'boom',
    'Note: it went well',
    'Error: x\n    at f (a.js:1:2)',
    "app.rb:12:in `x'",
    '10:15',
  ]) {
    it(`does not take ${JSON.stringify(text)}`, () => expect(php.read(text)).toBeUndefined())
  }
})

/** How many of the lines belong to the traceback that the first one begins; 0 when it begins none. */
function followed(lines: readonly string[]): number {
  const [first = '', ...rest] = lines
  const follower = php.follow(first)
  if (follower === undefined) return 0
  let taken = 1
  for (const line of rest) {
    if (follower.complete || !follower.takes(line)) break
    taken++
  }
  return taken
}

describe('following what PHP prints line by line', () => {
  const uncaught = 'Uncaught RuntimeException: x in /srv/shop/a.php:41'
  const rest = ['Stack trace:', '#0 /srv/shop/main.php(3): run()', '#1 {main}']
  const thrown = '  thrown in /srv/shop/a.php on line 41'
  const memory = 'Allowed memory size of 8 bytes exhausted in /srv/shop/a.php on line 7'
  const log = `PHP Fatal error:  ${uncaught}`
  const page = `Fatal error: ${uncaught}`
  for (const [name, lines, taken] of [
    ['takes the trace and where it was thrown', [log, ...rest, thrown, 'job done'], 5],
    ['takes the same error for the page', [log, ...rest, thrown, '', page, ...rest, thrown, 'job done'], 11],
    ['takes what is said without a trace twice', [`PHP Fatal error:  ${memory}`, '', `Fatal error: ${memory}`, 'x'], 3],
    ['leaves the same error of the next run', [log, ...rest, thrown, log, ...rest, thrown], 5],
    ['leaves the same page once more', [page, ...rest, thrown, '', page, ...rest, thrown], 6],
    ['leaves another error on the page', [log, ...rest, thrown, `Fatal error: ${memory}`], 5],
    ['leaves a third copy', [log, ...rest, thrown, page, ...rest, thrown, page], 10],
    ['takes further exceptions', [log, ...rest, '', 'Next Boom: y in /a.php:1', ...rest, thrown], 10],
    [
      'takes the lines of a message',
      ['PHP Fatal error:  Uncaught Boom: a', '', '#0 no frame', 'b in /a.php:1', ...rest],
      7,
    ],
    [
      'takes an argument of lines',
      [log, 'Stack trace:', "#0 /a.php(3): run('a", "b')", '#1 {main}', thrown, 'job done'],
      6,
    ],
    ['takes the trace of Xdebug', [log, ...rest, thrown, 'PHP Stack trace:', 'PHP   1. {main}() /a.php:0', 'x'], 7],
    ['takes an exception that the program printed', ['Shop\\Gone: x in /srv/shop/a.php:41', ...rest, 'job done'], 4],
    ['takes a trace below a fatal error of 8.5', [`PHP Fatal error:  ${memory}`, ...rest, 'job done'], 4],
    ['leaves a log line in a message', ['PHP Fatal error:  Uncaught Boom: a', '2026-11-20 10:15:32 INFO up'], 1],
    [
      'leaves text behind an error cut at a NUL',
      ['PHP Fatal error:  Uncaught A@anonymous in /a.php on line 3', 'x'],
      1,
    ],
    ['leaves text behind what only looks like a printed exception', ['Moved: x in /srv/shop/a.php:41', 'x'], 1],
    ['does not begin at a warning', ['PHP Warning:  x in /a.php on line 3', 'x'], 0],
    ['does not begin at a sentence', ['Fatal error: out of paper', 'x'], 0],
  ] as const) {
    it(name, () => expect(followed(lines)).toBe(taken))
  }

  it('interrupts a record only where PHP writes to its log', () => {
    const lines = [log, `PHP message: ${log}`, 'PHP Warning:  x in /a.php on line 3', page, 'PHP 8.3 started', rest[0]]
    expect(lines.map((line) => php.interrupts(line ?? ''))).toEqual([true, true, true, false, false, false])
  })
})

describe('whatever the text', () => {
  const piece = fc.constantFrom(
    ...['RuntimeException', 'Shop\\Gone', 'Shop\\\\Gone', 'A@anonymous\0/a.php:3$0', 'Boom', ': x', ': ', 'Next '],
    ...['PHP Fatal error:  ', 'Fatal error: ', 'PHP Parse error:  ', 'Uncaught ', "exception 'A' with message 'b'"],
    ...[' in /srv/a.php:41', ' in /srv/a.php on line 41', " in /a.php(1) : eval()'d code:1", 'Stack trace:', '{main}'],
    ...['#0 /a.php(3): A->b()', '#1 [internal function]: f(', '#0 {main}', '#2 {main}', '  thrown in /a.php on line 3'],
    ...['[object] (', '(code: 0): ', ' at /a.php:3)', '"', '"exception":"', '[stacktrace]', '[previous exception] '],
    ...['\n', '\n\n', '\r\n', '\\n', '\\\\', '#012', 'é☃', '\0', ' ', '2026-11-20 10:15:32 ERROR '],
  )
  itBearsAnyText(php, textsOf(piece), 3000)

  it('takes time linear in the text', () => {
    const slow: string[] = []
    for (const unit of [
      'a\\',
      'A: ',
      ' in ',
      '[object] (A(code: 0): ',
      '"[object] (A(code: 0): x at /a.php:1)\\n',
      'PHP Fatal error:  ',
      'PHP Fatal error:  Uncaught A: x\n',
      '#0 /a(1)',
      '#0 /a.php(3): b(\n',
      'Next A: x in /a.php:1\n',
      'A: x in /a.php:1\nStack trace:\n',
      `A: x in /a.php:1\n${trace}`,
      '\\n#0 ',
      'A@anonymous\0',
    ]) {
      const hostile = `#0 ${unit.repeat(Math.ceil(300_000 / unit.length))}`
      const began = processorMs()
      php.find(hostile, 0)
      php.read(hostile)
      php.follow(hostile)
      if (processorMs() - began > 3000) slow.push(unit)
    }
    expect(slow).toEqual([])
  })
})
