import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rust } from '../../src/trace/rust.js'
import { takenBy } from './any-text.js'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/trace/rust/${name}.txt`, import.meta.url), 'utf8')

const taken = (text: string) => takenBy(rust, text)

describe('Rust errors in a text', () => {
  it('reads the same with the line ends of Windows', () => {
    for (const name of ['panic-with-backtrace', 'old-form-several-lines', 'anyhow', 'unwrapped-anyhow']) {
      const unix = rust.find(fixture(name), 0)
      const windows = rust.find(fixture(name).replaceAll('\n', '\r\n'), 0)
      expect({ ...windows, start: 0, end: 0 }, name).toEqual({ ...unix, start: 0, end: 0 })
    }
  })

  for (const [name, text, kind, message, file] of [
    [
      'the thread without a name',
      "thread '<unnamed>' panicked at src/a.rs:1:2:\nx\nnote: run with `RUST_BACKTRACE=1`",
      'panic',
      'x',
      'src/a.rs',
    ],
    [
      'an empty message',
      "thread 'main' panicked at src/a.rs:1:2:\n\nnote: run with `RUST_BACKTRACE=1`",
      'panic',
      undefined,
      'src/a.rs',
    ],
    [
      'a place on Windows',
      "thread 'main' panicked at C:\\shop\\src\\a.rs:1:2:\nx",
      'panic',
      'x',
      'C:\\shop\\src\\a.rs',
    ],
    ['the form before 1.73', "thread 'main' panicked at 'it's gone', src/a.rs:1:2", 'panic', "it's gone", 'src/a.rs'],
    ['the form of a hook in a log message', 'ERROR panicked at src/a.rs:1:2:\nx', 'panic', 'x', 'src/a.rs'],
    [
      'an abort of the runtime',
      'fatal runtime error: Rust cannot catch foreign exceptions, aborting',
      'abort',
      'Rust cannot catch foreign exceptions',
      undefined,
    ],
  ] as const) {
    it(`takes ${name}`, () => {
      const found = rust.find(text, 0)
      expect({ kind: found?.kind, message: found?.message, file: found?.frames[0]?.file }).toEqual({
        kind,
        message,
        file,
      })
    })
  }

  it('does not take what is printed behind a panic for its message, where no note ends it', () => {
    const found = rust.find("thread 'w' panicked at src/a.rs:1:2:\nlost\n  left: 1\nbatch 3 done", 0)
    expect(found?.message).toBe('lost\n  left: 1')
  })

  it('finds each panic of a text', () => {
    const text = fixture('panic-while-panicking')
    const messages: unknown[] = []
    for (let found = rust.find(text, 0); found; found = rust.find(text, found.end)) messages.push(found.message)
    expect(messages).toEqual(['first', 'again', 'panic in a destructor during cleanup'])
  })

  it('leaves the machinery of printing out of a full backtrace, hashes too', () => {
    const found = rust.find(fixture('full-backtrace'), 0)
    expect(found?.frames[0]?.function).toBe('__rustc::rust_begin_unwind')
    expect(found?.frames.filter(({ function: name }) => /\[[0-9a-f]{16}\]|::h[0-9a-f]{16}$/.test(name ?? ''))).toEqual(
      [],
    )
    expect(found?.frames).toContainEqual({
      function: 'shop::orders::place',
      file: '/srv/shop/src/orders.rs',
      line: 4,
      column: 57,
    })
  })

  for (const [name, text] of [
    ['a sentence about panics', 'the indexer panicked at midnight'],
    ['a cause of Java', 'x\nCaused by: java.io.IOException: gone'],
    ['a label without causes', 'Caused by:\nnothing'],
    ['a numbered list', '1: apples\n2: pears\n    at home'],
    ['an error of several lines that is none of its forms', 'Error: Cart is gone\n  (17)'],
    ['frames of Node.js', 'Error: gone\n    at place (/srv/orders.js:4:7)'],
    ['an unfinished panic', "thread 'main' panicked at "],
  ] as const) {
    it(`does not take ${name}`, () => expect(rust.find(text, 0)).toBeUndefined())
  }

  for (const [name, above, kind] of [
    ['between informational records', '[2026-11-20T10:15:32Z INFO  shop] tick', 'Error'],
    ['not below a warning, which may speak of it', '[2026-11-20T10:15:32Z WARN  shop] attempt 1 failed', undefined],
  ] as const) {
    it(`takes what main returned ${name}`, () => {
      expect(rust.find(`${above}\nError: no config\n`, 0)?.kind).toBe(kind)
    })
  }
})

describe('Rust output without a logger', () => {
  for (const name of [
    'panic',
    'panic-with-backtrace',
    'old-form',
    'old-form-several-lines',
    'message-of-several-lines',
    'assertion',
    'stack-overflow',
    'out-of-memory',
    'full-backtrace',
    'full-old-mangling',
    'anyhow',
    'eyre',
    'unwrapped-anyhow',
    'returned-struct',
  ]) {
    it(`follows ${name} and stops at the log line behind it`, () => {
      const text = fixture(name).trim()
      expect(taken(`${text}\n2026-11-21T00:57:00Z INFO done`)).toEqual(text.split('\n'))
    })
  }

  it('ends at the next panic, and a record at any', () => {
    const first = "thread 'a' panicked at src/a.rs:1:2:\nlost"
    expect(taken(`${first}\nthread 'b' panicked at src/a.rs:1:2:`)).toEqual(first.split('\n'))
    expect(rust.interrupts("thread 'b' (4711) panicked at src/a.rs:1:2:")).toBe(true)
    expect(rust.interrupts('stack backtrace:')).toBe(false)
  })

  it('leaves plain output behind a note alone', () => {
    const panic =
      "thread 'a' panicked at src/a.rs:1:2:\nlost\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"
    expect(taken(`${panic}\nbatch 3 done`)).toEqual(panic.split('\n'))
  })

  it('does not begin with an ordinary line', () => {
    for (const line of ['', 'panicked at noon', '   0: f', 'Errors: 0', 'note: run with care'])
      expect(rust.follow(line), line).toBeUndefined()
  })
})
