/** Files of container runtimes, read as in the agent. The numbers are those of docs/reliability.md. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Reader } from './reader.js'

const TIME = '2026-11-20T10:15:32.123456789Z'
const cri = (tag: string, text: string, stream = 'stdout') => `${TIME} ${stream} ${tag} ${text}\n`
const docker = (log: string, rest: object = {}) => `${JSON.stringify({ log, stream: 'stdout', ...rest, time: TIME })}\n`

async function read(text: string, options: Parameters<Reader['run']>[0] = {}): Promise<Reader> {
  const reader = new Reader()
  writeFileSync(reader.path('a.log'), text)
  await reader.run(options)
  await reader.rest(1000)
  return reader
}

describe('CRI lines', () => {
  it('in parts are joined for each stream, without a separator, until the last part (57)', async () => {
    const reader = await read(
      cri('P', 'ERROR: one') +
        cri('P', 'ERROR: other', 'stderr') +
        cri('P', ' two') +
        cri('F', ' end', 'stderr') +
        cri('F', ''),
    )
    expect(reader.outcomes.map(({ entry }) => [entry.stream, entry.text])).toEqual([
      ['stdout', 'ERROR: one two'],
      ['stderr', 'ERROR: other end'],
    ])
    expect(reader.counters.get('lines_joined_total')).toBe(3)
  })

  it('may hold no text, with and without the blank before it (57)', async () => {
    const reader = await read(`${cri('F', 'ERROR: one')}${cri('F', '')}${TIME} stdout F\n${cri('F', '  more')}`)
    expect(reader.texts).toEqual(['ERROR: one\n\n\n  more'])
  })

  it('whose last part never comes are taken as whole after a while (57)', async () => {
    const reader = new Reader()
    writeFileSync(reader.path('a.log'), cri('P', 'ERROR: half'))
    await reader.run({ limits: { idleMs: 5000 } })
    await reader.rest(4999)
    appendFileSync(reader.path('a.log'), cri('F', ' and half') + cri('P', 'ERROR: half'))
    await reader.rest(5000)
    await reader.rest(5000)
    expect(reader.texts).toEqual(['ERROR: half and half', 'ERROR: half'])
    appendFileSync(reader.path('a.log'), cri('F', 'ERROR: next'))
    await reader.rest(5000)
    expect(reader.texts).toEqual(['ERROR: half and half', 'ERROR: half', 'ERROR: next'])
  })

  it('are limited together: what is joined is cut, marked and counted, and the next one is whole (57)', async () => {
    const parts = Array.from({ length: 10 }, () => cri('P', 'x'.repeat(1000))).join('')
    const reader = await read(`${cri('P', 'ERROR: ')}${parts}${cri('F', 'end')}${cri('F', 'ERROR: next')}`, {
      limits: { maxEntryBytes: 4096 },
    })
    expect(reader.texts).toEqual([`ERROR: ${'x'.repeat(4089)}`, 'ERROR: next'])
    expect(reader.records.map(({ error }) => error.cut)).toEqual([true, undefined])
    expect(reader.counters.get('bytes_cut_total', { limit: 'entry' })).toBe(10_000 + 3 - 4089)
  })

  it('say when and on which stream they were written (57)', async () => {
    const reader = await read(cri('F', 'ERROR: one', 'stderr'))
    expect(reader.records[0]).toMatchObject({ timestamp: '2026-11-20T10:15:32.123Z', log: { stream: 'stderr' } })
  })

  for (const [name, line] of [
    ['a time alone', TIME],
    ['an unknown stream', `${TIME} stdlog F ERROR: one`],
    ['no tag', `${TIME} stdout Failed to bind`],
  ] as const) {
    it(`that are none are passed on raw and counted: ${name} (61)`, async () => {
      const reader = await read(`${cri('F', 'ERROR: before')}${line}\n${cri('F', 'ERROR: behind')}`)
      expect(reader.texts.sort()).toEqual([line, 'ERROR: before', 'ERROR: behind'].sort())
      expect(reader.counters.get('lines_unframed_total')).toBe(1)
    })
  }
})

describe('lines of docker', () => {
  it('without a line end in `log` are parts, and joined without a separator (58)', async () => {
    const reader = await read(docker('ERROR: one') + docker(' two') + docker(' three\n') + docker('ERROR: next\n'))
    expect(reader.texts).toEqual(['ERROR: one two three', 'ERROR: next'])
  })

  it('may escape what they like (58)', async () => {
    const log = '"ERROR: \\u0022gr\\u00f6\\u00dfer\\u0022 \\ud83d\\ude80 \\u003ctag\\u003e \\t\\/\\n"'
    const reader = await read(`{"log":${log},"stream":"stderr","time":"${TIME}"}\n`)
    expect(reader.texts).toEqual(['ERROR: "größer" 🚀 <tag> \t/'])
    expect(reader.records[0]).toMatchObject({ timestamp: '2026-11-20T10:15:32.123Z', log: { stream: 'stderr' } })
  })

  it('that are broken JSON are passed on as they are and counted, those around them are read (58)', async () => {
    const broken = docker('ERROR: two\n').slice(0, -4)
    const reader = await read(`${docker('ERROR: one\n')}${broken}\n${docker('ERROR: three\n')}`)
    expect(reader.texts).toEqual(['ERROR: one', broken, 'ERROR: three'])
    expect(reader.counters.get('lines_unframed_total')).toBe(1)
  })

  it('with attributes of the logging driver are read as without (58)', async () => {
    const reader = await read(docker('ERROR: one\n', { attrs: { tag: 'shop', 'com.acme.team': 'a' } }))
    expect(reader.texts).toEqual(['ERROR: one'])
    expect(reader.records[0]?.attributes).toBeUndefined()
  })

  it('over the limit of a line are read as they stand, cut, marked and counted (58)', async () => {
    const long = docker(`ERROR: ${'x'.repeat(3000)}\n`)
    const reader = await read(`${long}${docker('ERROR: next\n')}`, { limits: { maxLineBytes: 2048 } })
    expect(reader.texts).toEqual([long.slice(0, 2048), 'ERROR: next'])
    expect(reader.counters.get('lines_cut_total')).toBe(1)
  })
})

it('the framing is found anew on every line: both runtimes and none in one file (59)', async () => {
  const reader = await read(
    `${docker('ERROR: one\n')}${cri('F', 'ERROR: two')}ERROR: three\n${docker('ERROR: four\n')}${cri('P', 'ERROR: fi')}${cri('F', 've')}`,
  )
  // Streams and the lines of none have a lane each: they are not in the order of the file.
  expect(reader.texts.sort()).toEqual(['ERROR: five', 'ERROR: four', 'ERROR: one', 'ERROR: three', 'ERROR: two'])
})

describe('the stream that a line came on', () => {
  const traceback = ['Traceback (most recent call last):', '  File "/srv/a.py", line 1, in f', '    f()', 'KeyError: 1']
  for (const stream of ['stdout', 'stderr']) {
    it(`says nothing of its status, which is what is written or that of a traceback: ${stream} (60)`, async () => {
      const lines = ['a note', ...traceback, 'ERROR:shop:bad', 'INFO:shop:fine']
      const reader = await read(lines.map((line) => cri('F', line, stream)).join(''), { source: 'python' })
      expect(reader.outcomes.map(({ entry, outcome, reason }) => [entry.text.split('\n')[0], outcome, reason])).toEqual(
        [
          ['a note', 'dropped', 'no_status'],
          ['Traceback (most recent call last):', 'kept', 'uncaught'],
          ['ERROR:shop:bad', 'kept', 'error'],
          ['INFO:shop:fine', 'dropped', 'below_error'],
        ],
      )
      expect(reader.records.map(({ log }) => log.stream)).toEqual([stream, stream])
    })
  }
})
