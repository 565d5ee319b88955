import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { STATUSES } from '../../src/core/shapes.js'
import {
  DATADOG_PREFIXES,
  LOGGER_WORDS,
  levelsOf,
  normaliseStatus,
  recogniseStatus,
  SYSLOG_STATUSES,
} from '../../src/remap/status.js'

describe('a written level becomes a status', () => {
  for (const [level, status] of [
    ['ERROR', 'error'],
    ['err', 'error'],
    ['E', 'error'],
    ['eror', 'error'],
    ['Exception', 'error'],
    ['SEVERE', 'error'],
    ['fail', 'error'],
    ['Failure', 'error'],
    ['unknown', 'error'],
    ['ANY', 'error'],
    ['FATAL', 'emergency'],
    ['F', 'emergency'],
    ['FTL', 'emergency'],
    ['emerg', 'emergency'],
    ['Emergency', 'emergency'],
    ['panic', 'emergency'],
    ['DPANIC', 'critical'],
    ['CRITICAL', 'critical'],
    ['crit', 'critical'],
    ['alert', 'alert'],
    ['WARNING', 'warn'],
    ['W', 'warn'],
    ['notice', 'notice'],
    ['Information', 'info'],
    ['CONFIG', 'debug'],
    ['FINE', 'debug'],
    ['FINEST', 'debug'],
    ['dbug', 'debug'],
    ['trce', 'debug'],
    ['TRAC', 'debug'],
    ['verbose', 'debug'],
    ['OK', 'ok'],
    ['success', 'ok'],
    ['system', 'ok'],
    ['LOG', 'info'],
    ['resume', 'info'],
    [' error\t', 'error'],
    [3, 'error'],
    ['0', 'emergency'],
    ['7', 'debug'],
    [50, 'info'],
    ['200', 'info'],
  ] as const)
    it(`${JSON.stringify(level)} is ${status}`, () => expect(normaliseStatus(level)).toBe(status))

  it('gives a source its own levels first, whatever their case and type', () => {
    const levels = levelsOf({ '50': 'error', '60': 'critical', Warning: 'error', I: 'notice' })
    expect([50, '60', 'WARNING', 'i', 'info'].map((level) => normaliseStatus(level, levels))).toEqual([
      'error',
      'critical',
      'error',
      'notice',
      'info',
    ])
  })

  it('says nothing of what is no level, and recognises no strange one', () => {
    for (const nothing of [undefined, null, '', '  ', '-', {}, [], true])
      expect(normaliseStatus(nothing)).toBeUndefined()
    for (const strange of [50, 400, 'LOG', 'up', '42']) expect(recogniseStatus(strange)).toBeUndefined()
  })

  it('holds for every entry of its tables, in any case', () => {
    for (const [word, status] of Object.entries(LOGGER_WORDS)) expect(normaliseStatus(word.toUpperCase())).toBe(status)
    for (const [prefix, status] of DATADOG_PREFIXES) expect(normaliseStatus(`${prefix}zzz`)).toBe(status)
    for (const [digit, status] of SYSLOG_STATUSES.entries()) expect(normaliseStatus(digit)).toBe(status)
    for (const status of STATUSES) expect(normaliseStatus(status)).toBe(status)
  })

  it('gives a status for any text that is neither blank nor a dash', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const status = normaliseStatus(text)
        return ['', '-'].includes(text.trim()) ? status === undefined : STATUSES.some((each) => each === status)
      }),
    )
  })
})
