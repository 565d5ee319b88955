/**
 * kill -9 at many moments of a long run, with a backend that is slow, refuses and is cut off in the middle of answers:
 * every error arrives at every output at least once, the same error always under the same id, and nothing is torn.
 */
import { createWriteStream, type FSWatcher, watch } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { expect, it, onTestFinished } from 'vitest'
import { random } from '../random.js'
import { type Delivered, delivered, folder, pause, type Running, run, start, until, writeConfig } from './program.js'

const SEED = Number(process.env.ERRAND_KILL_SEED ?? Date.now() % 1e6)
const FILE_BYTES = 100e6
const ERRORS_PER_FILE = 1500
const KILLS = 16
/** Killing goes on no longer than this, so that a slow machine ends in time too; at least five kills are made. */
const KILLING_MS = 35_000

/** Moments that are hit on purpose; all others lie between them at random. */
const MOMENTS = [
  'some time after a delivery',
  'with an answer half sent',
  'with an answer sent',
  'with a request that is never stored',
  'while a fault is waited out',
  'while positions are written',
  'while a cursor is written',
  'when the spool grows',
] as const
type Moment = (typeof MOMENTS)[number]

it('delivers every error to every output, under one id, over kill -9 at any moment (45)', {
  timeout: 300_000,
}, async () => {
  console.log(`kill.test: seed ${SEED} (ERRAND_KILL_SEED repeats it)`)
  const next = random(SEED)
  const dir = await folder()
  const written = [
    ...(await writeLog(join(dir, 'shop.log'), 'java', next)),
    ...(await writeLog(join(dir, 'jobs.log'), 'python', next)),
  ]
  const bytes = ((await sizeOf(join(dir, 'shop.log'))) ?? 0) + ((await sizeOf(join(dir, 'jobs.log'))) ?? 0)
  const backend = await Backend.listen(next)
  const batch = { maxRecords: 40, maxAge: '20ms' }
  const config = await writeConfig(dir, {
    inputs: [
      { type: 'file', paths: ['./shop.log'], source: 'java', service: 'shop', startAt: 'beginning' },
      { type: 'file', paths: ['./jobs.log'], source: 'python', service: 'jobs', startAt: 'beginning' },
    ],
    outputs: [
      { name: 'main', type: 'http', url: backend.url, batch },
      { name: 'disk', type: 'file', path: './errors.ndjson', batch },
    ],
    // Small enough to be full at times, so that reading has to wait for the backend.
    spool: { maxBytes: '1MiB', segmentBytes: '256KiB' },
  })

  const seen = { kills: 0, readAgain: 0, answeredButNotSaved: 0, positions: [] as string[] }
  const began = Date.now()
  for (let share = 0; seen.kills < KILLS && share < 1; ) {
    if (seen.kills >= 5 && Date.now() - began > KILLING_MS) break
    const moment = MOMENTS[seen.kills % MOMENTS.length] ?? 'some time after a delivery'
    const cursor = await cursorOf(dir)
    const answered = backend.recordsAnswered
    const agent = start(['run', '--config', config])
    await killAt(moment, seen.kills % 4 === 3 ? 1500 : 150, agent, dir, backend, next)
    seen.kills++
    if (backend.recordsAnswered - answered > (await cursorOf(dir)) - cursor) seen.answeredButNotSaved++
    const positions = await positionsOf(dir)
    if (backend.records.some(({ log: { file } }) => file && file.offset >= (positions.get(file.path) ?? 0))) {
      seen.readAgain++
    }
    share = [...positions.values()].reduce((sum, offset) => sum + offset, 0) / bytes
    seen.positions.push(`${Math.floor(share * 100)} %`)
  }
  backend.behaveWell()
  const last = Date.now()
  const { code, stderr } = await run(['run', '--config', config, '--once'])
  expect(code, stderr).toBe(0)
  const audit = await run(['audit', '--config', config])
  expect(audit.code, audit.stdout).toBe(0)
  console.log(
    `kill.test: ${seen.kills} kills in ${last - began} ms, at ${seen.positions.join(', ')} of the logs; ` +
      `${seen.answeredButNotSaved} fell between an answer and its cursor, ${seen.readAgain} between a delivery and ` +
      `the positions; the rest took ${Date.now() - last} ms; ` +
      `${backend.records.length} records were sent for ${written.length} errors, ${backend.faults} requests met a fault`,
  )

  const wanted = new Set(written)
  for (const [output, records] of [
    ['http', backend.records],
    ['file', await delivered(join(dir, 'errors.ndjson'))],
  ] as const) {
    const ids = new Map<string, Set<string>>()
    const marks = new Map<string, Set<string>>()
    for (const record of records) {
      const mark = markOf(record)
      add(ids, mark, record.id)
      add(marks, record.id, mark)
    }
    expect(
      [...wanted].filter((mark) => !ids.has(mark)),
      `errors that ${output} never got`,
    ).toEqual([])
    expect(
      [...ids.keys()].filter((mark) => !wanted.has(mark)),
      `what ${output} got besides`,
    ).toEqual([])
    expect(
      [...ids].filter(([, of]) => of.size > 1),
      `errors under several ids in ${output}`,
    ).toEqual([])
    expect(
      [...marks].filter(([, of]) => of.size > 1),
      `ids of several errors in ${output}`,
    ).toEqual([])
  }
  expect(seen.kills).toBeGreaterThanOrEqual(5)
  expect(seen.answeredButNotSaved).toBeGreaterThan(0)
  expect(seen.readAgain).toBeGreaterThan(0)
})

/** Lets the agent make some progress, up to `mostMs` more, and kills it at the moment. */
async function killAt(
  moment: Moment,
  mostMs: number,
  agent: Running,
  dir: string,
  backend: Backend,
  next: () => number,
): Promise<void> {
  const watchers: FSWatcher[] = []
  const kill = () => void agent.child.kill('SIGKILL')
  const killWhenSeen = (path: string, isIt: (name: string) => boolean) => {
    watchers.push(watch(path, (_, name) => name !== null && isIt(name) && kill()))
  }
  const progress = backend.requests
  const file = join(dir, 'errors.ndjson')
  const size = (await sizeOf(file)) ?? 0
  // Some progress first, to either output, or every life would end in the same first second.
  await until('progress', async () => backend.requests > progress || ((await sizeOf(file)) ?? 0) > size)
  await pause(10 + next() * mostMs)
  const state = join(dir, 'state')
  if (moment === 'some time after a delivery') kill()
  else if (moment === 'while positions are written') killWhenSeen(state, (name) => name === 'checkpoints.json.new')
  else if (moment === 'while a cursor is written') killWhenSeen(join(state, 'cursors'), () => true)
  else if (moment === 'when the spool grows') killWhenSeen(join(state, 'spool'), () => true)
  else
    backend.whenAsked = (response, store) => {
      if (moment === 'with an answer half sent') {
        store()
        response.writeHead(200, { 'content-length': '1000' })
        response.write('half an answ', kill)
      } else if (moment === 'with an answer sent') {
        backend.recordsAnswered += store()
        response.end('stored', kill)
      } else {
        if (moment === 'while a fault is waited out') response.writeHead(503).end()
        // Long enough for the cursor to be saved meanwhile, wherever it is.
        setTimeout(kill, 300 + next() * 300)
      }
    }
  // A moment that does not come in time is replaced by any other.
  await Promise.race([agent.ended, pause(5000)])
  kill()
  const { signal, stderr } = await agent.ended
  expect(signal, stderr).toBe('SIGKILL')
  backend.whenAsked = undefined
  for (const watcher of watchers) watcher.close()
}

/** What to do with a request in place of the usual. `store` keeps its records and gives their number. */
type Ask = (response: ServerResponse, store: () => number) => void

/** A backend with bad days. */
class Backend {
  readonly records: Delivered[] = []
  requests = 0
  faults = 0
  /** Records in requests that were answered with 200, whether the answer arrived or not. */
  recordsAnswered = 0
  /** Answers the next request in place of the usual. */
  whenAsked: Ask | undefined
  #isGood = false
  readonly #next: () => number
  #url = ''

  private constructor(next: () => number) {
    this.#next = next
  }

  static async listen(next: () => number): Promise<Backend> {
    const backend = new Backend(next)
    const server = createServer((request, response) => void backend.#take(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    backend.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/errors`
    return backend
  }

  get url(): string {
    return this.#url
  }

  behaveWell(): void {
    this.#isGood = true
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    try {
      for await (const piece of request) pieces.push(piece as Buffer)
    } catch {
      // The agent was killed while it sent: nothing of this is stored.
      return
    }
    this.requests++
    const lines = Buffer.concat(pieces).toString('utf8').trimEnd().split('\n')
    const luck = this.#isGood ? 1 : this.#next()
    if (luck < 0.08) {
      this.faults++
      response.writeHead(luck < 0.04 ? 500 : 429, { 'retry-after': '0' }).end('not now')
      return
    }
    const store = () => this.records.push(...lines.map((line) => JSON.parse(line) as Delivered)) && lines.length
    const { whenAsked } = this
    this.whenAsked = undefined
    if (whenAsked) {
      whenAsked(response, store)
      return
    }
    store()
    if (luck < 0.2) await pause(luck * 500)
    this.recordsAnswered += lines.length
    response.end('stored')
  }
}

/** Which of its records the `main` output has behind it, counted since the spool began. */
async function cursorOf(dir: string): Promise<number> {
  const text = await readFile(join(dir, 'state', 'cursors', 'main.json'), 'utf8').catch(() => '{}')
  return (JSON.parse(text) as { sequence?: number }).sequence ?? 0
}

/** Up to where each log is durably read, in bytes. */
async function positionsOf(dir: string): Promise<Map<string, number>> {
  const text = await readFile(join(dir, 'state', 'checkpoints.json'), 'utf8').catch(() => '{"files":[]}')
  const { files } = JSON.parse(text) as { files: { path: string; offset: number }[] }
  return new Map(files.map(({ path, offset }) => [path, offset]))
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}

function markOf(record: Delivered): string {
  return /mark-\w+-\d+/.exec(record.message ?? '')?.[0] ?? JSON.stringify(record)
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key)
  if (values) values.add(value)
  else map.set(key, new Set([value]))
}

/** A log of mostly calm lines, with errors at random places, each with a mark of its own. Gives the marks. */
async function writeLog(path: string, source: 'java' | 'python', next: () => number): Promise<string[]> {
  const calm = Buffer.from(Array.from({ length: 2000 }, (_, i) => calmLine(source, i, next)).join(''))
  const lineEnds: number[] = [0]
  for (let at = calm.indexOf(10); at >= 0; at = calm.indexOf(10, at + 1)) lineEnds.push(at + 1)
  const cut = () => lineEnds[Math.floor(next() * lineEnds.length)] ?? 0
  const file = createWriteStream(path, { highWaterMark: 4 << 20 })
  const marks: string[] = []
  const between = FILE_BYTES / ERRORS_PER_FILE
  for (let i = 0; i < ERRORS_PER_FILE; i++) {
    for (let left = between * 2 * next(); left > 0; left -= calm.length) {
      const piece = calm.subarray(cut(), left < calm.length ? cut() : calm.length)
      if (!file.write(piece)) await new Promise<void>((resolve) => file.once('drain', resolve))
    }
    const mark = `mark-${source}-${i}`
    marks.push(mark)
    file.write(source === 'java' ? javaError(mark, next) : pythonError(mark, next))
  }
  file.end()
  await finished(file)
  return marks
}

function calmLine(source: 'java' | 'python', i: number, next: () => number): string {
  const order = Math.floor(next() * 1e6)
  const ms = String(i % 1000).padStart(3, '0')
  return source === 'java'
    ? `2026-11-20 10:15:32,${ms} INFO  [http-nio-8080-exec-${i % 24}] c.a.s.OrderService - Order ${order} accepted for customer ${i} in ${order % 900} ms, 0 errors\n`
    : `2026-11-20 10:15:32,${ms} INFO [shop.orders.service] order ${order} placed by user-${i} in ${order % 900} ms, Exception count: 0\n`
}

function javaError(mark: string, next: () => number): string {
  const depth = 3 + Math.floor(next() * 20)
  const frames = Array.from({ length: depth }, (_, i) => `\tat com.acme.shop.Orders.step${i}(Orders.java:${10 + i})\n`)
  return `2026-11-20 10:15:33,001 ERROR [main] c.a.s.OrderService - could not place ${mark}\njava.lang.IllegalStateException: order is closed\n${frames.join('')}`
}

function pythonError(mark: string, next: () => number): string {
  const depth = 2 + Math.floor(next() * 8)
  const frames = Array.from(
    { length: depth },
    (_, i) => `  File "/srv/shop/orders.py", line ${10 + i}, in step${i}\n    return step${i + 1}(order)\n`,
  )
  return `2026-11-20 10:15:33,001 ERROR [shop.web] could not place ${mark}\nTraceback (most recent call last):\n${frames.join('')}KeyError: 'SKU-1'\n`
}
