/**
 * The template of a message: what stays when ids, numbers, names and quoted values are masked. Masks are typed and
 * applied in a fixed order, the wider before the narrower. fp1 depends on this list: it is frozen by fixtures.
 */

export interface Mask {
  readonly id: string
  readonly what: string
  /** What every match holds, which is cheaper to look for: for speed alone, it decides nothing. */
  readonly holds: RegExp
  readonly pattern: RegExp
  readonly to: string
  /** Words that match `KEPT` are names, and stay. */
  readonly keeps?: true
}

/** Scanned characters of a message; what comes later says rarely more about the site. */
export const MAX_SCANNED = 1000
/** Words of a template. */
export const MAX_WORDS = 24

/** The masks in their order. */
export const MASKS: readonly Mask[] = [
  { id: 'T01', what: 'url', holds: /:\/\//, pattern: /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s'"<>«»„“”)\]]+/gi, to: '<url>' },
  {
    id: 'T02',
    what: 'e-mail address',
    holds: /@/,
    pattern: /\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}\b/g,
    to: '<email>',
  },
  { id: 'T03', what: 'uuid', holds: /-/, pattern: /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, to: '<uuid>' },
  {
    id: 'T04',
    what: 'request line of HTTP',
    holds: / HTTP\//,
    pattern: /"([A-Z]{3,7}) [^\s"]{1,800} HTTP\/[\d.]{1,3}"/g,
    to: '$1 <path>',
  },
  {
    id: 'T05',
    what: 'quoted value',
    holds: /["'`«„“‘「]/,
    pattern:
      /(?<![\p{L}\p{N}])(?:"[^"\n]{0,400}"|'[^'\n]{0,400}'(?![\p{L}\p{N}])|`[^`\n']{0,400}[`'])|«[^»\n]{0,400}»|„[^“”\n]{0,400}[“”]|“[^”\n]{0,400}”|‘[^’\n]{0,400}’|「[^」\n]{0,400}」/gu,
    to: '<str>',
  },
  {
    id: 'T06',
    what: 'date and time',
    holds: /\d/,
    pattern:
      /\b\d{4}[-/.]\d\d[-/.]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?|\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:\d{1,2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6} {1,2}\d{1,4}(?:,? \d{4})?(?: \d\d:\d\d(?::\d\d)?(?: [A-Z]{3,4})?(?: \d{4})?)?\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b|\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\b/g,
    to: '<time>',
  },
  {
    id: 'T07',
    what: 'network address',
    holds: /[\d:-]/,
    pattern:
      /\b\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?\b|\[?(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6}\]?(?::\d{1,5})?(?![\w:])|\[?(?<![\w:.])(?=[a-f:]{0,30}\d)(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?(?![\w:])\]?(?::\d{1,5})?|\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b/gi,
    to: '<addr>',
  },
  {
    id: 'T08',
    what: 'path',
    holds: /[/\\]/,
    pattern:
      /(?<![\w<>)\]])(?:[A-Za-z]:\\|\\\\|~?\/)[^\s'"<>:;,()[\]{}|]+(?::\d{1,9}){0,2}|(?<![\w/])\.{1,2}\/[^\s'"<>:;,()[\]{}|]+/g,
    to: '<path>',
  },
  {
    id: 'T09',
    what: 'host name',
    holds: /\.|localhost/i,
    pattern:
      /\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}\.(?:internal|local|localdomain|lan|svc|io|dev|app|cloud|example|test|invalid|(?:com|net|org|edu|gov|co|ac)(?:\.[a-z]{2})?|de|uk|fr|nl|cn|jp|br|eu|ru|au|ca)\b(?!\.\w)(?:\.?:\d{1,5}\b)?|\b[\w-]{1,63}(?:\.[\w-]{1,63}){2,6}:\d{2,5}\b|\blocalhost(?::\d{1,5})?\b/gi,
    to: '<host>',
  },
  {
    id: 'T10',
    what: 'address of an object',
    holds: /0x|[@#]|addr/i,
    pattern: /\b0x[0-9a-f]+\b|@[0-9a-f]{5,16}\b|#<[\w:]{1,100}[^>\n]{0,200}>|\b(?:object|instance) at <addr>/gi,
    to: '<ref>',
  },
  {
    id: 'T11',
    what: 'quantity',
    holds: /\d/,
    pattern:
      /(?<![\p{L}\p{N}_.])[+-]?\d[\d_]*(?:[.,]\d+)*(?:e[+-]?\d+)? ?(?:%|[kmgtp]?i?b(?:ytes?)?|bytes?|[nmµu]?s|ms|secs?|seconds?|mins?|minutes?|hours?|h|days?)(?![\p{L}\p{N}_])/giu,
    to: '<qty>',
  },
  {
    id: 'T12',
    what: 'id',
    keeps: true,
    holds: /\d/,
    pattern:
      /(?<![\p{L}\p{N}_<-])(?=[\p{L}_-]{0,40}\d)[\p{L}\p{N}_]+(?:-[\p{L}\p{N}_]+)+(?![\p{L}\p{N}_>])|(?<![\p{L}\p{N}_<-])(?=[\p{L}_]{1,40}\d|\d[\d_]{0,40}\p{L})[\p{L}\p{N}_]+(?![\p{L}\p{N}_>])/gu,
    to: '<id>',
  },
  { id: 'T13', what: 'hexadecimal id', holds: /[0-9a-f]{16}/i, pattern: /\b[0-9a-f]{16,}\b/gi, to: '<id>' },
  {
    id: 'T14',
    what: 'number',
    holds: /\d/,
    pattern: /(?<![\p{L}\p{N}_])[+-]?\d+(?:[.,:_]\d+)*(?![\p{L}\p{N}_])/gu,
    to: '<num>',
  },
  {
    id: 'T15',
    what: 'value of a pair',
    holds: /=/,
    pattern: /(?<=[\w\]]=)(?:<[a-z]{2,5}>|[^\s,;)<\]}>]){1,200}/g,
    to: '<val>',
  },
  { id: 'T16', what: 'list', holds: />.*</, pattern: /(<[a-z]{2,5}>)(?:(?:, ?| |; ?|\/|\|| and )\1)+/g, to: '$1' },
]

/** Words that end in a digit and are names all the same; never masked. */
export const KEPT =
  /^(?:utf-?(?:8|16|32)\w*|md5|sha-?(?:1|224|256|384|512)|base64|ipv[46]|http[12]|h[12]|v8|x509|oauth2?|s3|ec2|iso-?8859-?\d*|latin-?1|cp125\d|u?int(?:8|16|32|64)|float(?:32|64)|i18n|l10n|[a-z]+2[a-z]+)$/i

/** The template of a message, at most its first two lines; stable under all that the masks name. */
export function template(message: string): string {
  let text = message.length > MAX_SCANNED ? message.slice(0, MAX_SCANNED) : message
  if (text.includes('\x1b')) text = text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '')
  text = text.normalize('NFKC')
  text = firstLines(text)
  for (const mask of MASKS) {
    if (!mask.holds.test(text)) continue
    text = mask.keeps
      ? text.replace(mask.pattern, (word) => (KEPT.test(word) ? word : mask.to))
      : text.replace(mask.pattern, mask.to)
  }
  const words = text.split(/\s+/).filter((word) => word !== '')
  return words.slice(0, MAX_WORDS).join(' ')
}

/** The first two lines that hold something. */
function firstLines(text: string): string {
  const lines: string[] = []
  for (const line of text.split(/\r\n|[\n\r]/)) {
    if (line.trim() === '') continue
    lines.push(line)
    if (lines.length === 2) break
  }
  return lines.join(' ')
}
