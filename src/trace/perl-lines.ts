/**
 * The lines of what Perl prints when it dies, one by one: `… at FILE line N.` with its variants, Carp's and
 * Devel::StackTrace's frames, the lines that may follow. Knows single lines only.
 * Source: perl5, mess_sv in util.c, perldiag; Carp.pm, ret_backtrace; Devel::StackTrace, as_string.
 */
import type { Frame } from '../core/shapes.js'

/** Places and frames in longer lines are not looked for beyond this many characters from their `line N`. */
const MAX_PLACE = 1024

/** A place at the end of a line. */
export interface Place {
  readonly file: string
  readonly line: number
  /** Index of the blank before `at`: just after the message. */
  readonly at: number
  /** Just after the place's last character. */
  readonly end: number
  /** Perl ended it with a full stop or said more behind it, which prose would hardly do. */
  readonly certain: boolean
  /** What is `near` the error goes on to the next line. */
  readonly open: boolean
}

const HANDLE = '(?:, <[^>\\n]{0,200}> (?:line|chunk) \\d{1,12})?'
const NUMBER = new RegExp(
  ` line (\\d{1,9})(?: thread \\d{1,9})?(?:${[
    // at x.pl line 3, near "foo" · at x.pl line 3, at EOF · at x.pl line 3, within string
    '(, near "[^\\n]{0,400}|, at EOF|, within (?:string|pattern|[^\\n]{0,40}))',
    // at x.pl line 3, <STDIN> line 7. · at x.pl line 3 during global destruction.
    `(${HANDLE}(?: during global destruction)?\\.?)"?`,
  ].join('|')})(?:(?:\\.? in \\S{1,400} l\\. \\d{1,9})|,? referer: [^\\n]{0,600})?[ \\t]*\\r?$`,
  'my',
)

const NEAR = ', near "'

/** Files that Perl compiles, and what it calls code without a file. */
const FILE =
  /^(?:-e|-|\(eval \d{1,9}\)(?:\[.*\])?|(?:[^\s"'<>|]*[/\\])?[^\s/\\"'<>|]{1,200}\.(?:p[lmh]|t|cgi|fcgi|psgi|plx|pod|al|ix|PL)|(?:\.{0,2}|[A-Za-z]:|[\w.~-]{1,100})[/\\](?:[^\s"'<>|]*[/\\])?[\w-]{1,100})$/

/** What Moose calls the code that it generates: `at constructor Shop::Order::new (defined at lib/Shop/Order.pm line 9)`. */
const GENERATED = / at [a-z]{1,40} [\w:]{1,200} \(defined at ([^\s()]{1,300}) line \d{1,9}\)$/

/** The place whose ` line ` stands at `at` in the text; undefined when it is none, or not the end of its line. */
export function placeAt(text: string, at: number, from: number): Place | undefined {
  NUMBER.lastIndex = at
  const found = NUMBER.exec(text)
  if (found === null) return undefined
  const start = Math.max(from, at - MAX_PLACE)
  const before = text.slice(start, at)
  const generated = GENERATED.exec(before.slice(-600))
  const blank = generated === null ? before.lastIndexOf(' at ') : before.length - generated[0].length
  if (blank < 0) return undefined
  const file = generated?.[1] ?? before.slice(blank + 4)
  if (file.includes('\n') || !FILE.test(file)) return undefined
  const more = found[2]?.trimEnd() ?? ''
  return {
    file,
    line: Number(found[1]),
    at: start + blank,
    end: at + found[0].trimEnd().length,
    certain: more !== '' || (found[3] ?? '') !== '',
    open: more.startsWith(NEAR) && !(more.length > NEAR.length && more.endsWith('"')),
  }
}

/** Whether a die or a warning ends the line. */
export function placeInLine(line: string): Place | undefined {
  for (let at = line.lastIndexOf(' line '), tries = 0; at >= 0 && tries < 3; tries++) {
    const place = placeAt(line, at, 0)
    if (place !== undefined) return place
    at = at === 0 ? -1 : line.lastIndexOf(' line ', at - 1)
  }
  return undefined
}

/** A line of a backtrace: what was called, and from where. */
export interface Call {
  readonly name: string
  readonly file: string
  readonly line: number
}

const CALLED =
  / called at (\S.{0,1000}?) line (\d{1,9})(?: thread \d{1,9})?(?:, <[^>\n]{0,200}> (?:line|chunk) \d{1,12})?\.?\s*$/

/** `\tShop::Orders::check("x") called at shop.pl line 14`, with or without the tab; `opening` is where the call began. */
export function callIn(line: string, opening = line): Call | undefined {
  const tail = line.slice(-MAX_PLACE - 100)
  const at = tail.lastIndexOf(' called at ')
  const found = at < 0 ? null : CALLED.exec(tail.slice(at))
  if (found?.[1] === undefined) return undefined
  const called = opening === line ? line.slice(0, line.lastIndexOf(' called at ')) : opening
  const what = called.trimStart()
  return what === '' ? undefined : { name: nameOf(what), file: found[1], line: Number(found[2]) }
}

/** The function as `caller` names it: without arguments; `(eval)` for both kinds of eval. */
function nameOf(what: string): string {
  if (/^eval (?:\{|')/.test(what)) return '(eval)'
  if (what.startsWith('require ')) return 'require'
  const open = what.indexOf('(')
  return (open > 0 ? what.slice(0, open) : what).replace(/^&/, '').slice(0, 400)
}

/** The package of `Shop::Orders::check`. */
export function packageOf(name: string): string | undefined {
  const at = name.lastIndexOf('::')
  return at > 0 ? name.slice(0, at) : undefined
}

/** Frames from the place where it died and the calls that led there: each call names the function of the place before it. */
export function framesOf(first: Frame, calls: readonly Call[]): Frame[] {
  if (calls.length === 0) return [first]
  const places: Frame[] = [first, ...calls.map(({ file, line }) => ({ file, line }))]
  return places.map((place, i) => {
    const name = calls[i]?.name ?? 'main'
    const owner = calls[i] === undefined ? 'main' : packageOf(name)
    return { function: name, ...place, ...(owner !== undefined && { module: owner }) }
  })
}

/** Lines that Perl prints behind the message of an error that spread. */
export function isContinuation(line: string): boolean {
  return /^(?:\t\.\.\.(?:propagated|caught) at |BEGIN failed--compilation aborted|Compilation failed in require|Execution of \S{1,400} aborted due to|\S{1,400} had compilation errors|\t\(|Global symbol "|syntax error at |Bareword ")/.test(
    line.slice(0, 500),
  )
}

/** `Trace begun at shop.pl line 41`, the first line of Devel::StackTrace. */
export function isTraceBegun(line: string): boolean {
  return /^\s*Trace begun at /.test(line)
}

/** The class of what `die` prints of an object that does not stringify: `Shop::Error=HASH(0x55720bc114e8)`. */
export function classOf(word: string): string | undefined {
  if (word.length > 1600) return undefined
  return /^([A-Z]\w{0,100}(?:::\w{1,100}){0,12})=[A-Z]{1,10}\(0x[0-9a-f]{4,16}\)$/.exec(word)?.[1]
}

/**
 * Perl's own warnings, which look like what it dies of. Those of programs cannot be told from errors, unless they begin
 * with the word. Source: perldiag, the severities (W), (D) and (S).
 */
const WARNINGS = new RegExp(
  `^\\s*(?:${[
    '(?:\\[?WARN(?:ING)?\\b|[Ww]arning[:,]|DEBUG\\b|INFO\\b|NOTICE\\b|DEPRECATED\\b)',
    'Use of uninitialized value|Use of (?:code point|freed value|my \\$_|assignment to|literal|bare|inherited|comma-less|reference|"|\\S{1,60} is deprecated|\\S{1,60} in printf)',
    'Argument "[^\\n]{0,200}isn\'t numeric|Odd number of elements|Reference found where|Deep recursion on|Subroutine \\S{1,200} redefined|Constant subroutine \\S{1,200} redefined',
    'Name "\\S{1,200}" used only once|"(?:my|our|state)" \\S{1,80}(?: \\S{1,80})? masks|Useless use of|Wide character in|Scalar value [@%]|Possible |Unquoted string|Statement unlikely to be reached',
    'Found = in conditional|Applying |Exiting (?:subroutine|eval|loop|pseudo|substitution|format) |Unrecognized escape|Prototype mismatch|Variable "[^"\\n]{0,100}" (?:is not available|will not stay shared)',
    '(?:print|printf|say|readline|read|close|write|seek|tell|syswrite|sysread|flock|binmode)\\(\\)[^\\n]{0,60} on (?:closed|unopened)|-l on filehandle|Filehandle \\S{1,80} (?:opened|reopened)|(?:substr|splice|index)(?:\\(\\))? (?:outside|offset)',
    'Illegal (?:hexadecimal|octal|binary) digit|Integer overflow in|(?:Hexadecimal|Octal|Binary) number >|Missing argument in|Redundant argument in|Invalid conversion|Negative repeat|Non-finite repeat|Malformed UTF-8|Operation "',
    '\\S{1,60} is (?:deprecated|experimental)|The \\S{1,60} (?:feature )?is (?:deprecated|experimental)|Smartmatch is|given is|when is|\\\\\\d better written|(?:Scalar|Array|String|Number|Bareword|Operator) found where operator expected|Attempt to free|Unbalanced |Can\'t exec "|\\(in cleanup\\)',
  ].join('|')})`,
)

/** Whether a message is a warning of Perl's own, or says itself that it is none of an error. */
export function isWarning(message: string): boolean {
  return WARNINGS.test(message.slice(0, 600))
}
