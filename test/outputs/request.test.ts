import { readFileSync } from 'node:fs'
import { createServer, request as forward } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { http } from '../../src/outputs/http.js'
import type { Delivery } from '../../src/outputs/output.js'
import { Backend } from './backend.js'
import { batchOf, never, openWith, record } from './contract.js'

const certFile = fileURLToPath(new URL('tls/localhost.crt', import.meta.url))
const cert = readFileSync(certFile, 'utf8')
const key = readFileSync(new URL('tls/localhost.key', import.meta.url), 'utf8')

async function sendOnce(settings: Record<string, unknown>): Promise<Delivery> {
  const output = openWith(http, settings)
  try {
    return await output.send(batchOf([record(1)]), never())
  } finally {
    await output.close()
  }
}

describe('TLS', () => {
  let backend: Backend
  let url: string
  beforeEach(async () => {
    backend = await Backend.listen({ cert, key })
    url = backend.url.replace('127.0.0.1', 'localhost')
  })
  afterEach(() => backend.close())

  it('holds when the certificate is not trusted', async () => {
    const delivery = await sendOnce({ url })
    expect(delivery).toMatchObject({ outcome: 'hold', reason: expect.stringContaining('SELF_SIGNED') })
    expect(delivery).toMatchObject({ mend: 'Check the certificate of the host, and outputs.main.tls.' })
    expect(backend.received).toEqual([])
  })

  it('holds when the certificate is for another name', async () => {
    const delivery = await sendOnce({ url: backend.url, tls: { ca: cert } })
    expect(delivery).toMatchObject({ outcome: 'hold', reason: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') })
  })

  for (const [name, tls] of [
    ['an authority from a file', { ca: certFile }],
    ['an authority as text', { ca: cert }],
    ['a client certificate', { ca: cert, cert, key }],
    ['verification turned off', { rejectUnauthorized: false }],
  ] as const) {
    it(`delivers with ${name}`, async () => {
      expect(await sendOnce({ url, tls })).toEqual({ outcome: 'delivered' })
    })
  }

  it('delivers to an address when told the name to verify', async () => {
    expect(await sendOnce({ url: backend.url, tls: { ca: cert, serverName: 'localhost' } })).toEqual({
      outcome: 'delivered',
    })
  })

  it('holds when a file of the settings is missing', async () => {
    expect(await sendOnce({ url, tls: { ca: '/nowhere/ca.pem' } })).toEqual({
      outcome: 'hold',
      reason: 'the file of tls.ca cannot be read (ENOENT)',
      mend: 'Check outputs.main.tls.ca.',
    })
  })

  it('holds when the other side does not speak it', async () => {
    const plain = await Backend.listen()
    expect(await sendOnce({ url: plain.url.replace('http:', 'https:') })).toMatchObject({ outcome: 'hold' })
    await plain.close()
  })
})

describe('a proxy', () => {
  /** What the proxy was asked for: `CONNECT host:port`, `POST http://…`. */
  let asked: string[]
  let refuse: number | undefined
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (refuse !== undefined) return void response.writeHead(refuse).end()
    const { method, headers } = request
    const onward = forward(request.url ?? '', { method: method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.headers['proxy-authorization'] ?? 'without authorization'}`)
    if (refuse !== undefined) return void socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`)
    const onward = connect(Number(request.url?.split(':')[1]), 'localhost', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket)
      socket.pipe(onward)
    })
    for (const end of [socket, onward]) end.on('error', () => {})
  })
  let proxy: string
  beforeEach(async () => {
    asked = []
    refuse = undefined
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  it('is asked for the whole URL of a plain backend', async () => {
    const backend = await Backend.listen()
    expect(await sendOnce({ url: backend.url, proxy })).toEqual({ outcome: 'delivered' })
    expect(asked).toEqual([`POST ${backend.url}`])
    expect(backend.received).toHaveLength(1)
    await backend.close()
  })

  it('is tunnelled through to a backend with TLS, whose certificate is verified', async () => {
    const backend = await Backend.listen({ cert, key })
    const url = backend.url.replace('127.0.0.1', 'localhost')
    const withUser = proxy.replace('//', '//ana:open-sesame@')
    expect(await sendOnce({ url, proxy: withUser, tls: { ca: cert } })).toEqual({ outcome: 'delivered' })
    expect(await sendOnce({ url, proxy })).toMatchObject({
      outcome: 'hold',
      reason: expect.stringContaining('SELF_SIGNED'),
    })
    expect(asked).toEqual([
      `CONNECT Basic ${Buffer.from('ana:open-sesame').toString('base64')}`,
      'CONNECT without authorization',
    ])
    await backend.close()
  })

  for (const [status, outcome] of [
    [407, 'hold'],
    [403, 'hold'],
    [502, 'retry'],
  ] as const) {
    it(`that answers ${status} to a tunnel: ${outcome}`, async () => {
      refuse = status
      const delivery = await sendOnce({ url: 'https://localhost:1/', proxy })
      expect(delivery).toMatchObject({ outcome, reason: `the proxy answers ${status}` })
    })
  }

  it('that asks for authorization is held on plain requests too', async () => {
    refuse = 407
    expect((await sendOnce({ url: 'http://localhost:1/', proxy })).outcome).toBe('hold')
  })

  it('that is away is retried', async () => {
    expect((await sendOnce({ url: 'http://localhost:1/', proxy: 'http://127.0.0.1:1' })).outcome).toBe('retry')
  })
})
