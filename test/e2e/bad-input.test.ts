/** What the program says to a config that is wrong: every problem in one line with its place and how to mend it. */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder, run } from './program.js'

const INPUTS = 'inputs: [{ type: "stdin", source: "java", service: "shop" }]'
const OUTPUTS = 'outputs: [{ name: "out", type: "stdout" }]'

/** Config, the lines that check and run say, and files beside the config. */
const bad: readonly (readonly [string, string, readonly string[], Readonly<Record<string, string>>?])[] = [
  [
    'unknown keys, with what was probably meant',
    `{ stateDir: "./state",
  inputs: [{ type: "file", paths: ["./*.log"], source: "java", service: "shop", startsAt: "end" }],
  outputs: [{ name: "out", type: "stdout", batch: { maxByte: 1 } }],
  sppol: {} }`,
    [
      'c.json:2:81  inputs[0].startsAt is not a setting of input "file". Did you mean startAt?',
      'c.json:3:53  outputs[0].batch.maxByte is not a setting. Did you mean maxBytes?',
      'c.json:4:3  sppol is not a setting. Did you mean spool?',
    ],
  ],
  [
    'values of the wrong kind',
    `{ stateDir: 5,
  inputs: "app.log",
  outputs: [{ name: "out", type: "htp", url: "http://localhost" }],
  tail: { poll: "soon" } }`,
    [
      'c.json:1:13  stateDir is 5, expected a string. Put it in quotes: "5".',
      'c.json:2:11  inputs is "app.log", expected a list. Put it in brackets: ["app.log"].',
      'c.json:3:34  outputs[0].type is "htp", expected one of "datadog", "file", "http", "stdout". Did you mean "http"?',
      'c.json:4:17  tail.poll: "soon" is not a duration. Write "50ms", "1.5s", "2m" or "1h".',
    ],
  ],
  [
    'text that is not JSON5',
    `{ stateDir: "./state",\n  ${INPUTS}\n  ${OUTPUTS} }`,
    ['c.json:3:3  got "o" where "," or "}" was expected. Put a comma between the two.'],
  ],
  ['nothing', '', ['c.json:1:1  the file is empty. Write at least {}.']],
  [
    'what is missing',
    '{}',
    ['c.json:1:1  inputs is missing. Add it: a list.', 'c.json:1:1  outputs is missing. Add it: a list.'],
  ],
  [
    'two outputs of one name',
    `{ stateDir: "./state", ${INPUTS},\n  outputs: [\n    { name: "out", type: "stdout" },\n    { name: "out", type: "stdout" } ] }`,
    ['c.json:4:13  output 2 has the name "out" of another output. Give each output its own name.'],
  ],
  [
    'an environment variable that is not set',
    `{ stateDir: "./state", ${INPUTS},\n  outputs: [{ name: "out", type: "http", url: "\${ERRAND_TEST_UNSET}" }] }`,
    [
      'c.json:2:47  outputs[0].url needs the environment variable ERRAND_TEST_UNSET, which is not set. Set it, or write ${ERRAND_TEST_UNSET:-default}.',
    ],
  ],
  [
    'a remapper file that is not there',
    `{ stateDir: "./state", ${INPUTS}, ${OUTPUTS},\n  remappers: ["./mine.json5"] }`,
    ['c.json:2:15  "./mine.json5": there is no such file. Did you mean nine.json5?'],
    { 'nine.json5': '{}' },
  ],
  [
    'a remapper without tests',
    `{ stateDir: "./state", ${INPUTS}, ${OUTPUTS}, remappers: ["./mine.json5"] }`,
    [
      'DIR/mine.json5:1:1  remapper "mine" has no tests. Add tests: [{ sample: "…", result: "dropped" }] with one sample kept and one dropped at least.',
    ],
    { 'mine.json5': '{ name: "mine", source: "java", processors: [] }' },
  ],
  [
    'a grok rule whose regex is broken',
    `{ stateDir: "./state", ${INPUTS}, ${OUTPUTS}, remappers: ["./mine.json5"] }`,
    [
      'DIR/mine.json5:2:96  rule one: A "(" is not closed by ")". Close the group, or write "\\(" for the character itself.',
    ],
    {
      'mine.json5': `{ name: "mine", filter: { query: "source:java" }, tests: [{ sample: "x", result: "dropped" }],
  processors: [{ type: "grok-parser", source: "message", grok: { supportRules: "", matchRules: 'one %{regex("((a"):b}' } }] }`,
    },
  ],
  [
    'a processor that does not exist',
    `{ stateDir: "./state", ${INPUTS}, ${OUTPUTS}, remappers: ["./mine.json5"] }`,
    ['DIR/mine.json5:2:24  "status-remaper" is not a type of processor. Did you mean "status-remapper"?'],
    {
      'mine.json5': `{ name: "mine", filter: { query: "source:java" }, tests: [{ sample: "x", result: "dropped" }],
  processors: [{ type: "status-remaper", sources: ["level"] }] }`,
    },
  ],
  [
    'roots that can be none',
    `{ stateDir: "./state", ${OUTPUTS},
  inputs: [{ type: "file", paths: ["./*.log"], source: "java", service: "shop", allowedRoots: ["./c.json", "./pods/*"] }] }`,
    [
      'c.json:2:96  DIR/c.json is not a directory. Name the directory that symbolic links may lead to.',
      'c.json:2:108  allowedRoots takes directories, not patterns; there is no directory DIR/pods/*. Name DIR/pods.',
    ],
  ],
  [
    'an input directory that is a file',
    `{ stateDir: "./state", ${OUTPUTS},\n  inputs: [{ type: "file", paths: ["./c.json/*.log"], source: "java", service: "shop" }] }`,
    ['c.json:2:36  DIR/c.json is not a directory. Correct the path.'],
  ],
]

describe('a bad config', () => {
  for (const [name, config, lines, files = {}] of bad) {
    it(`is told by check and run: ${name}`, async () => {
      const dir = await folder()
      for (const [file, content] of Object.entries({ 'c.json': config, ...files }))
        await writeFile(join(dir, file), content)
      const before = await readdir(dir)
      const said = lines.map((line) => `${line.replaceAll('DIR', dir)}\n`).join('')
      const [checked, ran] = await Promise.all([
        run(['check', '--config', 'c.json'], { cwd: dir }),
        run(['run', '--config', 'c.json'], { cwd: dir }),
      ])
      expect(checked).toEqual({ code: 1, signal: null, stdout: '', stderr: said })
      expect(ran).toEqual(checked)
      expect(await readdir(dir), 'nothing is begun').toEqual(before)
    })
  }

  it('is told when it cannot be read', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'config.json'), '{}')
    await mkdir(join(dir, 'directory'))
    for (const [name, said] of [
      ['confg.json', 'confg.json  there is no such file. Did you mean config.json?\n'],
      ['directory', 'directory  this is a directory. Name a file in it.\n'],
    ] as const) {
      for (const command of ['check', 'run']) {
        expect(await run([command, '--config', name], { cwd: dir })).toEqual({
          code: 1,
          signal: null,
          stdout: '',
          stderr: said,
        })
      }
    }
  })

  it('is told when the user that runs it may not read an input directory', async () => {
    const dir = await folder()
    await chmod(dir, 0o777)
    await mkdir(join(dir, 'shut'), { mode: 0o000 })
    onTestFinished(() => chmod(join(dir, 'shut'), 0o700))
    const input = '{ type: "file", paths: ["./shut/*.log"], source: "java", service: "shop" }'
    await writeFile(join(dir, 'c.json'), `{ stateDir: "./state", ${OUTPUTS},\n  inputs: [${input}] }`)
    // Root may read everything, so there the program runs as nobody.
    const options = { cwd: dir, ...(process.getuid?.() === 0 && { uid: 65534 }) }
    for (const command of ['check', 'run']) {
      const { code, stderr } = await run([command, '--config', 'c.json'], options)
      expect(stderr).toBe(
        `c.json:2:36  this user may not read the directory ${join(dir, 'shut')}. Give the user that runs errand the right to read and enter it.\n`,
      )
      expect(code).toBe(1)
    }
    expect((await readdir(dir)).sort()).toEqual(['c.json', 'shut'])
  })

  it('warns of what may still come, and runs', async () => {
    const dir = await folder()
    await writeFile(
      join(dir, 'c.json'),
      `{ stateDir: "./state", ${OUTPUTS},\n  inputs: [{ type: "file", paths: ["./later/*.log"], source: "jva" }] }`,
    )
    const { code, stdout, stderr } = await run(['check', '--config', 'c.json'], { cwd: dir })
    expect(stderr.split('\n').sort()).toEqual([
      '',
      `c.json:2:12  warning: this input names no service; its errors get service "jva". Add service: "…", as your backend should show it.`,
      `c.json:2:36  warning: the directory ${join(dir, 'later')} is not there yet. Its files are read when it comes; correct the path if it never will.`,
      `c.json:2:62  warning: there is no remapper for source "jva"; it is treated as "auto". Did you mean "java"?`,
    ])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'c.json is good: 1 inputs (jva), 1 outputs (out: stdout).\n' })
    expect((await run(['run', '--config', 'c.json', '--once'], { cwd: dir })).code).toBe(0)
  })
})

describe('what only a run can find', () => {
  it('is told in one line, and the run ends: a state directory that cannot be had', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'c.json'), `{ stateDir: "./c.json/state", ${INPUTS}, ${OUTPUTS} }`)
    const { code, stderr } = await run(['run', '--config', 'c.json'], { cwd: dir, input: '' })
    expect(stderr).toMatch(
      /^\S+c\.json\/state {2}the state directory cannot be used: ENOTDIR.+choose another stateDir\.\n$/,
    )
    expect(code).toBe(1)
  })

  it('is told in one line, and the run ends: an address that is taken', async () => {
    const dir = await folder()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const listen = `127.0.0.1:${(server.address() as AddressInfo).port}`
    await writeFile(
      join(dir, 'c.json'),
      `{ stateDir: "./state", ${INPUTS}, ${OUTPUTS}, status: { listen: "${listen}" } }`,
    )
    const { code, stderr } = await run(['run', '--config', 'c.json'], { cwd: dir, input: 'open' })
    expect(stderr).toBe(
      `c.json:1:148  status.listen: ${listen} cannot be had (EADDRINUSE). Choose another port, or end what listens there.\n`,
    )
    expect(code).toBe(1)
    // The state directory is free again.
    expect(await readdir(join(dir, 'state'))).not.toContain('errand.lock')
  })
})

describe('wrong usage', () => {
  for (const [args, said] of [
    [['frobnicate'], "error: unknown command 'frobnicate'"],
    [['run'], "error: required option '-c, --config <file>' not specified"],
    [['check', '--nope'], "error: unknown option '--nope'"],
    [['watch', '-n', 'many'], 'is not a whole number'],
    [['explain', '--source'], "error: option '-s, --source <name>' argument missing"],
    [['run', '--config', 'c.json', 'more'], "error: too many arguments for 'run'"],
  ] as const) {
    it(`exits 2: errand ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run(args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain(said)
    })
  }

  it('shows the help when there is no command', async () => {
    const { code, stdout } = await run([])
    expect(code).toBe(2)
    expect(stdout).toContain('Usage: errand')
  })
})

describe('help', () => {
  for (const [args, names] of [
    [
      ['--help'],
      ['run', 'check', 'explain', 'test', 'watch', '--version', 'Exit codes: 0 good, 1 problems found, 2 wrong usage'],
    ],
    [
      ['run', '--help'],
      ['--config <file>', '--once', '--table'],
    ],
    [['check', '--help'], ['--config <file>']],
    [
      ['explain', '--help'],
      ['--source <name>', '--config <file>', '--json', '[files...]'],
    ],
    [
      ['test', '--help'],
      ['--json', '[paths...]'],
    ],
    [
      ['watch', '--help'],
      ['--config <file>', '--last <count>', '[file]'],
    ],
  ] as const) {
    it(`names every option: errand ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run(args)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      for (const name of names) expect(stdout).toContain(name)
    })
  }
})
