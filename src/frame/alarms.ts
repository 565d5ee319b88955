/**
 * Alarms: texts of which every error of a source holds at least one. Lines without one need not be looked at.
 * An alarm matches in any letter case, with or without blanks around JSON punctuation, and also where the line was
 * escaped once more by a container's JSON (`\"level\":50`, `\tat `). Being too wide costs time only.
 */

/** How JSON lines of a source say that they are errors. */
export interface LevelAlarms {
  /** Keys that hold a status, by their last segment or flat: `level`, `log.level`. */
  readonly keys: readonly string[]
  /** Beginnings of values that stand for an error, and whole numbers that do. */
  readonly prefixes: readonly string[]
  readonly numbers: readonly string[]
}

/** ASCII letters and digits that JSON spelled as `\u00xx`: nobody does it, and nothing forbids it. */
const ESCAPED_ASCII = '\\\\u00(?:3[0-9]|[4-7][0-9a-fA-F])'

/** The priorities of syslog whose severity is an error or worse: `<131>`, systemd's `<3>`. */
const PRIORITY = `<(?:${Array.from({ length: 192 }, (_, priority) => priority)
  .filter((priority) => priority % 8 <= 3)
  .join('|')})>`

/** One regex that matches a line with an alarm, as latin1 or as text; undefined when every line is an alarm. */
export function compileAlarms(alarms: readonly string[] | 'every line', level?: LevelAlarms): RegExp | undefined {
  if (alarms === 'every line') return undefined
  const parts = distinct(alarms).map(alarmPattern)
  if (level && level.keys.length > 0) parts.push(levelPattern(level))
  parts.push(PRIORITY, ESCAPED_ASCII)
  return new RegExp(parts.join('|'))
}

/** A status key, its colon, perhaps a quote, and a value that stands for an error. */
function levelPattern({ keys, prefixes, numbers }: LevelAlarms): string {
  const names = keys.map((key) => anyCase(escapeRegex(key))).join('|')
  const words = distinct(prefixes, 'start').map((prefix) => [...prefix].map((character) => spelled(character)).join(''))
  return `(?:${names})\\\\*"[ \\t]*:[ \\t]*(?:\\\\*"[ \\t]*)?(?:${[...words, `(?:${numbers.join('|')})(?!\\d)`].join('|')})`
}

/** Without those that hold (or begin with) another: where `Error:` stands, `error` does too. */
function distinct(texts: readonly string[], where: 'start' | 'anywhere' = 'anywhere'): string[] {
  const lower = [...new Set(texts.map((text) => text.toLowerCase()))]
  const holds = (text: string, other: string) => (where === 'start' ? text.startsWith(other) : text.includes(other))
  return lower.filter((text) => !lower.some((other) => other !== text && holds(text, other)))
}

/**
 * What an alarm begins with has no blanks or backslashes before it: a search finds it without them, and would take time
 * in proportion to the square of a long run of them.
 */
function alarmPattern(alarm: string): string {
  let pattern = ''
  for (const character of alarm) {
    const inside = pattern !== ''
    if (character === '\t') pattern += inside ? '(?:\\t|\\\\+t|#011|\\\\+u0009)' : '(?:\\t|\\\\t|#011|\\\\u0009)'
    else if (character === '"') pattern += inside ? '\\\\*"' : '"'
    else if (character === ':' || character === ',') pattern += `${inside ? '[ \\t]*' : ''}${character}[ \\t]*`
    else if (character === '\n') pattern += inside ? '(?:\\n|\\\\+n|#012)' : '(?:\\n|\\\\n|#012)'
    else pattern += spelled(character, inside)
  }
  return pattern
}

/** A character in any case or, beyond ASCII, as it stands in text, in UTF-8 bytes as latin1, and escaped in JSON. */
function spelled(character: string, inside = true): string {
  if (character <= '\x7f') return anyCase(escapeRegex(character))
  const code = character.charCodeAt(0).toString(16).padStart(4, '0')
  return `(?:${character}|${Buffer.from(character).toString('latin1')}|\\\\${inside ? '+' : ''}u${anyCase(code)})`
}

function anyCase(pattern: string): string {
  return pattern.replace(/\\.|[a-zA-Z]/g, (letter) =>
    letter.length > 1 ? letter : `[${letter.toLowerCase()}${letter.toUpperCase()}]`,
  )
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
