/** What `npm install --omit=dev` brings onto a host: from the registry, with a checksum, and running nothing at install. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Locked {
  /** Absent: the registry that npm is set to use. */
  readonly resolved?: string
  readonly link?: boolean
  readonly integrity?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'))
const lock = read('package-lock.json') as { packages: Record<string, Locked> }
const runtime = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true)
const named = (wrong: (one: Locked) => boolean) => runtime.filter(([, one]) => wrong(one)).map(([path]) => path)

describe('a dependency of the program', () => {
  it('is in the lock file, with all that it needs', () => {
    const { dependencies } = read('package.json') as { dependencies: Record<string, string> }
    const paths = runtime.map(([path]) => path)
    expect(Object.keys(dependencies).filter((name) => !paths.includes(`node_modules/${name}`))).toEqual([])
    expect(Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
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
