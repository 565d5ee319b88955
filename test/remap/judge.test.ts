import { describe, expect, it } from 'vitest'
import { ERROR_STATUSES, type LogRecord, STATUSES, type Traceback } from '../../src/core/shapes.js'
import { judge } from '../../src/remap/judge.js'

const keep = new Set(ERROR_STATUSES)
const record = (more: Partial<LogRecord>): LogRecord => ({
  message: 'm',
  source: 's',
  tags: [],
  attributes: {},
  ...more,
})
const traceback = (more: Partial<Traceback>): Traceback => ({
  language: 'python',
  frames: [],
  causes: [],
  start: 0,
  end: 1,
  uncaught: false,
  ...more,
})
const frames = [{ function: 'f', file: 'a.py', line: 1 }]

describe('the judge', () => {
  for (const status of STATUSES) {
    const expected = ['error', 'critical', 'alert', 'emergency'].includes(status)
      ? { keep: true }
      : { keep: false, reason: 'below_error' }
    it(`${expected.keep ? 'keeps' : 'drops'} ${status}, with a stack or without`, () => {
      expect(judge(record({ status }), keep)).toEqual(expected)
      const withStack = record({ status, traceback: traceback({ frames, uncaught: true }) })
      expect(judge(withStack, keep)).toEqual(expected)
      expect(withStack.inferred).toBeUndefined()
    })
  }

  for (const [name, found, kept] of [
    ['keeps what the runtime printed, without a status', traceback({ uncaught: true }), true],
    ['keeps a traceback with frames, without a status', traceback({ frames }), true],
    ['drops a traceback of which nothing is known, without a status', traceback({}), false],
    ['drops what has neither a status nor a traceback', undefined, false],
  ] as const)
    it(name, () => {
      const judged = record(found === undefined ? {} : { traceback: found })
      expect(judge(judged, keep)).toEqual(kept ? { keep: true } : { keep: false, reason: 'no_status' })
      expect(judged).toMatchObject(kept ? { status: 'error', inferred: true } : {})
    })

  it('drops an error status that the user does not want, and says so', () => {
    expect(judge(record({ status: 'error' }), new Set(['critical']))).toEqual({ keep: false, reason: 'not_wanted' })
    expect(judge(record({ traceback: traceback({ frames }) }), new Set(['critical']))).toEqual({
      keep: false,
      reason: 'not_wanted',
    })
  })
})
