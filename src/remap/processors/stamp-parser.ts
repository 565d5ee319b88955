/**
 * Errand's own processor: takes off what syslog or a log router put before a message, `Nov 20 10:15:32 web-1 shop[4711]: `
 * or `2026-11-20T10:15:32Z app[web.1]: `, so that the message reads as the program wrote it. What it said is kept under
 * `syslog`. Sources: RFC 3164 and 5424; rsyslog's and Heroku's own layouts.
 */
import { z } from 'zod'
import { parseDate } from '../dates.js'
import { isPresent } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

const PRIORITY = '(?:<\\d{1,3}>)?'
const ISO = '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?'
const DAY = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\\d{1,2} \\d\\d:\\d\\d:\\d\\d'
const LEVEL =
  '(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|trace|debug|info|notice|warn|warning|error|critical|fatal)'
const STAMPS = [
  // time host program[pid]: · time host program:
  new RegExp(`^${PRIORITY}(${ISO}|${DAY}) ([\\w.-]{1,255}) ([\\w./-]{1,128})\\[(\\d{1,10})\\]: `),
  new RegExp(`^${PRIORITY}(${DAY}) (?!(?:${LEVEL})\\b)([\\w.-]{1,255}) ([\\w./-]{1,128}): `),
  // time app[web.1]:
  new RegExp(`^${PRIORITY}(${ISO}) ()([\\w-]{1,128})\\[([\\w.-]{1,128})\\]: `),
  // time to the nanosecond, as container runtimes write it
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) /,
  // <11>1 time host program pid id [data]
  new RegExp(
    `^<\\d{1,3}>1 (${ISO}) (\\S{1,255}) (\\S{1,128}) (\\S{1,128}) \\S{1,128} (?:-|\\[(?:[^\\]\\\\]|\\\\.)*\\]) `,
  ),
]

export const stampParser = defineProcessor({
  type: 'stamp-parser',
  description: 'Takes off what syslog or a log router put before the message: time, host, program.',
  schema: z.strictObject({ type: z.literal('stamp-parser'), ...commonSettings }),
  compile(_, { defaultZone, now }) {
    return (record) => {
      const match = stampOf(record.message)
      if (match === undefined) return
      const [all, time, hostname, appname, procid] = match
      const stamped = record.timestamp ?? parseDate(time, { zone: defaultZone, now: now() })
      if (stamped !== undefined) record.timestamp = stamped
      if (isPresent(hostname)) record.host ??= hostname
      const { syslog } = record.attributes
      if (!isPresent(syslog)) record.attributes.syslog = { ...(appname && { appname }), ...(procid && { procid }) }
      // rsyslog escapes control characters.
      record.message = record.message.slice(all.length).replaceAll('#011', '\t').replaceAll('#012', '\n')
    }
  },
})

function stampOf(message: string): RegExpExecArray | undefined {
  for (const stamp of STAMPS) {
    const match = stamp.exec(message)
    if (match !== null) return match
  }
  return undefined
}
