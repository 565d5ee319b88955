/**
 * Which frames of a stack count for an issue, and why the others do not. Frames are named when they are asked for: most
 * stacks are decided by their first few.
 */
import type { Frame } from '../core/shapes.js'
import type { Family } from './families.js'
import { moduleOf } from './modules.js'
import { type NamedFrame, nameFrame } from './normalise.js'

/** One thing that was looked at: a kind, a frame, a message. */
export interface FingerprintPart {
  text: string
  /** Whether it is part of the fingerprint. */
  counts: boolean
  /** The rule's id and what it says. */
  because: string
}

/** Frames looked at: enough for any stack that is not recursion. */
export const MAX_FRAMES = 120
/** In a stack that ran over, functions that occur at least twice among the first frames are the loop. */
export const LOOP_WINDOW = 40
/** Functions of Go's runtime that raise a panic; some printers leave the package out. */
export const PANIC_FRAME =
  /^(?:runtime\.)?(?:panic|gopanic|sigpanic|panic(?:divide|mem|shift|wrap)|goPanic\w+|panic(?:Index|Slice|dottype|nildottype)\w*)$/

/** A frame of a stack with what decides whether it counts. */
export class Considered {
  readonly inApp: boolean
  /** The function as printed. */
  readonly printed: string | undefined
  readonly #family: Family
  readonly #frame: Frame
  /** The rule that leaves it out because of the frames around it. */
  readonly #beside: string | undefined
  #name: NamedFrame | undefined
  #key: string | undefined

  constructor(family: Family, frame: Frame, beside: string | undefined) {
    this.inApp = frame.in_app !== false
    this.printed = frame.function
    this.#family = family
    this.#frame = frame
    this.#beside = beside
  }

  /** What stands for it in the issue: `module.function`, or the module of its file in PHP. */
  get key(): string {
    this.#key ??= (this.#family === 'php' ? fileKey(this.#frame) : undefined) ?? this.full
    return this.#key
  }

  /** `module.function` even where the issue goes by the file alone. */
  get full(): string {
    return this.#named.key
  }

  get named(): boolean {
    return this.#named.named
  }

  /** The rule that left the frame out. */
  get dropped(): string | undefined {
    return this.#beside ?? this.#named.dropped
  }

  get #named(): NamedFrame {
    this.#name ??= nameFrame(this.#family, this.#frame)
    return this.#name
  }
}

/** Lists seen before; the traceback languages hand out the same list for the same printed stack. */
const knownLists = new WeakMap<
  readonly Frame[],
  { readonly family: Family; readonly considered: readonly Considered[] }
>()

/** The first frames of a stack, ready to be chosen from. */
export function nameAll(family: Family, frames: readonly Frame[]): readonly Considered[] {
  const known = knownLists.get(frames)
  if (known?.family === family) return known.considered
  const panic = family === 'go' ? panicIn(frames) : -1
  const considered = frames.slice(0, MAX_FRAMES).map((frame, i) => {
    const caught = i <= panic ? 'G14 raised a panic, or caught the one that is below' : undefined
    return new Considered(family, frame, family === 'ruby' ? builtIn(frame, frames[i + 1]) : caught)
  })
  knownLists.set(frames, { family, considered })
  return considered
}

/** Ruby prints a built-in method with the file and line of its caller. */
function builtIn(frame: Frame, caller: Frame | undefined): string | undefined {
  if (!caller || frame.line === undefined || frame.line !== caller.line || frame.file !== caller.file) return undefined
  if (frame.function === caller.function || /^(?:block|rescue|ensure)\b/.test(frame.function ?? '')) return undefined
  return 'G13 built-in method, printed at the line that calls it'
}

/** The frame of Go's runtime below which a panic was raised; -1 where the program's own frames come first. */
export function panicIn(frames: readonly Frame[]): number {
  for (const [i, frame] of frames.entries()) {
    if (PANIC_FRAME.test(frame.function ?? '')) return i
    if (frame.in_app !== false) break
  }
  return -1
}

function fileKey({ file, module }: Frame): string | undefined {
  if (file) return moduleOf(file)
  return module?.includes('\\') ? moduleOf(`${module.replaceAll('\\', '/')}.php`) : undefined
}

/** The frames that count, the raising one first; notes all others with the rule that left them out. */
export function choose(
  frames: readonly Considered[],
  overflow: boolean,
  parts: FingerprintPart[] | undefined,
  most: number,
): Considered[] {
  const ours = frames.some((frame) => frame.inApp && frame.dropped === undefined)
  // Where only glue is left, glue is better than nothing.
  const useful = ours || frames.some((frame) => frame.dropped === undefined)
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
    // Without parts to note, a library's frame needs no name.
    if (ours && !frame.inApp) return (parts && frame.dropped) ?? 'F03 frame of a library'
    if (frame.key === '') return frame.dropped ?? 'G12 nothing known'
    if (frame.dropped !== undefined && useful) return frame.dropped
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
export function calleeOf(frames: readonly Considered[], raising: Considered | undefined): Considered | undefined {
  if (!raising?.inApp) return undefined
  for (let i = frames.indexOf(raising) - 1; i >= 0; i--) {
    const frame = frames[i]
    if (frame && !frame.inApp && frame.dropped === undefined && frame.named) return frame
    if (frame?.inApp && frame.dropped === undefined) return undefined
  }
  return undefined
}

/** Adds to `parts`, when somebody wants to know. */
export function note(parts: FingerprintPart[] | undefined, text: string, counts: boolean, because: string): void {
  parts?.push({ text, counts, because })
}
