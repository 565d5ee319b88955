/** Makes an attribute the record's trace id; the source is removed, as Datadog does. */
import { z } from 'zod'
import { parsePath, takeFirst } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

export const traceIdRemapper = defineProcessor({
  type: 'trace-id-remapper',
  description: 'Makes the first present source the trace id.',
  schema: z.strictObject({
    type: z.literal('trace-id-remapper'),
    ...commonSettings,
    sources: sourcesSetting.default(['dd.trace_id']),
  }),
  compile({ sources }) {
    const paths = sources.map(parsePath)
    return (record) => {
      const id = takeFirst(record.attributes, paths)?.trim()
      if (id) record.traceId = id
    }
  },
})
