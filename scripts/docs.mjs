// `npm run docs`: writes the reference pages and the schema for editors anew, from a fresh build.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, install, ROOT } from './prepare.mjs'
import { metricsOf, readBundled, readTests, renderDocs } from './render-docs.mjs'

install()
build()
const load = (path) => import(new URL(`../dist/${path}`, import.meta.url).href)
const [
  { configSettings },
  { jsonSchemaOf },
  { OUTPUT_KINDS },
  { PROCESSOR_KINDS },
  { GAUGES, renderMetrics },
  { Counters },
  { LANGUAGES },
  { specification },
] = await Promise.all(
  [
    'agent/settings.js',
    'config/schema-export.js',
    'outputs/kinds.js',
    'remap/processors/kinds.js',
    'status/metrics.js',
    'core/counters.js',
    'agent/tracebacks.js',
    'fingerprint/specification.js',
  ].map(load),
)

const gauges = Object.fromEntries(Object.keys(GAUGES).map((name) => [name, 0]))
const { text } = await renderMetrics(new Counters(), () => ({
  gauges,
  spooled: { main: 0 },
  sources: [],
  remappers: [],
}))
const pages = renderDocs({
  schema: jsonSchemaOf(configSettings, 'Config of Errand'),
  outputKinds: OUTPUT_KINDS,
  processorKinds: PROCESSOR_KINDS.map(({ type, description, schema }) => ({
    type,
    description,
    schema: jsonSchemaOf(schema, type),
  })),
  metrics: metricsOf(text),
  remappers: readFileSync(join(ROOT, 'docs', 'remappers.md'), 'utf8'),
  bundled: readBundled(join(ROOT, 'remappers')),
  languages: [...LANGUAGES.keys()].sort(),
  fp1: specification(),
  fingerprint: readFileSync(join(ROOT, 'docs', 'fingerprint.md'), 'utf8'),
  reliability: readFileSync(join(ROOT, 'docs', 'reliability.md'), 'utf8'),
  tests: readTests(ROOT),
})
for (const [path, page] of Object.entries(pages)) {
  writeFileSync(join(ROOT, path), page)
  console.log(path)
}
