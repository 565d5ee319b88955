/** Groups delivered records into issues, as a person wants to see them: by service and fingerprint, the own one first. Pure. */
import type { ErrorRecord } from '../core/shapes.js'

export interface Issue {
  readonly service: string
  readonly fingerprint: string
  kind: string
  message: string
  count: number
  firstSeen: string
  lastSeen: string
}

/** Ids remembered to tell a repeated delivery from a new record; the oldest half is forgotten when full. */
const MAX_IDS = 200_000

export class Issues {
  readonly #byKey = new Map<string, Issue>()
  #ids = new Set<string>()
  #olderIds = new Set<string>()
  records = 0

  /** Counts one record. Undefined for a repeated one; `isNew` when it is the first of its issue. */
  add(record: ErrorRecord): { issue: Issue; isNew: boolean } | undefined {
    if (this.#ids.has(record.id) || this.#olderIds.has(record.id)) return undefined
    if (this.#ids.size >= MAX_IDS / 2) {
      this.#olderIds = this.#ids
      this.#ids = new Set()
    }
    this.#ids.add(record.id)
    this.records++
    const { error, service, timestamp } = record
    const fingerprint = error.fingerprint ?? error.pre_fingerprint
    const key = `${service}\n${fingerprint}`
    const known = this.#byKey.get(key)
    const issue: Issue = known ?? {
      service: firstLine(service),
      fingerprint: firstLine(fingerprint),
      kind: '',
      message: '',
      count: 0,
      firstSeen: timestamp,
      lastSeen: timestamp,
    }
    issue.kind = firstLine(error.kind ?? record.status)
    issue.message = firstLine(error.message ?? record.message ?? '')
    issue.count++
    if (timestamp > issue.lastSeen) issue.lastSeen = timestamp
    if (timestamp < issue.firstSeen) issue.firstSeen = timestamp
    this.#byKey.set(key, issue)
    return { issue, isNew: known === undefined }
  }

  get size(): number {
    return this.#byKey.size
  }

  /** The issues with the most records first. */
  top(count: number): Issue[] {
    return [...this.#byKey.values()]
      .sort((a, b) => b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : 1))
      .slice(0, count)
  }
}

/** The first line of a text, without control characters that could play tricks on a terminal. */
export function firstLine(text: string): string {
  const newline = text.indexOf('\n')
  return (newline < 0 ? text : text.slice(0, newline)).replace(/[\x00-\x1f\x7f-\x9f]/g, ' ').trim()
}
