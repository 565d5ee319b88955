/** The module of a file: what stays of its path when the program moves, is built anew, or takes a newer library. */
import { type Rewrite, rewrite, step } from './rewrite.js'

/** Of the whole path, with `/` for `\`. */
export const PATH_REWRITES: readonly Rewrite[] = [
  step('code evaluated by Node.js: its origin', /^eval at .*\(([^()]*?)(?::\d+){0,2}\)$/, '$1'),
  step('code evaluated by PHP; query of a URL', /\(\d+\) : .*$|[?#].*$/g),
  step('scheme', /^(?:node:|file:\/\/)/),
  step('code evaluated by Perl or Ruby', /^\(eval(?: \d+| at .*)\)$/, '(eval)'),
  step('gem and version before a path', /^[\w-]+ \([\d.]+\) /),
]

/** Of the last segment. */
export const BASE_REWRITES: readonly Rewrite[] = [
  step('extension', /\.(?:min\.)?[A-Za-z]{1,5}$/),
  step('hash of a build', /[.-](?=[0-9a-f]*\d)[0-9a-f]{6,}(?=$|[.-])/g),
  step('kind of a build', /[.-](?:bundle|chunk|cjs|esm|cpython-\d+)$/),
]

/** Directories whose children are packages. */
export const PACKAGES = /^(?:node_modules|site-packages|dist-packages|gems|vendor|vendor_ruby)$/
/** Of a package's directory. */
export const PACKAGE_REWRITES: readonly Rewrite[] = [
  step('version and platform of a gem', /-\d[\w.]*(?:-[\w-]+)?$/),
  step('version of pnpm', /(?<=.)@\d[\w.-]*$/),
]

/** Directories of Python's standard library, below `lib`. */
export const STANDARD = /^(?:python|pypy)\d[\d.]*$/

/** Names that many files of one program share; the directory tells them apart. */
export const SHARED =
  /^(?:index|__init__|main|mod|lib|page|route|routes|layout|handler|handlers|views?|models?|app|server|\+page\.server|\+server)$/
/** Directories below which a program keeps its code, so that what follows one of them does not depend on where it is installed. */
export const ROOTS =
  /^(?:src|lib|app|apps|packages|pages|routes|api|cmd|internal|pkg|modules|services|functions|controllers)$/
/**
 * Where programs are installed: what it ends before is the program's own. The release's folder, `releases/20260101`,
 * `current` or a version, belongs to the place too.
 */
export const INSTALLED =
  /^(?:[A-Za-z]:)?\/(?:usr\/(?:local\/)?(?:src|app|lib|share)\/[^/]+|(?:app|code|workspace|function|bundle)|(?:srv|opt|mnt|workspaces|inetpub|nix\/store)\/[^/]+|(?:home|Users)\/[^/]+(?:\/(?:apps?|projects?|code|src|work|www|deploy))?\/[^/]+|root\/[^/]+|var\/(?:task|runtime)|var\/(?:www|lib|app|opt)\/[^/]+|data\/(?:apps?|www)\/[^/]+)(?:\/(?:releases|versions)\/[^/]+|\/current|\/v?\d[\w.-]*)?(?=\/)/

/**
 * The module of a file: its name without extension and hashes. Whole paths change with every installation, so the
 * directory counts only for names like `index`, and only below a directory that programs use as a root. In packages the
 * package leads: `express/router`.
 */
export function moduleOf(file: string): string {
  const path = rewrite(file.replaceAll('\\', '/'), PATH_REWRITES)
  const segments = segmentsOf(path)
  const base = rewrite(segments.pop() ?? '', BASE_REWRITES)
  const library = packageOf(segments)
  if (library !== '') return `${library}/${base}`
  const standard = segments.findLastIndex(
    (segment, i) => STANDARD.test(segment) && segments[i - 1]?.startsWith('lib') === true,
  )
  // Modules of the standard library become packages from one version to the next: `re.py`, `re/__init__.py`.
  if (standard >= 0) return segments[standard + 1] ?? base
  if (base === '__init__') return segments.at(-1) ?? base
  if (!SHARED.test(base)) return base
  const own = segmentsOf(path.replace(INSTALLED, '')).slice(0, -1)
  const root = own.findLastIndex((segment, i) => i < own.length - 1 && ROOTS.test(segment))
  const below = root < 0 ? [] : own.slice(root + 1).filter((segment) => !/\d/.test(segment))
  return [...below.slice(-2), base].join('/')
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.')
}

/** The package of a path below a directory of packages, without its version. */
function packageOf(segments: readonly string[]): string {
  const root = segments.findLastIndex((segment, i) => PACKAGES.test(segment) && i < segments.length - 1)
  const [name = '', next] = segments.slice(root + 1)
  if (root < 0) return ''
  return rewrite(name.startsWith('@') && next !== undefined ? `${name}/${next}` : name, PACKAGE_REWRITES)
}
