/** The main job from end to end: logs in, error records out, nothing twice, over everything that happens to log files. */
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { contract } from './contract.js'
import {
  type Delivered,
  delivered,
  deliveredAtLeast,
  folder,
  freePort,
  java,
  MAIN,
  metric,
  pause,
  python,
  ROOT,
  type Running,
  run,
  start,
  until,
  writeConfig,
} from './program.js'

const LOGS = join(ROOT, 'examples', 'logs')
const SOURCES = ['python', 'java', 'ruby', 'nodejs'] as const

describe('run --once over the sample logs', () => {
  it('delivers the errors of all four services as the contract says, and nothing again the next time', async () => {
    const dir = await folder()
    const config = await writeConfig(dir, {
      env: 'test',
      tags: { team: 'shop' },
      inputs: SOURCES.map((source) => ({
        type: 'file',
        paths: [join(LOGS, source, '*.log')],
        source,
        service: `shop-${source}`,
        startAt: 'beginning',
      })),
    })
    const first = await run(['run', '--config', config, '--once'])
    expect(first).toMatchObject({ code: 0, stdout: '' })
    const records = await delivered(join(dir, 'errors.ndjson'))

    // A line that names its own service keeps it; the others have that of their input.
    const services = new Set(records.map(({ service }) => service))
    expect([...services]).toEqual(expect.arrayContaining(SOURCES.map((source) => `shop-${source}`)))
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
    for (const record of records) {
      const checked = contract.safeParse(record)
      expect(checked.success ? [] : checked.error.issues, JSON.stringify(record)).toEqual([])
      expect(record).toMatchObject({ env: 'test', tags: expect.arrayContaining(['team:shop']) })
    }
    await expectTrueToFiles(records)

    const again = await run(['run', '--config', config, '--once'])
    expect(again.code).toBe(0)
    expect(await delivered(join(dir, 'errors.ndjson'))).toEqual(records)
  })

  it('reads files without a position from the beginning, and later only what was appended', async () => {
    const dir = await folder()
    const log = join(dir, 'app.log')
    await writeFile(log, python.info('up') + python.error('first') + python.info('on'))
    // `startAt` is left at its default, the end: --once reads from the beginning all the same.
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'python', service: 's' }],
    })
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    expect(messages(await delivered(join(dir, 'errors.ndjson')))).toEqual(['first'])
    await appendFile(log, python.error('second') + python.info('on') + python.error('third'))
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    expect(messages(await delivered(join(dir, 'errors.ndjson')))).toEqual(['first', 'second', 'third'])
  })

  it('takes a last line without a line end as whole', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), python.error('torn off').trimEnd())
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'python', service: 's' }],
    })
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    const [record] = await delivered(join(dir, 'errors.ndjson'))
    expect(record).toMatchObject({ message: 'torn off', error: { kind: 'KeyError', message: "'SKU-1'" } })
  })

  it('reads standard input', async () => {
    const dir = await folder()
    const config = await writeConfig(dir, {
      inputs: [{ type: 'stdin', source: 'java', service: 'jobs' }],
      outputs: [{ name: 'out', type: 'stdout' }],
    })
    const input = java.info('up') + java.error('one') + java.info('on') + java.error('two')
    for (const once of [['--once'], []]) {
      const { code, stdout } = await run(['run', '--config', config, ...once], { input })
      expect(code).toBe(0)
      const records = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Delivered)
      expect(messages(records)).toEqual(['one', 'two'])
      expect(records[0]).toMatchObject({
        service: 'jobs',
        source: 'java',
        error: { kind: 'java.lang.IllegalStateException' },
      })
      for (const record of records) expect(contract.safeParse(record).error).toBeUndefined()
    }
  })
})

describe('run', () => {
  it('follows what is appended, also half a line at a time (13)', async () => {
    const { log, file, agent } = await following()
    const [head, ...rest] = python.error('half').split('KeyError')
    await appendFile(log, head ?? '')
    await appendFile(log, `KeyError${rest.join('KeyError')}${python.info('on')}`)
    const records = await deliveredAtLeast(file, 2)
    expect(records[1]).toMatchObject({ message: 'half', error: { kind: 'KeyError', message: "'SKU-1'" } })
    await stopped(agent)
  })

  it('delivers an uncaught traceback without waiting for another line (54)', async () => {
    const { log, file, agent } = await following()
    await appendFile(
      log,
      'Traceback (most recent call last):\n  File "/srv/job.py", line 3, in <module>\n    main()\nValueError: no such job\n',
    )
    const records = await deliveredAtLeast(file, 2)
    expect(records[1]).toMatchObject({ error: { kind: 'ValueError', message: 'no such job', handled: false } })
    await stopped(agent)
  })

  it('delivers the last words of a crash, whose line never gets its end (13, 54)', async () => {
    const { log, file, agent } = await following({ group: { idle: '200ms', unfinished: '1s' } })
    await appendFile(log, python.error('last words').trimEnd())
    const records = await deliveredAtLeast(file, 2)
    expect(records[1]).toMatchObject({ message: 'last words', error: { kind: 'KeyError', message: "'SKU-1'" } })
    await stopped(agent)
  })

  it('finds new files, and files in directories that come later (1, 8)', async () => {
    const { dir, file, agent } = await following()
    await writeFile(join(dir, 'logs', 'new.log'), python.error('in a new file'))
    await deliveredAtLeast(file, 2)
    await mkdir(join(dir, 'logs', 'later', 'deep'), { recursive: true })
    await writeFile(join(dir, 'logs', 'later', 'deep', 'app.log'), python.error('in a new directory'))
    expect(messages(await deliveredAtLeast(file, 3))).toEqual(['first', 'in a new file', 'in a new directory'])
    await stopped(agent)
  })

  it('loses and repeats nothing over rotation by rename and create (27)', async () => {
    const { log, file, agent } = await following()
    await appendFile(log, python.error('before'))
    await rename(log, `${log}.1`)
    // The writer still has the old file open for a moment.
    await appendFile(`${log}.1`, python.error('late'))
    await writeFile(log, python.error('after'))
    expect(messages(await deliveredAtLeast(file, 4)).sort()).toEqual(['after', 'before', 'first', 'late'])
    await appendFile(log, python.error('and on'))
    expect(messages(await deliveredAtLeast(file, 5)).at(-1)).toBe('and on')
    await stopped(agent)
  })

  it('loses and repeats nothing over rotation by copy and truncate (28)', async () => {
    const { log, file, agent } = await following()
    await appendFile(log, python.error('before'))
    await deliveredAtLeast(file, 2)
    await copyFile(log, `${log}.1`)
    await truncate(log, 0)
    await appendFile(log, python.error('after'))
    expect(messages(await deliveredAtLeast(file, 3))).toEqual(['first', 'before', 'after'])
    await stopped(agent)
  })

  it('goes on after a stop where it was, without repeating (44)', async () => {
    const { log, file, agent, config } = await following()
    await stopped(agent)
    await appendFile(log, python.error('while away'))
    const next = start(['run', '--config', config])
    expect(messages(await deliveredAtLeast(file, 2))).toEqual(['first', 'while away'])
    await stopped(next)
    expect(messages(await delivered(file))).toEqual(['first', 'while away'])
  })

  it('follows no link out of the directories of its input, says so, and counts it', async () => {
    const dir = await folder()
    await mkdir(join(dir, 'logs'))
    await writeFile(join(dir, 'private'), python.error('not to be seen'))
    await symlink('../private', join(dir, 'logs', 'link.log'))
    await writeFile(join(dir, 'logs', 'app.log'), python.error('to be seen'))
    const port = await freePort()
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./logs/*.log'], source: 'python', service: 's', startAt: 'beginning' }],
      status: { listen: `127.0.0.1:${port}` },
    })
    const agent = start(['run', '--config', config])
    expect(messages(await deliveredAtLeast(join(dir, 'errors.ndjson'), 1))).toEqual(['to be seen'])
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metric(metrics, 'links_refused_total')).toBe(1)
    await stopped(agent)
    expect(agent.stderr).toContain(
      `leads to ${join(await realpath(dir), 'private')}, out of the directories of inputs[0]`,
    )
  })

  it('stops on SIGTERM and SIGINT while it is busy, and finishes after a restart', async () => {
    const dir = await folder()
    const file = join(dir, 'errors.ndjson')
    const calm = python.info('order placed').repeat(4000)
    const wanted = Array.from({ length: 60 }, (_, i) => `error ${i}`)
    await writeFile(join(dir, 'app.log'), wanted.map((each) => calm + python.error(each)).join(''))
    const input = { type: 'file', paths: ['./*.log'], source: 'python', service: 's', startAt: 'beginning' }
    const config = await writeConfig(dir, { inputs: [input] })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const agent = start(['run', '--config', config])
      await until('the agent to read', () => agent.stderr.includes('reading'))
      await stopped(agent, signal)
    }
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    const found = await delivered(file)
    expect(messages(found)).toEqual(wanted)
    expect(new Set(found.map(({ id }) => id)).size).toBe(wanted.length)
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`delivers an entry whole whose second half comes after a ${signal} (46)`, async () => {
      // No entry is closed by silence here, so that the half one is still open when the agent goes.
      const { dir, log, file, agent, config } = await following({ group: { idle: '1h' } })
      const [head = '', tail = ''] = python.error('in two halves').split(/(?<=in place\n)/)
      await appendFile(log, head)
      const { size } = await stat(log)
      await until('the positions', async () => {
        const state = await readFile(join(dir, 'state', 'checkpoints.json'), 'utf8')
        return (JSON.parse(state) as { files: { seen: { to: number } }[] }).files[0]?.seen.to === size
      })
      await agent.stop(signal)
      await appendFile(log, tail)
      expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
      // What was delivered before the kill, and not yet noted as such, comes again under its id.
      const records = [...new Map((await delivered(file)).map((record) => [record.id, record])).values()]
      expect(messages(records)).toEqual(['first', 'in two halves'])
      expect(records[1]?.error).toMatchObject({
        kind: 'KeyError',
        stack: (head + tail).split('\n').slice(1, -1).join('\n'),
      })
    })
  }

  it('stops in time although a backend hangs, and delivers after a restart (50)', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), python.error('first'))
    let asked = 0
    const bodies: string[] = []
    const server = createServer(async (request, response) => {
      for await (const piece of request.setEncoding('utf8')) bodies.push(piece)
      if (++asked > 1) response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'python', service: 'shop', startAt: 'beginning' }],
      outputs: [{ name: 'main', type: 'http', url, batch: { maxAge: '10ms' } }],
      shutdown: { timeout: '500ms' },
    })
    const agent = start(['run', '--config', config])
    await until('a request', () => asked === 1)
    const began = Date.now()
    await stopped(agent)
    expect(Date.now() - began).toBeGreaterThanOrEqual(450)
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    expect(asked).toBe(2)
    expect(bodies[1]).toBe(bodies[0])
  })

  it('loses nothing of what is rotated and truncated while its output takes nothing and the spool is full (43)', async () => {
    const dir = await folder()
    const held: ServerResponse[] = []
    let isOpen = false
    const bodies: string[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request.setEncoding('utf8')) body += piece
      if (!isOpen) held.push(response)
      else {
        bodies.push(body)
        response.end()
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const logs = ['renamed', 'copied'].map((name) => join(dir, `${name}.log`))
    const [renamed = '', copied = ''] = logs
    let written = 0
    const errors = (count: number) =>
      Array.from({ length: count }, () => python.error(`${++written} ${'x'.repeat(1000)}`)).join('')
    for (const log of logs) await writeFile(log, errors(800))
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'python', service: 'shop', startAt: 'beginning' }],
      outputs: [{ name: 'main', type: 'http', url, batch: { maxAge: '10ms' } }],
      spool: { maxBytes: '1MiB', segmentBytes: '64KiB' },
    })
    const agent = start(['run', '--config', config])
    await until('a full spool', async () => {
      const names = await readdir(join(dir, 'state', 'spool')).catch(() => [])
      const sizes = await Promise.all(
        names.map((name) => stat(join(dir, 'state', 'spool', name)).then(({ size }) => size)),
      )
      return held.length > 0 && sizes.reduce((sum, size) => sum + size, 0) >= 1 << 20
    })
    for (let i = 3; i > 0; i--) {
      await rename(renamed, `${renamed}.${i}`)
      await writeFile(renamed, errors(20))
    }
    await appendFile(copied, errors(20))
    await copyFile(copied, `${copied}.1`)
    await truncate(copied)
    await appendFile(copied, errors(20))
    // The poll goes on while reading waits.
    await pause(500)
    isOpen = true
    for (const response of held) response.destroy()
    const wanted = Array.from({ length: written }, (_, i) => String(i + 1))
    const found = () =>
      bodies
        .flatMap((body) => body.trim().split('\n'))
        .map((line) => (JSON.parse(line) as Delivered).message?.split(' ')[0])
    await until('all errors', () => new Set(found()).size === wanted.length)
    await stopped(agent)
    expect(found().sort()).toEqual(wanted.sort())
    expect(agent.stderr).not.toContain('were lost')
  })

  it('refuses to run twice on one state directory', async () => {
    const { dir, agent, config } = await following()
    const second = await run(['run', '--config', config])
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(
      new RegExp(
        `errand\\.lock  Process ${agent.child.pid} has used this state directory since .+stateDir of its own\\.\\n$`,
      ),
    )
    expect(agent.child.exitCode).toBeNull()
    await appendFile(join(dir, 'logs', 'app.log'), python.error('still here'))
    await deliveredAtLeast(join(dir, 'errors.ndjson'), 2)
    await stopped(agent)
  })

  it('takes over the state directory of an agent that was killed', async () => {
    const { agent, config, file } = await following()
    await agent.stop('SIGKILL')
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    expect(new Set(messages(await delivered(file)))).toEqual(new Set(['first']))
  })

  it('never reads its own output, log and state, even where a glob leads to them', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), python.error('once only'))
    const input = {
      type: 'file',
      paths: ['./**/*'],
      exclude: ['./config.json'],
      source: 'python',
      service: 's',
      startAt: 'beginning',
    }
    const config = await writeConfig(dir, {
      inputs: [input],
      outputs: [
        { name: 'disk', type: 'file', path: './errors.ndjson', batch: { maxAge: '50ms' } },
        { name: 'out', type: 'stdout', batch: { maxAge: '50ms' } },
      ],
    })
    const command = `exec "${process.execPath}" "${MAIN}" run --config "${config}" > out.log 2> agent.log`
    const agent = start(['-c', command], { command: ['sh'], cwd: dir })
    await deliveredAtLeast(join(dir, 'out.log'), 1)
    await appendFile(join(dir, 'app.log'), python.error('and another'))
    await deliveredAtLeast(join(dir, 'out.log'), 2)
    await deliveredAtLeast(join(dir, 'errors.ndjson'), 2)
    await stopped(agent)
    expect(messages(await delivered(join(dir, 'errors.ndjson')))).toEqual(['once only', 'and another'])
    const state = await readFile(join(dir, 'state', 'checkpoints.json'), 'utf8')
    const { files } = JSON.parse(state) as { files: { path: string }[] }
    expect(files.map(({ path }) => basename(path))).toEqual(['app.log'])
  })
})

/** An agent that follows `logs/**` of a folder and has delivered the error `first` that stood in `logs/app.log`. */
async function following(
  settings: object = {},
): Promise<{ dir: string; log: string; file: string; config: string; agent: Running }> {
  const dir = await folder()
  const log = join(dir, 'logs', 'app.log')
  await mkdir(join(dir, 'logs'))
  await writeFile(log, python.info('up') + python.error('first') + python.info('on'))
  const input = { type: 'file', paths: ['./logs/**/*.log'], source: 'python', service: 'shop', startAt: 'beginning' }
  const config = await writeConfig(dir, { inputs: [input], ...settings })
  const agent = start(['run', '--config', config])
  const file = join(dir, 'errors.ndjson')
  await deliveredAtLeast(file, 1)
  return { dir, log, file, config, agent }
}

/** The agent stops by itself, not only when the test's time is over, and calls that good. */
async function stopped(agent: Running, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const began = Date.now()
  expect(await agent.stop(signal)).toMatchObject({ code: 0, signal: null })
  expect(Date.now() - began).toBeLessThan(30_000)
}

function messages(records: readonly Delivered[]): (string | undefined)[] {
  return records.map(({ message }) => message)
}

/** What the records say of where they stand, checked against the files themselves. */
async function expectTrueToFiles(records: readonly Delivered[]): Promise<void> {
  const files = new Map<string, Buffer>()
  for (const record of records) {
    const { path, offset } = record.log.file ?? { path: '', offset: 0 }
    const content = files.get(path) ?? (await readFile(path))
    files.set(path, content)
    expect(offset === 0 || content[offset - 1] === 0x0a, `${path} at ${offset} begins a line`).toBe(true)
    // Where a logger wrote text, not JSON, the stack stands in the file exactly as it was delivered.
    const line = content.subarray(offset, content.indexOf(0x0a, offset)).toString()
    const { stack } = record.error
    // Bytes that are no UTF-8 became U+FFFD.
    const isText = !line.startsWith('{')
    if (stack !== undefined && isText) expect(content.toString('utf8').includes(stack), stack).toBe(true)
  }
  // Every head that names an error became a record, and no head that names none did.
  for (const [log, head] of [
    ['python/shop.log', /^\d{4}-\d\d-\d\d [\d:,]+ (\w+) /gm],
    ['java/shop.log', /^[\d:.]+ \[[^\]]+\] (\w+) /gm],
  ] as const) {
    const path = join(LOGS, log)
    const content = (await readFile(path)).toString('latin1')
    const errors = [...content.matchAll(head)].filter(([, level]) => level === 'ERROR' || level === 'CRITICAL')
    const found = records.filter(({ log: { file }, error }) => file?.path === path && error.handled === true)
    expect(found.map(({ log: { file } }) => file?.offset).sort(), log).toEqual(errors.map(({ index }) => index).sort())
    expect(errors.length).toBeGreaterThan(10)
  }
}
