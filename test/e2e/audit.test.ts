/** `errand audit`: the two sums, of a running agent, of one that stopped, of one that was killed, and of a state that was changed. */
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Audit } from '../../src/agent/audit.js'
import { deliveredAtLeast, folder, freePort, metric, pause, python, run, start, until, writeConfig } from './program.js'

const BATCH = { maxAge: '20ms' }
const INPUT = { type: 'file', paths: ['./app.log'], source: 'python', service: 'shop', startAt: 'beginning' }
const DISK = { name: 'disk', type: 'file', path: './errors.ndjson', batch: BATCH }
const AWAY = { name: 'away', type: 'http', url: 'http://127.0.0.1:9/', batch: BATCH }

const errors = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => python.info('calm') + python.error(`order ${from + i}`)).join('')

async function audit(config: string): Promise<{ code: number | null; found: Audit }> {
  const { code, stdout, stderr } = await run(['audit', '--config', config, '--json'])
  if (stdout === '') throw new Error(stderr)
  return { code, found: JSON.parse(stdout) as Audit }
}

const outputOf = (found: Audit, name: string) => {
  const output = found.outputs.find((one) => one.output === name)
  if (output === undefined) throw new Error(`no output ${name} in ${JSON.stringify(found)}`)
  return output
}

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Changes a file of the state as nobody should. */
async function change(dir: string, name: string, by: (text: string) => string): Promise<void> {
  const path = join(dir, 'state', name)
  const text = await readFile(path, 'utf8')
  expect(by(text)).not.toBe(text)
  await writeFile(path, by(text))
}

describe('errand audit', () => {
  it('reconciles a running agent and a stopped one, with refused records and a backlog', async () => {
    const dir = await folder()
    const port = await freePort()
    const never = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(422).end('never'))
    })
    await writeFile(join(dir, 'app.log'), errors(30))
    const config = await writeConfig(dir, {
      inputs: [INPUT],
      outputs: [DISK, AWAY, { name: 'picky', type: 'http', url: `http://127.0.0.1:${never}/`, batch: BATCH }],
      status: { listen: `127.0.0.1:${port}` },
      shutdown: { timeout: '100ms' },
    })
    expect(await run(['audit', '--config', config])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no agent has run on it yet'),
    })
    const agent = start(['run', '--config', config])
    await until('all to be delivered or refused', async () => {
      const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      )
      return metric(text, 'records_refused_total') === 30 && metric(text, 'records_delivered_total') === 30
    })
    // Lines that are open are neither kept nor dropped.
    await appendFile(join(dir, 'app.log'), 'Traceback (most recent call last):\n')
    const running = await audit(config)
    expect(running.code, running.found.faults.join()).toBe(0)
    expect(running.found.asOf).toMatch(/^as process \d+ says now at 127\.0\.0\.1:/)
    expect(outputOf(running.found, 'disk')).toMatchObject({ kept: 30, delivered: 30, spooled: 0, difference: 0 })
    expect(outputOf(running.found, 'picky')).toMatchObject({
      refused: 30,
      refusedFile: { path: join(dir, 'state', 'refused', 'picky.ndjson'), records: 30 },
    })
    expect(outputOf(running.found, 'away')).toMatchObject({ spooled: 30, oldest: '2026-11-20T10:15:32.123Z' })

    expect((await agent.stop()).code).toBe(0)
    const stopped = await audit(config)
    expect(stopped.code, stopped.found.faults.join()).toBe(0)
    expect(stopped.found.asOf).toContain('the agent does not run')
    expect(stopped.found.notes).toEqual([
      expect.stringContaining(`nothing answers at http://127.0.0.1:${port}/metrics`),
    ])
    expect(outputOf(stopped.found, 'away')).toMatchObject({ kept: 30, spooled: 30, difference: 0 })

    // Another service has taken the port meanwhile.
    const taken = createServer((_, response) => response.end('hello'))
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const other = await audit(config)
    expect(other.code).toBe(0)
    expect(other.found.notes).toEqual([expect.stringContaining('answers 200 and is no Errand')])
  })

  it('reconciles over kill -9 and restarts, while running and after', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), '')
    const slow = await serve((request, response) => {
      request.resume().on('end', () => setTimeout(() => response.end(), 30))
    })
    const config = await writeConfig(dir, {
      inputs: [INPUT],
      outputs: [
        DISK,
        { name: 'slow', type: 'http', url: `http://127.0.0.1:${slow}/`, batch: { ...BATCH, maxRecords: 5 } },
      ],
    })
    for (let life = 0; life < 3; life++) {
      const agent = start(['run', '--config', config])
      await appendFile(join(dir, 'app.log'), errors(150, life * 150))
      await deliveredAtLeast(join(dir, 'errors.ndjson'), life * 150 + 40)
      await pause(300 * life)
      const running = await audit(config)
      expect(running.code, running.found.faults.join()).toBe(0)
      expect((await agent.stop('SIGKILL')).signal).toBe('SIGKILL')
      const killed = await audit(config)
      expect(killed.code, killed.found.faults.join()).toBe(0)
      expect(killed.found.notes.join(' ')).toContain('did not end in order')
    }
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    const { code, found } = await audit(config)
    expect(code, found.faults.join()).toBe(0)
    expect(found.lines.read).toBeGreaterThanOrEqual(450 * 6)
    for (const name of ['disk', 'slow']) {
      const { kept, repeated, delivered, spooled, difference } = outputOf(found, name)
      expect({ name, spooled, difference, sum: kept + repeated - delivered }).toEqual({
        name,
        spooled: 0,
        difference: 0,
        sum: 0,
      })
    }
    expect(new Set((await deliveredAtLeast(join(dir, 'errors.ndjson'), 450)).map(({ id }) => id)).size).toBe(450)
  })

  it('names the loss of a file that was truncated unread, and still reconciles', async () => {
    const dir = await folder()
    const log = join(dir, 'app.log')
    await writeFile(log, errors(9000))
    let isWell = false
    const backend = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(isWell ? 200 : 503).end())
    })
    const config = await writeConfig(dir, {
      inputs: [INPUT],
      outputs: [{ name: 'main', type: 'http', url: `http://127.0.0.1:${backend}/`, batch: BATCH }],
      spool: { maxBytes: '1MiB', segmentBytes: '256KiB' },
    })
    const agent = start(['run', '--config', config])
    const behind = await until('a full spool', async () => {
      const { stdout } = await run(['audit', '--config', config, '--json'])
      const found = stdout === '' ? undefined : (JSON.parse(stdout) as Audit)
      return found && (found.outputs[0]?.waitingBytes ?? 0) > 900_000 && found
    })
    expect(behind.behind[0]?.path).toBe(log)
    await truncate(log)
    isWell = true
    await until('the loss to be told', () => agent.stderr.includes('bytes were lost before they could be read'))
    expect((await agent.stop()).code).toBe(0)
    const { code, found } = await audit(config)
    expect(code, found.faults.join()).toBe(0)
    expect(found.losses).toContainEqual({
      what: 'bytes gone before they could be read',
      reason: 'truncated before it was read',
      count: expect.any(Number),
    })
  })

  for (const [what, name, by, fault] of [
    [
      'counts',
      'accounts.json',
      (text: string) =>
        text.replace(/"lines_kept_total":(\d+)/, (_, count) => `"lines_kept_total":${Number(count) + 3}`),
      'lines: 3 more are accounted for than there are of the 18',
    ],
    [
      'deliveries',
      'accounts.json',
      (text: string) => text.replace(/("records_delivered_total[^:]*:\\"disk\\"}"):3/, '$1:1'),
      'records of output "disk": 2 are nowhere of the 3 that were made',
    ],
    [
      'position of an output',
      join('cursors', 'disk.json'),
      (text: string) => text.replace(/"sequence":3/, '"sequence":2'),
      'was changed since the agent stopped',
    ],
  ] as const) {
    it(`does not reconcile when the ${what} in the state directory were changed, and says what`, async () => {
      const dir = await folder()
      await writeFile(join(dir, 'app.log'), errors(3))
      const config = await writeConfig(dir, { inputs: [INPUT], outputs: [DISK] })
      expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
      await change(dir, name, by)
      const { code, stdout } = await run(['audit', '--config', config])
      expect(code, stdout).toBe(1)
      expect(stdout).toContain('The sums do not reconcile:')
      expect(stdout).toContain(fault)
    })
  }

  it('changes nothing, and needs no lock', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), errors(3))
    const config = await writeConfig(dir, { inputs: [INPUT], outputs: [DISK] })
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    const names = ['accounts.json', 'checkpoints.json', join('cursors', 'disk.json')]
    const state = () => Promise.all(names.map((name) => readFile(join(dir, 'state', name), 'utf8')))
    const before = await state()
    const { code, stdout } = await run(['audit', '--config', config])
    expect(code, stdout).toBe(0)
    expect(stdout).toContain('Both sums reconcile.')
    expect(await state()).toEqual(before)
  })
})
