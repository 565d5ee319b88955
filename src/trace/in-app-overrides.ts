/**
 * The user's word on which frames are the application's, over the tables of `in-app.ts`. The traceback languages hand
 * out the same lists and frames for the same printed stack, so what is decided otherwise is decided on copies, and
 * remembered for each list: a stack that is printed again costs one look-up.
 * Precedence is that of Sentry's SDKs, where `in_app_include` beats `in_app_exclude` and both beat what the SDK finds.
 * Source: docs.sentry.io, Python, "Options": in_app_include, in_app_exclude (prefixes of modules); "Stack Trace Rules"
 * (globs of paths and modules).
 */
import { z } from 'zod'
import { framePatterns } from '../config/types.js'
import { compileFramePatterns } from '../core/frame-pattern.js'
import type { Frame, Traceback } from '../core/shapes.js'

export const inAppSettings = z.strictObject({
  include: framePatterns().describe(
    'Frames that are the application\'s: directories, files, modules or functions, e.g. "vendor/acme", "com.acme". `*` stands for text without a slash, `**` for any text, `?` for one character. Wins over `exclude`; what an input says wins over what the config says.',
  ),
  exclude: framePatterns().describe(
    'Frames that are not, written in the same way. `["**"]`: none but those that `include` names.',
  ),
})
export type InAppSettings = z.output<typeof inAppSettings>

/** What a setting decided of a frame. */
export interface InAppDecision {
  readonly inApp: boolean
  /** The setting and its pattern: `inputs[0].inApp.exclude[1] "com.acme.generated"`. */
  readonly because: string
}

/** Settings with the name by which problems and `explain` call them, e.g. `inputs[0].inApp`. */
export interface NamedInApp {
  readonly name: string
  readonly settings: InAppSettings
}

interface Patterns {
  readonly name: string
  readonly texts: readonly string[]
  readonly inApp: boolean
  readonly find: (frame: Frame) => number
}

export class InAppOverrides {
  /** In the order in which they decide. */
  readonly #patterns: readonly Patterns[]
  /** By the list that a language handed out: what a record gets instead, which may be the list itself. */
  readonly #lists = new WeakMap<readonly Frame[], Frame[]>()
  /** The same for single frames, which many lists share. */
  readonly #frames = new WeakMap<Frame, Frame>()

  private constructor(patterns: readonly Patterns[]) {
    this.#patterns = patterns
  }

  /** The first settings win over later ones; undefined when there is no pattern in any. */
  static of(settings: readonly NamedInApp[]): InAppOverrides | undefined {
    const patterns = settings.flatMap(({ name, settings: { include, exclude } }) => [
      { name: `${name}.include`, texts: include, inApp: true, find: compileFramePatterns(include) },
      { name: `${name}.exclude`, texts: exclude, inApp: false, find: compileFramePatterns(exclude) },
    ])
    const given = patterns.filter(({ texts }) => texts.length > 0)
    return given.length === 0 ? undefined : new InAppOverrides(given)
  }

  /** What the settings say of a frame; undefined when they say nothing. */
  decide(frame: Frame): InAppDecision | undefined {
    for (const { name, texts, inApp, find } of this.#patterns) {
      const index = find(frame)
      if (index >= 0) return { inApp, because: `${name}[${index}] ${JSON.stringify(texts[index])}` }
    }
    return undefined
  }

  /** The traceback with the settings' word on each frame. What it was is never changed; where all agree it comes back. */
  apply(traceback: Traceback): Traceback {
    const frames = this.#list(traceback.frames)
    const causes = traceback.causes.map((cause) => {
      const own = this.#list(cause.frames)
      return own === cause.frames ? cause : { ...cause, frames: own }
    })
    const same = frames === traceback.frames && causes.every((cause, i) => cause === traceback.causes[i])
    return same ? traceback : { ...traceback, frames, causes }
  }

  #list(frames: Frame[]): Frame[] {
    let decided = this.#lists.get(frames)
    if (decided === undefined) {
      const own = frames.map((frame) => this.#frame(frame))
      decided = own.every((frame, i) => frame === frames[i]) ? frames : own
      this.#lists.set(frames, decided)
    }
    return decided
  }

  #frame(frame: Frame): Frame {
    let decided = this.#frames.get(frame)
    if (decided === undefined) {
      const decision = this.decide(frame)
      decided = decision === undefined || decision.inApp === frame.in_app ? frame : { ...frame, in_app: decision.inApp }
      this.#frames.set(frame, decided)
    }
    return decided
  }
}
