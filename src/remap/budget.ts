/**
 * The time that patterns of remappers may take. A regular expression cannot be interrupted by JavaScript, but V8 ends
 * code that a timer of `node:vm` has run out for, wherever in a regular expression it is: the linear engine, a filter, a
 * look-around. The timer is a thread of its own for each call (0.1 ms), so only texts and patterns that need it get one.
 */
import { cpuUsage } from 'node:process'
import { createContext, Script } from 'node:vm'

/** Milliseconds of processor time that a remapper's patterns may take for one entry, once they need watching. */
export const BUDGET_MS = 100
/** A timer that runs out on a busy machine says nothing of the pattern: it is set anew, to twice the time, this often. */
const MAX_ATTEMPTS = 6
/**
 * Characters; a text that is longer is watched whatever the rule. V8's linear engine takes up to 20 µs for each character
 * (Node.js 20, November 2026): 40 ms for a text of this length. Rules that a test knows to be quick may go on longer.
 */
export const MAX_UNWATCHED = { anyRule: 1 << 11, bundledRule: 1 << 15 } as const
/** How long a pattern that was given up is not tried on such texts, so that it cannot take over half the time. */
const REST_MS = 2000

/** A pattern that was not tried to its end on an entry. */
export interface GivenUp {
  /** The rule or setting it stands in, for a person. */
  readonly pattern: string
  /** It took too long; or other patterns had left no time, or it rested, after it had taken too long before. */
  readonly because: 'slow' | 'no time left' | 'resting'
}

/** What is left of a remapper's time for an entry. Make a new one for each. */
export class Budget {
  #leftMs = BUDGET_MS

  /** What `work` returns, in a list, or why there is nothing. It may be run again, and ended anywhere. */
  run<T>(work: () => T): readonly [T] | 'slow' | 'no time left' {
    if (this.#leftMs < 1) return 'no time left'
    // Half of what is left, so that a slow pattern leaves something for those behind it.
    const limitMs = this.#leftMs / 2
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = cpuUsage()
      const done = runWithin(work, Math.ceil(limitMs) * 2 ** attempt)
      const { user, system } = cpuUsage(before)
      const usedMs = (user + system) / 1000
      if (done !== undefined) {
        this.#leftMs -= usedMs
        return done
      }
      if (usedMs >= limitMs * 0.8) break
    }
    this.#leftMs -= limitMs
    return limitMs < BUDGET_MS / 8 ? 'no time left' : 'slow'
  }
}

/** Remembers that a pattern was slow: it rests for texts that are at least half as long. */
export class Rest {
  #until = Number.NEGATIVE_INFINITY
  #fromLength = 0

  /** `length` is the text's in characters, `now` in ms. */
  begin(length: number, now: number): void {
    this.#until = now + REST_MS
    this.#fromLength = length / 2
  }

  covers(length: number, now: number): boolean {
    return now < this.#until && length >= this.#fromLength
  }
}

interface Watched {
  work?: (() => unknown) | undefined
}

let watch: { readonly script: Script; readonly context: Watched } | undefined

/** What `work` returns, in a list; undefined when it did not come to its end within `limitMs`. */
export function runWithin<T>(work: () => T, limitMs: number): readonly [T] | undefined {
  // Made when it is needed first: most agents never do.
  watch ??= { script: new Script('work()'), context: createContext(Object.create(null)) as Watched }
  const { script, context } = watch
  context.work = work
  try {
    return [script.runInContext(context, { timeout: limitMs }) as T]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined
    throw error
  } finally {
    context.work = undefined
  }
}
