/** The books of a run: every line read is somewhere, every record kept is somewhere, and the status server says so. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  deliveredAtLeast,
  folder,
  freePort,
  java,
  metric,
  python,
  ROOT,
  run,
  start,
  until,
  writeConfig,
} from './program.js'

describe('the status server', () => {
  it('accounts for every line and every record', async () => {
    const dir = await folder()
    const port = await freePort()
    const refusing = await refuser()
    await mkdir(join(dir, 'logs'))
    const log = join(dir, 'logs', 'app.log')
    await writeFile(log, '')
    const cri = (text: string, tag = 'F') => `2026-11-20T10:15:32.123456789Z stdout ${tag} ${text}\n`
    const config = await writeConfig(dir, {
      inputs: [
        { type: 'file', paths: ['./logs/app.log'], source: 'python', service: 'shop', startAt: 'beginning' },
        { type: 'file', paths: ['./logs/pod.log'], source: 'java', service: 'pod', startAt: 'beginning' },
        ...['java', 'python', 'ruby', 'nodejs'].map((source) => ({
          type: 'file',
          paths: [join(ROOT, 'examples', 'logs', source, '*.log')],
          source,
          service: source,
          startAt: 'beginning',
        })),
      ],
      outputs: [
        { name: 'disk', type: 'file', path: './errors.ndjson', batch: { maxAge: '20ms' } },
        { name: 'picky', type: 'http', url: refusing, batch: { maxAge: '20ms', maxRecords: 20 } },
        { name: 'away', type: 'http', url: 'http://127.0.0.1:9/', batch: { maxAge: '20ms' } },
      ],
      status: { listen: `127.0.0.1:${port}` },
      // Nothing is closed by silence here, so that a record stays open.
      group: { idle: '1h' },
      shutdown: { timeout: '200ms' },
    })
    const agent = start(['run', '--config', config])
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`)
      return { status: answer.status, text: await answer.text() }
    }
    await until('the status server', () => get('/healthz').catch(() => undefined))
    expect(await get('/healthz')).toEqual({ status: 200, text: 'ok\n' })
    await until('readiness', async () => (await get('/readyz')).status === 200)
    expect((await get('/nothing')).status).toBe(404)

    await writeFile(
      join(dir, 'logs', 'pod.log'),
      cri('2026-11-20 10:15:32.123 INFO  [main] a.B - in ', 'P') +
        cri('parts') +
        cri(java.error('x').split('\n')[0] ?? ''),
    )
    for (let i = 0; i < 30; i++) await appendFile(log, `${python.info('on')}${python.error(`order ${i}`)}\n`)
    await appendFile(log, 'Traceback (most recent call last):\n  File "/srv/half.py", line 1, in f\n')
    await until('the last line', async () => metric((await get('/metrics')).text, 'lines_open') >= 3)

    const { text } = await until('the outputs', async () => {
      const now = await get('/metrics')
      const kept = metric(now.text, 'records_kept_total')
      const done = (output: string) =>
        metric(now.text, 'records_delivered_total', { output }) + metric(now.text, 'records_refused_total', { output })
      return kept > 300 && done('disk') === kept && done('picky') === kept && now
    })
    const lines = {
      read: metric(text, 'lines_read_total'),
      kept: metric(text, 'lines_kept_total'),
      dropped: metric(text, 'lines_dropped_total'),
      joined: metric(text, 'lines_joined_total'),
      open: metric(text, 'lines_open'),
    }
    expect(lines.read).toBe(lines.kept + lines.dropped + lines.joined + lines.open)
    expect(lines.joined).toBe(1)
    expect(lines.kept).toBeGreaterThan(1000)
    expect(lines.dropped).toBeGreaterThan(1000)
    expect(metric(text, 'alarms_missed_total')).toBe(0)
    expect(metric(text, 'bytes_lost_total')).toBe(0)

    const kept = metric(text, 'records_kept_total')
    for (const output of ['disk', 'picky', 'away']) {
      const delivered = metric(text, 'records_delivered_total', { output })
      const refused = metric(text, 'records_refused_total', { output })
      const spooled = metric(text, 'records_spooled', { output })
      const lost = metric(text, 'spool_records_lost_total', { output })
      expect(delivered + refused + spooled + lost, output).toBe(kept)
      if (output === 'picky') expect(refused).toBeGreaterThan(0)
      if (output === 'away') expect(spooled).toBe(kept)
    }
    expect(await deliveredAtLeast(join(dir, 'errors.ndjson'), kept)).toHaveLength(kept)
    expect((await agent.stop()).code).toBe(0)
  })

  it('is not there unless it is asked for, and ends with the run', async () => {
    const dir = await folder()
    const port = await freePort()
    await writeFile(join(dir, 'app.log'), python.error('x'))
    const inputs = [{ type: 'file', paths: ['./app.log'], source: 'python', service: 's' }]
    const config = await writeConfig(dir, { inputs, status: { listen: `127.0.0.1:${port}` } })
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
  })
})

/** A backend that never takes a record of Ruby, alone or in a batch. */
async function refuser(): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    response.writeHead(body.includes('"source":"ruby"') ? 422 : 200).end('no rubies')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
