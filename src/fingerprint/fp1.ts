/**
 * `fp1`: three hashes of an error that name its issue, its location and its exact shape. Deterministic and total; the
 * same input gives the same bytes in any language, because only the canonical string is hashed. Frozen once published:
 * a change of rules is a new version, never a change of this one.
 */
import { hash as digest } from 'node:crypto'
import type { Cause, Frame } from '../core/shapes.js'
import { type Family, familyOf } from './families.js'
import { calleeOf, choose, type FingerprintPart, nameAll, note, panicIn } from './frames.js'
import { isCarrier, isOverflow, isPlain, isVague, kindOf } from './kinds.js'
import { template } from './template.js'

export type { FingerprintPart } from './frames.js'

export interface FingerprintInput {
  /** A traceback language or a source, `python`, `logback`; what is not known is a family of its own, `other`. */
  language?: string
  kind?: string
  message?: string
  frames: readonly Frame[]
  causes: readonly Cause[]
  /** The log's message; used when there is no kind and no frame. */
  template?: string
  /** The logger's name; used with `template` only. */
  logger?: string
  /** False when nobody caught the error, and the runtime itself printed it. */
  handled?: boolean
}

export interface Fingerprint {
  /** `fp1:<24 hex>`: the issue. */
  id: string
  /** `fp1:location:<24 hex>`: kind and raising function. */
  location: string
  /** `fp1:exact:<24 hex>`: all frames and the message's template. */
  exact: string
  parts: FingerprintPart[]
  /** What was hashed for `id`. */
  canonical: string
}

/** Frames of the application that count for the issue. */
export const MAX_COUNTED = 2
/** Kinds that only a panic of Go has. */
export const PANIC_KIND = /^(?:panic|fatal error|string|\*?runtime\.\w+)$/
/** What Go's runtime says when it panics; the same wherever it does. */
export const PANIC_WORDS =
  /^(?:runtime error: |interface conversion: |assignment to entry in nil map|(?:close of|send on) (?:closed|nil) channel)/
/** Words of a message without a wrap that says too little to stand for a place. */
export const TERSE_WORDS = 3

/** The fingerprint of an error, all of it, for `explain`. Throws on no input. */
export function fingerprint(input: FingerprintInput): Fingerprint {
  const parts: FingerprintPart[] = []
  const { family, kind, root, canonical, named, chosen, words } = describe(input, parts)
  const raising = (chosen[0] ?? choose(named, false, undefined, 1)[0])?.full ?? words()
  const all = named.flatMap((frame) => (frame.full === '' ? [] : [frame.full]))
  return {
    id: `fp1:${hash(canonical)}`,
    location: `fp1:location:${hash(['fp1', 'location', family, kind, raising].join('\n'))}`,
    exact: `fp1:exact:${hash(['fp1', 'exact', family, kind, root, ...all, words()].join('\n'))}`,
    parts,
    canonical,
  }
}

/** The id alone: what a record carries as `error.pre_fingerprint`. A third of the work of `fingerprint`. */
export function preFingerprint(input: FingerprintInput): string {
  return `fp1:${hash(describe(input, undefined).canonical)}`
}

/** What the hashes are made of. `parts`, when given, takes everything that was looked at. */
function describe(input: FingerprintInput, parts: FingerprintPart[] | undefined) {
  const family = familyOf(input.language)
  const canonical = ['fp1', family]
  const say = (what: string, text: string) => void canonical.push(`${what} ${text.replaceAll('\n', ' ')}`)
  const kind = kindOf(family, input.kind)
  const { frames, carried, overflow } = placeOf(family, kind, input)
  const named = nameAll(family, frames)
  const message = input.message || (kind === '' ? input.template : undefined) || ''
  let masked: string | undefined
  const words = () => (masked ??= message === '' ? '' : template(message))

  // Most of Go's loggers do not print the type of an error; its message, which wraps outside in, is what all of them print.
  const untyped = family === 'go' && !!input.message
  // They do not print its stack either, and the messages that wrap it name the way it came. A panic is told by its stack.
  const wrapped = untyped && !isPanic(input, kind, frames) && !isTerse(words())
  const vague = untyped || isVague(family, kind)
  if (kind !== '') note(parts, kind, !vague, kindRule(vague, untyped))
  if (kind !== '' && !vague) say('kind', kind)

  const rootCause = rootOf(input)
  const root = kindOf(family, rootCause?.kind)
  // Half of PHP's log formats print no previous exceptions.
  if (root !== '' && root !== kind && family !== 'php') {
    const plain = isPlain(family, root)
    note(parts, root, !plain, plain ? 'K05 a root cause of the plain class' : 'K03 kind of the root cause')
    if (!plain) say('root', root)
  }

  // Half of PHP's log formats print places without functions: the class's file and the message stand in for them.
  const byFile = family === 'php'
  const most = wrapped ? 0 : byFile || carried ? 1 : MAX_COUNTED
  const chosen = choose(named, overflow, parts, most)
  const callee = byFile ? undefined : calleeOf(named, chosen[0])
  if (callee) {
    const part = parts?.find((candidate) => candidate.text === callee.key && !candidate.counts)
    if (part) Object.assign(part, { counts: true, because: 'F08 library function that the raising function called' })
    say('in', callee.key)
  }
  for (const frame of chosen) say('at', frame.key)

  if (rootCause && frames !== rootCause.frames && !byFile && !wrapped) {
    const origin = choose(nameAll(family, rootCause.frames), ranOver(family, rootCause), undefined, 1)[0]
    if (origin?.inApp && !chosen.some((frame) => frame.key === origin.key)) {
      note(parts, origin.key, true, 'F05 raising function of the root cause')
      say('from', origin.key)
    }
  }

  if (parts) noteCauses(family, input.causes, rootCause, frames, parts)
  const unnamed = byFile || !chosen.some((frame) => frame.named)
  const counts = vague || unnamed
  if ((counts || parts) && words() !== '') {
    const counted = untyped && !wrapped ? rootWords(words()) : words()
    note(parts, counts ? counted : words(), counts, messageRule(vague, unnamed, chosen.length > 0))
    if (counts) say('message', counted)
  } else if (family === 'nodejs' && message.trim() === '' && isPlain(family, kind)) {
    note(parts, 'none', true, 'M05 a plain error without any message')
    say('message', 'none')
  }
  const logger = template(/[^.:/\\]*$/.exec(input.logger ?? '')?.[0] ?? '')
  if (kind === '' && frames.length === 0 && !input.message && logger !== '') {
    note(parts, logger, true, 'L01 logger of a message without kind and frames')
    say('logger', logger)
  }
  return { family, kind, root, canonical: canonical.join('\n'), named, chosen, words }
}

/** What of the causes does not count: kinds between the error and its root, and frames but those noted before. */
function noteCauses(
  family: Family,
  causes: readonly Cause[],
  root: Cause | undefined,
  place: readonly Frame[],
  parts: FingerprintPart[],
): void {
  const noted = new Set(parts.map(({ text }) => text))
  for (const cause of causes) {
    const kind = kindOf(family, cause.kind)
    if (cause !== root && kind !== '') note(parts, kind, false, 'K06 kind of a cause that is not the root')
    if (cause.frames === place) continue
    for (const { key } of nameAll(family, cause.frames)) {
      if (key === '' || noted.has(key)) continue
      noted.add(key)
      note(parts, key, false, 'F10 frame of a cause, of which only the function that raised the root counts')
    }
  }
}

/** The frames that say where the error is: its own, or those of its nearest cause that has any. */
function placeOf(family: Family, kind: string, error: FingerprintInput) {
  const { frames, causes } = error
  // Raised by the machinery itself, and not by the application, a carrier is where what it carries is.
  const carrier = isCarrier(family, kind) && nameAll(family, frames)[0]?.dropped !== undefined
  // An error without frames, as an AggregateError, is where its nearest cause with frames is.
  const nearest = carrier || frames.length === 0 ? causes.find((cause) => cause.frames.length > 0) : undefined
  return {
    frames: nearest?.frames ?? frames,
    carried: carrier && nearest !== undefined,
    overflow: ranOver(family, nearest ?? error),
  }
}

/** Whether the stack of an error or a cause ran over. */
function ranOver(family: Family, { kind, message }: Pick<Cause, 'kind' | 'message'>): boolean {
  return isOverflow(kindOf(family, kind), message ?? '')
}

/** Whether a Go program panicked: it died of it, or the runtime says so in words, or by the frames that lead to the panic. */
function isPanic({ message, handled }: FingerprintInput, kind: string, frames: readonly Frame[]): boolean {
  return handled === false || PANIC_KIND.test(kind) || PANIC_WORDS.test(message ?? '') || panicIn(frames) >= 0
}

/** Too little to tell where an error is from: `EOF`, `context deadline exceeded`, `token expired`. */
function isTerse(words: string): boolean {
  return !/:(?: |$)/.test(words) && words.split(' ').length <= TERSE_WORDS
}

/**
 * The last cause; the one before it where the last, printed without frames, is the error itself or another of its causes:
 * a circular chain, which some printers say and others leave out.
 */
function rootOf(error: FingerprintInput): Cause | undefined {
  const { causes } = error
  const last = causes.at(-1)
  if (last === undefined || last.frames.length > 0) return last
  const isLast = (other: Pick<Cause, 'kind' | 'message'>) => other.kind === last.kind && other.message === last.message
  return isLast(error) || causes.slice(0, -1).some(isLast) ? causes.at(-2) : last
}

/** Go wraps messages outside in, `place order: insert: already exists`: the last part is the root's own. */
function rootWords(words: string): string {
  const at = words.lastIndexOf(': ')
  return at < 0 ? words : words.slice(at + 2)
}

function kindRule(vague: boolean, untyped: boolean): string {
  if (untyped) return 'K04 a Go type, which few loggers print: the root message stands in for it'
  return vague ? 'K02 this kind does not tell errors apart' : 'K01 kind'
}

function messageRule(vague: boolean, unnamed: boolean, frames: boolean): string {
  if (vague) return 'M01 the kind does not tell errors apart'
  if (!frames) return 'M02 no frame'
  return unnamed ? 'M03 no frame has a function of its own' : 'M04 kind and frames say enough'
}

/** The first 96 bits of SHA-256, in hex. */
function hash(text: string): string {
  return digest('sha256', text, 'hex').slice(0, 24)
}
