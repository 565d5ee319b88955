/**
 * Errand's own processor: a message that is logfmt from its beginning (`level=error msg="no answer" err="…"`) becomes
 * attributes, as a JSON line does. Values in quotes may go on over lines; what follows the pairs stays in the message.
 */
import { z } from 'zod'
import type { Attributes, Value } from '../../core/shapes.js'
import { getPath, parsePath, setPath } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

/** Keys one of which a line must hold: `a=1 b=2` alone may be anything. */
const LEVEL_KEYS = ['level', 'lvl', 'severity', 'log.level']
const MESSAGE_KEYS = ['msg', 'message', 'event']
/** More pairs than this are no log line. */
const MAX_PAIRS = 200

const PAIR =
  /([^\s="'{}[\],]{1,100})=("(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[^\s"]*)(?:[ \t]+|(?:[ \t]*\r?\n)|$)/y

export const logfmtParser = defineProcessor({
  type: 'logfmt-parser',
  description: 'Makes attributes of a message that is logfmt: pairs of a key and a value, one of them a level.',
  schema: z.strictObject({ type: z.literal('logfmt-parser'), ...commonSettings }),
  compile() {
    return (record) => {
      const pairs = readLogfmt(record.message)
      if (pairs === undefined) return
      for (const [key, value] of Object.entries(pairs.attributes)) {
        const path = parsePath(key)
        if (getPath(record.attributes, path) === undefined) setPath(record.attributes, path, value)
      }
      const rest = record.message.slice(pairs.end)
      const key = MESSAGE_KEYS.find((one) => typeof pairs.attributes[one] === 'string')
      // The message-remapper makes the message of the pair; what stands behind the pairs goes with it.
      if (key !== undefined && rest.trim() !== '') record.attributes[key] = `${pairs.attributes[key]}\n${rest}`
    }
  },
})

/** The pairs a text begins with, and where they end; undefined when they are no log line. */
function readLogfmt(text: string): { attributes: Attributes; end: number } | undefined {
  const attributes: Attributes = {}
  let end = 0
  for (let count = 0; count < MAX_PAIRS; count++) {
    PAIR.lastIndex = end
    const match = PAIR.exec(text)
    if (match?.[1] === undefined) break
    end = match.index + match[0].length
    if (!Object.hasOwn(attributes, match[1])) attributes[match[1]] = readValue(match[2] ?? '')
  }
  return LEVEL_KEYS.some((key) => Object.hasOwn(attributes, key)) ? { attributes, end } : undefined
}

function readValue(written: string): Value {
  const quote = written.charAt(0)
  if (quote !== '"' && quote !== "'") return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(written) ? Number(written) : written
  const inner = written.slice(1, -1)
  // Who leaves line ends as they are escapes nothing but the quote (structlog).
  if (inner.includes('\n')) return inner.replaceAll(`\\${quote}`, quote)
  return inner.replace(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S]))/g, unescaped)
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

function unescaped(_: string, unicode?: string, byte?: string, letter = ''): string {
  const code = unicode ?? byte
  return code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16))
}
