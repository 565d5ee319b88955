import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { growthFlags } from '../../src/cli/heap.js'

describe('the heap', () => {
  for (const [what, usedMiB] of [
    ['that is small', 20],
    ['of very many files', 60],
  ] as const) {
    it(`${what} grows by flags that this V8 knows`, () => {
      const flags = growthFlags(usedMiB << 20)
      expect(flags).not.toEqual([])
      // Node.js ends with 9 for an option that V8 does not know; set while it runs it would pass in silence.
      expect(() => execFileSync(process.execPath, [...flags, '-e', '0'], { stdio: 'pipe' })).not.toThrow()
    })
  }

  it('takes back for a small heap whatever it sets for a large one', () => {
    const names = (usedMiB: number) => growthFlags(usedMiB << 20).map((flag) => flag.replace(/^--(no-)?|=.*/g, ''))
    expect(names(20)).toEqual(names(60))
  })
})
