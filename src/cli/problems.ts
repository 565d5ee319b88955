/** Shows problems one line each, and says whether they stop a command. */
import { type Problem, renderProblem } from '../core/problem.js'
import { visible } from '../core/terminal.js'
import type { Host } from './host.js'

/** Prints all problems to stderr; true when one of them is an error. */
export function showProblems(problems: readonly Problem[], host: Host): boolean {
  for (const problem of problems) host.stderr.write(`${visible(renderProblem(problem))}\n`)
  return problems.some(({ severity }) => severity === 'error')
}
