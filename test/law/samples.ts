/** The logs that laws are held over: the examples, by source. */
import { readdirSync, readFileSync } from 'node:fs'

const LOGS = new URL('../../examples/logs/', import.meta.url)

export interface Sample {
  readonly source: string
  readonly name: string
  readonly bytes: Buffer
}

export const samples: readonly Sample[] = readdirSync(LOGS).flatMap((source) =>
  readdirSync(new URL(`${source}/`, LOGS)).map((file) => ({
    source,
    name: `${source}/${file}`,
    bytes: readFileSync(new URL(`${source}/${file}`, LOGS)),
  })),
)

/** Deterministic numbers in [0, 1), so that a failing seed can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** The bytes in pieces of random length, of any size from one byte up. */
export function cutAtRandom(bytes: Buffer, random: () => number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const longest = random() < 0.3 ? 40 : 20_000
    const end = Math.min(bytes.length, at + 1 + Math.floor(random() * longest))
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}
