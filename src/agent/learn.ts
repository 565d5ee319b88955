/**
 * How `source: "auto"` finds out what writes a stream: each remapper says by which shapes its entries are recognised,
 * and a traceback names its language. The first entry that speaks for one source alone decides; what was decided stays.
 */
import type { RemapperDefinition } from '../remap/definition.js'
import type { Source } from './source.js'

/** What was recognised, and by what, in words for a person. */
export interface Recognised {
  readonly source: Source
  readonly because: string
}

interface Candidate {
  readonly name: string
  readonly patterns: readonly RegExp[]
  /** The one traceback language that only this source's programs print. */
  readonly language: string | undefined
}

/** Entries are recognised by how they begin. */
const MAX_CHARS = 4096

export class Learner {
  readonly #candidates: readonly Candidate[]
  readonly #compile: (name: string) => Source
  readonly #compiled = new Map<string, Source>()

  /** `compile` gives the source of a name, as if the input had named it. */
  constructor(definitions: readonly RemapperDefinition[], compile: (name: string) => Source) {
    this.#compile = compile
    this.#candidates = definitions.flatMap(({ source, detect, languages }) =>
      source === undefined
        ? []
        : [
            {
              name: source,
              patterns: detect.map((one) => new RegExp(one, 'm')),
              language: languages?.length === 1 ? languages[0] : undefined,
            },
          ],
    )
  }

  /** The source whose shape the text has; undefined when it has none's or several's. */
  fromText(text: string): Recognised | undefined {
    const head = text.slice(0, MAX_CHARS)
    let found: { name: string; pattern: RegExp } | undefined
    for (const { name, patterns } of this.#candidates) {
      const pattern = patterns.find((one) => one.test(head))
      if (pattern === undefined) continue
      if (found !== undefined) return undefined
      found = { name, pattern }
    }
    return found && { source: this.#source(found.name), because: `an entry has the shape ${found.pattern.source}` }
  }

  /** The source whose programs print tracebacks of the language; undefined when none or several do. */
  fromLanguage(language: string): Recognised | undefined {
    const [only, ...others] = this.#candidates.filter((candidate) => candidate.language === language)
    if (only === undefined || others.length > 0) return undefined
    return { source: this.#source(only.name), because: `an entry has a traceback of ${language}` }
  }

  #source(name: string): Source {
    let source = this.#compiled.get(name)
    if (!source) {
      source = this.#compile(name)
      this.#compiled.set(name, source)
    }
    return source
  }
}
