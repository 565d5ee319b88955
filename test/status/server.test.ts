import { afterEach, describe, expect, it } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { StatusServer } from '../../src/status/server.js'

const PLACE = { file: 'config.json', line: 7, column: 12 }
const servers: StatusServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function serve(ready = true) {
  const counters = new Counters()
  counters.add('lines_read_total', 7)
  counters.add('lines_dropped_total', 3, { reason: 'calm' })
  counters.add('lines_dropped_total', 2, { reason: 'below_error' })
  const remappers = [{ source: 'java', remapper: 'Till "2"' }]
  const health = () => ({
    ready,
    gauges: { spool_bytes: 12 },
    spooled: { main: 4, more: 0 },
    sources: ['java'],
    remappers,
  })
  const server = new StatusServer({ listen: '127.0.0.1:0', place: PLACE, counters, health })
  servers.push(server)
  const port = await server.start()
  return { port, get: async (path: string, init = {}) => fetch(`http://127.0.0.1:${port}${path}`, init) }
}

describe('the status server', () => {
  it('says that it is alive', async () => {
    const { get } = await serve()
    expect(await (await get('/healthz')).text()).toBe('ok\n')
  })
  it('says whether it is ready', async () => {
    expect((await (await serve(true)).get('/readyz')).status).toBe(200)
    expect((await (await serve(false)).get('/readyz')).status).toBe(503)
  })
  it('exports counters and gauges with their meanings', async () => {
    const text = await (await (await serve()).get('/metrics')).text()
    expect(text).toContain('# HELP errand_lines_read_total Physical lines read.')
    expect(text).toContain('errand_lines_read_total 7')
    expect(text).toContain('errand_lines_dropped_total{reason="calm"} 3')
    expect(text).toContain('errand_records_spooled{output="main"} 4')
    expect(text).toContain('errand_spool_bytes 12')
    expect(text).toContain('errand_lines_joined_total 0')
  })
  it('has the series that are known from the start, as 0, so that their first increments have a rate', async () => {
    const answer = await (await serve()).get('/metrics')
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await answer.text()
    for (const series of [
      'records_delivered_total{output="main"}',
      'records_kept_total{source="java"}',
      'alarms_missed_total{source="java"}',
      'lines_dropped_total{reason="not_wanted"}',
      'bytes_lost_total{reason="truncated before it was read"}',
      'config_reloads_total{result="refused"}',
      'patterns_given_up_total{source="java",remapper="Till \\"2\\""}',
      'spool_records_lost_total{reason="full",output="main"}',
      'spool_records_lost_total{reason="damaged",output="more"}',
      'spool_records_lost_total{reason="removed",output="main"}',
    ]) {
      expect(text).toContain(`errand_${series} 0\n`)
    }
    const sample = /^\w+(\{\w+="(\\.|[^"\\])*"(,\w+="(\\.|[^"\\])*")*\})? [\d.e+-]+$/
    const lines = text.split('\n').filter((line) => line !== '')
    expect(lines.filter((line) => !sample.test(line) && !/^# (HELP|TYPE) \w+ /.test(line))).toEqual([])
    const named = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2])
    expect(new Set(named).size).toBe(named.length)
  })
  it('serves nothing else', async () => {
    const { get } = await serve()
    expect((await get('/etc/passwd')).status).toBe(404)
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405)
  })
  it('says what to do when its port is taken', async () => {
    const { port } = await serve()
    const second = new StatusServer({
      listen: `127.0.0.1:${port}`,
      place: PLACE,
      counters: new Counters(),
      health: () => ({ ready: true, gauges: {}, spooled: {}, sources: [], remappers: [] }),
    })
    await expect(second.start()).rejects.toThrow(
      `config.json:7:12  status.listen: 127.0.0.1:${port} cannot be had (EADDRINUSE). Choose another port`,
    )
  })
})
