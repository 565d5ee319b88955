/**
 * Globs over absolute paths: what matches, and the walk that finds it without reading directories that cannot hold
 * a match. Symbolic links are followed where the pattern names one level, not below `**`, so that no cycle can trap it.
 */
import { basename, dirname, join, normalize } from 'node:path'
import picomatch from 'picomatch'
import { codeOf, type FileLayer, isGone, type Names } from './files.js'

export interface Glob {
  readonly pattern: string
  /** The longest leading part without wildcards: a directory, or the file itself when there are none. */
  readonly base: string
  /** One test per path segment below the base; undefined from where any depth may follow (`**`). */
  readonly segments: readonly Segment[]
  /** Whether deeper directories than `segments` says may match. */
  readonly deep: boolean
  matches(path: string): boolean
}

interface Segment {
  /** The segment itself, when it has no wildcards: such a directory is entered without listing its parent. */
  readonly literal: string | undefined
  matches(name: string): boolean
}

const MAGIC = /[*?[\]{}()!+@\\]/

/** `pattern` is an absolute path with picomatch wildcards. */
export function compileGlob(pattern: string): Glob {
  const clean = normalize(pattern)
  const parts = clean.split('/')
  const firstMagic = parts.findIndex((part) => MAGIC.test(part))
  if (firstMagic < 0) {
    return { pattern: clean, base: clean, segments: [], deep: false, matches: (path) => path === clean }
  }
  const rest = parts.slice(firstMagic)
  // A slash inside braces makes the segments meaningless: `{a/b,c}/*.log`.
  const braced = /[{(][^})]*\//.test(rest.join('/'))
  const anyDepth = braced ? 0 : rest.indexOf('**')
  const segments = (anyDepth < 0 ? rest : rest.slice(0, anyDepth)).map(compileSegment)
  const matchGlob = matcherOf(clean)
  return {
    pattern: clean,
    base: parts.slice(0, firstMagic).join('/') || '/',
    segments,
    deep: anyDepth >= 0,
    // A file may be literally called `app[1].log`.
    matches: (path) => path === clean || matchGlob(path),
  }
}

/** The directory of a glob's fixed part. */
export function rootOf(glob: Glob): string {
  return glob.segments.length === 0 && !glob.deep ? dirname(glob.base) : glob.base
}

/**
 * picomatch, asked only where plain wildcards could match: its regular expression takes the time of (length of the name)
 * to the power of (number of stars) on a name that nearly matches, and who makes a file chooses its name.
 */
function matcherOf(pattern: string, dot = false): (text: string) => boolean {
  const matches = picomatch(pattern, { dot })
  if (/[\\{}()[\]!+@]|\*{3}/.test(pattern)) return matches
  // `/**` stands for nothing, too: what is left of the pattern takes all that picomatch takes, and more.
  const wide = pattern.replace(/\/\*\*(?=\/|$)|^\*\*\//g, '*')
  return (text) => mayMatch(text, wide) && matches(text)
}

/** Whether `*` for any text and `?` for any character make the text of the pattern. Returns to the last `*` only. */
function mayMatch(text: string, pattern: string): boolean {
  let at = 0
  let next = 0
  let star = -1
  let starTo = 0
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = next++
      starTo = at
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
      next++
      at++
    } else if (star >= 0) {
      next = star + 1
      at = ++starTo
    } else return false
  }
  while (pattern[next] === '*') next++
  return next === pattern.length
}

function compileSegment(part: string): Segment {
  if (!MAGIC.test(part)) return { literal: part, matches: (name) => name === part }
  return { literal: undefined, matches: matcherOf(part) }
}

/** A test for exclude patterns; one without a slash is held against the file's name alone. */
export function compileExcludes(patterns: readonly string[]): (path: string) => boolean {
  const whole = patterns
    .filter((pattern) => pattern.includes('/'))
    .map((pattern) => matcherOf(normalize(pattern), true))
  const names = patterns.filter((pattern) => !pattern.includes('/')).map((pattern) => matcherOf(pattern, true))
  if (patterns.length === 0) return () => false
  return (path) => whole.some((match) => match(path)) || names.some((match) => match(basename(path)))
}

/** Whether `directory` is the base of the glob or a directory below it in which a match may lie. */
export function mayHold(glob: Glob, directory: string): boolean {
  if (directory === glob.base) return true
  const prefix = glob.base === '/' ? '/' : `${glob.base}/`
  if (!directory.startsWith(prefix)) return false
  const names = directory.slice(prefix.length).split('/')
  if (names.length >= glob.segments.length && !glob.deep) return false
  return names.every((name, depth) => glob.segments[depth]?.matches(name) ?? glob.deep)
}

/**
 * Every path that the glob may match now, files and others, each once. What cannot be read is told to `trouble` and passed over.
 * `known` gives the string that the caller keeps of a path: of thousands of files, others would be made at each poll.
 */
export async function walk(
  glob: Glob,
  files: FileLayer,
  trouble: (path: string, code: string) => void,
  known: (path: string) => string | undefined,
): Promise<string[]> {
  // A file may be called what the pattern is.
  const paths = [glob.pattern]
  if (glob.segments.length > 0 || glob.deep) await descend(glob.base, 0)
  return paths

  async function descend(directory: string, depth: number): Promise<void> {
    const segment = glob.segments[depth]
    const isLast = depth === glob.segments.length - 1 && !glob.deep
    if (segment?.literal !== undefined) {
      const path = join(directory, segment.literal)
      if (isLast) paths.push(path)
      else await descend(path, depth + 1)
      return
    }
    let names: Names
    try {
      names = await files.list(directory)
    } catch (error) {
      if (!isGone(error)) trouble(directory, codeOf(error))
      return
    }
    if (isLast || segment === undefined) {
      for (const some of [names.files, names.links]) {
        for (const name of some) {
          const made = join(directory, name)
          const path = known(made) ?? made
          if (path !== glob.pattern && glob.matches(path)) paths.push(path)
        }
      }
    }
    if (isLast) return
    for (const name of names.directories) {
      if (segment === undefined || segment.matches(name)) await descend(join(directory, name), depth + 1)
    }
    if (segment === undefined) return
    for (const name of names.links) if (segment.matches(name)) await descend(join(directory, name), depth + 1)
  }
}
