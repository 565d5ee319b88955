import { describe, expect, it } from 'vitest'
import { buildRecord, recordId } from '../../src/agent/record.js'
import { recordJson } from '../../src/agent/record-json.js'
import type { Entry, ErrorRecord, LogRecord } from '../../src/core/shapes.js'
import { runPieces } from '../law/run.js'
import { samples } from '../law/samples.js'

const entry: Entry = { text: 'ERROR x\nmore', from: 7, to: 20, lineOffsets: [7, 15], lines: 2 }
const NOW = Date.UTC(2026, 10, 20, 10, 15, 32)

function build(record: Partial<LogRecord>, changes: Partial<Entry> = {}, enrichment = {}) {
  const whole: LogRecord = { message: 'x', source: 'java', status: 'error', tags: [], attributes: {}, ...record }
  return buildRecord(
    whole,
    { ...entry, ...changes },
    { fileId: 'f', path: '/x.log' },
    { service: 'shop', tags: [], ...enrichment },
    NOW,
  ).record
}

const textOf = (record: ErrorRecord) => Buffer.concat(recordJson(record).map((piece) => Buffer.from(piece))).toString()

describe('a record', () => {
  it('says nothing that it does not know', () => {
    expect(build({})).toEqual({
      id: recordId('f', entry),
      timestamp: '2026-11-20T10:15:32.000Z',
      status: 'error',
      message: 'x',
      service: 'shop',
      source: 'java',
      error: { pre_fingerprint: expect.stringMatching(/^fp1:[0-9a-f]{24}$/), handled: true },
      log: { file: { path: '/x.log', offset: 7 } },
    })
  })

  it('leaves out what is empty, null or said elsewhere', () => {
    const attributes = {
      level: 'ERROR',
      a: null,
      b: '',
      c: {},
      d: [],
      e: 0,
      f: false,
      error: { kind: 'K', code: 7 },
      logger: { name: 'n', version: 1 },
    }
    expect(build({ attributes })).toMatchObject({
      error: { kind: 'K' },
      logger: { name: 'n' },
      attributes: { e: 0, f: false, error: { code: 7 }, logger: { version: 1 } },
    })
    expect(Object.keys(build({ attributes }).attributes ?? {})).toEqual(['e', 'f', 'error', 'logger'])
  })

  it('keeps an error that is a text as its message, and a list as an attribute', () => {
    expect(build({ attributes: { error: 'no answer' } }).error.message).toBe('no answer')
    expect(build({ attributes: { error: 'no answer' } })).not.toHaveProperty('attributes')
    expect(build({ attributes: { error: ['a', 'b'] } }).attributes).toEqual({ error: ['a', 'b'] })
  })

  it('takes the time of the log, else of the container, else the present', () => {
    expect(build({ timestamp: 1000 }, { time: 2000 }).timestamp).toBe('1970-01-01T00:00:01.000Z')
    expect(build({}, { time: 2000 }).timestamp).toBe('1970-01-01T00:00:02.000Z')
    expect(build({ timestamp: 9e15 }).timestamp).toBe('2026-11-20T10:15:32.000Z')
  })

  it('takes env and version from the log before the config', () => {
    const enrichment = { env: 'prod', version: '1', tags: ['team:shop'] }
    expect(build({}, {}, enrichment)).toMatchObject({ env: 'prod', version: '1', tags: ['team:shop'] })
    const tags = ['env:test', 'version:2', 'team:shop', 'a:b']
    expect(build({ tags }, {}, enrichment)).toMatchObject({ env: 'test', version: '2', tags: ['team:shop', 'a:b'] })
  })

  it('says whether somebody handled the error', () => {
    const traceback = { language: 'python', frames: [], causes: [], start: 0, end: 1 }
    expect(build({ inferred: true, traceback: { ...traceback, uncaught: true } }).error).toMatchObject({
      handled: false,
      inferred: true,
    })
    expect(build({ inferred: true, traceback: { ...traceback, uncaught: false } }).error).not.toHaveProperty('handled')
  })
})

describe('the id of a record', () => {
  it('is the same for the same bytes, and another for other ones', () => {
    expect(recordId('f', entry)).toBe(recordId('f', { ...entry, to: 99, text: 'ERROR x\nother lines' }))
    const others = [
      recordId('g', entry),
      recordId('f', { ...entry, from: 8 }),
      recordId('f', { ...entry, text: 'ERROR y' }),
    ]
    expect(new Set([recordId('f', entry), ...others]).size).toBe(4)
  })
  it('has 32 hexadecimal digits', () => expect(recordId('f', entry)).toMatch(/^[0-9a-f]{32}$/))
})

describe('the text of a record', () => {
  for (const { source, name, bytes } of samples) {
    it(`is its JSON, over ${name}`, () => {
      const { records } = runPieces(source, [bytes])
      expect(records.length).toBeGreaterThan(0)
      for (const record of records) expect(JSON.parse(textOf(record))).toEqual(JSON.parse(JSON.stringify(record)))
    })
  }
  it('is one line, whatever the message holds', () => {
    const record = build({ message: 'a\nb\u2028c', attributes: { error: { message: '"error":{' } } })
    expect(textOf(record)).not.toContain('\n')
    expect(JSON.parse(textOf(record))).toEqual(record)
  })
})
