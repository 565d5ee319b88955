import { describe, expect, it } from 'vitest'
import { spoolSettings } from '../../src/spool/settings.js'

describe('the settings of the spool', () => {
  it('have defaults, and take sizes as a person writes them', () => {
    expect(spoolSettings.parse({})).toEqual({ maxBytes: 2 ** 30, segmentBytes: 2 ** 24, whenFull: 'wait' })
    expect(spoolSettings.parse({ maxBytes: '2MiB', segmentBytes: 65536, whenFull: 'dropOldest' })).toEqual({
      maxBytes: 2 ** 21,
      segmentBytes: 65536,
      whenFull: 'dropOldest',
    })
  })
  for (const [name, settings, says] of [
    ['a spool too small to work', { maxBytes: 0 }, 'at least "1MiB"'],
    ['files too small to work', { segmentBytes: '1KiB' }, 'at least "64KiB"'],
    ['what is no size', { maxBytes: 'much' }, '"much" is not a size'],
    ['another word for what to do when it is full', { whenFull: 'block' }, 'whenFull'],
    ['unknown keys', { maxByte: 1 }, 'maxByte'],
  ] as const) {
    it(`do not take ${name}`, () => {
      expect(spoolSettings.safeParse(settings).error?.message).toContain(says.replaceAll('"', '\\"'))
    })
  }
})
