import { describe, expect, it } from 'vitest'
import { batchLimits } from '../../src/agent/delivering.js'

const MIB = 1 << 20
const batch = { maxBytes: 4 * MIB, maxRecords: 1000, maxAge: 1000 }

describe('the largest batch of an output', () => {
  it('is what the config says where one output sends one batch after the other', () => {
    expect(batchLimits(batch, { concurrency: 1 }, 1)).toEqual(batch)
    expect(batchLimits({ ...batch, maxBytes: MIB, maxRecords: 7 }, { concurrency: 1 }, 1)).toMatchObject({
      maxBytes: MIB,
      maxRecords: 7,
    })
  })
  it('is what the backend takes', () => {
    const limits = { maxBytes: MIB, maxRecords: 100 }
    expect(batchLimits(batch, { limits, concurrency: 1 }, 1)).toMatchObject(limits)
  })
  it('is a share of 8 MiB, for those in flight of all outputs and one that waits at each', () => {
    for (const [concurrency, outputs] of [
      [4, 1],
      [1, 3],
      [4, 5],
    ] as const) {
      const { maxBytes } = batchLimits(batch, { concurrency }, outputs)
      expect(maxBytes * (concurrency + 1) * outputs).toBeLessThanOrEqual(8 * MIB)
      expect(maxBytes).toBeGreaterThan(256 << 10)
    }
    expect(batchLimits(batch, { concurrency: 4 }, 100).maxBytes).toBe(256 << 10)
  })
})
