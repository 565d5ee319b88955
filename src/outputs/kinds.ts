/** The kinds of output, by their name in the config. A test compares the list with the files of this folder. */
import { datadog } from './datadog.js'
import { file } from './file.js'
import { http } from './http.js'
import type { OutputKind } from './output.js'
import { stdout } from './stdout.js'

export const OUTPUT_KINDS: readonly OutputKind[] = [datadog, file, http, stdout]

/** The kind whose outputs are written `type: "…"`. */
export function outputKind(type: string): OutputKind | undefined {
  return OUTPUT_KINDS.find((kind) => kind.type === type)
}
