/**
 * The json filter: the first JSON value of a text, leniently: what stands behind it does not matter, and strings may
 * hold line ends and other control characters, which programs that print JSON by hand forget to escape. Linear, total.
 */
import type { Value } from '../../core/shapes.js'
import { tidy } from './paths.js'

/** The value as attributes hold it, or undefined when the text does not begin with one. */
export function readJson(text: string): Value | undefined {
  const strict = parsed(text)
  if (strict !== undefined) return tidy(strict)
  const first = firstValue(text.trimStart())
  return first === undefined ? undefined : tidy(parsed(first))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The object or list that the text begins with, control characters within its strings escaped. */
function firstValue(text: string): string | undefined {
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined
  let value = ''
  let from = 0
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (quoted) {
      if (code === 92) i++
      else if (code === 34) quoted = false
      else if (code < 32) {
        value += `${text.slice(from, i)}\\u${code.toString(16).padStart(4, '0')}`
        from = i + 1
      }
    } else if (code === 34) quoted = true
    else if (code === 123 || code === 91) depth++
    else if ((code === 125 || code === 93) && --depth === 0) return value + text.slice(from, i + 1)
  }
  return undefined
}
