/** Waiting as a parameter, so that tests wind time by hand. */

/** Resolves after `ms`, or as soon as `signal` is aborted; never rejects. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

/** Longer waits than a timer can hold would end at once; whoever waits looks at the clock again. */
const LONGEST_MS = 2 ** 31 - 1

export const realSleep: Sleep = (ms, signal) => {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.min(Math.max(0, ms), LONGEST_MS))
    signal.addEventListener('abort', end, { once: true })
  })
}
