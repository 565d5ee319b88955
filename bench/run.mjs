// `npm run bench -- NAME …`: runs the bench of that name from this folder. README.md lists them.
import { readdirSync } from 'node:fs'

const names = readdirSync(import.meta.dirname).flatMap((file) => /^(?!run\.)(\w+)\.mjs$/.exec(file)?.[1] ?? [])
const [name] = process.argv.splice(2, 1)
if (!names.includes(name)) {
  console.error(
    `There is no bench "${name ?? ''}". There are ${names.join(', ')}; bench/README.md says what they measure.`,
  )
  process.exit(2)
}
await import(`./${name}.mjs`)
