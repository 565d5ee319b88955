/**
 * Config files from disk: the one part of this folder that does I/O. Every way in which a file cannot be read or does
 * not fit its schema is a Problem; nothing here throws for what is in or at a path.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { z } from 'zod'
import { closest, type Problem } from '../core/problem.js'
import { hideSecrets } from '../core/secrets.js'
import { type Environment, substituteEnvironment } from './environment.js'
import { type PlaceOf, parseJson5 } from './json5.js'
import { isSecretAt, knownKeys } from './schema-walk.js'
import { sortProblems, zodProblems } from './zod-problems.js'

export interface LoadedConfig<S> {
  /** Absent when there is any problem of severity error. */
  readonly config?: S
  readonly problems: Problem[]
  readonly placeOf: PlaceOf
  /** What came from the environment: to be kept out of messages, see `hideSecrets`. */
  readonly secrets: readonly string[]
  /** What was read; undefined when the file could not be. */
  readonly text?: string
}

/** The text of a UTF-8 file, or one problem. */
export async function loadConfigText(file: string): Promise<{ text?: string; problems: Problem[] }> {
  const problem = (what: string, mend: string): { problems: Problem[] } => ({
    problems: [{ place: { file }, what, mend, severity: 'error' }],
  })
  let content: Buffer
  try {
    content = await readFile(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return problem('there is no such file.', await suggestFile(file))
    if (code === 'EISDIR') return problem('this is a directory.', 'Name a file in it.')
    if (code === 'EACCES' || code === 'EPERM') {
      return problem('this user may not read the file.', 'Give the user that runs errand the right to read it.')
    }
    return problem(`the file cannot be read: ${message}.`, 'Check the disk and the path.')
  }
  if ((content[0] === 0xff && content[1] === 0xfe) || (content[0] === 0xfe && content[1] === 0xff)) {
    return problem('the file is UTF-16.', 'Save it as UTF-8.')
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(content), problems: [] }
  } catch {
    return problem(`the file is not UTF-8: byte ${firstBadByte(content)} begins no character.`, 'Save it as UTF-8.')
  }
}

/**
 * Reads, parses, fills in the environment and checks. `schema` must be synchronous. Relative paths in the result are
 * as written; see `resolveFrom`.
 */
export async function loadConfig<S>(
  file: string,
  schema: z.ZodType<S>,
  environment: Environment,
): Promise<LoadedConfig<S>> {
  const { text, problems } = await loadConfigText(file)
  if (text === undefined) return { problems, placeOf: () => ({ file }), secrets: [] }
  return { ...readConfig(text, file, schema, environment), text }
}

/** `loadConfig` for a text that is at hand; pure. */
export function readConfig<S>(
  text: string,
  file: string,
  schema: z.ZodType<S>,
  environment: Environment,
): LoadedConfig<S> {
  const { value, problems, placeOf } = parseJson5(text, file)
  if (value === undefined) return { problems, placeOf, secrets: [] }
  const filled = substituteEnvironment(value, environment, placeOf)
  const all = [...problems, ...filled.problems]
  const { secrets } = filled
  const parsed = schema.safeParse(filled.value)
  if (!parsed.success) {
    all.push(
      ...zodProblems(parsed.error, placeOf, {
        input: filled.value,
        known: (path) => knownKeys(schema, filled.value, path),
        isSecret: (path) => filled.fromEnvironment(path) || isSecretAt(schema, filled.value, path),
        skip: filled.isBroken,
      }),
    )
  }
  if (parsed.success && all.length === 0) return { config: parsed.data, problems: [], placeOf, secrets }
  const hidden = all.map((problem) => ({
    ...problem,
    what: hideSecrets(problem.what, secrets),
    mend: hideSecrets(problem.mend, secrets),
  }))
  return { problems: sortProblems(hidden), placeOf, secrets }
}

/** `path` as written in `configFile`, absolute: relative paths are relative to the folder of the config. */
export function resolveFrom(configFile: string, path: string): string {
  return resolve(dirname(configFile), path)
}

async function suggestFile(file: string): Promise<string> {
  const folder = dirname(file)
  try {
    const near = closest(basename(file), await readdir(folder))
    return near === undefined ? `Check the name; its directory ${folder} exists.` : `Did you mean ${near}?`
  } catch {
    return `Check the path; there is no directory ${folder} that could be read.`
  }
}

/** Offset of the first byte at which the content stops being UTF-8. */
function firstBadByte(content: Buffer): number {
  let good = 0
  let bad = content.length
  // Halving works: a prefix decodes (but for a character it cuts) exactly when no bad byte lies in it.
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(content.subarray(0, middle), { stream: true })
      good = middle
    } catch {
      bad = middle
    }
  }
  return good
}
