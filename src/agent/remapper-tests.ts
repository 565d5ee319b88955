/**
 * The tests that remappers carry, run through the production pipeline: Errand's files with their own `tests`, and
 * Datadog's pairs NAME.yaml + NAME_tests.yaml as they are.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfigText } from '../config/load.js'
import { matchFiles } from '../config/load-files.js'
import { systemClock } from '../core/clock.js'
import type { Problem } from '../core/problem.js'
import type { ErrorRecord } from '../core/shapes.js'
import { compileRemapper } from '../remap/compile.js'
import type { PlacedDefinition } from '../remap/definition.js'
import { placeProblems } from '../remap/load.js'
import { PAIR_CLOCK, readPairTests, runPair } from '../remap/pairs.js'
import { type EntryOutcome, runTests, type TestResult, testProblems } from '../remap/run-tests.js'
import { explainWith } from './open-pipeline.js'
import { loadBundled, loadRemapperFile } from './plan.js'
import { AUTO, compileSource } from './source.js'
import { readTraceback } from './tracebacks.js'

export interface FileResult {
  readonly file: string
  readonly results: readonly TestResult[]
  /** What is wrong with the file itself, and its failed tests at their places. */
  readonly problems: readonly Problem[]
}

const PAIR_TESTS = /_tests\.ya?ml$/

/** Runs the tests of the files, of all remapper files in the directories, or without any of the bundled remappers. */
export async function testRemappers(paths: readonly string[]): Promise<FileResult[]> {
  const { bundled, problems } = await loadBundled()
  const results: FileResult[] = []
  if (paths.length === 0) {
    if (problems.length > 0) results.push({ file: 'remappers', results: [], problems })
    for (const [source, placed] of bundled) results.push(runOwnTests(`${source}.json5`, [placed], bundled, []))
    return results
  }
  for (const path of paths) {
    for (const file of await remapperFiles(path)) {
      const pair = file.replace(/\.ya?ml$/, (ending) => `_tests${ending}`)
      const isPair = pair !== file && (await exists(pair))
      results.push(isPair ? await testPair(file, pair) : await testOwn(file, bundled))
    }
  }
  return results
}

async function testOwn(file: string, bundled: ReadonlyMap<string, PlacedDefinition>): Promise<FileResult> {
  const { definitions, problems } = await loadRemapperFile(file)
  return runOwnTests(file, definitions, bundled, problems)
}

function runOwnTests(
  file: string,
  definitions: readonly PlacedDefinition[],
  bundled: ReadonlyMap<string, PlacedDefinition>,
  problems: readonly Problem[],
): FileResult {
  const results: TestResult[] = []
  const all = [...problems]
  for (const placed of definitions) {
    const name = placed.definition.source ?? AUTO
    // A bundled remapper is the base of its source; the user's own runs behind it, as in production.
    const isBundled = bundled.get(name) === placed
    const { source, problems: compiled } = compileSource({
      name,
      bundled,
      own: isBundled ? [] : [placed],
      now: Date.now,
    })
    all.push(...compiled)
    const own = runTests(placed.definition, ({ text, service, tags }) => {
      const pipeline = explainWith(source, { service: service ?? name, tags }, { clock: systemClock })
      return [...pipeline.push(`${text}\n`), ...pipeline.end()].map(
        ({ outcome, reason, record }): EntryOutcome =>
          outcome === 'kept' ? { outcome, record: record as ErrorRecord } : { outcome, reason },
      )
    })
    results.push(...own)
    all.push(...testProblems(own, placed))
  }
  return { file, results, problems: all }
}

async function testPair(file: string, testFile: string): Promise<FileResult> {
  const { definitions, problems } = await loadRemapperFile(file)
  const { text, problems: unread } = await loadConfigText(testFile)
  const [placed] = definitions
  const read = text === undefined ? { tests: [], problems: unread } : readPairTests(text, testFile)
  if (placed === undefined) return { file, results: [], problems: [...problems, ...read.problems] }
  const compiled = compileRemapper(placed.definition, { now: () => PAIR_CLOCK, readTraceback })
  const results = runPair(compiled.remapper, placed.definition, read.tests)
  const failed = results
    .filter(({ passed }) => !passed)
    .map(
      ({ name, failures }): Problem => ({
        place: { file: testFile },
        what: `${name}: ${failures.join('; ')}.`,
        mend: '',
        severity: 'error',
      }),
    )
  return {
    file,
    results,
    problems: [...problems, ...placeProblems(compiled.problems, placed), ...read.problems, ...failed],
  }
}

/** A file as it is; of a directory every remapper file below it, tests of pairs left out. */
async function remapperFiles(path: string): Promise<string[]> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isDirectory) return [path]
  const files = await matchFiles(join(path, '**/*.{json5,json,yaml,yml}'))
  return files.filter((file) => !PAIR_TESTS.test(file))
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
