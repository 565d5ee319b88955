/** Accounts over runs: orderly ends, crashes, other state directories, damaged files. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type Account, Accounts, accountPath, figuresOf, parseAccount } from '../../src/agent/accounts.js'
import { sumLines, sumRecords } from '../../src/agent/sums.js'
import { ManualClock } from '../../src/core/clock.js'
import { Counters } from '../../src/core/counters.js'
import { silentLog } from '../../src/core/log.js'

async function stateDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'errand-accounts-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A run of an agent with one output, as far as its accounts see it. */
async function run(dir: string, spooled: number, counters = new Counters()) {
  const told: string[] = []
  const log = { ...silentLog, warn: (text: unknown) => void told.push(String(text)) }
  const accounts = await Accounts.open({ stateDir: dir, counters, processStart: 1000, clock: new ManualClock(5), log })
  accounts.begin({ main: spooled })
  const work = (lines: number, records: number, delivered: number) => {
    counters.add('lines_read_total', lines)
    counters.add('lines_kept_total', lines)
    counters.add('records_kept_total', records, { source: 'java' })
    counters.add('records_delivered_total', delivered, { output: 'main' })
  }
  return { accounts, counters, work, told }
}

const moment = (spooled: number, linesOpen = 0, recordsPending = 0) => ({
  linesOpen,
  recordsPending,
  spooled: { main: spooled },
})

async function saved(dir: string): Promise<Account> {
  const account = parseAccount(await readFile(accountPath(dir), 'utf8'))
  if (account === undefined) throw new Error('no account was saved')
  return account
}

const differences = (account: Account) => {
  const figures = figuresOf(account)
  return [sumLines(figures).difference, sumRecords(figures, 'main').difference]
}

it('holds over runs that end in order, and is for its owner alone', async () => {
  const dir = await stateDir()
  const first = await run(dir, 0)
  first.work(10, 4, 1)
  await first.accounts.end(moment(3), { main: 3 })
  const second = await run(dir, 3)
  second.work(5, 1, 2)
  await second.accounts.end(moment(2), { main: 2 })
  const account = await saved(dir)
  expect(account).toMatchObject({
    ended: true,
    totals: { lines_read_total: 15 },
    outputs: { main: { repeated: 0, unexplained: 0 } },
  })
  expect(differences(account)).toEqual([0, 0])
  expect((await stat(accountPath(dir))).mode & 0o777).toBe(0o600)
})

it('counts once, not twice, what the same process counted before a reload', async () => {
  const dir = await stateDir()
  const counters = new Counters()
  const first = await run(dir, 0, counters)
  first.work(10, 4, 1)
  await first.accounts.end(moment(3), { main: 3 })
  const second = await run(dir, 3, counters)
  second.work(5, 1, 2)
  await second.accounts.end(moment(2), { main: 2 })
  const account = await saved(dir)
  expect(account.totals.lines_read_total).toBe(15)
  expect(differences(account)).toEqual([0, 0])
})

it('begins anew with another state directory, though the process has counted before', async () => {
  const [one, other] = [await stateDir(), await stateDir()]
  const counters = new Counters()
  const first = await run(one, 0, counters)
  first.work(10, 4, 1)
  await first.accounts.end(moment(3), { main: 3 })
  const second = await run(other, 0, counters)
  second.work(5, 1, 1)
  await second.accounts.end(moment(0), { main: 0 })
  expect((await saved(other)).totals.lines_read_total).toBe(5)
  expect(differences(await saved(other))).toEqual([0, 0])
})

it('takes what a crash repeats, or leaves uncounted, on an account of its own', async () => {
  for (const [there, repeated] of [
    [3, 0],
    [7, 4], // written after the save, and read again
    [1, -2], // delivered after the save
  ] as const) {
    const dir = await stateDir()
    const first = await run(dir, 0)
    first.work(10, 4, 1)
    await first.accounts.save(first.accounts.take(moment(3, 2)))
    const second = await run(dir, there)
    expect(second.told).toEqual([])
    await second.accounts.save(second.accounts.take(moment(there)))
    const account = await saved(dir)
    expect(account.outputs.main).toEqual({ opening: 0, repeated, unexplained: 0 })
    // The two lines that were open are in no sum any more: they are read and counted again.
    expect(account.totals.lines_reread_total).toBe(2)
    expect(sumRecords(figuresOf(account), 'main').difference).toBe(0)
  }
})

it('does not explain what was changed after an orderly end', async () => {
  const dir = await stateDir()
  const first = await run(dir, 0)
  first.work(10, 4, 1)
  await first.accounts.end(moment(3), { main: 3 })
  const second = await run(dir, 1)
  expect(second.told).toEqual([expect.stringContaining('2 records fewer than there should be wait for output "main"')])
  await second.accounts.end(moment(1), { main: 1 })
  expect(differences(await saved(dir))).toEqual([0, 2])
  // It is told once, and stays a difference.
  const third = await run(dir, 1)
  expect(third.told).toEqual([])
  await third.accounts.end(moment(1), { main: 1 })
  expect(differences(await saved(dir))).toEqual([0, 2])
})

it('gives an output that comes later the records that are there for it, and forgets one that is gone', async () => {
  const dir = await stateDir()
  const first = await run(dir, 0)
  first.work(10, 4, 1)
  await first.accounts.end(moment(3), { main: 3 })
  const second = await run(dir, 3)
  expect([second.accounts.knows('main'), second.accounts.knows('new')]).toEqual([true, false])
  second.accounts.begin({ new: 3 })
  await second.accounts.end({ ...moment(0), spooled: { new: 3 } }, { new: 3 })
  const account = await saved(dir)
  expect(Object.keys(account.outputs)).toEqual(['new'])
  expect(sumRecords(figuresOf(account), 'new')).toMatchObject({ kept: 4, opening: -1, spooled: 3, difference: 0 })
})

it('knows nothing of outputs, and counts anew, where its file is damaged', async () => {
  const dir = await stateDir()
  await writeFile(accountPath(dir), '{"version":1,"totals":{"lines_re')
  const { accounts, told } = await run(dir, 2)
  expect(accounts.knows('main')).toBe(undefined)
  expect(told).toEqual([expect.stringContaining('cannot be understood; it was set aside')])
  await accounts.end(moment(2), { main: 2 })
  expect(differences(await saved(dir))).toEqual([0, 0])
  expect((await readdir(dir)).sort()).toEqual(['accounts.json', 'accounts.json.damaged-5'])
})
