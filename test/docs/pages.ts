/** The pages of the project and the blocks of code in them. The info string of a fence says what a block is, see `kindOf`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** README, change log and docs, by their paths from the project's root. */
export const PAGES: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'examples/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
]

export interface Block {
  readonly page: string
  /** 1-based line of the fence. */
  readonly line: number
  /** What follows the opening fence, e.g. `json5 remapper`. */
  readonly info: string
  readonly text: string
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  const lines = read(page).split('\n')
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(.*)$/.exec(lines[at] ?? '')
    if (!fence) continue
    const from = at + 1
    while (++at < lines.length && lines[at] !== '```');
    blocks.push({ page, line: from, info: (fence[1] ?? '').trim(), text: lines.slice(from, at).join('\n') })
  }
  return blocks
}

export const BLOCKS: readonly Block[] = PAGES.flatMap(blocksOf)

/** `json5` and `json` alone are configs; one that is not says so: `json5 remapper`, `json record`. */
export function kindOf({ info }: Block): 'config' | 'remapper' | 'record' | 'other' {
  const [language, kind] = info.split(' ')
  if (language !== 'json5' && language !== 'json') return 'other'
  if (kind === undefined) return 'config'
  if (kind === 'remapper' || kind === 'record') return kind
  throw new Error(`"${info}" is no kind of block: write json5, json5 remapper or json5 record`)
}
