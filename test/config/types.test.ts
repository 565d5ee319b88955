import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { jsonSchemaOf } from '../../src/config/schema-export.js'
import { bytes, duration, isSecretSchema, parseBytes, parseDuration, Secret, secret } from '../../src/config/types.js'

describe('sizes', () => {
  for (const [text, size] of [
    ['4MiB', 4 * 1024 * 1024],
    ['512 kB', 512_000],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['10', 10],
    [7.9, 7],
    ['-1', undefined],
    ['4 parsecs', undefined],
    ['', undefined],
    [Number.NaN, undefined],
    [-1, undefined],
  ] as const) {
    it(`${text}`, () => expect(parseBytes(text)).toBe(size))
  }
})

describe('durations', () => {
  for (const [text, ms] of [
    ['50ms', 50],
    ['1.5s', 1500],
    ['2 m', 120_000],
    ['1d', 86_400_000],
    [250, 250],
    ['250', undefined],
    ['soon', undefined],
    [-5, undefined],
  ] as const) {
    it(`${text}`, () => expect(parseDuration(text)).toBe(ms))
  }
})

describe('a secret', () => {
  const parsed = z.strictObject({ key: secret() }).parse({ key: 'open-sesame' })

  it('shows itself in no rendering', () => {
    const shown = [`${parsed.key}`, JSON.stringify(parsed), inspect(parsed, { showHidden: true }), String(parsed.key)]
    for (const text of shown) expect(text).not.toContain('sesame')
    expect(shown[1]).toBe('{"key":"[secret]"}')
  })

  it('reveals itself when asked', () => expect(parsed.key.reveal()).toBe('open-sesame'))

  it('is known by its schema, also when described', () => {
    expect(isSecretSchema(secret().describe('The key.'))).toBe(true)
    expect(isSecretSchema(z.string())).toBe(false)
  })

  it('is no text by itself', () => expect(new Secret('x').toString()).toBe('[secret]'))
})

it('exports what a person may write as JSON Schema, with descriptions and defaults', () => {
  const schema = z.strictObject({
    key: secret().describe('The key.'),
    size: bytes('4MiB').describe('A size.'),
    wait: duration('1s'),
  })
  expect(jsonSchemaOf(schema, 'A config')).toEqual({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A config',
    type: 'object',
    properties: {
      key: { type: 'string', minLength: 1, description: 'The key.' },
      size: { description: 'A size.', default: '4MiB', type: ['number', 'string'] },
      wait: { default: '1s', type: ['number', 'string'] },
    },
    required: ['key'],
    additionalProperties: false,
  })
})
