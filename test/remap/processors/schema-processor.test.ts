import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../../src/core/shapes.js'
import { compile, processed } from '../harness.js'

const SCHEMA = { schemaType: 'ocsf', version: '1.5.0', className: 'Authentication', classUid: 3002 }
const mapped = (mappers: readonly Record<string, unknown>[], attributes: Attributes) =>
  processed([{ type: 'schema-processor', mappers, schema: SCHEMA }], { attributes }).attributes.ocsf

describe('the schema processor', () => {
  it('says which class of events it is', () => {
    expect(mapped([], {})).toEqual({
      class_uid: 3002,
      class_name: 'Authentication',
      category_uid: 3,
      category_name: 'Identity & Access Management',
      metadata: { version: '1.5.0' },
    })
  })

  it('remaps attributes in order, and keeps their sources', () => {
    const remap = {
      type: 'schema-remapper',
      sources: ['no', 'door.user'],
      target: 'ocsf.user.name',
      preserveSource: true,
    }
    const count = { type: 'schema-remapper', sources: ['n'], target: 'ocsf.count', targetFormat: 'integer' }
    const attributes = { door: { user: 'ann' }, n: '7' }
    expect(mapped([remap, count], attributes)).toMatchObject({ user: { name: 'ann' }, count: 7 })
  })

  const category = {
    type: 'schema-category-mapper',
    targets: { name: 'ocsf.status', id: 'ocsf.status_id' },
    categories: [
      { filter: { query: '@result:ok' }, name: 'Success', id: 1 },
      { filter: { query: '@result:*' }, name: 'Other', id: 99 },
    ],
    fallback: {
      values: { 'ocsf.status': 'Other', 'ocsf.status_id': '99' },
      sources: { 'ocsf.status': ['no', 'result'] },
    },
  }
  for (const [name, attributes, expected] of [
    ['names the first category that matches, with its number', { result: 'ok' }, { status: 'Success', status_id: 1 }],
    ['has the word of the source for what is other', { result: 'odd' }, { status: 'odd', status_id: 99 }],
    ['falls back where no category matches', {}, { status: 'Other', status_id: 99 }],
  ] as const)
    it(name, () => expect(mapped([category], attributes)).toMatchObject(expected))

  it('writes nothing where no category matches and there is nothing to fall back to', () => {
    const { fallback: _, ...alone } = category
    expect(mapped([alone], {})).not.toHaveProperty('status')
  })

  it('reports a query that cannot be read, at its place', () => {
    const mappers = [{ ...category, categories: [{ filter: { query: '(' }, name: 'x', id: 1 }] }]
    const { problems } = compile({ processors: [{ type: 'schema-processor', mappers, schema: SCHEMA }] })
    expect(problems).toMatchObject([
      { path: ['processors', 0, 'mappers', 0, 'categories', 0, 'filter', 'query'], severity: 'error' },
    ])
  })
})
