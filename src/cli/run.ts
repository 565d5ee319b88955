/** `errand run`: the agent, until it is stopped or, with --once, until everything is delivered. */
import { deliveredPath } from '../agent/plan.js'
import { describeInputs, Service } from '../agent/service.js'
import { systemClock } from '../core/clock.js'
import { Counters } from '../core/counters.js'
import { openLog } from '../core/log.js'
import { ProblemsError } from '../core/problem.js'
import { fileKey } from '../tail/files.js'
import { Follower } from './follow.js'
import type { ExitCode, Host } from './host.js'
import { planOf } from './plan.js'
import { showProblems } from './problems.js'
import { describe, IssueTable } from './table.js'

export interface RunOptions {
  readonly config: string
  readonly once?: boolean
  readonly table?: boolean
}

/** How often the table is drawn, in ms. */
const DRAW_EVERY_MS = 250
/** How long the end of a run waits for another of the last delivered records to come into the table, in ms. */
const LAST_RECORDS_MS = 5000

export async function run(options: RunOptions, host: Host): Promise<ExitCode> {
  const read = () => planOf(options.config, host)
  const planned = await read()
  const { plan } = planned
  if (showProblems(planned.problems, host) || plan === undefined) return 1
  const log = openLog(plan.config.log.level, host.crash.describe)
  host.crash.tellIn((thrown, text) => log.fatal({ err: thrown }, text))
  const counters = new Counters()
  const delivered = deliveredPath(plan)
  const table = options.table && delivered !== undefined ? new IssueTable(host, delivered) : undefined
  const follower = table && (await follow(table))

  let service: Service | undefined
  let reloadAsked = false
  // From the first moment on: without a listener the signal would end the process.
  host.onReload((signal) => {
    // To who looks at a table, the signal says that the terminal has gone.
    if (table && host.stdout.isTTY) stop(signal)
    else if (service) service.reload(signal)
    else reloadAsked = true
  })
  const stop = (signal: string) => {
    log.info(`${signal}: stopping; what is not delivered yet stays in the spool`)
    service?.stop()
  }
  try {
    service = await Service.start({
      planned: { ...planned, plan },
      plan: read,
      taken(next) {
        log.level = next.config.log.level
        if (table && deliveredPath(next) !== delivered) log.warn(`the table goes on to show ${delivered}`)
      },
      once: options.once ?? false,
      stdin: host.stdin,
      stdout: host.stdout,
      self: host.self,
      processStart: Math.round(performance.timeOrigin),
      log,
      clock: systemClock,
      counters,
      own: await standardOutputs(),
    })
  } catch (error) {
    await follower?.end()
    if (!(error instanceof ProblemsError)) throw error
    showProblems(error.problems, host)
    return 1
  }
  host.onStop(stop)
  if (reloadAsked) service.reload('SIGHUP')
  log.info(`reading ${describeInputs(plan)}`)
  const view = table && follower ? showTable(table, follower, service, host) : undefined
  await service.run()
  await view?.end()
  log.info(summary(counters))
  return 0
}

/** Follows the delivered file into the table; resolves when it holds what was found before. */
async function follow(table: IssueTable): Promise<Follower> {
  let caughtUp = () => {}
  const promise = new Promise<void>((resolve) => {
    caughtUp = resolve
  })
  const follower = await Follower.open(table.path, {
    before: (record) => table.recall(record),
    caughtUp: () => caughtUp(),
    after: (record) => table.add(record),
  })
  await promise
  return follower
}

/** Draws the table until it is ended. */
function showTable(table: IssueTable, follower: Follower, service: Service, host: Host): { end(): Promise<void> } {
  table.begin()
  let shown = ''
  const draw = () => {
    const progress = service.progress()
    table.draw(progress)
    const line = describe(progress)
    if (!host.stdout.isTTY && line !== shown) host.stdout.write(`${(shown = line)}\n`)
  }
  const timer = setInterval(draw, DRAW_EVERY_MS)
  return {
    async end() {
      clearInterval(timer)
      await follower.upToNow(LAST_RECORDS_MS)
      await follower.end()
      draw()
      host.stdout.write(`${host.stdout.isTTY ? '\n' : ''}${table.summary()}\n`)
    },
  }
}

/** The files that our own log and standard output are written to, as `AgentOptions.own`: tailing them would feed itself. */
async function standardOutputs(): Promise<Set<string>> {
  const keys = await Promise.all([1, 2].map((fd) => fileKey(`/dev/fd/${fd}`).catch(() => undefined)))
  return new Set(keys.filter((key) => key !== undefined))
}

function summary(counters: Counters): string {
  const lost = counters.total('bytes_lost_total')
  const records = counters.total('spool_records_lost_total')
  return (
    `read ${counters.total('lines_read_total')} lines, kept ${counters.total('records_kept_total')} errors, ` +
    `delivered ${counters.total('records_delivered_total')}, refused ${counters.total('records_refused_total')}` +
    (records > 0 ? `, lost ${records} in the spool` : '') +
    (lost > 0 ? `, lost ${lost} bytes` : '')
  )
}
