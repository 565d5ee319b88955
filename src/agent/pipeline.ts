/**
 * The whole pure data path for one file: chunks in, error records out. Frames, groups, remaps, judges, traces and
 * fingerprints synchronously in `push`; does no I/O, throws on no bytes, and keeps the sum
 * lines in = lines dropped + lines open + lines in kept entries.
 */
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import { type Chunk, type Entry, type ErrorRecord, isErrorStatus, type LogRecord, type Status } from '../core/shapes.js'
import type { Enrichment } from '../enrich/enrichment.js'
import { type Fingerprint, fingerprint } from '../fingerprint/fp1.js'
import type { Encoding } from '../frame/encoding.js'
import { type Format, Framer, type FramerRest } from '../frame/framer.js'
import { Grouper, type GrouperRest } from '../group/grouper.js'
import { judge } from '../remap/judge.js'
import { preprocess } from '../remap/preprocess.js'
import type { GivenUpPattern, Run, Step } from '../remap/processor.js'
import type { Grouping } from './grouping.js'
import type { Recognised } from './learn.js'
import { type BuiltRecord, buildRecord, type Origin } from './record.js'
import { applySource, type Source } from './source.js'
import { findTracebacks, lastTraceback } from './tracebacks.js'

export type { GivenUpPattern }

/** What became of one entry; what `explain` shows. */
export interface Outcome {
  readonly entry: Entry
  readonly outcome: 'kept' | 'dropped'
  /** Why: `error`, `uncaught` when kept; `below_error`, `no_status`, `not_wanted` when dropped. */
  readonly reason: string
  /** The record as the remappers left it. */
  readonly remapped: LogRecord
  readonly record?: ErrorRecord
  readonly fingerprint?: Fingerprint
  /** The rule of the config that the record matched. */
  readonly rule?: BuiltRecord['rule']
  readonly steps: readonly Step[]
}

export interface PipelineOptions {
  readonly source: Source
  readonly origin: Origin
  readonly enrichment: Enrichment
  /** Absent: the config says nothing of it. */
  readonly grouping?: Grouping
  readonly format: Format
  /** Default: UTF-8, or what a byte order mark at offset 0 says. */
  readonly encoding?: Encoding | undefined
  readonly keep: ReadonlySet<Status>
  readonly limits: PipelineLimits
  /** Of the pipeline that read the stream before. */
  readonly before?: PipelineRest | undefined
  readonly clock: Clock
  readonly counters: Counters
  /** Takes each kept record, in the order of the file. */
  emit(record: ErrorRecord): void
  /** Told once, when the source of an `auto` stream has been recognised. */
  learned?(recognised: Recognised): void
  /**
   * Told when a remapper or a traceback language threw on an entry, which must not happen: the entry is dropped, counted
   * with reason `fault`, and all that follow are taken. Without it the error is thrown on.
   */
  failed?(entry: Entry, error: unknown): void
  /** Told of each pattern of a remapper that took too long on an entry; what the other steps made of it stays. */
  gaveUp?(entry: Entry, pattern: GivenUpPattern): void
  /** When given, every entry is judged, and its passage recorded step by step; slow. */
  explain?(outcome: Outcome): void
}

export interface PipelineLimits {
  readonly maxLineBytes: number
  readonly maxEntryBytes: number
  readonly idleMs: number
  /** Take a last line without its end as whole when nothing was read for this long. */
  readonly unfinishedMs: number
  /** Judge one calm group in this many all the same; 0 = never. */
  readonly sampleCalm: number
}

/** What outlasts a pipeline that holds nothing open, for the next one of its stream. */
export interface PipelineRest {
  readonly source: Source
  readonly framer: FramerRest
  readonly grouper: GrouperRest
}

const COLOUR = /\x1b\[[0-9;]*[A-Za-z]/g

export class Pipeline {
  readonly #options: PipelineOptions
  readonly #framer: Framer
  readonly #grouper: Grouper
  /** The input's source; of an `auto` stream the one that was recognised, once it was. */
  #source: Source
  /** What has been reported of the framer's and the grouper's own counts. */
  #reported = {
    lines: 0,
    linesCut: 0,
    bytesCut: 0,
    unframed: 0,
    calm: 0,
    joined: 0,
    entriesCut: 0,
    entryBytesCut: 0,
  }
  /** Lines in entries that were judged, by what became of them; flushed to the counters after each chunk. */
  #linesKept = 0
  #linesDropped: Map<string, number> | undefined
  /** When bytes came last. */
  #touched = 0

  constructor(options: PipelineOptions) {
    this.#options = options
    const { source, limits, before } = options
    this.#source = before?.source ?? source
    this.#grouper = new Grouper(
      {
        languages: source.languages,
        heads: source.heads,
        maxEntryBytes: limits.maxEntryBytes,
        idleMs: limits.idleMs,
        trustHeads: source.trustHeads && !options.explain,
        calmJson: source.calmJson,
        sampleEvery: options.explain ? 1 : limits.sampleCalm,
        before: before?.grouper,
      },
      (entry, calm) => this.#entry(entry, calm),
    )
    this.#framer = new Framer(
      {
        format: options.format,
        encoding: options.encoding,
        maxLineBytes: limits.maxLineBytes,
        alarms: options.explain ? undefined : source.alarms,
        before: before?.framer,
      },
      (line) => this.#grouper.line(line),
    )
  }

  /** Everything before this file offset is in records already emitted, or dropped for good. */
  get safeOffset(): number {
    return Math.min(this.#framer.lineOffset, this.#grouper.openFrom ?? Number.POSITIVE_INFINITY)
  }

  /** Whether an entry or a line has begun and not ended. */
  get isOpen(): boolean {
    return this.#framer.isInLine || this.#grouper.openFrom !== undefined
  }

  /** What is kept of lines and entries that have not ended, in bytes. */
  get heldBytes(): number {
    return this.#framer.heldBytes + this.#grouper.heldBytes
  }

  /** For the next pipeline of the stream, when nothing is open. */
  get rest(): PipelineRest {
    return { source: this.#source, framer: this.#framer.rest, grouper: this.#grouper.rest }
  }

  /** Lines held by open groups, for the accounting. */
  get linesOpen(): number {
    return this.#grouper.linesOpen
  }

  push(chunk: Chunk): void {
    this.#touched = this.#options.clock.now()
    this.#grouper.now = this.#touched
    this.#framer.push(chunk)
    this.#grouper.keepOpen()
    this.#count()
  }

  /**
   * Closes groups that have been silent long enough. Call it only when all that was written has been read. As long as the
   * writer is in the middle of a line nothing is closed: the line may belong to what is open.
   */
  tick(): void {
    const now = this.#options.clock.now()
    if (this.#framer.isInLine) {
      if (now - this.#touched < this.#options.limits.unfinishedMs) return
      this.#framer.flush()
    }
    this.#grouper.tick(now)
    this.#count()
  }

  /** No more bytes will come: an unterminated last line and all open groups are taken as whole. */
  close(): void {
    this.#framer.flush()
    this.#grouper.flush()
    this.#count()
  }

  /** Hands on what is open as if it were over its limit; nothing is open behind it. See `Grouper.cutOpen`. */
  cutOpen(): void {
    this.#framer.cutOpen()
    this.#grouper.cutOpen()
    this.#count()
  }

  #entry(entry: Entry, calm: boolean): void {
    try {
      this.#judge(entry.text.includes('\x1b[') ? { ...entry, text: entry.text.replace(COLOUR, '') } : entry, calm, true)
    } catch (error) {
      const { failed } = this.#options
      if (!failed) throw error
      this.#drop('fault', entry.lineOffsets.length)
      failed(entry, error)
    }
  }

  /**
   * Where an entry that reads as one record really ends in crashes. What the runtime prints right behind a logger's
   * record looks like that record's own traceback until its frames show that nobody caught it. Such a traceback is an
   * entry of its own when the record before it is no error, or has a traceback already.
   */
  #crashesIn(entry: Entry, record: LogRecord, isError: boolean): number[] {
    if (entry.lineOffsets.length < 2 || (isError && !this.#mayGoOn(entry, record))) return []
    const found = findTracebacks(entry.text, this.#source.languages)
    const crashes = found.filter(({ uncaught, start }) => uncaught && start > 0 && entry.text[start - 1] === '\n')
    if (isError) {
      const last = crashes.at(-1)
      return last !== undefined && last === found.at(-1) && found.length > 1 && !record.inferred ? [last.start] : []
    }
    // Ruby logs an exception in the very shape in which it dies of one, so a warning keeps what stands below it.
    return crashes
      .filter(({ language }) => !(language === 'ruby' && record.status === 'warn'))
      .map(({ start }) => start)
  }

  /** Whether an error's entry may hold another traceback behind its own: seldom, and only then it is searched again. */
  #mayGoOn(entry: Entry, { traceback, attributes }: LogRecord): boolean {
    if (!traceback || traceback.uncaught) return traceback !== undefined
    const { error } = attributes
    const stack = typeof error === 'object' && error !== null && 'stack' in error ? error.stack : undefined
    if (typeof stack !== 'string') return false
    const at = entry.text.lastIndexOf(stack)
    return (
      at >= 0 &&
      this.#source.languages.some(({ hints }) => hints.some((hint) => entry.text.includes(hint, at + stack.length)))
    )
  }

  /** What was recognised stays: a stream that changed its source would change its fingerprints with it. */
  #learn(recognised: Recognised | undefined): void {
    if (!recognised) return
    this.#source = recognised.source
    this.#options.learned?.(recognised)
  }

  /**
   * Of an `auto` stream whose source is known: the source of an entry that says nothing to that one and holds another
   * language's traceback. Programs of several languages may write into one stream, and none of their crashes is lost.
   * One line is too little: what names an error in one language is a sentence in another.
   */
  #sourceOfAnother({ text, lineOffsets }: Entry, { status, traceback }: LogRecord): Source | undefined {
    const { source } = this.#options
    if (this.#source === source || status !== undefined || traceback || lineOffsets.length < 2) return undefined
    const found = lastTraceback(text, findTracebacks(text, source.languages))
    if (!found || (found.frames.length === 0 && !found.uncaught)) return undefined
    return source.learner?.fromLanguage(found.language)?.source ?? source
  }

  #remap(entry: Entry, steps: Step[] | undefined, source = this.#source): { record: LogRecord } {
    const { enrichment } = this.#options
    const record = preprocess(entry.text, {
      source: source.name,
      levels: source.levels,
      ...(source.zone !== undefined && { zone: source.zone }),
    })
    const run: Run = { ...(steps ? { trail: steps } : { stopBelowError: true }) }
    applySource(source.remappers, record, run)
    for (const pattern of run.givenUp ?? []) {
      this.#options.counters.add('patterns_given_up_total', 1, { source: source.name, remapper: pattern.remapper })
      this.#options.gaveUp?.(entry, pattern)
    }
    record.service ??= enrichment.service
    return { record }
  }

  #judge(entry: Entry, calm: boolean, mayHoldCrash: boolean): void {
    const { explain, keep, origin, enrichment, grouping, clock, counters } = this.#options
    const steps: Step[] | undefined = explain ? [] : undefined
    if (this.#source.learner) this.#learn(this.#source.learner.fromText(entry.text))
    let { record } = this.#remap(entry, steps)
    if (this.#source.learner && record.traceback) {
      this.#learn(this.#source.learner.fromLanguage(record.traceback.language))
      if (!this.#source.learner) {
        if (steps) steps.length = 0
        record = this.#remap(entry, steps).record
      }
    }
    const another = this.#sourceOfAnother(entry, record)
    if (another) {
      if (steps) steps.length = 0
      record = this.#remap(entry, steps, another).record
    }
    const verdict = judge(record, keep)
    const crashes = mayHoldCrash ? this.#crashesIn(entry, record, isErrorStatus(record.status)) : []
    if (crashes.length > 0) {
      const starts = [0, ...crashes]
      let { lines } = entry
      for (const [i, start] of starts.entries()) {
        const next = starts[i + 1]
        const part = slice(entry, start, next === undefined ? entry.text.length : next - 1)
        lines -= part.lines
        // Lines that were left out stood behind the last.
        this.#judge(next === undefined ? { ...part, lines: part.lines + lines } : part, calm, false)
      }
      return
    }
    const { lines } = entry
    if (!verdict.keep) {
      this.#drop(verdict.reason, lines)
      explain?.({ entry, outcome: 'dropped', reason: verdict.reason, remapped: record, steps: steps ?? [] })
      return
    }
    if (calm && !explain) counters.add('alarms_missed_total', 1, { source: this.#source.name })
    const built = buildRecord(record, entry, origin, enrichment, clock.now(), grouping)
    this.#linesKept += lines
    counters.add('records_kept_total', 1, { source: this.#source.name })
    this.#options.emit(built.record)
    const reason = record.inferred ? 'uncaught' : (record.status ?? 'error')
    explain?.({
      entry,
      outcome: 'kept',
      reason,
      remapped: record,
      record: built.record,
      fingerprint: fingerprint(built.fingerprintInput),
      ...(built.rule && { rule: built.rule }),
      steps: steps ?? [],
    })
  }

  #drop(reason: string, lines: number): void {
    this.#linesDropped ??= new Map()
    this.#linesDropped.set(reason, (this.#linesDropped.get(reason) ?? 0) + lines)
  }

  #count(): void {
    const { counters } = this.#options
    const before = this.#reported
    const { lines, linesCut, bytesCut, linesUnframed } = this.#framer
    const { linesCalm, linesJoined, entriesCut, bytesCut: entryBytesCut } = this.#grouper
    counters.add('lines_read_total', lines - before.lines)
    counters.add('lines_cut_total', linesCut - before.linesCut)
    counters.add('bytes_cut_total', bytesCut - before.bytesCut, { limit: 'line' })
    counters.add('bytes_cut_total', entryBytesCut - before.entryBytesCut, { limit: 'entry' })
    counters.add('entries_cut_total', entriesCut - before.entriesCut)
    counters.add('lines_unframed_total', linesUnframed - before.unframed)
    counters.add('lines_dropped_total', linesCalm - before.calm, { reason: 'calm' })
    counters.add('lines_joined_total', linesJoined - before.joined)
    counters.add('lines_kept_total', this.#linesKept)
    for (const [reason, count] of this.#linesDropped ?? []) counters.add('lines_dropped_total', count, { reason })
    this.#linesKept = 0
    this.#linesDropped = undefined
    this.#reported = {
      lines,
      linesCut,
      bytesCut,
      unframed: linesUnframed,
      calm: linesCalm,
      joined: linesJoined,
      entriesCut,
      entryBytesCut,
    }
  }
}

/** The lines of an entry that stand in `text.slice(start, end)`; both ends are line ends. */
function slice(entry: Entry, start: number, end: number): Entry {
  const before = countLines(entry.text, start)
  const inside = countLines(entry.text.slice(start, end), Number.POSITIVE_INFINITY) + 1
  const offsets = entry.lineOffsets.slice(before, before + inside)
  const next = entry.lineOffsets[before + inside]
  return {
    ...entry,
    text: entry.text.slice(start, end),
    from: offsets[0] ?? entry.from,
    to: next ?? entry.to,
    lineOffsets: offsets,
    lines: offsets.length,
  }
}

function countLines(text: string, end: number): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++
  return count
}
