/**
 * Standard input over the life of the process: read by one agent, and after a reload by the next. Nobody can read it
 * again, so what an agent leaves open is kept here and is the first that the next one gets.
 */
import { randomBytes } from 'node:crypto'
import type { Chunk } from '../core/shapes.js'
import { type Encoding, markedEncoding } from '../frame/encoding.js'
import { Bell } from '../spool/bell.js'

/** What takes the bytes; see `Pipeline`. */
export interface InputSink {
  push(chunk: Chunk): void
  /** Everything before this offset need not be given again. */
  readonly safeOffset: number
}

/** What is kept of entries that are open, in bytes; more is not carried over a reload. */
const MAX_KEPT_BYTES = 4 << 20

export class StandardInput {
  /** Stands for the file in the ids of records. */
  readonly id = randomBytes(8).toString('hex')
  readonly #stream: NodeJS.ReadableStream & { destroy?(): void }
  /** Given to sinks and not yet safe, in order. */
  #kept: Chunk[] = []
  #keptBytes = 0
  /** What was open was more than is kept. */
  #isTorn = false
  #offset = 0
  #encoding: Encoding | undefined
  #isOver = false
  #fault: Error | undefined
  #listens = false
  readonly #changed = new Bell()

  constructor(stream: NodeJS.ReadableStream) {
    this.#stream = stream
  }

  /** Whether the next reader gets all that this one leaves open. */
  get carriesOver(): boolean {
    return !this.#isTorn
  }

  /** Whether there is anything that a reader has left open. */
  get holdsOpen(): boolean {
    return this.#keptBytes > 0
  }

  /** What a byte order mark at the beginning promised; readers that go on behind it do not see it. */
  get encoding(): Encoding | undefined {
    return this.#encoding
  }

  /**
   * Gives `sink` what the last reader left open, then all that comes, until the stream ends or `signal` fires. `pushed`
   * is waited for after each piece. Rejects when the stream breaks. One reader at a time.
   */
  async read(sink: InputSink, signal: AbortSignal, pushed: () => Promise<void>): Promise<void> {
    this.#listen()
    const left = this.#kept
    this.forget()
    for (const chunk of left) {
      sink.push(chunk)
      this.#keep(chunk, sink.safeOffset)
    }
    // Not `for await`: leaving that loop would destroy the stream.
    for (;;) {
      if (signal.aborted) {
        // Entries can end by themselves, without a piece that comes.
        this.#letGo(sink.safeOffset)
        return
      }
      const piece = this.#stream.read()
      if (piece === null) {
        const fault = this.#fault
        this.#fault = undefined
        if (fault) throw fault
        if (this.#isOver) return
        await this.#changed.heard(signal)
        continue
      }
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      const chunk = { bytes, offset: this.#offset }
      if (chunk.offset === 0) this.#encoding = markedEncoding(bytes)
      this.#offset += bytes.length
      sink.push(chunk)
      this.#keep(chunk, sink.safeOffset)
      await pushed()
    }
  }

  /** No agent reads it any more. */
  close(): void {
    this.#stream.destroy?.()
  }

  /** What the last reader left open is whole as it is. */
  forget(): void {
    this.#kept = []
    this.#keptBytes = 0
    this.#isTorn = false
  }

  #keep(chunk: Chunk, safeOffset: number): void {
    if (this.#isTorn && safeOffset < chunk.offset) return
    this.#isTorn = false
    this.#kept.push(chunk)
    this.#keptBytes += chunk.bytes.length
    this.#letGo(safeOffset)
    if (this.#keptBytes <= MAX_KEPT_BYTES) return
    this.forget()
    this.#isTorn = true
  }

  /** Forgets what lies before that offset. */
  #letGo(safeOffset: number): void {
    for (let first = this.#kept[0]; first && first.offset < safeOffset; first = this.#kept[0]) {
      const bytes = first.bytes.subarray(safeOffset - first.offset)
      this.#keptBytes -= first.bytes.length - bytes.length
      if (bytes.length > 0) {
        this.#kept[0] = { bytes, offset: safeOffset }
        return
      }
      this.#kept.shift()
    }
  }

  #listen(): void {
    if (this.#listens) return
    this.#listens = true
    const over = () => {
      this.#isOver = true
      this.#changed.ring()
    }
    this.#stream.on('readable', () => this.#changed.ring())
    this.#stream.on('end', over)
    this.#stream.on('close', over)
    this.#stream.on('error', (error: Error) => {
      this.#fault = error
      over()
    })
  }
}
