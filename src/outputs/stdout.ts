/** Records as lines of JSON on standard output. Waits while the reader does not read; the stream comes from the caller. */
import { z } from 'zod'
import type { Batch, Delivery, Output, OutputContext, OutputKind } from './output.js'

const settings = z.strictObject({})

export const stdout: OutputKind<z.output<typeof settings>> = {
  type: 'stdout',
  description: 'Writes records to standard output, one JSON object a line.',
  settings,
  concurrency: 1,
  open: (_, context) => new StdoutOutput(context),
}

class StdoutOutput implements Output {
  readonly #stream: NodeJS.WritableStream | undefined
  /** The fault after which nothing more can be written. */
  #fault: NodeJS.ErrnoException | undefined
  constructor(context: OutputContext) {
    this.#stream = context.stdout
    // A closed pipe is announced by an event, which without a listener would end the process. The listener stays when
    // the output is closed: the event may come late.
    this.#stream?.on('error', (error) => {
      this.#fault = error
    })
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Delivery> {
    signal.throwIfAborted()
    const stream = this.#stream
    if (stream === undefined) {
      return { outcome: 'hold', reason: 'there is no standard output here', mend: 'Use an output of type "file".' }
    }
    const error = this.#fault ?? (await written(stream, batch.ndjson, signal))
    if (error === undefined) return { outcome: 'delivered' }
    const { code, message } = error as NodeJS.ErrnoException
    const reason = `standard output takes nothing more (${code ?? message})`
    return { outcome: 'hold', reason, mend: 'Start errand again with a reader on its standard output.' }
  }

  /** The stream is the caller's and stays open. */
  async close(): Promise<void> {}
}

/** Settles when the stream has passed on all of `bytes`, with the error if it could not; rejects when `signal` aborts. */
function written(stream: NodeJS.WritableStream, bytes: Buffer, signal: AbortSignal): Promise<Error | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    stream.write(bytes, (error) => {
      signal.removeEventListener('abort', onAbort)
      resolve(error ?? undefined)
    })
  })
}
