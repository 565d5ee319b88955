/**
 * What an HTTP status means for a batch, where the backend has no rules of its own. Sources: RFC 9110, RFC 6585, and
 * what shippers agree on: time-outs, throttling and server faults pass; a wrong key or address waits for a person.
 */
import type { Delivery } from './output.js'
import type { Answer } from './request.js'

/**
 * Retried: what passes by itself. 425 Too Early is of TLS early data.
 * All of 5xx is retried too, 501 and 505 included: a proxy in between may be what answers.
 */
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429])
/**
 * Held: the request as such is wrong, whatever the records are. Besides the key and the address: 402 (no plan), 410,
 * 415 (mostly a Content-Encoding the backend does not take), 421 and 426. Splitting would refuse every single record.
 */
const HELD: ReadonlySet<number> = new Set([401, 402, 403, 404, 405, 407, 410, 415, 421, 426])

/** `mend` says what to check when the backend refuses whoever asks; `now` in ms since the epoch. */
export function deliveryOf(answer: Answer, mend: string, now: number): Delivery {
  const { status } = answer
  const reason = reasonOf(answer)
  if (status >= 200 && status < 300) return { outcome: 'delivered' }
  if (status < 400) {
    const location = answer.headers.location
    const target = location !== undefined && URL.canParse(location) ? ` to ${new URL(location).origin}` : ''
    return { outcome: 'hold', reason: `${status}, a redirect${target}, which is not followed`, mend }
  }
  if (status >= 500 || RETRIED.has(status)) {
    const afterMs = parseRetryAfter(answer.headers['retry-after'], now)
    return { outcome: 'retry', reason, ...(afterMs !== undefined && { afterMs }) }
  }
  if (HELD.has(status)) return { outcome: 'hold', reason, mend }
  return { outcome: 'split', reason }
}

/** `400 "entry too far behind"`: the status and the beginning of what the backend said, on one line. */
export function reasonOf(answer: Answer): string {
  const said = answer.text.slice(0, 1000).replace(/\s+/g, ' ').trim()
  if (said === '') return String(answer.status)
  return `${answer.status} ${JSON.stringify(said.length > 200 ? `${said.slice(0, 197)}...` : said)}`
}

/** ms from `now` until the time of a Retry-After header: seconds or an HTTP date; undefined when it is neither. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) return Math.ceil(Number(text) * 1000)
  // `Date.parse` takes much that is no HTTP date ("-1"); all three forms of those begin with the name of a day.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined
  const at = Date.parse(/\d$/.test(text) ? `${text} GMT` : text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
