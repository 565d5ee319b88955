/** Makes an attribute the record's message. The source is removed: it would say the same twice. */
import { z } from 'zod'
import { parsePath, takeFirst } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

export const messageRemapper = defineProcessor({
  type: 'message-remapper',
  description: 'Makes the first present source the message.',
  schema: z.strictObject({ type: z.literal('message-remapper'), ...commonSettings, sources: sourcesSetting }),
  compile({ sources }) {
    const paths = sources.map(parsePath)
    return (record) => {
      const message = takeFirst(record.attributes, paths)
      if (message !== undefined) record.message = message
    }
  },
})
