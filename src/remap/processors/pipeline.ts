/** A pipeline inside a pipeline: its processors run on the records that its filter lets in. */
import { z } from 'zod'
import { commonSettings, defineProcessor, type ProcessorDefinition } from '../processor.js'

export const pipeline = defineProcessor({
  type: 'pipeline',
  description: 'Runs processors on the records that a query matches.',
  schema: z.strictObject({
    type: z.literal('pipeline'),
    ...commonSettings,
    filter: z
      .strictObject({ query: z.string().default('*').describe('A search query; `*` matches all.') })
      .default({ query: '*' }),
    // Each is checked by its own schema, so that a problem names the processor it is in.
    processors: z.array(z.looseObject({ type: z.string() })).describe('Processors in order.'),
  }),
  compile({ filter, processors }, context) {
    const matches = context.query(filter.query, ['filter', 'query'])
    const apply = context.pipeline(processors as unknown as readonly ProcessorDefinition[], ['processors'])
    return (record, run) => {
      if (matches(record)) apply(record, run)
    }
  },
})
