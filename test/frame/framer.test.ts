import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileAlarms } from '../../src/frame/alarms.js'
import type { Encoding } from '../../src/frame/encoding.js'
import { type Format, Framer } from '../../src/frame/framer.js'

interface Seen {
  body: string
  from: number
  to: number
  lane: number
  partial: boolean
  cut: boolean
  alarmed: boolean
}

function frame(
  chunks: readonly Buffer[],
  options: {
    format?: Format
    encoding?: Encoding
    maxLineBytes?: number
    alarms?: RegExp
    offset?: number
    flush?: boolean
  } = {},
): { lines: Seen[]; framer: Framer } {
  const lines: Seen[] = []
  const framer = new Framer(
    {
      format: options.format ?? 'auto',
      encoding: options.encoding,
      maxLineBytes: options.maxLineBytes ?? 1 << 20,
      alarms: options.alarms,
    },
    (line) => {
      const body = line.view.slice(line.start, line.end)
      lines.push({
        body: line.decoded ? body : Buffer.from(body, 'latin1').toString('utf8'),
        from: line.from,
        to: line.to,
        lane: line.lane,
        partial: line.partial,
        cut: line.cut,
        alarmed: line.alarmed,
      })
    },
  )
  let offset = options.offset ?? 0
  for (const bytes of chunks) {
    framer.push({ bytes, offset })
    offset += bytes.length
  }
  if (options.flush ?? true) framer.flush()
  return { lines, framer }
}

const bodies = (text: string | Buffer, options = {}) =>
  frame([Buffer.from(text as string)], options).lines.map((line) => line.body)

describe('an unfinished line', () => {
  it('takes no more than twice its bytes, however small the pieces are in which it comes, and never more than a line may', () => {
    const framer = new Framer({ format: 'auto', maxLineBytes: 10_000, alarms: undefined }, () => {})
    for (let offset = 0; offset < 12_000; offset++) {
      framer.push({ bytes: Buffer.from('x'), offset })
      expect(framer.heldBytes).toBeLessThanOrEqual(Math.min(2 * (offset + 1), 10_000))
    }
    framer.push({ bytes: Buffer.from('\n'), offset: 12_000 })
    expect([framer.heldBytes, framer.bytesCut]).toEqual([0, 2000])
  })
})

describe('plain lines', () => {
  for (const [name, text, expected] of [
    ['are cut at newlines', 'a\nb\n', ['a', 'b']],
    ['lose the CR of CRLF', 'a\r\nb\r\n', ['a', 'b']],
    ['keep a CR inside', 'a\rb\n', ['a\rb']],
    ['may be empty', '\n\na\n', ['', '', 'a']],
    ['lose a byte order mark at the start of the file only', '\ufeffa\n\ufeffb\n', ['a', '\ufeffb']],
    ['lose the block of NULs that a crash leaves', '\0\0\0a\nb\0c\n', ['a', 'b\0c']],
    ['keep text of any script', 'könnte 李雷\n', ['könnte 李雷']],
  ] as const)
    it(name, () => expect(bodies(text)).toEqual(expected))

  it('replaces invalid UTF-8 and goes on', () => {
    expect(bodies(Buffer.from([0x61, 0xff, 0x62, 10, 0x63, 10]))).toEqual(['a\ufffdb', 'c'])
  })

  it('does not strip a byte order mark after a restart in the middle of the file', () => {
    expect(frame([Buffer.from('\ufeffa\n')], { offset: 100 }).lines[0]?.body).toBe('\ufeffa')
  })

  it('holds back a last line without newline until it is whole', () => {
    const { lines, framer } = frame([Buffer.from('a\nb')], { flush: false })
    expect(lines.map((line) => line.body)).toEqual(['a'])
    expect(framer.lineOffset).toBe(2)
    framer.push({ bytes: Buffer.from('c\n'), offset: 3 })
    expect(lines.map((line) => line.body)).toEqual(['a', 'bc'])
    expect(lines[1]).toMatchObject({ from: 2, to: 5 })
    expect(framer.lineOffset).toBe(5)
  })

  it('cuts a line over the limit, marks and counts it, and leaves the next one intact', () => {
    const { lines, framer } = frame([Buffer.from('abcdefgh\nxy\n')], { maxLineBytes: 5 })
    expect(lines).toMatchObject([
      { body: 'abcde', cut: true, from: 0, to: 9 },
      { body: 'xy', cut: false, from: 9, to: 12 },
    ])
    expect(framer).toMatchObject({ lines: 2, linesCut: 1, bytesCut: 3 })
  })

  it('does not count the NULs before a line against its limit, however they come', () => {
    const bytes = Buffer.concat([Buffer.alloc(50), Buffer.from('abc\n'), Buffer.alloc(50), Buffer.from('abcdefgh\n')])
    for (const size of [1, 7, 49, 1000]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      const { lines, framer } = frame(chunks, { maxLineBytes: 5 })
      expect(lines, `${size}`).toMatchObject([
        { body: 'abc', cut: false, from: 0, to: 54 },
        { body: 'abcde', cut: true, from: 54, to: 113 },
      ])
      expect(framer.bytesCut).toBe(3)
    }
  })

  for (const [text, kept] of [
    ['abcdé', 'abcd'],
    ['abc李', 'abc'],
    ['ab🚀', 'ab'],
    ['abcé!', 'abcé'],
    ['ab李!', 'ab李'],
    ['a🚀!', 'a🚀'],
  ] as const)
    it(`cuts no character of ${text} in two`, () => {
      const { lines, framer } = frame([Buffer.from(`${text}\n`)], { maxLineBytes: 5 })
      expect(lines[0]).toMatchObject({ body: kept, cut: true })
      expect(framer.bytesCut).toBe(Buffer.byteLength(text) - Buffer.byteLength(kept))
    })

  it('keeps no more of an endless line than the limit', () => {
    const chunks = Array.from({ length: 100 }, () => Buffer.alloc(1000, 97))
    const { lines, framer } = frame([...chunks, Buffer.from('\nnext\n')], { maxLineBytes: 2500 })
    expect(lines.map((line) => line.body.length)).toEqual([2500, 4])
    expect(framer.bytesCut).toBe(97_500)
  })
})

describe('the CRI framing', () => {
  for (const [name, line, expected] of [
    [
      'keeps indentation of the body',
      '2026-11-20T23:10:11.5Z stderr F     at f (a.js:1:2)',
      { body: '    at f (a.js:1:2)', lane: 2 },
    ],
    ['takes an empty body', '2026-11-20T23:10:11.5Z stdout F ', { body: '', lane: 1 }],
    ['takes a body that is missing with its blank', '2026-11-20T23:10:11.123456789Z stdout F', { body: '', lane: 1 }],
    [
      'knows partial lines',
      '2026-11-20T23:10:11.123456789+01:00 stdout P half',
      { body: 'half', lane: 1, partial: true },
    ],
    ['knows tags after the first', '2026-11-20T23:10:11.1Z stdout F:x body', { body: 'body', lane: 1, partial: false }],
  ] as const)
    it(name, () => expect(frame([Buffer.from(`${line}\n`)]).lines[0]).toMatchObject(expected))

  for (const [name, line] of [
    ['does not take the body for a tag', '2026-11-20T23:10:11.5Z stdout Failed to bind'],
    ['does not take an unknown stream', '2026-11-20T23:10:11.5Z stdin F x'],
    ['does not take a time alone', '2026-11-20T23:10:11.5Z'],
    ['does not take an ordinary ISO line', '2026-11-20T23:10:11.5Z INFO stdout F x'],
  ] as const)
    it(name, () => expect(frame([Buffer.from(`${line}\n`)]).lines[0]).toMatchObject({ body: line, lane: 0 }))

  it('counts lines that are not CRI in a CRI file and passes them on raw', () => {
    const { lines, framer } = frame([Buffer.from('2026-11-20T23:10:11.5Z stdout F a\nraw\n')])
    expect(lines.map((line) => line.body)).toEqual(['a', 'raw'])
    expect(framer.linesUnframed).toBe(1)
  })
})

describe('the docker json-file framing', () => {
  const wrap = (log: string, stream = 'stdout') =>
    `${JSON.stringify({ log, stream, time: '2026-11-20T23:10:11.5Z' })}\n`

  it('unescapes the body', () => {
    expect(frame([Buffer.from(wrap('\tat "x"\u001b[0m é\n', 'stderr'))]).lines[0]).toMatchObject({
      body: '\tat "x"\u001b[0m é',
      lane: 2,
      partial: false,
    })
  })
  it('takes a body without final newline for a part', () => {
    expect(frame([Buffer.from(wrap('half'))]).lines[0]).toMatchObject({ body: 'half', partial: true })
  })
  it('keeps extra attributes out of the body', () => {
    const line = '{"log":"a\\n","stream":"stdout","attrs":{"env":"x"},"time":"2026-11-20T23:10:11Z"}\n'
    expect(bodies(line)).toEqual(['a'])
  })
  it('takes lines that a tool wrote anew, without stream and time', () => {
    const text = '{"log": "a\\n", "stream": "stderr", "time": "2026-11-20T23:10:11Z"}\n{"log": "b\\n"}\n{"log":"c"}\n'
    expect(frame([Buffer.from(text)]).lines).toMatchObject([
      { body: 'a', lane: 2 },
      { body: 'b', lane: 0 },
      { body: '{"log":"c"}' },
    ])
  })
  it('takes parts without stream and time where the config says that docker wrote them', () => {
    const text = '{"log":"ab"}\n{"log":"c\\n"}\n{"log":"x","level":"info"}\n'
    expect(frame([Buffer.from(text)], { format: 'docker' }).lines).toMatchObject([
      { body: 'ab', partial: true },
      { body: 'c', partial: false },
      { body: '{"log":"x","level":"info"}' },
    ])
  })
  it('passes on an application\u2019s own JSON with a key "log"', () => {
    expect(bodies('{"log":"a","level":"info"}\n')).toEqual(['{"log":"a","level":"info"}'])
  })
  it('passes on broken JSON', () => {
    expect(bodies('{"log":"a\\q","stream":"stdout","time":"x"}\n')).toEqual([
      '{"log":"a\\q","stream":"stdout","time":"x"}',
    ])
  })
})

describe('alarms', () => {
  const alarms = compileAlarms(['error', '"level":50', '\tat '], {
    keys: ['severity'],
    prefixes: ['f', 'e'],
    numbers: ['3', '17'],
  })
  const alarmed = (text: string) => frame([Buffer.from(`${text}\n`)], alarms ? { alarms } : {}).lines[0]?.alarmed
  for (const [text, expected] of [
    ['2026 ERROR x', true],
    ['2026 eRRor x', true],
    ['2026 INFO x', false],
    ['\tat a.b.C.d(C.java:1)', true],
    ['{"level":50}', true],
    ['{ "level" : 50 }', true],
    ['{"level":30}', false],
    ['{"severity":"fatal"}', true],
    ['{"severity":3}', true],
    ['{"severity":30}', false],
    ['{"severity":17}', true],
    ['{"severity":"info"}', false],
    ['{"severity":"\\u0045RR"}', true],
    ['{"log":"{\\"level\\":50}\\n","stream":"stdout","time":"2026-11-20T23:10:11Z"}', true],
    ['{"log":"\\tat x\\n","stream":"stdout","time":"2026-11-20T23:10:11Z"}', true],
    ['{"a":"{\\"m\\":\\"\\\\tat x\\"}"}', true],
    ['2026-11-20T23:10:11.5Z stdout F x ERROR y', true],
    ['<131>Nov 20 10:15:32 web-1 x', true],
    ['<3>x', true],
    ['<134>Nov 20 10:15:32 web-1 x', false],
  ] as const)
    it(`${expected ? 'ring' : 'stay silent'} for ${text}`, () => expect(alarmed(text)).toBe(expected))

  it('ring for a word beyond ASCII, as bytes, as text and escaped', () => {
    const alarms = compileAlarms(['重大'], { keys: ['level'], prefixes: ['严重'], numbers: [] })
    for (const text of [
      '重大: x',
      '{"m":"\\u91cd\\u5927"}',
      '{"level":"严重"}',
      '{"log":"重大\\n","stream":"stdout","time":"2026-11-20T23:10:11Z"}',
    ])
      expect(frame([Buffer.from(`${text}\n`)], alarms ? { alarms } : {}).lines[0]?.alarmed, text).toBe(true)
    expect(frame([Buffer.from('情報: x\n')], alarms ? { alarms } : {}).lines[0]?.alarmed).toBe(false)
  })

  it('ring for the line that holds them and for no other', () => {
    const text = 'calm\nan error\ncalm\ncalm\nerror error\nerror\n\ncalm'
    const { lines } = frame([Buffer.from(text)], alarms ? { alarms } : {})
    expect(lines.map((line) => line.alarmed)).toEqual([false, true, false, false, true, true, false, false])
  })
})

for (const encoding of ['utf-8', 'utf-16le', 'utf-16be', 'shift_jis'] as const)
  it(`gives the same lines however the bytes are cut: ${encoding}`, () => {
    const fragments = fc.constantFrom(
      'a',
      '\n',
      '\r\n',
      'ERROR',
      'é',
      '\0',
      '\ufeff',
      '2026-11-20T23:10:11.5Z stdout F x',
      '2026-11-20T23:10:11.5Z stderr P ',
      '{"log":"a\\n","stream":"stdout","time":"2026-11-20T23:10:11Z"}',
      'long long long long line',
    )
    const alarms = compileAlarms(['error'])
    const options = { encoding, maxLineBytes: 40, ...(alarms && { alarms }) }
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 60 }), fc.array(fc.nat(400), { maxLength: 20 }), (parts, cuts) => {
        const whole = Buffer.from(parts.join(''), encoding.startsWith('utf-16') ? 'utf16le' : 'utf8')
        if (encoding === 'utf-16be') whole.swap16()
        const chunks: Buffer[] = []
        let at = 0
        for (const cut of [...new Set(cuts)].sort((a, b) => a - b)) {
          if (cut <= at || cut >= whole.length) continue
          chunks.push(whole.subarray(at, cut))
          at = cut
        }
        chunks.push(whole.subarray(at))
        expect(frame(chunks, options).lines).toEqual(frame([whole], options).lines)
      }),
      { numRuns: 500 },
    )
  })
