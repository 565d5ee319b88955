/** Disks that fail under the built program, for real where that can be had: each fault is told, survived, and loses nothing. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import {
  appendFile,
  chmod,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import { Backend } from './backend.js'
import {
  delivered,
  deliveredAtLeast,
  exists,
  folder,
  MAIN,
  python,
  QUICK,
  type Running,
  run,
  start,
  until,
  writeConfig,
} from './program.js'

const errors = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => python.error(`order ${from + i}`)).join('')

/** A disk of 2 MiB that ends with the test. Skips the test where none can be mounted. */
async function smallDisk(
  dir: string,
  context: TestContext,
): Promise<{ path: string; fill(): Promise<void>; free(): Promise<void> }> {
  const path = join(dir, 'disk')
  await mkdir(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0777', 'none', path], { stdio: 'pipe' })
  } catch {
    context.skip('a disk that can be filled is mounted for this test, which only root may do')
  }
  onTestFinished(() => void execFileSync('umount', ['-l', path]))
  const filler = join(path, 'filler')
  return {
    path,
    async fill() {
      const file = await open(filler, 'a')
      try {
        for (const size of [4096, 1]) await fillBy(file, size)
      } finally {
        await file.close()
      }
    },
    free: () => unlink(filler),
  }
}

async function fillBy(file: Awaited<ReturnType<typeof open>>, size: number): Promise<void> {
  try {
    for (;;) await file.write(Buffer.alloc(size))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

/** A regular file with a size whose content the kernel refuses with EIO, as a failing disk does. Skips the test without one. */
async function unreadable(context: TestContext): Promise<string> {
  // What it says of a device that is never suspended (Linux, Documentation/ABI/testing/sysfs-devices-power).
  const devices = await readdir('/sys/devices').catch(() => [])
  for (const device of devices) {
    const path = join('/sys/devices', device, 'power', 'autosuspend_delay_ms')
    const code = await readFile(path).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    )
    if (code === 'EIO') return path
  }
  return context.skip('there is no file in /sys that fails so')
}

/** Records of a delivered file: all of them, each once. */
async function expectAll(path: string, count: number): Promise<void> {
  const records = await deliveredAtLeast(path, count)
  expect(records.map(({ message }) => message)).toEqual(Array.from({ length: count }, (_, i) => `order ${i}`))
  expect(new Set(records.map(({ id }) => id)).size).toBe(count)
}

const input = { type: 'file', paths: ['./app.log'], source: 'python', service: 'shop' }

async function startOn(dir: string, config: object, options?: Parameters<typeof start>[1]): Promise<Running> {
  await writeFile(join(dir, 'app.log'), '')
  return start(
    ['run', '--config', await writeConfig(dir, { inputs: [{ ...input, startAt: 'beginning' }], ...config })],
    options,
  )
}

describe('a disk that is really full', () => {
  it('under the state directory is told, and nothing is lost when there is room again', async (context) => {
    const dir = await folder()
    const disk = await smallDisk(dir, context)
    const agent = await startOn(dir, { stateDir: './disk/state' })
    const [log, out] = [join(dir, 'app.log'), join(dir, 'errors.ndjson')]
    await appendFile(log, errors(0, 20))
    await deliveredAtLeast(out, 20)
    await disk.fill()
    await appendFile(log, errors(20, 400))
    await until('the log to tell of it', () =>
      /the spool takes no records: .+ENOSPC.+Reading waits; nothing is lost/.test(agent.stderr),
    )
    await disk.free()
    await expectAll(out, 400)
    await appendFile(log, errors(400, 420))
    await expectAll(out, 420)
    expect(agent.stderr.match(/the spool takes no records/g)).toHaveLength(1)
    expect((await agent.stop()).code).toBe(0)
    expect(await delivered(out)).toHaveLength(420)
  })

  it('under the file of an output is told, and the file gets every record once, whole', async (context) => {
    const dir = await folder()
    const disk = await smallDisk(dir, context)
    const outputs = [{ name: 'disk', type: 'file', path: './disk/errors.ndjson', batch: { maxAge: '50ms' } }]
    const agent = await startOn(dir, { outputs })
    const [log, out] = [join(dir, 'app.log'), join(dir, 'disk', 'errors.ndjson')]
    await appendFile(log, errors(0, 20))
    await deliveredAtLeast(out, 20)
    await disk.fill()
    await appendFile(log, errors(20, 400))
    await until('the log to tell of it', () =>
      /output \\?"disk\\?" \(file\) did not take a batch: no space is left/.test(agent.stderr),
    )
    await disk.free()
    await expectAll(out, 400)
    expect((await agent.stop()).code).toBe(0)
  })
})

describe('a file whose disk fails', () => {
  it('is told once and stops no other; its name is read on when it leads to one that answers', async (context) => {
    const sick = await unreadable(context)
    const dir = await folder()
    const logs = join(dir, 'logs')
    await mkdir(logs)
    await symlink(sick, join(logs, 'sick.log'))
    await writeFile(join(logs, 'well.log'), errors(0, 3))
    const config = await writeConfig(dir, {
      ...QUICK,
      inputs: [{ ...input, paths: ['./logs/*.log'], startAt: 'beginning', allowedRoots: [dirname(sick)] }],
      outputs: [{ name: 'disk', type: 'file', path: './errors.ndjson', batch: { maxAge: '50ms' } }],
    })
    const agent = start(['run', '--config', config])
    const path = join(dir, 'errors.ndjson')
    await deliveredAtLeast(path, 3)
    await until('the log to say it', () => agent.stderr.includes('sick.log: could not be read (EIO)'))
    await appendFile(join(logs, 'well.log'), errors(3, 5))
    await deliveredAtLeast(path, 5)
    await writeFile(join(dir, 'answers.log'), errors(5, 7))
    await symlink(join(dir, 'answers.log'), join(dir, 'next'))
    await rename(join(dir, 'next'), join(logs, 'sick.log'))
    await until('a link that leads elsewhere to be refused', () => agent.stderr.includes('answers.log, out of'))
    await rm(join(logs, 'sick.log'))
    await rename(join(dir, 'answers.log'), join(logs, 'sick.log'))
    await expectAll(path, 7)
    expect(agent.stderr.match(/could not be read \(EIO\)/g)).toHaveLength(1)
    expect((await agent.stop()).code).toBe(0)
  })
})

describe('a state directory', () => {
  it('that the agent may not use any more is told, and nothing is lost when it may again', async (context) => {
    const isRoot = process.getuid?.() === 0
    const dir = await folder()
    await chmod(dir, 0o777)
    const probe = await run(['--version'], { ...(isRoot && { uid: 65534 }) })
    if (probe.code !== 0) context.skip('nobody may not run the program from where it lies')
    // Modes do not bind root, so there the program runs as nobody.
    const agent = await startOn(dir, {}, { ...(isRoot && { uid: 65534 }) })
    const [log, out] = [join(dir, 'app.log'), join(dir, 'errors.ndjson')]
    await appendFile(log, errors(0, 5))
    await deliveredAtLeast(out, 5)
    await chmod(join(dir, 'state', 'spool'), 0o000)
    await appendFile(log, errors(5, 10))
    await until('the log to tell of it', () => /the spool takes no records: .+EACCES/.test(agent.stderr))
    await chmod(join(dir, 'state', 'spool'), 0o700)
    await expectAll(out, 10)
    expect((await agent.stop()).code).toBe(0)
  })

  it('that is removed while the agent runs is made again, and nothing is lost', async () => {
    const dir = await folder()
    const agent = await startOn(dir, {})
    const [log, out, state] = [join(dir, 'app.log'), join(dir, 'errors.ndjson'), join(dir, 'state')]
    await appendFile(log, errors(0, 5))
    await deliveredAtLeast(out, 5)
    // Out of the way in one step: the agent may write while a directory is being emptied.
    await rename(state, join(dir, 'gone'))
    await rm(join(dir, 'gone'), { recursive: true })
    await appendFile(log, errors(5, 10))
    await until('the log to tell of it', () => /takes no records: .+removed by someone else/.test(agent.stderr))
    await deliveredAtLeast(out, 10)
    expect(JSON.parse(await readFile(join(state, 'errand.lock'), 'utf8')).pid).toBe(agent.child.pid)
    await appendFile(log, errors(10, 15))
    await expectAll(out, 15)
    await until('positions', () => exists(join(state, 'checkpoints.json')))
    expect((await agent.stop()).code).toBe(0)
    const again = start(['run', '--config', join(dir, 'config.json')])
    await appendFile(log, errors(15, 20))
    await expectAll(out, 20)
    await again.stop()
  })

  for (const [name, stopped] of [
    ['an agent finds at its next write, ends, and leaves alone', false],
    ['an agent finds when it is stopped, and leaves alone', true],
  ] as const)
    it(`that was removed and taken by another is what ${name}`, async () => {
      const dir = await folder()
      const [log, state, another] = [join(dir, 'app.log'), join(dir, 'state'), join(dir, 'another')]
      // A link: one directory takes the place of another in one step.
      await mkdir(join(dir, 'first'))
      await symlink('first', state)
      const agent = await startOn(dir, {})
      await appendFile(log, errors(0, 5))
      await until('an agent that has nothing more to write', async () => {
        const account = await readFile(join(state, 'accounts.json'), 'utf8').catch(() => '{}')
        const { totals, spooled } = JSON.parse(account)
        return spooled?.disk === 0 && totals?.['records_delivered_total{"output":"disk"}'] === 5
      })
      await mkdir(join(another, 'cursors'), { recursive: true })
      const theirs = {
        'errand.lock': JSON.stringify({ pid: process.pid, since: '2026-11-20T10:00:00.000Z' }),
        'checkpoints.json': 'theirs',
        'accounts.json': 'theirs',
        'cursors/disk.json': 'theirs',
      }
      for (const [file, text] of Object.entries(theirs)) await writeFile(join(another, file), text)
      await symlink('another', join(dir, 'next'))
      await rename(join(dir, 'next'), state)
      if (stopped) agent.child.kill('SIGTERM')
      else await appendFile(log, errors(5, 10))
      expect((await agent.ended).code).toBe(0)
      expect(agent.stderr.match(/This agent stops; what it has not written is read again/g)).toHaveLength(1)
      const left = await readdir(another, { recursive: true, withFileTypes: true })
      const files = left.flatMap((entry) =>
        entry.isFile() ? [join(entry.parentPath, entry.name).slice(another.length + 1)] : [],
      )
      expect(files.sort()).toEqual(Object.keys(theirs).sort())
      for (const [file, text] of Object.entries(theirs)) expect(await readFile(join(state, file), 'utf8')).toBe(text)
    })

  it('that a running agent has is refused to a second, which says who, where and what to do', async () => {
    const dir = await folder()
    const first = await startOn(dir, {})
    await until('the first agent', () => exists(join(dir, 'state', 'checkpoints.json')))
    const second = await run(['run', '--config', join(dir, 'config.json')])
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(
      new RegExp(
        `^${join(dir, 'state', 'errand.lock')}  Process ${first.child.pid} has used this state directory since \\S+Z\\. Stop it, or give this agent a stateDir of its own\\.\\n$`,
      ),
    )
    // The first goes on as if nothing had been.
    await appendFile(join(dir, 'app.log'), errors(0, 3))
    await expectAll(join(dir, 'errors.ndjson'), 3)
    await first.stop('SIGKILL')
    expect(await exists(join(dir, 'state', 'errand.lock'))).toBe(true)
    const third = await run(['run', '--once', '--config', join(dir, 'config.json')])
    expect(third).toMatchObject({ code: 0 })
    // At least once: what was not saved when it was killed is sent again, under the same id.
    expect(new Set((await delivered(join(dir, 'errors.ndjson'))).map(({ id }) => id)).size).toBe(3)
  })

  it('is free again when its lock is of another boot, or of a process id that was given to another', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'app.log'), errors(0, 1))
    const config = await writeConfig(dir, { inputs: [input] })
    await mkdir(join(dir, 'state'))
    for (const started of ['another-boot/1', undefined]) {
      const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim()
      const holder = { pid: process.pid, started: started ?? `${boot}/1`, since: '2026-11-20T10:00:00.000Z' }
      if (boot === '') holder.pid = 999_999_999
      await writeFile(join(dir, 'state', 'errand.lock'), JSON.stringify(holder))
      expect(await run(['run', '--once', '--config', config])).toMatchObject({ code: 0 })
    }
    expect(await delivered(join(dir, 'errors.ndjson'))).toHaveLength(1)
  })
})

describe('too few file descriptors', () => {
  it('for all the files are told once, and every file is read all the same', async (context) => {
    const dir = await folder()
    await mkdir(join(dir, 'logs'))
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./logs/*.log'], source: 'python', service: 'shop', startAt: 'beginning' }],
    })
    const agent = start(['run', '--config', config])
    await until('the agent', () => exists(join(dir, 'state', 'checkpoints.json')))
    // Node.js needs more to load a program than the program needs to run, so the limit comes down later.
    try {
      execFileSync('prlimit', ['--pid', String(agent.child.pid), '--nofile=40:40'], { stdio: 'pipe' })
    } catch {
      context.skip('prlimit of util-linux lowers the limit of a process that runs')
    }
    for (let i = 0; i < 200; i++) await writeFile(join(dir, 'logs', `${i}.log`), python.error(`order ${i}`))
    const records = await deliveredAtLeast(join(dir, 'errors.ndjson'), 200)
    expect(new Set(records.map(({ message }) => message)).size).toBe(200)
    expect(agent.stderr.match(/too many files are open\. From now on \d+ files are held open/g)).toHaveLength(1)
    expect((await agent.stop()).code).toBe(0)
  })
})

describe('what the agent keeps', () => {
  for (const umask of ['000', '022', '077']) {
    it(`is for its user alone with umask ${umask}: after refusals, rotation and damage`, async () => {
      const dir = await folder()
      const refuser = await Backend.start({ status: 422 })
      const log = join(dir, 'app.log')
      await writeFile(log, errors(0, 300))
      const config = await writeConfig(dir, {
        ...QUICK,
        inputs: [{ ...input, paths: ['./app.log*'], startAt: 'beginning' }],
        outputs: [
          { name: 'disk', type: 'file', path: './out/errors.ndjson', batch: { maxAge: '50ms' } },
          { name: 'refusing', type: 'http', url: refuser.url, batch: { maxAge: '50ms', maxRecords: 1 } },
        ],
        spool: { maxBytes: '1MiB', segmentBytes: '64KiB' },
      })
      const command = ['sh', '-c', `umask ${umask} && exec "$0" "$@"`, process.execPath, MAIN] as const
      const once = () => run(['run', '--once', '--config', config], { command: [...command] })
      expect(await once()).toMatchObject({ code: 0 })
      const state = join(dir, 'state')
      for (const name of ['checkpoints.json', 'cursors/disk.json']) await writeFile(join(state, name), '{"torn')
      await appendFile(log, errors(300, 310))
      expect(await once()).toMatchObject({ code: 0 })
      const segment = (await readdir(join(state, 'spool'))).sort().at(-1) ?? ''
      await writeFile(join(state, 'spool', segment), Buffer.alloc(200, 'x'))
      const agent = start(['run', '--config', config], { command: [...command] })
      await until('a lock', () => exists(join(state, 'errand.lock')))
      await appendFile(log, errors(310, 311))
      await until('the last record', async () =>
        (await readFile(join(state, 'refused', 'refusing.ndjson'), 'utf8')).includes('order 310'),
      )
      const modes = await readdir(state, { recursive: true, withFileTypes: true })
      const found = modes.flatMap((entry) => {
        const path = join(entry.parentPath, entry.name)
        // The agent runs: a file written anew takes its final name between the listing and this look.
        const stat = statSync(path, { throwIfNoEntry: false })
        return stat ? [`${path.slice(state.length + 1)} ${(stat.mode & 0o777).toString(8)}`] : []
      })
      expect(found.filter((line) => !/ (600|700)$/.test(line))).toEqual([])
      expect(
        modes
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['cursors', 'refused', 'spool'])
      for (const part of [
        'errand.lock',
        'checkpoints.json ',
        'checkpoints.json.damaged',
        'segment.damaged-0',
        'refusing.ndjson',
      ])
        expect(
          found.some((line) => line.includes(part)),
          part,
        ).toBe(true)
      expect((statSync(state).mode & 0o777).toString(8)).toBe('700')
      const open = 0o640 & ~Number.parseInt(umask, 8)
      expect(statSync(join(dir, 'out', 'errors.ndjson')).mode & 0o777).toBe(open)
      expect((await agent.stop()).code).toBe(0)
    })
  }
})
