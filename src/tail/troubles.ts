import { OUTSIDE } from './roots.js'
import { CANNOT_UNPACK } from './unpack.js'

/** What is wrong with which file, told once: again only after it had been well in between. */
export class Troubles {
  readonly #told = new Map<string, string>()
  readonly #tell: (path: string, what: string, mend: string) => void

  constructor(tell: (path: string, what: string, mend: string) => void) {
    this.#tell = tell
  }

  tell(path: string, what: string, mend: string): void {
    if (this.#told.get(path) === what) return
    this.#told.set(path, what)
    this.#tell(path, what, mend)
  }

  /** The path is well. */
  over(path: string): void {
    this.#told.delete(path)
  }

  /** Everything but these is well. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#told.keys()) if (!paths.has(path)) this.#told.delete(path)
  }
}

/** One sentence each about why a path cannot be read, and what to do. */
export function explainCode(code: string): readonly [what: string, mend: string] {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return [
        'may not be read (no permission).',
        'Let the agent read it, e.g. through its group; it is tried again at each poll.',
      ]
    case 'EMFILE':
    case 'ENFILE':
      return [
        'could not be opened: too many files are open.',
        'Raise the limit (ulimit -n) or lower tail.maxOpenFiles.',
      ]
    case OUTSIDE:
      return [
        'was exchanged for a link out of its directories while it was opened; it is not read.',
        'Look who writes there; see inputs[].allowedRoots.',
      ]
    case CANNOT_UNPACK:
      return [
        'is compressed in a way that this Node.js cannot unpack; it is not read.',
        'Run errand with Node.js 22.15 or newer, or exclude it.',
      ]
    case 'ELOOP':
      return ['is a symbolic link that leads to itself.', 'Correct the link, or exclude it.']
    default:
      return [`could not be read (${code}).`, 'It is tried again at each poll.']
  }
}
