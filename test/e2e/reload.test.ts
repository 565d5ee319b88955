/** A config that changes under the running program: taken whole, or not at all; nothing lost, nothing read twice. */
import { appendFile, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  delivered,
  deliveredAtLeast,
  exists,
  folder,
  freePort,
  metric,
  pause,
  python,
  type Running,
  replace,
  start,
  until,
  writeConfig,
} from './program.js'

const RELOAD = { poll: '50ms' }
const BATCH = { maxAge: '20ms' }
const app = (name: string) => ({
  type: 'file',
  paths: [`./${name}.log`],
  source: 'python',
  service: name,
  startAt: 'beginning',
})
const disk = (name: string) => ({ name, type: 'file', path: `./${name}.ndjson`, batch: BATCH })

/** Waits until the log of the agent has said `text` `times` times. */
const said = (agent: Running, text: string, times = 1) =>
  until(`"${text}" in the log of the agent`, () => agent.stderr.split(text).length > times)

const messages = async (path: string) => (await delivered(path)).map(({ message }) => message)

describe('SIGHUP', () => {
  it('adds an input and an output, while the status port answers on', async () => {
    const dir = await folder()
    const port = await freePort()
    const common = { status: { listen: `127.0.0.1:${port}` }, reload: { watch: false } }
    await writeFile(join(dir, 'a.log'), python.error('first'))
    await writeFile(join(dir, 'b.log'), python.error('other'))
    const config = await writeConfig(dir, { inputs: [app('a')], outputs: [disk('one')], ...common })
    const agent = start(['run', '--config', config])
    await deliveredAtLeast(join(dir, 'one.ndjson'), 1)
    const ready = () => fetch(`http://127.0.0.1:${port}/readyz`).then(({ status }) => status)
    await until('readiness', async () => (await ready().catch(() => 0)) === 200)

    await writeConfig(dir, { inputs: [app('a'), app('b')], outputs: [disk('one'), disk('two')], ...common })
    const answers = new Set<number | string>()
    let isOver = false
    const probing = (async () => {
      while (!isOver) answers.add(await ready().catch((error: Error) => error.message))
    })()
    agent.child.kill('SIGHUP')
    await deliveredAtLeast(join(dir, 'one.ndjson'), 2)
    await appendFile(join(dir, 'a.log'), python.error('second'))
    await deliveredAtLeast(join(dir, 'one.ndjson'), 3)
    isOver = true
    await probing
    expect([...answers]).toEqual([200])
    // The new output begins with what was written since: there was nothing that others had not delivered.
    expect(await deliveredAtLeast(join(dir, 'two.ndjson'), 2)).toHaveLength(2)
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metric(text, 'config_reloads_total', { result: 'applied' })).toBe(1)
    expect(metric(text, 'config_last_reload_ok')).toBe(1)
    expect((await agent.stop()).code).toBe(0)
    expect((await messages(join(dir, 'one.ndjson'))).sort()).toEqual(['first', 'other', 'second'])
  })

  it('keeps standard input open, and an entry that is in the middle of it whole', async () => {
    const dir = await folder()
    const config = await writeConfig(dir, {
      inputs: [{ type: 'stdin', source: 'python', service: 'jobs' }],
      group: { idle: '1h' },
    })
    const agent = start(['run', '--config', config], { input: 'open' })
    const [head, ...rest] = python.error('in the middle').split('\n')
    await said(agent, 'reading standard input')
    agent.child.stdin?.write(`${head}\n${rest.slice(0, 2).join('\n')}\n  File "/srv`)
    for (const times of [2, 3]) {
      agent.child.kill('SIGHUP')
      await said(agent, 'reading standard input', times)
    }
    agent.child.stdin?.end(`${rest.slice(2).join('\n')}\n${python.error('last')}`)
    const { code, stderr } = await agent.ended
    expect(code, stderr).toBe(0)
    const records = await delivered(join(dir, 'errors.ndjson'))
    expect(records.map(({ message }) => message)).toEqual(['in the middle', 'last'])
    expect(records[0]?.error.stack).toContain("KeyError: 'SKU-1'")
  })

  it('twice in a row, and a stop right behind it, end in order', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'a.log'), python.error('x'))
    const config = await writeConfig(dir, { inputs: [app('a')], outputs: [disk('one')] })
    const agent = start(['run', '--config', config])
    await deliveredAtLeast(join(dir, 'one.ndjson'), 1)
    agent.child.kill('SIGHUP')
    agent.child.kill('SIGHUP')
    await said(agent, 'it is taken')
    const { code } = await agent.stop()
    expect(code).toBe(0)
    expect(await exists(join(dir, 'state', 'errand.lock'))).toBe(false)
    expect(await messages(join(dir, 'one.ndjson'))).toEqual(['x'])
  })

  it('goes on with an output under its new name, and tells what one that is gone had not delivered', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'a.log'), [1, 2, 3].map((i) => python.error(`old ${i}`)).join(''))
    const away = { name: 'away', type: 'http', url: 'http://127.0.0.1:9/', batch: BATCH }
    const config = await writeConfig(dir, { inputs: [app('a')], outputs: [disk('one'), away] })
    const agent = start(['run', '--config', config])
    await deliveredAtLeast(join(dir, 'one.ndjson'), 3)
    // "away" never delivered anything; what it leaves is for its heir.
    await writeConfig(dir, { inputs: [app('a')], outputs: [disk('one'), disk('heir')] })
    agent.child.kill('SIGHUP')
    expect(await deliveredAtLeast(join(dir, 'heir.ndjson'), 3)).toHaveLength(3)
    await said(
      agent,
      'output \\"away\\" is not in the config any more; 3 records that it had not delivered go to \\"heir\\"',
    )

    await writeConfig(dir, { inputs: [app('a')], outputs: [disk('one'), away] })
    agent.child.kill('SIGHUP')
    await said(agent, 'output \\"heir\\" is not in the config any more; it had delivered everything')
    await appendFile(join(dir, 'a.log'), python.error('new'))
    await deliveredAtLeast(join(dir, 'one.ndjson'), 4)
    await writeConfig(dir, { inputs: [app('a')], outputs: [disk('one')] })
    agent.child.kill('SIGHUP')
    await said(agent, 'output \\"away\\" is not in the config any more; 1 records were not delivered to it')
    expect((await agent.stop()).code).toBe(0)
    expect(await exists(join(dir, 'state', 'cursors', 'away.json'))).toBe(false)
    expect(await delivered(join(dir, 'one.ndjson'))).toHaveLength(4)
  })
})

describe('a config that changes', () => {
  it('with problems is not taken, and is when it is mended', async () => {
    const dir = await folder()
    const port = await freePort()
    const common = { outputs: [disk('one')], reload: RELOAD, status: { listen: `127.0.0.1:${port}` } }
    await writeFile(join(dir, 'a.log'), python.error('first'))
    await writeFile(join(dir, 'b.log'), python.error('mended'))
    const config = await writeConfig(dir, { inputs: [app('a')], ...common })
    const agent = start(['run', '--config', config])
    await deliveredAtLeast(join(dir, 'one.ndjson'), 1)
    const sound = await readFile(config, 'utf8')
    await replace(config, sound.replace('"paths"', '"pathes"'))
    await said(agent, 'it has problems and is not taken')
    await said(agent, 'Did you mean')
    expect(agent.stderr).toMatch(/config\.json:\d+:\d+ {2}/)
    // It is not tried again while nothing changes.
    await pause(400)
    expect(agent.stderr.split('is not taken').length - 1).toBe(1)
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metric(await metrics(), 'config_reloads_total', { result: 'refused' })).toBe(1)
    expect(metric(await metrics(), 'config_last_reload_ok')).toBe(0)
    await appendFile(join(dir, 'a.log'), python.error('goes on'))
    await deliveredAtLeast(join(dir, 'one.ndjson'), 2)

    await writeConfig(dir, { inputs: [app('a'), app('b')], ...common })
    await deliveredAtLeast(join(dir, 'one.ndjson'), 3)
    expect(metric(await metrics(), 'config_last_reload_ok')).toBe(1)
    expect((await agent.stop()).code).toBe(0)
    expect(await messages(join(dir, 'one.ndjson'))).toEqual(['first', 'goes on', 'mended'])
  })

  it('is taken when a remapper file comes that its glob matches', async () => {
    const dir = await folder()
    await mkdir(join(dir, 'remappers'))
    const port = await freePort()
    const config = await writeConfig(dir, {
      inputs: [{ ...app('a'), source: 'odd' }],
      outputs: [disk('one')],
      remappers: ['./remappers/*.json5'],
      status: { listen: `127.0.0.1:${port}` },
      reload: RELOAD,
    })
    await writeFile(join(dir, 'a.log'), 'BAD one\n')
    const agent = start(['run', '--config', config])
    await said(agent, 'reading ')
    // What is open at a reload is read again, and judged by the new remapper.
    await until('the end of the entry', async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      return metric(text, 'lines_dropped_total', { reason: 'calm' }) === 1
    })
    const remapper = {
      name: 'odd',
      source: 'odd',
      alarms: 'every line',
      filter: { query: 'source:odd' },
      processors: [
        { type: 'grok-parser', source: 'message', grok: { matchRules: 'r %{word:level} %{data:text}' } },
        { type: 'category-processor', target: 'sev', categories: [{ filter: { query: '@level:BAD' }, name: 'error' }] },
        { type: 'status-remapper', sources: ['sev'] },
      ],
      tests: [
        { sample: 'BAD luck', result: { status: 'error' } },
        { sample: 'good luck', result: 'dropped' },
      ],
    }
    await replace(join(dir, 'remappers', 'new.json5'), JSON.stringify(remapper))
    await said(agent, 'it is taken')
    await appendFile(join(dir, 'a.log'), 'BAD two\n')
    const records = await deliveredAtLeast(join(dir, 'one.ndjson'), 1)
    expect(records.map(({ message }) => message)).toEqual(['BAD two'])
    expect((await agent.stop()).code).toBe(0)
  })

  it('is taken when its directory is exchanged, as Kubernetes does with a ConfigMap', async () => {
    const dir = await folder()
    const mount = join(dir, 'etc')
    await mkdir(join(mount, '..1'), { recursive: true })
    await mkdir(join(mount, '..2'))
    const config = (names: string[]) =>
      JSON.stringify({
        stateDir: join(dir, 'state'),
        inputs: names.map((name) => ({ ...app(name), paths: [join(dir, `${name}.log`)] })),
        outputs: [{ ...disk('one'), path: join(dir, 'one.ndjson') }],
        reload: RELOAD,
      })
    await writeFile(join(mount, '..1', 'config.json'), config(['a']))
    await writeFile(join(mount, '..2', 'config.json'), config(['a', 'b']))
    await symlink('..1', join(mount, '..data'))
    await symlink('..data/config.json', join(mount, 'config.json'))
    for (const name of ['a', 'b']) await writeFile(join(dir, `${name}.log`), python.error(name))
    const agent = start(['run', '--config', join(mount, 'config.json')])
    await deliveredAtLeast(join(dir, 'one.ndjson'), 1)
    await symlink('..2', join(mount, '..data_tmp'))
    await rename(join(mount, '..data_tmp'), join(mount, '..data'))
    await deliveredAtLeast(join(dir, 'one.ndjson'), 2)
    expect((await agent.stop()).code).toBe(0)
    expect(await messages(join(dir, 'one.ndjson'))).toEqual(['a', 'b'])
  })

  it('is not taken by itself when reload.watch is off', async () => {
    const dir = await folder()
    for (const name of ['a', 'b']) await writeFile(join(dir, `${name}.log`), python.error(name))
    const off = { outputs: [disk('one')], reload: { ...RELOAD, watch: false } }
    const config = await writeConfig(dir, { inputs: [app('a')], ...off })
    const agent = start(['run', '--config', config])
    await deliveredAtLeast(join(dir, 'one.ndjson'), 1)
    await writeConfig(dir, { inputs: [app('a'), app('b')], ...off })
    await pause(400)
    expect(agent.stderr).not.toContain('it is taken')
    agent.child.kill('SIGHUP')
    await deliveredAtLeast(join(dir, 'one.ndjson'), 2)
    await agent.stop()
  })

  it('that cannot be started leaves the one before running', async () => {
    const dir = await folder()
    const port = await freePort()
    await writeFile(join(dir, 'a.log'), python.error('first'))
    await writeFile(join(dir, 'no-directory'), '')
    const common = { inputs: [app('a')], outputs: [disk('one')], reload: RELOAD }
    const config = await writeConfig(dir, { ...common, status: { listen: `127.0.0.1:${port}` } })
    const agent = start(['run', '--config', config])
    await deliveredAtLeast(join(dir, 'one.ndjson'), 1)
    const other = start(['run', '--config', await otherAgent(dir)])
    const taken = await freePort()
    await writeFile(join(dir, 'second.json'), '')
    await said(other, 'reading ')

    // The state directory of another agent; no directory at all; a port that cannot be had.
    await writeConfig(dir, { ...common, stateDir: './other/state', status: { listen: `127.0.0.1:${port}` } })
    await said(agent, 'the config could not be started. The one before is started again.')
    await said(agent, 'has used this state directory since')
    await writeConfig(dir, { ...common, stateDir: './no-directory/state', status: { listen: `127.0.0.1:${taken}` } })
    await said(agent, 'the config could not be started', 2)
    await said(agent, 'the state directory cannot be used')
    await writeConfig(dir, { ...common, status: { listen: '192.0.2.1:1' } })
    await said(agent, 'cannot be had')
    await said(agent, 'The one that runs goes on.')
    expect(agent.stderr).toMatch(/config\.json:\d+:\d+ {2}status\.listen: 192\.0\.2\.1:1 cannot be had/)

    await appendFile(join(dir, 'a.log'), python.error('second'))
    await deliveredAtLeast(join(dir, 'one.ndjson'), 2)
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metric(text, 'config_reloads_total', { result: 'failed' })).toBe(3)
    expect((await agent.stop()).code).toBe(0)
    expect((await other.stop()).code).toBe(0)
    expect(await messages(join(dir, 'one.ndjson'))).toEqual(['first', 'second'])
  })
})

it('loses nothing and repeats nothing under another id over 20 reloads while writers write and rotate', async () => {
  const dir = await folder()
  const names = ['a', 'b', 'c']
  for (const name of names) await writeFile(join(dir, `${name}.log`), '')
  const config = (i: number) =>
    writeConfig(dir, {
      inputs: names.map((name) => ({ ...app(name), paths: [`./${name}*.log`] })),
      outputs: [disk('one'), { ...disk('two'), batch: { maxAge: `${10 + i}ms`, maxRecords: 10 + i } }],
      reload: { watch: false },
      tags: { round: String(i) },
    })
  const agent = start(['run', '--config', await config(0)])
  await said(agent, 'reading ')
  let isOver = false
  const written: string[] = []
  const writers = names.map(async (name) => {
    for (let i = 0; !isOver; i++) {
      const mark = `${name}-${i}`
      await appendFile(join(dir, `${name}.log`), python.info('calm') + python.error(mark))
      written.push(mark)
      if (i % 50 === 49 && i < 500) await rename(join(dir, `${name}.log`), join(dir, `${name}-until-${i}.log`))
      await pause(10)
    }
  })
  for (let i = 1; i <= 20; i++) {
    await config(i)
    agent.child.kill('SIGHUP')
    await said(agent, 'it is taken', i)
    await said(agent, 'reading ', i + 1)
  }
  isOver = true
  await Promise.all(writers)
  for (const output of ['one', 'two']) {
    const path = join(dir, `${output}.ndjson`)
    await until(`all errors in ${path}`, async () => {
      const text = await readFile(path, 'utf8').catch(() => '')
      return written.every((mark) => text.includes(`"message":"${mark}"`))
    })
  }
  expect((await agent.stop()).code).toBe(0)
  for (const output of ['one', 'two']) {
    const ids = new Map<string, Set<string>>()
    for (const { id, message = '' } of await delivered(join(dir, `${output}.ndjson`))) {
      ids.set(message, (ids.get(message) ?? new Set()).add(id))
    }
    expect([...ids.keys()].sort()).toEqual([...written].sort())
    expect([...ids].filter(([, of]) => of.size > 1)).toEqual([])
    expect(new Set([...ids.values()].flatMap((of) => [...of])).size).toBe(ids.size)
  }
  expect(agent.stderr).not.toContain('"level":50')
})

/** An agent with a state directory of its own in `other`. */
async function otherAgent(dir: string): Promise<string> {
  await mkdir(join(dir, 'other'))
  await writeFile(join(dir, 'other', 'a.log'), '')
  return writeConfig(join(dir, 'other'), { inputs: [app('a')], outputs: [disk('one')] })
}
