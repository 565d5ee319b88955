/** How many sequences a model test tries: few within `npm test`, as many as ERRAND_MODEL_RUNS says in `npm run model`. */
import type { Parameters } from 'fast-check'

/**
 * `npm test` tries the same sequences every time, so that it fails for what was changed; `npm run model` tries others
 * each time. `ERRAND_MODEL_SEED` repeats a run, in both; the seed of what fails is printed.
 */
export function runs<T>(few: number): Parameters<T> {
  const { ERRAND_MODEL_RUNS: many, ERRAND_MODEL_SEED: seed } = process.env
  return {
    numRuns: many === undefined ? few : Number(many),
    ...(seed !== undefined ? { seed: Number(seed) } : many === undefined ? { seed: 1 } : {}),
    // One that never ends fails, too.
    timeout: 300_000,
    // What failed is shrunk as far as it goes; it runs against real files, so not for ever.
    interruptAfterTimeLimit: many === undefined ? 120_000 : 3_000_000,
  }
}
