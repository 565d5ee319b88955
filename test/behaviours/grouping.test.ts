/** Records of real files, grouped as in the agent. The numbers are those of docs/reliability.md. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Reader } from './reader.js'

const head = (text: string) => `2026-11-20 10:15:32.123 ERROR [main] com.acme.Shop - ${text}`
const frames = (count: number) => Array.from({ length: count }, (_, i) => `\tat com.acme.Shop.step${i}(Shop.java:${i})`)
const trace = (text: string, count = 3) => [head(text), 'java.io.IOException: gone', ...frames(count)].join('\n')

describe('a record', () => {
  it('ends where the next one begins (51)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `${trace('one')}\n${trace('two')}\n${head('three')}\n`)
    await reader.run()
    // The last one may go on.
    expect(reader.texts).toEqual([trace('one'), trace('two')])
  })

  it('ends by time although its file stays silent, and not before (51, 54)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `${trace('one')}\n`)
    await reader.run({ limits: { idleMs: 5000 } })
    await reader.rest(4999)
    expect(reader.texts).toEqual([])
    await reader.rest(1)
    expect(reader.texts).toEqual([trace('one')])
  })

  it('that grows is not ended by time as long as lines come (51)', async () => {
    const reader = new Reader()
    const lines = trace('one', 10).split('\n')
    writeFileSync(reader.path('a.log'), '')
    await reader.run()
    for (const line of lines) {
      appendFileSync(reader.path('a.log'), `${line}\n`)
      await reader.rest(900)
    }
    await reader.rest(1000)
    expect(reader.texts).toEqual([lines.join('\n')])
  })

  it('is not ended by the time that its file waited to be read (51, 54)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `${trace('one', 400)}\n`)
    await reader.start({ settings: { maxBytesPerTurn: 1024 } })
    reader.clock.advance(60_000)
    await reader.rest(1000)
    expect(reader.texts).toEqual([trace('one', 400)])
  })

  it('over the limit of bytes is cut, marked and counted, and the next one is whole (51)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `${trace('one', 500)}\n${trace('two')}\n`)
    await reader.run({ limits: { maxEntryBytes: 4096 } })
    await reader.rest(1000)
    expect(reader.texts).toEqual([trace('one', 500).slice(0, reader.texts[0]?.length), trace('two')])
    expect(reader.records.map(({ error }) => error.cut)).toEqual([true, undefined])
    expect(reader.counters.get('entries_cut_total')).toBe(1)
    const cut = trace('one', 500).length - (reader.texts[0]?.length ?? 0)
    // Line ends between lines that were left out are no text.
    expect(reader.counters.get('bytes_cut_total', { limit: 'entry' })).toBeGreaterThan(cut - 500)
    // The lines of the rest are accounted for with their record.
    expect(reader.counters.get('lines_kept_total')).toBe(502 + 5)
  })

  it('has no limit of lines but that of bytes, which empty lines use up too (51)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `${trace('one')}\n${'\n'.repeat(20_000)}${trace('two')}\n`)
    await reader.run({ limits: { maxEntryBytes: 4096 } })
    await reader.rest(1000)
    expect(reader.texts[0]?.trimEnd()).toBe(trace('one'))
    expect(reader.texts[0]?.length).toBeLessThanOrEqual(4096)
    expect(reader.texts.slice(1)).toEqual([trace('two')])
  })

  it('takes nothing of another file, however their lines alternate (52)', async () => {
    const reader = new Reader()
    const names = ['a', 'b', 'c']
    for (const name of names) writeFileSync(reader.path(`${name}.log`), '')
    await reader.run()
    for (let i = 0; i < 5; i++) {
      for (const name of names) appendFileSync(reader.path(`${name}.log`), `${trace(name).split('\n')[i]}\n`)
      await reader.read()
    }
    await reader.rest(1000)
    expect(reader.texts.sort()).toEqual(names.map((name) => trace(name)))
    expect(reader.records.map(({ error }) => error.frames?.length)).toEqual([3, 3, 3])
  })

  it('takes nothing of the other stream of its container (52)', async () => {
    const reader = new Reader()
    const cri = (stream: string, text: string | undefined) => `2026-11-20T10:15:32.1Z ${stream} F ${text}\n`
    const [out, err] = [trace('out').split('\n'), trace('err').split('\n')]
    const lines = out.map((line, i) => cri('stdout', line) + cri('stderr', err[i]))
    writeFileSync(reader.path('a.log'), lines.join(''))
    await reader.run()
    await reader.rest(1000)
    expect(reader.outcomes.map(({ entry }) => [entry.stream, entry.text])).toEqual([
      ['stdout', trace('out')],
      ['stderr', trace('err')],
    ])
  })

  it('begins with its head: lines before the first are entries of their own (53)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `server starts\nlistening on 8080\n${trace('one')}\n`)
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual(['server starts', 'listening on 8080', trace('one')])
  })

  it('whose head was not read, as at a start at the end, stays together (53)', async () => {
    const reader = new Reader()
    const rest = ['java.io.IOException: gone', ...frames(3)].join('\n')
    writeFileSync(reader.path('a.log'), `${head('one')}\n`)
    await reader.run({ inputs: [{ startAt: 'end' }] })
    appendFileSync(reader.path('a.log'), `${rest}\n${trace('two')}\n`)
    await reader.rest(1000)
    await reader.rest(1000)
    expect(reader.texts).toEqual([rest, trace('two')])
  })

  it('is never begun in the middle after a crash: its position is that of its first unread line (49)', async () => {
    const reader = new Reader()
    const [one, two] = [trace('one'), trace('two')]
    const half = two.length / 2
    writeFileSync(reader.path('a.log'), `${one}\n${two.slice(0, half)}`)
    await reader.run()
    await reader.tail.checkpoint()
    await reader.crash()
    expect(reader.texts).toEqual([one])
    appendFileSync(reader.path('a.log'), `${two.slice(half)}\n`)
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual([one, two])
    expect(reader.records[1]?.log.file?.offset).toBe(one.length + 1)
  })

  it('that is half written at a stop is neither emitted nor counted as read: it comes once and whole (46, 50)', async () => {
    const reader = new Reader()
    const text = trace('one')
    writeFileSync(reader.path('a.log'), text.slice(0, -30))
    await reader.run()
    await reader.stop()
    expect(reader.texts).toEqual([])
    appendFileSync(reader.path('a.log'), `${text.slice(-30)}\n`)
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual([text])
  })

  it('that is read twice after a crash has the same id, also when it was rotated in between (45, 49)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), `${trace('one')}\n${trace('two')}\n`)
    await reader.run()
    await reader.rest(1000)
    await reader.crash()
    renameSync(reader.path('a.log'), reader.path('a.log.1'))
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual([trace('one'), trace('two'), trace('one'), trace('two')])
    const ids = reader.records.map(({ id }) => id)
    expect(ids.slice(2)).toEqual(ids.slice(0, 2))
    expect(new Set(ids).size).toBe(2)
  })
})

describe('where no pattern is configured', () => {
  it('what looks like a date begins a record (55)', async () => {
    const reader = new Reader()
    const heads = [
      '2026-11-20 10:15:32,123 one',
      '2026-11-20T10:15:32.123456Z two',
      '[2026-11-20 10:15:32] three',
      '20/Nov/2026:10:15:32 +0000 four',
      'Nov 20 10:15:32 web-1 shop[7]: five',
      'Fri Nov 20 10:15:32 2026 six',
      'Nov 20, 2026 10:15:32 AM com.acme.Shop pay',
      'E1120 10:15:32.123456       1 main.go:7] eight',
    ]
    const records = heads.map((line) => `${line}\nand more of it`)
    writeFileSync(reader.path('a.log'), `${records.join('\n')}\n`)
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual(records)
  })

  for (const line of [
    '10.1.2.3 is the address',
    '192.168.100.100:8080 refused',
    '1.2.3-rc.1 is the version',
    '3f2504e0-4f89-11d3-9a0c-0305e82c3301 is the order',
    '12:30:20 - text',
    '2026 was a good year',
  ]) {
    it(`"${line}" begins none (55)`, async () => {
      const reader = new Reader()
      writeFileSync(reader.path('a.log'), `${head('one')}\n${line}\n${head('two')}\n`)
      await reader.run()
      await reader.rest(1000)
      expect(reader.texts).toEqual([`${head('one')}\n${line}`, head('two')])
    })
  }

  it('a line that is one JSON object stands alone, in a record and in a traceback too (56)', async () => {
    const reader = new Reader()
    const json = '{"level":"error","message":"of its own"}'
    const [first = '', ...rest] = trace('one').split('\n')
    writeFileSync(reader.path('a.log'), `${first}\n${json}\n${rest.join('\n')}\n${json}\n${json}\n${head('two')}\n`)
    await reader.run()
    await reader.rest(1000)
    expect(reader.texts).toEqual([first, json, rest.join('\n'), json, json, head('two')])
    expect(reader.records.filter(({ message }) => message === 'of its own')).toHaveLength(3)
  })
})
