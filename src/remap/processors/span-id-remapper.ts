/** Makes an attribute the span id, which a record holds as its attribute `span_id`; the source is removed. */
import { z } from 'zod'
import { parsePath, setKey, takeFirst } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

export const spanIdRemapper = defineProcessor({
  type: 'span-id-remapper',
  description: 'Moves the first present source to the attribute span_id.',
  schema: z.strictObject({
    type: z.literal('span-id-remapper'),
    ...commonSettings,
    sources: sourcesSetting.default(['dd.span_id']),
  }),
  compile({ sources }) {
    const paths = sources.map(parsePath)
    return (record) => {
      const id = takeFirst(record.attributes, paths)?.trim()
      if (id) setKey(record.attributes, 'span_id', id)
    }
  },
})
