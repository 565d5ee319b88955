/** A directory with logs, a tailer over it, and sinks that keep what they got. Time stands still until it is wound. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { ManualClock } from '../../src/core/clock.js'
import { silentLog } from '../../src/core/log.js'
import type { Chunk } from '../../src/core/shapes.js'
import type { FileSink, TailedFile } from '../../src/tail/file.js'
import { disk, type FileLayer } from '../../src/tail/files.js'
import type { TailInput } from '../../src/tail/inputs.js'
import { tailSettings } from '../../src/tail/settings.js'
import { Tail } from '../../src/tail/tail.js'

/** Keeps bytes; like the frame, it can be safe only after whole lines. */
export class Kept implements FileSink {
  readonly file: TailedFile
  readonly #parts: Buffer[] = []
  closed = false
  #end: number
  safeOffset: number
  constructor(file: TailedFile) {
    this.file = file
    this.#end = file.startOffset
    this.safeOffset = file.startOffset
  }
  push({ bytes, offset }: Chunk): void {
    if (this.closed) throw new Error(`pushed after close: ${this.file.path}`)
    if (offset !== this.#end) throw new Error(`gap in ${this.file.path}: ${this.#end} then ${offset}`)
    if (bytes.length === 0) throw new Error('empty chunk')
    this.#parts.push(Buffer.from(bytes))
    const lineEnd = bytes.lastIndexOf(0x0a)
    if (lineEnd >= 0) this.safeOffset = offset + lineEnd + 1
    this.#end = offset + bytes.length
  }
  close(): void {
    if (this.closed) throw new Error(`closed twice: ${this.file.path}`)
    this.closed = true
    this.safeOffset = this.#end
  }
  get isOpen(): boolean {
    return this.safeOffset < this.#end
  }
  get bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
  get text(): string {
    return this.bytes.toString('utf8')
  }
}

export interface StageOptions {
  readonly settings?: Record<string, unknown>
  readonly inputs?: readonly Partial<TailInput>[]
  readonly once?: boolean
  readonly files?: FileLayer
  readonly own?: ReadonlySet<string>
  readonly isFull?: () => boolean
  /** Takes a file instead of a sink that keeps its bytes. */
  readonly open?: (file: TailedFile, head: Buffer | undefined) => FileSink
  readonly needsHead?: (file: TailedFile) => boolean
}

const made: Stage[] = []
afterEach(async () => {
  for (const stage of made.splice(0)) await stage.remove()
})

export class Stage {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'errand-tail-')))
  readonly clock = new ManualClock(Date.now())
  readonly signal = new AbortController().signal
  /** In the order in which they were opened, over all runs. */
  sinks: Kept[] = []
  lost: { path: string; bytes: number; reason: string }[] = []
  problems: string[] = []
  /** What the log was told as facts. */
  told: string[] = []
  refused: string[] = []
  stuck: string[] = []
  #tail: Tail | undefined
  constructor() {
    made.push(this)
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  get tail(): Tail {
    if (this.#tail === undefined) throw new Error('not started')
    return this.#tail
  }

  /** Starts a tailer over `logs/*.log`, or what the options say. */
  async start(options: StageOptions = {}): Promise<Tail> {
    await this.#tail?.stop()
    const inputs = (options.inputs ?? [{}]).map((input, index) => ({
      index,
      paths: [this.path('*.log')],
      exclude: [],
      startAt: 'beginning' as const,
      allowedRoots: [],
      ...input,
    }))
    this.#tail = new Tail({
      inputs,
      settings: tailSettings.parse({ watch: false, poll: 0, ...options.settings }),
      stateDir: this.path('state'),
      clock: this.clock,
      log: { ...silentLog, info: (text: unknown) => void this.told.push(String(text)) },
      hooks: {
        open: (file, head) => {
          if (options.open) return options.open(file, head)
          const sink = new Kept(file)
          this.sinks.push(sink)
          return sink
        },
        ...(options.needsHead && { needsHead: options.needsHead }),
        isFull: () => options.isFull?.() ?? false,
        lost: (file, bytes, reason) => this.lost.push({ path: file.path, bytes, reason }),
        stuck: (path, what) => this.stuck.push(`${path.replace(`${this.directory}/`, '')} ${what}`),
        refused: (path, what) => this.refused.push(`${path.replace(`${this.directory}/`, '')} ${what}`),
        problem: (path, what) => this.problems.push(`${path.replace(`${this.directory}/`, '')} ${what}`),
      },
      once: options.once ?? false,
      files: options.files ?? disk,
      ...(options.own === undefined ? {} : { own: options.own }),
    })
    await this.#tail.start()
    return this.#tail
  }

  /** Turns until there is nothing to read. */
  async read(mostTurns = 20_000): Promise<void> {
    let idle = 0
    let turns = 0
    do {
      if (++turns > mostTurns) throw new Error('there is always more to read')
      idle = (await this.tail.turn(this.signal)) > 0 ? 0 : idle + 1
      if (idle > 100) throw new Error('nothing is read, and yet it is not at the end')
    } while (idle === 0 || !this.tail.atEnd())
  }

  /** Starts, reads to the end. */
  async run(options: StageOptions = {}): Promise<void> {
    await this.start(options)
    await this.read()
  }

  /** A clean stop: what is read is durable. */
  async stop(): Promise<void> {
    await this.tail.closeDeleted()
    await this.tail.checkpoint()
    await this.crash()
  }

  /** A stop without a checkpoint. */
  async crash(): Promise<void> {
    await this.#tail?.stop()
    this.#tail = undefined
  }

  /** What every sink got, in order of opening, as `name: text`. */
  get got(): string[] {
    return this.sinks.map((sink) => `${sink.file.path.replace(`${this.directory}/`, '')}: ${sink.text}`)
  }

  async remove(): Promise<void> {
    await this.#tail?.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
