/**
 * The matchers that grok rules may name without defining them, as regex source for the regex translator.
 * Only constructs that V8's linear engine takes: no look-around, and counts of at most 4, so that a matcher may stand in
 * a repeated group (the engine refuses counts that multiply to more than 16, and counts each "+" as 2).
 * Names and meanings: Datadog's documentation of the grok parser; vectordotdev/vrl, src/datadog/grok/patterns/core.pattern.
 */

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|0?[1-9]?\\d|00\\d)'
/** A word boundary on both sides, where others look around: `.*%{ipv4:ip}` must not cut "10.0.0.1" to "0.0.0.1". */
const IPV4 = `\\b${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}\\b`
const H = '[0-9A-Fa-f]{1,4}'
const X4 = '[A-Fa-f0-9]{4}'
const CISCO_MAC = `${X4}\\.${X4}\\.${X4}`
const IPV6 = ipv6()
const HOSTNAME = '\\b[0-9A-Za-z][\\w-]*(?:\\.[0-9A-Za-z][\\w-]*)*\\.?'
const IP = `(?:${IPV6}|${IPV4})`
const IP_OR_HOST = `(?:${IP}|${HOSTNAME})`
const PORT = '[1-9]\\d{0,4}'
const USER = '[\\w.-]+'
const UNIX_PATH = '(?:/[^\\s/\\\\:*?"<>|]*)+'
const WINDOWS_PATH = '(?:[A-Za-z]+:|\\\\)(?:\\\\[^\\\\?*]*)+'
const URI_PATH = "/[A-Za-z0-9$.+!*'(){},~:;=@#%_/-]*"
const URI_PARAM = "\\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\\-\\[\\]]*"
const NUMBER = '[+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)'
const EXPONENT = '(?:[eE][+-]?\\d+)?'
const DOUBLE_QUOTED = '"[^"]*"'
const SINGLE_QUOTED = "'[^']*'"

/** Regex source by matcher name. `regex`, `date` and `boolean` take arguments and are built where they are used. */
export const MATCHERS: Readonly<Record<string, string>> = {
  data: '.*?',
  greedyData: '.*',
  notSpace: '\\S+',
  space: '\\s+',
  word: '\\b\\w+\\b',
  integer: '[+-]?\\d+',
  integerStr: '[+-]?\\d+',
  integerExt: `[+-]?\\d+${EXPONENT}`,
  integerExtStr: `[+-]?\\d+${EXPONENT}`,
  number: NUMBER,
  numberStr: NUMBER,
  numberExt: NUMBER + EXPONENT,
  numberExtStr: NUMBER + EXPONENT,
  doubleQuotedString: DOUBLE_QUOTED,
  singleQuotedString: SINGLE_QUOTED,
  quotedString: `(?:${DOUBLE_QUOTED}|${SINGLE_QUOTED})`,
  qs: `(?:${DOUBLE_QUOTED}|${SINGLE_QUOTED})`,
  uuid: `${X4}${X4}-${X4}-${X4}-${X4}-${X4}${X4}${X4}`,
  mac: `(?:${macOf('[:-]')}|${CISCO_MAC})`,
  commonMac: macOf(':'),
  windowsMac: macOf('-'),
  ciscoMac: CISCO_MAC,
  ipv4: IPV4,
  ipv6: IPV6,
  ip: IP,
  hostname: HOSTNAME,
  host: HOSTNAME,
  ipOrHost: IP_OR_HOST,
  port: PORT,
  hostPort: `${IP_OR_HOST}:${PORT}`,
  user: USER,
  path: `(?:${UNIX_PATH}|${WINDOWS_PATH})`,
  unixPath: UNIX_PATH,
  winPath: WINDOWS_PATH,
  uriProto: '[A-Za-z]+(?:\\+[A-Za-z+]+)?',
  uriHost: `${IP_OR_HOST}(?::${PORT})?`,
  uriPath: URI_PATH,
  uriParam: URI_PARAM,
  uriPathParam: `${URI_PATH}(?:${URI_PARAM})?`,
  uri: `[A-Za-z]+(?:\\+[A-Za-z+]+)?://(?:${USER}(?::[^@\\s]*)?@)?(?:${IP_OR_HOST}(?::${PORT})?)?(?:${URI_PATH}(?:${URI_PARAM})?)?`,
}

/** The filter that turns a matcher's text into its value: `integer` gives a number, `integerStr` the text. */
export const VALUE_FILTERS: Readonly<Record<string, string>> = {
  integer: 'integer',
  integerExt: 'integerExt',
  number: 'number',
  numberExt: 'numberExt',
}

function macOf(separator: string): string {
  return Array(6).fill('[A-Fa-f0-9]{2}').join(separator)
}

/** Eight groups, or fewer with one `::`; the last two may be an IPv4 address; a zone index may follow. */
function ipv6(): string {
  const whole = `${`${H}:`.repeat(6)}(?:${H}:${H}|${IPV4})`
  const tail = `(?:${H}${upTo(6)}(?::${IPV4})?|${IPV4})?`
  return `(?:${whole}|(?:${H}${upTo(6)})?::${tail})(?:%[0-9A-Za-z]+)?`
}

/** At most `groups` more groups, each behind a colon. */
function upTo(groups: number): string {
  return groups === 0 ? '' : `(?::${H}${upTo(groups - 1)})?`
}
