/** The JSON Schema of a zod schema, for editors: it describes what a person may write, before defaults and transforms. */
import { z } from 'zod'

/** Draft 7, which editors know best. What JSON Schema cannot say is left open. */
export function jsonSchemaOf(schema: z.ZodType, title: string): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  return { $schema, title, ...rest }
}
