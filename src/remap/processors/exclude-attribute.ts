/** Leaves an attribute out, and the objects that become empty with it. */
import { z } from 'zod'
import { deletePath, parsePath } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

export const excludeAttribute = defineProcessor({
  type: 'exclude-attribute',
  description: 'Removes an attribute.',
  schema: z.strictObject({
    type: z.literal('exclude-attribute'),
    ...commonSettings,
    attributeToExclude: z.string().min(1).describe('Path of the attribute to remove.'),
  }),
  compile({ attributeToExclude }) {
    const path = parsePath(attributeToExclude)
    return (record) => deletePath(record.attributes, path)
  },
})
