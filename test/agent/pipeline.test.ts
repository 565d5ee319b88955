import { describe, expect, it } from 'vitest'
import { runPieces } from '../law/run.js'

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
