/**
 * Writers, rotations and restarts in random order against the tailer. What was written to each generation of the file
 * must be what the sinks of one id got, whole, in order, nothing twice.
 */
import { appendFileSync, copyFileSync, existsSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Kept, Stage, type StageOptions } from './stage.js'

type Step =
  | { do: 'write'; lines: number; half: boolean }
  | {
      do:
        | 'rotate'
        | 'copytruncate'
        | 'recreate'
        | 'look'
        | 'turn'
        | 'read'
        | 'checkpoint'
        | 'grace'
        | 'restart'
        | 'crash'
    }
  | { do: 'sleep'; away: readonly ('write' | 'rotate')[] }
  | { do: 'truncatedAsleep' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      lines: fc.integer({ min: 0, max: 40 }),
      half: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(
        'rotate',
        'copytruncate',
        'recreate',
        'look',
        'turn',
        'read',
        'checkpoint',
        'grace',
        'restart',
        'crash',
      )
      .map((it): Step => ({ do: it as 'look' })),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom('write' as const, 'rotate' as const), { maxLength: 5 })
      .map((away): Step => ({ do: 'sleep', away })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'truncatedAsleep' }) },
)

class World {
  readonly stage = new Stage()
  readonly options: StageOptions
  /** What was written to each generation, the oldest first. */
  readonly generations: string[] = ['']
  /** The sinks of earlier runs and their safe offsets when the run ended. */
  readonly ended = new Map<Kept, number>()
  /** What was pushed and not checkpointed comes again, and may count as lost where it cannot. */
  crashed = false
  #count = 0
  constructor(pattern: string, settings: Record<string, unknown>) {
    this.options = { inputs: [{ paths: [this.stage.path(pattern)] }], settings }
    writeFileSync(this.stage.path('app.log'), '')
  }

  write(lines: number, half: boolean): void {
    let text = ''
    for (let i = 0; i < lines; i++) text += `line ${this.#count++} of the log\n`
    if (half) text += `half ${this.#count++} `
    appendFileSync(this.stage.path('app.log'), text)
    this.generations[this.generations.length - 1] += text
  }

  shift(): void {
    for (let i = 60; i >= 1; i--) {
      const from = this.stage.path(`app.log.${i}`)
      if (existsSync(from)) renameSync(from, this.stage.path(`app.log.${i + 1}`))
    }
  }

  rotate(): void {
    this.shift()
    renameSync(this.stage.path('app.log'), this.stage.path('app.log.1'))
    writeFileSync(this.stage.path('app.log'), '')
    this.generations.push('')
  }

  copytruncate(): void {
    this.shift()
    copyFileSync(this.stage.path('app.log'), this.stage.path('app.log.1'))
    truncateSync(this.stage.path('app.log'))
    this.generations.push('')
  }

  async stop(): Promise<void> {
    await this.stage.stop()
    for (const sink of this.stage.sinks) if (!this.ended.has(sink)) this.ended.set(sink, sink.safeOffset)
  }

  async take(one: Step): Promise<void> {
    const { stage } = this
    switch (one.do) {
      case 'write':
        return this.write(one.lines, one.half)
      case 'rotate':
        return this.rotate()
      case 'copytruncate':
        // A copy can only be known by what was seen of the original.
        await stage.tail.look()
        this.copytruncate()
        await stage.read()
        return
      case 'recreate':
        // What is unread and has no descriptor is lost with its name.
        await (this.options.settings?.maxOpenFiles === undefined ? stage.tail.look() : stage.read())
        rmSync(stage.path('app.log'))
        writeFileSync(stage.path('app.log'), '')
        this.generations.push('')
        await stage.tail.look()
        return
      case 'look':
        return stage.tail.look()
      case 'turn':
        await stage.tail.turn(stage.signal)
        return
      case 'read':
        return stage.read()
      case 'checkpoint':
        await stage.tail.checkpoint()
        return
      case 'grace':
        await stage.read()
        stage.clock.advance(11_000)
        return stage.read()
      case 'restart':
        await stage.read()
        await this.stop()
        return void (await stage.start(this.options))
      case 'crash':
        await stage.read()
        await stage.crash()
        this.crashed = true
        return void (await stage.start(this.options))
      case 'sleep':
        await stage.read()
        await this.stop()
        for (const act of one.away) act === 'write' ? this.write(3, false) : this.rotate()
        return void (await stage.start(this.options))
      case 'truncatedAsleep':
        // A copy of what was never seen is nobody's.
        this.write(1, false)
        await stage.read()
        await this.stop()
        this.write(2, false)
        this.copytruncate()
        this.write(1, false)
        return void (await stage.start(this.options))
    }
  }

  /** Holds what every id got against what was written to one generation. */
  judge(): void {
    const byId = new Map<string, Kept[]>()
    for (const sink of this.stage.sinks) byId.set(sink.file.id, [...(byId.get(sink.file.id) ?? []), sink])
    const whole: string[] = []
    for (const sinks of byId.values()) {
      let text = ''
      for (const sink of sinks) {
        // A later run goes on at the safe offset of the run before; the same run where it ended.
        expect(sink.file.startOffset).toBeLessThanOrEqual(text.length)
        const again = text.slice(sink.file.startOffset)
        expect(sink.text.slice(0, again.length)).toBe(again.slice(0, sink.text.length))
        text = text.slice(0, sink.file.startOffset) + sink.text + again.slice(sink.text.length)
        const safe = this.ended.get(sink)
        if (!this.crashed && safe !== undefined && sink !== sinks.at(-1)) {
          const next = sinks[sinks.indexOf(sink) + 1]
          expect([safe, sink.file.startOffset + sink.text.length]).toContain(next?.file.startOffset)
        }
      }
      whole.push(text)
    }
    const written = this.generations.filter((text) => text.length > 0)
    expect(whole.sort()).toEqual(written.sort())
    if (!this.crashed) expect(this.stage.lost).toEqual([])
    expect(this.stage.problems).toEqual([])
  }
}

describe('whatever happens to the file', () => {
  for (const [pattern, settings] of [
    ['app.log', {}],
    ['app.log*', {}],
    ['app.log*', { maxOpenFiles: 2, maxBytesPerTurn: 1024 }],
    ['app.log', { fingerprintBytes: 32, maxBytesPerTurn: 1024 }],
  ] as const) {
    it(`every generation arrives whole, in order and once: ${pattern} ${JSON.stringify(settings)}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const world = new World(pattern, settings)
          try {
            world.write(1, false)
            await world.stage.start(world.options)
            for (const one of steps) await world.take(one)
            await world.stage.read()
            world.judge()
          } finally {
            await world.stage.remove()
          }
        }),
        { numRuns: Number(process.env.ERRAND_MODEL_RUNS ?? 60) },
      )
    }, 600_000)
  }
})
