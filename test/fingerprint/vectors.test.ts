/** The vectors that freeze fp1, and that they leave no rule out. A vector never changes; new ones may be added. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/core/shapes.js'
import { type Family, familyOf } from '../../src/fingerprint/families.js'
import { type FingerprintInput, fingerprint } from '../../src/fingerprint/fp1.js'
import { GLUE } from '../../src/fingerprint/glue.js'
import { KIND_REWRITES, KIND_REWRITES_OF, kindOf } from '../../src/fingerprint/kinds.js'
import { BASE_REWRITES, moduleOf, PACKAGE_REWRITES, PATH_REWRITES } from '../../src/fingerprint/modules.js'
import { NAMING } from '../../src/fingerprint/naming.js'
import { nameFrame } from '../../src/fingerprint/normalise.js'
import type { Rewrite } from '../../src/fingerprint/rewrite.js'
import { MASKS, template } from '../../src/fingerprint/template.js'

interface ErrorVector {
  readonly name: string
  readonly input: FingerprintInput
  readonly canonical: string
  readonly id: string
  readonly location: string
  readonly exact: string
}

interface NameVector {
  readonly family: Family
  readonly frame: Frame
  readonly name: string
  readonly named: boolean
  readonly dropped?: string
}

function vectors<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../fixtures/fingerprint/${name}.json`, import.meta.url), 'utf8'))
}

const errors = vectors<ErrorVector>('errors')
const names = vectors<NameVector>('names')
const kinds = vectors<{ family: Family; kind: string; is: string }>('kinds')
const modules = vectors<{ file: string; module: string }>('modules')
const templates = vectors<{ message: string; template: string }>('templates')

describe('the vectors of fp1, which never change', () => {
  it.each(errors.map((vector): [string, ErrorVector] => [vector.name, vector]))(
    '%s',
    (_, { name, input, ...expected }) => {
      const { id, location, exact, canonical } = fingerprint(input)
      expect({ canonical, id, location, exact }, name).toEqual(expected)
      expect(`${id} ${location} ${exact}`).toMatch(
        /^fp1:[0-9a-f]{24} fp1:location:[0-9a-f]{24} fp1:exact:[0-9a-f]{24}$/,
      )
    },
  )

  it('names of frames', () => {
    for (const { family, frame, ...expected } of names) {
      const { key: name, named, dropped } = nameFrame(family, frame)
      expect({ name, named, ...(dropped !== undefined && { dropped }) }, JSON.stringify(frame)).toEqual(expected)
    }
  })

  it('kinds', () => {
    for (const { family, kind, is } of kinds) expect(kindOf(family, kind), kind).toBe(is)
  })

  it('modules of files', () => {
    for (const { file, module } of modules) expect(moduleOf(file), file).toBe(module)
  })

  it('templates of messages', () => {
    for (const { message, template: expected } of templates) expect(template(message), message).toBe(expected)
  })
})

/** The rewrites that changed something in none of the texts. */
function idle(rewrites: readonly Rewrite[], texts: readonly string[]): string[] {
  const used = new Set<string>()
  for (const text of texts) {
    let left = text
    for (const { what, pattern, to } of rewrites) {
      const next = left.replace(pattern, to)
      if (next !== left) used.add(what)
      left = next
    }
  }
  return rewrites.map(({ what }) => what).filter((what) => !used.has(what))
}

/** Module and function of a frame, as its family joins them. */
function fullNames(family: Family): string[] {
  const { join } = NAMING[family]
  return names
    .filter((vector) => vector.family === family)
    .map(({ frame: { module, function: name = '' } }) => (module && join ? `${module}${join}${name}` : name))
}

describe('the vectors of fp1 leave nothing out:', () => {
  it.each(Object.keys(NAMING) as Family[])('every rewrite of a name in %s', (family) => {
    expect(idle(NAMING[family].rewrites, fullNames(family))).toEqual([])
  })

  it('every rewrite of a kind', () => {
    expect(
      idle(
        KIND_REWRITES,
        kinds.map(({ kind }) => kind),
      ),
    ).toEqual([])
    for (const [family, rewrites] of Object.entries(KIND_REWRITES_OF)) {
      const own = kinds.filter((vector) => vector.family === family).map(({ kind }) => kind)
      expect(idle(rewrites, own), family).toEqual([])
    }
  })

  it('every rewrite of a path', () => {
    const files = modules.map(({ file }) => file.replaceAll('\\', '/'))
    expect(idle(PATH_REWRITES, files)).toEqual([])
    expect(idle(BASE_REWRITES, files)).toEqual([])
    expect(
      idle(
        PACKAGE_REWRITES,
        files.flatMap((file) => file.split('/')),
      ),
    ).toEqual([])
  })

  it('every rule of glue', () => {
    const met = new Set(names.map(({ dropped }) => dropped))
    expect(GLUE.map(({ rule }) => rule).filter((rule) => !met.has(rule))).toEqual([])
  })

  it('every mask', () => {
    expect(
      idle(
        MASKS,
        templates.map(({ message }) => message),
      ),
    ).toEqual([])
  })

  it('every family, and every rule of the parts', () => {
    expect(new Set(errors.map(({ input }) => familyOf(input.language))).size).toBe(Object.keys(NAMING).length)
    const rules = new Set(
      errors.flatMap(({ input }) => fingerprint(input).parts.map(({ because }) => because.slice(0, 3))),
    )
    const known = ['K01', 'K02', 'K03', 'K04', 'K05', 'F01', 'F02', 'F03', 'F04', 'F05', 'F06', 'F07', 'F08', 'F09']
    const more = ['G12', 'G13', 'G14', 'M01', 'M02', 'M03', 'M04', 'M05', 'L01']
    expect([...known, ...more].filter((rule) => !rules.has(rule))).toEqual([])
  })
})
