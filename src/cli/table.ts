/** The live table of `errand run --table`: the issues found so far, drawn anew in a terminal, plain lines elsewhere. */
import type { ErrorRecord } from '../core/shapes.js'
import type { Host } from './host.js'
import { type Issue, Issues } from './issues.js'
import { clip } from './watch.js'

export interface TableProgress {
  readonly files: number
  readonly bytesRead: number
  readonly bytesTotal: number
  readonly caughtUp: boolean
}

const CLEAR = '\x1b[H\x1b[2J'
const BOLD = '\x1b[1m'
const DIM = '\x1b[2m'
const PLAIN = '\x1b[0m'

export class IssueTable {
  readonly #host: Host
  readonly #issues = new Issues()
  /** The delivered file that the table is read from. */
  readonly path: string
  #before = 0

  constructor(host: Host, path: string) {
    this.#host = host
    this.path = path
  }

  /** A record that was delivered before this run. */
  recall(record: ErrorRecord): void {
    if (this.#issues.add(record)) this.#before++
  }

  /** Says what was found before. */
  begin(): void {
    if (this.#host.stdout.isTTY) return
    if (this.#before > 0) {
      this.#write(`${this.#before} errors of ${this.#issues.size} issues were found before:\n`)
      for (const issue of this.#issues.top(Number.POSITIVE_INFINITY)) this.#write(`${plainLine(issue)}\n`)
    }
  }

  /** A record that was delivered now. */
  add(record: ErrorRecord): void {
    const added = this.#issues.add(record)
    if (added?.isNew && !this.#host.stdout.isTTY) this.#write(`new issue: ${plainLine(added.issue)}\n`)
  }

  /** Draws the table; does nothing without a terminal. */
  draw(progress: TableProgress): void {
    const { stdout } = this.#host
    if (!stdout.isTTY) return
    const columns = Math.max(60, stdout.columns ?? 100)
    const rows = Math.max(5, (stdout.rows ?? 30) - 6)
    const top = this.#issues.top(rows)
    const width = (head: string, of: (issue: Issue) => string, most: number) =>
      Math.min(most, Math.max(head.length, ...top.map((issue) => of(issue).length)))
    const service = width('SERVICE', (issue) => issue.service, 16)
    const kind = width('KIND', (issue) => shortKind(issue.kind), Math.min(34, Math.floor(columns / 4)))
    // In a narrow terminal the beginning of a fingerprint has to do: a line that wraps would tear the table.
    const print = columns < 110 ? 12 : 28
    const message = Math.max(8, columns - service - kind - 7 - print - 8)
    const row = (cells: readonly [string, string, string, string, string]) =>
      [
        cells[0].padStart(7),
        clip(cells[1], service).padEnd(service),
        clip(cells[2], kind).padEnd(kind),
        clip(cells[3], message).padEnd(message),
        clip(cells[4], print),
      ].join('  ')
    const lines = [
      `${BOLD}Errand${PLAIN}  ${this.#issues.records} errors, ${this.#issues.size} issues  ${DIM}${describe(progress)}${PLAIN}`,
      '',
      `${DIM}${row(['COUNT', 'SERVICE', 'KIND', 'MESSAGE', columns < 110 ? 'FINGERPRINT' : 'PRE-FINGERPRINT'])}${PLAIN}`,
      ...top.map((issue) =>
        row([String(issue.count), issue.service, shortKind(issue.kind), issue.message, issue.fingerprint]),
      ),
      ...(this.#issues.size > top.length ? [`${DIM}… and ${this.#issues.size - top.length} more${PLAIN}`] : []),
      '',
      `${DIM}${clip(`delivered to ${this.path}`, columns - 16)} · Ctrl-C stops${PLAIN}`,
    ]
    this.#write(CLEAR + lines.join('\n'))
  }

  /** One line that sums up, for the end. */
  summary(): string {
    return `${this.#issues.records} errors of ${this.#issues.size} issues, delivered to ${this.path}`
  }

  #write(text: string): void {
    this.#host.stdout.write(text)
  }
}

/** What is known of how far the files are read. */
export function describe(progress: TableProgress): string {
  const { files, bytesRead, bytesTotal, caughtUp } = progress
  if (caughtUp) return `following ${files} files`
  const share = bytesTotal === 0 ? 0 : Math.floor((100 * bytesRead) / bytesTotal)
  return `catching up: ${share} % of ${(bytesTotal / 1e6).toFixed(1)} MB in ${files} files`
}

function plainLine(issue: Issue): string {
  return `${issue.fingerprint}  ${String(issue.count).padStart(5)}x  ${issue.service}  ${issue.kind}: ${clip(issue.message, 120)}`
}

/** `java.lang.IllegalStateException` → `IllegalStateException`: the package would fill the column. */
function shortKind(kind: string): string {
  return /^[\w.$]+$/.test(kind) ? (kind.split('.').at(-1) ?? kind) : kind
}
