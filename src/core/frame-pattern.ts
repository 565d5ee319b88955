/**
 * Frames as settings name them: by their path or by `module.function`, with `*`, `**` and `?`. One meaning for every
 * setting that takes such patterns. Pure and total; a match takes steps in proportion to text and pattern, whatever a
 * program prints.
 */
import type { Frame } from './shapes.js'

/** Longer texts are held against patterns by their end (paths) or beginning (names): no file system has such paths. */
const MAX_TEXT = 1024

/** The file of a frame with `/` for `\` and without what bundlers and loaders put before it; empty when there is none. */
export function framePath({ file }: Frame): string {
  if (file === undefined) return ''
  let path = file.replaceAll('\\', '/')
  // Evaluated code is where it was evaluated.
  const origin = path.startsWith('eval at ') ? /\(([^()]*)\)+$/.exec(path)?.[1] : undefined
  if (origin !== undefined) path = origin
  if (path.startsWith('file://')) path = path.slice(7)
  else if (path.startsWith('webpack-internal:')) path = path.replace(/^webpack-internal:\/+(?:\([\w-]+\)\/)?/, '')
  // What stands before the third slash names the bundle.
  else if (path.startsWith('webpack:')) path = path.replace(/^webpack:\/\/[^/]*\//, '')
  return path
}

/** `module.function`, or the part that is known, without module paths of Java's such as `java.base/`. */
export function frameName({ module, function: name }: Frame): string {
  let full = module && name && !name.startsWith(module) ? `${module}.${name}` : (name ?? module ?? '')
  const slash = full.indexOf('/')
  // `java.base@17/java.util.…`, `app//com.acme.…`; Go's import paths have their dot before the first slash too.
  if (slash > 0 && /^(?:java|jdk)\.[\w.]*(?:@[\w.+-]*)?\/|^(?:app|platform|bootstrap)\/+/.test(full)) {
    full = full.replace(/^[^/]*\/+(?:[^/.]*@[^/]*\/)?/, '')
  }
  return full
}

/** `*`: text without a slash. */
const STAR = -1
/** `?`: one character but a slash. */
const ONE = -2
/** `**`: any text. */
const ANY = -3
/** A `**` that stands for whole directories (`**` + `/`): no text, or text that ends in a slash. */
const FOLDERS = -4
const SLASH = 0x2f

/** A pattern in code units, and the wildcards above. */
type Tokens = readonly number[]

/**
 * Compiles patterns; the test gives the index of the first one that matches a frame, or -1. A pattern matches when it
 * names the frame's path, one of the directories above it, its function, or a module above that: whole segments from
 * where it begins to where it ends. In a path it begins at any directory, unless it begins with a slash; a name is
 * matched from its beginning. `\` is `/` on both sides. Case counts.
 */
export function compileFramePatterns(patterns: readonly string[]): (frame: Frame) => number {
  const compiled = patterns.map((pattern) => {
    const name = tokensOf(pattern.replaceAll('\\', '/').replace(/^\.\//, ''))
    return { name, path: name[0] === SLASH ? name : [FOLDERS, ...name] }
  })
  return (frame) => {
    const file = framePath(frame).slice(-MAX_TEXT)
    const called = frameName(frame).slice(0, MAX_TEXT).replaceAll('\\', '/')
    return compiled.findIndex(
      ({ name, path }) => (file !== '' && matchesFrom(path, file, endsSegment)) || matchesFrom(name, called, endsName),
    )
  }
}

function tokensOf(pattern: string): Tokens {
  const tokens: number[] = []
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern.charAt(at)
    if (c === '?') tokens.push(ONE)
    else if (c !== '*') tokens.push(pattern.charCodeAt(at))
    else if (pattern[at + 1] !== '*') tokens.push(STAR)
    else {
      const startsSegment = at === 0 || pattern[at - 1] === '/'
      while (pattern[at + 1] === '*') at++
      const isFolders = startsSegment && pattern[at + 1] === '/'
      if (isFolders) at++
      tokens.push(isFolders ? FOLDERS : ANY)
    }
  }
  return tokens
}

/**
 * Whether the pattern matches from the beginning of the text up to where `ends` lets it end. Only the last `*` and the
 * last `**` are ever taken back: what an earlier one would reach by taking more, the later one reaches too.
 */
function matchesFrom(pattern: Tokens, text: string, ends: (text: string, at: number) => boolean): boolean {
  let at = 0
  let next = 0
  let star = -1
  let starTo = 0
  let deep = -1
  let deepTo = 0
  for (;;) {
    const token = pattern[next]
    if (token === STAR) {
      star = next++
      starTo = at
    } else if (token === ANY || token === FOLDERS) {
      deep = next++
      deepTo = at
      star = -1
    } else if (token !== undefined && at < text.length && fits(token, text.charCodeAt(at))) {
      next++
      at++
    } else if (token === undefined && ends(text, at)) {
      return true
    } else if (star >= 0 && starTo < text.length && text.charCodeAt(starTo) !== SLASH) {
      at = ++starTo
      next = star + 1
    } else if (deep >= 0) {
      // One character more, or one directory more.
      const to = pattern[deep] === ANY ? deepTo + 1 : text.indexOf('/', deepTo) + 1
      if (to === 0 || to > text.length) return false
      at = deepTo = to
      next = deep + 1
      star = -1
    } else {
      return false
    }
  }
}

function fits(token: number, code: number): boolean {
  return token === code || (token === ONE && code !== SLASH)
}

/** Behind the last segment, or behind or before a slash. */
function endsSegment(text: string, at: number): boolean {
  return at === text.length || text.charCodeAt(at) === SLASH || text.charCodeAt(at - 1) === SLASH
}

/** Where a word ends: `com.acme` names `com.acme.Shop` and `com.acme$1`, not `com.acmecorp` or `com.acme-legacy`. */
function endsName(text: string, at: number): boolean {
  return at === text.length || !isOfWord(text, at) || (at > 0 && !isOfWord(text, at - 1))
}

function isOfWord(text: string, at: number): boolean {
  const c = text.charAt(at)
  // PHP's `->` begins with a hyphen, which otherwise is part of a name in Go and Node.js.
  return /[\w\u0080-\uffff]/.test(c) || (c === '-' && text.charAt(at + 1) !== '>')
}
