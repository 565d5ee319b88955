/** The value types that settings share: sizes, durations, frame patterns, secrets. Each accepts what a person would write. */
import { z } from 'zod'

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 }

/** Bytes of `"4MiB"`, `"512 kB"` or a plain number; undefined when it is neither. */
export function parseBytes(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? Math.floor(value) : undefined
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?b|b)?$/i.exec(value.trim())
  if (match?.[1] === undefined) return undefined
  const unit = SIZE_UNITS[(match[2] ?? 'b').toLowerCase()]
  return unit === undefined ? undefined : Math.floor(Number(match[1]) * unit)
}

/** Milliseconds of `"1.5s"`, `"50ms"`, `"2m"` or a plain number of ms; undefined when it is neither. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/i.exec(value.trim())
  if (match?.[1] === undefined) return undefined
  const unit = DURATION_UNITS[(match[2] ?? '').toLowerCase()]
  return unit === undefined ? undefined : Number(match[1]) * unit
}

/** A size in bytes, as a number or with a unit. `fallback` is written as a person would write it. */
export function bytes(fallback: string) {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const parsed = parseBytes(value)
      if (parsed !== undefined) return parsed
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(value)} is not a size. Write bytes, or "512KiB", "4MiB", "1GiB".`,
      })
      return z.NEVER
    })
    .prefault(fallback)
}

/** A duration in ms, as a number of ms or with a unit. `fallback` is written as a person would write it. */
export function duration(fallback: string) {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const parsed = parseDuration(value)
      if (parsed !== undefined) return parsed
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(value)} is not a duration. Write "50ms", "1.5s", "2m" or "1h".`,
      })
      return z.NEVER
    })
    .prefault(fallback)
}

/** A list of patterns of frames, see `core/frame-pattern`. What only looks like one would match nothing, and is a problem. */
export function framePatterns() {
  return z
    .array(
      z
        .string()
        .min(1)
        .superRefine((pattern, context) => {
          const problem = frameProblem(pattern)
          if (problem !== undefined)
            context.addIssue({ code: 'custom', message: `${JSON.stringify(pattern)} ${problem}` })
        }),
    )
    .default([])
}

/** What is wrong with a pattern that was written for another kind of matching. */
function frameProblem(pattern: string): string | undefined {
  if (/^\s+$/.test(pattern)) return 'is blank. Name a directory, a file, a module or a function.'
  if (/\{[^{}]*,[^{}]*\}/.test(pattern)) return 'has alternatives in braces. Write one pattern for each.'
  if (pattern.startsWith('!')) return 'begins with "!". Patterns do not negate: use the setting that does the opposite.'
  if (pattern.startsWith('^')) return 'begins with "^" like a regular expression. Use *, ** and ? instead.'
  return undefined
}

/** A text that no message, log line or JSON shows; only `reveal` gives it, at the moment it is used. */
export class Secret {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  reveal(): string {
    return this.#text
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  /** What `util.inspect` and `console.log` show. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

/** One instance for all secrets, by which `isSecretSchema` knows them (zod clones what is described). */
const TO_SECRET = z.transform((text: string) => new Secret(text))

/** A string that is never printed, e.g. `"${DD_API_KEY}"`. */
export function secret() {
  return z.string().min(1).pipe(TO_SECRET)
}

/** Whether `schema` is what `secret()` gives, without looking into what wraps it. */
export function isSecretSchema(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodPipe && schema.def.out === TO_SECRET
}
