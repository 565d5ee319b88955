import { describe, expect, it } from 'vitest'
import { Pipeline } from '../../src/agent/pipeline.js'
import type { Source } from '../../src/agent/source.js'
import { ManualClock } from '../../src/core/clock.js'
import { Counters } from '../../src/core/counters.js'
import { type Entry, ERROR_STATUSES } from '../../src/core/shapes.js'
import { runPieces, sourceNamed } from '../law/run.js'

const kept = (source: string, lines: readonly string[]) =>
  runPieces(source, [Buffer.from(`${lines.join('\n')}\n`)]).records.map(({ status, message, error }) => [
    status,
    error.kind,
    message,
  ])

const CRASH = [
  'Traceback (most recent call last):',
  '  File "/srv/job.py", line 3, in <module>',
  '    main()',
  'KeyError: 1',
]
const LOGGED = [
  'Traceback (most recent call last):',
  '  File "/srv/job.py", line 9, in step',
  '    call()',
  'ValueError: 2',
]

describe('a crash right behind a record', () => {
  it('is an error of its own when the record is none', () => {
    expect(kept('python', ['INFO:job:step 3', ...CRASH])).toEqual([['error', 'KeyError', 'KeyError: 1']])
    expect(kept('python', ['WARNING:job:slow', ...CRASH, 'INFO:job:next'])).toEqual([
      ['error', 'KeyError', 'KeyError: 1'],
    ])
  })
  it('belongs to the record when that is an error without a traceback', () => {
    expect(kept('python', ['ERROR:job:failed', ...CRASH])).toEqual([['error', 'KeyError', 'failed']])
  })
  it('is a second error when the record has its own traceback', () => {
    expect(kept('python', ['ERROR:job:failed', ...LOGGED, ...CRASH])).toEqual([
      ['error', 'ValueError', 'failed'],
      ['error', 'KeyError', 'KeyError: 1'],
    ])
  })
  it('of Ruby stays with a warning, which prints exceptions in the same shape', () => {
    const raised = ["/srv/a.rb:4:in `run': gone (Job::Lost)", "\tfrom main.rb:3:in `<main>'"]
    expect(kept('ruby', ['W, [2026-11-20T10:15:32.1 #1]  WARN -- : retry', ...raised])).toEqual([])
    expect(kept('ruby', ['I, [2026-11-20T10:15:32.1 #1]  INFO -- : go', ...raised])).toEqual([
      ['error', 'Job::Lost', 'Job::Lost: gone'],
    ])
  })
})

describe('a record', () => {
  it('below error is dropped, whatever stack it has', () => {
    expect(kept('python', ['WARNING:job:retry', ...LOGGED])).toEqual([])
    expect(
      kept('java', ['10:15:32.123 [main] INFO  a.B - x', 'java.io.IOException: x', '\tat a.B.c(B.java:1)']),
    ).toEqual([])
  })
  it('is of the exception that it logs, not of one that its message quotes', () => {
    const lines = [
      '10:15:32.123 [main] ERROR a.B - remote said: java.io.IOException: theirs',
      '\tat x.Y.z(Y.java:1)',
      'and nothing more',
      'java.lang.Error: ours',
      '\tat a.B.c(B.java:1)',
    ]
    expect(kept('java', lines)[0]?.[1]).toBe('java.lang.Error')
  })
  it('of a batch is of the first exception, which prints the next ones behind itself', () => {
    const lines = [
      '10:15:32.123 [main] ERROR a.B - x',
      'java.sql.BatchUpdateException: first',
      '\tat a.B.c(B.java:1)',
      'java.sql.SQLException: next',
      '\tat a.B.d(B.java:2)',
    ]
    expect(kept('java', lines)[0]?.[1]).toBe('java.sql.BatchUpdateException')
  })
  it('is read without its colours', () => {
    expect(kept('nodejs', ['2026-11-20 10:15:32 \u001b[31merror\u001b[39m: gone'])).toEqual([
      ['error', undefined, 'gone'],
    ])
  })
})

describe('an entry on which the program fails', () => {
  /** Python, whose levels cannot be asked for while `isBroken`. */
  const failing = (isBroken: () => boolean): Source => ({
    ...sourceNamed('python'),
    get levels() {
      if (isBroken()) throw new Error('a bug')
      return sourceNamed('python').levels
    },
  })
  const run = (failed?: (entry: Entry, error: unknown) => void) => {
    let entries = 0
    const counters = new Counters()
    const messages: (string | undefined)[] = []
    const pipeline = new Pipeline({
      source: failing(() => ++entries === 2),
      origin: { fileId: 'f' },
      enrichment: { service: 's', tags: [] },
      format: 'plain',
      keep: new Set(ERROR_STATUSES),
      limits: { maxLineBytes: 1 << 20, maxEntryBytes: 1 << 20, idleMs: 1000, unfinishedMs: 30_000, sampleCalm: 0 },
      clock: new ManualClock(),
      counters,
      emit: ({ message }) => messages.push(message),
      ...(failed && { failed }),
    })
    const text = ['ERROR:job:one', 'ERROR:job:two', 'more of two', 'ERROR:job:three', 'INFO:job:end', ''].join('\n')
    pipeline.push({ bytes: Buffer.from(text), offset: 0 })
    pipeline.close()
    return { counters, messages }
  }

  it('is dropped and counted, told with its place, and the others are kept', () => {
    const told: string[] = []
    const { counters, messages } = run(({ from }, error) => told.push(`${from}: ${String(error)}`))
    expect(messages).toEqual(['one', 'three'])
    expect(told).toEqual(['14: Error: a bug'])
    expect(counters.get('lines_dropped_total', { reason: 'fault' })).toBe(2)
    const ended = ['lines_kept_total', 'lines_dropped_total', 'lines_joined_total'].map((name) => counters.total(name))
    expect(counters.get('lines_read_total')).toBe(ended.reduce((sum, count) => sum + count))
  })

  it('is nobody\u2019s to hide where nobody takes it', () => expect(() => run()).toThrow('a bug'))
})
