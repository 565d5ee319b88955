// The reference pages and the schema for editors, out of what the program itself declares. Pure: values in, texts out.
// `docs.mjs` writes them, a test holds the files against them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { behaviourTables, numberedTests } from './behaviours.mjs'

/** What is written, by path from the project's root. `remappers`, `fingerprint`, `reliability` are the present texts of these pages. */
export function renderDocs({
  schema,
  outputKinds,
  processorKinds,
  metrics,
  remappers,
  bundled,
  languages,
  fp1,
  fingerprint,
  reliability,
  tests,
}) {
  return {
    'config.schema.json': `${JSON.stringify(beforeEnvironment(schema), null, 2)}\n`,
    'docs/configuration.md': configuration(schema, outputKinds),
    'docs/metrics.md': metricsPage(metrics),
    'docs/remappers.md': replaceBlock(
      replaceBlock(remappers, 'sources', sourceTable(bundled, languages)),
      'processors',
      processorTables(processorKinds),
    ),
    'docs/fp1.json': `${JSON.stringify(fp1, null, 2)}\n`,
    'docs/reliability.md': replaceBlock(reliability, 'behaviours', behaviourTables(numberedTests(tests))),
    'docs/fingerprint.md': replaceBlock(fingerprint, 'masks', maskTable(fp1.masks)),
  }
}

/** What each mask of a message's template stands for; the patterns are in fp1.json. */
function maskTable(masks) {
  const rows = masks.map(({ id, what, to }) => `| ${id} | ${what} | \`${to}\` |`)
  return ['| mask | what it matches | becomes |', '| --- | --- | --- |', ...rows].join('\n')
}

/** The bundled sources by name, each with the comment that opens its file. */
function sourceTable(bundled, languages) {
  const rows = bundled.map(({ source, text }) => `| \`${source}\` | ${openingComment(text)} |`)
  const named = languages.map((language) => `\`${language}\``).join(', ')
  return ['| source | what it reads |', '| --- | --- |', ...rows, '', `Traceback languages: ${named}.`].join('\n')
}

function openingComment(text) {
  const lines = []
  for (const line of text.split('\n')) {
    if (!line.startsWith('//')) break
    lines.push(line.slice(2).trim())
  }
  return lines.join(' ').replaceAll('|', '\\|')
}

const GENERATED = '<!-- Written by `npm run docs` from the sources. Change it there. -->'

/** The schema of what is written in the file: a text may have `${NAME}` in it, which fits no format or pattern yet. */
function beforeEnvironment(node) {
  if (Array.isArray(node)) return node.map(beforeEnvironment)
  if (typeof node !== 'object' || node === null) return node
  const copy = {}
  for (const [key, value] of Object.entries(node)) {
    if (key === 'format' && typeof value === 'string') continue
    if (key === 'pattern' && typeof value === 'string') copy.pattern = `(?:${value})|\\$\\{`
    // Keys are never filled in.
    else copy[key] = key === 'propertyNames' ? value : beforeEnvironment(value)
  }
  return copy
}

function configuration(schema, outputKinds) {
  const { properties } = schema
  const sections = []
  const top = []
  for (const [name, setting] of Object.entries(properties)) {
    if (name === '$schema' || name === 'inputs' || name === 'outputs') continue
    if (setting.type === 'object' && setting.properties) sections.push([name, setting])
    else top.push([name, setting])
  }
  const variants = (list) => list.items.oneOf ?? list.items.anyOf
  const typeOf = (variant) => variant.properties.type.const
  const common = ['name', 'batch']
  const out = [
    '# Configuration',
    '',
    GENERATED,
    '',
    'A config is one JSON5 file: comments, trailing commas and keys without quotes are good. `errand check --config FILE`',
    'shows every problem of it at once, each with its line and column and how to mend it. A key that is not a setting is a',
    'problem.',
    '',
    '- **Sizes** are bytes, or text with a unit: `"512KiB"`, `"4MiB"`, `"1GB"`.',
    '- **Durations** are milliseconds, or text with a unit: `"50ms"`, `"1.5s"`, `"2m"`, `"1h"`, `"7d"`.',
    '- **Paths** that are relative start from the folder of the config.',
    '- **`${NAME}`** in any text is the environment variable, `${NAME:-default}` has a default, `$${` stands for `${`. No',
    '  message shows what came from the environment, nor keys and headers however they were written.',
    '',
    'Editors that know JSON Schema complete and check a config that names `config.schema.json` of the package:',
    '`"$schema": "/opt/errand/config.schema.json"`.',
    '',
    'A config that uses a little of everything:',
    '',
    '```json5',
    EXAMPLE.trim(),
    '```',
    '',
    '## The whole',
    '',
    ...table([
      ...top.map(([name, setting]) => row(name, setting, schema)),
      `| \`inputs\` | list | required | ${cell(properties.inputs.description)} See [Inputs](#inputs). |`,
      `| \`outputs\` | list | required | ${cell(properties.outputs.description)} See [Outputs](#outputs). |`,
    ]),
    '## Inputs',
    '',
    'Each is an object of the list `inputs`. A file belongs to the first input whose paths match it.',
    '',
  ]
  for (const variant of variants(properties.inputs)) {
    out.push(
      `### \`type: "${typeOf(variant)}"\``,
      '',
      variant.properties.type.description,
      '',
      ...settingsTable(variant, ['type']),
    )
  }
  out.push('## Outputs', '', 'Each is an object of the list `outputs`. Every kind has these:', '')
  const [first] = variants(properties.outputs)
  out.push(...settingsTable({ ...first, properties: pick(first.properties, common) }, []))
  for (const kind of outputKinds) {
    const variant = variants(properties.outputs).find((one) => typeOf(one) === kind.type)
    out.push(`### \`type: "${kind.type}"\``, '', kind.description, '')
    const limits = limitsOf(kind.limits)
    if (limits) out.push(limits, '')
    const own = Object.keys(variant.properties).filter((name) => name !== 'type' && !common.includes(name))
    if (own.length === 0) out.push('It has no further settings.', '')
    else out.push(...settingsTable({ ...variant, properties: pick(variant.properties, own) }, []))
  }
  for (const [name, setting] of sections) {
    out.push(
      `## \`${name}\``,
      '',
      ...(setting.description ? [setting.description, ''] : []),
      ...settingsTable(setting, []),
    )
  }
  return `${out.join('\n').trimEnd()}\n`
}

function limitsOf(limits) {
  if (!limits) return ''
  const parts = []
  if (limits.maxBytes !== undefined) parts.push(`${limits.maxBytes.toLocaleString('en')} bytes`)
  if (limits.maxRecords !== undefined) parts.push(`${limits.maxRecords.toLocaleString('en')} records`)
  return `Whatever \`batch\` says, a batch has at most ${parts.join(' and ')}.`
}

/** A table of all settings below an object, nested ones with dotted names, those of a list's objects behind `[]`. */
function settingsTable(object, leaveOut) {
  const rows = []
  const walk = (properties, of, prefix) => {
    for (const [name, setting] of Object.entries(properties)) {
      if (prefix === '' && leaveOut.includes(name)) continue
      if (setting.type === 'object' && setting.properties) walk(setting.properties, setting, `${prefix}${name}.`)
      else rows.push(row(prefix + name, setting, of))
      if (setting.items?.properties && setting.items.additionalProperties === false)
        walk(setting.items.properties, setting.items, `${prefix}${name}[].`)
    }
  }
  walk(object.properties, object, '')
  return table(rows)
}

function table(rows) {
  return ['| setting | type | default | what it is |', '| --- | --- | --- | --- |', ...rows, '']
}

function row(path, setting, of) {
  const name = path.split('.').at(-1)
  const fallback = setting.default === undefined ? undefined : written(setting.default)
  const without = of.required?.includes(name) ? 'required' : ''
  return `| \`${path}\` | ${cell(typeName(setting))} | ${fallback === undefined ? without : `\`${cell(fallback)}\``} | ${cell(setting.description ?? '')} |`
}

/** As a person would write it in JSON5. */
function written(value) {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return value && Object.keys(value).length === 0 ? '{}' : JSON.stringify(value)
  return JSON.stringify(value)
}

const DURATION = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/

function typeName(setting) {
  const choices = Array.isArray(setting.type)
    ? setting.type.map((type) => ({ ...setting, type }))
    : (setting.anyOf ?? setting.oneOf)
  if (choices) {
    const names = [...new Set(choices.filter(({ type }) => type !== 'null').map(typeName))]
    // Sizes and durations take numbers and text; the default tells which it is.
    if (names.length === 2 && names.includes('number') && names.includes('text') && setting.default !== undefined) {
      return DURATION.test(setting.default) ? 'duration' : 'size'
    }
    return names.join(' or ')
  }
  if (setting.allOf) return typeName(setting.allOf[0])
  if (setting.const !== undefined) return `\`${JSON.stringify(setting.const)}\``
  if (setting.enum) return orList(setting.enum.map((value) => `\`${JSON.stringify(value)}\``))
  switch (setting.type) {
    case 'string':
      return 'text'
    case 'boolean':
      return '`true` or `false`'
    case 'integer':
      return 'whole number'
    case 'number':
      return 'number'
    case 'array':
      return `list of ${typeName(setting.items)}`
    case 'object':
      return setting.additionalProperties && Object.keys(setting.additionalProperties).length > 0
        ? `object of ${typeName(setting.additionalProperties)}`
        : 'object'
    default:
      return 'any'
  }
}

function orList(names) {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

/** Text inside a table: one line, no bare bar. */
function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function pick(object, names) {
  return Object.fromEntries(names.map((name) => [name, object[name]]))
}

function metricsPage(metrics) {
  return `${[
    '# Metrics',
    '',
    GENERATED,
    '',
    'With `status: { listen: "127.0.0.1:8686" }` in the config the agent answers at',
    '',
    '- `/healthz`: 200 as long as the process runs its loop;',
    '- `/readyz`: 200 once it reads, 503 before; a reload is no interruption;',
    '- `/metrics`: the metrics below, for Prometheus. Counters begin at 0 with the process; series whose labels the config tells',
    '  are there from the start.',
    '',
    '| metric | type | meaning |',
    '| --- | --- | --- |',
    ...metrics.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${cell(help)} |`),
    '',
    'Labels: `reason` of lines dropped, bytes lost and records lost from the spool, `source` of records kept and alarms missed,',
    '`source` and `remapper` of rules given up, `output` of all that an output does, `limit` (`line` or `entry`) of bytes cut,',
    '`result` of reloads.',
    '',
    '## The sums',
    '',
    'Nothing disappears without being counted. At any time',
    '',
    '- lines read = lines kept + lines dropped + lines joined + lines read again + lines open;',
    '- for each output: records kept = delivered + refused + lost (`spool_records_lost_total`) + spooled + pending, counted from',
    '  the first start of the state directory.',
    '',
    '`errand audit --config FILE [--json]` adds them up: from `/metrics` of the running agent, else from the state directory,',
    'which it only reads. It shows both sums, known loss by reason, what waits for each output and since when, and files that are',
    'behind. Exit 0: both sums reconcile. Exit 1: one does not; it says which, by how much, and where to look.',
    '',
    'The agent saves its counts in `accounts.json` of the state directory, with the positions and of the same moment, so the',
    'sums go over restarts. Lines that are open at a stop are read again, and counted as that. `kill -9` has no part in the line',
    'sum: lines after the last positions (a second, while much is read) are read and counted again, or were never counted, on both',
    'sides of it. Of records it leaves some written twice (with the same ids), and some deliveries uncounted. How many, the next start finds',
    'by what lies before each output, and keeps that in an account of its own (`repeated`). After an orderly stop nothing may',
    'differ: what does is told, and stays a difference.',
    '',
    '`lines_dropped_total` tells why: `calm` (no alarm in the entry), `below_error` (its status says so), `no_status` (neither',
    'status nor traceback), `not_wanted` (`keep.statuses` leaves it out), `fault` (errand failed on it, which its log tells).',
    '',
    '`spool_records_lost_total` tells why an output does not get what was in the spool: `full` (dropped, where `spool.whenFull` is',
    '`dropOldest`), `damaged` (on disk), `removed` (files of the spool, by someone else), `output removed` (the config does not have',
    'the output any more, and no other took its place).',
    '',
    '## What to watch',
    '',
    '| when | it means |',
    '| --- | --- |',
    '| `errand_alarms_missed_total` grows | an alarm list of a remapper is too short: errors may be missing. Set `alarms: "every line"` there, and tell us |',
    '| `errand_bytes_lost_total` grows | files were truncated or deleted before they could be read: rotate later, or look why reading waits |',
    '| `errand_files_stuck_total` grows | a file held more and was not read on; it was opened anew. Look whether its disk answers |',
    '| `errand_links_refused_total` grows | a symbolic link leads out of the directories of its input; the log names it. Add the directory to `allowedRoots`, or look who made the link |',
    "| `errand_records_spooled` grows for one output | that backend is slower than the errors come, or it refuses the connection; the agent's log says which |",
    '| `errand_spool_bytes` near `spool.maxBytes` | reading is about to wait for the slowest output, or the oldest records are about to be dropped; see `spool.whenFull` |',
    '| `errand_spool_records_lost_total` grows | an output will not get these records: with reason `full` it is too slow or away for too long; otherwise look at the disk, and who writes to the state directory |',
    '| `errand_records_refused_total` grows | a backend will never take some records; they are in `refused/OUTPUT.ndjson` of the state directory, each with the reason |',
    '| `errand_config_last_reload_ok` is 0 | the config on disk has problems, or could not be started; an older one runs, and the log tells why |',
    '| `errand_lines_cut_total`, `errand_entries_cut_total` grow | lines or records are over `group.maxLineBytes`, `group.maxEntryBytes`, or more is open in all files than there is room for, which the log tells |',
  ].join('\n')}\n`
}

function processorTables(kinds) {
  const out = ['| type | what it does |', '| --- | --- |']
  for (const { type, description } of kinds) out.push(`| [\`${type}\`](#${type}) | ${cell(description)} |`)
  for (const { type, description, schema } of kinds) {
    out.push('', `### ${type}`, '', description, '')
    const own = Object.keys(schema.properties).filter((name) => !COMMON.includes(name))
    // What does nothing has settings only so that pipelines that hold it can be read.
    if (own.length > 0 && !description.startsWith('Nothing'))
      out.push(...settingsTable({ ...schema, properties: pick(schema.properties, own) }, []).slice(0, -1))
  }
  return out.join('\n')
}

/** What every processor has; told once, in the text. */
const COMMON = ['type', 'id', 'name', 'description', 'enabled', 'tags', 'ocsf']

/** The remapper files of a folder, by source. */
export function readBundled(folder) {
  return readdirSync(folder)
    .sort()
    .map((file) => ({ source: file.replace(/\.json5$/, ''), text: readFileSync(join(folder, file), 'utf8') }))
}

/** The tests of the project, by their paths from `root`. */
export function readTests(root) {
  return readdirSync(join(root, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** Puts `text` between the two comments that name the block. */
export function replaceBlock(page, name, text) {
  const begin = `<!-- begin ${name}: written by \`npm run docs\` -->`
  const end = `<!-- end ${name} -->`
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the page has no block "${name}": ${begin} … ${end}`)
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`
}

/** Name, type and help of each metric, out of Prometheus' text. */
export function metricsOf(text) {
  const help = new Map()
  const found = []
  for (const line of text.split('\n')) {
    const [, what, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (what === 'HELP') help.set(name, rest)
    if (what === 'TYPE') found.push({ name, type: rest, help: help.get(name) ?? '' })
  }
  return found
}

const EXAMPLE = `
{
  stateDir: "/var/lib/errand",
  env: "prod",
  tags: { team: "shop" },
  inputs: [
    { type: "file", paths: ["/var/log/shop/*.log"], exclude: ["/var/log/shop/access*.log"], source: "java", service: "shop" },
    // Attributes of an own JSON layout, without a remapper:
    { type: "file", paths: ["/var/log/jobs/*.json"], source: "python", service: "jobs", timezone: "Europe/Berlin",
      remap: { "error.stack": ["exc_info", "trace"], "error.kind": ["exc_class"] } },
  ],
  remappers: ["./remappers/*.json5"],
  keep: { statuses: ["error", "critical", "alert", "emergency"] },
  // Whose code a frame is, and fingerprints of your own: docs/grouping.md
  inApp: { include: ["org.apache.acme"], exclude: ["com.acme.generated", "build/generated/**"] },
  fingerprint: {
    rules: [{ match: { query: "@error.kind:*TimeoutException service:shop" }, fingerprint: "shop is slow" }],
  },
  outputs: [
    { name: "datadog", type: "datadog", apiKey: "\${DD_API_KEY}", site: "datadoghq.eu" },
    { name: "main", type: "http", url: "https://errors.example.com/ingest", compression: "gzip",
      headers: { authorization: "Bearer \${ERRORS_TOKEN}" }, batch: { maxBytes: "1MiB", maxAge: "5s" } },
    { name: "disk", type: "file", path: "/var/lib/errand/errors.ndjson", maxBytes: "100MiB", keep: 3 },
  ],
  spool: { maxBytes: "2GiB" },
  status: { listen: "127.0.0.1:8686" },
}
`
