/** Rewrites: normalisations as data, so that docs/fingerprint.md can print them and others can take them as they are. */

/** One step: what the pattern matches becomes `to` (`$1` is the first group). */
export interface Rewrite {
  readonly what: string
  readonly pattern: RegExp
  readonly to: string
  /** Done only where the frame has a file, which can stand in for what is taken off. */
  readonly withFile?: true
}

/** A rewrite that takes away what it matches, unless it says what to leave. */
export function step(what: string, pattern: RegExp, to = ''): Rewrite {
  return { what, pattern, to }
}

/** The text after all rewrites, in their order. */
export function rewrite(text: string, rewrites: readonly Rewrite[], withFile = true): string {
  let rewritten = text
  for (const { pattern, to, withFile: needsFile } of rewrites) {
    if (withFile || !needsFile) rewritten = rewritten.replace(pattern, to)
  }
  return rewritten
}
