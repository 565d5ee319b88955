import { afterEach, describe, expect, it } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { StatusServer } from '../../src/status/server.js'

const servers: StatusServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function serve(ready = true) {
  const counters = new Counters()
  counters.add('lines_read_total', 7)
  counters.add('lines_dropped_total', 3, { reason: 'calm' })
  counters.add('lines_dropped_total', 2, { reason: 'below_error' })
  const health = () => ({ ready, gauges: { spool_bytes: 12 }, spooled: { main: 4 } })
  const server = new StatusServer({ listen: '127.0.0.1:0', counters, health })
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
    expect(text).toContain('errand_alarms_missed_total 0')
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
      counters: new Counters(),
      health: () => ({ ready: true, gauges: {}, spooled: {} }),
    })
    await expect(second.start()).rejects.toThrow(`127.0.0.1:${port} cannot be had (EADDRINUSE). Choose another port`)
  })
})
