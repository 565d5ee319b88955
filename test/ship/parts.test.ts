import { describe, expect, it } from 'vitest'
import { batchSettings } from '../../src/ship/settings.js'
import { realSleep } from '../../src/ship/sleep.js'
import { formatBytes } from '../../src/ship/standing.js'

describe('a real sleep', () => {
  it('ends by itself, or at once when aborted, however long it was to be', async () => {
    await realSleep(1, new AbortController().signal)
    const controller = new AbortController()
    const long = realSleep(Number.MAX_SAFE_INTEGER, controller.signal)
    expect(await Promise.race([long, realSleep(20, new AbortController().signal).then(() => 'still asleep')])).toBe(
      'still asleep',
    )
    controller.abort()
    await long
    await realSleep(60_000, controller.signal)
  })
})

describe('sizes in messages', () => {
  for (const [bytes, text] of [
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [14 * 2 ** 20, '14 MiB'],
    [1.5 * 2 ** 30, '1.5 GiB'],
  ] as const)
    it(`${bytes} is ${text}`, () => expect(formatBytes(bytes)).toBe(text))
})

describe('the settings of a batch', () => {
  it('have defaults, and need at least one record', () => {
    expect(batchSettings.parse(undefined)).toEqual({ maxBytes: 4 * 2 ** 20, maxRecords: 1000, maxAge: 1000 })
    expect(batchSettings.parse({ maxAge: '5s' }).maxAge).toBe(5000)
    expect(batchSettings.safeParse({ maxRecords: 0 }).success).toBe(false)
  })
})
