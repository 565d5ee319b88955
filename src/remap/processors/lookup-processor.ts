/** Translates a value by a table that stands in the pipeline. */
import { z } from 'zod'
import { isPresent, parsePath, readSource, setPath, textOf } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

export const lookupProcessor = defineProcessor({
  type: 'lookup-processor',
  description: 'Writes what a table says of the source.',
  schema: z.strictObject({
    type: z.literal('lookup-processor'),
    ...commonSettings,
    source: z.string().min(1).describe('Path of the attribute to look up.'),
    target: z.string().min(1).describe('Path of the attribute to write.'),
    lookupTable: z
      .union([z.string().transform((text) => text.split('\n')), z.array(z.string())])
      .default([])
      .describe('Lines `key,value`, split at the first comma; a text of lines or a list of them.'),
    defaultLookup: z
      .union([z.string(), z.number().transform(String)])
      .nullish()
      .describe('What is written when the table does not hold the source.'),
    lookupEnrichmentTable: z.string().nullish().describe('A reference table of the backend; not at hand on the host.'),
  }),
  compile({ source, target, lookupTable, defaultLookup, lookupEnrichmentTable }, context) {
    if (typeof lookupEnrichmentTable === 'string') {
      const what = `the reference table "${lookupEnrichmentTable}" is not at hand on the host: ${target} is not written.`
      context.problem(
        ['lookupEnrichmentTable'],
        what,
        'Write the table as lookupTable, or look it up in the backend.',
        'warning',
      )
      return () => {}
    }
    const table = new Map<string, string>()
    for (const line of lookupTable) {
      const comma = line.indexOf(',')
      if (comma < 0) continue
      const key = line.slice(0, comma).trim()
      if (!table.has(key)) table.set(key, line.slice(comma + 1).trim())
    }
    const from = parsePath(source)
    const to = parsePath(target)
    return (record) => {
      const value = readSource(record, from)
      if (!isPresent(value)) return
      const found = table.get(textOf(value)) ?? defaultLookup
      if (found !== undefined && found !== null && found !== '') setPath(record.attributes, to, found)
    }
  },
})
