/**
 * The files that are being read, and the bound on what all of them together hold open: a file has a pipeline only while an
 * entry or a line of it has begun and not ended, and there may be thousands of files in the middle of a traceback.
 *
 * Above `fullBytes` files that hold nothing open wait to be read until others are through; that loses nothing, and lasts
 * no longer than `patienceMs` at a time. Above `mostBytes` the largest are cut until half is free: here the memory ends.
 */
import type { Clock } from '../core/clock.js'
import type { Chunk } from '../core/shapes.js'
import type { Encoding } from '../frame/encoding.js'
import type { FileSink, TailedFile } from '../tail/file.js'
import type { Pipeline, PipelineRest } from './pipeline.js'

export interface StreamLimits {
  /** As `Streams.heldBytes` counts. */
  readonly fullBytes: number
  /** Longer than entries wait for their end, so that those that end are through by then. */
  readonly patienceMs: number
  /** As `Streams.heldBytes` counts. */
  readonly mostBytes: number
}

export interface StreamsOptions {
  readonly limits: StreamLimits
  readonly clock: Clock
  /** Makes the pipeline of a file, again and again: `before` is what the last one left, `encoding` what `add` was told. */
  open(file: TailedFile, before: PipelineRest | undefined, encoding: Encoding | undefined): Pipeline
  /** What was open of so many files, and took so many bytes, was handed on as cut: there is no room for more. */
  cut(files: number, bytes: number): void
}

/** What a pipeline takes without any text, in bytes (Node.js 20, November 2026). */
export const PIPELINE_BYTES = 4 << 10

export class Streams {
  readonly #options: StreamsOptions
  /** Those with a pipeline, the longest open first. */
  readonly #open = new Set<FileStream>()
  #heldBytes = 0
  /** Since when more is held than `fullBytes`. */
  #fullSince: number | undefined

  readonly #shared: Shared

  constructor(options: StreamsOptions) {
    this.#options = options
    this.#shared = {
      open: (file, before, encoding) => options.open(file, before, encoding),
      settle: (stream, change) => this.#settle(stream, change),
    }
  }

  /** The sink of a file that begins to be read. `encoding`: what a byte order mark before that says. */
  add(file: TailedFile, encoding?: Encoding): FileStream {
    return new FileStream(file, encoding, this.#shared)
  }

  /** What entries and lines that have not ended take, in bytes: their text, and their pipelines. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Lines in entries that have not ended. */
  get linesOpen(): number {
    let lines = 0
    for (const stream of this.#open) lines += stream.linesOpen
    return lines
  }

  /** Whether files that hold nothing open are to wait. */
  get isFull(): boolean {
    const { limits, clock } = this.#options
    if (this.#heldBytes <= limits.fullBytes) {
      this.#fullSince = undefined
      return false
    }
    const now = clock.now()
    // A clock that was set back begins anew.
    if (this.#fullSince === undefined || this.#fullSince > now) this.#fullSince = now
    return now - this.#fullSince < limits.patienceMs
  }

  /** Those that hold something open now. */
  [Symbol.iterator](): Iterator<FileStream> {
    return [...this.#open].values()
  }

  #settle(stream: FileStream, change: number): void {
    this.#heldBytes += change
    if (stream.heldBytes > 0) this.#open.add(stream)
    else this.#open.delete(stream)
    if (change > 0 && this.#heldBytes > this.#options.limits.mostBytes) this.#cutLargest()
  }

  /** Until half of the room is free: seldom, then, and not again at once. */
  #cutLargest(): void {
    const before = this.#heldBytes
    let files = 0
    for (const stream of [...this.#open].sort((a, b) => b.heldBytes - a.heldBytes)) {
      if (this.#heldBytes <= this.#options.limits.mostBytes / 2) break
      stream.cutOpen()
      files++
    }
    this.#options.cut(files, before - this.#heldBytes)
  }
}

/** What a stream needs of the others. */
interface Shared {
  open(file: TailedFile, before: PipelineRest | undefined, encoding: Encoding | undefined): Pipeline
  /** The stream holds so many bytes more, or less, than before. */
  settle(stream: FileStream, change: number): void
}

/** One file. */
export class FileStream implements FileSink {
  readonly file: TailedFile
  readonly #encoding: Encoding | undefined
  readonly #shared: Shared
  #pipeline: Pipeline | undefined
  /** Of the last pipeline. */
  #rest: PipelineRest | undefined
  /** Where the last pipeline ended. */
  #end = 0
  #heldBytes = 0

  constructor(file: TailedFile, encoding: Encoding | undefined, shared: Shared) {
    this.file = file
    this.#encoding = encoding
    this.#shared = shared
  }

  get safeOffset(): number {
    return this.#pipeline?.safeOffset ?? this.#end
  }

  get isOpen(): boolean {
    return this.#pipeline !== undefined
  }

  get linesOpen(): number {
    return this.#pipeline?.linesOpen ?? 0
  }

  /** What is open takes, in bytes; 0 only when nothing is. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  push(chunk: Chunk): void {
    this.#pipeline ??= this.#shared.open(this.file, this.#rest, this.#encoding)
    this.#pipeline.push(chunk)
    this.#settle()
  }

  /**
   * Closes what has been silent long enough. Whether more of the file is safe then. Call it only when all that was written
   * is read.
   */
  tick(): boolean {
    const { safeOffset } = this
    this.#pipeline?.tick()
    this.#settle()
    return this.safeOffset !== safeOffset
  }

  close(): void {
    try {
      this.#pipeline?.close()
    } finally {
      this.#settle()
    }
  }

  /** Hands on what is open, cut where it is. */
  cutOpen(): void {
    this.#pipeline?.cutOpen()
    this.#settle()
  }

  /** Lets go of a pipeline that holds nothing: it takes more memory than all that is known of the file. */
  #settle(): void {
    const pipeline = this.#pipeline
    if (pipeline !== undefined && !pipeline.isOpen) {
      this.#end = pipeline.safeOffset
      this.#rest = pipeline.rest
      this.#pipeline = undefined
    }
    const bytes = this.#pipeline === undefined ? 0 : PIPELINE_BYTES + this.#pipeline.heldBytes
    const change = bytes - this.#heldBytes
    this.#heldBytes = bytes
    this.#shared.settle(this, change)
  }
}
