/**
 * `errand import`: a pipeline of Datadog's, from its API (JSON: one pipeline or a list) or from a public integration
 * (YAML), becomes a remapper file. Its tests are those that stand beside the integration, else the pipeline's own
 * samples with what becomes of them here. What is written has been read back before.
 */
import { writeFile } from 'node:fs/promises'
import { explainWith } from '../agent/open-pipeline.js'
import { loadBundled } from '../agent/plan.js'
import { AUTO, compileSource } from '../agent/source.js'
import { parseJson5 } from '../config/json5.js'
import { loadConfigText } from '../config/load.js'
import { systemClock } from '../core/clock.js'
import type { Problem } from '../core/problem.js'
import type { ErrorRecord } from '../core/shapes.js'
import { type PlacedDefinition, readDefinition } from '../remap/definition.js'
import { expectedRecord, type ImportedTest, importPairTest, importPipeline, renderImport } from '../remap/import.js'
import { parseYaml, readRemapperFile } from '../remap/load.js'
import { readPairTests } from '../remap/pairs.js'
import { type EntryOutcome, type RunSample, runTests } from '../remap/run-tests.js'
import type { ExitCode, Host } from './host.js'
import { showProblems } from './problems.js'

/** Samples of a pipeline that become tests, at most; the rest says the same again. */
const MAX_SAMPLES = 20
/** The test of a pipeline that gives no samples: a remapper file needs one. */
const NOTHING: ImportedTest = { sample: '-', result: 'dropped' }

export async function importRemapper(file: string, options: { output?: string }, host: Host): Promise<ExitCode> {
  const { text, problems: unread } = await loadConfigText(file)
  if (text === undefined) return showProblems(unread, host) ? 1 : 0
  const { value, problems, placeOf } = /\.ya?ml$/i.test(file) ? parseYaml(text, file) : parseJson5(text, file)
  const name = nameOf(file)
  const values = Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value]
  const read = values.map((one, i) => ({
    value: one,
    ...readDefinition(value, Array.isArray(value) ? [i] : [], placeOf, values.length > 1 ? `${name} ${i + 1}` : name),
  }))
  // The processors that a host does not run are commented in the file; the rest of what is wrong is said here.
  const wrong = [...problems, ...read.flatMap((one) => one.problems)].filter(({ severity }) => severity === 'error')
  const broken = showProblems(wrong, host)
  const pipelines = read.filter(({ placed }) => placed !== undefined).map((one) => importPipeline(one.value, name))
  if (pipelines.length === 0) {
    if (!broken) showProblems([nothingIn(file)], host)
    return 1
  }

  const { bundled, problems: ofBundled } = await loadBundled()
  const [only] = pipelines
  const pair = pipelines.length === 1 ? await pairTests(file) : { tests: [], problems: [] }
  if (showProblems([...ofBundled, ...pair.problems], host)) return 1
  const imported = pipelines.map((pipeline) => {
    if (pipeline === only && pair.tests.length > 0) return { pipeline, tests: pair.tests }
    // A file needs tests before it can be read, and the reading of the file says what the tests are.
    const first = renderImport([{ pipeline, tests: [NOTHING] }])
    const run = runnerOf(readRemapperFile(first, `${name}.json5`).definitions, bundled)
    const tests = pipeline.samples.slice(0, MAX_SAMPLES).flatMap((sample): ImportedTest[] => {
      const kept = run({ text: sample, tags: [] }).flatMap((one) => (one.outcome === 'kept' ? [one.record] : []))
      if (kept.length > 1) return []
      return [{ sample, result: kept[0] === undefined ? 'dropped' : expectedRecord(kept[0]) }]
    })
    return { pipeline, tests: tests.length > 0 ? tests : [NOTHING] }
  })

  const written = renderImport(imported)
  const target = options.output ?? `${name}.json5`
  const back = readRemapperFile(written, target)
  if (showProblems(back.problems, host)) return 1
  if (options.output === undefined) host.stdout.write(written)
  else {
    const unwritten = await write(target, written)
    if (unwritten !== undefined) {
      showProblems([unwritten], host)
      return 1
    }
    const tests = back.definitions.flatMap((placed) => runTests(placed.definition, runnerOf([placed], bundled)))
    const failed = tests.filter(({ passed }) => !passed).length
    const advice = failed === 0 ? 'all pass' : `${failed} do not pass yet, see: errand test ${target}`
    host.stderr.write(`${target}: remappers ${pipelines.length}, tests ${tests.length}, ${advice}\n`)
  }
  return broken ? 1 : 0
}

/** What production makes of samples of the source that the definitions name. */
function runnerOf(definitions: readonly PlacedDefinition[], bundled: ReadonlyMap<string, PlacedDefinition>): RunSample {
  const name = definitions[0]?.definition.source ?? AUTO
  const { source } = compileSource({ name, bundled, own: definitions, now: Date.now })
  return ({ text, service, tags }) => {
    const pipeline = explainWith(source, { service: service ?? name, tags }, { clock: systemClock })
    return [...pipeline.push(`${text}\n`), ...pipeline.end()].map(
      ({ outcome, reason, record }): EntryOutcome =>
        outcome === 'kept' ? { outcome, record: record as ErrorRecord } : { outcome, reason },
    )
  }
}

/** The tests of `NAME_tests.yaml`, when it stands beside `NAME.yaml`. */
async function pairTests(file: string): Promise<{ tests: ImportedTest[]; problems: Problem[] }> {
  const beside = file.replace(/\.ya?ml$/i, (ending) => `_tests${ending}`)
  if (beside === file) return { tests: [], problems: [] }
  const { text } = await loadConfigText(beside)
  if (text === undefined) return { tests: [], problems: [] }
  const { tests, problems } = readPairTests(text, beside)
  return { tests: tests.map(importPairTest), problems }
}

/** Writes a new file; one that is there is somebody's work. */
async function write(target: string, text: string): Promise<Problem | undefined> {
  try {
    await writeFile(target, text, { flag: 'wx' })
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      return problem(target, 'the file is there already.', 'Name another one, or move this one away first.')
    return problem(target, `the file cannot be written: ${message}.`, 'Check the folder and the right to write there.')
  }
}

function nothingIn(file: string): Problem {
  return problem(
    file,
    'the file holds no pipeline.',
    "Give a pipeline or a list of them as GET /api/v1/logs/config/pipelines answers, or an integration's NAME.yaml.",
  )
}

function problem(file: string, what: string, mend: string): Problem {
  return { place: { file }, what, mend, severity: 'error' }
}

function nameOf(file: string): string {
  return file.replace(/^.*[\\/]/, '').replace(/\.(?:json5?|ya?ml)$/i, '')
}
