/** Makes an attribute the record's time. Numbers are milliseconds, never seconds; the source stays. */
import { z } from 'zod'
import { parseDate } from '../dates.js'
import { getPath, isPresent, parsePath } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

export const dateRemapper = defineProcessor({
  type: 'date-remapper',
  description: 'Makes the first source that is a date the timestamp.',
  schema: z.strictObject({ type: z.literal('date-remapper'), ...commonSettings, sources: sourcesSetting }),
  compile({ sources }, { defaultZone, now }) {
    const paths = sources.map(parsePath)
    return (record) => {
      for (const path of paths) {
        const value = getPath(record.attributes, path)
        const time = isPresent(value) ? parseDate(value, { zone: defaultZone, now: now() }) : undefined
        if (time === undefined) continue
        record.timestamp = time
        return
      }
    }
  },
})
