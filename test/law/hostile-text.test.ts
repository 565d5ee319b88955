/** Who writes a log chooses its bytes; they reach neither a prototype nor the terminal of who looks at them. */
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Host } from '../../src/cli/host.js'
import { Issues } from '../../src/cli/issues.js'
import { showProblems } from '../../src/cli/problems.js'
import { renderLine } from '../../src/cli/watch.js'
import type { ErrorRecord } from '../../src/core/shapes.js'
import { openPipeline } from '../../src/index.js'

const POLLUTING = [
  '{"level":"error","msg":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  '{"level":"error","msg":"x","a.__proto__.polluted":1,"__proto__.polluted":1,"a.constructor.prototype.polluted":1,"a":{"b":1}}',
  '{"level":"error","__proto__":"x","error":{"__proto__":{"polluted":1},"stack":"Error: a\\n    at b (c:1:1)","kind":"__proto__"}}',
  '{"severity":"ERROR","message":"x","attributes":{"__proto__":{"polluted":1}},"resource":{"__proto__.polluted":1}}',
  'level=error msg="x" __proto__.polluted=1 constructor.prototype.polluted=1 __proto__=3',
  '__proto__: polluted\n    at __proto__.constructor (constructor:1:1)',
  '{"log":"{\\"level\\":\\"error\\",\\"__proto__\\":{\\"polluted\\":1}}\\n","stream":"stderr","time":"2026-11-20T10:15:32Z","attrs":{"__proto__":{"polluted":1}}}',
]

it('log lines do not reach the prototype of objects', async () => {
  for (const source of ['auto', 'nodejs', 'java', 'go', 'ruby', 'otel', 'gcp', 'gelf', 'ecs']) {
    const pipeline = await openPipeline({ source })
    const entries = POLLUTING.flatMap((text) => pipeline.push(`${text}\n`)).concat(pipeline.end())
    expect(entries.length).toBeGreaterThan(3)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
    for (const { record } of entries) expect((record as unknown as Record<string, unknown>).polluted).toBeUndefined()
  }
})

describe('what a log says is shown without control characters', () => {
  const evil = 'x\x1b]0;owned\x07\u009b31m\ry'
  const record = {
    id: evil,
    timestamp: '2026-11-20T10:15:32.123Z',
    status: 'error',
    message: evil,
    service: evil,
    source: evil,
    error: {
      kind: evil,
      message: evil,
      pre_fingerprint: `fp1:${evil}`,
      frames: [{ function: evil, file: `/srv/${evil}`, line: 1 }],
    },
  } as unknown as ErrorRecord
  const isClean = (text: string) => expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)

  it('by watch', () => isClean(renderLine(record, false)))

  it('in the table of issues', () => {
    const issues = new Issues()
    const added = issues.add(record)
    for (const text of [added?.issue.service, added?.issue.kind, added?.issue.message, added?.issue.fingerprint])
      isClean(text ?? '')
  })

  it('in problems, which name files', () => {
    let written = ''
    const stderr = new Writable({
      write: (chunk, _, done) => {
        written += String(chunk)
        done()
      },
    })
    const problem = { place: { file: evil }, what: `${evil}.`, mend: 'Rename it.', severity: 'error' as const }
    showProblems([problem], { stderr } as unknown as Host)
    isClean(written)
  })
})
