/**
 * How V8 keeps its heap: small, at the price of collecting more often. docs/performance.md has the figures. Everything here
 * is read by V8 at each collection, so that it may change while the program runs.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** What is used above this is mostly what is kept of very many files. */
const LARGE_BYTES = 48 << 20
const CHECK_MS = 5000

/** How V8 is to grow a heap that uses so many bytes. */
export function growthFlags(usedBytes: number): readonly string[] {
  // By a percentage, and by 8 MiB at least; by 2 MiB where memory counts for more than speed.
  return usedBytes < LARGE_BYTES
    ? ['--heap-growing-percent=20', '--no-optimize-for-size']
    : ['--heap-growing-percent=4', '--optimize-for-size']
}

/** Keeps the heap small from now on. Call it before anything is loaded. */
export function keepHeapSmall(): void {
  // What is short-lived stays in the 2 MiB of a fresh heap.
  setFlagsFromString('--semi-space-growth-factor=1')
  const limitGrowth = () => {
    for (const flag of growthFlags(getHeapStatistics().used_heap_size)) setFlagsFromString(flag)
  }
  limitGrowth()
  setInterval(limitGrowth, CHECK_MS).unref()
}
