/**
 * Everything at once: programs that write and rotate their logs hard, in every way that rotation is done; a backend that answers well, refuses, asks for
 * smaller requests, hangs, cuts answers off and goes away; and kill -9 of the agent at random moments. Then every error
 * that was written was delivered whole, and the same error always under the same id.
 *
 * `npm run chaos` does it for ten minutes; this is the short form. ERRAND_CHAOS_MS sets another length, ERRAND_CHAOS_SEED
 * repeats what was drawn (not the moments, which are the machine's).
 */
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, renameSync, truncateSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { random } from '../random.js'
import { type Delivered, delivered, folder, freePort, pause, run, start, until, writeConfig } from './program.js'

const LASTS_MS = Number(process.env.ERRAND_CHAOS_MS ?? 25_000)
const SEED = Number(process.env.ERRAND_CHAOS_SEED ?? Date.now() % 1e6)
/** Rotated files that a writer keeps: enough that none is deleted before it could be read. */
const KEPT = 400

it('delivers every error, whole and under one id, whatever happens', { timeout: LASTS_MS * 2 + 240_000 }, async () => {
  console.log(`chaos.test: seed ${SEED}, ${LASTS_MS} ms`)
  const next = random(SEED)
  const dir = await folder()
  const logs = join(dir, 'logs')
  mkdirSync(logs)
  const writers = [
    new Writer(join(logs, 'shop.log'), 'renamed', next),
    new Writer(join(logs, 'jobs.log'), 'copied and truncated', next),
    new Writer(join(logs, 'mail.log'), 'renamed', next),
  ]
  const backend = await Backend.listen(next)
  const config = await writeConfig(dir, {
    inputs: writers.map(({ name }) => ({
      type: 'file',
      paths: [`./logs/${name}.log`],
      source: 'python',
      service: name,
      startAt: 'beginning',
    })),
    outputs: [
      { name: 'main', type: 'http', url: backend.url, timeout: '2s', batch: { maxRecords: 50, maxAge: '50ms' } },
      { name: 'disk', type: 'file', path: './errors.ndjson', batch: { maxAge: '50ms' } },
    ],
    spool: { maxBytes: '4MiB', segmentBytes: '512KiB' },
    // The writers live in this process, which a busy machine may stop for longer than the usual patience of tests.
    group: { idle: '3s' },
  })

  const writing = writers.map((writer) => writer.write())
  // What was rotated away before anybody knew of the file is nobody's: rotation begins when each log was seen once.
  const first = start(['run', '--config', config])
  await until('a record of each log', () =>
    writers.every(({ name }) => backend.records.some((one) => one.service === name)),
  )
  await first.stop('SIGKILL')
  for (const writer of writers) writer.rotates = true
  const troubling = backend.trouble()

  const end = Date.now() + LASTS_MS
  let kills = 0
  const rotations = () => writers.reduce((sum, writer) => sum + writer.rotations, 0)
  // A busy machine gets through less in the same time; it goes on until enough has happened, within reason.
  const isEnough = () =>
    kills > LASTS_MS / 12_000 && rotations() > LASTS_MS / 3000 && backend.faults.size > 2 && Date.now() >= end
  while (!isEnough() && Date.now() < end + 120_000) {
    const agent = start(['run', '--config', config])
    // Some lives end before the first look at a file, others after many rotations.
    await Promise.race([agent.ended, pause(100 + next() ** 2 * 8000)])
    expect(agent.child.exitCode, agent.stderr).toBe(null)
    await agent.stop('SIGKILL')
    kills++
  }
  for (const writer of writers) writer.stop()
  await Promise.all(writing)
  await backend.behaveWell()
  await troubling
  const { code, stderr } = await run(['run', '--config', config, '--once'])
  expect(code, stderr).toBe(0)

  const written = writers.flatMap((writer) => writer.errors)
  console.log(
    `chaos.test: ${kills} kills, ${rotations()} rotations, ${written.length} errors, ${backend.records.length} records ` +
      `received, faults: ${[...backend.faults].map(([what, count]) => `${what} ${count}`).join(', ')}`,
  )
  for (const [output, records] of [
    ['http', backend.records],
    ['file', await delivered(join(dir, 'errors.ndjson'))],
  ] as const) {
    const ids = new Map<string, Set<string>>()
    const torn: string[] = []
    for (const record of records) {
      const mark = /mark-\w+-\d+/.exec(record.message ?? '')?.[0] ?? JSON.stringify(record)
      ids.set(mark, (ids.get(mark) ?? new Set()).add(record.id))
      const frames = (record.error.stack?.match(/^ {2}File /gm) ?? []).length
      if (record.error.kind !== 'KeyError' || frames !== framesOf(mark)) torn.push(mark)
    }
    expect(
      written.filter((mark) => !ids.has(mark)),
      `errors that ${output} never got`,
    ).toEqual([])
    expect(torn, `errors that ${output} got in parts`).toEqual([])
    expect(
      [...ids].filter(([, of]) => of.size > 1),
      `errors under several ids in ${output}`,
    ).toEqual([])
    expect(ids.size, `what ${output} got besides`).toBe(written.length)
  }
  expect(written.length).toBeGreaterThan(LASTS_MS / 50)
  expect(kills).toBeGreaterThan(LASTS_MS / 12_000)
  expect(rotations()).toBeGreaterThan(LASTS_MS / 3000)
  expect(backend.faults.size).toBeGreaterThan(2)
})

/** How deep the stack of an error is, so that one that arrives cut shows. */
function framesOf(mark: string): number {
  return 2 + (Number(/\d+$/.exec(mark)?.[0]) % 7)
}

/** A program that writes a log, in pieces that end anywhere, and rotates it. */
class Writer {
  readonly errors: string[] = []
  rotates = false
  rotations = 0
  readonly name: string
  readonly #path: string
  readonly #way: 'renamed' | 'copied and truncated'
  readonly #next: () => number
  #stopped = false

  constructor(path: string, way: 'renamed' | 'copied and truncated', next: () => number) {
    this.name = /(\w+)\.log$/.exec(path)?.[1] ?? path
    this.#path = path
    this.#way = way
    this.#next = next
  }

  stop(): void {
    this.#stopped = true
  }

  async write(): Promise<void> {
    let file = openSync(this.#path, 'a')
    let rotateAt = 0
    while (!this.#stopped) {
      const text = this.#entries()
      // A write may end in the middle of a line; the rest follows a little later.
      const cut = Math.floor(this.#next() * text.length)
      writeSync(file, text.slice(0, cut))
      await pause(5 + this.#next() * 30)
      writeSync(file, text.slice(cut))
      if (this.rotates && Date.now() > rotateAt) {
        file = this.#rotate(file)
        rotateAt = Date.now() + 300 + this.#next() ** 2 * 6000
      }
    }
    closeSync(file)
  }

  #entries(): string {
    const calm = Array.from({ length: 1 + Math.floor(this.#next() * 80) }, (_, i) => {
      return `2026-11-20 10:15:32,123 INFO [shop.web] order ${i} placed, ${Math.floor(this.#next() * 900)} ms\n`
    })
    const errors = Array.from({ length: Math.floor(this.#next() * 3) }, () => {
      const mark = `mark-${this.name}-${this.errors.length}`
      this.errors.push(mark)
      const frames = Array.from(
        { length: framesOf(mark) },
        (_, i) => `  File "/srv/shop/orders.py", line ${i + 1}, in step${i}\n    go(${i})\n`,
      )
      return `2026-11-20 10:15:33,001 ERROR [shop.web] could not place ${mark}\nTraceback (most recent call last):\n${frames.join('')}KeyError: 'SKU-1'\n`
    })
    return [...calm, ...errors].join('')
  }

  /** As logrotate does it: older files move one number up. */
  #rotate(file: number): number {
    this.rotations++
    for (let i = Math.min(KEPT, this.rotations); i > 0; i--) {
      if (existsSync(`${this.#path}.${i}`)) renameSync(`${this.#path}.${i}`, `${this.#path}.${i + 1}`)
    }
    if (this.#way === 'copied and truncated') {
      copyFileSync(this.#path, `${this.#path}.1`)
      truncateSync(this.#path, 0)
      return file
    }
    closeSync(file)
    renameSync(this.#path, `${this.#path}.1`)
    return openSync(this.#path, 'a')
  }
}

type Mood = 'well' | 'refuses' | 'asks to wait' | 'asks for less' | 'hangs' | 'cuts off' | 'away'

/** A backend whose mood changes every moment. */
class Backend {
  readonly records: Delivered[] = []
  readonly faults = new Map<Mood, number>()
  readonly url: string
  readonly #next: () => number
  readonly #port: number
  #server: Server | undefined
  #mood: Mood = 'well'
  #ending = false

  private constructor(port: number, next: () => number) {
    this.#port = port
    this.#next = next
    this.url = `http://127.0.0.1:${port}/errors`
  }

  static async listen(next: () => number): Promise<Backend> {
    const backend = new Backend(await freePort(), next)
    await backend.#come()
    onTestFinished(() => backend.#leave())
    return backend
  }

  async trouble(): Promise<void> {
    const moods: readonly Mood[] = ['refuses', 'asks to wait', 'asks for less', 'hangs', 'cuts off', 'away']
    for (let i = 0; !this.#ending; i++) {
      const mood = moods[i % moods.length] ?? 'well'
      const before = this.faults.get(mood) ?? 0
      this.#mood = mood
      if (mood === 'away') {
        await this.#leave()
        await pause(300 + this.#next() * Math.min(LASTS_MS / 10, 60_000))
        this.faults.set(mood, before + 1)
        await this.#come()
      } else {
        // Until somebody has met it; an agent that was just killed may not ask for a while.
        for (let waited = 0; waited < 6000 && (this.faults.get(mood) ?? 0) === before; waited += 50) await pause(50)
        await pause(this.#next() * 1000)
      }
      this.#mood = 'well'
      await pause(200 + this.#next() * 1000)
    }
  }

  async behaveWell(): Promise<void> {
    this.#ending = true
    await until('the backend to be well', () => this.#mood === 'well' && this.#server !== undefined, 120_000)
  }

  async #come(): Promise<void> {
    const server = createServer((request, response) => void this.#take(request, response))
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    expect((server.address() as AddressInfo).port).toBe(this.#port)
    this.#server = server
  }

  async #leave(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    try {
      for await (const piece of request) pieces.push(piece as Buffer)
    } catch {
      // The agent was killed while it sent: nothing of this is stored.
      return
    }
    const lines = Buffer.concat(pieces).toString('utf8').trimEnd().split('\n')
    const mood = this.#mood === 'asks for less' && lines.length <= 5 ? 'well' : this.#mood
    if (mood !== 'well') this.faults.set(mood, (this.faults.get(mood) ?? 0) + 1)
    switch (mood) {
      case 'refuses':
        response.writeHead(500).end('not now')
        return
      case 'asks to wait':
        response.writeHead(429, { 'retry-after': '1' }).end()
        return
      case 'asks for less':
        response.writeHead(413).end('too much')
        return
      case 'hangs':
        return
      case 'cuts off':
        response.writeHead(200, { 'content-length': '1000' })
        response.write('half an answ', () => response.destroy())
        return
      default:
        this.records.push(...lines.map((line) => JSON.parse(line) as Delivered))
        response.end('stored')
    }
  }
}
