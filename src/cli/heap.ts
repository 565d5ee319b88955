/**
 * How V8 keeps its heap: small, at the price of collecting more often. docs/performance.md has the figures. Everything here
 * is read by V8 at each collection, so that it may change while the program runs.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** What is used above this is mostly what is kept of very many files. */
const LARGE_BYTES = 48 << 20
const CHECK_MS = 5000

/** Percent by which a heap that uses so many bytes may grow before what lives long in it is collected. */
export function growthPercent(usedBytes: number): number {
  return usedBytes < LARGE_BYTES ? 20 : 8
}

/** Keeps the heap small from now on. Call it before anything is loaded. */
export function keepHeapSmall(): void {
  // What is short-lived stays in the 2 MiB of a fresh heap.
  setFlagsFromString('--semi-space-growth-factor=1')
  const limitGrowth = () => {
    setFlagsFromString(`--heap-growing-percent=${growthPercent(getHeapStatistics().used_heap_size)}`)
  }
  limitGrowth()
  setInterval(limitGrowth, CHECK_MS).unref()
}
