/** Declared so that a pipeline that holds it runs; does nothing, since a host agent has no data base of places. */
import { z } from 'zod'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

export const geoIpParser = defineProcessor({
  type: 'geo-ip-parser',
  description: 'Nothing: places of addresses are left to the backend.',
  schema: z.strictObject({
    type: z.literal('geo-ip-parser'),
    ...commonSettings,
    sources: sourcesSetting.default(['network.client.ip']),
    target: z.string().default('network.client.geoip'),
    ipProcessingBehavior: z.string().nullish(),
  }),
  compile({ target }, context) {
    context.problem(
      ['type'],
      `geo-ip-parser does not run on the host: ${target} is not written.`,
      'Leave it in the pipeline of the backend.',
      'warning',
    )
    return () => {}
  },
})
