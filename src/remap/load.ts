/**
 * From the text of a remapper file, JSON5 or YAML by its name, to definitions with places. Pure: reading files is the
 * caller's. All problems at once; a definition with errors is not returned.
 */
import { createRequire } from 'node:module'
import type { Node } from 'yaml'
import { type Path, type PlaceOf, parseJson5 } from '../config/json5.js'
import type { Place, Problem } from '../core/problem.js'
import type { CompileProblem } from './compile.js'
import { type PlacedDefinition, readDefinition } from './definition.js'

/** Loaded by the first YAML file, which most starts do not have: synchronously, as all of this is. */
const yaml = () => createRequire(import.meta.url)('yaml') as typeof import('yaml')

export interface LoadedRemappers {
  readonly definitions: readonly PlacedDefinition[]
  readonly problems: readonly Problem[]
}

/** Reads a remapper file: one remapper, or a list of them. `file` is named in places; its ending decides the syntax. */
export function readRemapperFile(text: string, file: string): LoadedRemappers {
  const parsed = /\.ya?ml$/i.test(file) ? parseYaml(text, file) : parseJson5(text, file)
  if (parsed.value === undefined) return { definitions: [], problems: parsed.problems }
  const name = file.replace(/^.*[\\/]/, '').replace(/\.(?:json5?|ya?ml)$/i, '')
  const read = readRemappers(parsed.value, [], parsed.placeOf, name)
  return { definitions: read.definitions, problems: [...parsed.problems, ...read.problems] }
}

/** Reads remappers that stand inline at `at` of a parsed file: one, or a list of them. */
export function readRemappers(root: unknown, at: Path, placeOf: PlaceOf, fallbackName: string): LoadedRemappers {
  let value = root
  for (const part of at) value = (value as Record<string | number, unknown> | undefined)?.[part]
  const paths = Array.isArray(value) ? value.map((_, i) => [...at, i]) : [at]
  const read = paths.map((path, i) =>
    readDefinition(root, path, placeOf, paths.length > 1 ? `${fallbackName} ${i + 1}` : fallbackName),
  )
  return {
    definitions: read.flatMap(({ placed }) => (placed === undefined ? [] : [placed])),
    problems: read.flatMap(({ problems }) => problems),
  }
}

/** The problems of compiling a definition, at their places in its file. */
export function placeProblems(problems: readonly CompileProblem[], { placeOf }: PlacedDefinition): Problem[] {
  return problems.map(({ path, what, mend, severity }) => ({ place: placeOf(path), what, mend, severity }))
}

/** YAML with places, in the shape of `parseJson5`. Aliases are resolved within limits; nothing throws. */
export function parseYaml(text: string, file: string): { value: unknown; problems: Problem[]; placeOf: PlaceOf } {
  const { LineCounter, parseDocument } = yaml()
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const problems = document.errors.map(
    ({ message, pos }): Problem => ({
      place: placeAt(pos[0]),
      what: `the file is not YAML here: ${message.replace(/\.$/, '')}.`,
      mend: 'Look at the indentation and the quotes of this line and the one before it.',
      severity: 'error',
    }),
  )
  const placeOf: PlaceOf = (path, what) => placeAt(offsetOf(document.contents, path, what ?? 'value'))
  if (problems.length > 0) return { value: undefined, problems, placeOf }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown, problems, placeOf }
  } catch (error) {
    const what = `the file cannot be read: ${error instanceof Error ? error.message : String(error)}.`
    const mend = 'Write it without so many aliases.'
    return { value: undefined, problems: [{ place: { file }, what, mend, severity: 'error' }], placeOf }
  }
}

/** Offset of the node at `path`, or of its key; of a path that is not there, of the nearest one above it. */
function offsetOf(root: Node | null, path: Path, what: 'key' | 'value'): number {
  const { isMap, isScalar, isSeq } = yaml()
  let node: unknown = root
  let key: unknown
  for (const part of path) {
    let next: unknown
    key = undefined
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part)
      key = pair?.key
      next = pair?.value ?? pair?.key
    } else if (isSeq(node) && typeof part === 'number') next = node.items[part]
    if (next === undefined || next === null) return startOf(node)
    node = next
  }
  return startOf(what === 'key' && key !== undefined ? key : node)
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}
