/** Builds a text from attributes: `%{http.method} %{http.url}`. A list stands for its values, joined by commas. */
import { z } from 'zod'
import type { LogRecord, Value } from '../../core/shapes.js'
import { getAllAtPath, isObject, type Path, parsePath, readSource, setPath, textOf } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

export const stringBuilderProcessor = defineProcessor({
  type: 'string-builder-processor',
  description: 'Writes a text made of attributes.',
  schema: z.strictObject({
    type: z.literal('string-builder-processor'),
    ...commonSettings,
    target: z.string().min(1).describe('Path of the attribute to write.'),
    template: z.string().describe('Text with `%{attribute.path}` in it.'),
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
      setPath(record.attributes, to, text)
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
