/** `errand audit`: whether every line and every record is accounted for, as a table or as JSON. */
import { type Audit, audit as auditOf, type OutputAudit } from '../agent/audit.js'
import { visible } from '../core/terminal.js'
import { formatBytes } from '../ship/standing.js'
import type { ExitCode, Host } from './host.js'
import { planOf } from './plan.js'
import { showProblems } from './problems.js'

export interface AuditOptions {
  readonly config: string
  readonly json?: boolean
}

/** Files behind that are named; of the others only the number is told. */
const MOST_FILES = 5

export async function audit(options: AuditOptions, host: Host): Promise<ExitCode> {
  const { plan, problems } = await planOf(options.config, host)
  if (showProblems(problems, host) || plan === undefined) return 1
  const found = await auditOf(plan, host.self).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error
    return { why: `${plan.stateDir} cannot be read: ${error.message}. Run this as the user that runs errand.` }
  })
  if ('why' in found) {
    host.stderr.write(`${visible(found.why)}\n`)
    return 1
  }
  host.stdout.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : renderAudit(found))
  return found.faults.length === 0 ? 0 : 1
}

/** The whole as a person reads it. */
export function renderAudit(found: Audit): string {
  const { stateDir, since, asOf, lines, outputs, losses, behind, notes, faults } = found
  const text = [`${stateDir}: counted since ${since}, ${asOf}.`, ...notes, '']
  text.push(
    row('lines read', lines.read),
    row('  in entries that were kept', lines.kept),
    ...Object.entries(lines.dropped).map(([reason, count]) => row(`  dropped: ${reason}`, count)),
    row('  joined to the line before', lines.joined),
    row('  read again after a stop', lines.reread),
    row('  in entries that are open', lines.open),
    row('  difference', lines.difference),
  )
  for (const output of outputs) text.push('', ...renderOutput(output))
  text.push('', losses.length === 0 ? 'Nothing is known to be lost.' : 'Known loss:')
  for (const { what, reason, count } of losses) text.push(row(`  ${what}${reason ? ` (${reason})` : ''}`, count))
  const bytes = behind.reduce((sum, file) => sum + file.bytes, 0)
  if (behind.length > 0)
    text.push('', `${behind.length} files hold ${formatBytes(bytes)} that are not read, or not durable, yet:`)
  for (const file of behind.slice(0, MOST_FILES)) text.push(`  ${file.path}  ${formatBytes(file.bytes)}`)
  text.push(
    '',
    ...(faults.length === 0
      ? ['Both sums reconcile.']
      : ['The sums do not reconcile:', ...faults.map((fault) => `  ${fault}`)]),
  )
  return `${visible(text.join('\n'))}\n`
}

function renderOutput(output: OutputAudit): string[] {
  const { opening, repeated, lost, refusedFile, oldest, waitingBytes } = output
  const optional = (label: string, count: number) => (count === 0 ? [] : [row(label, count)])
  const refused = refusedFile ? `${refusedFile.records} in ${refusedFile.path}` : undefined
  const waiting =
    output.spooled === 0 ? undefined : `${formatBytes(waitingBytes)}${oldest ? `, the oldest of ${oldest}` : ''}`
  return [
    row(`records made, for output "${output.output}"`, output.kept),
    ...optional('  there before it, or of a time before it (-)', opening),
    ...optional('  repeated after a stop or crash, or not counted (-)', repeated),
    row('  delivered', output.delivered),
    row('  refused', output.refused, refused),
    ...Object.entries(lost).map(([reason, count]) => row(`  lost: ${reason}`, count)),
    row('  waiting in the spool', output.spooled, waiting),
    row('  not durable yet', output.pending),
    row('  difference', output.difference),
  ]
}

function row(label: string, count: number, note?: string): string {
  return `${label.padEnd(54)}${String(count).padStart(12)}${note === undefined ? '' : `  ${note}`}`
}
