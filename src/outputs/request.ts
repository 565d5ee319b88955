/**
 * The one HTTP requester: undici, one pool of connections per output, every wait bounded, every answer read to its end
 * or cut off. Network faults become a Delivery here; what a status means is in `status.ts`.
 * Messages name the origin only: paths, queries, headers and credentials may be secrets.
 */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { z } from 'zod'
import { duration, type Secret, secret } from '../config/types.js'
import { hideSecrets } from '../core/secrets.js'
import type { Delivery, OutputContext } from './output.js'
import { credentialsIn, decode } from './secrets.js'

const compress = promisify(gzip)

/** How much of an answer is kept for messages and for outputs that read it, in bytes. */
const KEPT_ANSWER_BYTES = 64 * 1024
/** How much of an answer is read before the connection is given up instead, in bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024

const path = (what: string) => z.string().min(1).describe(`${what}: a file, or the PEM text itself.`).optional()

/** The settings that all outputs over HTTP share. */
export const requestSettings = {
  connectTimeout: duration('10s').describe('Longest wait for a connection, TLS included.'),
  timeout: duration('30s').describe('Longest time for one request, from its first byte to the end of the answer.'),
  proxy: z
    .string()
    .regex(/^$|^https?:\/\//, 'is not the URL of a proxy. Write "http://host:port", or "" for none.')
    .default('')
    .describe('HTTP proxy for this output, e.g. "http://proxy:3128" or "${HTTPS_PROXY:-}"; empty: none.'),
  tls: z
    .strictObject({
      ca: path('Certificates of the authorities to trust instead of the usual ones'),
      cert: path('Client certificate'),
      key: z.union([secret()]).describe('Key of the client certificate: a file, or the PEM text itself.').optional(),
      serverName: z
        .string()
        .min(1)
        .describe('Name to ask for and to verify instead of the host of the URL.')
        .optional(),
      rejectUnauthorized: z.boolean().default(true).describe('Verify the certificate. Leave this on.'),
    })
    .prefault({})
    .describe('TLS of the connection.'),
}

/** The URL of a backend. User and password in it are sent as basic authentication. */
export const httpUrl = () =>
  z.url({
    protocol: /^https?$/,
    error: ({ code }) =>
      code === 'invalid_format' ? 'is not an http or https URL. Write it as "https://host/path".' : undefined,
  })

export interface RequestSettings {
  readonly connectTimeout: number
  readonly timeout: number
  readonly proxy: string
  readonly tls: {
    readonly ca?: string | undefined
    readonly cert?: string | undefined
    readonly key?: Secret | undefined
    readonly serverName?: string | undefined
    readonly rejectUnauthorized: boolean
  }
}

export interface RequestBody {
  readonly method: 'POST' | 'PUT' | 'PATCH'
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Bytes must be the request's own: a backend may answer before it has read them all. */
  readonly body: string | Buffer
  readonly compression: 'gzip' | 'none'
}

/** What a backend answered. */
export interface Answer {
  readonly status: number
  /** Lower-case names; several values of one name are joined. */
  readonly headers: Readonly<Record<string, string>>
  /** The beginning of the body, with every secret blanked. */
  readonly text: string
}

/** Requests to one URL. Opens nothing before the first request. */
export class Requester {
  readonly #url: URL
  readonly #settings: RequestSettings
  readonly #context: OutputContext
  readonly #authorization: string | undefined
  /** Texts that must not appear in any message. */
  readonly #secrets: readonly string[]
  readonly #closing = new AbortController()
  /** Begun by the first request, shared by all; begun again when the TLS files could not be read. */
  #dispatcher: Promise<Dispatcher> | undefined

  /** `secrets` are blanked in everything that comes back, beside the credentials of the URL and of the proxy. */
  constructor(url: string, settings: RequestSettings, context: OutputContext, secrets: readonly string[]) {
    this.#url = new URL(url)
    this.#settings = settings
    this.#context = context
    const user = decode(this.#url.username)
    const password = decode(this.#url.password)
    const basic = Buffer.from(`${user}:${password}`).toString('base64')
    this.#authorization = user === '' && password === '' ? undefined : `Basic ${basic}`
    const proxy = URL.canParse(settings.proxy) ? credentialsIn(new URL(settings.proxy)) : []
    this.#secrets = [...secrets, ...credentialsIn(this.#url), ...proxy]
    this.#url.username = ''
    this.#url.password = ''
  }

  /** One request: an answer, or the Delivery that a fault on the way amounts to. Rejects only when `signal` aborts. */
  async send(request: RequestBody, signal: AbortSignal): Promise<Answer | Delivery> {
    signal.throwIfAborted()
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), this.#settings.timeout)
    try {
      const ends = AbortSignal.any([signal, deadline.signal, this.#closing.signal])
      return await this.#attempt(request, ends)
    } catch (error) {
      signal.throwIfAborted()
      if (this.#closing.signal.aborted) return { outcome: 'retry', reason: 'the output is closed' }
      if (deadline.signal.aborted) {
        return { outcome: 'retry', reason: `${this.#url.origin} did not answer within ${this.#settings.timeout} ms` }
      }
      return this.#faultOf(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends every connection; a request under way ends as `retry`. */
  async close(): Promise<void> {
    this.#closing.abort()
    const dispatcher = await this.#dispatcher?.catch(() => undefined)
    await dispatcher?.destroy()
  }

  async #attempt(request: RequestBody, signal: AbortSignal): Promise<Answer> {
    this.#dispatcher ??= this.#open()
    const dispatcher = await this.#dispatcher.catch((error) => {
      this.#dispatcher = undefined
      throw error
    })
    const zipped = request.compression === 'gzip'
    const headers: Record<string, string> = { 'user-agent': 'errand', ...request.headers }
    if (zipped) headers['content-encoding'] = 'gzip'
    if (this.#authorization !== undefined) headers.authorization ??= this.#authorization
    const {
      statusCode,
      headers: answered,
      body,
    } = await dispatcher.request({
      origin: this.#url.origin,
      path: this.#url.pathname + this.#url.search,
      method: request.method,
      headers,
      body: zipped ? await compress(request.body) : request.body,
      signal,
      headersTimeout: this.#settings.timeout,
      bodyTimeout: this.#settings.timeout,
    })
    const text = await readAnswer(body)
    const flat = Object.entries(answered).map(([name, value]) => [name, [value].flat().join(', ')] as const)
    return { status: statusCode, headers: Object.fromEntries(flat), text: hideSecrets(text, this.#secrets) }
  }

  async #open(): Promise<Dispatcher> {
    // Loaded by the first request: a run that sends nothing over HTTP does without its 20 MB.
    const { Pool, ProxyAgent } = await import('undici')
    const { proxy, tls, connectTimeout } = this.#settings
    const secure = {
      rejectUnauthorized: tls.rejectUnauthorized,
      ...(tls.ca !== undefined && { ca: await this.#pem('ca', tls.ca) }),
      ...(tls.cert !== undefined && { cert: await this.#pem('cert', tls.cert) }),
      ...(tls.key !== undefined && { key: await this.#pem('key', tls.key.reveal()) }),
      timeout: connectTimeout,
    }
    if (proxy === '') {
      const servername = tls.serverName === undefined ? {} : { servername: tls.serverName }
      return new Pool(this.#url.origin, { connections: 16, pipelining: 1, connect: { ...secure, ...servername } })
    }
    const host = this.#url.hostname
    const servername = tls.serverName ?? (isIP(host.replace(/[[\]]/g, '')) === 0 ? host : undefined)
    return new ProxyAgent({
      uri: proxy,
      // Plain http goes through the proxy as it is; a tunnel to port 80 is what many proxies refuse.
      proxyTunnel: false,
      connections: 16,
      pipelining: 1,
      // Given options, undici no longer takes the server name from the URL.
      requestTls: servername === undefined ? secure : { ...secure, servername },
    })
  }

  async #pem(setting: string, value: string): Promise<string> {
    if (value.includes('-----BEGIN ')) return value
    try {
      return await readFile(this.#context.resolvePath?.(value) ?? value, 'utf8')
    } catch (cause) {
      throw new TlsFileError(setting, cause)
    }
  }

  #faultOf(error: unknown): Delivery {
    const { name } = this.#context
    const { origin } = this.#url
    const { code, message } = rootOf(error)
    const said = hideSecrets(code ?? message, this.#secrets)
    if (error instanceof TlsFileError) {
      const reason = `the file of tls.${error.setting} cannot be read (${said})`
      return { outcome: 'hold', reason, mend: `Check outputs.${name}.tls.${error.setting}.` }
    }
    if (code === 'ENOTFOUND') {
      const reason = `the host of ${this.#settings.proxy === '' ? origin : 'the proxy'} is not known (ENOTFOUND)`
      return {
        outcome: 'hold',
        reason,
        mend: `Check the host in outputs.${name}.${this.#settings.proxy === '' ? 'url' : 'proxy'} and the DNS of this machine.`,
      }
    }
    if (code !== undefined && isTlsFault(code)) {
      const reason = `no TLS with ${origin} (${code}: ${hideSecrets(message, this.#secrets)})`
      return { outcome: 'hold', reason, mend: `Check the certificate of the host, and outputs.${name}.tls.` }
    }
    const proxied = /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/.exec(message)
    if (proxied !== null) {
      const status = proxied[1] ?? proxied[2]
      const reason = `the proxy answers ${status}`
      if (Number(status) >= 500) return { outcome: 'retry', reason }
      return { outcome: 'hold', reason, mend: `Check outputs.${name}.proxy.` }
    }
    return { outcome: 'retry', reason: `no answer from ${origin} (${said})` }
  }
}

export function isAnswer(result: Answer | Delivery): result is Answer {
  return 'status' in result
}

/** A file named by a TLS setting that cannot be read. */
class TlsFileError extends Error {
  readonly code = 'TLS_FILE'
  readonly setting: string
  constructor(setting: string, cause: unknown) {
    super(`tls.${setting}`, { cause })
    this.name = 'TlsFileError'
    this.setting = setting
  }
}

/** Reads the body to its end, so that its connection can be used again; an endless one is cut off with its connection. */
async function readAnswer(body: AsyncIterable<Buffer>): Promise<string> {
  const kept: Buffer[] = []
  let read = 0
  for await (const chunk of body) {
    if (read < KEPT_ANSWER_BYTES) kept.push(chunk.subarray(0, KEPT_ANSWER_BYTES - read))
    read += chunk.length
    if (read > MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(kept).toString('utf8')
}

/** The fault at the bottom: undici wraps, and node gathers the attempts at several addresses in an AggregateError. */
function rootOf(error: unknown): { code: string | undefined; message: string } {
  let root = error as { code?: unknown; message?: unknown; cause?: unknown; errors?: readonly unknown[] }
  for (let depth = 0; depth < 5; depth++) {
    const deeper = root.errors?.[0] ?? root.cause
    if (typeof deeper !== 'object' || deeper === null) break
    root = deeper
  }
  return { code: typeof root.code === 'string' ? root.code : undefined, message: String(root.message) }
}

/** Codes of OpenSSL's verification, and of a TLS hello answered by something else. */
function isTlsFault(code: string): boolean {
  return /^(?:CERT_|CRL_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|ERROR_IN_CERT_|EPROTO$)/.test(
    code,
  )
}
