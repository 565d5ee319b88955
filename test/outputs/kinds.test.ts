import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { OUTPUT_KINDS, outputKind } from '../../src/outputs/kinds.js'

const folder = new URL('../../src/outputs/', import.meta.url)
const tests = new URL('.', import.meta.url)

it('lists every file of the folder that declares a kind', () => {
  const declaring = readdirSync(folder).filter((name) =>
    /^export const \w+: OutputKind</m.test(readFileSync(new URL(name, folder), 'utf8')),
  )
  expect(OUTPUT_KINDS.map((kind) => `${kind.type}.ts`).sort()).toEqual(declaring.sort())
})

it('has every kind run through the contract suite', () => {
  for (const { type } of OUTPUT_KINDS) {
    const test = readFileSync(new URL(`${type}.test.ts`, tests), 'utf8')
    expect(test, type).toMatch(new RegExp(`outputContract\\(\\s*${type},`))
    if (readFileSync(new URL(`${type}.ts`, folder), 'utf8').includes('new Requester')) {
      expect(test, type).toMatch(new RegExp(`httpContract\\(\\s*${type},`))
    }
  }
})

it('finds a kind by its type', () => {
  expect(outputKind('file')?.type).toBe('file')
  expect(outputKind('flie')).toBeUndefined()
})
