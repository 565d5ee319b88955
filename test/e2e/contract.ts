/** What every delivered record must look like, written down a second time: strict, so that nothing creeps in unseen. */
import { z } from 'zod'

const text = z.string().min(1)
const frame = z
  .strictObject({
    function: text,
    file: text,
    line: z.int().min(1),
    column: z.int().min(1),
    module: text,
    in_app: z.boolean(),
  })
  .partial()
  .refine((value) => Object.keys(value).length > 0)
const frames = z.array(frame).min(1)

/** The public contract of a record, as docs/architecture.md has it. */
export const contract = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  timestamp: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  status: z.enum(['error', 'critical', 'alert', 'emergency']),
  message: text.optional(),
  service: text,
  source: text,
  host: text.optional(),
  env: text.optional(),
  version: text.optional(),
  tags: z.array(text).min(1).optional(),
  error: z.strictObject({
    kind: text.optional(),
    message: text.optional(),
    stack: text.optional(),
    pre_fingerprint: z.string().regex(/^fp1:[0-9a-f]{24}$/),
    fingerprint: text.max(256).optional(),
    frames: frames.optional(),
    causes: z
      .array(z.strictObject({ kind: text.optional(), message: text.optional(), frames: frames.optional() }))
      .min(1)
      .optional(),
    handled: z.boolean().optional(),
    inferred: z.literal(true).optional(),
    cut: z.literal(true).optional(),
  }),
  logger: z.strictObject({ name: text.optional(), thread_name: text.optional() }).optional(),
  trace_id: text.optional(),
  attributes: z
    .record(
      text,
      z.json().refine((value) => value !== null && value !== ''),
    )
    .refine((value) => Object.keys(value).length > 0)
    .optional(),
  git: z.record(text, z.json()).optional(),
  container: z.record(text, z.json()).optional(),
  kubernetes: z.record(text, z.json()).optional(),
  log: z.strictObject({
    file: z.strictObject({ path: text, offset: z.int().min(0) }).optional(),
    stream: z.enum(['stdout', 'stderr']).optional(),
  }),
})
