/**
 * The header of a V8 stack, `TypeError [ERR_CODE]: message`, and what Node.js prints around an uncaught error.
 * A header may stand behind a log message (`GET /x failed TypeError: …`), so candidates are ranked; nothing here looks
 * at frames.
 */

export interface Header {
  /** Column where the name starts. */
  readonly column: number
  /** The name as printed, without ` [ERR_CODE]`. */
  readonly kind: string
  /** The rest of the header's line, after `: `. */
  readonly message: string
  /** Higher is surer. */
  readonly rank: number
}

const WORD = '[\\w$\\u0080-\\uffff]'
/** A name starts where no name, path or tag goes on; this also keeps a search linear. */
const BEFORE = '(?<![\\w$.#@/\\\\\\u0080-\\uffff-])'
/** ` [ERR_CODE]`, ` [Error]` (a class that kept its parent's name), then `: `, or the end of the line. */
const REST = '(?: \\[[\\w$ .:-]{1,100}\\])?(?=: |:?$)'
/** A name that says by its end that it is an error's. */
const STRONG = new RegExp(`${BEFORE}((?:[A-Za-z_$]${WORD}*\\.)*${WORD}*(?:Error|Exception))${REST}`)
/** Two humps or more: `OrderConflict`, but also `PaymentService`. */
const MEDIUM = new RegExp(`${BEFORE}([A-Z]${WORD}{0,80}[a-z0-9][A-Z]${WORD}{0,80})${REST}`)
/** Any capitalised word: `Unnamed`, but also `Failed`. */
const WEAK = new RegExp(`${BEFORE}([A-Z]${WORD}*)${REST}`)
/** What node-postgres calls its errors, and Bun prints for a plain Error. */
const LOWER = /(?<!\S)(error)(?=: )/

/** Lines longer than this are searched in their first part only. */
const MAX_HEADER = 16_384

/** Names that look like a header's and are none: labels of the console and of loggers. */
const NOT_A_KIND = /^(?:Trace|Info|Debug|Node|Caused|Stack|Thrown)$/

/**
 * The likeliest header in a line, or undefined. Names ending in Error or Exception win over others, and those at the
 * line's start over those behind a log message, except that a plain word before one is a label (`Failed: TypeError: x`).
 */
export function headerIn(line: string): Header | undefined {
  const text = line.length > MAX_HEADER ? line.slice(0, MAX_HEADER) : line
  for (const [pattern, ranks] of [
    [STRONG, [6, 5]],
    [MEDIUM, [4, 3]],
    [WEAK, [2, 1]],
    [LOWER, [0, 0]],
  ] as const) {
    const match = pattern.exec(text)
    const name = match?.[1]
    if (!match || name === undefined || NOT_A_KIND.test(name)) continue
    const column = match.index + match[0].indexOf(name)
    const leads = text.slice(0, column).trim() === ''
    return {
      column,
      kind: name,
      message: messageAfter(line, match.index + match[0].length),
      rank: leads ? ranks[0] : ranks[1],
    }
  }
  return undefined
}

/** The header a line begins with, whatever its name looks like; for texts that are known to be a stack. */
export function headerAtStart(line: string): Header | undefined {
  const match =
    /^(\s*(?:Uncaught )?)([^\s:[\]{}()"'`]{1,200}(?: [^\s:[\]{}()"'`]{1,60}){0,3}?)(?: \[[\w$ .:-]{1,100}\])?(?=: |:?$)/.exec(
      line.slice(0, 1000),
    )
  if (!match?.[2]) return undefined
  return {
    column: (match[1] ?? '').length,
    kind: match[2],
    message: messageAfter(line, match[0].length),
    rank: 7,
  }
}

function messageAfter(line: string, end: number): string {
  const rest = line.slice(end)
  return rest.startsWith(': ') ? rest.slice(2) : rest.replace(/^:/, '')
}

/** An error without frames as `util.inspect` prints it: `[Error: ENOENT: no such file] {`. */
export interface Bracketed {
  /** Column of the `[`. */
  readonly column: number
  readonly kind: string
  readonly message: string
  /** True when ` {` follows. */
  readonly opens: boolean
}

const BRACKETED = new RegExp(
  `\\[((?:[A-Za-z_$]${WORD}*\\.)*${WORD}*(?:Error|Exception))(?: \\[[\\w$ .]{1,100}\\])?(?:: (.*))?\\]( \\{|,)?$`,
)
const BRACKETED_AT_START = new RegExp(`^\\s*\\[([A-Z]${WORD}*)(?: \\[[\\w$ .]{1,100}\\])?: (.*)\\]( \\{|,)?$`)

/** The bracketed error that ends a line, or undefined. Names that do not say so are taken at the line's start only. */
export function bracketedIn(line: string): Bracketed | undefined {
  if (line.length > MAX_HEADER || !line.includes('[')) return undefined
  const match = BRACKETED.exec(line) ?? BRACKETED_AT_START.exec(line)
  const kind = match?.[1]
  if (!match || kind === undefined) return undefined
  return { column: match.index + match[0].indexOf('['), kind, message: match[2] ?? '', opens: match[3] === ' {' }
}

const SCRIPT_PLACE =
  /^(?:(?:file:\/\/)?\/\S|node:|[A-Za-z]:[\\/]|\\\\|webpack).*:\d{1,9}$|^\S+\.[cm]?[jt]sx?:\d{1,9}$|^(?:<anonymous_script>|evalmachine\.<anonymous>|\[eval[\w-]*\]|\[stdin\]|REPL\d*|undefined|<anonymous>):\d{1,9}$/

/** Where the `file:line` that precedes a source excerpt starts: 0, behind a log message, or -1 when there is none. */
export function excerptPlace(line: string): number {
  if (line.length > 4096 || !/:\d{1,9}$/.test(line)) return -1
  if (SCRIPT_PLACE.test(line)) return 0
  const blank = line.lastIndexOf(' ')
  return blank > 0 && SCRIPT_PLACE.test(line.slice(blank + 1)) ? blank + 1 : -1
}

export function isCaret(line: string): boolean {
  return line.length < 20_000 && /^\s*\^+\s*$/.test(line)
}

/** The last line of what Node.js prints before it exits on an uncaught error (since v17). */
export function isTrailer(line: string): boolean {
  return /^(?:Node\.js|Bun) v\d+\.\d+\.\d+/.test(line)
}

export function isTraceUncaughtHint(line: string): boolean {
  return line.startsWith('(Use `') && line.includes('--trace-uncaught')
}

/** A prefix on the header's line by which the runtime says that nobody caught the error. */
export function saysUncaught(before: string): boolean {
  return /(?:^|[\s:])(?:Uncaught|Unhandled rejection|UnhandledPromiseRejectionWarning:)(?: \([^()]{1,40}\))?\s*$/.test(
    before,
  )
}

/** `(node:123) SomeWarning: …`: a warning of the runtime, which may print a stack but is no error. */
export function isRuntimeWarning(before: string): boolean {
  return /(?:^|\s)\((?:node|bun):\d+\) (?:\[\w+\] )?$/.test(before)
}

/** `Caused by: `, as axios, VError, bunyan and pino write it into the stack's text. */
export function causedBy(line: string): number {
  const match = /^\s*caused by:?\s+/i.exec(line)
  return match ? match[0].length : -1
}
