/** The small HTTP server of `status.listen`: /healthz, /readyz, /metrics. Serves nothing else and takes no input. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Counters } from '../core/counters.js'
import { type Place, ProblemsError } from '../core/problem.js'
import { renderMetrics, type Snapshot } from './metrics.js'

export interface Health extends Snapshot {
  /** Files are found and being read. */
  readonly ready: boolean
}

export interface StatusOptions {
  /** `host:port`; an IPv6 host in brackets; port 0 takes a free one. */
  readonly listen: string
  /** Where the config says so, for the problem of an address that cannot be had. */
  readonly place: Place
  readonly counters: Counters
  health(): Health
}

export class StatusServer {
  readonly #options: StatusOptions
  readonly #server: Server

  constructor(options: StatusOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      void this.#answer(request.method ?? '', request.url ?? '', response)
    })
    this.#server.requestTimeout = 10_000
    // Whoever reaches the port must not use up the files that the agent may hold open.
    this.#server.maxConnections = 64
  }

  /** Listens. Rejects with a ProblemsError when the address cannot be had. Resolves to the port. */
  async start(): Promise<number> {
    const { listen, place } = this.#options
    const colon = listen.lastIndexOf(':')
    const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const what = `status.listen: ${listen} cannot be had (${error.code}).`
        reject(new ProblemsError([{ place, what, mend: mendOf(error.code), severity: 'error' }]))
      })
      this.#server.listen(Number(listen.slice(colon + 1)), host, resolve)
    })
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #answer(method: string, url: string, response: ServerResponse): Promise<void> {
    const path = url.split('?', 1)[0]
    if (method !== 'GET' && method !== 'HEAD') {
      send(response, 405, 'only GET and HEAD\n')
    } else if (path === '/healthz') {
      send(response, 200, 'ok\n')
    } else if (path === '/readyz') {
      const { ready } = this.#options.health()
      send(response, ready ? 200 : 503, ready ? 'ready\n' : 'starting\n')
    } else if (path === '/metrics') {
      const { counters, health } = this.#options
      const { text, contentType } = await renderMetrics(counters, health)
      send(response, 200, text, contentType)
    } else {
      send(response, 404, '/healthz /readyz /metrics\n')
    }
  }
}

function send(response: ServerResponse, code: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(code, { 'content-type': contentType }).end(text)
}

/** How to mend it when an address cannot be listened on. */
function mendOf(code: string | undefined): string {
  if (code === 'EADDRINUSE') return 'Choose another port, or end what listens there.'
  if (code === 'EACCES') return 'Ports below 1024 are for root: choose another.'
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return 'Name an address that this host has, e.g. 127.0.0.1.'
  return 'Choose another address.'
}
