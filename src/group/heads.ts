/**
 * Heads: the shapes in which loggers begin a record. A line with a head starts an entry; a line without one may only
 * continue what is open. Written once for all loggers, since any of them may write into any file; remappers add their
 * own with `multiline.start`. Works on latin1 views at a position; ASCII only.
 */

const LEVEL =
  '(?:TRACE|FINEST|FINER|FINE|DEBUG|CONFIG|INFO|INFORMATION|NOTICE|SUCCESS|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|CRIT|FATAL|ALERT|EMERG|EMERGENCY|PANIC|DPANIC|UNKNOWN|VERBOSE)'
const LOWER_LEVEL =
  '(?:trace|silly|debug|verbose|http|info|notice|warn|warning|error|crit|critical|fatal|alert|emerg|emergency|panic)'
/** Only in brackets: `Error: …` is how JavaScript prints an exception. */
const CAPITAL_LEVEL = '(?:Trace|Debug|Info|Information|Notice|Warn|Warning|Error|Critical|Fatal)'

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const CLOCK = '\\d{1,2}:\\d\\d:\\d\\d'

/** A record's time, in the spellings of the loggers that Errand knows. */
const TIMES = [
  // 2026-11-20 10:15:32,123 · 2026-11-20T10:15:32Z · 2026/11/20 10:15:32 · 20260101T101532
  '\\d{4}[-/.]\\d\\d[-/.]\\d\\d(?:[T ]| +)\\d\\d:\\d\\d',
  '\\d{8}T\\d{6}',
  // 10:15:32.123 [main] · 10:15:32 INFO · [10:15:32] ERROR
  `${CLOCK}[.,]\\d{3}`,
  `${CLOCK}\\]? (?=\\[|${LEVEL}\\b|${LOWER_LEVEL}\\b)`,
  // 20-Nov-2026 10:15:32 · 20/Nov/2026:10:15:32 · 20.11.2026 10:15:32 · 11/20/2026, 9:15:32 AM
  `\\d{1,2}[-/. ](?:\\d{1,2}|${MONTH})[-/. ]\\d{2,4},?[ :T]\\d{1,2}:\\d\\d`,
  // Nov 20, 2026 10:15:32 AM (java.util.logging) · Nov 20 10:15:32 (syslog)
  `${MONTH} +\\d{1,2},? (?:\\d{4},? )?${CLOCK}`,
  // 261120 10:15:32 · 261120 101532
  '\\d{6} {1,2}\\d{1,2}:?\\d\\d:?\\d\\d ',
  // Fri Nov 20 10:15:32 2026 · Fri, 20 Nov 2026 10:15:32
  `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\\d{1,2} )?${MONTH} (?: ?\\d{1,2} )?(?:\\d{4} )?${CLOCK}`,
]

/** A colour code or a syslog priority may stand before anything. */
const BEFORE = '(?:\\x1b\\[[0-9;]*m)*(?:<\\d{1,3}>\\d? ?)?'

const HEAD = new RegExp(
  `${BEFORE}(?:${[
    // time first, possibly in brackets
    `[\\[(]?(?:${TIMES.join('|')})`,
    // level first, then a time, a bracket, a logger or a message
    `\\[?${LEVEL}\\b\\]?(?::[\\w.]+:|:? +\\[|:? *(?:-{1,3}|\\|) |:? +\\d{4}-|: |\\s+\\(|\\x1b| {1,5}[\\w.$\\x1b]|$)`,
    // thread, level and logger; WebLogic's
    `\\[[^\\]\\n]{1,80}\\] +${LEVEL} +[\\w$]+[.: ]`,
    '####<',
    // milliseconds, since the start or the epoch, then a thread and a level, or a level and a logger
    `\\d{1,16} +(?:\\[[^\\]\\n]{1,120}\\] +${LEVEL} |${LEVEL} +(?:\\[|[\\w$]+[.:]))`,
    // lower case is a word of any text unless a colon or brackets set it off; `panic: ` is how a crash of Go begins
    `(?!panic)${LOWER_LEVEL}(?::|\\x1b\\[\\d*m:?) `,
    `[\\[<(](?:${LOWER_LEVEL}|${CAPITAL_LEVEL})[\\])>](?::| |$)`,
    // Ruby: E, [2026-…  · klog: E1120 10:15:32.123456
    '[DIWEFAU], \\[\\d{4}-',
    '[IWEF]\\d{4} \\d\\d:\\d\\d:\\d\\d',
    // a syslog priority, whatever follows
    '<(?:1?\\d{1,2})>',
    // logfmt
    '(?:time|ts|level|lvl|severity|timestamp)=',
  ].join('|')})`,
  'y',
)

const WORD_HEAD = new RegExp(`(?:\\x1b\\[[0-9;]*m)*${LOWER_LEVEL}(?::|\\x1b\\[\\d*m:?) `, 'y')

/** Where a head may begin: any other first character rules it out without a regex. */
const FIRST = new Uint8Array(256)
for (const character of '0123456789[(<#\x1b') FIRST[character.charCodeAt(0)] = 1
for (let code = 65; code <= 90; code++) FIRST[code] = 1
for (const character of 'tfdcinswepaluv') FIRST[character.charCodeAt(0)] = 1

const CALM = 'TRACE|FINEST|FINER|FINE|DEBUG|CONFIG|INFO|INFORMATION|NOTICE|WARN|WARNING'
const ALARMING = 'ERROR|SEVERE|CRITICAL|FATAL|ALERT|EMERGENCY'

/**
 * A time, or nothing, or Ruby's letter; perhaps a thread in brackets; then the level: what nearly every text logger
 * writes. The thread must not look like a level itself: which of the two it is would be a guess. PHP-FPM passes on what
 * its workers print at a level of its own.
 */
const LEVELED = new RegExp(
  `(?:[DIWEF], )?(?:\\[?\\d{4}[-/]\\d\\d[-/]\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?Z?(?: #\\d+)?\\]? +)?(?:\\[(?! *(?:${LEVEL}|${LOWER_LEVEL}|${CAPITAL_LEVEL})\\b)[^\\]\\n]{0,80}\\] +)?(?:(${CALM})|(?:${ALARMING}))[ :](?! *(?:PHP message:|\\[pool ))`,
  'y',
)

/**
 * What is put before every line by whoever carried it: a time, in syslog a host and a program, in Heroku's router a
 * process. The rest of the line is the application's.
 */
const STAMP = new RegExp(
  `(?:<\\d{1,3}>\\d? ?)?(?:\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?|${MONTH} +\\d{1,2} ${CLOCK})(?: [\\w.-]+ [\\w./-]+(?:\\[\\d+\\])?:| [\\w-]+\\[[\\w.-]+\\]:)? `,
  'y',
)

/** A time at the beginning of a head, with the half of the day, zone or year behind it. */
const TIME = new RegExp(`[\\[(]?(?:${TIMES.join('|')})[\\d.,:Z+-]*(?: [AP]M)?(?: [A-Z]{3,4}| \\d{4})?[\\])]?:? +`, 'y')

/**
 * A head that says a time of its own, as no text does that syslog carried for a program without a logger. Not klog's: the
 * name of the component that logs stands in what carried it.
 */
const OWN_TIME = new RegExp(
  `(?:\\x1b\\[[0-9;]*m)*(?:[\\[(]?(?:${TIMES.join('|')})|${LEVEL}:? +\\[?\\d{4}-|[DIWEFAU], \\[\\d{4}-)`,
  'y',
)

/**
 * A level somewhere near the beginning, or what Serilog shortens it to: then the time is a logger's own, and no stamp.
 * `http` is a level of winston's, and the package of Go's that says `http: panic serving`; `PHP Fatal error: ` and
 * `Stack trace:` are lines of PHP's tracebacks.
 */
const LEVEL_NEARBY = new RegExp(
  `[^\\n]{0,80}?(?:(?<!\\w)${LEVEL}(?!\\w)|(?<![\\w.])(?<!Fatal |Parse |Stack )(?!http: panic )${LOWER_LEVEL}(?::|[\\])>])|(?:VRB|DBG|INF|WRN|FTL)\\])`,
  'y',
)

/** What a head says of its record: `calm` is below error for certain, `alarming` is not, `unknown` must be looked at. */
export type HeadVerdict = 'calm' | 'alarming' | 'unknown'

/** A date as java.util.logging writes it, in the machine's language: `Nov 20, 2026 10:15:32`, `11月 20, 2026 10:15:32`. */
const LOCAL_DATE = `[^ \\n,]{2,16} +\\d{1,2}, \\d{4},? ${CLOCK} `
const LOCAL_HEAD = new RegExp(LOCAL_DATE, 'y')

/**
 * java.util.logging's SimpleFormatter: `Nov 20, 2026 10:15:32 AM com.acme.Shop method`, the level on the next line. The
 * half of the day is spelled in the machine's language, too, or left out.
 */
const JUL_FIRST = new RegExp(`${LOCAL_DATE}(?:[^ \\n]{1,16} )?[\\w.$]+(?: [\\w.$<>]+)?$`, 'y')

/** What counts or names groups cannot stand beside another pattern. */
const REFERS = /\\[1-9k]|\(\?</
/** Characters of a line that a remapper's own patterns see: time and memory of a pattern grow with what it may look at. */
const MAX_OWN_HEAD = 1024

/** By the list they are from: every file of a source has heads of its own. */
const compiled = new WeakMap<readonly string[], readonly RegExp[]>()
const NONE: readonly string[] = []

export class Heads {
  readonly #own: readonly RegExp[]

  /** `extra` are a remapper's own head patterns, matched at the start of the line. */
  constructor(extra: readonly string[] = NONE) {
    let own = compiled.get(extra)
    if (own === undefined) compiled.set(extra, (own = asOne(extra)))
    this.#own = own
  }

  /** Whether a record begins at `view[start]`; the line ends at `end`. */
  begins(view: string, start: number, end: number): boolean {
    if (end <= start) return false
    const code = view.charCodeAt(start)
    if (code <= 255 && FIRST[code] !== 0 && matchesAt(HEAD, view, start)) return true
    return this.#beginsOwn(view, start, end) || matchesAt(LOCAL_HEAD, view, start)
  }

  /** Whether the line has a head of the remapper's own, which sees nothing of the lines behind it. */
  #beginsOwn(view: string, start: number, end: number): boolean {
    if (this.#own.length === 0) return false
    const line = view.slice(start, Math.min(end, start + MAX_OWN_HEAD))
    return this.#own.some((pattern) => matchesAt(pattern, line, 0))
  }

  /** Length of a stamp that stands before the line's own text; 0 when there is none. */
  stampLength(view: string, start: number, end: number): number {
    if (this.#beginsOwn(view, start, end)) return 0
    STAMP.lastIndex = start
    const match = STAMP.exec(view)
    if (match === null || matchesAt(LEVEL_NEARBY, view, start + match[0].length)) return 0
    return Math.min(match[0].length, end - start)
  }

  /** What stands behind the time of a head that says no level; undefined when it says one, or begins otherwise. */
  behindTime(head: string): string | undefined {
    if (this.#beginsOwn(head, 0, head.length)) return undefined
    if (matchesAt(LEVEL_NEARBY, head, 0) || this.expectsSecond(head)) return undefined
    return matchesAt(TIME, head, 0) ? head.slice(TIME.lastIndex) : undefined
  }

  /** Whether a head is a level in lower case alone: `error: …` is also how node-postgres calls its errors. */
  isWord(head: string): boolean {
    return matchesAt(WORD_HEAD, head, 0)
  }

  /** Whether a record begins at `view[start]` whose head says a time; the line ends at `end`. */
  saysTime(view: string, start: number, end: number): boolean {
    if (end <= start) return false
    return matchesAt(OWN_TIME, view, start) || matchesAt(LOCAL_HEAD, view, start)
  }

  /** What the level in a head says, where it stands in one of the usual places. */
  verdict(view: string, start: number, end: number): HeadVerdict {
    LEVELED.lastIndex = start
    const match = LEVELED.exec(view)
    if (match === null || this.#beginsOwn(view, start, end)) return 'unknown'
    return match[1] === undefined ? 'alarming' : 'calm'
  }

  /** Whether the line is the first of java.util.logging's two head lines. */
  expectsSecond(line: string): boolean {
    return matchesAt(JUL_FIRST, line, 0)
  }
}

/** The patterns as one where that is possible: a line is tested against all of them. */
function asOne(patterns: readonly string[]): RegExp[] {
  const joined = patterns.filter((pattern) => !REFERS.test(pattern)).map((pattern) => `(?:${pattern})`)
  const alone = patterns.filter((pattern) => REFERS.test(pattern))
  return [...(joined.length > 0 ? [joined.join('|')] : []), ...alone].map((pattern) => new RegExp(pattern, 'y'))
}

function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}
