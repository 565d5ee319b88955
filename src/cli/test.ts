/** `errand test`: runs the tests of remappers and closes with `N passed, N failed`. */
import { testRemappers } from '../agent/remapper-tests.js'
import { renderPlace, renderProblem } from '../core/problem.js'
import type { ExitCode, Host } from './host.js'

export async function test(paths: readonly string[], options: { json?: boolean }, host: Host): Promise<ExitCode> {
  const files = await testRemappers(paths)
  const results = files.flatMap((file) => file.results)
  const passed = results.filter((result) => result.passed).length
  const failed = results.length - passed
  const problems = files.flatMap((file) => file.problems)
  if (options.json) {
    host.stdout.write(
      `${JSON.stringify({
        passed,
        failed,
        files: files.map((file) => ({
          file: file.file,
          passed: file.results.filter((result) => result.passed).length,
          failed: file.results.filter((result) => !result.passed).length,
          failures: file.results.filter((result) => !result.passed).map(({ name, failures }) => ({ name, failures })),
          problems: file.problems.map((problem) => ({ ...problem, place: renderPlace(problem.place) })),
        })),
      })}\n`,
    )
  } else {
    for (const problem of problems) host.stderr.write(`${renderProblem(problem)}\n`)
    if (results.length === 0)
      host.stderr.write('no tests were found. Name remapper files or directories that hold some.\n')
    host.stdout.write(`${passed} passed, ${failed} failed\n`)
  }
  const broken = problems.some(({ severity }) => severity === 'error')
  return failed > 0 || broken || results.length === 0 ? 1 : 0
}
