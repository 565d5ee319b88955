/** `errand watch`: follows a delivered file, one readable line per error. */

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { deliveredPath } from '../agent/plan.js'
import type { ErrorRecord } from '../core/shapes.js'
import { Follower } from './follow.js'
import type { ExitCode, Host } from './host.js'
import { firstLine } from './issues.js'
import { planOf } from './plan.js'
import { showProblems } from './problems.js'

export interface WatchOptions {
  readonly config?: string
  /** Show this many of the errors that are in the file already. */
  readonly last: number
}

export async function watch(file: string | undefined, options: WatchOptions, host: Host): Promise<ExitCode> {
  const path = file === undefined ? await deliveredFile(options.config ?? 'config.json', host) : resolve(file)
  if (path === undefined) return 1
  const stopped = new Promise<void>((resolve) => host.onStop(() => resolve()))
  const colour = host.stdout.isTTY === true && !host.environment.NO_COLOR
  const show = (record: ErrorRecord) => void host.stdout.write(`${renderLine(record, colour)}\n`)
  const recent: ErrorRecord[] = []
  if (!(await isThere(path))) host.stderr.write(`${path} is not there yet; waiting for it.\n`)
  const follower = await Follower.open(path, {
    before(record) {
      recent.push(record)
      if (recent.length > options.last) recent.shift()
    },
    caughtUp: () => recent.forEach(show),
    after: show,
  })
  await stopped
  await follower.end()
  return 0
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** The path of the config's first output of type `file`. */
export async function deliveredFile(config: string, host: Host): Promise<string | undefined> {
  const { plan, problems } = await planOf(config, host)
  if (plan === undefined) {
    showProblems(problems, host)
    return undefined
  }
  const path = deliveredPath(plan)
  if (path !== undefined) return path
  const mend = 'Add { name: "disk", type: "file", path: "./errors.ndjson" } to outputs, or name a delivered file.'
  showProblems(
    [{ place: { file: config }, what: 'there is no output of type "file" to watch.', mend, severity: 'error' }],
    host,
  )
  return undefined
}

const COLOURS: Readonly<Record<string, string>> = {
  error: '\x1b[31m',
  critical: '\x1b[35m',
  alert: '\x1b[35m',
  emergency: '\x1b[41;97m',
}

/** `10:15:32 ERROR shop  KeyError: 'SKU-1'  place (orders.py:41)  fp1:…`, or the user's own fingerprint at the end. */
export function renderLine(record: ErrorRecord, colour: boolean): string {
  const { error, status, service, timestamp } = record
  const said = firstLine(error.message ?? record.message ?? '')
  const what = error.kind === undefined ? said : said === '' ? error.kind : `${error.kind}: ${said}`
  const frame = error.frames?.find(({ in_app }) => in_app !== false) ?? error.frames?.[0]
  const file = frame?.file?.split(/[\\/]/).at(-1)
  const place = frame
    ? `  ${frame.function ?? '?'}${file === undefined ? '' : ` (${file}${frame.line === undefined ? '' : `:${frame.line}`})`}`
    : ''
  const level = status.toUpperCase().padEnd(8)
  const painted = colour ? `${COLOURS[status] ?? ''}${level}\x1b[0m` : level
  return `${firstLine(timestamp.slice(11, 19))} ${painted} ${firstLine(service)}  ${clip(firstLine(what), 140)}${firstLine(place) && `  ${firstLine(place)}`}  ${clip(firstLine(error.fingerprint ?? error.pre_fingerprint), 60)}`
}

/** At most `width` characters, the last an ellipsis when something was left out. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
