import mockFs from 'mock-fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { loadConfig, loadConfigText, resolveFrom } from '../../src/config/load.js'
import { renderProblem } from '../../src/core/problem.js'

afterEach(() => {
  mockFs.restore()
  vi.restoreAllMocks()
})

const schema = z.strictObject({ dir: z.string(), count: z.number().default(3) })

describe('a config file that cannot be read', () => {
  for (const [name, file, problem] of [
    [
      'is not there',
      '/etc/errand/other.json5',
      'there is no such file. Check the name; its directory /etc/errand exists.',
    ],
    ['is nearly there', '/etc/errand/confg.json5', 'there is no such file. Did you mean config.json5?'],
    [
      'is in no directory',
      '/nowhere/c.json5',
      'there is no such file. Check the path; there is no directory /nowhere that could be read.',
    ],
    [
      'is below a file',
      '/etc/errand/config.json5/c',
      'there is no such file. Check the path; there is no directory /etc/errand/config.json5 that could be read.',
    ],
    ['is a directory', '/etc/errand', 'this is a directory. Name a file in it.'],
    ['is UTF-16', '/etc/errand/wide.json5', 'the file is UTF-16. Save it as UTF-8.'],
    ['is latin1', '/etc/errand/latin1.json5', 'the file is not UTF-8: byte 6 begins no character. Save it as UTF-8.'],
  ] as const) {
    it(name, async () => {
      mockFs({
        '/etc/errand': {
          'config.json5': '{}',
          'wide.json5': Buffer.from('\uFEFF{}', 'utf16le'),
          'latin1.json5': Buffer.from('{a: "\u00e4"}', 'latin1').fill(0xe4, 6, 7),
        },
      })
      const { problems } = await loadConfig(file, schema, {})
      mockFs.restore()
      expect(problems.map(renderProblem)).toEqual([`${file}  ${problem}`])
    })
  }

  it('is not readable by this user', async () => {
    // mock-fs grants root everything, so the user is made an ordinary one.
    vi.spyOn(process, 'getuid').mockReturnValue(1000)
    vi.spyOn(process, 'getgid').mockReturnValue(1000)
    mockFs({ '/c.json5': mockFs.file({ content: '{}', mode: 0o600, uid: 0, gid: 0 }) })
    const { problems } = await loadConfigText('/c.json5')
    mockFs.restore()
    expect(problems.map(renderProblem)).toEqual([
      '/c.json5  this user may not read the file. Give the user that runs errand the right to read it.',
    ])
  })
})

describe('a config file', () => {
  async function load(content: string) {
    mockFs({ '/c.json5': content })
    const loaded = await loadConfig('/c.json5', schema, { DIR: '/var/lib/errand' })
    mockFs.restore()
    return loaded
  }

  it('is read, filled in and given its defaults', async () => {
    const { config, problems, secrets, placeOf } = await load('\uFEFF{ dir: "${DIR}" } // ü')
    expect([config, problems, secrets]).toEqual([{ dir: '/var/lib/errand', count: 3 }, [], ['/var/lib/errand']])
    expect(placeOf(['dir'])).toEqual({ file: '/c.json5', line: 1, column: 8 })
  })

  it('gives all its problems at once, in the order of the file', async () => {
    const { config, problems } = await load('{ count: "x",\n dir: "${NONE}",\n cuont: 1, cuont: 2 }')
    expect(config).toBeUndefined()
    expect(problems.map(renderProblem)).toEqual([
      '/c.json5:1:10  count is "x", expected a number. Write a number.',
      '/c.json5:2:7  dir needs the environment variable NONE, which is not set. Set it, or write ${NONE:-default}.',
      '/c.json5:3:12  cuont is given twice, first at 3:2. Keep one of the two.',
      '/c.json5:3:12  cuont is not a setting. Did you mean count?',
    ])
  })

  it('has no config when a key is given twice, even if the rest is good', async () => {
    const { config, problems } = await load('{ dir: "a", dir: "b" }')
    expect([config, problems.length]).toEqual([undefined, 1])
  })
})

it('resolves paths against the folder of the config', () => {
  expect(resolveFrom('/etc/errand/config.json5', './data')).toBe('/etc/errand/data')
  expect(resolveFrom('/etc/errand/config.json5', '/var/x')).toBe('/var/x')
})
