/**
 * A problem is data: where, what was got, how to mend it. Text is one rendering of it.
 * Collected, never thrown one by one: a file is read to its end and all its problems are shown at once.
 */

/** A place in a file; line and column are 1-based. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

export interface Problem {
  readonly place: Place
  /** What is wrong, quoting what was got; one sentence. */
  readonly what: string
  /** How to mend it; one sentence. */
  readonly mend: string
  /** A warning does not stop anything. */
  readonly severity: 'error' | 'warning'
}

/** Thrown where problems must end a command; carries all of them. Exit code 1. */
export class ProblemsError extends Error {
  readonly code = 'PROBLEMS'
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(renderProblem).join('\n'))
    this.name = 'ProblemsError'
    this.problems = problems
  }
}

/** `file:line:column`, as far as known. */
export function renderPlace(place: Place): string {
  let text = place.file
  if (place.line !== undefined) text += `:${place.line}`
  if (place.line !== undefined && place.column !== undefined) text += `:${place.column}`
  return text
}

/** One line: `config.json:14:7  [warning: ]what mend`. */
export function renderProblem(problem: Problem): string {
  const warning = problem.severity === 'warning' ? 'warning: ' : ''
  return `${renderPlace(problem.place)}  ${warning}${problem.what} ${problem.mend}`.trimEnd()
}

/** The candidate closest to `word`, when it is close enough that it was probably meant. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein distance, two rows. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(substitute, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
