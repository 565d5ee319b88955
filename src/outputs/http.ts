/**
 * Any HTTP endpoint: one request per batch, the records as lines of JSON (or one array) exactly as the spool holds them.
 * 2xx means that all are stored. The Idempotency-Key is derived from the records' ids, so that a batch that is sent
 * again after a lost answer can be recognised.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Secret, secret } from '../config/types.js'
import type { Batch, Delivery, Output, OutputContext, OutputKind } from './output.js'
import { httpUrl, isAnswer, Requester, type RequestSettings, requestSettings } from './request.js'
import { secretsOf } from './secrets.js'
import { deliveryOf } from './status.js'

const LINE_END = 0x0a
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const settings = z.strictObject({
  url: httpUrl().describe('Where batches are sent. User and password in it become basic authentication.'),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST').describe('Request method.'),
  headers: z
    .record(
      z.string().regex(HEADER_NAME, 'is not the name of a header. Use letters, digits and hyphens.'),
      secret().refine((value) => isHeaderValue(value.reveal().trim()), {
        message: 'holds a line end or a control character. Remove it: no header may have one.',
      }),
    )
    .default({})
    .describe('Further headers, e.g. { Authorization: "Bearer ${TOKEN}" }. Their values are never printed.'),
  body: z
    .enum(['ndjson', 'json'])
    .default('ndjson')
    .describe('"ndjson": one record a line; "json": one array of records.'),
  compression: z
    .enum(['none', 'gzip'])
    .default('none')
    .describe('"gzip" only where the receiver is known to take it: many plain endpoints do not decode bodies.'),
  ...requestSettings,
})
type Settings = z.output<typeof settings>

export const http: OutputKind<Settings> = {
  type: 'http',
  description: 'Sends batches to any HTTP endpoint, as NDJSON or a JSON array.',
  settings,
  concurrency: 4,
  open: (settings, context) => new HttpOutput(settings, context),
}

class HttpOutput implements Output {
  readonly #requester: Requester
  readonly #settings: Settings
  readonly #headers: Readonly<Record<string, string>>
  readonly #context: OutputContext

  constructor(settings: Settings, context: OutputContext) {
    this.#settings = settings
    this.#context = context
    this.#headers = {
      'content-type': settings.body === 'json' ? 'application/json' : 'application/x-ndjson',
      ...lowerCased(settings.headers),
    }
    const secrets = secretsOf(settings.headers)
    this.#requester = new Requester(settings.url, settings satisfies RequestSettings, context, secrets)
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Delivery> {
    const { method, compression } = this.#settings
    const body = this.#settings.body === 'json' ? jsonArray(batch) : Buffer.from(batch.ndjson)
    const headers = { 'idempotency-key': idempotencyKey(batch), ...this.#headers }
    const result = await this.#requester.send({ method, headers, body, compression }, signal)
    if (!isAnswer(result)) return result
    const { name, clock } = this.#context
    return deliveryOf(result, `Check outputs.${name}.url and outputs.${name}.headers.`, clock.now())
  }

  close(): Promise<void> {
    return this.#requester.close()
  }
}

/** The records between brackets: JSON holds no line end, so each one is where a comma belongs. */
function jsonArray({ ndjson }: Batch): Buffer {
  const body = Buffer.allocUnsafe(ndjson.length + 1)
  body[0] = OPEN_BRACKET
  ndjson.copy(body, 1)
  for (let end = body.indexOf(LINE_END); end >= 0; end = body.indexOf(LINE_END, end + 1)) body[end] = COMMA
  body[body.length - 1] = CLOSE_BRACKET
  return body
}

/** 32 hex digits that are the same for the same records in the same order, and for no others. */
export function idempotencyKey(batch: Batch): string {
  const hash = createHash('sha256')
  for (const { id } of batch.items) hash.update(id).update('\n')
  return hash.digest('hex').slice(0, 32)
}

function lowerCased(headers: Readonly<Record<string, Secret>>): Record<string, string> {
  const entries = Object.entries(headers)
  // Spaces around a value mean nothing in HTTP; a key read from a file often ends with a line end.
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value.reveal().trim()]))
}

/** Tab, and anything from space to ÿ but DEL: what undici and RFC 9110 allow. */
function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
}
