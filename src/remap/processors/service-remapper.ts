/** Makes an attribute the record's service; the source stays. */
import { z } from 'zod'
import { getPath, isPresent, parsePath, textOf } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

export const serviceRemapper = defineProcessor({
  type: 'service-remapper',
  description: 'Makes the first present source the service.',
  schema: z.strictObject({ type: z.literal('service-remapper'), ...commonSettings, sources: sourcesSetting }),
  compile({ sources }) {
    const paths = sources.map(parsePath)
    return (record) => {
      for (const path of paths) {
        const value = getPath(record.attributes, path)
        if (!isPresent(value)) continue
        record.service = textOf(value)
        return
      }
    }
  },
})
