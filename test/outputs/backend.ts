/** Real servers for the outputs to talk to: on port 0, recording what they get, answering what a test says. */
import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createHttps, type ServerOptions } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Unzipped where the request says so. */
  readonly body: string
}

export class Backend {
  readonly received: Received[] = []
  /** What is done with each request, once its body is here. */
  respond: (response: ServerResponse, request: Received) => void = (response) => response.writeHead(200).end()
  /** When set, requests are not read; this is called as soon as their headers are here. */
  onHeaders: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  /** Connections ever made. */
  connections = 0
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  readonly #scheme: string

  private constructor(tls: ServerOptions | undefined) {
    const listener: RequestListener = (request, response) => this.#take(request, response)
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#server = tls === undefined ? createHttp(listener) : createHttps(tls, listener)
    this.#server.on('connection', (socket: Socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async listen(tls?: ServerOptions): Promise<Backend> {
    const backend = new Backend(tls)
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve))
    return backend
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}/in?team=shop`
  }

  /** Answers every request with this status. */
  answer(status: number, headers: Record<string, string> = {}, body = ''): void {
    this.respond = (response) => response.writeHead(status, headers).end(body)
  }

  /** Settles when no connection is open. */
  async idle(): Promise<void> {
    await Promise.all([...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.onHeaders !== undefined) return this.onHeaders(request, response)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const raw = Buffer.concat(chunks)
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8')
    const received = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
    this.received.push(received)
    this.respond(response, received)
  }
}
