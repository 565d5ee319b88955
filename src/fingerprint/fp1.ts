/**
 * `fp1`: three hashes of an error that name its issue, its location and its exact shape. Deterministic and total; the
 * same input gives the same bytes in any language, because only the canonical string is hashed. Frozen once published:
 * a change of rules is a new version, never a change of this one.
 */
import { hash as digest } from 'node:crypto'
import type { Cause, Frame } from '../core/shapes.js'
import { type Family, familyOf, isCarrier, isOverflow, isPlain, isVague, kindOf } from './families.js'
import { moduleOf, type NamedFrame, nameFrame } from './normalise.js'
import { template } from './template.js'

export interface FingerprintInput {
  language?: string
  kind?: string
  message?: string
  frames: readonly Frame[]
  causes: readonly Cause[]
  /** The log's message; used when there is no kind and no frame. */
  template?: string
  /** The logger's name; used with `template` only. */
  logger?: string
}

/** One thing that was looked at: a kind, a frame, a message. */
export interface FingerprintPart {
  text: string
  /** Whether it is part of the fingerprint. */
  counts: boolean
  /** The rule's id and what it says. */
  because: string
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
const MAX_COUNTED = 2
/** Frames looked at: enough for any stack that is not recursion. */
const MAX_FRAMES = 120
/** In a stack that ran over, functions that occur at least twice among the first frames are the loop. */
const LOOP_WINDOW = 40

/** The fingerprint of an error, all of it, for `explain`. Throws on no input. */
export function fingerprint(input: FingerprintInput): Fingerprint {
  const parts: FingerprintPart[] = []
  const { family, kind, root, canonical, named, chosen, words } = describe(input, parts)
  const raising = chosen[0]?.full ?? words()
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

  const kind = kindOf(family, input.kind)
  const rootCause = rootOf(input)
  const root = kindOf(family, rootCause?.kind)
  // Most of Go's loggers do not print the type of an error; its root message is what all of them print.
  const untyped = family === 'go' && input.message !== undefined && input.message !== ''
  const vague = untyped || isVague(family, kind)
  if (kind !== '') note(parts, kind, !vague, kindRule(vague, untyped))
  if (kind !== '' && !vague) canonical.push(`kind ${kind}`)
  // Half of PHP's log formats print no previous exceptions.
  if (root !== '' && root !== kind && family !== 'php') {
    const plain = isPlain(family, root)
    note(parts, root, !plain, plain ? 'K05 a root cause of the plain class' : 'K03 kind of the root cause')
    if (!plain) canonical.push(`root ${root}`)
  }

  let frames = input.frames
  let named = nameAll(family, frames)
  // Raised by the machinery itself, and not by the application, a carrier is where what it carries is.
  const carrier = isCarrier(family, kind) && named[0]?.dropped !== undefined
  // An error without frames, as an AggregateError, is where its nearest cause with frames is.
  const nearest =
    carrier || frames.length === 0 ? input.causes.find((cause) => cause.frames.length > 0)?.frames : undefined
  if (nearest) {
    frames = nearest
    named = nameAll(family, frames)
  }
  const carried = carrier && nearest !== undefined
  // Half of PHP's log formats print places without functions: the class's file and the message stand in for them.
  const byFile = family === 'php'
  const chosen = choose(named, isOverflow(kind, input.message ?? ''), parts, byFile || carried ? 1 : MAX_COUNTED)
  const callee = byFile ? undefined : calleeOf(named, chosen[0])
  if (callee) {
    const part = parts?.find((candidate) => candidate.text === callee.key && !candidate.counts)
    if (part) Object.assign(part, { counts: true, because: 'F08 library function that the raising function called' })
    canonical.push(`in ${callee.key}`)
  }
  for (const frame of chosen) canonical.push(`at ${frame.key}`)

  if (rootCause && frames !== rootCause.frames && !byFile) {
    const origin = choose(nameAll(family, rootCause.frames), false, undefined, 1)[0]
    if (origin?.inApp && !chosen.some((frame) => frame.key === origin.key)) {
      note(parts, origin.key, true, 'F05 raising function of the root cause')
      canonical.push(`from ${origin.key}`)
    }
  }

  const message = input.message ?? (kind === '' ? input.template : undefined) ?? ''
  let masked: string | undefined
  const words = () => (masked ??= message === '' ? '' : template(message))
  const unnamed = byFile || !chosen.some((frame) => frame.named)
  const counts = vague || unnamed
  if ((counts || parts) && words() !== '') {
    const counted = untyped ? rootWords(words()) : words()
    note(parts, counts ? counted : words(), counts, messageRule(vague, unnamed, chosen.length > 0))
    if (counts) canonical.push(`message ${counted}`)
  } else if (family === 'nodejs' && message.trim() === '' && isPlain(family, kind)) {
    note(parts, 'none', true, 'M05 a plain error without any message')
    canonical.push('message none')
  }
  if (kind === '' && frames.length === 0 && input.logger) {
    const logger = /[^.:/\\]*$/.exec(template(input.logger))?.[0] ?? ''
    note(parts, logger, true, 'L01 logger of a message without kind and frames')
    canonical.push(`logger ${logger}`)
  }
  return { family, kind, root, canonical: canonical.join('\n'), named, chosen, words }
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

interface Considered extends NamedFrame {
  readonly inApp: boolean
  /** `module.function` even where the issue goes by the file alone. */
  readonly full: string
  /** The function as printed. */
  readonly printed: string | undefined
}

/** Lists named before; the traceback languages hand out the same list for the same printed stack. */
const knownLists = new WeakMap<
  readonly Frame[],
  { readonly family: Family; readonly considered: readonly Considered[] }
>()

function nameAll(family: Family, frames: readonly Frame[]): readonly Considered[] {
  const known = knownLists.get(frames)
  if (known?.family === family) return known.considered
  const considered = nameEach(family, frames)
  knownLists.set(frames, { family, considered })
  return considered
}

function nameEach(family: Family, frames: readonly Frame[]): Considered[] {
  const considered: Considered[] = []
  const count = Math.min(frames.length, MAX_FRAMES)
  for (let i = 0; i < count; i++) {
    const frame = frames[i]
    if (!frame) continue
    const { key: full, named, dropped } = nameFrame(family, frame)
    // Ruby prints a built-in method with the file and line of its caller.
    const builtIn = family === 'ruby' && dropped === undefined && isBuiltIn(frame, frames[i + 1])
    considered.push({
      key: family === 'php' ? (fileKey(frame) ?? full) : full,
      full,
      named,
      dropped: builtIn ? 'G13 built-in method, printed at the line that calls it' : dropped,
      inApp: frame.in_app !== false,
      printed: frame.function,
    })
  }
  return considered
}

function fileKey({ file, module }: Frame): string | undefined {
  if (file) return moduleOf(file)
  return module?.includes('\\') ? moduleOf(`${module.replaceAll('\\', '/')}.php`) : undefined
}

function isBuiltIn(frame: Frame, caller: Frame | undefined): boolean {
  if (!caller || frame.line === undefined || frame.line !== caller.line || frame.file !== caller.file) return false
  return frame.function !== caller.function && !/^(?:block|rescue|ensure)\b/.test(frame.function ?? '')
}

/** The frames that count, the raising one first; notes all others with the rule that left them out. */
function choose(
  frames: readonly Considered[],
  overflow: boolean,
  parts: FingerprintPart[] | undefined,
  most: number,
): Considered[] {
  const ours = frames.some((frame) => frame.inApp && frame.dropped === undefined)
  // Where only glue is left, glue is better than nothing.
  const useful = frames.some((frame) => frame.dropped === undefined)
  const counts = new Map<string, number>()
  if (overflow) {
    for (const { key, inApp, dropped } of frames.slice(0, LOOP_WINDOW)) {
      if (dropped === undefined && inApp === ours) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  const loops = [...counts.values()].some((count) => count > 1)
  const chosen: Considered[] = []
  const seen = new Set<string>()
  let recursive = false
  for (const frame of frames) {
    const because = left(frame)
    if (because === undefined) {
      seen.add(frame.key)
      chosen.push(frame)
    }
    const rule = because ?? (ours ? 'F01 frame of the application' : 'F02 library frame: the application has none')
    note(parts, frame.key, because === undefined, rule)
    // Without parts to note only the chosen ones matter; recursion decides about its callers as long as any may follow.
    if (!parts && !overflow && chosen.length >= most) break
  }
  // Where a stack runs over is an accident: the functions of the loop count, not their order.
  if (overflow) chosen.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return chosen

  function left(frame: Considered): string | undefined {
    if (frame.key === '') return frame.dropped ?? 'G12 nothing known'
    if (frame.dropped !== undefined && useful) return frame.dropped
    if (ours && !frame.inApp) return 'F03 frame of a library'
    if (seen.has(frame.key)) {
      // How deep a recursion goes decides whether its callers are printed at all, so they cannot count. A closure and
      // its function have one key too, but are no recursion.
      const last = chosen.at(-1)
      recursive ||= last?.key === frame.key && last.printed === frame.printed
      return 'F04 recursion or repetition'
    }
    if (recursive && !overflow) return 'F09 caller of a recursion'
    if (loops && (counts.get(frame.key) ?? 0) < 2) return 'F06 not of the loop that ran over'
    if (chosen.length >= most) return 'F07 below the frames that count'
    return undefined
  }
}

/** The library's function that the application's raising function called: it tells two calls in one function apart. */
function calleeOf(frames: readonly Considered[], raising: Considered | undefined): Considered | undefined {
  if (!raising?.inApp) return undefined
  for (let i = frames.indexOf(raising) - 1; i >= 0; i--) {
    const frame = frames[i]
    if (frame && !frame.inApp && frame.dropped === undefined && frame.named) return frame
    if (frame?.inApp && frame.dropped === undefined) return undefined
  }
  return undefined
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

function note(parts: FingerprintPart[] | undefined, text: string, counts: boolean, because: string): void {
  parts?.push({ text, counts, because })
}

/** The first 96 bits of SHA-256, in hex. */
function hash(text: string): string {
  return digest('sha256', text, 'hex').slice(0, 24)
}
