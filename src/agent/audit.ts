/**
 * Whether everything that was read is accounted for: the two sums, taken from the running agent's /metrics or from the
 * state directory, held against what lies on disk. Reads only, and takes no lock.
 */
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Counters } from '../core/counters.js'
import { positionOf } from '../spool/cursors.js'
import { isMissing } from '../spool/files.js'
import { lockHolder, type ThisProcess } from '../spool/lock.js'
import { SpoolView } from '../spool/view.js'
import { readMetrics } from '../status/read-metrics.js'
import { type Account, accountPath, figuresOf, parseAccount } from './accounts.js'
import type { Plan } from './plan.js'
import { type Figures, type LinesSum, type RecordsSum, sumLines, sumRecords } from './sums.js'

export interface OutputAudit extends RecordsSum {
  /** Of what waits, as it lies on disk; in bytes. */
  readonly waitingBytes: number
  /** Time of the oldest record that waits. */
  readonly oldest?: string
  readonly refusedFile?: { readonly path: string; readonly records: number }
}

export interface Audit {
  readonly stateDir: string
  /** Counting began; ISO time. */
  readonly since: string
  /** What the sums are of, as a sentence. */
  readonly asOf: string
  readonly lines: LinesSum
  readonly outputs: readonly OutputAudit[]
  /** Loss that is known: counts by what was lost, and the values of the counter's labels; none of them 0. */
  readonly losses: readonly { readonly what: string; readonly reason?: string; readonly count: number }[]
  /** Files that hold more than was read, the farthest behind first. */
  readonly behind: readonly { readonly path: string; readonly bytes: number }[]
  /** Facts to know when reading the sums. */
  readonly notes: readonly string[]
  /** What does not reconcile, by how much, and where to look. Empty: all is accounted for. */
  readonly faults: readonly string[]
}

/** Why no audit can be made. */
export interface NoAudit {
  readonly why: string
}

/** Reads the account twice around /metrics; a run that begins in between makes another attempt. */
const ATTEMPTS = 3

/** What is lost, by counter. */
const LOSSES: Readonly<Record<string, string>> = {
  bytes_lost_total: 'bytes gone before they could be read',
  bytes_cut_total: 'bytes cut over a limit',
  lines_cut_total: 'lines cut over the limit',
  entries_cut_total: 'entries cut over the limit',
  spool_records_lost_total: 'records lost from the spool',
  spool_damaged_bytes_total: 'bytes of the spool damaged on disk, set aside',
  cursors_unreadable_total: 'positions of outputs that could not be read',
  alarms_missed_total: 'errors found without an alarm',
}

/** Makes the audit of the plan's state directory. Rejects when the disk does not answer. */
export async function audit(plan: Plan, self: ThisProcess): Promise<Audit | NoAudit> {
  const { stateDir } = plan
  const found = await figuresNow(plan, self)
  if ('why' in found) return found
  const { account, figures, asOf, notes, pid, isLive } = found
  const lines = sumLines(figures)
  const faults: string[] = []
  if (lines.difference !== 0) {
    faults.push(
      `lines: ${amount(lines.difference)} of the ${lines.read} that were read. ${accountPath(stateDir)} was changed, ` +
        'or it is a fault of errand: please report it with errand audit --json.',
    )
  }
  const disk = await diskOf(plan, Object.keys(figures.outputs))
  const outputs: OutputAudit[] = []
  for (const output of Object.keys(figures.outputs)) {
    const sum = sumRecords(figures, output)
    const there = disk.get(output)
    outputs.push({ ...sum, waitingBytes: there?.bytes ?? 0, ...pickKnown(there) })
    const waiting = there?.waiting ?? 0
    if (sum.difference !== 0) {
      faults.push(
        `records of output "${output}": ${amount(sum.difference)} of the ${sum.kept} that were made. ` +
          (sum.unexplained === 0
            ? `${accountPath(stateDir)} was changed, or it is a fault of errand: please report it with errand audit --json.`
            : `What lies in ${join(stateDir, 'spool')} and ${join(stateDir, 'cursors')} was changed between two runs.`),
      )
    } else if (!isLive && pid === undefined && account.ended && waiting !== sum.spooled) {
      faults.push(
        `records of output "${output}": ${waiting} wait on disk, and ${sum.spooled} should. ` +
          `What lies in ${join(stateDir, 'spool')} and ${join(stateDir, 'cursors')} was changed since the agent stopped.`,
      )
    }
  }
  if (pid === undefined && !account.ended) {
    notes.push(
      'The agent did not end in order. What a crash repeats, or leaves uncounted, is found at the next start and goes on an account of its own.',
    )
  }
  return {
    stateDir,
    since: account.since,
    asOf,
    lines,
    outputs,
    losses: lossesOf(figures.totals),
    behind: await behind(stateDir),
    notes,
    faults,
  }
}

interface Found {
  readonly account: Account
  readonly figures: Figures
  readonly asOf: string
  readonly notes: string[]
  /** The process that runs the agent. */
  readonly pid: number | undefined
  /** The figures are the running agent's own. */
  readonly isLive: boolean
}

async function figuresNow(plan: Plan, self: ThisProcess): Promise<Found | NoAudit> {
  const { stateDir } = plan
  const listen = plan.config.status?.listen
  for (let attempt = 1; ; attempt++) {
    const text = await readFile(accountPath(stateDir), 'utf8').catch(missing)
    if (text === undefined) return { why: `There is no account in ${stateDir}: no agent has run on it yet.` }
    const account = parseAccount(text)
    if (account === undefined) return { why: `${accountPath(stateDir)} cannot be understood.` }
    const pid = await lockHolder({ dir: stateDir, self })
    const saved = `as saved at ${account.saved}`
    const byState = (why: string): Found => {
      const asOf = pid === undefined ? `${saved}; the agent does not run` : `${saved} by process ${pid}, which runs`
      return {
        account,
        figures: figuresOf(account),
        asOf,
        notes: [`This is by the state directory: ${why}.`],
        pid,
        isLive: false,
      }
    }
    if (listen === undefined) return byState('status.listen is not set')
    const answer = await readMetrics(listen)
    if ('why' in answer) return byState(answer.why)
    const { counters, gauge } = answer.metrics
    const started = gauge('process_start_time_seconds') ?? 0
    if (Math.abs(started - account.process) > 0.001) return byState(`another Errand answers at ${listen}`)
    const after = parseAccount((await readFile(accountPath(stateDir), 'utf8').catch(missing)) ?? '')
    if (JSON.stringify(after?.base) !== JSON.stringify(account.base)) {
      if (attempt < ATTEMPTS) continue
      return byState('the config is reloaded all the time')
    }
    const spooled = Object.keys(account.outputs).map((output) => [output, gauge('records_spooled', { output }) ?? 0])
    const figures: Figures = {
      totals: Counters.sum(Counters.from(account.base), counters),
      linesOpen: gauge('lines_open') ?? 0,
      recordsPending: gauge('records_pending') ?? 0,
      spooled: Object.fromEntries(spooled),
      outputs: account.outputs,
    }
    return { account, figures, asOf: `as process ${pid ?? '?'} says now at ${listen}`, notes: [], pid, isLive: true }
  }
}

interface OnDisk {
  readonly waiting: number
  readonly bytes: number
  readonly oldest?: string
  readonly refusedFile?: { readonly path: string; readonly records: number }
}

/** What waits for each output, and what it was refused, by what lies in the state directory. */
async function diskOf({ stateDir }: Plan, names: readonly string[]): Promise<Map<string, OnDisk>> {
  const found = new Map<string, OnDisk>()
  const spool = await SpoolView.open(join(stateDir, 'spool'))
  for (const name of names) {
    const file = encodeURIComponent(name)
    const text = await readFile(join(stateDir, 'cursors', `${file}.json`), 'utf8').catch(missing)
    const cursor = (text === undefined ? undefined : positionOf(text)) ?? spool?.start
    const first = cursor && (await spool?.firstAfter(cursor))
    const oldest = first === undefined ? undefined : timeOf(first)
    const path = join(stateDir, 'refused', `${file}.ndjson`)
    const records = await linesIn(path)
    found.set(name, {
      waiting: spool && cursor ? spool.end - cursor.sequence : 0,
      bytes: spool && cursor ? spool.bytesAfter(cursor) : 0,
      ...(oldest !== undefined && { oldest }),
      ...(records > 0 && { refusedFile: { path, records } }),
    })
  }
  return found
}

function pickKnown(there: OnDisk | undefined): Pick<OutputAudit, 'oldest' | 'refusedFile'> {
  const { oldest, refusedFile } = there ?? {}
  return { ...(oldest !== undefined && { oldest }), ...(refusedFile && { refusedFile }) }
}

/** The time of a record. */
function timeOf(text: string): string | undefined {
  try {
    const { timestamp } = JSON.parse(text) as { timestamp?: unknown }
    return typeof timestamp === 'string' ? timestamp : undefined
  } catch {
    return undefined
  }
}

async function linesIn(path: string): Promise<number> {
  let lines = 0
  try {
    for await (const chunk of createReadStream(path)) for (const byte of chunk as Buffer) if (byte === 10) lines++
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  return lines
}

function lossesOf(totals: Counters): Audit['losses'] {
  return [...totals.entries()].flatMap(([counter, labels, count]) => {
    const what = LOSSES[counter]
    const reason = Object.values(labels).join(', ')
    return what === undefined || count === 0 ? [] : [{ what, ...(reason !== '' && { reason }), count }]
  })
}

/** Files of which the disk holds more than the positions say; the largest first. */
async function behind(stateDir: string): Promise<{ path: string; bytes: number }[]> {
  const text = await readFile(join(stateDir, 'checkpoints.json'), 'utf8').catch(missing)
  if (text === undefined) return []
  let files: { path: string; key: string; offset: number; size: number; goneSince?: number; packed?: unknown }[]
  try {
    files = (JSON.parse(text) as { files: typeof files }).files
  } catch {
    return []
  }
  const found: { path: string; bytes: number }[] = []
  for (const { path, key, offset, size, goneSince, packed } of files) {
    if (goneSince !== undefined) continue
    const now = packed === undefined ? await stat(path).catch(() => undefined) : undefined
    // Under its name is another file by now: what is known of this one is its last size.
    const bytes = (now !== undefined && `${now.dev}:${now.ino}` === key ? now.size : size) - offset
    if (bytes > 0) found.push({ path, bytes })
  }
  return found.sort((a, b) => b.bytes - a.bytes)
}

function amount(difference: number): string {
  return difference > 0 ? `${difference} are nowhere` : `${-difference} more are accounted for than there are`
}

function missing(error: unknown): undefined {
  if (isMissing(error)) return undefined
  throw error
}
