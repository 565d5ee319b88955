/** Names the first category whose query a record matches. */
import { z } from 'zod'
import { parsePath, setPath } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

export const categoryProcessor = defineProcessor({
  type: 'category-processor',
  description: 'Writes the name of the first category that matches to the target.',
  schema: z.strictObject({
    type: z.literal('category-processor'),
    ...commonSettings,
    target: z.string().min(1).describe('Path of the attribute to write.'),
    categories: z
      .array(
        z.strictObject({
          name: z.union([z.string(), z.number().transform(String)]).describe('What is written.'),
          filter: z.strictObject({ query: z.string().describe('A search query.') }),
        }),
      )
      .describe('Categories in order; the first that matches counts.'),
  }),
  compile({ target, categories }, context) {
    const to = parsePath(target)
    const compiled = categories.map(({ name, filter }, i) => ({
      name,
      matches: context.query(filter.query, ['categories', i, 'filter', 'query']),
    }))
    return (record) => {
      const category = compiled.find(({ matches }) => matches(record))
      if (category !== undefined) setPath(record.attributes, to, category.name)
    }
  },
})
