/**
 * Writes the attributes of a schema, as Datadog's OCSF pipelines do: which class an event is of, remapped attributes,
 * and categories with a name and an id. Does not check that all is there which the schema asks for.
 * Source: the public integrations of Datadog that hold one.
 */
import { z } from 'zod'
import type { LogRecord, Value } from '../../core/shapes.js'
import { getPath, parsePath, setPath } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'
import { attributeRemapper } from './attribute-remapper.js'

const paths = z.strictObject({
  name: z.string().min(1).describe('Path of the attribute that gets the name.'),
  id: z.string().min(1).describe('Path of the attribute that gets the number.'),
})

const categoryMapper = z.strictObject({
  type: z.literal('schema-category-mapper'),
  name: z.string().nullish(),
  categories: z.array(
    z.strictObject({
      name: z.union([z.string(), z.number().transform(String)]),
      id: z.number().int(),
      filter: z.strictObject({ query: z.string() }),
    }),
  ),
  targets: paths,
  fallback: z
    .strictObject({
      values: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
      sources: z.record(z.string(), z.array(z.string())).default({}),
    })
    .nullish(),
})

const remapper = z.strictObject({
  type: z.literal('schema-remapper'),
  name: z.string().nullish(),
  sources: sourcesSetting,
  target: z.string().min(1),
  targetFormat: z.enum(['auto', 'string', 'integer', 'double']).default('auto'),
  preserveSource: z.boolean().default(true),
  overrideOnConflict: z.boolean().default(false),
})

/** Categories of OCSF by the thousands of their classes' numbers. */
const CATEGORIES = [
  'Uncategorized',
  'System Activity',
  'Findings',
  'Identity & Access Management',
  'Network Activity',
  'Discovery',
  'Application Activity',
  'Remediation',
  'Unmanned Systems',
]

export const schemaProcessor = defineProcessor({
  type: 'schema-processor',
  description: 'Writes the attributes of a schema (OCSF): its class, remapped attributes and categories.',
  schema: z.strictObject({
    type: z.literal('schema-processor'),
    ...commonSettings,
    mappers: z
      .array(z.discriminatedUnion('type', [remapper, categoryMapper]))
      .describe('`schema-remapper`s and `schema-category-mapper`s in order.'),
    schema: z
      .strictObject({
        schemaType: z.string().default('ocsf'),
        version: z.union([z.string(), z.number().transform(String)]),
        className: z.string(),
        classUid: z.number().int(),
        extensions: z.array(z.unknown()).nullish(),
        profiles: z.array(z.unknown()).nullish(),
      })
      .describe('The class of the schema.'),
  }),
  compile({ mappers, schema }, context) {
    const category = Math.floor(schema.classUid / 1000)
    const fixed: readonly (readonly [string, Value | undefined])[] = [
      ['class_uid', schema.classUid],
      ['class_name', schema.className],
      ['category_uid', category],
      ['category_name', CATEGORIES[category]],
      ['metadata.version', schema.version],
    ]
    const writes = fixed.map(([name, value]) => ({ path: parsePath(`${schema.schemaType}.${name}`), value }))
    const steps = mappers.map((mapper, i) => {
      if (mapper.type === 'schema-category-mapper') return categories(mapper, i)
      const common = { enabled: true, sourceType: 'attribute', targetType: 'attribute' }
      return attributeRemapper.compile({ ...mapper, ...common, type: 'attribute-remapper' }, context)
    })

    function categories({ categories: list, targets, fallback }: z.output<typeof categoryMapper>, index: number) {
      const name = parsePath(targets.name)
      const id = parsePath(targets.id)
      const compiled = list.map((one, i) => ({
        ...one,
        matches: context.query(one.filter.query, ['mappers', index, 'categories', i, 'filter', 'query']),
      }))
      const other = Number(fallback?.values[targets.id])
      const otherName = fallback?.values[targets.name]
      const otherSources = (fallback?.sources[targets.name] ?? []).map(parsePath)
      return (record: LogRecord) => {
        const found = compiled.find(({ matches }) => matches(record))
        if (found === undefined && !Number.isFinite(other)) return
        // "Other" has no name of its own: the source's own word says more.
        const own =
          found === undefined || found.id === other
            ? otherSources.map((path) => getPath(record.attributes, path)).find((value) => value !== undefined)
            : undefined
        const named = own ?? found?.name ?? otherName
        if (named !== undefined) setPath(record.attributes, name, named)
        setPath(record.attributes, id, found?.id ?? other)
      }
    }

    return (record, run) => {
      for (const { path, value } of writes) if (value !== undefined) setPath(record.attributes, path, value)
      for (const step of steps) step(record, run)
    }
  },
})
