import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Far more than any test takes: what waits in vain says so itself before, also on a machine that has much else to do.
  test: { include: ['test/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, pool: 'forks' },
})
