import { describe, expect, it, vi } from 'vitest'
import { ManualClock } from '../../src/core/clock.js'
import { silentLog } from '../../src/core/log.js'
import type { ErrorRecord } from '../../src/core/shapes.js'
import { datadog } from '../../src/outputs/datadog.js'
import { Backend } from './backend.js'
import { batchOf, httpContract, NOW, never, openWith, outputContract, record } from './contract.js'

const apiKey = 'open-sesame'

outputContract(
  datadog,
  async () => {
    const backend = await Backend.listen()
    backend.answer(202, {}, '{}')
    const logs = () =>
      backend.received.flatMap(({ body }) => JSON.parse(body) as { errand: { id: string }; message: string }[])
    return {
      output: openWith(datadog, { apiKey, url: backend.url }),
      arrived: async () => logs().map(({ errand, message }) => `${errand.id} ${message}`),
      close: () => backend.close(),
    }
  },
  ({ id, message }) => `${id} ${message}`,
)

httpContract(datadog, (url) => ({ apiKey, url }))

/** What the backend gets for these records. */
async function received(records: readonly ErrorRecord[], settings: Record<string, unknown> = {}) {
  const backend = await Backend.listen()
  backend.answer(202)
  const output = openWith(datadog, { apiKey, url: backend.url, ...settings })
  const delivery = await output.send(batchOf(records), never())
  await output.close()
  await backend.close()
  return { delivery, requests: backend.received }
}

describe('a request to the logs intake', () => {
  it('is a gzipped array of logs with the key in its header', async () => {
    const { requests } = await received([record(1), record(2)])
    expect(requests[0]?.headers).toMatchObject({
      'dd-api-key': apiKey,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    })
    expect(JSON.parse(requests[0]?.body ?? '')).toHaveLength(2)
  })

  it('whose key is refused is held, without showing the key', async () => {
    const backend = await Backend.listen()
    backend.answer(403, {}, `{"errors":["Forbidden ${apiKey}"]}`)
    const output = openWith(datadog, { apiKey: `${apiKey}\n`, url: backend.url })
    expect(await output.send(batchOf([record(1)]), never())).toEqual({
      outcome: 'hold',
      reason: '403 "{\\"errors\\":[\\"Forbidden [secret]\\"]}"',
      mend: 'Check outputs.main.apiKey and outputs.main.url.',
    })
    await output.close()
    await backend.close()
  })

  it('that would be over 5 MB is split before it is sent', async () => {
    const large = Array.from({ length: 8 }, (_, n) => record(n, { message: 'x'.repeat(700_000) }))
    const { delivery, requests } = await received(large)
    expect(delivery).toEqual({ outcome: 'split', reason: 'more than 5000000 bytes as Datadog logs' })
    expect(requests).toEqual([])
  })

  it('with records that Datadog will not keep warns once', async () => {
    const warn = vi.fn()
    const backend = await Backend.listen()
    const clock = new ManualClock(NOW)
    const output = openWith(datadog, { apiKey, url: backend.url }, { clock, log: { ...silentLog, warn } })
    await output.send(batchOf([record(1)]), never())
    expect(warn).not.toHaveBeenCalled()
    clock.advance(19 * 36e5)
    for (let n = 0; n < 2; n++) await output.send(batchOf([record(1), record(2)]), never())
    expect(warn.mock.calls).toEqual([
      ['output "main" (datadog) sends records older than 18 hours; Datadog answers 202 and does not keep them.'],
    ])
    await output.close()
    await backend.close()
  })

  it('goes to the site that was set', () => {
    expect(datadog.settings.safeParse({ apiKey, site: 'datadoghq.eu' }).success).toBe(true)
    expect(datadog.settings.safeParse({ apiKey, site: 'datadoghq.de' }).success).toBe(false)
    expect(datadog.limits).toEqual({ maxBytes: 4_000_000, maxRecords: 1000 })
  })
})
