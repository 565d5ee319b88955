/**
 * The bridge between `remap`, `group` and `trace`, which do not know each other: all traceback languages by name, and
 * which of the tracebacks in a text is the one that its record is about.
 */
import type { Traceback } from '../core/shapes.js'
import { csharp } from '../trace/csharp.js'
import { dart } from '../trace/dart.js'
import { elixir } from '../trace/elixir.js'
import { go } from '../trace/go.js'
import { markInApp } from '../trace/in-app.js'
import { java } from '../trace/java.js'
import type { TraceLanguage } from '../trace/language.js'
import { node } from '../trace/node.js'
import { perl } from '../trace/perl.js'
import { php } from '../trace/php.js'
import { python } from '../trace/python.js'
import { ruby } from '../trace/ruby.js'
import { rust } from '../trace/rust.js'

/** Every traceback language, by the name remappers use. A test compares the list with the folder. */
export const LANGUAGES: ReadonlyMap<string, TraceLanguage> = new Map(
  [python, java, ruby, node, php, go, csharp, perl, rust, elixir, dart].map((language) => [language.name, language]),
)

/** A text may quote tracebacks of other programs; more than this many are not looked at. */
const MAX_TRACEBACKS = 32

const ALL = [...LANGUAGES.values()]
/** The languages of the lists that were asked for: a remapper asks with the same list for each record. */
const named = new WeakMap<readonly string[], readonly TraceLanguage[]>()

/** The languages of the names; all of them when no list is given. Unknown names are left out. */
export function languagesNamed(names: readonly string[] | undefined): readonly TraceLanguage[] {
  if (names === undefined) return ALL
  let languages = named.get(names)
  if (languages === undefined) named.set(names, (languages = names.flatMap((name) => LANGUAGES.get(name) ?? [])))
  return languages
}

/** Every traceback in the text, in order, none overlapping another. */
export function findTracebacks(text: string, languages: readonly TraceLanguage[]): Traceback[] {
  const candidates = languages.filter((language) => language.hints.some((hint) => text.includes(hint)))
  const found: Traceback[] = []
  let at = 0
  while (found.length < MAX_TRACEBACKS && at < text.length) {
    let first: Traceback | undefined
    for (const language of candidates) {
      const traceback = language.find(text, at)
      if (traceback && (first === undefined || isBefore(traceback, first))) first = traceback
    }
    if (first === undefined) break
    found.push(first)
    at = Math.max(first.end, at + 1)
  }
  return found
}

/**
 * The traceback a message is about: loggers print it last, after whatever the message quotes. One with frames beats one
 * without (a batch exception lists the next ones as headers), one that names an exception beats one that does not
 * (Python prints `stack_info` behind `exc_info`). Of several that follow each other line by line the first counts: the
 * others are what its class prints behind itself (java.sql's next exceptions).
 */
export function lastTraceback(text: string, tracebacks: readonly Traceback[]): Traceback | undefined {
  const whole = tracebacks.filter(({ kind, frames }) => kind !== undefined && frames.length > 0)
  let chosen = whole.length - 1
  for (; chosen > 0; chosen--) {
    const before = whole[chosen - 1] as Traceback
    const here = whole[chosen] as Traceback
    const atLineStart = before.start === 0 || text[before.start - 1] === '\n'
    if (!atLineStart || text.slice(before.end, here.start).trim() !== '') break
  }
  return whole[chosen] ?? tracebacks.findLast(({ kind }) => kind !== undefined) ?? tracebacks.at(-1)
}

/** What `traceback-parser` calls; frames come back marked `in_app`. */
export function readTraceback(
  text: string,
  how: 'find' | 'read',
  names: readonly string[] | undefined,
): Traceback | undefined {
  const languages = languagesNamed(names)
  const traceback = how === 'find' ? lastTraceback(text, findTracebacks(text, languages)) : readStack(text, languages)
  if (traceback) markInApp(traceback)
  return traceback
}

/** The reading of a stack field that understands most of it. */
function readStack(text: string, languages: readonly TraceLanguage[]): Traceback | undefined {
  let best: Traceback | undefined
  for (const language of languages) {
    const traceback = language.read(text)
    if (traceback && (best === undefined || worth(traceback) > worth(best))) best = traceback
  }
  return best
}

/** The earlier one; of two that begin at one place the one that reads more. */
function isBefore(one: Traceback, other: Traceback): boolean {
  return one.start < other.start || (one.start === other.start && worth(one) > worth(other))
}

function worth(traceback: Traceback): number {
  return traceback.frames.length * 2 + traceback.causes.length + (traceback.kind === undefined ? 0 : 1)
}
