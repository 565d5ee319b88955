/** What a config consists of, its own file and those of its remappers, as something that can be compared. */
import { createHash } from 'node:crypto'
import { loadConfigText } from '../config/load.js'
import { matchFiles } from '../config/load-files.js'

/** A file as it was read; `text` is undefined when it could not be. */
export interface LoadedText {
  readonly file: string
  readonly text: string | undefined
}

export interface Content {
  /** The config. */
  readonly file: string
  /** Of the remapper files, absolute. */
  readonly globs: readonly string[]
  /** Equal exactly when all these files hold the same. */
  readonly digest: string
}

export function digestOf(read: readonly LoadedText[]): string {
  const hash = createHash('sha256')
  for (const { file, text } of read) hash.update(JSON.stringify([file, text ?? null]))
  return hash.digest('hex')
}

/** The digest of what these files hold now. */
export async function digestNow({ file, globs }: Content): Promise<string> {
  const read: LoadedText[] = []
  const load = async (path: string) => read.push({ file: path, text: (await loadConfigText(path)).text })
  await load(file)
  for (const glob of globs) for (const path of await matchFiles(glob)) await load(path)
  return digestOf(read)
}
