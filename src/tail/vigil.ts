/**
 * Sees to it that every file that holds more is read on. Whatever keeps one from it, a descriptor that went stale on a
 * network disk or a fault of ours, it is opened anew and told; nobody has to notice, and nothing has to be restarted.
 */
import type { Generation } from './file.js'

/** A file that is not read on for this long, though others have had their turns, is stuck. */
export const STUCK_MS = 30_000

export class Vigil {
  #turn = 0

  /** Files were read, each in its turn, as many as one turn has room for. */
  turned(): void {
    this.#turn++
  }

  /** The files that are stuck now; each is given again only after it was stuck for as long again. */
  stuck(live: Iterable<Generation>, now: number): Generation[] {
    const waiting: Generation[] = []
    for (const generation of live) {
      if (mustBeRead(generation)) waiting.push(generation)
      else generation.wait = undefined
    }
    const stuck: Generation[] = []
    for (const generation of waiting) {
      const { wait, offset } = generation
      // A clock that was set back begins anew.
      const goesOn = wait !== undefined && wait.offset === offset && wait.since <= now
      if (!goesOn) generation.wait = { offset, since: now, turn: this.#turn }
      // While reading waits for the spool there are no turns, and with many files a round of them takes many.
      else if (now - wait.since >= STUCK_MS && this.#turn - wait.turn > waiting.length + 2) {
        generation.wait = undefined
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
