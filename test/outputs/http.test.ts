import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../src/config/load.js'
import type { ErrorRecord } from '../../src/core/shapes.js'
import { http, idempotencyKey } from '../../src/outputs/http.js'
import type { Delivery } from '../../src/outputs/output.js'
import { Backend } from './backend.js'
import { batchOf, httpContract, never, openWith, outputContract, record } from './contract.js'

outputContract(http, async () => {
  const backend = await Backend.listen()
  const lines = () => backend.received.flatMap(({ body }) => body.split('\n').slice(0, -1))
  return {
    output: openWith(http, { url: backend.url }),
    arrived: async () => lines(),
    close: () => backend.close(),
  }
})

httpContract(http, (url) => ({ url }))

type Send = (records: readonly ErrorRecord[]) => Promise<Delivery>

async function withBackend(settings: Record<string, unknown>, use: (backend: Backend, send: Send) => Promise<void>) {
  const backend = await Backend.listen()
  const output = openWith(http, { url: backend.url, ...settings })
  try {
    await use(backend, (records) => output.send(batchOf(records), never()))
  } finally {
    await output.close()
    await backend.close()
  }
}

describe('a request of the http output', () => {
  it('is a POST of NDJSON with an idempotency key, to the whole URL', async () => {
    await withBackend({}, async (backend, send) => {
      await send([record(1), record(2)])
      const [got] = backend.received
      expect([got?.method, got?.path]).toEqual(['POST', '/in?team=shop'])
      expect(got?.headers).toMatchObject({
        'content-type': 'application/x-ndjson',
        'idempotency-key': idempotencyKey(batchOf([record(1), record(2)])),
        'user-agent': 'errand',
      })
      expect(got?.headers['content-encoding']).toBeUndefined()
      expect(got?.body).toBe(`${JSON.stringify(record(1))}\n${JSON.stringify(record(2))}\n`)
    })
  })

  it('can be a PUT of one JSON array, with headers of the user, who has the last word', async () => {
    const headers = { 'Content-Type': 'application/vnd.x+json', authorization: 'Bearer abc\n' }
    await withBackend({ method: 'PUT', body: 'json', headers }, async (backend, send) => {
      await send([record(1), record(2)])
      const [got] = backend.received
      expect(got?.method).toBe('PUT')
      expect(got?.headers).toMatchObject({ 'content-type': 'application/vnd.x+json', authorization: 'Bearer abc' })
      expect(JSON.parse(got?.body ?? '')).toEqual([record(1), record(2)])
    })
  })

  it('turns user and password of the URL into basic authentication, and out of the URL', async () => {
    const backend = await Backend.listen()
    const output = openWith(http, { url: backend.url.replace('//', '//an%40na:open%20sesame@') })
    backend.answer(500, {}, 'no: an@na:open sesame')
    const delivery = await output.send(batchOf([record(1)]), never())
    const expected = `Basic ${Buffer.from('an@na:open sesame').toString('base64')}`
    expect(backend.received[0]?.headers.authorization).toBe(expected)
    expect(delivery).toEqual({ outcome: 'retry', reason: '500 "no: an@na:[secret]"' })
    await output.close()
    await backend.close()
  })

  it('never shows the value of a header, even when the backend quotes it', async () => {
    await withBackend({ headers: { authorization: 'Bearer open-sesame' } }, async (backend, send) => {
      backend.answer(401, {}, 'unknown token open-sesame')
      expect(await send([record(1)])).toEqual({
        outcome: 'hold',
        reason: '401 "unknown token [secret]"',
        mend: 'Check outputs.main.url and outputs.main.headers.',
      })
    })
  })

  it('says where a redirect leads, and does not follow it', async () => {
    await withBackend({}, async (backend, send) => {
      backend.answer(302, { location: 'https://login.example.com/?token=abc' })
      expect(await send([record(1)])).toMatchObject({
        outcome: 'hold',
        reason: '302, a redirect to https://login.example.com, which is not followed',
      })
      expect(backend.received).toHaveLength(1)
    })
  })
})

describe('the settings of the http output', () => {
  for (const [settings, problem] of [
    [{ url: 'ftp://x' }, 'outputs[0].url is not an http or https URL. Write it as "https://host/path".'],
    [{ url: 5 }, 'outputs[0].url is 5, expected a string. Put it in quotes: "5".'],
    [{}, 'outputs[0].url is missing. Add it: a string.'],
    [
      { url: 'http://x', headers: { 'a b': 'x' } },
      'outputs[0].headers has the key "a b", which does not fit. It is not the name of a header. Use letters, digits and hyphens.',
    ],
    [
      { url: 'http://x', headers: { a: 'open\nsesame' } },
      'outputs[0].headers.a does not have the form that is expected here. Remove it: no header may have one.',
    ],
    [
      { url: 'http://x', proxy: 'proxy:3128' },
      'outputs[0].proxy is not the URL of a proxy. Write "http://host:port", or "" for none.',
    ],
    [
      { url: 'http://x', tls: { verify: false } },
      'outputs[0].tls.verify is not a setting. Its settings are ca, cert, key, serverName and rejectUnauthorized.',
    ],
  ] as const) {
    it(`${JSON.stringify(settings)} has a problem`, () => {
      const schema = z.strictObject({ outputs: z.array(http.settings) })
      const { problems } = readConfig(JSON.stringify({ outputs: [settings] }), 'c', schema, {})
      expect(problems.map(({ what, mend }) => `${what} ${mend}`)).toEqual([problem])
    })
  }
})

describe('the idempotency key', () => {
  it('is the same for the same records, and another for others or another order', () => {
    const [a, b] = [record(1), record(2)]
    const keys = [[a, b], [a, b], [b, a], [a], [b]].map((records) => idempotencyKey(batchOf(records)))
    expect(keys[0]).toBe(keys[1])
    expect(new Set(keys).size).toBe(4)
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
  })
})
