/** `errand check`: every problem of a config and of the remappers it names; exit 1 when one would stop a run. */
import { createReadStream } from 'node:fs'
import { type ExplainedEntry, explainWith } from '../agent/open-pipeline.js'
import type { PlannedInput } from '../agent/plan.js'
import { matchFiles } from '../config/load-files.js'
import { systemClock } from '../core/clock.js'
import type { ExitCode, Host } from './host.js'
import { planOf } from './plan.js'
import { showProblems } from './problems.js'

/** Of each `auto` input this many files are looked into, and of each file this many bytes. */
const MAX_FILES = 20
const MAX_BYTES = 256 * 1024

export async function check(options: { config: string }, host: Host): Promise<ExitCode> {
  const { plan, problems } = await planOf(options.config, host)
  const broken = showProblems(problems, host)
  if (broken || plan === undefined) return 1
  const names = (list: readonly string[]) => list.join(', ')
  host.stdout.write(
    `${options.config} is good: ${plan.inputs.length} inputs (${names(plan.inputs.map(({ source }) => source.name))}), ` +
      `${plan.config.outputs.length} outputs (${names(plan.config.outputs.map(({ name, type }) => `${name}: ${type}`))}).\n`,
  )
  for (const input of plan.inputs) if (input.source.learner) await showRecognised(input, host)
  return 0
}

/** Says of the files of an `auto` input which source their first entries show. */
async function showRecognised(input: PlannedInput, host: Host): Promise<void> {
  const files = (await Promise.all(input.paths.map(matchFiles))).flat()
  for (const file of files.slice(0, MAX_FILES)) {
    const recognised = await recognise(file, input).catch(() => undefined)
    if (recognised) host.stdout.write(`${file} will be read as source "${recognised.source}": ${recognised.because}\n`)
  }
}

/** What the first entries of a file show; rejects when it cannot be read, which is the run's to report. */
async function recognise(file: string, input: PlannedInput): Promise<ExplainedEntry['recognised']> {
  const { format, encoding } = input.config
  const pipeline = explainWith(input.source, input.enrichment, { clock: systemClock, format, encoding })
  for await (const piece of createReadStream(file, { end: MAX_BYTES - 1 })) {
    const entry = pipeline.push(piece as Buffer).find(({ recognised }) => recognised)
    if (entry) return entry.recognised
  }
  return pipeline.end().find(({ recognised }) => recognised)?.recognised
}
