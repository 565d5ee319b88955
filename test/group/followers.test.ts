import { describe, expect, it } from 'vitest'
import { Followers, type GroupFollower } from '../../src/group/followers.js'

/** Takes message lines, then frames that begin with `mark`; with `greedy` any line before the first frame. */
function toy(mark: string, greedy = false): GroupFollower {
  let traced = false
  return {
    takes(line) {
      const isFrame = line.startsWith(mark)
      traced ||= isFrame
      return isFrame || (!traced && (greedy || line.startsWith('message')))
    },
    get traced() {
      return traced
    },
    complete: false,
  }
}

/** How many of the lines are taken before the first that is not. */
function taken(followers: readonly GroupFollower[], lines: readonly string[]): number {
  const all = new Followers(followers)
  const end = lines.findIndex((line) => !all.takes(line))
  return end < 0 ? lines.length : end
}

describe('followers of one first line', () => {
  const lines = ['message', '#0 f', '#1 g', 'plain']

  it('go on while any of them does', () => {
    expect(taken([toy('at '), toy('#')], lines)).toBe(3)
    expect(taken([toy('#'), toy('at ')], lines)).toBe(3)
  })

  it('give way to the one whose frames have come', () => {
    expect(taken([toy('at ', true), toy('#')], lines)).toBe(3)
    expect(taken([toy('#'), toy('at ', true)], lines)).toBe(3)
  })

  it('do not ask one again that has refused a line', () => {
    expect(taken([toy('at '), toy('#', true)], ['other', 'at f', 'at g'])).toBe(3)
    expect(taken([toy('at '), toy('#')], ['#0 f', 'at f'])).toBe(1)
  })

  it('are traced once one is, and complete when none can go on', () => {
    const all = new Followers([toy('at '), toy('#')])
    expect(all.traced).toBe(false)
    all.takes('#0 f')
    expect([all.traced, all.complete]).toEqual([true, false])
    all.takes('plain')
    expect([all.traced, all.complete, all.takes('#1 g')]).toEqual([true, true, false])
    expect(new Followers([{ takes: () => true, traced: true, complete: true }]).complete).toBe(true)
  })
})
