/**
 * What a config keeps secret is in no output of the program: not in what check says of a config that is wrong, not in
 * the log of outputs that fail, not in metrics, and not in what is left on disk.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder, freePort, type Running, run, start, until, writeConfig } from './program.js'

const CANARY = 'k4n4rienvogel-7f3a9b2e'
const env = { ERRAND_TEST_CANARY: CANARY }

const input = { type: 'file', paths: ['./*.log'], source: 'java', service: 'shop', startAt: 'beginning' }
const http = {
  name: 'main',
  type: 'http',
  url: `http://user:${CANARY}@127.0.0.1:9/hooks/${CANARY}?token=${CANARY}`,
  headers: { Authorization: `Bearer ${CANARY}`, 'x-key': `\${ERRAND_TEST_CANARY}` },
}
const datadog = { name: 'dd', type: 'datadog', apiKey: CANARY }
const config = (output: object, more: object = {}) => ({
  stateDir: './state',
  inputs: [input],
  outputs: [output],
  ...more,
})

/** Texts in which the canary may be sent or shown. */
const SPELLINGS = [CANARY, Buffer.from(`user:${CANARY}`).toString('base64'), Buffer.from(CANARY).toString('base64')]

function expectNoCanary(texts: Readonly<Record<string, string>>): void {
  for (const [where, text] of Object.entries(texts))
    for (const spelling of SPELLINGS) expect(text.includes(spelling), `${where} holds a secret:\n${text}`).toBe(false)
}

function filesBelow(dir: string): Record<string, string> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'latin1')]),
  )
}

describe('a config that is wrong does not show its secrets', () => {
  for (const [name, text] of [
    ['a setting that is misspelt', config({ ...http, headers: undefined, headrs: http.headers })],
    ['headers that are a text', config({ ...http, headers: `Authorization: Bearer ${CANARY}` })],
    ['headers that are a list', config({ ...http, headers: [`Authorization: Bearer ${CANARY}`] })],
    ['a header that is a list', config({ ...http, headers: { Authorization: [`Bearer ${CANARY}`] } })],
    ['a header with a line end', config({ ...http, headers: { Authorization: `Bearer\n${CANARY}` } })],
    ['a header beside the others', config({ ...http, Authorization: `Bearer ${CANARY}` })],
    ['a URL of another protocol', config({ ...http, url: `ftp://user:${CANARY}@host/?token=${CANARY}` })],
    ['a URL without a protocol', config({ ...http, url: `user:${CANARY}@host/${CANARY}` })],
    ['a URL that is a list', config({ ...http, url: [http.url] })],
    ['a URL from the environment', config({ ...http, url: 'ftp://${ERRAND_TEST_CANARY}@host' })],
    ['a key that is an object', config({ ...datadog, apiKey: { key: CANARY } })],
    ['a key that is a list', config({ ...datadog, apiKey: [CANARY] })],
    ['a key of another output', config({ ...http, apiKey: CANARY })],
    ['a key that is misspelt', config({ ...datadog, apiKey: undefined, apikey: CANARY })],
    ['an output of no type', config({ ...http, type: 'htp' })],
    ['a proxy that is no URL', config({ ...http, proxy: `user:${CANARY}@proxy:3128` })],
    ['TLS that is a text', config({ ...http, tls: `-----BEGIN PRIVATE KEY-----\n${CANARY}` })],
    ['a key file that is a list', config({ ...http, tls: { key: [`-----BEGIN PRIVATE KEY-----\n${CANARY}`] } })],
    ['outputs that are a text', config(http, { outputs: http.url })],
    ['a variable that is not set', config({ ...http, headers: { a: `${CANARY} \${ERRAND_TEST_UNSET}` } })],
    ['a variable that is misspelt', config({ ...http, headers: { a: `\${ERRAND-TEST:${CANARY}}` } })],
    ['a variable in a place for numbers', config(http, { tail: { poll: '${ERRAND_TEST_CANARY}' } })],
    ['a text without its end', `{ outputs: [{ type: "http", headers: { Authorization: "Bearer ${CANARY}\n } }] }`],
    ['a value without quotes', `{ outputs: [{ type: "http", headers: { Authorization: ${CANARY} } }] }`],
    [
      'a comma that is missing',
      `{ outputs: [{ type: "http", url: "http://a:${CANARY}@b" headers: { a: "${CANARY}" } }] }`,
    ],
    ['a text behind the end', `{ outputs: [] } "${CANARY}"`],
  ] as const)
    it(name, async () => {
      const dir = await folder()
      await writeFile(join(dir, 'config.json'), typeof text === 'string' ? text : JSON.stringify(text, null, 2))
      for (const command of name === 'a header with a line end' ? ['check', 'run'] : ['check']) {
        const { code, stdout, stderr } = await run([command, '--config', 'config.json'], { cwd: dir, env })
        expect(code, stderr).toBe(1)
        expect(stderr).toMatch(/^config\.json/)
        expectNoCanary({ stdout, stderr })
      }
    })
})

describe('an output that fails does not show its secrets', () => {
  /** A server on a free port. */
  async function serve(answer: RequestListener): Promise<number> {
    const server = createServer(answer)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.closeAllConnections())
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }
  const urlAt = (port: number, protocol = 'http') =>
    `${protocol}://user:${CANARY}@127.0.0.1:${port}/hooks/${CANARY}?token=${CANARY}`

  /** Runs until the log tells of the fault, stops, and looks at all that was written. */
  async function expectHidden(output: object, told: RegExp, only?: (running: Running) => Promise<void>): Promise<void> {
    const dir = await folder()
    await mkdir(join(dir, 'logs'))
    await writeFile(join(dir, 'logs', 'app.log'), '2026-11-20 10:15:32,123 ERROR [main] shop.Cart: no price\n')
    const port = await freePort()
    const file = await writeConfig(dir, {
      inputs: [{ ...input, paths: [join(dir, 'logs', '*.log')] }],
      outputs: [output],
      status: { listen: `127.0.0.1:${port}` },
      log: { level: 'debug' },
      shutdown: { timeout: '100ms' },
    })
    const running = start(['run', '--config', file], { cwd: dir, env })
    await until(`the log to say ${told}`, () => told.test(running.stderr) || running.child.exitCode !== null)
    expect(running.stderr).toMatch(told)
    await only?.(running)
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const { stdout, stderr } = await running.stop()
    expectNoCanary({ stdout, stderr, metrics, ...filesBelow(join(dir, 'state')) })
  }

  it('when nobody listens', async () => expectHidden({ ...http, url: urlAt(await freePort()) }, /no answer from/))

  for (const [status, told] of [
    [401, /answers|401/],
    [400, /refused/],
    [500, /500/],
  ] as const)
    it(`when the backend answers ${status} and repeats what it was sent`, async () => {
      const port = await serve((request, response) => {
        const said = `${request.method} ${request.url} ${decodeURIComponent(request.url ?? '')} ${JSON.stringify(request.headers)}`
        response.writeHead(status, { 'x-said': encodeURIComponent(said) }).end(said)
      })
      await expectHidden({ ...http, url: urlAt(port) }, told)
    })

  it('when the backend sends it elsewhere', async () => {
    const port = await serve((request, response) => {
      response.writeHead(302, { location: `http://user:${CANARY}@127.0.0.1:9${request.url}` }).end()
    })
    await expectHidden({ ...http, url: urlAt(port) }, /redirect/)
  })

  it('when what answers does not speak TLS', async () => {
    const port = await serve((_, response) => void response.end())
    await expectHidden({ ...http, url: urlAt(port, 'https') }, /TLS|no answer/)
  })

  it('when the key of the certificate is none', async () => {
    const tls = {
      key: `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`,
      cert: '-----BEGIN CERTIFICATE-----',
    }
    await expectHidden({ ...http, url: urlAt(await freePort(), 'https'), tls }, /main/)
  })

  it('when the file of the key is not there', async () =>
    expectHidden({ ...http, url: urlAt(9, 'https'), tls: { key: `./${CANARY}.pem`, cert: './none.pem' } }, /tls\./))

  it('when the proxy refuses, and repeats what it was sent', async () => {
    const port = await serve((request, response) => {
      response.writeHead(407).end(`${JSON.stringify(request.headers)} ${request.url}`)
    })
    const proxy = `http://user:${CANARY}@127.0.0.1:${port}`
    await expectHidden({ ...http, url: 'http://127.0.0.1:9/', proxy }, /407|proxy/)
  })

  it('when Datadog refuses the key, and repeats it', async () => {
    const port = await serve((request, response) => {
      response.writeHead(403).end(JSON.stringify(request.headers))
    })
    await expectHidden({ ...datadog, url: `http://127.0.0.1:${port}` }, /403/)
  })
})
