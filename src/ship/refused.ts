/**
 * The records that an output's backend will never take, one JSON object a line: `{ reason, at, record }`, `at` in
 * ISO 8601. Durable when `append` resolves. A crash may repeat a record here; it never leaves one out.
 */
import { dirname, join } from 'node:path'
import type { Clock } from '../core/clock.js'
import type { Refusal } from '../outputs/output.js'
import { type Files, realFiles } from '../spool/files.js'

export class RefusedFile {
  readonly path: string
  readonly #clock: Clock
  readonly #files: Files
  /** Appends run one after the other: each begins where the file ends. */
  #turn: Promise<unknown> = Promise.resolve()

  /** `dir` is made with the first refusal. */
  constructor(options: { readonly dir: string; readonly name: string; readonly clock: Clock; readonly files?: Files }) {
    this.path = join(options.dir, `${encodeURIComponent(options.name)}.ndjson`)
    this.#clock = options.clock
    this.#files = options.files ?? realFiles
  }

  /** Rejects when the disk does; a later call writes over what a failed one left. */
  append(refusals: readonly Refusal[]): Promise<void> {
    const done = this.#turn.then(() => this.#append(refusals))
    this.#turn = done.catch(() => {})
    return done
  }

  /** The file is opened anew each time: refusals are rare, and people move it away to look into it. */
  async #append(refusals: readonly Refusal[]): Promise<void> {
    const at = JSON.stringify(new Date(this.#clock.now()).toISOString())
    let text = ''
    for (const { reason, item } of refusals) {
      // The record is JSON text already; parsing it to write it again could only change it.
      text += `{"reason":${JSON.stringify(reason)},"at":${at},"record":${item.text}}\n`
    }
    await this.#files.makeDir(dirname(this.path))
    const file = await this.#files.open(this.path, 'edit')
    try {
      const size = await file.size()
      const last = Buffer.alloc(1)
      // A crash or a full disk can have left half a line; ours must not be glued to it.
      const isWhole = size === 0 || ((await file.read(last, size - 1)) === 1 && last[0] === 0x0a)
      await file.write(Buffer.from(isWhole ? text : `\n${text}`), size)
      await file.datasync()
    } finally {
      await file.close()
    }
    await this.#files.syncDir(dirname(this.path))
  }
}
