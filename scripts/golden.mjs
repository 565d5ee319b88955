// `npm run golden [name…]`: writes the expected results of the traceback fixtures anew from what the build reads.
// Read the diff before committing it: a golden is right because somebody has looked at it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, install, ROOT } from './prepare.mjs'

install()
build()
const { LANGUAGES } = await import(join(ROOT, 'dist', 'agent', 'tracebacks.js'))
const wanted = process.argv.slice(2)
const folder = join(ROOT, 'test', 'fixtures', 'trace')
for (const [name, language] of LANGUAGES) {
  for (const file of readdirSync(join(folder, name)).filter((one) => one.endsWith('.txt'))) {
    const fixture = file.slice(0, -'.txt'.length)
    if (wanted.length > 0 && !wanted.includes(fixture)) continue
    const text = readFileSync(join(folder, name, file), 'utf8')
    const result = fixture.startsWith('read-') ? language.read(text) : language.find(text, 0)
    writeFileSync(join(folder, name, `${fixture}.expected.json`), `${JSON.stringify(result, null, 2)}\n`)
    console.log(`${name}/${fixture}`)
  }
}
