import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../../src/core/shapes.js'
import { PROCESSOR_KINDS, processorKind, UNSUPPORTED_TYPES } from '../../../src/remap/processors/kinds.js'
import { compile, recordOf } from '../harness.js'

/** One processor of each type, with settings that reach into the same few attributes. */
const EXAMPLES: Readonly<Record<string, Record<string, unknown>>> = {
  'arithmetic-processor': { expression: '(a.b + c) * 2 - d / a.b', target: 'x', replaceMissing: true },
  'array-processor': { operation: { type: 'select', source: 'a', target: 'x', filter: 'b:1', valueToExtract: 'c' } },
  'attribute-remapper': { sources: ['a.b', 'c'], target: 'd.e', targetFormat: 'integer', overrideOnConflict: true },
  'category-processor': { target: 'x', categories: [{ name: 'n', filter: { query: '@a.b:[1 TO 5] OR @c:v*' } }] },
  'date-remapper': { sources: ['a.b', 'c'] },
  'exclude-attribute': { attributeToExclude: 'a.b' },
  'geo-ip-parser': { sources: ['a'] },
  'grok-parser': { source: 'a.b', grok: { matchRules: 'r %{data:c}=%{data:d.e}' } },
  'lookup-processor': { source: 'a', target: 'x.y', lookupTable: '1,one\n2,two', defaultLookup: 'many' },
  'logfmt-parser': {},
  'message-remapper': { sources: ['a.b', 'c'] },
  'stamp-parser': {},
  pipeline: { filter: { query: '@a:*' }, processors: [{ type: 'status-remapper', sources: ['a'] }] },
  'schema-processor': {
    mappers: [
      { type: 'schema-remapper', sources: ['a.b'], target: 'd.x', overrideOnConflict: true },
      {
        type: 'schema-category-mapper',
        categories: [{ name: 'n', id: 1, filter: { query: '@a.b:*' } }],
        targets: { name: 'a.x', id: 'x' },
        fallback: { values: { x: '99' }, sources: { 'a.x': ['c'] } },
      },
    ],
    schema: { schemaType: 'a', version: '1', className: 'n', classUid: 4001 },
  },
  'service-remapper': { sources: ['a', 'c'] },
  'span-id-remapper': { sources: ['a'] },
  'status-remapper': { sources: ['a', 'd.e'] },
  'string-builder-processor': { template: '%{a.b}-%{c}', target: 'a.x' },
  'trace-id-remapper': { sources: ['a'] },
  'traceback-parser': { source: 'a' },
  'url-parser': { sources: ['a', 'c'], target: 'a.b' },
  'user-agent-parser': { sources: ['a'] },
}

describe('the types of processors', () => {
  const files = readdirSync(new URL('../../../src/remap/processors', import.meta.url))
    .filter((file) => file !== 'kinds.ts')
    .map((file) => file.replace(/\.ts$/, ''))

  it('are the files of their folder, each named after its type', () => {
    expect(PROCESSOR_KINDS.map(({ type }) => type).sort()).toEqual(files.sort())
  })

  it('are not listed as unsupported too', () => {
    expect(UNSUPPORTED_TYPES.filter((type) => processorKind(type) !== undefined)).toEqual([])
  })

  it('describe themselves and take their own name as type', () => {
    for (const { type, description, schema } of PROCESSOR_KINDS) {
      expect(description, type).toMatch(/^[A-Z].*\.$/)
      expect(schema.safeParse({ ...EXAMPLES[type], type }).error, type).toBeUndefined()
      expect(schema.safeParse({ ...EXAMPLES[type], type: 'another' }).success, type).toBe(false)
    }
  })

  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', '__proto__', 'constructor', 'x')
  const leaf = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom('v1=2', 'http://[::1', '2026-13-45', '%{a}', '\u0000', 'BOOM X: y\n  in z', -1e308, '\ud800'),
  )
  const attributes = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 2 },
      leaf,
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(key, tie('node'), { maxKeys: 4 }),
    ),
  })).node

  for (const { type } of PROCESSOR_KINDS)
    it(`${type} throws on no record and leaves JSON`, () => {
      const { remapper } = compile({
        processors: [
          { type, ...EXAMPLES[type] },
          { type, ...EXAMPLES[type] },
        ],
      })
      fc.assert(
        fc.property(fc.dictionary(key, attributes, { maxKeys: 5 }), fc.string(), (object, message) => {
          const record = recordOf({ message, attributes: JSON.parse(JSON.stringify(object)) as Attributes })
          remapper.apply(record)
          JSON.stringify(record, (_, value: unknown) => {
            expect(value).not.toBeUndefined()
            expect(typeof value !== 'number' || Number.isFinite(value)).toBe(true)
            return value
          })
          expect(Object.getPrototypeOf(record.attributes)).toBe(Object.prototype)
        }),
        { numRuns: 100 },
      )
    })
})
