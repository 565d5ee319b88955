/**
 * What a config keeps secret is in no output of the program: not in what check says of a config that is wrong, not in
 * the log of outputs that fail, not in what a crash leaves behind, not in metrics, and not in what is left on disk.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  deliveredAtLeast,
  folder,
  freePort,
  MAIN,
  python,
  type Running,
  run,
  start,
  until,
  writeConfig,
} from './program.js'

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

describe('a crash does not show secrets', () => {
  /** Throws in the built program, as what nobody foresaw would: at a signal, or when something is written. */
  const hook = (how: string) => `
    const canary = process.env.ERRAND_TEST_CANARY
    const header = { authorization: 'Bearer ' + canary }
    const request = Object.assign(new Error('sent Bearer ' + canary), { request: { headers: header }, [canary]: 1 })
    const cause = new AggregateError([request, { headers: header }, canary], 'to http://user:' + canary + '@127.0.0.1:9/')
    const error = Object.assign(new TypeError('no answer for ' + canary + ' (' + btoa('user:' + canary) + ')', { cause }), header)
    ${how}`
  const atSignal = (how: string) => hook(`process.on('SIGUSR2', () => setTimeout(() => { ${how} }, 1))`)
  // The last step of every run of this command is to write.
  const atWrite = hook('process.stdout.write = () => { throw error }')

  async function configWith(dir: string): Promise<string> {
    await writeFile(join(dir, 'app.log'), python.error('order 1'))
    const outputs = [
      { name: 'disk', type: 'file', path: './errors.ndjson', batch: { maxAge: '50ms' } },
      { ...http, headers: { Authorization: `Bearer \${ERRAND_TEST_CANARY}` } },
    ]
    const inputs = [{ ...input, paths: ['./app.log'], source: 'python' }]
    return writeConfig(dir, { inputs, outputs, log: { level: 'debug' } })
  }
  const starting = async (dir: string, text: string) => {
    await writeFile(join(dir, 'hook.mjs'), text)
    return [process.execPath, '--import', pathToFileURL(join(dir, 'hook.mjs')).href, MAIN] as const
  }

  for (const [name, how] of [
    ['an error that nobody catches', 'throw error'],
    ['a promise that is rejected', 'Promise.reject(error)'],
  ] as const)
    it(`${name}: one line of the log says what and where, and the next run goes on as after a kill`, async () => {
      const dir = await folder()
      const config = await configWith(dir)
      const running = start(['run', '--config', config], { cwd: dir, env, command: await starting(dir, atSignal(how)) })
      await deliveredAtLeast(join(dir, 'errors.ndjson'), 1)
      running.child.kill('SIGUSR2')
      const { code, signal, stdout, stderr } = await running.ended
      expect({ code, signal }).toEqual({ code: 70, signal: null })
      const fatal = stderr.split('\n').filter((line) => line.includes('"level":60'))
      expect(fatal).toHaveLength(1)
      const { err, msg } = JSON.parse(fatal[0] ?? '')
      expect(msg).toMatch(/^errand failed and ends: TypeError: no answer for \[secret\] .+Please report this line\.$/)
      expect(err).toMatchObject({ type: 'TypeError', message: expect.stringMatching(/^no answer for \[secret\] /) })
      expect(err.stack).toMatch(/caused by AggregateError: .+\n(?:.+\n)*\s+one of its errors: Error: sent \[secret\]/)
      expect(err.stack).toContain('hook.mjs')
      // Nothing but lines of the log: no excerpt of the source, no error printed by Node.js.
      for (const line of stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg')
      expectNoCanary({ stdout, stderr, ...filesBelow(join(dir, 'state')) })
      expect(JSON.parse(readFileSync(join(dir, 'state', 'errand.lock'), 'utf8')).pid).toBe(running.child.pid)
      await writeFile(join(dir, 'app.log'), python.error('order 2'), { flag: 'a' })
      const again = start(['run', '--config', config], { cwd: dir, env })
      await until('the second record', async () =>
        (await readFile(join(dir, 'errors.ndjson'), 'utf8')).includes('order 2'),
      )
      await again.stop('SIGKILL')
    })

  it('of a command without a log, on standard error', async () => {
    const dir = await folder()
    const config = await configWith(dir)
    const command = await starting(dir, atWrite)
    const { code, stdout, stderr } = await run(['check', '--config', config], { cwd: dir, env, command })
    expect(code).toBe(70)
    expect(stderr).toMatch(/^errand failed and ends: TypeError: no answer for \[secret\] /m)
    expect(stderr).toMatch(/\n {4}at .+hook\.mjs:\d+/)
    expectNoCanary({ stdout, stderr })
  })

  it('before a config was read: its message is left out', async () => {
    const dir = await folder()
    const { code, stdout, stderr } = await run(['--version'], { env, command: await starting(dir, atWrite) })
    expect({ code, stdout }).toEqual({ code: 70, stdout: '' })
    expect(stderr).toMatch(/^errand failed and ends: TypeError: \(left out: .+\)\n {4}at /)
    expectNoCanary({ stderr })
  })

  it('when nobody reads what is told: it ends all the same', async () => {
    const dir = await folder()
    const config = await configWith(dir)
    const running = start(['run', '--config', config], {
      cwd: dir,
      env,
      command: await starting(dir, atSignal('throw error')),
    })
    await deliveredAtLeast(join(dir, 'errors.ndjson'), 1)
    running.child.stdout?.destroy()
    running.child.stderr?.destroy()
    running.child.kill('SIGUSR2')
    expect(await running.ended).toMatchObject({ code: 70, signal: null })
  })
})
