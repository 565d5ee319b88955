/** What `npm install --omit=dev` brings onto a host: what the documents name, from the registry, with a checksum, and running nothing at install. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Locked {
  /** Absent: the registry that npm is set to use. */
  readonly resolved?: string
  readonly link?: boolean
  readonly integrity?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const textOf = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const read = (name: string) => JSON.parse(textOf(name))
const lock = read('package-lock.json') as { packages: Record<string, Locked> }
const runtime = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true)
const named = (wrong: (one: Locked) => boolean) => runtime.filter(([, one]) => wrong(one)).map(([path]) => path)

const direct = Object.keys((read('package.json') as { dependencies: Record<string, string> }).dependencies)

/** The cells of the table rows below a heading of a page. */
function tableBelow(page: string, heading: string): string[][] {
  const section = textOf(page).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| '))
  return rows.slice(2).map((row) => row.slice(2, -2).split(' | '))
}

/** All that a package needs, and what that needs, by name. */
function neededBy(name: string, found = new Set<string>()): Set<string> {
  const { dependencies, optionalDependencies } = lock.packages[`node_modules/${name}`] ?? {}
  for (const one of Object.keys({ ...dependencies, ...optionalDependencies })) {
    if (found.has(one)) continue
    found.add(one)
    neededBy(one, found)
  }
  return found
}

describe('a dependency of the program', () => {
  it('is in the lock file, with all that it needs', () => {
    const { dependencies } = read('package.json') as { dependencies: Record<string, string> }
    const paths = runtime.map(([path]) => path)
    expect(Object.keys(dependencies).filter((name) => !paths.includes(`node_modules/${name}`))).toEqual([])
    expect(Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('has its reason in docs/architecture.md, and nothing else has', () => {
    const rows = tableBelow('docs/architecture.md', 'Dependencies').filter(([, where]) => where !== 'development')
    expect(rows.flatMap(([names = '']) => names.split(', ')).sort()).toEqual([...direct].sort())
    expect(rows.filter(([, , why]) => !why)).toEqual([])
  })

  it('brings what SECURITY.md says with its reason, and nothing else', () => {
    const brought = direct.flatMap((name) => [...neededBy(name)].map((one) => `${one} with ${name}`))
    const rows = tableBelow('SECURITY.md', 'What is installed')
    expect(rows.map(([one, by]) => `${one} with ${by}`).sort()).toEqual(brought.sort())
    expect(rows.filter(([, , why]) => !why)).toEqual([])
    expect(textOf('SECURITY.md')).toContain(`brings the ${direct.length} packages that Errand uses`)
    // One version of each, so that the names say it all.
    const installed = runtime.map(([path]) => path.slice('node_modules/'.length))
    expect([...new Set([...direct, ...rows.map(([one = '']) => one)])].sort()).toEqual(installed.sort())
  })

  it('runs no script when it is installed', () => expect(named((one) => one.hasInstallScript === true)).toEqual([]))

  it('comes from the npm registry', () =>
    expect(
      named(
        ({ resolved = 'https://registry.npmjs.org/', link }) =>
          link === true || !resolved.startsWith('https://registry.npmjs.org/'),
      ),
    ).toEqual([]))

  it('has a checksum', () => expect(named(({ integrity }) => !integrity?.startsWith('sha512-'))).toEqual([]))
})
