/** How the agent stops: in order and in time, whatever it is in the middle of, and at once when it is told twice. */
import { writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Delivered, delivered, folder, MAIN, pause, python, run, start, until, writeConfig } from './program.js'

const INPUT = { type: 'file', paths: ['./app.log'], source: 'python', service: 'shop', startAt: 'beginning' }
const DISK = { name: 'disk', type: 'file', path: './errors.ndjson', batch: { maxAge: '20ms' } }

/** A backend that keeps what it is sent, and answers when the test says so. */
class Backend {
  readonly records: Delivered[] = []
  readonly #open: ServerResponse[] = []
  #answers = false

  static async listen(): Promise<[Backend, string]> {
    const backend = new Backend()
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request.setEncoding('utf8')) body += piece
      backend.records.push(
        ...body
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Delivered),
      )
      backend.#open.push(response)
      if (backend.#answers) backend.answer()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return [backend, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`]
  }

  /** Answers all that has come, and from now on. */
  answer(): void {
    this.#answers = true
    for (const response of this.#open.splice(0)) response.end()
  }
}

const errors = (count: number) => Array.from({ length: count }, (_, i) => python.error(`order ${i}`)).join('')

/** After a restart everything is delivered, each error under one id, and the books are even. */
async function finishes(config: string, wanted: number, records: () => readonly Delivered[] | Promise<Delivered[]>) {
  const { code, stderr } = await run(['run', '--config', config, '--once'])
  expect(code, stderr).toBe(0)
  const found = await records()
  expect(new Set(found.map(({ message }) => message)).size).toBe(wanted)
  expect(new Set(found.map(({ id }) => id)).size).toBe(wanted)
  const audit = await run(['audit', '--config', config])
  expect(audit.code, audit.stdout).toBe(0)
}

describe('a stop', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`by ${signal} waits for the answer to what is under way, which is not delivered again`, async () => {
      const dir = await folder()
      await writeFile(join(dir, 'app.log'), errors(5))
      const [backend, url] = await Backend.listen()
      const config = await writeConfig(dir, {
        inputs: [INPUT],
        outputs: [{ name: 'slow', type: 'http', url, batch: { maxAge: '20ms', maxRecords: 5 } }],
        shutdown: { timeout: '30s' },
      })
      const agent = start(['run', '--config', config])
      await until('a request', () => backend.records.length === 5)
      const ended = agent.stop(signal)
      await until('the stop to begin', () => agent.stderr.includes('stopping'))
      await pause(200)
      backend.answer()
      expect((await ended).code).toBe(0)
      await finishes(config, 5, () => backend.records)
      expect(backend.records).toHaveLength(5)
    })
  }

  for (const second of ['SIGTERM', 'SIGINT'] as const) {
    it(`is over at once with a second signal, ${second}, and loses nothing`, async () => {
      const dir = await folder()
      await writeFile(join(dir, 'app.log'), errors(5))
      const [backend, url] = await Backend.listen()
      const config = await writeConfig(dir, {
        inputs: [INPUT],
        outputs: [{ name: 'hangs', type: 'http', url, batch: { maxAge: '20ms' } }],
        shutdown: { timeout: '1h' },
      })
      const agent = start(['run', '--config', config])
      await until('a request', () => backend.records.length > 0)
      agent.child.kill('SIGTERM')
      await until('the stop to begin', () => agent.stderr.includes('stopping'))
      expect(await agent.stop(second)).toMatchObject({ code: null, signal: second })
      backend.answer()
      await finishes(config, 5, () => backend.records)
    })
  }

  it('does not wait for room in a full spool', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), errors(6000))
    const [backend, url] = await Backend.listen()
    const config = await writeConfig(dir, {
      inputs: [INPUT],
      outputs: [{ name: 'main', type: 'http', url, batch: { maxAge: '20ms' } }],
      spool: { maxBytes: '1MiB', segmentBytes: '256KiB' },
      shutdown: { timeout: '100ms' },
    })
    const agent = start(['run', '--config', config])
    await until('a full spool', async () => {
      const { stdout } = await run(['audit', '--config', config, '--json'])
      return /"waitingBytes": (\d{7})/.test(stdout)
    })
    expect((await agent.stop()).code).toBe(0)
    backend.answer()
    await finishes(config, 6000, () => backend.records)
  })

  // Windows has no limit for the size of files.
  it.skipIf(process.platform === 'win32')('does not wait for a disk that takes nothing', async () => {
    const dir = await folder()
    const large = (i: number) => python.error(`order ${i} ${'x'.repeat(200_000)}`)
    await writeFile(join(dir, 'app.log'), [errors(1), large(2), large(3)].join(''))
    const config = await writeConfig(dir, { inputs: [INPUT], outputs: [DISK], shutdown: { timeout: '100ms' } })
    // Files may have 64 KiB: the large records do not fit into any.
    const limited = ['sh', '-c', 'ulimit -f 128; exec "$0" "$@"', process.execPath, MAIN] as const
    const agent = start(['run', '--config', config], { command: [...limited] })
    await until('the fault to be told', () => agent.stderr.includes('the spool takes no records'))
    expect((await agent.stop()).code).toBe(0)
    expect(agent.stderr).toContain('They are read again after a restart')
    await finishes(config, 3, () => delivered(join(dir, 'errors.ndjson')))
  })
})
