import { describe, expect, it } from 'vitest'
import { Crash } from '../../src/cli/crash.js'

const CANARY = 'k4n4rienvogel-7f3a9b2e'

/** A crash that ends nothing, and what it wanted to end with. */
function open() {
  const ends: [text: string, code: number][] = []
  const crash = new Crash((text, code) => void ends.push([text, code]))
  return { crash, ends }
}

describe('a fault that nobody caught', () => {
  it('is told as plain text by a command without a log, and ends the process', () => {
    const { crash, ends } = open()
    crash.keepSecret([])
    crash.fault(Object.assign(new Error('it broke'), { stack: 'Error: it broke\n    at f (a.js:1:1)' }))
    expect(ends).toEqual([
      ['errand failed and ends: Error: it broke\n    at f (a.js:1:1)\nPlease report these lines.\n', 70],
    ])
  })

  it('is told in the log of a run, once, also when the log throws or fails later', () => {
    const { crash, ends } = open()
    const told: string[] = []
    crash.tellIn((_, text) => {
      told.push(text)
      throw new Error('EPIPE')
    })
    expect(() => crash.fault(new Error('it broke'))).toThrow('EPIPE')
    crash.fault(new Error('EPIPE'))
    expect(told).toHaveLength(1)
    expect(ends).toEqual([
      ['', 70],
      ['', 70],
    ])
  })

  it('shows no secret of any config that was read, and no message before one was', () => {
    const { crash } = open()
    expect(crash.describe(new Error(`early ${CANARY}`)).message).toMatch(/^\(left out/)
    crash.keepSecret([CANARY])
    crash.keepSecret(['another'])
    expect(crash.describe(new Error(`late ${CANARY} another`)).message).toBe('late [secret] [secret]')
    crash.keepSecret(['two\nlines "quoted"'])
    const sent = JSON.stringify({ key: 'two\nlines "quoted"' })
    expect(crash.describe(new Error(`sent ${sent}`)).message).toBe('sent {"key":"[secret]"}')
  })
})
