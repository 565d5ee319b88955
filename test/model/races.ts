/** A program that never waits for the tailer: every call on the file system lets it go some of its own steps on. */
import { appendFileSync, copyFileSync, existsSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { disk, type FileLayer } from '../../src/tail/files.js'
import type { Stage } from '../tail/stage.js'

export type Way = 'renamed' | 'copied and truncated'

/** The steps of a program that writes a log and rotates it as logrotate does: the older files move one number up. */
export function* program(
  stage: Stage,
  name: string,
  way: Way,
  random: () => number,
  written: string[],
): Generator<void, never> {
  const path = stage.path(name)
  writeFileSync(path, '')
  for (let rotations = 0; ; rotations++) {
    const lines = 1 + Math.floor(random() * 6)
    for (let i = 0; i < lines; i++) {
      const line = `${name} ${written.length} ${'.'.repeat(random() * 60)}`
      appendFileSync(path, `${line}\n`)
      written.push(line)
      yield
    }
    for (let i = rotations; i > 0; i--) {
      if (existsSync(`${path}.${i}`)) renameSync(`${path}.${i}`, `${path}.${i + 1}`)
      yield
    }
    if (way === 'renamed') {
      renameSync(path, `${path}.1`)
      yield
      writeFileSync(path, '')
    } else {
      copyFileSync(path, `${path}.1`)
      truncateSync(path)
    }
  }
}

/** The disk, where `step` happens before every call. */
export function shared(step: () => void): FileLayer {
  return new Proxy(disk, {
    get(of, name, self) {
      const value: unknown = Reflect.get(of, name, self)
      if (typeof value !== 'function') return value
      return (...all: unknown[]) => {
        step()
        return Reflect.apply(value, of, all)
      }
    },
  })
}
