/** Every counter that the code counts has a meaning in the metrics, and every meaning a counter. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { COUNTERS } from '../../src/status/metrics.js'

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

it('every counter has a meaning, and every meaning a counter', () => {
  const counted = new Set<string>()
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(join(SRC, file), 'utf8')
    for (const match of text.matchAll(/\.add\(\s*'(\w+_total)'/g)) counted.add(match[1] ?? '')
  }
  expect([...counted].sort()).toEqual(Object.keys(COUNTERS).sort())
})
