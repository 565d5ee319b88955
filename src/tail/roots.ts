/**
 * Where symbolic links may lead: the agent often reads as a user who may read everything, while others write the
 * directories it reads. A link to a file that nobody asked for would carry its content away, so it is refused.
 */
import type { FileLayer, OpenedFile } from './files.js'

/** The code of the error that a refused open throws. */
export const OUTSIDE = 'EOUTSIDE'

/** Directories as they really are; what lies below one of them is allowed. */
export class Roots {
  readonly #directories: readonly string[]

  private constructor(directories: readonly string[]) {
    this.#directories = directories
  }

  /** Follows the directories' own links as they are now. One that is not there allows nothing. */
  static async resolve(directories: Iterable<string>, files: FileLayer): Promise<Roots> {
    const real = new Set<string>()
    for (const directory of new Set(directories)) {
      const path = await files.realPath(directory).catch(() => undefined)
      if (path !== undefined) real.add(path.endsWith('/') ? path : `${path}/`)
    }
    return new Roots([...real])
  }

  static union(all: readonly Roots[]): Roots {
    return new Roots([...new Set(all.flatMap((one) => one.#directories))])
  }

  /** Whether the file of this real path may be read. */
  allows(real: string): boolean {
    return this.#directories.some((directory) => real.startsWith(directory))
  }
}

/**
 * The file layer with an `openToRead` that throws `OUTSIDE` for what lies outside of `roots()`. It judges what was
 * opened, not the name: a link can change between a look and the opening.
 */
export function guarded(files: FileLayer, roots: () => Roots): FileLayer {
  return {
    ...files,
    openToRead: async (path) => {
      const opened = await files.openToRead(path)
      try {
        if (roots().allows(await whereIs(opened, path, files))) return opened
      } catch (error) {
        await opened.close().catch(() => undefined)
        throw error
      }
      await opened.close().catch(() => undefined)
      throw Object.assign(new Error(`${path} leads out of its roots`), { code: OUTSIDE })
    },
  }
}

/** The real path of an opened file. Throws ENOENT when the name no longer leads to it. */
async function whereIs(opened: OpenedFile, path: string, files: FileLayer): Promise<string> {
  const told = await opened.realPath?.()
  if (told !== undefined) return told
  const real = await files.realPath(path)
  if ((await files.stat(real)).key === (await opened.stat()).key) return real
  throw Object.assign(new Error(`${path} changed while it was opened`), { code: 'ENOENT' })
}
