/** When a changed config is taken: by content, at the second look that sees it, and once. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ConfigWatch } from '../../src/agent/config-watch.js'
import { type Content, digestNow } from '../../src/agent/content.js'

async function watched() {
  const dir = await mkdtemp(join(tmpdir(), 'errand-watch-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, 'config.json')
  const write = (text: string, name = 'config.json') => writeFile(join(dir, name), text)
  await write('one')
  const now = async (): Promise<Content> => {
    const files = { file, globs: [join(dir, '*.json5')], digest: '' }
    return { ...files, digest: await digestNow(files) }
  }
  const calls: string[] = []
  const watch = new ConfigWatch({
    running: await now(),
    settings: () => ({ watch: true, poll: 1000 }),
    changed: async () => void calls.push('changed'),
    back: () => void calls.push('back'),
  })
  const look = async (times: number) => {
    for (let i = 0; i < times; i++) await watch.look()
    return calls.splice(0)
  }
  return { dir, write, now, watch, look }
}

it('leaves alone what is the same, written anew or not', async () => {
  const { write, look } = await watched()
  await write('one')
  expect(await look(3)).toEqual([])
})

it('waits until two looks see the same', async () => {
  const { write, look } = await watched()
  for (const half of ['t', 'tw']) {
    await write(half)
    expect(await look(1)).toEqual([])
  }
  await write('two')
  expect(await look(1)).toEqual([])
  expect(await look(1)).toEqual(['changed'])
})

it('sees a file that a glob matches come, change, be renamed and go', async () => {
  const { dir, write, now, watch, look } = await watched()
  const changes = [
    () => write('a', 'a.json5'),
    () => write('b', 'a.json5'),
    () => rename(join(dir, 'a.json5'), join(dir, 'b.json5')),
    () => rm(join(dir, 'b.json5')),
  ]
  for (const [i, change] of changes.entries()) {
    await change()
    expect(await look(2), `change ${i}`).toEqual(['changed'])
    watch.took(await now())
    expect(await look(2), `after change ${i}`).toEqual([])
  }
})

it('does not try what was refused again, until it changes', async () => {
  const { write, now, watch, look } = await watched()
  await write('bad')
  expect(await look(2)).toEqual(['changed'])
  await watch.refused(await now())
  expect(await look(5)).toEqual([])
  await write('worse')
  expect(await look(2)).toEqual(['changed'])
  await watch.refused(await now())
  await write('one')
  expect(await look(3)).toEqual(['back'])
})

it('tries again what changed while it was being refused', async () => {
  const { write, now, watch, look } = await watched()
  await write('bad')
  const read = await now()
  await write('mended')
  await watch.refused(read)
  expect(await look(2)).toEqual(['changed'])
})
