/** Files and directories that a config names, looked at before anything starts. Reads names only; throws for no path. */
import { constants } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import picomatch from 'picomatch'

/** The files a path or a glob names, sorted; a plain path that is missing is named all the same. */
export async function matchFiles(pattern: string): Promise<string[]> {
  const { base, glob } = picomatch.scan(pattern)
  if (glob === '') return [pattern]
  const root = base === '' ? '/' : base
  const matches = picomatch(pattern, { dot: false })
  const found: string[] = []
  const walk = async (directory: string, depth: number): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = join(directory, entry.name)
      if (entry.isDirectory() && depth > 0) await walk(path, depth - 1)
      else if (matches(path)) found.push(path)
    }
  }
  await walk(root, glob.includes('**') ? 16 : glob.split('/').length - 1)
  return found.sort()
}

/** Why a directory that must be read cannot be: `missing`, `denied`, `no directory`; undefined when it can. */
export async function whyUnreadable(directory: string): Promise<'missing' | 'denied' | 'no directory' | undefined> {
  try {
    if (!(await stat(directory)).isDirectory()) return 'no directory'
    await access(directory, constants.R_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EACCES' || code === 'EPERM' ? 'denied' : code === 'ENOTDIR' ? 'no directory' : 'missing'
  }
}

/** The part of a glob before its first pattern character: a directory. */
export function fixedPrefix(pattern: string): string {
  const { base, glob } = picomatch.scan(pattern)
  return glob === '' ? dirname(pattern) : base === '' ? '/' : base
}
