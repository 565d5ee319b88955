/** Makes an attribute the record's trace id; the source is removed, as Datadog does. */
import { z } from 'zod'
import { deletePath, getPath, parsePath, textOf } from '../paths.js'
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
      for (const path of paths) {
        const value = getPath(record.attributes, path)
        if (value === undefined || value === null) continue
        deletePath(record.attributes, path)
        const id = textOf(value).trim()
        if (id !== '') record.traceId = id
        return
      }
    }
  },
})
