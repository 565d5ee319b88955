// `npm run model [sequences]`: the model tests of test/model with 1,000 sequences for each world, or as many as it is told.
// ERRAND_MODEL_SEED repeats a run; what fails prints its seed.
import { spawnSync } from 'node:child_process'
import { install, ROOT } from './prepare.mjs'

const sequences = Number(process.argv[2] ?? 1000)
if (!(sequences > 0)) {
  console.error(`npm run model: "${process.argv[2]}" is no number of sequences`)
  process.exit(2)
}
install()
const { status } = spawnSync('npx', ['vitest', 'run', 'test/model'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, ERRAND_MODEL_RUNS: String(sequences) },
})
process.exit(status ?? 1)
