/**
 * Datadog's logs intake, v2. Each record becomes a log with the attributes that Error Tracking reads.
 * Source: docs.datadoghq.com, "Send logs" (API v2): 5 MB and 1000 logs per request, 1 MB per log, 202 when taken.
 * What no answer tells: Datadog drops logs older than 18 hours, and cuts longer ones, while it answers 202.
 */
import { z } from 'zod'
import { secret } from '../config/types.js'
import { datadogLog, MAX_LOG_AGE_MS } from './datadog-log.js'
import type { Batch, Delivery, Output, OutputContext, OutputKind } from './output.js'
import { httpUrl, isAnswer, Requester, requestSettings } from './request.js'
import { deliveryOf } from './status.js'

const SITES = [
  'datadoghq.com',
  'us3.datadoghq.com',
  'us5.datadoghq.com',
  'datadoghq.eu',
  'ap1.datadoghq.com',
  'ap2.datadoghq.com',
  'uk1.datadoghq.com',
  'ddog-gov.com',
  'us2.ddog-gov.com',
] as const

const settings = z.strictObject({
  apiKey: secret().describe('API key of the organisation, e.g. "${DD_API_KEY}".'),
  site: z.enum(SITES).default('datadoghq.com').describe('The Datadog site of the organisation.'),
  url: httpUrl().optional().describe('Whole URL of another intake, e.g. of a relay; wins over `site`.'),
  fingerprint: z
    .boolean()
    .default(true)
    .describe(
      'Send our fingerprint as error.fingerprint, so that Error Tracking groups as Errand does. false: Datadog groups by its own rules; error.pre_fingerprint, and what your own `fingerprint.rules` give, are sent either way.',
    ),
  compression: z.enum(['gzip', 'none']).default('gzip').describe('Compression of request bodies.'),
  ...requestSettings,
})
type Settings = z.output<typeof settings>

/** Of one request before compression, in bytes. */
const MAX_PAYLOAD_BYTES = 5_000_000

export const datadog: OutputKind<Settings> = {
  type: 'datadog',
  description: 'Sends records to Datadog Logs, ready for Error Tracking.',
  settings,
  concurrency: 4,
  // Below the 5 MB of the intake: a log may become a little longer than its record.
  limits: { maxBytes: 4_000_000, maxRecords: 1000 },
  open: (settings, context) => new DatadogOutput(settings, context),
}

class DatadogOutput implements Output {
  readonly #requester: Requester
  readonly #settings: Settings
  readonly #context: OutputContext
  #hasWarnedOfAge = false

  constructor(settings: Settings, context: OutputContext) {
    this.#settings = settings
    this.#context = context
    const url = settings.url ?? `https://http-intake.logs.${settings.site}/api/v2/logs`
    this.#requester = new Requester(url, settings, context, [settings.apiKey.reveal().trim()])
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Delivery> {
    const { apiKey, fingerprint, compression } = this.#settings
    const { name, clock } = this.#context
    const now = clock.now()
    const logs = batch.items.map((item) => {
      const record = item.record()
      if (now - Date.parse(record.timestamp) > MAX_LOG_AGE_MS) this.#warnOfAge()
      return datadogLog(record, fingerprint)
    })
    const body = `[${logs.join(',')}]`
    if (logs.length > 1 && Buffer.byteLength(body) > MAX_PAYLOAD_BYTES) {
      return { outcome: 'split', reason: `more than ${MAX_PAYLOAD_BYTES} bytes as Datadog logs` }
    }
    const headers = { 'content-type': 'application/json', 'dd-api-key': apiKey.reveal().trim() }
    const result = await this.#requester.send({ method: 'POST', headers, body, compression }, signal)
    if (!isAnswer(result)) return result
    const address = this.#settings.url === undefined ? 'site' : 'url'
    return deliveryOf(result, `Check outputs.${name}.apiKey and outputs.${name}.${address}.`, now)
  }

  close(): Promise<void> {
    return this.#requester.close()
  }

  #warnOfAge(): void {
    if (this.#hasWarnedOfAge) return
    this.#hasWarnedOfAge = true
    const { log, name } = this.#context
    log.warn(
      `output "${name}" (datadog) sends records older than 18 hours; Datadog answers 202 and does not keep them.`,
    )
  }
}
