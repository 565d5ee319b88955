/** Moves or copies an attribute or a tag to another attribute or tag. */
import { z } from 'zod'
import type { LogRecord, Value } from '../../core/shapes.js'
import { deletePath, getPath, parsePath, setPath, textOf } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

const place = z.enum(['attribute', 'tag'])

export const attributeRemapper = defineProcessor({
  type: 'attribute-remapper',
  description: 'Moves the first present source to the target.',
  schema: z.strictObject({
    type: z.literal('attribute-remapper'),
    ...commonSettings,
    sources: sourcesSetting,
    sourceType: place.default('attribute').describe('Where the sources are: attributes or tags.'),
    target: z.string().min(1).describe('Path of the attribute, or name of the tag, to write.'),
    targetType: place.default('attribute').describe('What the target is.'),
    targetFormat: z
      .enum(['auto', 'string', 'integer', 'double'])
      .default('auto')
      .describe('Type of the written attribute; a value that cannot be converted stays as it is.'),
    preserveSource: z.boolean().default(false).describe('Keep the source.'),
    overrideOnConflict: z.boolean().default(false).describe('Write over a target that is present.'),
  }),
  compile({ sources, sourceType, target, targetType, targetFormat, preserveSource, overrideOnConflict }) {
    const from = sources.map((source) => ({ source, path: parsePath(source) }))
    const to = parsePath(target)

    return (record) => {
      for (const { source, path } of from) {
        const found = sourceType === 'tag' ? tagValue(record, source) : getPath(record.attributes, path)
        if (found === undefined || found === null) continue
        // Among several sources none is an object that the target lies in: `logger` holding only a thread is no name for
        // `logger.name`. A single source means what it says: all of `event` goes to `event.computer`.
        if (
          from.length > 1 &&
          typeof found === 'object' &&
          sourceType === targetType &&
          target.startsWith(`${source}.`)
        )
          continue
        // Two places, two values: what later happens to one must not show in the other.
        const value = preserveSource && typeof found === 'object' ? structuredClone(found) : found
        if (source === target && sourceType === targetType) {
          if (targetType === 'attribute') setPath(record.attributes, to, convert(value, targetFormat))
          return
        }
        const taken = targetType === 'attribute' && !overrideOnConflict && getPath(record.attributes, to) !== undefined
        // A target that is taken stays, and the source goes all the same. It goes before the target is written, so that
        // `error` can move to `error.message`.
        if (!preserveSource) {
          if (sourceType === 'tag') record.tags = record.tags.filter((tag) => !tag.startsWith(`${source}:`))
          else {
            deletePath(record.attributes, path)
            // Another source that says the same would say it twice; one that says something else stays.
            for (const other of from)
              if (other.source !== target && getPath(record.attributes, other.path) === value)
                deletePath(record.attributes, other.path)
          }
        }
        if (taken) return
        if (targetType === 'tag') addTags(record, target, value, overrideOnConflict)
        else setPath(record.attributes, to, convert(value, targetFormat))
        return
      }
    }
  },
})

function tagValue(record: LogRecord, key: string): Value | undefined {
  const values = record.tags.filter((tag) => tag.startsWith(`${key}:`)).map((tag) => tag.slice(key.length + 1))
  return values.length > 1 ? values : values[0]
}

function addTags(record: LogRecord, key: string, value: Value, override: boolean): void {
  if (override) record.tags = record.tags.filter((tag) => !tag.startsWith(`${key}:`))
  for (const one of Array.isArray(value) ? (value as Value[]) : [value])
    record.tags.push(`${key}:${textOf(one)}`.toLowerCase())
}

function convert(value: Value, format: 'auto' | 'string' | 'integer' | 'double'): Value {
  if (format === 'auto') return value
  if (format === 'string') return typeof value === 'string' ? value : textOf(value)
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return value
  const number = Number(value)
  if (!Number.isFinite(number)) return value
  return format === 'integer' ? Math.trunc(number) : number
}
