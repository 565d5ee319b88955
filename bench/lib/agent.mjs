// Runs the built agent on a config of its own and watches what it takes from the machine. Linux only: reads /proc.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The checkout that this file is in. */
export const HERE = resolve(import.meta.dirname, '..', '..')
/** Clock ticks a second in /proc: what Linux promises to programs, whatever the kernel counts in. */
const TICKS = 100

/** A directory of its own, removed when the bench ends. */
export function scratch() {
  const dir = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'errand-bench-'))
  scratches.push(dir)
  return dir
}

const scratches = []
process.on('exit', () => {
  for (const dir of scratches) rmSync(dir, { recursive: true, force: true })
})

/** Starts `errand run` of the checkout `from` with the config, in a directory for its state and output. */
export function startAgent({ config, once = false, from = HERE, dir = scratch() }) {
  const path = join(dir, 'config.json')
  writeFileSync(path, JSON.stringify({ stateDir: join(dir, 'state'), ...config }))
  const began = performance.now()
  const args = [join(from, 'dist', 'main.js'), 'run', '--config', path, ...(once ? ['--once'] : [])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = []
  child.stderr.on('data', (piece) => said.push(piece))
  let last = { peakMiB: 0, rssMiB: 0, cpuSeconds: 0 }
  const look = () => {
    last = usageOf(child.pid) ?? last
  }
  const timer = setInterval(look, 20)
  const ended = new Promise((done) => {
    child.on('exit', (code) => {
      clearInterval(timer)
      done({ ...last, seconds: (performance.now() - began) / 1000, code, said: Buffer.concat(said).toString() })
    })
  })
  return {
    dir,
    ended,
    usage: () => usageOf(child.pid) ?? last,
    /** What the log said so far. */
    said: () => Buffer.concat(said).toString(),
    /** Ends it as a supervisor does. */
    stop: () => {
      look()
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Peak and present resident memory in MiB and CPU seconds of a process; undefined once it is gone. */
function usageOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
    const peak = kib('VmHWM')
    if (Number.isNaN(peak)) return undefined
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS
    return { peakMiB: peak / 1024, rssMiB: kib('VmRSS') / 1024, cpuSeconds }
  } catch {
    return undefined
  }
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** `--name value` pairs behind plain words. */
export function readArgs(args, defaults) {
  const options = { ...defaults }
  const words = []
  for (let i = 0; i < args.length; i++) {
    const name = /^--(\w+)$/.exec(args[i])?.[1]
    if (name === undefined) words.push(args[i])
    else if (Object.hasOwn(options, name)) options[name] = args[++i]
    else throw new Error(`there is no option --${name}; there are ${Object.keys(defaults).join(', ')}`)
  }
  return { options, words }
}

/** Bytes of `512MiB` or `2GiB`. */
export function bytesOf(text) {
  const match = /^(\d+)([KMG])iB$/.exec(text)
  if (match === null) throw new Error(`"${text}" is no size; write it as 512MiB or 2GiB`)
  return Number(match[1]) * 1024 ** (1 + 'KMG'.indexOf(match[2]))
}

/** What the machine is, for whoever reads the figures later. */
export function machine(os) {
  return `${os.cpus().length} CPUs (${os.cpus()[0]?.model.trim()}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.version}, ${new Date().toISOString().slice(0, 10)}`
}
