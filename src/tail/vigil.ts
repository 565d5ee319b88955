/**
 * Sees to it that every file that holds more is read on. Whatever keeps one from it, a descriptor that went stale on a
 * network disk or a fault of ours, it is opened anew and told; nobody has to notice, and nothing has to be restarted.
 */
import type { Generation } from './file.js'

/** A file that is not read on for this long, though others have had their turns, is stuck. */
export const STUCK_MS = 30_000

interface Wait {
  readonly offset: number
  readonly since: number
  /** The number of the turn in which it began. */
  readonly turn: number
}

export class Vigil {
  #turn = 0
  readonly #waits = new Map<Generation, Wait>()

  /** Files were read, each in its turn, as many as one turn has room for. */
  turned(): void {
    this.#turn++
  }

  /** The files that are stuck now; each is given again only after it was stuck for as long again. */
  stuck(live: Iterable<Generation>, now: number): Generation[] {
    const waits = [...live].filter(mustBeRead)
    const stuck: Generation[] = []
    const all = new Set(waits)
    for (const generation of this.#waits.keys()) if (!all.has(generation)) this.#waits.delete(generation)
    for (const generation of waits) {
      const wait = this.#waits.get(generation)
      // A clock that was set back begins anew.
      const goesOn = wait !== undefined && wait.offset === generation.offset && wait.since <= now
      if (!goesOn) this.#waits.set(generation, { offset: generation.offset, since: now, turn: this.#turn })
      // While reading waits for the spool there are no turns, and with many files a round of them takes many.
      else if (now - wait.since >= STUCK_MS && this.#turn - wait.turn > waits.length + 2) {
        this.#waits.delete(generation)
        stuck.push(generation)
      }
    }
    return stuck
  }
}

/** Whether there is more of the file, and no reason that is known and told why it is not read. */
function mustBeRead(generation: Generation): boolean {
  const { saved, parked, missing, after } = generation
  return saved && !parked && missing === undefined && after?.behind !== true && generation.holdsMore
}
