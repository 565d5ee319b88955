/** `errand explain`: samples through the production pipeline, each step shown. */
import { createReadStream } from 'node:fs'
import type { Grouping } from '../agent/grouping.js'
import { type ExplainedEntry, type ExplainWithOptions, explainWith } from '../agent/open-pipeline.js'
import { loadBundled } from '../agent/plan.js'
import { compileSource, type Source } from '../agent/source.js'
import { systemClock } from '../core/clock.js'
import { renderPlace } from '../core/problem.js'
import type { ErrorRecord, Frame } from '../core/shapes.js'
import { visible } from '../core/terminal.js'
import type { Enrichment } from '../enrich/enrichment.js'
import type { ExitCode, Host } from './host.js'
import { planOf } from './plan.js'
import { showProblems } from './problems.js'

export interface ExplainOptions {
  readonly source?: string
  readonly config?: string
  readonly json?: boolean
}

export async function explain(files: readonly string[], options: ExplainOptions, host: Host): Promise<ExitCode> {
  const prepared = await prepare(options, host)
  if (prepared === undefined) return 1
  const { source, enrichment, grouping, input } = prepared
  let failed = false
  for (const file of files.length === 0 ? ['-'] : files) {
    const pipeline = explainWith(source, enrichment, {
      ...input,
      grouping,
      clock: systemClock,
      ...(file !== '-' && { file }),
    })
    const show = (entries: readonly ExplainedEntry[]) => {
      for (const entry of entries) host.stdout.write(options.json ? `${JSON.stringify(entry)}\n` : render(entry))
    }
    try {
      for await (const piece of file === '-' ? host.stdin : createReadStream(file))
        show(pipeline.push(piece as Buffer | string))
      show(pipeline.end())
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const what =
        code === 'ENOENT' ? 'there is no such file.' : code === 'EISDIR' ? 'this is a directory.' : `${message}.`
      failed = true
      showProblems(
        [{ place: { file }, what, mend: 'Name a log file, or "-" for standard input.', severity: 'error' }],
        host,
      )
    }
  }
  return failed ? 1 : 0
}

interface Prepared {
  readonly source: Source
  readonly enrichment: Enrichment
  readonly grouping: Grouping
  /** What the config says of the input, when there is one. */
  readonly input?: Pick<ExplainWithOptions, 'format' | 'encoding' | 'keep' | 'limits'>
}

/** The source by name, with the user's remappers when there is a config; without a name the config's first input. */
async function prepare(options: ExplainOptions, host: Host): Promise<Prepared | undefined> {
  let grouping: Grouping = {}
  if (options.config !== undefined) {
    const { plan, problems } = await planOf(options.config, host)
    if (showProblems(problems, host) || plan === undefined) return undefined
    const input = plan.inputs.find(({ source }) => options.source === undefined || source.name === options.source)
    const { keep, group } = plan.config
    if (input) {
      const { format, encoding } = input.config
      return { ...input, input: { format, encoding, keep: keep.statuses, limits: group } }
    }
    grouping = plan.grouping
  }
  const { bundled, problems } = await loadBundled()
  const name = options.source ?? 'auto'
  const compiled = compileSource({ name, bundled, own: [], now: () => Date.now() })
  const unknown = bundled.has(name)
    ? []
    : [
        {
          place: { file: '--source' },
          what: `there is no remapper for source "${name}"; it is treated as "auto".`,
          mend: `Bundled are ${[...bundled.keys()].join(', ')}.`,
          severity: 'warning' as const,
        },
      ]
  if (showProblems([...problems, ...compiled.problems, ...unknown], host)) return undefined
  return { source: compiled.source, enrichment: { service: name, tags: [] }, grouping }
}

/** An entry for a person: what it is, what each step changed, what was shipped and why it has its fingerprint. */
function render(entry: ExplainedEntry): string {
  const lines = [
    `── ${entry.file ?? 'stdin'} [${entry.from}, ${entry.to})  ${entry.outcome}: ${entry.reason}`,
    ...entry.text.split('\n').map((line) => `  │ ${line}`),
  ]
  if (entry.recognised)
    lines.push(`  read as source "${entry.recognised.source}" from here on: ${entry.recognised.because}`)
  for (const step of entry.steps) {
    const changes = Object.entries(step.changed)
    if (changes.length === 0 && step.note === undefined) continue
    lines.push(`  ${step.processor}${step.note === undefined ? '' : ` (${step.note})`}`)
    for (const [path, [before, after]] of changes) lines.push(`      ${path}: ${brief(before)} → ${brief(after)}`)
  }
  if (entry.outcome === 'kept') lines.push(...renderRecord(entry.record as ErrorRecord))
  for (const { frame, because } of entry.inApp ?? [])
    lines.push(`  ${frame.in_app ? 'in app' : 'not in app'}: ${frameText(frame)}  (${because})`)
  if (entry.fingerprint) lines.push(...renderFingerprint(entry.fingerprint))
  return `${visible(lines.join('\n'))}\n\n`
}

function renderFingerprint({ id, location, exact, parts, rule }: NonNullable<ExplainedEntry['fingerprint']>): string[] {
  const lines = [
    `  fingerprint ${id}`,
    ...parts.map((part) => `      ${part.counts ? '+' : '-'} ${part.text}  (${part.because})`),
    `      location ${location}`,
    `      exact    ${exact}`,
  ]
  if (rule?.matched === false) lines.push(`  none of the ${rule.rules} rules of fingerprint.rules matches`)
  if (rule?.matched) {
    const name = `fingerprint.rules[${rule.index}] at ${renderPlace(rule.place)}`
    const gives =
      rule.fingerprint === undefined ? 'gives no text' : `gives error.fingerprint ${brief(rule.fingerprint)}`
    lines.push(`  ${name} ${gives}  (${rule.because})`)
  }
  return lines
}

function renderRecord(record: ErrorRecord): string[] {
  const { error } = record
  const lines = [`  record ${record.status} ${record.timestamp} service ${record.service}: ${brief(record.message)}`]
  if (error.kind !== undefined) lines.push(`      kind     ${error.kind}`)
  if (error.message !== undefined) lines.push(`      message  ${brief(error.message)}`)
  const [top] = error.frames ?? []
  if (top) lines.push(`      raised   ${frameText(top)}, ${error.frames?.length} frames`)
  for (const cause of error.causes ?? []) lines.push(`      cause    ${cause.kind ?? '?'}: ${brief(cause.message)}`)
  return lines
}

function frameText({ module, function: name, file, line }: Frame): string {
  return `${module ?? ''}${module ? '.' : ''}${name ?? '?'} (${file ?? '?'}:${line ?? '?'})`
}

function brief(value: unknown): string {
  if (value === undefined) return '(absent)'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const line = text.replaceAll('\n', '⏎')
  return line.length > 160 ? `${line.slice(0, 157)}…` : line
}
