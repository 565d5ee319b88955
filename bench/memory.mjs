// `npm run bench -- memory [CASE …] [--size 1GiB] [--files 10000] [--open 25000] [--from CHECKOUT]`: the largest
// resident memory of the agent in the cases that are made to hurt it, and what it delivered. README.md says what each is.
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import { join } from 'node:path'
import { bytesOf, HERE, machine, readArgs, scratch, sleep, startAgent } from './lib/agent.mjs'
import { writeLog } from './lib/logs.mjs'

const { options, words } = readArgs(process.argv.slice(2), {
  size: '1GiB',
  files: '10000',
  open: '25000',
  from: HERE,
})

const TRACE = 'Exception in thread "main" java.lang.IllegalStateException: no order\n'
const FRAMES = Array.from(
  { length: 12 },
  (_, i) => `\tat com.acme.shop.Orders.step${i}(Orders.java:${100 + i})\n`,
).join('')

const CASES = {
  line: endlessLine,
  files: manyFiles,
  open: openGroups,
  backlog,
  silent: silentOutput,
  storm,
}

/** One line of `--size` and no line end. */
async function endlessLine() {
  const dir = scratch()
  const log = join(dir, 'app.log')
  const file = openSync(log, 'w')
  const block = Buffer.alloc(1 << 20, 'ERROR ')
  for (let left = bytesOf(options.size); left > 0; left -= block.length) writeSync(file, block)
  closeSync(file)
  return { ...(await runOnce(dir, [log])), errors: 1 }
}

/** `--files` files of 20 KiB with an error each, at once. */
async function manyFiles() {
  const dir = scratch()
  const logs = join(dir, 'logs')
  mkdirSync(logs)
  const calm = Array.from(
    { length: 180 },
    (_, i) => `2026-11-20 10:15:32,123 INFO [main] shop - order ${i} placed for someone\n`,
  )
  for (let i = 0; i < Number(options.files); i++) {
    const error = `2026-11-20 10:15:33,000 ERROR [main] shop - order ${i} failed\n${TRACE.slice(27)}${FRAMES}`
    writeFileSync(join(logs, `app-${i}.log`), `${calm.join('')}${error}`)
  }
  const agent = start(dir, config(dir, [join(logs, '*.log')]))
  await until(agent, /errand_records_kept_total\S* (\d+)/, Number(options.files))
  // A second line in each: what is remembered of a file must serve, not only what is read of it at first.
  for (let i = 0; i < Number(options.files); i++) appendFileSync(join(logs, `app-${i}.log`), calm[0])
  await until(agent, /errand_lines_read_total (\d+)/, Number(options.files) * (calm.length + 14 + 1))
  return { ...(await agent.stop()), errors: Number(options.files) }
}

/** `--open` files, each with an open traceback and an unfinished line on both lanes of a container: 4 open things a file. */
async function openGroups() {
  const dir = scratch()
  const logs = join(dir, 'logs')
  mkdirSync(logs)
  const lane = (stream) => {
    const lines = `${TRACE}${FRAMES}`.split('\n').slice(0, -1)
    const whole = lines.map((line) => `2026-11-20T10:15:32.123456789Z ${stream} F ${line}\n`).join('')
    return `${whole}2026-11-20T10:15:32.123456789Z ${stream} P \tat com.acme.shop.Unfinished.line(Unfin\n`
  }
  const text = lane('stdout') + lane('stderr')
  for (let i = 0; i < Number(options.open); i++) writeFileSync(join(logs, `pod-${i}.log`), text)
  const agent = start(dir, config(dir, [join(logs, '*.log')]))
  const most = { open: 0 }
  await until(agent, /errand_records_kept_total\S* (\d+)/, Number(options.open) * 2, (text) => {
    most.open = Math.max(most.open, Number(/errand_lines_open (\d+)/.exec(text)?.[1] ?? 0))
  })
  const errors = 2 * Number(options.open)
  return { ...(await agent.stop()), errors, note: `${most.open} lines open in the agent at most` }
}

/** A log of `--size`, all there at the start; one record in fifty is an error. */
async function backlog() {
  const dir = scratch()
  const log = join(dir, 'app.log')
  const part = join(dir, 'part.log')
  const size = writeLog(part, 'java-plain', 64 << 20)
  const bytes = readFileSync(part)
  rmSync(part)
  const file = openSync(log, 'w')
  let times = 0
  for (let left = bytesOf(options.size); left > 0; left -= size) {
    writeSync(file, bytes)
    times++
  }
  closeSync(file)
  return { ...(await runOnce(dir, [log])), errors: times * errorsIn(bytes) }
}

/** A log of nothing but errors, 256 MiB. */
async function storm() {
  const dir = scratch()
  const log = join(dir, 'app.log')
  writeLog(log, 'error-storm', 256 << 20)
  return { ...(await runOnce(dir, [log])), errors: errorsIn(readFileSync(log)) }
}

function errorsIn(bytes) {
  let count = 0
  for (let at = bytes.indexOf(' ERROR [http'); at >= 0; at = bytes.indexOf(' ERROR [http', at + 1)) count++
  return count
}

/** 256 MiB of errors for an output that takes connections and never answers; its spool is full after 64 MiB. */
async function silentOutput() {
  const dir = scratch()
  const log = join(dir, 'app.log')
  writeLog(log, 'error-storm', 256 << 20)
  const server = createServer((socket) => socket.resume().on('error', () => {}))
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${server.address().port}/`
  const outputs = [{ name: 'silent', type: 'http', url }]
  const settings = { ...config(dir, [log]), outputs, spool: { maxBytes: '64MiB' }, shutdown: { timeout: '1s' } }
  const agent = start(dir, settings)
  await until(agent, /errand_spool_bytes (\d+)/, 60 << 20)
  await sleep(20_000)
  const result = await agent.stop()
  server.close()
  return { ...result, note: 'what is kept waits in the spool, the rest in its file' }
}

function config(dir, paths) {
  const inputs = [{ type: 'file', paths, source: 'java', service: 'bench', startAt: 'beginning' }]
  const outputs = [{ name: 'out', type: 'file', path: join(dir, 'out.ndjson') }]
  return { inputs, outputs, status: { listen: `127.0.0.1:${STATUS_PORT}` } }
}

const STATUS_PORT = 20_000 + (process.pid % 20_000)

function start(dir, config, once = false) {
  return startAgent({ config, dir, once, from: options.from })
}

async function runOnce(dir, paths) {
  const result = await start(dir, config(dir, paths), true).ended
  if (result.code !== 0) throw new Error(`the agent ended with ${result.code}: ${result.said}`)
  return result
}

/** Waits until the number that `pattern` finds in the metrics has reached `goal`. */
async function until(agent, pattern, goal, each = () => {}) {
  for (;;) {
    await sleep(200)
    const ended = await Promise.race([agent.ended, sleep(0)])
    if (ended) throw new Error(`the agent ended with ${ended.code}: ${ended.said}`)
    const text = await fetch(`http://127.0.0.1:${STATUS_PORT}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    )
    each(text)
    if (Number(pattern.exec(text)?.[1] ?? 0) >= goal) return
  }
}

const names = words.length > 0 ? words : Object.keys(CASES)
const unknown = names.find((name) => !Object.hasOwn(CASES, name))
if (unknown !== undefined) throw new Error(`there is no case ${unknown}; there are ${Object.keys(CASES).join(', ')}`)
console.log(`${machine(os)}; size ${options.size}, ${options.files} files, ${options.open} open`)
console.log('| case | peak MiB | seconds | CPU s | errors written | kept | delivered | |')
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |')
for (const name of names) {
  const { peakMiB, seconds, cpuSeconds, said, errors = '', note = '' } = await CASES[name]()
  const [, kept = '', delivered = ''] = /kept (\d+) errors, delivered (\d+)/.exec(said) ?? []
  const took = `${peakMiB.toFixed(0)} | ${seconds.toFixed(1)} | ${cpuSeconds.toFixed(1)}`
  console.log(`| ${name} | ${took} | ${errors} | ${kept} | ${delivered} | ${note} |`)
}
