/** One output that is dead or slow beside one that works, with the built program: who gets what, and what the log says. */
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Backend } from './backend.js'
import { folder, freePort, metric, python, type Running, start, until, writeConfig } from './program.js'

const batch = { maxAge: '50ms', maxRecords: 100 }

interface Rig {
  readonly agent: Running
  /** Writes that many errors, and gives how many were written so far. */
  write(count: number): Promise<number>
  metrics(): Promise<string>
  /** kept = delivered + refused + spooled + lost, for each output. */
  expectBalance(): Promise<void>
}

async function rig(outputs: Readonly<Record<string, Backend>>, spool: object): Promise<Rig> {
  const dir = await folder()
  const port = await freePort()
  const log = join(dir, 'app.log')
  await writeFile(log, '')
  const config = await writeConfig(dir, {
    inputs: [{ type: 'file', paths: ['./app.log'], source: 'python', service: 'shop', startAt: 'beginning' }],
    outputs: Object.entries(outputs).map(([name, { url }]) => ({ name, type: 'http', url, batch })),
    spool: { maxBytes: '1MiB', segmentBytes: '64KiB', ...spool },
    status: { listen: `127.0.0.1:${port}` },
    shutdown: { timeout: '200ms' },
  })
  const agent = start(['run', '--config', config])
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  await until('the agent', () => metrics().catch(() => undefined))
  let written = 0
  return {
    agent,
    metrics,
    async write(count) {
      let text = ''
      for (let i = 0; i < count; i++) text += python.error(`order ${written++} ${'x'.repeat(500)}`)
      await appendFile(log, text)
      return written
    },
    async expectBalance() {
      const text = await metrics()
      const kept = metric(text, 'records_kept_total')
      for (const output of Object.keys(outputs)) {
        const parts = [
          'records_delivered_total',
          'records_refused_total',
          'records_spooled',
          'spool_records_lost_total',
        ]
        const sum = parts.reduce((total, name) => total + metric(text, name, { output }), 0)
        expect(sum, output).toBe(kept)
      }
    },
  }
}

describe('an output that hangs', () => {
  it('stops nobody before the spool is full, is named when it is, and gets everything when it is back', async () => {
    const live = await Backend.start()
    const dead = await Backend.start({ isHanging: true })
    const { agent, write, metrics, expectBalance } = await rig({ live, dead }, { whenFull: 'wait' })
    const early = await write(200)
    await until('the records at the live output', () => live.distinct === early)
    await until('quiet books', async () => metric(await metrics(), 'records_spooled', { output: 'live' }) === 0)
    await expectBalance()
    expect(agent.stderr).not.toContain('the spool is full')
    const all = await write(1200)
    await until('the log to name who holds the space', () =>
      /spool is full .+Output \\?"dead\\?" \(http\) holds/.test(agent.stderr),
    )
    expect(live.distinct).toBeLessThan(all)
    expect(agent.stderr.match(/spool is full/g)).toHaveLength(1)
    dead.comeBack()
    await until('all records at both', () => live.distinct === all && dead.distinct === all, 90_000)
    await until('quiet books', async () => metric(await metrics(), 'records_spooled') === 0)
    await expectBalance()
    expect(metric(await metrics(), 'spool_records_lost_total')).toBe(0)
    expect((await agent.stop()).code).toBe(0)
  })

  it('loses the oldest where that was asked for, while the other gets everything; its loss is counted and told', async () => {
    const live = await Backend.start()
    const dead = await Backend.start({ isHanging: true })
    const { agent, write, metrics, expectBalance } = await rig({ live, dead }, { whenFull: 'dropOldest' })
    let written = 0
    for (let i = 0; i < 8; i++) {
      written = await write(200)
      await until(`${written} records at the live output`, () => live.distinct === written)
    }
    await until('the loss to be counted', async () => {
      return metric(await metrics(), 'spool_records_lost_total', { output: 'dead', reason: 'full' }) > 200
    })
    await until('the loss to be told', () =>
      /output \\?"dead\\?" \(http\): \d+ records? (was|were) dropped undelivered/.test(agent.stderr),
    )
    expect(agent.stderr.match(/dropped undelivered/g)).toHaveLength(1)
    await expectBalance()
    dead.comeBack()
    await until('the rest at the output that is back', async () => {
      return metric(await metrics(), 'records_spooled', { output: 'dead' }) === 0
    })
    const text = await metrics()
    const lost = metric(text, 'spool_records_lost_total', { output: 'dead' })
    expect(dead.distinct + lost).toBe(written)
    expect(dead.ids.at(-1)).toBe(live.ids.at(-1))
    expect(metric(text, 'spool_records_lost_total', { output: 'live' })).toBe(0)
    await expectBalance()
    expect((await agent.stop()).code).toBe(0)
  })
})

describe('an output that takes two seconds for each answer', () => {
  it('gets everything, once, while reading waits for it', async () => {
    const slow = await Backend.start({ delayMs: 2000 })
    const { agent, write, expectBalance } = await rig({ slow }, { whenFull: 'wait' })
    const all = await write(1000)
    await until('a full spool', () => agent.stderr.includes('the spool is full'))
    await until('all records', () => slow.ids.length >= all, 90_000)
    expect([slow.ids.length, slow.distinct]).toEqual([all, all])
    await expectBalance()
    expect((await agent.stop()).code).toBe(0)
  })
})
