// `npm test`: installs what is missing, then lint, types, a build, and all tests. Closes with one line
// `N passed, N failed`, in which lint, types and build count as one each. Arguments go to vitest.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { install, ROOT, run } from './prepare.mjs'

install()
let passed = 0
let failed = 0
for (const [name, command, args] of [
  ['lint', 'npm', ['run', '--silent', 'lint']],
  ['types', 'npm', ['run', '--silent', 'types']],
  ['build', 'npm', ['run', '--silent', 'build']],
]) {
  const good = run(command, args)
  console.log(`${name}: ${good ? 'good' : 'failed'}`)
  if (good) passed++
  else failed++
}

const folder = mkdtempSync(join(tmpdir(), 'errand-test-'))
const report = join(folder, 'report.json')
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
const good = run(process.execPath, [
  vitest,
  'run',
  '--reporter=dot',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
])
try {
  const results = JSON.parse(readFileSync(report, 'utf8'))
  passed += results.numPassedTests
  failed += results.numFailedTests
  // A file that could not even be loaded has no tests that failed.
  const broken = results.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  failed += broken.length
  if (!good && results.numFailedTests + broken.length === 0) failed++
} catch {
  failed++
}
rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 3 ? 0 : 1
