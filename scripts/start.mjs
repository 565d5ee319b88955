// `npm start`: installs, builds, and runs the agent on config.example.json with the live table, until Ctrl-C.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { build, install, ROOT } from './prepare.mjs'

install()
build()
const args = process.argv.slice(2)
const command = args.length > 0 ? args : ['run', '--config', 'config.example.json', '--table']
// In a terminal the table fills the screen; the agent's own log lines would tear it.
const quiet = process.stdout.isTTY && args.length === 0
const agent = spawn(process.execPath, [join(ROOT, 'dist', 'main.js'), ...command], {
  cwd: ROOT,
  stdio: ['inherit', 'inherit', quiet ? 'pipe' : 'inherit'],
})
const said = []
agent.stderr?.on('data', (piece) => said.push(piece))
// Ctrl-C reaches the agent too (same process group); this process waits for it to stop cleanly.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && agent.kill(signal))
agent.on('exit', (code, signal) => {
  if (said.length > 0) process.stderr.write(Buffer.concat(said))
  process.exitCode = code ?? (signal ? 1 : 0)
})
