/**
 * The matchers that grok rules may name without defining them, as regex source for the regex translator.
 * Only constructs that V8's linear engine takes: no look-around, no counted repetition above 16 in all.
 * Names and meanings: Datadog's documentation of the grok parser; vectordotdev/vrl, src/datadog/grok/patterns/core.pattern.
 */

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|0?[1-9]?\\d|00\\d)'
/** A word boundary on both sides, where others look around: `.*%{ipv4:ip}` must not cut "10.0.0.1" to "0.0.0.1". */
const IPV4 = `\\b${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}\\b`
const H = '[0-9A-Fa-f]{1,4}'
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
  uuid: '[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}',
  mac: '(?:(?:[A-Fa-f0-9]{2}[:-]){5}[A-Fa-f0-9]{2}|(?:[A-Fa-f0-9]{4}\\.){2}[A-Fa-f0-9]{4})',
  commonMac: '(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}',
  windowsMac: '(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}',
  ciscoMac: '(?:[A-Fa-f0-9]{4}\\.){2}[A-Fa-f0-9]{4}',
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

/** Eight groups, or fewer with one `::`; the last two may be an IPv4 address; a zone index may follow. */
function ipv6(): string {
  const forms = [`(?:${H}:){4}(?:${H}:)(?:${H}:)(?:${H}:${H}|${IPV4})`]
  const tail = `(?:${H}(?::${H}){0,4}(?::${H}){0,2}(?::${IPV4})?|${IPV4})?`
  forms.push(`(?:${H}(?::${H}){0,4}(?::${H}){0,2})?::${tail}`)
  return `(?:${forms.join('|')})(?:%[0-9A-Za-z]+)?`
}
