/** Text that is made to be slow to read, through the built program's own patterns. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT, start } from './program.js'

/** It takes a tenth of that; time in proportion to the square of an entry's length would take more than a day. */
const KILL_AFTER_MS = 240_000

it(
  'text that repeats what our own patterns look for is read in time',
  async () => {
    const running = start([], { command: [process.execPath, join(ROOT, 'test', 'fixtures', 'hostile', 'read.mjs')] })
    const killed = setTimeout(() => running.child.kill('SIGKILL'), KILL_AFTER_MS)
    const { stdout, stderr } = await running.ended
    clearTimeout(killed)
    expect(stdout.trimEnd().split('\n').at(-1), stderr).toBe('done')
  },
  KILL_AFTER_MS + 30_000,
)
