/**
 * `${NAME}` and `${NAME:-default}` in the string values of a config; keys are left alone, `$${` stands for `${`.
 * Pure: the environment is a parameter. What came from it counts as secret and is remembered, so that no message
 * quotes it.
 */
import type { Problem } from '../core/problem.js'
import { type Path, type PlaceOf, renderPath } from './json5.js'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Substituted {
  /** A copy with every reference replaced; a string with a problem stands as it was. */
  readonly value: unknown
  readonly problems: Problem[]
  /** The values that came from the environment, without the empty one. */
  readonly secrets: readonly string[]
  /** Whether the string at `path` holds something from the environment. */
  fromEnvironment(path: Path): boolean
  /** Whether the string at `path` has a problem, so that later checks would only repeat it. */
  isBroken(path: Path): boolean
}

/** `$${`, then a reference with its name and default, then a `${` that is neither. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/** As in a shell, the default also stands in for a variable that is set but empty. */
export function substituteEnvironment(value: unknown, environment: Environment, placeOf: PlaceOf): Substituted {
  const problems: Problem[] = []
  const secrets = new Set<string>()
  const touched = new Set<string>()
  const broken = new Set<string>()

  function inString(text: string, path: Path): string {
    if (!text.includes('${')) return text
    const report = (what: string, mend: string) => {
      broken.add(keyOf(path))
      problems.push({ place: placeOf(path), what: `${renderPath(path)} ${what}`, mend, severity: 'error' })
    }
    return text.replace(REFERENCE, (whole: string, name: string | undefined, fallback: string | undefined) => {
      if (whole === '$${') return '${'
      if (name === undefined) {
        report(
          'has a "${" that names no environment variable.',
          'Write ${NAME} or ${NAME:-default}; a plain "${" is written "$${".',
        )
        return whole
      }
      const found = Object.hasOwn(environment, name) ? environment[name] : undefined
      if (found !== undefined && (found !== '' || fallback === undefined)) {
        touched.add(keyOf(path))
        if (found !== '') secrets.add(found)
        return found
      }
      if (fallback !== undefined) return fallback
      report(`needs the environment variable ${name}, which is not set.`, `Set it, or write \${${name}:-default}.`)
      return whole
    })
  }

  function walk(node: unknown, path: Path): unknown {
    if (typeof node === 'string') return inString(node, path)
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, index]))
    if (typeof node !== 'object' || node === null) return node
    const copy: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(node)) {
      const walked = walk(item, [...path, key])
      // Defined, not assigned: a key `__proto__` is a key like any other.
      Object.defineProperty(copy, key, { value: walked, enumerable: true, configurable: true, writable: true })
    }
    return copy
  }

  return {
    value: walk(value, []),
    problems,
    secrets: [...secrets],
    fromEnvironment: (path) => touched.has(keyOf(path)),
    isBroken: (path) => broken.has(keyOf(path)),
  }
}

function keyOf(path: Path): string {
  return JSON.stringify(path)
}
