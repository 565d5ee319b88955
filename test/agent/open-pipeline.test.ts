import { describe, expect, it } from 'vitest'
import { openPipeline } from '../../src/index.js'

const LOG =
  '2026-11-20 10:15:32,123 ERROR [shop] gone\nTraceback (most recent call last):\n  File "/a.py", line 1, in f\n    x()\nKeyError: 1\n2026-11-20 10:15:33,000 INFO [shop] fine\n'

describe('the library', () => {
  it('explains each entry of a log', async () => {
    const pipeline = await openPipeline({ source: 'python', service: 'shop' })
    const entries = [
      ...pipeline.push(LOG.slice(0, 50)),
      ...pipeline.push(Buffer.from(LOG.slice(50))),
      ...pipeline.end(),
    ]
    expect(entries.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['kept', 'error'],
      ['dropped', 'below_error'],
    ])
    expect(entries[0]).toMatchObject({
      from: 0,
      record: { service: 'shop', error: { kind: 'KeyError', message: '1' } },
      fingerprint: { id: expect.stringMatching(/^fp1:/), location: expect.any(String), exact: expect.any(String) },
    })
    expect(entries[0]?.fingerprint?.parts.some((part) => part.counts && part.text.includes('KeyError'))).toBe(true)
    expect(
      entries[0]?.steps.some(({ processor, changed }) => processor.includes('status-remapper') && 'status' in changed),
    ).toBe(true)
    expect(entries[0]?.record.error).toMatchObject({ pre_fingerprint: entries[0]?.fingerprint?.id })
  })
})
