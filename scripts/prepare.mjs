// What both commands need first: the packages of the lockfile and a build that is newer than the sources.
// Uses Node's own modules only, since nothing may be installed yet.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a command in the project's folder and shows what it prints; true when it succeeded. */
export function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  })
  return status === 0
}

/** Installs what the lockfile names, when it is not there as the lockfile wants it. Ends the process when that fails. */
export function install() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs) return
  console.log('installing packages …')
  if (!run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])) {
    console.error('npm ci failed: see above. It needs the npm registry, or a cache of it.')
    process.exit(1)
  }
}

/** Compiles src to dist when a source is newer than the last build. Ends the process when that fails. */
export function build() {
  const built = join(ROOT, 'dist', 'main.js')
  if (existsSync(built) && statSync(built).mtimeMs > newest(join(ROOT, 'src'))) return
  console.log('building …')
  if (!run('npm', ['run', '--silent', 'build'])) process.exit(1)
}

function newest(folder) {
  let latest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs)
  }
  return latest
}
