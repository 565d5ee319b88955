/**
 * What every output must do, whatever is behind it. `outputContract` is for all kinds, `httpContract` adds what holds
 * for those over HTTP. Each kind's own test runs these against a real backend.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { ManualClock } from '../../src/core/clock.js'
import { silentLog } from '../../src/core/log.js'
import type { ErrorRecord } from '../../src/core/shapes.js'
import type { Batch, BatchItem, Output, OutputContext, OutputKind } from '../../src/outputs/output.js'
import { Backend } from './backend.js'

/** 2026-11-20T10:15:32Z, shortly after the time of the records. */
export const NOW = Date.UTC(2026, 10, 20, 10, 15, 32)

export function context(more: Partial<OutputContext> = {}): OutputContext {
  return { name: 'main', log: silentLog, clock: new ManualClock(NOW), ...more }
}

export function record(n: number, more: Partial<ErrorRecord> = {}): ErrorRecord {
  return {
    id: n.toString(16).padStart(32, '0'),
    timestamp: '2026-11-20T10:15:30.123Z',
    status: 'error',
    message: `record ${n}`,
    service: 'shop',
    source: 'java',
    error: {
      kind: 'java.io.IOException',
      message: 'no',
      stack: 'java.io.IOException: no\n\tat A.b(A.java:1)',
      pre_fingerprint: 'fp1:0',
    },
    log: {},
    ...more,
  }
}

export function batchOf(records: readonly ErrorRecord[]): Batch {
  const items = records.map((each): BatchItem => ({ id: each.id, text: JSON.stringify(each), record: () => each }))
  const ndjson = Buffer.from(items.map(({ text }) => `${text}\n`).join(''))
  return { items, ndjson, bytes: ndjson.length - items.length }
}

/** Records whose text is easily damaged: line ends of all kinds, quotes, astral characters, what looks like markup. */
export function awkward(): ErrorRecord[] {
  const messages = [
    'a\nb\r\nc',
    '\u2028\u2029\u0000\u007f',
    '"\\" \\n',
    '😀 ünï 漢字',
    '${HOME} %s <b>',
    ' ',
    'x'.repeat(100_000),
  ]
  return messages.map((message, n) => record(n, { message }))
}

/** Opens `kind` with settings as a person would write them. */
export function openWith(kind: OutputKind, settings: unknown, more: Partial<OutputContext> = {}): Output {
  return kind.open(kind.settings.parse(settings) as z.output<typeof kind.settings>, context(more))
}

export const never = () => new AbortController().signal

export interface Bench {
  readonly output: Output
  /** What has arrived, one string a record, in order. */
  arrived(): Promise<string[]>
  close(): Promise<void>
}

/** `expected` is what arrives for a record; it defaults to the record's own text. */
export function outputContract(
  kind: OutputKind,
  openBench: () => Promise<Bench>,
  expected?: (record: ErrorRecord) => string,
): void {
  const shown = expected ?? ((each: ErrorRecord) => JSON.stringify(each))

  describe(`the contract of outputs: ${kind.type}`, () => {
    let bench: Bench
    beforeEach(async () => {
      bench = await openBench()
    })
    afterEach(async () => {
      await bench.output.close()
      await bench.close()
    })

    it('delivers batches whole and in order', async () => {
      const records = Array.from({ length: 50 }, (_, n) => record(n))
      for (const batch of [records.slice(0, 30), records.slice(30)]) {
        expect(await bench.output.send(batchOf(batch), never())).toEqual({ outcome: 'delivered' })
      }
      expect(await bench.arrived()).toEqual(records.map(shown))
    })

    it('delivers every text exactly', async () => {
      const records = awkward()
      expect(await bench.output.send(batchOf(records), never())).toEqual({ outcome: 'delivered' })
      expect(await bench.arrived()).toEqual(records.map(shown))
    })

    it('delivers as many batches at once as it says it can', async () => {
      const sends = Array.from({ length: kind.concurrency }, (_, n) => bench.output.send(batchOf([record(n)]), never()))
      for (const delivery of await Promise.all(sends)) expect(delivery).toEqual({ outcome: 'delivered' })
      expect((await bench.arrived()).sort()).toEqual(sends.map((_, n) => shown(record(n))).sort())
    })

    it('rejects with the reason of an abort, and delivers nothing', async () => {
      const reason = new Error('the agent stops')
      await expect(bench.output.send(batchOf([record(1)]), AbortSignal.abort(reason))).rejects.toBe(reason)
      expect(await bench.arrived()).toEqual([])
    })

    it('goes on after an abort', async () => {
      await bench.output.send(batchOf([record(1)]), AbortSignal.abort()).catch(() => {})
      expect(await bench.output.send(batchOf([record(2)]), never())).toEqual({ outcome: 'delivered' })
      expect(await bench.arrived()).toEqual([shown(record(2))])
    })

    it('closes without having been used, and twice', async () => {
      await bench.output.close()
      await bench.output.close()
      expect(await bench.arrived()).toEqual([])
    })

    it('describes each of its settings', () => {
      for (const [name, setting] of Object.entries(kind.settings.shape)) {
        expect((setting as z.ZodType).description, name).toMatch(/\S\.$/)
      }
    })
  })
}

/** Status, then the outcome. `held` statuses must come with something to mend. */
export const STATUS_OUTCOMES = [
  [200, 'delivered'],
  [202, 'delivered'],
  [204, 'delivered'],
  [301, 'hold'],
  [308, 'hold'],
  [400, 'split'],
  [401, 'hold'],
  [403, 'hold'],
  [404, 'hold'],
  [405, 'hold'],
  [407, 'hold'],
  [408, 'retry'],
  [409, 'split'],
  [413, 'split'],
  [415, 'hold'],
  [422, 'split'],
  [425, 'retry'],
  [429, 'retry'],
  [500, 'retry'],
  [502, 'retry'],
  [503, 'retry'],
  [504, 'retry'],
] as const

/** `settingsFor` gives the settings for a URL, as a person would write them. */
export function httpContract(kind: OutputKind, settingsFor: (url: string) => Record<string, unknown>): void {
  describe(`the contract of outputs over HTTP: ${kind.type}`, () => {
    let backend: Backend
    let output: Output
    beforeEach(async () => {
      backend = await Backend.listen()
      output = openWith(kind, { ...settingsFor(backend.url), timeout: '10s' })
    })
    afterEach(async () => {
      await output.close()
      await backend.close()
    })
    const one = batchOf([record(1), record(2)])
    const hasty = () => openWith(kind, { ...settingsFor(backend.url), timeout: '150ms' })

    for (const [status, outcome] of STATUS_OUTCOMES) {
      it(`takes ${status} as ${outcome}`, async () => {
        backend.answer(status, {}, status === 204 ? '' : 'the\n"backend" says so')
        const delivery = await output.send(one, never())
        expect(delivery.outcome).toBe(outcome)
        if (delivery.outcome !== 'delivered') expect(delivery.reason).toContain(String(status))
        if (delivery.outcome === 'split') expect(delivery.reason).toBe(`${status} "the \\"backend\\" says so"`)
        if (delivery.outcome === 'hold') expect(delivery.mend).toMatch(/^Check outputs\.main\./)
      })
    }

    for (const [value, afterMs] of [
      ['7', 7000],
      ['0', 0],
      [new Date(NOW + 90_000).toUTCString(), 90_000],
      ['Friday, 20-Nov-26 10:15:40 GMT', 8000],
      ['Fri Nov 20 10:15:40 2026', 8000],
      ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
      ['-1', undefined],
      ['soon', undefined],
    ] as const) {
      it(`reads Retry-After: ${value}`, async () => {
        backend.answer(503, { 'retry-after': value })
        const expected = { outcome: 'retry', reason: '503' }
        expect(await output.send(one, never())).toEqual(afterMs === undefined ? expected : { ...expected, afterMs })
      })
    }

    it('sends what gzip packs where it is told to', async () => {
      const zipping = openWith(kind, { ...settingsFor(backend.url), compression: 'gzip' })
      const plain = openWith(kind, { ...settingsFor(backend.url), compression: 'none' })
      await zipping.send(one, never())
      await plain.send(one, never())
      const [first, second] = backend.received
      expect([first?.headers['content-encoding'], second?.headers['content-encoding']]).toEqual(['gzip', undefined])
      expect(first?.body).toBe(second?.body)
      await zipping.close()
      await plain.close()
    })

    it('uses connections again', async () => {
      for (let n = 0; n < 20; n++) await output.send(one, never())
      expect(backend.received).toHaveLength(20)
      // undici frees a connection a moment after its answer, so the next request may open a second one.
      expect(backend.connections).toBeLessThanOrEqual(2)
    })

    it('leaves no connection behind when requests begin together', async () => {
      await Promise.all([output.send(one, never()), output.send(one, never()), output.send(one, never())])
      await output.close()
      // A forgotten connection would end by itself, but only after the 4 s that undici keeps one.
      const left = new Promise((resolve) => setTimeout(resolve, 3500, 'left open').unref())
      expect(await Promise.race([backend.idle().then(() => 'ended'), left])).toBe('ended')
      expect(backend.received).toHaveLength(3)
    })

    it('retries when nobody listens', async () => {
      await backend.close()
      const delivery = await output.send(one, never())
      expect(delivery).toMatchObject({ outcome: 'retry', reason: expect.stringContaining('ECONNREFUSED') })
      backend = await Backend.listen()
    })

    it('retries when the connection is reset, and then delivers over a new one', async () => {
      backend.respond = (response) => response.socket?.resetAndDestroy()
      expect((await output.send(one, never())).outcome).toBe('retry')
      backend.answer(200)
      expect((await output.send(one, never())).outcome).toBe('delivered')
    })

    it('retries when the answer is cut in the middle of its body', async () => {
      backend.respond = (response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('half', () => response.socket?.destroy())
      }
      expect((await output.send(one, never())).outcome).toBe('retry')
    })

    it('retries when no answer comes in time', async () => {
      backend.respond = () => {}
      const hasted = hasty()
      expect(await hasted.send(one, never())).toMatchObject({
        outcome: 'retry',
        reason: expect.stringContaining('150 ms'),
      })
      await hasted.close()
    })

    it('retries when an answer drips too slowly to end in time', async () => {
      backend.respond = (response) => {
        response.writeHead(200)
        const timer = setInterval(() => response.write('.'), 20)
        response.on('close', () => clearInterval(timer))
      }
      const hasted = hasty()
      expect((await hasted.send(one, never())).outcome).toBe('retry')
      await hasted.close()
    })

    it('retries when the backend never reads the request', async () => {
      backend.onHeaders = (request) => request.pause()
      const hasted = openWith(kind, { ...settingsFor(backend.url), timeout: '150ms', compression: 'none' })
      const large = batchOf(Array.from({ length: 60 }, (_, n) => record(n, { message: 'x'.repeat(80_000) })))
      expect((await hasted.send(large, never())).outcome).toBe('retry')
      await hasted.close()
    })

    it('takes an answer that comes before the request was read', async () => {
      backend.onHeaders = (_, response) => response.writeHead(413).end('too large')
      const large = batchOf(Array.from({ length: 40 }, (_, n) => record(n, { message: 'x'.repeat(80_000) })))
      expect(await output.send(large, never())).toEqual({ outcome: 'split', reason: '413 "too large"' })
    })

    it('keeps a slow answer that ends in time', async () => {
      backend.respond = (response) => setTimeout(() => response.writeHead(202).end(), 50)
      expect((await output.send(one, never())).outcome).toBe('delivered')
    })

    it('reads a long answer only as far as it needs, and quotes its beginning', async () => {
      backend.answer(400, {}, 'long '.repeat(1_000_000))
      const delivery = await output.send(one, never())
      expect(delivery).toMatchObject({
        outcome: 'split',
        reason: expect.stringMatching(/^400 "long long .{150,220}\.\.\."$/),
      })
    })

    it('rejects at once when it is aborted under way', async () => {
      const controller = new AbortController()
      const reason = new Error('the agent stops')
      backend.respond = () => controller.abort(reason)
      await expect(output.send(one, controller.signal)).rejects.toBe(reason)
    })

    it('ends its connections when it is closed, those in use included', async () => {
      await output.send(one, never())
      const arrived = new Promise<void>((resolve) => {
        backend.respond = () => resolve()
      })
      const pending = output.send(one, never())
      await arrived
      await output.close()
      await backend.idle()
      expect((await pending).outcome).toBe('retry')
    })

    it('holds when the host has no name in DNS', async () => {
      const lost = openWith(kind, settingsFor('http://errand-no-such-host.invalid/in'))
      const delivery = await lost.send(one, never())
      // A resolver that is away (EAI_AGAIN) says nothing of the name.
      expect(['hold', 'retry']).toContain(delivery.outcome)
      expect(delivery).toMatchObject({ reason: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) })
      await lost.close()
    })
  })
}
