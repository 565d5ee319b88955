/**
 * What a zod schema says about one path of a value: the keys known there, and whether the value is a secret.
 * Looks through optionals, defaults, pipes, lazies and unions; of a discriminated union only at the options that the
 * value's own discriminator allows.
 */
import type { z } from 'zod'
import type { Path } from './json5.js'
import { isSecretSchema } from './types.js'

type Schema = z.core.$ZodType

/** The parts of zod's definitions that are walked; each kind of schema has some of them. */
interface Definition {
  readonly type: string
  readonly shape?: Readonly<Record<string, Schema>>
  readonly element?: Schema
  readonly keyType?: Schema
  readonly valueType?: Schema
  readonly options?: readonly Schema[]
  readonly discriminator?: string
  readonly left?: Schema
  readonly right?: Schema
  readonly items?: readonly Schema[]
  readonly rest?: Schema | null
  readonly innerType?: Schema
  readonly in?: Schema
  readonly getter?: () => Schema
}

/** The keys of the object at `path`, in the order of the schema; empty when any key or none may stand there. */
export function knownKeys(schema: Schema, input: unknown, path: Path): string[] {
  const keys = new Set<string>()
  for (const found of schemasAt(schema, input, path)) {
    const { shape, keyType } = definitionOf(found)
    for (const key of Object.keys(shape ?? {})) keys.add(key)
    // A record's keys are known when its key type lists them.
    for (const key of keyType?._zod.values ?? []) keys.add(String(key))
  }
  return [...keys]
}

/** Whether some schema allowed at `path` is a secret: then the value there is not quoted. */
export function isSecretAt(schema: Schema, input: unknown, path: Path): boolean {
  return schemasAt(schema, input, path).some(isSecretSchema)
}

/** The value at `path`, by own keys only. */
export function valueAt(input: unknown, path: Path): unknown {
  let value = input
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}

function schemasAt(schema: Schema, input: unknown, path: Path): Schema[] {
  let schemas = unwrap(schema, input)
  let value = input
  for (const part of path) {
    value = valueAt(value, [part])
    schemas = schemas.flatMap((each) => childrenOf(each, part)).flatMap((each) => unwrap(each, value))
  }
  return schemas
}

function childrenOf(schema: Schema, part: string | number): Schema[] {
  const { type, shape, element, valueType, items, rest } = definitionOf(schema)
  if (type === 'object' && shape !== undefined && Object.hasOwn(shape, part)) return present(shape[part])
  if (type === 'array') return present(element)
  if (type === 'record') return present(valueType)
  if (type === 'tuple' && typeof part === 'number') return present(items?.[part] ?? rest)
  return []
}

/** The schemas behind wrappers; `rounds` bounds lazies that refer to themselves. */
function unwrap(schema: Schema, value: unknown, rounds = 32): Schema[] {
  if (rounds === 0 || isSecretSchema(schema)) return [schema]
  const { type, options, discriminator, left, right, innerType, in: input, getter } = definitionOf(schema)
  const deeper = (each: Schema) => unwrap(each, value, rounds - 1)
  if (type === 'union') {
    const all = (options ?? []).flatMap(deeper)
    if (discriminator === undefined) return all
    const given = valueAt(value, [discriminator])
    const meant = all.filter((each) => {
      const tag = definitionOf(each).shape?.[discriminator]
      return tag?._zod.values?.has(given as string) === true
    })
    return meant.length > 0 ? meant : all
  }
  if (type === 'intersection') return [...present(left), ...present(right)].flatMap(deeper)
  if (type === 'pipe') return present(input).flatMap(deeper)
  if (type === 'lazy') return present(getter?.()).flatMap(deeper)
  if (innerType !== undefined) return deeper(innerType)
  return [schema]
}

function definitionOf(schema: Schema): Definition {
  return schema._zod.def as unknown as Definition
}

function present(schema: Schema | null | undefined): Schema[] {
  return schema === null || schema === undefined ? [] : [schema]
}
