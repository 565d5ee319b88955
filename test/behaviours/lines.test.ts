/** Lines of real files, read through the whole pipeline. The numbers are those of docs/reliability.md. */
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Reader } from './reader.js'

const GRACE = 10_001
const head = (text: string) => `2026-11-20 10:15:32,123 ERROR [shop.web] ${text}`
const calm = (text: string) => `2026-11-20 10:15:32,123 INFO [shop.web] ${text}`

describe('a line', () => {
  it('in pieces, cut in characters and in CRLF too and written byte by byte, comes once and whole (14)', async () => {
    const reader = new Reader()
    const lines = ['größer als 李雷 🚀', 'и так далее', 'naïve'].map(head)
    writeFileSync(reader.path('a.log'), '')
    await reader.run()
    for (const byte of Buffer.from(`${lines.join('\r\n')}\r\n`)) {
      appendFileSync(reader.path('a.log'), Buffer.of(byte))
      await reader.read()
    }
    await reader.rest(1000)
    expect(reader.texts).toEqual(lines)
  })

  it('over many reads, each of which ends anywhere in a character, is whole (14)', async () => {
    const reader = new Reader()
    const lines = Array.from({ length: 50 }, (_, i) => head(`${'x'.repeat(i)}${'李🚀é'.repeat(200)}`))
    writeFileSync(reader.path('a.log'), `${lines.join('\n')}\n`)
    await reader.run({ settings: { maxBytesPerTurn: 1024 } })
    await reader.rest(1000)
    expect(reader.texts).toEqual(lines)
  })

  it('ends with LF alone: other delimiters stay in its text, as long as it is within its limit (19)', async () => {
    const reader = new Reader()
    const text = head('one\0two||three\rfour\u2028five')
    writeFileSync(reader.path('a.log'), `${text}\n${calm('next')}\n`)
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual([text, calm('next')])
  })

  for (const [name, cut, rest] of [
    ['ends with its limit', 'x'.repeat(1100), 'y'.repeat(900)],
    ['is cut between characters, not in one', '李'.repeat(360), '李雷🚀'.repeat(100)],
  ] as const) {
    it(`over the limit ${name}, is marked and counted, and the next one is intact (16)`, async () => {
      const reader = new Reader()
      const limit = Buffer.byteLength(head(cut)) + (name.startsWith('is cut') ? 1 : 0)
      writeFileSync(reader.path('a.log'), `${head(cut)}${rest}\n${head('next')}\n`)
      await reader.run({ limits: { maxLineBytes: limit } })
      await reader.rest(1000)
      expect(reader.texts).toEqual([head(cut), head('next')])
      expect(reader.records.map(({ error }) => error.cut)).toEqual([true, undefined])
      expect(reader.counters.get('lines_cut_total')).toBe(1)
      expect(reader.counters.get('bytes_cut_total', { limit: 'line' })).toBe(Buffer.byteLength(rest))
    })
  }

  it('over the limit is one piece, marked in the entry that it ends in; a JSON line behind it is not (17)', async () => {
    const reader = new Reader()
    const json = '{"level":"error","message":"whole"}'
    const grouped = `${head('group')}\n${'y'.repeat(2000)}`
    writeFileSync(reader.path('a.log'), `${head('x'.repeat(2000))}\n${json}\n${grouped}\n${json}\n`)
    await reader.run({ limits: { maxLineBytes: 1024 } })
    await reader.rest(1000)
    expect(reader.outcomes.map(({ entry }) => [entry.text.slice(41, 47), entry.cut ?? false])).toEqual([
      ['xxxxxx', true],
      [json.slice(41, 47), false],
      ['group\n', true],
      [json.slice(41, 47), false],
    ])
    // By reason: these were lines over their limit, not entries.
    expect(reader.counters.get('bytes_cut_total', { limit: 'line' })).toBeGreaterThan(0)
    expect(reader.counters.get('bytes_cut_total', { limit: 'entry' })).toBe(0)
  })
})

describe('empty lines', () => {
  for (const [name, end] of [
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ] as const) {
    it(`are kept in a record and skipped outside of any: ${name} (15)`, async () => {
      const reader = new Reader()
      const lines = ['', '', head('one'), '', '  more', '', head('two'), '{"a":1}', '', '']
      writeFileSync(reader.path('a.log'), lines.map((line) => `${line}${end}`).join(''))
      await reader.run()
      await reader.rest(1000)
      expect(reader.texts).toEqual([`${head('one')}\n\n  more\n`, head('two'), '{"a":1}'])
      expect(reader.counters.get('lines_read_total')).toBe(lines.length)
      expect(reader.counters.get('lines_dropped_total', { reason: 'calm' })).toBe(4)
    })

    it(`alone in a file are read, counted and nothing else: ${name} (15)`, async () => {
      const reader = new Reader()
      writeFileSync(reader.path('a.log'), end.repeat(1000))
      await reader.run()
      await reader.rest(1000)
      expect(reader.texts).toEqual([])
      expect(reader.counters.get('lines_dropped_total', { reason: 'calm' })).toBe(1000)
    })
  }
})

describe('blocks of NUL', () => {
  it('between lines, however large, are no part of a record and hide none (26)', async () => {
    const reader = new Reader()
    const hole = Buffer.alloc(3 << 20)
    writeFileSync(reader.path('a.log'), Buffer.concat([Buffer.from(`${head('one')}\n`), hole]))
    await reader.run({ settings: { maxBytesPerTurn: 4096 } })
    appendFileSync(
      reader.path('a.log'),
      Buffer.concat([Buffer.from(`${head('two')}\n`), hole, Buffer.from(`${head('three')}\n`)]),
    )
    await reader.read()
    await reader.rest(1000)
    expect(reader.texts).toEqual([head('one'), head('two'), head('three')])
    expect(reader.counters.get('bytes_cut_total', { limit: 'line' })).toBe(0)
  })

  it('that a writer leaves who goes on at its old offset after a truncation give no giant record (26, 30)', async () => {
    const reader = new Reader()
    const first = `${head('one')}\n`.repeat(500)
    writeFileSync(reader.path('a.log'), first)
    await reader.run({ limits: { maxLineBytes: 4096 } })
    await reader.rest(1000)
    expect(reader.outcomes).toHaveLength(500)
    writeFileSync(reader.path('a.log'), '')
    await reader.read()
    writeFileSync(reader.path('a.log'), Buffer.concat([Buffer.alloc(first.length), Buffer.from(`${head('two')}\n`)]))
    await reader.read()
    await reader.rest(1000)
    expect(reader.texts.slice(500)).toEqual([head('two')])
  })
})

describe('a last line without its end', () => {
  it('waits for it, and comes once and whole (13)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `${head('one')}\n${head('tw')}`)
    await reader.run()
    await reader.rest(1000)
    appendFileSync(reader.path('a.log'), 'o')
    await reader.rest(1000)
    appendFileSync(reader.path('a.log'), ' and all\n')
    await reader.rest(1000)
    expect(reader.texts).toEqual([head('one'), head('two and all')])
  })

  it('keeps the record open that it belongs to (13)', async () => {
    const reader = new Reader()
    const text = `${head('one')}\nTraceback (most recent call last):\n  File "/srv/a.py", line 1, in f\n    f()\nKeyError: 1`
    writeFileSync(reader.path('a.log'), text.slice(0, -12))
    await reader.run({ source: 'python' })
    for (let i = 0; i < 5; i++) await reader.rest(1000)
    expect(reader.texts).toEqual([])
    appendFileSync(reader.path('a.log'), `${text.slice(-12)}\n`)
    await reader.rest(1000)
    expect(reader.texts).toEqual([text])
  })

  it('is taken as whole when the writer has been silent for long: the last words of a crash (13)', async () => {
    const reader = new Reader()
    const text = 'Traceback (most recent call last):\n  File "/srv/a.py", line 1, in f\n    f()\nKeyError: 1'
    writeFileSync(reader.path('a.log'), text)
    await reader.run({ source: 'python', limits: { unfinishedMs: 30_000 } })
    await reader.rest(29_999)
    expect(reader.texts).toEqual([])
    await reader.rest(1)
    await reader.rest(1000)
    expect(reader.texts).toEqual([text])
    expect(reader.records[0]?.error).toMatchObject({ kind: 'KeyError', message: '1' })
    appendFileSync(reader.path('a.log'), `\n${head('the next run')}\n`)
    await reader.rest(1000)
    expect(reader.texts).toEqual([text, head('the next run')])
  })

  it('is taken as whole when its file is rotated away or deleted (13)', async () => {
    const reader = new Reader()
    for (const name of ['a.log', 'b.log']) writeFileSync(reader.path(name), head(name))
    await reader.run({ limits: { unfinishedMs: 3_600_000 } })
    await reader.rest(1000)
    expect(reader.texts).toEqual([])
    renameSync(reader.path('a.log'), reader.path('a.log.1'))
    rmSync(reader.path('b.log'))
    await reader.read()
    await reader.rest(GRACE)
    expect(reader.texts.sort()).toEqual([head('a.log'), head('b.log')])
  })
})

describe('an encoding', () => {
  it('of UTF-8 may begin with a byte order mark, which is no part of the first line (18)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `\ufeff${head('erste')}\n${head('zweite \ufeff')}\n`)
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual([head('erste'), head('zweite \ufeff')])
    expect(reader.records.map(({ log }) => log.file?.offset)).toEqual([0, 3 + head('erste').length + 1])
  })

  const LEGACY = [
    [
      'windows-1252',
      Buffer.from([0x67, 0x72, 0xf6, 0xdf, 0x65, 0x72, 0x20, 0x80]),
      'größer €',
      'gr\ufffd\ufffder \ufffd',
    ],
    ['shift_jis', Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x83, 0x5c]), '日本ソ', '\ufffd\ufffd\ufffd{\ufffd\\'],
    ['gbk', Buffer.from([0xd6, 0xd0, 0xce, 0xc4]), '中文', '\ufffd\ufffd\ufffd\ufffd'],
    ['koi8-r', Buffer.from([0xc4, 0xc1]), 'да', '\ufffd\ufffd'],
  ] as const
  for (const [encoding, bytes, text, replaced] of LEGACY) {
    const log = Buffer.concat([Buffer.from(head('')), bytes, Buffer.from(`\r\n${head('next')}\n`)])

    it(`that the input names is decoded: ${encoding} (18)`, async () => {
      const reader = new Reader()
      writeFileSync(reader.path('a.log'), log)
      await reader.run({ encoding })
      await reader.rest(1000)
      expect(reader.texts).toEqual([head(text), head('next')])
      expect(reader.records.map(({ log }) => log.file?.offset)).toEqual([0, head('').length + bytes.length + 2])
    })

    it(`that nobody names is read with replacement characters, and reading goes on: ${encoding} (18)`, async () => {
      const reader = new Reader()
      writeFileSync(reader.path('a.log'), log)
      await reader.run()
      await reader.rest(1000)
      expect(reader.texts).toEqual([head(replaced), head('next')])
      expect(reader.records).toHaveLength(2)
    })
  }

  it('of UTF-8 that is broken is read with replacement characters, and reading goes on (18)', async () => {
    const reader = new Reader()
    const broken = Buffer.from([0xff, 0xfe, 0xc0, 0xaf, 0xe2, 0x82, 0x20, 0x61])
    writeFileSync(reader.path('a.log'), Buffer.concat([broken, Buffer.from(`\n${head('next')}\n`)]))
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual(['\ufffd\ufffd\ufffd\ufffd\ufffd a', head('next')])
  })

  for (const [name, encode] of [
    ['little endian', (text: string) => Buffer.from(text, 'utf16le')],
    ['big endian', (text: string) => Buffer.from(text, 'utf16le').swap16()],
  ] as const) {
    const lines = ['größer als 李雷 🚀 \u0a0d\u0d0a', 'и так далее', '', 'naïve'].map((text) =>
      text === '' ? '' : head(text),
    )
    const log = encode(`\ufeff${lines.join('\r\n')}\r\n`)
    const texts = [lines[0], `${lines[1]}\n`, lines[3]]

    it(`of UTF-16 is told by its byte order mark, however it is written and read: ${name} (14, 18)`, async () => {
      const reader = new Reader()
      writeFileSync(reader.path('a.log'), log.subarray(0, 6))
      await reader.run()
      for (const byte of log.subarray(6)) {
        appendFileSync(reader.path('a.log'), Buffer.of(byte))
        await reader.read()
      }
      await reader.rest(1000)
      expect(reader.texts).toEqual(texts)
      for (const { entry } of reader.outcomes) {
        const first = encode(entry.text.split('\n')[0] ?? '?')
        expect(
          log.subarray(entry.from).subarray(entry.from === 0 ? 2 : 0, first.length + (entry.from === 0 ? 2 : 0)),
        ).toEqual(first)
      }
    })

    it(`of UTF-16 goes on after a restart in the middle, and at a start at the end: ${name} (18, 44)`, async () => {
      const reader = new Reader()
      writeFileSync(reader.path('a.log'), log)
      await reader.run({ inputs: [{ startAt: 'end' }] })
      appendFileSync(reader.path('a.log'), encode(`${head('one')}\n${head('two').slice(0, 20)}`))
      await reader.rest(1000)
      await reader.stop()
      appendFileSync(reader.path('a.log'), encode(`${head('two').slice(20)}\n`))
      await reader.run({ inputs: [{ startAt: 'end' }] })
      await reader.rest(1000)
      expect(reader.texts).toEqual([head('one'), head('two')])
    })

    it(`of UTF-16 has the limits of any other: ${name} (16, 18)`, async () => {
      const reader = new Reader()
      writeFileSync(reader.path('a.log'), encode(`\ufeff${head('🚀'.repeat(400))}\n${head('next')}\n`))
      await reader.run({ limits: { maxLineBytes: 1024 } })
      await reader.rest(1000)
      const kept = Math.floor((1024 - 2 - head('').length * 2) / 4)
      expect(reader.texts).toEqual([head('🚀'.repeat(kept)), head('next')])
      expect(reader.records.map(({ error }) => error.cut)).toEqual([true, undefined])
    })
  }
})

describe('a record', () => {
  it('names its file as the glob found it and the offset of its first byte, in groups and after a rename (25)', async () => {
    const reader = new Reader()
    const trace = '\tat com.acme.Shop.place(Shop.java:41)'
    const texts = [head('eins ü'), `${head('zwei')}\njava.io.IOException: gone\n${trace}`, head('drei')]
    writeFileSync(reader.path('app.log'), `${texts[0]}\n${texts[1]}\n`)
    await reader.run()
    renameSync(reader.path('app.log'), reader.path('app.log.1'))
    appendFileSync(reader.path('app.log.1'), `${texts[2]}\n`)
    await reader.read()
    await reader.rest(1000)
    expect(reader.texts).toEqual(texts)
    const bytes = Buffer.from(`${texts.join('\n')}\n`)
    for (const [i, { log }] of reader.records.entries()) {
      expect(log.file?.path).toBe(reader.path('app.log'))
      expect(
        bytes
          .subarray(log.file?.offset)
          .toString()
          .startsWith(texts[i] ?? '?'),
      ).toBe(true)
    }
    // Lines are not numbered: it would cost reading everything before them.
    expect(Object.keys(reader.records[0]?.log.file ?? {})).toEqual(['path', 'offset'])
  })
})

describe('the header at the top of a file', () => {
  it('is read like any other line: dropped, counted, and not again after a restart in its middle (24)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), '#Version: 1.0\n#Fields: date time ')
    await reader.run()
    await reader.stop()
    appendFileSync(reader.path('a.log'), `status\n${head('one')}\n`)
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual(['#Version: 1.0', '#Fields: date time status', head('one')])
    expect(reader.records).toHaveLength(1)
    expect(reader.records[0]?.attributes).toBeUndefined()
    expect(reader.counters.get('lines_dropped_total', { reason: 'no_status' })).toBe(2)
  })
})
