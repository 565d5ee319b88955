/**
 * The tailer against a model: whatever happens to logs and to the agent, in any order, what was written arrives whole, in
 * order and once, but for what the model says may be lost. `npm run model` tries thousands of orders.
 */
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { runs } from './runs.js'
import { steps, World } from './tail-world.js'
import { WORLDS } from './worlds.js'

describe('what is written arrives whole, in order and once', () => {
  for (const [name, settings] of Object.entries(WORLDS)) {
    it(`with ${name}`, () => {
      const property = fc.asyncProperty(steps(settings), (all) => new World(settings).run(all))
      return fc.assert(property, runs(30))
    }, 3_600_000)
  }
})
