/** The Datadog output against an intake with every kind of answer: each record is delivered or refused with its reason. */
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exists, folder, java, python, run, writeConfig } from './program.js'

/** One log as the intake reads it. */
interface Log {
  readonly [key: string]: unknown
  readonly message: string
}

interface Request {
  readonly headers: IncomingMessage['headers']
  readonly at: number
  readonly logs: readonly Log[]
  readonly status: number
}

type Answer = { readonly status: number; readonly text?: string; readonly headers?: Record<string, string> }

describe('the output datadog', () => {
  it('brings every record through refusals, limits and outages', async () => {
    const dir = await folder()
    const marks = Array.from({ length: 90 }, (_, i) => (i === 41 ? `mark ${i} POISON` : `mark ${i}`))
    await writeFile(join(dir, 'app.log'), marks.map((mark) => python.info('on') + now(python.error(mark))).join(''))
    const requests = await intake((logs, before) => {
      // The requests that are in flight at once fare alike; after a fault there is one probe at a time.
      const [first] = before
      if (first === undefined || Date.now() - first.at < 2000) return { status: 500, text: 'oops' }
      const last = before.at(-1)?.status
      if (last === 500) return { status: 429, headers: { 'retry-after': '3' } }
      if (last === 429) return { status: 403, text: '{"errors":["Forbidden"]}' }
      if (logs.length > 10) return { status: 413, text: 'Payload too large' }
      if (logs.some(({ message }) => message.includes('POISON'))) {
        return { status: 400, text: '{"errors":[{"detail":"Invalid log"}]}' }
      }
      return { status: 202, text: '{}' }
    })
    const config = await writeConfig(dir, {
      env: 'test',
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'python', service: 'shop', version: '1.2' }],
      outputs: [
        {
          name: 'main',
          type: 'datadog',
          url: requests.url,
          apiKey: '${KEY}',
          batch: { maxRecords: 30, maxAge: '50ms' },
        },
      ],
    })
    const { code, stderr } = await run(['run', '--config', config, '--once'], { env: { KEY: 'k3y-0f-the-shop' } })
    expect(code, stderr).toBe(0)

    const stored = requests.all.filter(({ status }) => status === 202).flatMap(({ logs }) => logs)
    expect(stored.map(({ message }) => message).sort()).toEqual(marks.filter((mark) => !mark.includes('POISON')).sort())
    const refused = (await readFile(join(dir, 'state', 'refused', 'main.ndjson'), 'utf8')).trim().split('\n')
    expect(refused.map((line) => JSON.parse(line))).toEqual([
      {
        reason: '400 "{\\"errors\\":[{\\"detail\\":\\"Invalid log\\"}]}"',
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        record: expect.objectContaining({ message: 'mark 41 POISON', service: 'shop' }),
      },
    ])

    // A wrong key is told once, with what to do; the data waits. Throttling is obeyed. The key is never printed.
    expect(stderr).toMatch(
      /output \\"main\\" \(datadog\): 403 .*nothing is lost, .* wait in the spool\. Check outputs\.main\.apiKey/,
    )
    expect(stderr.match(/403/g)).toHaveLength(1)
    const throttled = requests.all.findIndex(({ status }) => status === 429)
    expect((requests.all[throttled + 1]?.at ?? 0) - (requests.all[throttled]?.at ?? 0)).toBeGreaterThanOrEqual(2950)
    expect(stderr).not.toContain('k3y-0f-the-shop')
    expect(requests.all.map(({ status }) => status)).toEqual(expect.arrayContaining([403, 500, 429, 413, 400, 202]))
    for (const { headers } of requests.all) {
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'dd-api-key': 'k3y-0f-the-shop',
      })
    }
  })

  it('sends what Error Tracking reads', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), now(java.error('could not place order')))
    const requests = await intake(() => ({ status: 202 }))
    const config = await writeConfig(dir, {
      env: 'test',
      host: 'web-1',
      tags: { team: 'shop' },
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'java', service: 'shop', version: '1.2' }],
      outputs: [{ name: 'main', type: 'datadog', url: requests.url, apiKey: 'k3y' }],
    })
    const { code, stderr } = await run(['run', '--config', config, '--once'])
    expect(code, stderr).toBe(0)
    const logs = requests.all.flatMap((request) => request.logs)
    expect(logs).toEqual([
      {
        ddsource: 'java',
        ddtags: 'env:test,version:1.2,team:shop',
        hostname: 'web-1',
        service: 'shop',
        message: 'could not place order',
        status: 'error',
        timestamp: expect.any(Number),
        error: {
          kind: 'java.lang.IllegalStateException',
          message: 'order is closed',
          stack: java.error('').split('\n').slice(1, -1).join('\n'),
          pre_fingerprint: expect.stringMatching(/^fp1:[0-9a-f]{24}$/),
          fingerprint: expect.stringMatching(/^fp1:[0-9a-f]{24}$/),
          handled: true,
        },
        logger: { name: 'com.acme.shop.Orders', thread_name: 'main' },
        log: { file: { path: join(dir, 'app.log'), offset: 0 } },
        errand: { id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      },
    ])
    expect(Math.abs(Number(logs[0]?.timestamp) - Date.now())).toBeLessThan(3600e3)
    // Nothing is amiss, so nothing is said above info.
    expect(stderr).not.toMatch(/"level":(?:40|50)/)
    expect(await exists(join(dir, 'state', 'refused'))).toBe(false)
  })
})

/** The entry with the time of now: Datadog drops what is older than 18 hours. */
function now(entry: string): string {
  const time = new Date().toISOString().replace('T', ' ')
  return entry.replace(
    /^2026-11-20 10:15:32([,.])\d{3}/,
    (_, comma: string) => time.slice(0, 19) + comma + time.slice(20, 23),
  )
}

/** An intake that notes every request and answers as told. */
async function intake(
  answer: (logs: readonly Log[], before: readonly Request[]) => Answer | undefined,
): Promise<{ url: string; all: readonly Request[] }> {
  const all: Request[] = []
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const logs = JSON.parse(gunzipSync(Buffer.concat(pieces)).toString('utf8')) as Log[]
    const { status, text = '', headers = {} } = answer(logs, all) ?? { status: 202 }
    all.push({ headers: request.headers, at: Date.now(), logs, status })
    response.writeHead(status, headers).end(text)
  }
  const server = createServer((request, response) => void take(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2/logs`, all }
}
