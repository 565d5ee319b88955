/** Sequences that the model found to go wrong, by what a user would have seen. */
import { describe, it } from 'vitest'
import { type Step, World } from './tail-world.js'
import { WORLDS } from './worlds.js'

const app = 'app.log'
const job = 'job.log'
const write = (log: typeof app | typeof job, lines: number, half = false): Step => ({ do: 'write', log, lines, half })
const compress = (log: typeof app | typeof job): Step => ({ do: 'compress', log, which: 0, keepsTime: false })
const eio = (count: number, skip: number): Step => ({ do: 'faults', code: 'EIO', count, skip })

const FOUND: readonly (readonly [what: string, world: string, steps: readonly Step[]])[] = [
  [
    'a log that was truncated, filled and rotated while its directory could not be listed is missing',
    'dated rotation',
    [
      { do: 'stop' },
      eio(3, 6),
      { do: 'truncate', log: app },
      { do: 'start' },
      write(app, 1),
      { do: 'rotate', log: app },
    ],
  ],
  [
    'a log that came and was rotated between two looks is missing while the new one is empty',
    'numbered rotation',
    [{ do: 'delete', log: app }, { do: 'stop' }, { do: 'start' }, write(app, 0, true), { do: 'rotate', log: app }],
  ],
  [
    'a log that was filled again after copytruncate, rotated and compressed comes twice',
    'a short fingerprint',
    [
      { do: 'read some', blocks: 1 },
      { do: 'copytruncate', log: app },
      write(app, 1, true),
      { do: 'look' },
      { do: 'rotate', log: app },
      compress(app),
    ],
  ],
  [
    'a log that was empty, then filled, rotated and compressed while another got its inode is missing',
    'few open files and names outside the globs',
    [
      write(job, 0, true),
      { do: 'truncate', log: app },
      { do: 'read some', blocks: 1 },
      { do: 'stop' },
      write(app, 0, true),
      { do: 'rotate', log: job },
      { do: 'rotate', log: app },
      compress(app),
      compress(job),
    ],
  ],
  [
    'a copy that was compressed is looked for under its old name',
    'few open files',
    [{ do: 'copytruncate', log: app }, { do: 'look' }, { do: 'delete', log: app }, compress(app), write(app, 1)],
  ],
  [
    'a copy comes twice when the name of the original cannot be looked at',
    'numbered rotation within the globs',
    [
      { do: 'copytruncate', log: app },
      write(app, 1),
      { do: 'rotate', log: app },
      { do: 'stop' },
      eio(1, 3),
      { do: 'start' },
    ],
  ],
  [
    'a log that could not be looked at after it was written anew is let go as an empty one',
    'few open files and names outside the globs',
    [
      { do: 'copytruncate', log: app },
      { do: 'copytruncate', log: app },
      write(app, 0, true),
      { do: 'rotate', log: app },
      eio(4, 8),
      { do: 'rotate', log: app },
      write(app, 0, true),
      { do: 'look' },
    ],
  ],
  [
    'a compressed log comes twice when its original was found to be another while it was unpacked',
    'numbered rotation within the globs',
    [{ do: 'truncate', log: app }, write(app, 1), eio(2, 5), { do: 'rotate', log: app }, compress(app), { do: 'look' }],
  ],
  [
    'a compressed log that got the inode of a deleted one is read over and over',
    'few open files',
    [
      write(job, 16),
      { do: 'look' },
      { do: 'copytruncate', log: job },
      { do: 'look' },
      { do: 'delete', log: job },
      compress(job),
    ],
  ],
  [
    'a copy that was compressed, and got the inode of a deleted log of another name, comes twice',
    'few open files',
    [
      write(job, 1),
      { do: 'delete', log: app },
      write(app, 0, true),
      { do: 'read' },
      { do: 'delete', log: job },
      { do: 'copytruncate', log: app },
      compress(app),
    ],
  ],
  [
    'a copy that got the inode of a compressed log, and is as long, comes twice',
    'few open files',
    [
      { do: 'rotate', log: app },
      write(job, 1),
      write(app, 1),
      { do: 'grace' },
      compress(app),
      { do: 'copytruncate', log: app },
    ],
  ],
  [
    'a copy that got the inode of a compressed log of another name comes twice',
    'few open files',
    [
      write(job, 0, true),
      { do: 'rotate', log: app },
      { do: 'rotate', log: job },
      write(app, 0, true),
      { do: 'turn' },
      write(job, 1, true),
      compress(app),
      write(app, 0),
      { do: 'copytruncate', log: job },
      { do: 'read some', blocks: 1 },
    ],
  ],
  [
    'a copy outside the globs that got the inode of a compressed log comes twice',
    'few open files and names outside the globs',
    [
      { do: 'rotate', log: app },
      write(app, 0, true),
      { do: 'read some', blocks: 1 },
      { do: 'read some', blocks: 1 },
      compress(app),
      { do: 'copytruncate', log: app },
    ],
  ],
  [
    'a log that was rotated is missing when the one before it was deleted and another got its inode',
    'few open files and names outside the globs',
    [
      write(job, 0, true),
      { do: 'look' },
      { do: 'delete', log: job },
      { do: 'delete', log: app },
      write(job, 0),
      { do: 'read some', blocks: 1 },
      { do: 'stop' },
      write(app, 1),
      { do: 'rotate', log: app },
    ],
  ],
  [
    'a compressed log comes twice when its original was written anew and could not be looked at',
    'numbered rotation',
    [
      { do: 'copytruncate', log: app },
      eio(1, 5),
      write(app, 1),
      { do: 'rotate', log: app },
      compress(app),
      { do: 'read some', blocks: 1 },
    ],
  ],
  [
    'a compressed log is missing that goes on after what another log holds',
    'a long header that all have in common',
    [
      write(job, 0),
      { do: 'rotate', log: job },
      { do: 'rotate', log: app },
      write(app, 0, true),
      { do: 'rotate', log: app },
      compress(app),
    ],
  ],
  [
    'a log that was rotated is missing when the new one got the inode of another that was empty',
    'dated rotation',
    [
      write(job, 0),
      { do: 'delete', log: app },
      { do: 'grace' },
      write(app, 0, true),
      { do: 'delete', log: job },
      { do: 'rotate', log: app },
    ],
  ],
  [
    'a log that was rotated is missing when the new one got the inode of an empty one before it',
    'numbered rotation',
    [
      { do: 'rotate', log: app },
      { do: 'grace' },
      compress(app),
      { do: 'delete', log: app },
      write(app, 0, true),
      { do: 'rotate', log: app },
    ],
  ],
  [
    'a log that was truncated, filled and rotated before it could be looked at is missing',
    'few open files and names outside the globs',
    [
      { do: 'copytruncate', log: app },
      eio(1, 3),
      write(app, 1),
      { do: 'rotate', log: app },
      write(app, 1),
      { do: 'read some', blocks: 1 },
    ],
  ],
  [
    'a log that got the inode of a copy that was compressed is missing',
    'dated rotation within the globs',
    [
      write(job, 0, true),
      { do: 'turn' },
      { do: 'delete', log: app },
      { do: 'copytruncate', log: job },
      write(job, 1),
      { do: 'read some', blocks: 1 },
      compress(job),
      write(app, 0, true),
    ],
  ],
  [
    'a compressed log that got the inode of a deleted one while the agent was down is missing after a crash',
    'numbered rotation',
    [
      { do: 'rotate', log: app },
      { do: 'stop' },
      write(app, 0, true),
      { do: 'start' },
      { do: 'stop' },
      { do: 'delete', log: app },
      compress(app),
      { do: 'start' },
      write(app, 1),
      { do: 'read some', blocks: 1 },
      { do: 'crash' },
    ],
  ],
  [
    'a rotated log is missing that goes on after what another of its row holds',
    'a long header that all have in common',
    [
      { do: 'rotate', log: app },
      { do: 'stop' },
      write(app, 0),
      { do: 'start' },
      { do: 'rotate', log: app },
      write(app, 0, true),
      { do: 'rotate', log: app },
    ],
  ],
  [
    'a copy comes twice when its original, of which nothing was read, could not be looked at',
    'numbered rotation',
    [
      eio(3, 3),
      write(app, 35),
      { do: 'look' },
      { do: 'copytruncate', log: app },
      write(app, 1),
      { do: 'read some', blocks: 1 },
    ],
  ],
  [
    'a compressed log that got the inode of another that begins like it comes twice',
    'a long header that all have in common',
    [
      write(job, 0),
      { do: 'look' },
      { do: 'rotate', log: job },
      compress(job),
      { do: 'rotate', log: app },
      { do: 'stop' },
      compress(app),
    ],
  ],
  [
    'a log that was written anew, could not be read and was rotated is missing',
    'few open files and names outside the globs',
    [
      { do: 'truncate', log: app },
      write(app, 1),
      eio(6, 5),
      write(job, 0, true),
      { do: 'look' },
      { do: 'rotate', log: app },
    ],
  ],
  [
    'a copy that got the inode of an older log of its row comes twice when that is compressed',
    'dated rotation within the globs',
    [
      { do: 'rotate', log: app },
      compress(app),
      write(app, 0, true),
      { do: 'grace' },
      { do: 'copytruncate', log: app },
      write(app, 1),
      { do: 'rotate', log: app },
    ],
  ],
  [
    'a log is missing when its compressed copy got its inode',
    'few open files and names outside the globs',
    [{ do: 'copytruncate', log: app }, { do: 'stop' }, { do: 'delete', log: app }, compress(app)],
  ],
  [
    'a file stays open for ever when there was no descriptor to open it anew',
    'numbered rotation',
    [
      { do: 'rotate', log: app },
      write(job, 0, true),
      { do: 'read' },
      { do: 'faults', code: 'EMFILE', count: 3, skip: 9 },
      write(job, 0, true),
      { do: 'turn' },
      { do: 'stop' },
    ],
  ],
]

describe('no more', () => {
  for (const [what, world, steps] of FOUND) {
    it(`${what} (${world})`, async () => {
      const settings = WORLDS[world]
      if (settings === undefined) throw new Error(`no such world: ${world}`)
      await new World(settings).run(steps)
    })
  }
})
