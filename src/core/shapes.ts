/**
 * The shapes that travel along the data path, in the order in which they arise:
 * Chunk ▸ Line ▸ Entry ▸ LogRecord ▸ ErrorRecord. Left of Entry there are only bytes and integers, right of it only
 * text and objects. Offsets are bytes from the file's start; times are ms since the epoch; ranges are half-open.
 */

/** Bytes of one file. Borrowed: the buffer is reused as soon as the callee returns. */
export interface Chunk {
  readonly bytes: Buffer
  /** File offset of `bytes[0]`. */
  readonly offset: number
}

/** The container stream a line came from; plain files have none. */
export type Stream = 'stdout' | 'stderr'

/** One logical message as text: a head line and its continuation lines, joined by `\n`. */
export interface Entry {
  readonly text: string
  /** File offset of the first byte of the entry. */
  readonly from: number
  /** File offset just after the last byte of the entry, its line end included. */
  readonly to: number
  /** File offset of the start of each line of `text`, in order. */
  readonly lineOffsets: readonly number[]
  /** Physical lines that it was made of, also those of which nothing is in `text`. */
  readonly lines: number
  readonly stream?: Stream
  /** When the container runtime took the line, if the framing says so. */
  readonly time?: number
  /** Set when bytes were left out because the entry or a line was over its limit. */
  readonly cut?: boolean
}

/** The nine statuses of Datadog's log status remapper, worst first. */
export const STATUSES = ['emergency', 'alert', 'critical', 'error', 'warn', 'notice', 'info', 'debug', 'ok'] as const
export type Status = (typeof STATUSES)[number]

/** The statuses that make a record an error. */
export const ERROR_STATUSES = ['error', 'critical', 'alert', 'emergency'] as const
export type ErrorStatus = (typeof ERROR_STATUSES)[number]

export function isErrorStatus(status: string | undefined): status is ErrorStatus {
  return status === 'error' || status === 'critical' || status === 'alert' || status === 'emergency'
}

/** A JSON value as attributes hold it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }
/** Nested attributes of a record; never flat dotted keys. */
export type Attributes = { [key: string]: Value }

/** One frame of a stack. Absent = the runtime did not print it. */
export interface Frame {
  function?: string
  file?: string
  /** 1-based. */
  line?: number
  /** 1-based. */
  column?: number
  /** The class, package or module that the runtime names, e.g. `com.acme.Order`, `shop.orders`. */
  module?: string
  /** Whether the frame belongs to the application rather than to a library or the runtime. */
  in_app?: boolean
}

/** A cause of an error; in a list the nearest comes first and the root last. */
export interface Cause {
  kind?: string
  message?: string
  frames: Frame[]
}

/** What a traceback in a text says. Produced by `src/trace`, one language a file. */
export interface Traceback {
  /** The language that parsed it, e.g. `python`. */
  language: string
  /** The class or constructor name as the runtime prints it, qualified where the runtime qualifies. */
  kind?: string
  /** The exception's own message; absent when it has none. */
  message?: string
  /** The first frame is where the error was raised, whatever order the runtime prints. */
  frames: Frame[]
  /** Nearest cause first, root last. */
  causes: Cause[]
  /** `text.slice(start, end)` is the traceback exactly as printed, without its last line end. */
  start: number
  end: number
  /** True when the text itself shows that nobody caught the error (the runtime printed it, not a logger). */
  uncaught: boolean
}

/** A log event while the remappers work on it. Mutable by design: processors change it in place, in order. */
export interface LogRecord {
  message: string
  /** The remapper source, e.g. `python`; set by the input. */
  source: string
  timestamp?: number
  status?: Status
  /** True when no status was written and one was derived from an uncaught traceback. */
  inferred?: boolean
  service?: string
  host?: string
  traceId?: string
  /** `key:value`, lower case. */
  tags: string[]
  attributes: Attributes
  /** Filled by the traceback-parser; `error.kind`, `.message`, `.stack` live in `attributes.error`. */
  traceback?: Traceback
}

/** What an output ships: see docs/architecture.md, "A record". Absent = not known; never null, never empty. */
export interface ErrorRecord {
  readonly id: string
  /** ISO 8601, UTC, ms. */
  readonly timestamp: string
  readonly status: ErrorStatus
  readonly message?: string
  readonly service: string
  readonly source: string
  readonly host?: string
  readonly env?: string
  readonly version?: string
  readonly tags?: readonly string[]
  readonly error: {
    readonly kind?: string
    readonly message?: string
    readonly stack?: string
    readonly pre_fingerprint: string
    /** Of the user's own, by a rule of the config; what backends group by where it is there. */
    readonly fingerprint?: string
    readonly frames?: readonly Frame[]
    readonly causes?: readonly (Omit<Cause, 'frames'> & { readonly frames?: readonly Frame[] })[]
    readonly handled?: boolean
    /** True when the status was not written in the log but follows from an uncaught traceback. */
    readonly inferred?: boolean
    /** True when the entry was over a limit and its text was cut. */
    readonly cut?: boolean
  }
  readonly logger?: { readonly name?: string; readonly thread_name?: string }
  readonly trace_id?: string
  readonly attributes?: Attributes
  readonly git?: { readonly commit?: { readonly sha?: string }; readonly repository_url?: string }
  readonly container?: Attributes
  readonly kubernetes?: Attributes
  readonly log: {
    readonly file?: { readonly path: string; readonly offset: number }
    readonly stream?: Stream
  }
}
