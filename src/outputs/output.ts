/**
 * The contract of an output: one file in this folder, one entry in `kinds.ts`, and the one contract suite
 * (test/outputs/contract.ts). An output makes one attempt to deliver one batch and says what came of it.
 * Pace, retries, splitting, refusing and cursors are `src/ship`'s work.
 */
import type { z } from 'zod'
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/log.js'
import type { ErrorRecord } from '../core/shapes.js'

/** One record of a batch. */
export interface BatchItem {
  readonly id: string
  /** The record as one line of JSON without its line end, as the spool holds it. Decoded anew each time. */
  readonly text: string
  /** Parses `text`, anew each time; call it only where the shape must change. */
  record(): ErrorRecord
}

/** Records for one attempt, in the order of the spool. All of it is borrowed: valid until the attempt has settled. */
export interface Batch {
  readonly items: readonly BatchItem[]
  /** Every record as the spool holds it, each with a line end behind it: UTF-8, for who ships records as they are. */
  readonly ndjson: Buffer
  /** Length of the records in bytes, line ends not counted. */
  readonly bytes: number
}

/** A record that the backend will never take. `reason` is for a person and quotes the answer. */
export interface Refusal {
  readonly item: BatchItem
  readonly reason: string
}

/**
 * What came of one attempt.
 * - `delivered`: the backend holds every record but those in `refused`, which it will never take.
 * - `retry`: try the same batch again, not before `afterMs` if the backend named a time.
 * - `split`: the backend refused the batch as a whole (too large, or one bad record): halve it; a single record is refused.
 * - `hold`: misconfiguration (401, 403, 404, unknown host certificate): keep the data, say so, try again at the slowest pace.
 */
export type Delivery =
  | { readonly outcome: 'delivered'; readonly refused?: readonly Refusal[] }
  | { readonly outcome: 'retry'; readonly reason: string; readonly afterMs?: number }
  | { readonly outcome: 'split'; readonly reason: string }
  | { readonly outcome: 'hold'; readonly reason: string; readonly mend: string }

export interface Output {
  /**
   * One attempt. Never rejects for what the backend or the network does: that is a Delivery. Rejects only on abort.
   * The memory of the batch is used again after it settled, so nothing of it may be on its way anywhere then.
   */
  send(batch: Batch, signal: AbortSignal): Promise<Delivery>
  close(): Promise<void>
  /** The files that it writes, absolute, rotated ones included: the agent must never tail them. */
  paths?(): readonly string[]
}

/** What an output gets when it is opened. */
export interface OutputContext {
  /** The output's name in the config, for messages. */
  readonly name: string
  readonly log: Logger
  readonly clock: Clock
  /** Where `stdout` writes; only main and cli know the process. */
  readonly stdout?: NodeJS.WritableStream
  /** Makes a path of the settings absolute, against the folder of the config file. Absent: the working directory. */
  readonly resolvePath?: (path: string) => string
}

/** A kind of output: its name in the config, its settings (without `name`, `type`, `batch`), and how to open it. */
export interface OutputKind<Settings = unknown> {
  readonly type: string
  /** One sentence for the docs. */
  readonly description: string
  readonly settings: z.ZodObject
  /** Requests in flight at once; 1 where order or a single file demands it. */
  readonly concurrency: number
  /** What the backend takes in one batch, whatever the config asks for; `maxBytes` is of `Batch.bytes`. */
  readonly limits?: { readonly maxBytes?: number; readonly maxRecords?: number }
  /** `settings` is what the schema parsed. Opens lazily: must not fail when the backend is away. */
  open(settings: Settings, context: OutputContext): Output
}
