import { describe, expect, it } from 'vitest'
import { Issues } from '../../src/cli/issues.js'
import { renderLine } from '../../src/cli/watch.js'
import type { ErrorRecord } from '../../src/core/shapes.js'
import { record } from '../outputs/contract.js'

const error = (pre: string, fingerprint?: string): ErrorRecord['error'] => ({
  kind: 'K',
  pre_fingerprint: pre,
  ...(fingerprint !== undefined && { fingerprint }),
})

describe('issues', () => {
  it('are told apart by service and fingerprint, the own one before ours', () => {
    const issues = new Issues()
    issues.add(record(1, { error: error('fp1:a') }))
    issues.add(record(2, { error: error('fp1:a', 'mine') }))
    issues.add(record(3, { error: error('fp1:b', 'mine') }))
    issues.add(record(4, { error: error('fp1:b', 'mine'), service: 'jobs' }))
    expect(issues.top(9).map(({ service, fingerprint, count }) => [service, fingerprint, count])).toEqual([
      ['shop', 'mine', 2],
      ['shop', 'fp1:a', 1],
      ['jobs', 'mine', 1],
    ])
  })
})

describe('a line of errand watch', () => {
  it('ends in the own fingerprint, short and on one line', () => {
    const line = renderLine(record(1, { error: error('fp1:a', 'a\x1b[31m\nb') }), false)
    expect(line).toMatch(/ {2}K: record 1 {2}a \[31m$/)
    expect(renderLine(record(1, { error: error('fp1:a', 'x'.repeat(256)) }), false)).toMatch(/ {2}x{59}…$/)
    expect(renderLine(record(1, { error: error('fp1:a') }), false)).toMatch(/ {2}fp1:a$/)
  })
})
