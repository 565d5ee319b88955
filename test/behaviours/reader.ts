/**
 * A directory with logs that are read as the agent reads them: the tailer over real files, each through the whole
 * pipeline. Keeps what became of every entry. Time stands still until it is wound.
 */
import { type Outcome, Pipeline, type PipelineLimits } from '../../src/agent/pipeline.js'
import { Counters } from '../../src/core/counters.js'
import { ERROR_STATUSES, type ErrorRecord } from '../../src/core/shapes.js'
import type { Encoding } from '../../src/frame/encoding.js'
import { markedEncoding } from '../../src/frame/encoding.js'
import type { Format } from '../../src/frame/framer.js'
import type { FileSink, TailedFile } from '../../src/tail/file.js'
import type { Tail } from '../../src/tail/tail.js'
import { sourceNamed } from '../law/run.js'
import { Stage, type StageOptions } from '../tail/stage.js'

export interface ReaderOptions extends StageOptions {
  /** Default: auto. */
  readonly source?: string
  readonly format?: Format
  readonly encoding?: Encoding
  readonly limits?: Partial<PipelineLimits>
}

export class Reader extends Stage {
  readonly counters = new Counters()
  /** In the order in which the entries were complete, over all files and runs. */
  readonly outcomes: Outcome[] = []
  readonly #open = new Set<Pipeline>()

  override start(options: ReaderOptions = {}): Promise<Tail> {
    // What a run held open goes with it, as in the agent.
    this.#open.clear()
    return super.start({ ...options, open: (file, head) => this.#openFile(file, head, options) })
  }

  override run(options: ReaderOptions = {}): Promise<void> {
    return super.run(options)
  }

  /** Reads, and lets so much time go by without a byte written. */
  async rest(ms: number): Promise<void> {
    await this.read()
    this.clock.advance(ms)
    await this.read()
    for (const pipeline of this.#open) pipeline.tick()
  }

  /** The texts of all entries. */
  get texts(): string[] {
    return this.outcomes.map(({ entry }) => entry.text)
  }

  /** The error records. */
  get records(): ErrorRecord[] {
    return this.outcomes.flatMap(({ record }) => record ?? [])
  }

  #openFile(file: TailedFile, head: Buffer | undefined, options: ReaderOptions): FileSink {
    const { source = 'auto', format = 'auto', encoding, limits } = options
    const pipeline = new Pipeline({
      source: sourceNamed(source),
      origin: { fileId: file.id, path: file.path },
      enrichment: { service: 'shop', tags: [] },
      format,
      encoding: encoding ?? (head && markedEncoding(head)),
      keep: new Set(ERROR_STATUSES),
      limits: {
        maxLineBytes: 1 << 20,
        maxEntryBytes: 1 << 20,
        idleMs: 1000,
        unfinishedMs: 30_000,
        sampleCalm: 0,
        ...limits,
      },
      clock: this.clock,
      counters: this.counters,
      emit: () => {},
      explain: (outcome) => this.outcomes.push(outcome),
    })
    this.#open.add(pipeline)
    return {
      push: (chunk) => pipeline.push(chunk),
      close: () => {
        this.#open.delete(pipeline)
        pipeline.close()
      },
      get safeOffset() {
        return pipeline.safeOffset
      },
    }
  }
}
