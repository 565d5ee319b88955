/** Declared so that a pipeline that holds it runs; does nothing, since a host agent has no data base of browsers. */
import { z } from 'zod'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

export const userAgentParser = defineProcessor({
  type: 'user-agent-parser',
  description: 'Nothing: user agents are left to the backend.',
  schema: z.strictObject({
    type: z.literal('user-agent-parser'),
    ...commonSettings,
    sources: sourcesSetting.default(['http.useragent']),
    target: z.string().default('http.useragent_details'),
    encoded: z.boolean().nullish(),
    isEncoded: z.boolean().nullish(),
    combineVersionDetails: z.boolean().nullish(),
  }),
  compile({ target }, context) {
    context.problem(
      ['type'],
      `user-agent-parser does not run on the host: ${target} is not written.`,
      'Leave it in the pipeline of the backend.',
      'warning',
    )
    return () => {}
  },
})
