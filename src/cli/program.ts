/**
 * The command line: names, options and help of all commands. Each command's work is in its own file, which is loaded
 * when it is called: a start is mostly loading.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import type { ExitCode, Host } from './host.js'

const EXAMPLES = `
Examples:
  errand check --config config.json                  every problem of a config, with its place
  errand run --config config.json                    tail, parse, fingerprint, deliver, until stopped
  errand run --config config.json --once             the same for what is there now, then end
  errand explain --source java app.log               what becomes of each entry, step by step
  errand audit --config config.json                  whether every line and every record is accounted for
  errand watch --config config.json                  the errors as they are delivered, one line each

Exit codes: 0 good, 1 problems found, 2 wrong usage, 70 errand itself failed.`

/** Runs one command line (without interpreter and script). `version` is shown by --version. */
export async function runProgram(args: readonly string[], version: string, host: Host): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = new Command('errand')
    .description('Carries errors home: tails logs, groups and parses their errors, fingerprints and delivers them.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
    })
    .showHelpAfterError('(see errand --help)')
    .addHelpText('after', EXAMPLES)

  program
    .command('run')
    .description('Read logs and deliver their errors.')
    .requiredOption('-c, --config <file>', 'the config, JSON5')
    .option('--once', 'read everything there is, deliver it, and end')
    .option('--table', 'show the issues found in a live table (needs an output of type "file")')
    .action(async (options: { config: string; once?: boolean; table?: boolean }) => {
      const { run } = await import('./run.js')
      code = await run(options, host)
    })
  program
    .command('check')
    .description('Report every problem of a config and of the remappers it names; read and send nothing.')
    .option('-c, --config <file>', 'the config, JSON5', 'config.json')
    .action(async (options: { config: string }) => {
      const { check } = await import('./check.js')
      code = await check(options, host)
    })
  program
    .command('audit')
    .description(
      'Account for every line and every record, of a running agent or of what it left; exit 1 when a sum is off.',
    )
    .option('-c, --config <file>', 'the config, JSON5', 'config.json')
    .option('--json', 'the accounts as one JSON object')
    .action(async (options: { config: string; json?: boolean }) => {
      const { audit } = await import('./audit.js')
      code = await audit(options, host)
    })
  program
    .command('explain')
    .description('Show what becomes of each entry of log files, step by step.')
    .argument('[files...]', 'log files; "-" or none: standard input')
    .option('-s, --source <name>', 'what writes the log, e.g. java, python')
    .option('-c, --config <file>', 'a config whose own remappers run too')
    .option('--json', 'one JSON object per entry')
    .action(async (files: string[], options: { source?: string; config?: string; json?: boolean }) => {
      const { explain } = await import('./explain.js')
      code = await explain(files, options, host)
    })
  program
    .command('test')
    .description("Run the tests of remappers: their own, and Datadog's pairs NAME.yaml + NAME_tests.yaml.")
    .argument('[paths...]', 'remapper files or directories; none: the bundled remappers')
    .option('--json', 'the result as one JSON object')
    .action(async (paths: string[], options: { json?: boolean }) => {
      const { test } = await import('./test.js')
      code = await test(paths, options, host)
    })
  program
    .command('import')
    .description("Turn a pipeline of Datadog's into a remapper file: JSON of its API, or an integration's YAML.")
    .argument('<file>', "a pipeline or a list of them; NAME_tests.yaml beside NAME.yaml becomes the file's tests")
    .option('-o, --output <file>', 'the remapper file to write, JSON5; none: standard output')
    .action(async (file: string, options: { output?: string }) => {
      const { importRemapper } = await import('./import.js')
      code = await importRemapper(file, options, host)
    })
  program
    .command('watch')
    .description('Follow a delivered file, one readable line per error.')
    .argument('[file]', 'a file written by an output of type "file"; none: that of the config')
    .option('-c, --config <file>', 'the config', 'config.json')
    .option('-n, --last <count>', 'begin with this many of the errors that are there', wholeNumber, 10)
    .action(async (file: string | undefined, options: { config: string; last: number }) => {
      const { watch } = await import('./watch.js')
      code = await watch(file, options, host)
    })

  if (args.length === 0) {
    program.outputHelp()
    return 2
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
  return code
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a whole number from 0 to 999999.`)
  return Number(text)
}
