/** Imports go one way: core ◀ config ◀ the parts ◀ ship ◀ agent ◀ cli ◀ main; parts never import each other. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))
const PARTS = [
  'tail',
  'frame',
  'group',
  'remap',
  'trace',
  'fingerprint',
  'control',
  'enrich',
  'spool',
  'outputs',
  'status',
]
/** Each folder with those it may import; itself is understood. `shapes only` imports are types, which tie nothing together. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],
  ...Object.fromEntries(PARTS.map((part) => [part, ['core', 'config']])),
  ship: ['core', 'config', ...PARTS],
  agent: ['core', 'config', ...PARTS, 'ship'],
  cli: ['core', 'config', ...PARTS, 'ship', 'agent'],
  main: ['core', 'config', ...PARTS, 'ship', 'agent', 'cli'],
  index: ['core', 'agent'],
}
const DOES_IO = ['tail', 'spool', 'outputs', 'enrich', 'status', 'ship', 'agent', 'cli', 'main']
const IO_MODULES =
  /^(?:node:)?(?:fs|fs\/promises|net|http|https|http2|tls|dgram|child_process|worker_threads|dns|readline)$|^(?:undici|chokidar|tail|p-queue)$/

interface Import {
  readonly file: string
  readonly folder: string
  readonly target: string
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const texts = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]))
const imports: Import[] = files.flatMap((file) =>
  [
    ...(texts.get(file) ?? '').matchAll(/(?:^|\n)\s*(?:import|export)\b[^;'"]*?from '([^']+)'|\bimport\('([^']+)'\)/g),
  ].map((match) => ({
    file,
    folder: folderOf(file),
    target: match[1] ?? match[2] ?? '',
  })),
)

function folderOf(file: string): string {
  const [first = '', second] = file.split('/')
  return second === undefined ? first.replace(/\.ts$/, '') : first
}

describe('imports', () => {
  it('are found', () => expect(imports.length).toBeGreaterThan(200))

  it('go one way', () => {
    const wrong = imports.filter(({ file, folder, target }) => {
      if (!target.startsWith('.')) return false
      const other = folderOf(relative(SRC, resolve(SRC, dirname(file), target)).replace(/\.js$/, '.ts'))
      return other !== folder && !MAY[folder]?.includes(other)
    })
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('of I/O stand only where I/O is done', () => {
    const wrong = imports.filter(
      ({ file, folder, target }) =>
        IO_MODULES.test(target) && !DOES_IO.includes(folder) && !/^config\/load(?:-files)?\.ts$/.test(file),
    )
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('of the process stand only in main and cli', () => {
    const wrong = files.filter((file) => {
      if (['main', 'cli'].includes(folderOf(file))) return false
      const code = (texts.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').replace(/'[^'\n]*'|`[^`]*`/g, "''")
      return /\bprocess\.\w/.test(code)
    })
    expect(wrong).toEqual([])
  })
})

describe('lists of kinds', () => {
  it('name every traceback language that has a fixture folder, and no other', async () => {
    const { LANGUAGES } = await import('../../src/agent/tracebacks.js')
    const folders = readdirSync(fileURLToPath(new URL('../fixtures/trace/', import.meta.url)), { withFileTypes: true })
    const named = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    expect([...LANGUAGES.keys()].sort()).toEqual(named.sort())
  })
})
