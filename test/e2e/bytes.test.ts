/** Files that hold anything but text: the agent goes on, delivers the error behind it, and counts what it cut. */
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { random } from '../random.js'
import { delivered, deliveredAtLeast, folder, freePort, metric, python, run, start, writeConfig } from './program.js'

const next = random(7)
const noise = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(next() * 256)))

const HOSTILE: readonly (readonly [string, Buffer])[] = [
  ['random bytes', noise],
  ['3 MB without a line end', Buffer.alloc(3e6, 'x')],
  [
    '3 MB without a line end that begin like an error',
    Buffer.from(`2026-11-20 10:15:32,123 ERROR [a] ${'x'.repeat(3e6)}`),
  ],
  ['a block of NUL', Buffer.alloc(65_536)],
  ['NUL between lines', Buffer.from('a\0b\n\0\0\n\0')],
  ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0x0a, 0xf8, 0x88, 0x80])],
  ['JSON that never ends', Buffer.from(`{"level":"error","a":${'['.repeat(50_000)}`)],
  ['JSON that is cut', Buffer.from('{"level":"error","message":"half')],
  ['escape sequences', Buffer.from('\x1b[31m\x1b]0;title\x07\x1b[2J\x1b[H')],
  [
    'a traceback that never ends',
    Buffer.from(`Traceback (most recent call last):\n${'  File "/a.py", line 1, in f\n    f()\n'.repeat(40_000)}`),
  ],
  ['ten thousand empty lines', Buffer.from('\r\n'.repeat(10_000))],
  ['a byte order mark', Buffer.from('\ufeffhello\n')],
]

describe('an agent that reads', () => {
  for (const source of ['python', 'auto'] as const) {
    it(`what is no text goes on and delivers the error behind it: source ${source}`, async () => {
      const dir = await folder()
      for (const [i, [, bytes]] of HOSTILE.entries()) {
        const log = Buffer.concat([bytes, Buffer.from('\n'), Buffer.from(python.error(`behind ${i}`))])
        await writeFile(join(dir, `${String(i).padStart(2, '0')}.log`), log)
      }
      const config = await writeConfig(dir, { inputs: [{ type: 'file', paths: ['./*.log'], source, service: 's' }] })
      const { code, stderr } = await run(['run', '--config', config, '--once'])
      expect(code, stderr).toBe(0)
      expect(stderr).not.toMatch(/"level":(?:50|60)|Error:|\n {4}at /)
      const records = await delivered(join(dir, 'errors.ndjson'))
      for (const [i, [name]] of HOSTILE.entries()) {
        const found = records.filter(({ message }) => message?.endsWith(`behind ${i}`))
        expect(found.length, name).toBe(1)
        expect(found[0], name).toMatchObject({ error: { kind: 'KeyError', message: "'SKU-1'", handled: true } })
      }
    })
  }

  it('long lines and long entries cuts them, marks them and counts the bytes', async () => {
    const dir = await folder()
    const port = await freePort()
    const long = `2026-11-20 10:15:32,123 ERROR [shop.web] ${'y'.repeat(40_000)}\n`
    const frames = '  File "/srv/shop/orders.py", line 41, in place\n    return stock[sku]\n'.repeat(2000)
    const deep = `2026-11-20 10:15:32,123 ERROR [shop.web] deep\nTraceback (most recent call last):\n${frames}KeyError: 1\n`
    await writeFile(join(dir, 'app.log'), long + deep + python.error('behind'))
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'python', service: 's', startAt: 'beginning' }],
      group: { idle: '200ms', maxLineBytes: '16KiB', maxEntryBytes: '64KiB' },
      status: { listen: `127.0.0.1:${port}` },
    })
    const agent = start(['run', '--config', config])
    const records = await deliveredAtLeast(join(dir, 'errors.ndjson'), 3)
    expect(records.map(({ error }) => error.cut)).toEqual([true, true, undefined])
    expect(records[0]?.message?.length).toBeLessThanOrEqual(16 << 10)
    expect(records[1]?.error.stack?.length).toBeLessThanOrEqual(64 << 10)
    expect(records[2]).toMatchObject({ message: 'behind', error: { kind: 'KeyError' } })

    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metric(metrics, 'lines_cut_total')).toBe(1)
    expect(metric(metrics, 'entries_cut_total')).toBe(1)
    expect(metric(metrics, 'bytes_cut_total', { limit: 'line' })).toBe(long.length - 1 - (16 << 10))
    const kept = Buffer.byteLength((await readFile(join(dir, 'errors.ndjson'), 'utf8')).split('\n')[1] ?? '')
    expect(metric(metrics, 'bytes_cut_total', { limit: 'entry' })).toBeGreaterThan(0.9 * (deep.length - (64 << 10)))
    expect(metric(metrics, 'bytes_cut_total', { limit: 'entry' })).toBeLessThan(deep.length)
    expect(kept).toBeGreaterThan(32 << 10)
    expect((await agent.stop()).code).toBe(0)
  })

  it('line ends of Windows and a byte order mark gives the same records as without', async () => {
    const dir = await folder()
    const log = python.info('up') + python.error('one') + python.error('two')
    await writeFile(join(dir, 'unix.log'), log)
    await writeFile(join(dir, 'windows.log'), `\ufeff${log.replaceAll('\n', '\r\n')}`)
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'python', service: 's' }],
    })
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    const records = await delivered(join(dir, 'errors.ndjson'))
    const of = (name: string) =>
      records.filter(({ log: { file } }) => file?.path.endsWith(name)).map(({ id, log: _, ...rest }) => rest)
    expect(of('unix.log')).toHaveLength(2)
    expect(of('windows.log')).toEqual(of('unix.log'))
  })

  it('UTF-16 with a byte order mark, and the encoding that the input names, gives the text that was written (18)', async () => {
    const dir = await folder()
    const log = python.info('auf') + python.error('größer €')
    await writeFile(join(dir, 'utf8.log'), log)
    await writeFile(join(dir, 'utf16.log'), `\ufeff${log}`, 'utf16le')
    await writeFile(join(dir, 'legacy.txt'), log.replace('€', '\x80'), 'latin1')
    const input = { type: 'file', source: 'python', service: 's' }
    const config = await writeConfig(dir, {
      inputs: [
        { ...input, paths: ['./*.log'] },
        { ...input, paths: ['./*.txt'], encoding: 'windows-1252' },
      ],
    })
    expect((await run(['run', '--config', config, '--once'])).code).toBe(0)
    const records = await delivered(join(dir, 'errors.ndjson'))
    const shown = records
      .map(({ id: _, log: { file }, ...rest }) => [file?.path.split('/').at(-1), rest] as const)
      .sort()
    expect(shown.map(([name]) => name)).toEqual(['legacy.txt', 'utf16.log', 'utf8.log'])
    expect(new Set(shown.map(([, record]) => JSON.stringify(record))).size).toBe(1)
    expect(shown[0]?.[1]).toMatchObject({ message: 'größer €', error: { kind: 'KeyError' } })
  })

  it('a file while bytes of any kind are appended to it goes on', async () => {
    const dir = await folder()
    const log = join(dir, 'app.log')
    await writeFile(log, python.error('first'))
    const config = await writeConfig(dir, {
      inputs: [{ type: 'file', paths: ['./*.log'], source: 'python', service: 's', startAt: 'beginning' }],
    })
    const agent = start(['run', '--config', config])
    await deliveredAtLeast(join(dir, 'errors.ndjson'), 1)
    for (let at = 0; at < noise.length; at += 50_000) {
      await appendFile(log, noise.subarray(at, at + 50_000))
      await appendFile(log, `\n${python.error(`after ${at}`)}`)
      const records = await deliveredAtLeast(join(dir, 'errors.ndjson'), 2 + at / 50_000)
      expect(records.at(-1)?.message).toBe(`after ${at}`)
    }
    expect((await agent.stop()).code).toBe(0)
  })
})
