// `npm run chaos [minutes]`: test/e2e/chaos.test.ts for ten minutes, or as long as it is told.
import { spawnSync } from 'node:child_process'
import { build, install, ROOT } from './prepare.mjs'

const minutes = Number(process.argv[2] ?? 10)
if (!(minutes > 0)) {
  console.error(`npm run chaos: "${process.argv[2]}" is no number of minutes`)
  process.exit(2)
}
install()
build()
const { status } = spawnSync('npx', ['vitest', 'run', 'test/e2e/chaos.test.ts'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, ERRAND_CHAOS_MS: String(minutes * 60_000) },
})
process.exit(status ?? 1)
