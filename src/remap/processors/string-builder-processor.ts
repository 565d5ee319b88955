/**
 * Builds a text from attributes: `%{http.method} %{http.url}`. A list stands for its values, joined by commas.
 * The text is cut after 256 characters, as Datadog cuts it: rules behind it rely on what it holds.
 */
import { z } from 'zod'
import type { LogRecord, Value } from '../../core/shapes.js'
import { getAllAtPath, isObject, type Path, parsePath, readSource, setPath, textOf } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

const MAX_LENGTH = 256

export const stringBuilderProcessor = defineProcessor({
  type: 'string-builder-processor',
  description: 'Writes a text made of attributes.',
  schema: z.strictObject({
    type: z.literal('string-builder-processor'),
    ...commonSettings,
    target: z.string().min(1).describe('Path of the attribute to write.'),
    template: z
      .union([z.string(), z.number().transform(String)])
      .describe('Text with `%{attribute.path}` in it; what it makes is cut after 256 characters.'),
    replaceMissing: z
      .boolean()
      .default(false)
      .describe('Take a missing attribute for an empty text; otherwise nothing is written.'),
  }),
  compile({ target, template, replaceMissing }) {
    const parts: (string | Path)[] = []
    let end = 0
    for (const match of template.matchAll(/%\{([^{}]*)\}/g)) {
      parts.push(template.slice(end, match.index), parsePath((match[1] ?? '').trim()))
      end = match.index + match[0].length
    }
    parts.push(template.slice(end))
    const to = parsePath(target)

    return (record) => {
      let text = ''
      for (const part of parts) {
        const value = typeof part === 'string' ? part : partText(record, part)
        if (value === undefined && !replaceMissing) return
        text += value ?? ''
      }
      setPath(record.attributes, to, text.slice(0, MAX_LENGTH))
    }
  },
})

function partText(record: LogRecord, path: Path): string | undefined {
  const values = getAllAtPath(record.attributes, path)
  if (values.length > 0) return values.some(holdsObject) ? undefined : values.map(textOf).join(',')
  const reserved = readSource(record, path)
  return reserved === undefined ? undefined : textOf(reserved)
}

/** An object has no text; it counts as missing. */
function holdsObject(value: Value): boolean {
  return isObject(value) || (Array.isArray(value) && value.some(holdsObject))
}
