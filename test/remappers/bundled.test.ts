/** The remappers that come with Errand: readable without problems, and right by their own tests. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadBundled } from '../../src/agent/plan.js'
import { testRemappers } from '../../src/agent/remapper-tests.js'

describe('bundled remappers', async () => {
  const { bundled, problems } = await loadBundled()

  it('have no problems', () => expect(problems).toEqual([]))
  it('are one file for each source, named after it', () => {
    const files = readdirSync(new URL('../../remappers/', import.meta.url)).sort()
    expect([...bundled.keys()].map((source) => `${source}.json5`).sort()).toEqual(files)
  })

  for (const [source, { definition }] of bundled) {
    it(`of ${source} show a sample kept and one dropped`, () => {
      const results = definition.tests.map(({ result }) => (result === 'dropped' ? 'dropped' : 'kept'))
      expect(new Set(results)).toEqual(new Set(['kept', 'dropped']))
    })
  }

  for (const { file, results, problems: found } of await testRemappers([])) {
    it(`of ${file} compile without problems`, () => expect(found).toEqual([]))
    for (const { name, passed, failures } of results)
      it(`${file}: ${name}`, () => expect([passed, failures]).toEqual([true, []]))
  }
})
