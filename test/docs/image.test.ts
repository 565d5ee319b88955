/** What the Dockerfile promises, as far as it shows without building it. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { StatusServer } from '../../src/status/server.js'
import { ROOT, read } from './pages.js'

/** The instructions of each stage, continuation lines joined. */
function stagesOf(text: string): { from: string; instructions: string[] }[] {
  const stages: { from: string; instructions: string[] }[] = []
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  for (const instruction of lines
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')) {
    if (instruction.startsWith('FROM ')) stages.push({ from: instruction.slice(5), instructions: [] })
    else stages.at(-1)?.instructions.push(instruction)
  }
  return stages
}

const dockerfile = read('Dockerfile')
const stages = stagesOf(dockerfile)
const last = stages.at(-1)?.instructions ?? []
const theOne = (name: string) => {
  const found = last.filter((instruction) => instruction.startsWith(`${name} `))
  expect(found, name).toHaveLength(1)
  return found[0]?.slice(name.length + 1) ?? ''
}
const healthCommand = () => JSON.parse(/CMD (\[.*\])$/.exec(theOne('HEALTHCHECK'))?.[1] ?? '[]') as string[]

describe('the image', () => {
  it('ends with runtime packages only: what npm ci --omit=dev installed in a stage of its own', () => {
    const packages = last.find((instruction) => instruction.endsWith(' ./node_modules'))
    expect(packages).toBe('COPY --from=packages /build/node_modules ./node_modules')
    const stage = stages.find(({ from }) => from.endsWith(' AS packages'))
    expect(stage?.instructions.filter((instruction) => instruction.startsWith('RUN '))).toEqual([
      'RUN npm ci --omit=dev --ignore-scripts',
    ])
  })

  it('installs and compiles nothing in its last stage, and has no package manager', () => {
    const runs = last.filter((instruction) => instruction.startsWith('RUN '))
    expect(runs.filter((run) => /npm (?:ci|i|install|run)\b|apt-get|apk |tsc/.test(run))).toEqual([])
    expect(runs.join('\n')).toContain('rm -rf /usr/local/lib/node_modules')
    expect(last.filter((instruction) => /COPY .*(?:src|test|tsconfig)/.test(instruction))).toEqual([])
  })

  it('runs as a user by number that is not root, in everything that follows', () => {
    expect(theOne('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    const at = last.findIndex((instruction) => instruction.startsWith('USER '))
    expect(last.slice(at).filter((instruction) => /^(?:RUN|COPY|ADD) /.test(instruction))).toEqual([])
  })

  it('starts errand run, stops it by SIGTERM and says what it is', () => {
    expect(JSON.parse(theOne('ENTRYPOINT'))).toEqual(['node', '/opt/errand/dist/main.js'])
    expect(JSON.parse(theOne('CMD'))).toEqual(['run', '--config', '/etc/errand/config.json'])
    expect(theOne('STOPSIGNAL')).toBe('SIGTERM')
    for (const label of ['title', 'description', 'licenses', 'version', 'revision']) {
      expect(theOne('LABEL')).toContain(`org.opencontainers.image.${label}=`)
    }
  })

  it('asks /healthz for its health with nothing but Node, and gets the right answer', async () => {
    expect(dockerfile).toContain('ERRAND_HEALTH_URL=http://127.0.0.1:8686/healthz')
    const [program, ...args] = healthCommand()
    expect(program).toBe('node')
    const health = () => ({ ready: false, gauges: {}, spooled: {}, sources: [], remappers: [] })
    const place = { file: 'config.json' }
    const server = new StatusServer({ listen: '127.0.0.1:0', place, counters: new Counters(), health })
    const port = await server.start()
    const ask = (path: string) =>
      promisify(execFile)(process.execPath, args, {
        env: { ERRAND_HEALTH_URL: `http://127.0.0.1:${port}${path}` },
      }).then(
        () => 0,
        ({ code }: { code: number }) => code,
      )
    expect(await ask('/healthz')).toBe(0)
    expect(await ask('/readyz')).toBe(1)
    await server.stop()
    expect(await ask('/healthz')).toBe(1)
  })

  it('copies only what is there and what .dockerignore lets through', () => {
    const sent = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))
    const copied = stages
      .flatMap(({ instructions }) => instructions)
      .filter((instruction) => instruction.startsWith('COPY ') && !instruction.includes('--from='))
      .flatMap((instruction) => instruction.split(' ').slice(1, -1))
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect([...new Set(copied)].sort()).toEqual([...sent].sort())
  })

  it('stands on a Node that the package takes', () => {
    const major = Number(/^ARG NODE_IMAGE=node:(\d+)-slim$/m.exec(dockerfile)?.[1])
    expect(major).toBeGreaterThanOrEqual(20)
    expect(stages.map(({ from }) => from.split(' ')[0])).toEqual(stages.map(() => '${NODE_IMAGE}'))
  })
})
