/**
 * The files of a state directory, as long as it is ours: nothing is written, renamed or removed there once another agent
 * has taken it. Between the look at the lock and the write the directory can still change hands; a lock that is a file
 * cannot exclude that.
 */
import { type Files, realFiles } from './files.js'
import type { StateLock } from './lock.js'

export function heldFiles(lock: StateLock, files: Files = realFiles): Files {
  return {
    ...files,
    makeDir: lock.guard(files.makeDir),
    rename: lock.guard(files.rename),
    remove: lock.guard(files.remove),
    async open(path, mode) {
      if (mode === 'read') return files.open(path, mode)
      await lock.keep()
      const file = await files.open(path, mode)
      return { ...file, write: lock.guard(file.write), truncate: lock.guard(file.truncate) }
    },
  }
}
