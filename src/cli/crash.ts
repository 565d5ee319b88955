/**
 * The end of a process in which something was thrown that nobody caught. One fault is told, without secrets, and the
 * process ends at once: what is in memory can no longer be trusted, so nothing of it is written down, and the next
 * start goes on as after a kill -9.
 */
import { describeFault, type Fault, titleOf } from '../core/fault.js'
import { hideSecrets } from '../core/secrets.js'

/** Errand itself failed: EX_SOFTWARE of sysexits.h, so that it is not taken for problems of a config (1). */
export const FAILED = 70

export class Crash {
  readonly #end: (text: string, code: number) => void
  /** Undefined as long as no config was read: then nobody knows what of a message is secret. */
  #secrets: ReadonlySet<string> | undefined
  #log: ((thrown: unknown, text: string) => void) | undefined
  #ends = false

  /** `end` writes the text to standard error and ends the process, whatever becomes of the writing. */
  constructor(end: (text: string, code: number) => void) {
    this.#end = end
  }

  /** What must not be shown from now on, beside what was known before: a config may be followed by another. */
  keepSecret(texts: readonly string[]): void {
    // Also as it stands in JSON that a message quotes: a key file has line ends.
    const escaped = texts.map((text) => JSON.stringify(text).slice(1, -1))
    this.#secrets = new Set([...(this.#secrets ?? []), ...texts, ...escaped])
  }

  /** What a log may show of something that was thrown. */
  readonly describe = (thrown: unknown): Fault => {
    const secrets = this.#secrets
    return describeFault(thrown, secrets && ((text) => hideSecrets(text, secrets)))
  }

  /** From now on the fault is told in a log, not as plain text. */
  tellIn(log: (thrown: unknown, text: string) => void): void {
    this.#log = log
  }

  /** Tells what was thrown and ends the process. */
  readonly fault = (thrown: unknown): void => {
    // Telling may throw in turn, at once or, where standard error is gone, later.
    if (this.#ends) {
      this.#end('', FAILED)
      return
    }
    this.#ends = true
    let text = ''
    try {
      const fault = this.describe(thrown)
      const what = `errand failed and ends: ${titleOf(fault.type, fault.message)}`
      const mend =
        'What was not written down or delivered yet is read and sent again after a start. Please report this line.'
      if (this.#log) this.#log(thrown, `${what} ${mend}`)
      else text = `errand failed and ends: ${fault.stack}\nPlease report these lines.\n`
    } finally {
      this.#end(text, FAILED)
    }
  }
}
