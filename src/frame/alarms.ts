/**
 * Alarms: byte strings of which every error of a source holds at least one. Lines without one need not be looked at.
 * An alarm matches in any letter case, with or without blanks around JSON punctuation, and also where the line was
 * escaped once more by a container's JSON (`\"level\":50`, `\tat `). Being too wide costs time only.
 */

/** `level`-like JSON keys whose value begins as an error status does: any word of Datadog's table, or a number. */
function levelAlarm(keys: readonly string[]): string | undefined {
  if (keys.length === 0) return undefined
  const names = keys.map((key) => anyCase(escapeRegex(key))).join('|')
  // [0-3] alone: syslog; 40 and above: the numeric scales of loggers. 10, 20 and 30 are calm on every one of them.
  return `(?:${names})\\\\*"[ \\t]*:[ \\t]*\\\\*"?(?:[eEfFaAcCpPsSuU]|[dD][pP]|[0-3](?![0-9])|[1-3]\\d{2}|[4-9]\\d|(?:1[7-9]|2[1-4])(?!\\d))`
}

/** ASCII letters and digits that JSON spelled as `\u00xx`: nobody does it, and nothing forbids it. */
const ESCAPED_ASCII = '\\\\u00(?:3[0-9]|[4-7][0-9a-fA-F])'

/**
 * One regex that matches a line with an alarm, as latin1 or as text; undefined when every line is an alarm.
 * `levelKeys` are the names of the attributes that hold a status in JSON lines.
 */
export function compileAlarms(
  alarms: readonly string[] | 'every line',
  levelKeys: readonly string[],
): RegExp | undefined {
  if (alarms === 'every line') return undefined
  const parts = distinct(alarms).map(alarmPattern)
  const level = levelAlarm(levelKeys)
  if (level !== undefined) parts.push(level)
  parts.push(ESCAPED_ASCII)
  return new RegExp(parts.join('|'))
}

/** Without those that hold another: where `Error:` stands, `error` does too. */
function distinct(alarms: readonly string[]): string[] {
  const lower = [...new Set(alarms.map((alarm) => alarm.toLowerCase()))]
  return lower.filter((alarm) => !lower.some((other) => other !== alarm && alarm.includes(other)))
}

function alarmPattern(alarm: string): string {
  let pattern = ''
  for (const character of alarm) {
    if (character === '\t') pattern += '(?:\\t|\\\\+t|#011|\\\\+u0009)'
    else if (character === '"') pattern += '\\\\*"'
    else if (character === ':' || character === ',') pattern += `[ \\t]*${character}[ \\t]*`
    else if (character === '\n') pattern += '(?:\\n|\\\\+n|#012)'
    else pattern += anyCase(escapeRegex(character))
  }
  return pattern
}

function anyCase(pattern: string): string {
  return pattern.replace(/\\.|[a-zA-Z]/g, (letter) =>
    letter.length > 1 ? letter : `[${letter.toLowerCase()}${letter.toUpperCase()}]`,
  )
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
