import { describe, expect, it } from 'vitest'
import { behaviourTables, GROUPS, numberedTests } from '../../scripts/behaviours.mjs'
import { readTests } from '../../scripts/render-docs.mjs'
import { ROOT, read } from './pages.js'

const BEHAVIOURS = 61

describe('the numbers in the names of tests', () => {
  it('are read with the names as the runner prints them', () => {
    const text = [
      "describe('a file', () => {",
      "  it('is read (1)', () => {})",
      "  it('has no number', () => {})",
      '  for (const name of names) {',
      '    it(`is ${name}\\u2019s \\`own\\` (2, 13)`, async () => {})',
      '  }',
      '})',
      "it('stands alone (3)', () => {})",
      "it.skip('is not run (4)', () => {})",
    ].join('\n')
    expect(numberedTests([{ path: 'test/a.test.ts', text }])).toEqual([
      { path: 'test/a.test.ts', number: 1, name: 'a file › is read' },
      { path: 'test/a.test.ts', number: 2, name: 'a file › is …’s `own`' },
      { path: 'test/a.test.ts', number: 13, name: 'a file › is …’s `own`' },
      { path: 'test/a.test.ts', number: 3, name: 'stands alone' },
    ])
  })

  it('are found wherever a name ends in some', () => {
    const sources = readTests(ROOT).filter(({ path }) => path !== 'test/docs/reliability.test.ts')
    const named = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/ \(\d+(?:, \d+)*\)['"`],/g)].map(([numbers]) => `${path}${numbers.slice(0, -2)}`),
    )
    const found = new Map<string, number[]>()
    for (const { path, name, number } of numberedTests(sources)) {
      found.set(`${path} ${name}`, [...(found.get(`${path} ${name}`) ?? []), number])
    }
    const read = [...found].map(([test, numbers]) => `${test.split(' ')[0]} (${numbers.join(', ')})`)
    expect(read.sort()).toEqual(named.sort())
    expect(named.length).toBeGreaterThan(BEHAVIOURS)
  })

  it('leave no behaviour without a test, and name none that is not there', () => {
    const all = Array.from({ length: BEHAVIOURS }, (_, i) => ({ path: 'test/a.test.ts', number: i + 1, name: 'x' }))
    expect(GROUPS.flatMap(([, behaviours]) => behaviours)).toHaveLength(BEHAVIOURS)
    expect(() => behaviourTables(all)).not.toThrow()
    expect(() => behaviourTables(all.slice(1))).toThrow('no test shows behaviour 1: Files and directories')
    expect(() => behaviourTables([...all, { path: 'b', number: 62, name: 'y' }])).toThrow('there is no behaviour 62')
  })
})

it('docs/reliability.md shows every behaviour once, with a test at least', () => {
  const rows = [...read('docs/reliability.md').matchAll(/^\| (\d+) \| (.+) \| (\[.+) \|$/gm)]
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: BEHAVIOURS }, (_, i) => i + 1))
  for (const [, number, , tests] of rows)
    expect(tests, number).toMatch(/^\[[\w-]+\]\(\.\.\/test\/[\w/-]+\.test\.ts\): \S/)
  expect(read('README.md')).toContain('(docs/reliability.md)')
})
