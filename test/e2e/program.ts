/**
 * The built program as a user runs it: a process with real files, servers and signals. Builds `dist` when a source is
 * newer, so that these tests never judge an old build; frees every process and folder when its test has finished.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const MAIN = join(ROOT, 'dist', 'main.js')

await build()

/** Compiles src to dist when a source is newer. One of the test processes does it, the others wait. */
async function build(): Promise<void> {
  const lock = join(ROOT, 'node_modules', '.errand-build')
  await until(
    'the build of another test process',
    () => {
      if (modified(MAIN) > newest(join(ROOT, 'src'))) return true
      if (Date.now() - modified(lock) > 120_000) rmSync(lock, { recursive: true, force: true })
      try {
        mkdirSync(lock)
      } catch {
        return false
      }
      return 'mine'
    },
    120_000,
  ).then(async (turn) => {
    if (turn !== 'mine') return
    try {
      const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
      await promisify(execFile)(process.execPath, [compiler, '-p', join(ROOT, 'tsconfig.build.json')]).catch(
        (error: Error & { stdout: string }) => {
          throw new Error(`src does not compile:\n${error.stdout}`)
        },
      )
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  })
}

function newest(folder: string): number {
  let latest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : modified(path))
  }
  return latest
}

/** ms since the epoch; 0 for what is not there. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Standard input, whole; 'open' leaves it to the test. Default: none. */
  readonly input?: string | Buffer | 'open'
  readonly uid?: number
  /** What to run instead of the program. */
  readonly command?: readonly [string, ...string[]]
}

/** A process that runs; it is killed when its test has finished. */
export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], options: StartOptions) {
    const { cwd, env, input, uid, command = [process.execPath, MAIN] } = options
    const { NODE_OPTIONS, FORCE_COLOR, NO_COLOR, ...inherited } = process.env
    this.child = spawn(command[0], [...command.slice(1), ...args], {
      ...(cwd !== undefined && { cwd }),
      env: { ...inherited, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(uid !== undefined && { uid, gid: uid }),
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject)
      this.child.on('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }))
    })
    // The program may end without having read all of it.
    this.child.stdin?.on('error', () => {})
    if (input !== undefined && input !== 'open') this.child.stdin?.end(input)
  }

  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal)
    return this.ended
  }
}

export function start(args: readonly string[], options: StartOptions = {}): Running {
  const running = new Running(args, options)
  onTestFinished(() => void running.child.kill('SIGKILL'))
  return running
}

/** Runs the program to its end. */
export function run(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return start(args, options).ended
}

/** A temporary folder that lives as long as the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'errand-e2e-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** What tests change of a config: quick looks, quick batches, so that waiting is short. */
export const QUICK = {
  tail: { poll: '100ms', rotatedGrace: '1s' },
  group: { idle: '200ms' },
}

/** Writes `config.json` into the folder and gives its path. State and output stay in the folder unless named. */
export async function writeConfig(path: string, config: object): Promise<string> {
  const file = join(path, 'config.json')
  const outputs = [{ name: 'disk', type: 'file', path: './errors.ndjson', batch: { maxAge: '50ms' } }]
  await replace(file, JSON.stringify({ stateDir: './state', outputs, ...QUICK, ...config }, null, 2))
  return file
}

/** Writes a file in one step: an agent that watches it sees the old text or the new one, never half of it. */
export async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.aside`, text)
  await rename(`${path}.aside`, path)
}

/** A record as it was delivered; only what tests look at. */
export interface Delivered {
  readonly id: string
  readonly timestamp: string
  readonly status: string
  readonly message?: string
  readonly service: string
  readonly source: string
  readonly error: {
    readonly kind?: string
    readonly message?: string
    readonly stack?: string
    readonly pre_fingerprint: string
    readonly handled?: boolean
    readonly cut?: boolean
  }
  readonly log: { readonly file?: { readonly path: string; readonly offset: number } }
}

/** The records of a delivered file; none when it is not there. A line that is no JSON is a fault of the program. */
export async function delivered(path: string): Promise<Delivered[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return ''
  })
  if (text !== '' && !text.endsWith('\n')) throw new Error(`${path} ends in the middle of a line`)
  return recordsIn(text)
}

/** The records of a delivered file, once there are that many; the writer may be in the middle of the next one. */
export async function deliveredAtLeast(path: string, count: number): Promise<Delivered[]> {
  return until(`${count} records in ${path}`, async () => {
    const text = await readFile(path, 'utf8').catch(() => '')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    return whole.split('\n').length - 1 >= count && recordsIn(whole)
  })
}

function recordsIn(text: string): Delivered[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Delivered]))
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Waits until `condition` gives something; rejects and names `what` when it takes too long. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  withinMs = 60_000,
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const value = await condition()
    if (value) return value as Exclude<T, false | undefined>
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}`)
    await pause(20)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Below those that systems give to connections and to port 0: one of these would be taken again before the test uses it. */
let nextPort = 10_000 + Math.floor(Math.random() * 20_000)

/** A port that is free, and that nobody gets by chance. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = nextPort++
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
}

/** One value of /metrics, by name (without `errand_`) and labels; the sum over all labels that are not named. */
export function metric(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  let sum = 0
  for (const line of text.split('\n')) {
    const match = /^errand_(\w+)(?:\{(.*)\})? ([\d.e+-]+)$/.exec(line)
    if (match?.[1] !== name) continue
    const wanted = Object.entries(labels).every(([key, value]) => match[2]?.includes(`${key}="${value}"`))
    if (wanted) sum += Number(match[3])
  }
  return sum
}

/** Entries of a Python service, as `logging` writes them. */
export const python = {
  info: (text: string) => `2026-11-20 10:15:32,123 INFO [shop.web] ${text}\n`,
  error: (text: string) =>
    `2026-11-20 10:15:32,123 ERROR [shop.web] ${text}\n` +
    'Traceback (most recent call last):\n' +
    '  File "/srv/shop/orders.py", line 41, in place\n' +
    '    return stock[sku]\n' +
    "KeyError: 'SKU-1'\n",
}

/** Entries of a Java service, as Logback writes them. */
export const java = {
  info: (text: string) => `2026-11-20 10:15:32.123 INFO  [main] com.acme.shop.Web - ${text}\n`,
  error: (text: string) =>
    `2026-11-20 10:15:32.123 ERROR [main] com.acme.shop.Orders - ${text}\n` +
    'java.lang.IllegalStateException: order is closed\n' +
    '\tat com.acme.shop.Orders.place(Orders.java:41)\n' +
    '\tat com.acme.shop.Web.post(Web.java:17)\n' +
    'Caused by: java.io.IOException: broken pipe\n' +
    '\tat com.acme.shop.Socket.write(Socket.java:5)\n' +
    '\t... 1 more\n',
}
