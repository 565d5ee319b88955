// `npm run bench -- throughput [WORKLOAD …] [--size 256MiB] [--runs 3] [--output file|http] [--against CHECKOUT]`: how fast
// `errand run --once` goes through a log, with its start and the delivery of the last record. With `--against` another
// built checkout runs in turn, and the ratios of the pairs are what to believe on a machine that others use too.
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import os from 'node:os'
import { join } from 'node:path'
import { bytesOf, HERE, machine, median, readArgs, scratch, startAgent } from './lib/agent.mjs'
import { WORKLOADS, writeLog } from './lib/logs.mjs'

const { options, words } = readArgs(process.argv.slice(2), { size: '256MiB', runs: '3', output: 'file', against: '' })
const names = words.length > 0 ? words : Object.keys(WORKLOADS)
const unknown = names.find((name) => !Object.hasOwn(WORKLOADS, name))
if (unknown !== undefined)
  throw new Error(`there is no workload ${unknown}; there are ${Object.keys(WORKLOADS).join(', ')}`)

const dir = scratch()
const sink = options.output === 'http' ? await listen() : undefined
const output = (to) =>
  sink === undefined
    ? { name: 'out', type: 'file', path: join(to, 'out.ndjson') }
    : { name: 'out', type: 'http', url: `http://127.0.0.1:${sink.address().port}/` }

async function once(name, log, from) {
  const to = scratch()
  const inputs = [{ type: 'file', paths: [log], source: WORKLOADS[name].source, service: 'bench' }]
  const result = await startAgent({ config: { inputs, outputs: [output(to)] }, once: true, from, dir: to }).ended
  rmSync(to, { recursive: true, force: true })
  if (result.code !== 0) throw new Error(`the agent ended with ${result.code}: ${result.said}`)
  return result
}

/** Takes what it is sent and answers 200. */
async function listen() {
  const server = createServer((request, response) => request.resume().on('end', () => response.end()))
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return server
}

console.log(`${machine(os)}; ${options.size}, ${options.runs} runs, output ${options.output}`)
console.log(`| workload | MB/s | CPU s/GB | peak MiB | kept |${options.against ? ' CPU, ratio | wall, ratio |' : ''}`)
console.log(`| --- | ---: | ---: | ---: | ---: |${options.against ? ' ---: | ---: |' : ''}`)
for (const name of names) {
  const log = join(dir, `${name}.log`)
  const bytes = writeLog(log, name, bytesOf(options.size))
  const mine = []
  const other = []
  for (let run = 0; run < Number(options.runs); run++) {
    if (options.against) other.push(await once(name, log, options.against))
    mine.push(await once(name, log, HERE))
  }
  rmSync(log)
  const of = (key) => median(mine.map((run) => run[key]))
  const ratio = (key) => median(mine.map((run, i) => run[key] / other[i][key])).toFixed(2)
  const kept = /kept (\d+)/.exec(mine[0].said)?.[1]
  const row = [
    (bytes / 1e6 / of('seconds')).toFixed(0),
    ((of('cpuSeconds') / bytes) * 1e9).toFixed(1),
    of('peakMiB').toFixed(0),
    kept,
    ...(options.against ? [ratio('cpuSeconds'), ratio('seconds')] : []),
  ]
  console.log(`| ${name} | ${row.join(' | ')} |`)
}
sink?.close()
