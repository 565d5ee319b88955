/**
 * Writes values as JSON5 for people: keys without quotes where they need none, what fits on a line on one line, comments
 * among the elements of lists. Reading the text gives the value again, comments and undefined left out. Pure.
 */

/** A comment that stands among the elements of a list, on lines of its own. */
export class Comment {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export interface Json5TextOptions {
  /** Widest line, in characters, that a list or object is put on. */
  readonly width?: number
  /** Keys whose lists always have one element a line. */
  readonly tall?: ReadonlySet<string>
}

/** The text of a value; no line end behind it. Objects at the top always have one key a line. */
export function renderJson5(value: unknown, options: Json5TextOptions = {}): string {
  const { width = 110, tall = new Set<string>() } = options

  function broken(inner: unknown, indent: string): string {
    const deeper = `${indent}  `
    if (Array.isArray(inner)) {
      const lines = inner.map((one) =>
        one instanceof Comment ? comment(one, deeper) : `${deeper}${any(one, deeper)},`,
      )
      return inner.length === 0 ? '[]' : `[\n${lines.join('\n')}\n${indent}]`
    }
    const lines = entries(inner).map(([key, one]) => `${deeper}${nameOf(key)}: ${any(one, deeper, key)},`)
    return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n${indent}}`
  }

  /** `key`: where the value stands, which takes part of the line. */
  function any(inner: unknown, indent: string, key = ''): string {
    if (typeof inner !== 'object' || inner === null) return scalar(inner)
    const line = tall.has(key) ? undefined : flat(inner)
    return line !== undefined && indent.length + key.length + line.length <= width ? line : broken(inner, indent)
  }

  /** On one line, or undefined when something within needs lines of its own. */
  function flat(inner: unknown): string | undefined {
    if (inner instanceof Comment) return undefined
    if (typeof inner !== 'object' || inner === null) return scalar(inner)
    const list = Array.isArray(inner)
    const parts: string[] = []
    for (const [key, one] of list ? inner.map((each) => ['', each] as const) : entries(inner)) {
      const part = tall.has(key) && Array.isArray(one) && one.length > 0 ? undefined : flat(one)
      if (part === undefined) return undefined
      parts.push(list ? part : `${nameOf(key)}: ${part}`)
    }
    if (list) return `[${parts.join(', ')}]`
    return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
  }

  return typeof value === 'object' && value !== null ? broken(value, '') : scalar(value)
}

function comment({ text }: Comment, indent: string): string {
  return commentLines(text)
    .map((line) => `${indent}${line}`)
    .join('\n')
}

/** A text as comment lines; whatever would end a line ends one here. */
export function commentLines(text: string): string[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => `// ${line}`.trimEnd())
}

function entries(object: object | unknown): [string, unknown][] {
  return Object.entries(object as object).filter(([, value]) => value !== undefined)
}

function nameOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key)
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : (JSON.stringify(value) ?? 'null')
}

/** Single quotes, unless double ones need fewer escapes. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  let out = ''
  for (const c of text) {
    const code = c.charCodeAt(0)
    if (c === quote || c === '\\') out += `\\${c}`
    else if (c === '\n') out += '\\n'
    else if (c === '\t') out += '\\t'
    else if (c === '\r') out += '\\r'
    else if (code < 32 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029 || code === 0xfeff)
      out += `\\u${code.toString(16).padStart(4, '0')}`
    else out += c
  }
  return `${quote}${out}${quote}`
}
