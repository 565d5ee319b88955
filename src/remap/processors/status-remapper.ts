/** Makes an attribute the record's status. Of all status remappers that had a source, only the first counts. */
import { z } from 'zod'
import { isPresent, parsePath, readSource } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'
import { normaliseStatus } from '../status.js'

export const statusRemapper = defineProcessor({
  type: 'status-remapper',
  description: 'Makes the first present source the status, through the table of levels.',
  schema: z.strictObject({ type: z.literal('status-remapper'), ...commonSettings, sources: sourcesSetting }),
  changesStatus: true,
  compile({ sources }, { levels }) {
    const paths = sources.map(parsePath)
    return (record, run) => {
      if (run.statusTaken === true) return
      for (const path of paths) {
        const value = readSource(record, path)
        if (!isPresent(value)) continue
        const status = normaliseStatus(value, levels)
        if (status === undefined) continue
        record.status = status
        run.statusTaken = true
        return
      }
    }
  },
})
