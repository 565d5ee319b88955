/** A real HTTP server that takes records, and behaves as badly as a test says. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { pause } from './program.js'

export class Backend {
  /** Ids in order of arrival, repetitions included. */
  readonly ids: string[] = []
  /** Requests are taken and never answered. */
  isHanging = false
  /** ms before each answer. */
  delayMs = 0
  status = 200
  url = ''
  readonly #hung = new Set<ServerResponse>()

  static async start(behaviour: Partial<Pick<Backend, 'isHanging' | 'delayMs' | 'status'>> = {}): Promise<Backend> {
    const backend = Object.assign(new Backend(), behaviour)
    const server = createServer(async (request, response) => {
      let body = ''
      try {
        for await (const piece of request.setEncoding('utf8')) body += piece
      } catch {
        return
      }
      if (backend.isHanging) return void backend.#hung.add(response)
      await pause(backend.delayMs)
      if (backend.status !== 200) return void response.writeHead(backend.status).end()
      for (const line of body.split('\n')) if (line !== '') backend.ids.push(JSON.parse(line).id)
      response.writeHead(200).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    backend.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    return backend
  }

  get distinct(): number {
    return new Set(this.ids).size
  }

  /** What hangs is cut off, and from now on there are answers. */
  comeBack(): void {
    this.isHanging = false
    for (const response of this.#hung) response.destroy()
    this.#hung.clear()
  }
}
