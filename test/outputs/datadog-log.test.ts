import { describe, expect, it } from 'vitest'
import type { Attributes, ErrorRecord } from '../../src/core/shapes.js'
import { datadogLog, middleCut } from '../../src/outputs/datadog-log.js'
import { record } from './contract.js'

const logOf = (each: ErrorRecord, fingerprint = true) => JSON.parse(datadogLog(each, fingerprint)) as Attributes

const full = record(1, {
  host: 'web-1',
  env: 'prod',
  version: '1.2,3',
  tags: ['team:shop', 'env:prod'],
  error: {
    kind: 'java.io.IOException',
    message: 'no',
    stack: 'java.io.IOException: no\n\tat A.b(A.java:1)',
    pre_fingerprint: 'fp1:0123',
    frames: [{ function: 'b', file: 'A.java', line: 1 }],
    causes: [{ kind: 'X', frames: [] }],
    handled: true,
  },
  logger: { name: 'shop.Orders', thread_name: 'main' },
  trace_id: 'abc',
  git: { commit: { sha: 'c0ffee' }, repository_url: 'https://git/x' },
  kubernetes: { pod: { name: 'p' } },
  log: { file: { path: '/var/log/shop.log', offset: 7 } },
})

describe('a record as a Datadog log', () => {
  it('has what Error Tracking reads, where it reads it', () => {
    expect(logOf(full)).toEqual({
      ddsource: 'java',
      ddtags: 'env:prod,version:1.2_3,git.commit.sha:c0ffee,git.repository_url:https://git/x,team:shop',
      hostname: 'web-1',
      service: 'shop',
      message: 'record 1',
      status: 'error',
      timestamp: Date.UTC(2026, 10, 20, 10, 15, 30, 123),
      error: {
        kind: 'java.io.IOException',
        message: 'no',
        stack: 'java.io.IOException: no\n\tat A.b(A.java:1)',
        pre_fingerprint: 'fp1:0123',
        fingerprint: 'fp1:0123',
        handled: true,
      },
      logger: { name: 'shop.Orders', thread_name: 'main' },
      dd: { trace_id: 'abc' },
      git: { commit: { sha: 'c0ffee' }, repository_url: 'https://git/x' },
      kubernetes: { pod: { name: 'p' } },
      log: { file: { path: '/var/log/shop.log', offset: 7 } },
      errand: { id: full.id },
    })
  })

  for (const fingerprint of [true, false])
    it(`is grouped by the user's own fingerprint, whether ours is sent or not (${fingerprint})`, () => {
      const own = record(1, { error: { pre_fingerprint: 'fp1:0', fingerprint: 'mine' } })
      expect(logOf(own, fingerprint).error).toMatchObject({ pre_fingerprint: 'fp1:0', fingerprint: 'mine' })
      const logged = record(1, { attributes: { error: { fingerprint: 'theirs' } } })
      expect(logOf(logged, fingerprint).error).toMatchObject({ pre_fingerprint: 'fp1:0', fingerprint: 'theirs' })
      const both = record(1, { ...own, ...logged, error: own.error })
      expect(logOf(both, fingerprint).error).toMatchObject({ fingerprint: 'mine' })
    })

  it('leaves grouping to Datadog when told to, and still names our fingerprint', () => {
    const { error } = logOf(full, false)
    expect(error).toMatchObject({ pre_fingerprint: 'fp1:0123' })
    expect(error).not.toHaveProperty('fingerprint')
  })

  it('has nothing for what is not known', () => {
    const bare = record(2, { error: { pre_fingerprint: 'fp1:0' } })
    expect(Object.keys(logOf(bare))).toEqual([
      'ddsource',
      'ddtags',
      'service',
      'message',
      'status',
      'timestamp',
      'error',
      'log',
      'errand',
    ])
  })

  for (const [name, given, expected] of [
    ['the error message', { error: { kind: 'K', message: 'm', pre_fingerprint: 'f' } }, 'm'],
    ['the kind', { error: { kind: 'K', pre_fingerprint: 'f' } }, 'K'],
  ] as const) {
    it(`shows ${name} when the log had no message of its own`, () => {
      const { message: _, ...rest } = record(3, given)
      expect(logOf(rest).message).toBe(expected)
    })
  }
})

describe('attributes', () => {
  const attributesOf = (attributes: Attributes) => logOf({ ...full, attributes })

  it('stand at the root', () => {
    expect(attributesOf({ level: 'ERROR', usr: { id: 7 }, http: { status_code: 500 } })).toMatchObject({
      level: 'ERROR',
      usr: { id: 7 },
      http: { status_code: 500 },
    })
  })

  it('never take the place of what Datadog reads, but move aside', () => {
    const taken = {
      host: 'h',
      '@timestamp': 'x',
      status: 'ok',
      message: 'm',
      ddtags: 'a',
      timestamp: 1,
      service: 's',
      source: 't',
    }
    const log = attributesOf({ ...taken, attributes: { mine: 1 }, error: 'text' })
    expect(log.attributes).toEqual({ ...taken, mine: 1, error: 'text' })
    expect(log).toMatchObject({ status: 'error', message: 'record 1', service: 'shop', hostname: 'web-1' })
    for (const key of ['host', '@timestamp', 'source']) expect(log).not.toHaveProperty(key)
  })

  it('are merged into what we say ourselves, which wins', () => {
    const log = attributesOf({
      error: { code: 'E1', kind: 'other' },
      dd: { span_id: '9', trace_id: 'z' },
      logger: { method_name: 'm' },
    })
    expect(log.error).toMatchObject({ code: 'E1', kind: 'java.io.IOException' })
    expect(log.dd).toEqual({ span_id: '9', trace_id: 'abc' })
    expect(log.logger).toEqual({ method_name: 'm', name: 'shop.Orders', thread_name: 'main' })
  })

  it('named __proto__ are attributes like any other', () => {
    const attributes = JSON.parse('{"__proto__": {"a": 1}, "b": {"__proto__": 2}}') as Attributes
    const text = datadogLog({ ...full, attributes }, true)
    expect(text).toContain('"__proto__":{"a":1}')
    expect(text).toContain('"b":{"__proto__":2}')
  })
})

describe('a log over 1 MB', () => {
  const frames = (count: number) => Array.from({ length: count }, (_, n) => `\tat a.B.c${n}(B.java:${n})`).join('\n')
  const withError = (error: Partial<ErrorRecord['error']>, more: Partial<ErrorRecord> = {}) =>
    record(1, { error: { kind: 'K', pre_fingerprint: 'fp1:1', ...error }, ...more })

  for (const [name, given, cut] of [
    ['a long stack', withError({ stack: `K: m\n${frames(60_000)}\nlast` }), ['error.stack']],
    ['a long message', withError({}, { message: 'x'.repeat(2_000_000) }), ['message']],
    ['both', withError({ stack: frames(60_000) }, { message: 'ü'.repeat(1_000_000) }), ['error.stack', 'message']],
    [
      'all texts',
      withError({ stack: '\u0001'.repeat(900_000), message: '漢'.repeat(900_000) }, { message: '"'.repeat(900_000) }),
      ['error.stack', 'message', 'error.message'],
    ],
    [
      'large attributes',
      withError({ stack: 'K: m' }, { attributes: { dump: 'x'.repeat(2_000_000), error: { code: 1 } } }),
      ['attributes'],
    ],
  ] as const) {
    it(`is trimmed: ${name}`, () => {
      const text = datadogLog(given, true)
      const log = JSON.parse(text) as { error: Attributes; errand: Attributes; service: string }
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(990_000)
      expect(log.errand).toEqual({ id: given.id, cut })
      expect(log.error).toMatchObject({ kind: 'K', fingerprint: 'fp1:1' })
      expect(log.service).toBe('shop')
    })
  }

  it('keeps both ends of the stack, and as much as fits', () => {
    const text = datadogLog(withError({ stack: `K: m\n${frames(60_000)}\nlast` }), true)
    const { stack } = (JSON.parse(text) as { error: { stack: string } }).error
    expect(stack.startsWith('K: m\n\tat a.B.c0(B.java:0)\n')).toBe(true)
    expect(stack.endsWith('\nlast')).toBe(true)
    expect(stack).toMatch(/\n\.\.\. \d+ characters cut by errand \.\.\.\n/)
    expect(Buffer.byteLength(text)).toBeGreaterThan(900_000)
  })

  it('is left alone when it just fits', () => {
    const text = datadogLog(withError({ stack: 'x'.repeat(980_000) }), true)
    expect(JSON.parse(text).errand).toEqual({ id: record(1).id })
  })
})

describe('a text cut in its middle', () => {
  it('has no half characters', () => {
    for (let keep = 6; keep < 30; keep++) {
      const cut = middleCut('😀'.repeat(40), keep)
      expect(Buffer.from(cut).toString(), `${keep}`).toBe(cut)
    }
  })
  it('says how much is gone', () => {
    expect(middleCut('abcdefghij', 6)).toBe('abcd\n... 4 characters cut by errand ...\nij')
    expect(middleCut('abcdef', 6)).toBe('abcdef')
  })
})
