/** Types of render-docs.mjs, for the test that holds the pages against it. */
export interface Metric {
  readonly name: string
  readonly type: string
  readonly help: string
}

export interface DocSources {
  readonly schema: Record<string, unknown>
  readonly outputKinds: readonly { readonly type: string; readonly description: string }[]
  readonly processorKinds: readonly {
    readonly type: string
    readonly description: string
    readonly schema: Record<string, unknown>
  }[]
  readonly metrics: readonly Metric[]
  readonly remappers: string
  /** The bundled remapper files. */
  readonly bundled: readonly { readonly source: string; readonly text: string }[]
  readonly languages: readonly string[]
  /** fp1 as data; its masks are what the page shows. */
  readonly fp1: unknown
  readonly fingerprint: string
  readonly reliability: string
  readonly tests: readonly SourceFile[]
}

export interface SourceFile {
  /** From the project's root. */
  readonly path: string
  readonly text: string
}

export function renderDocs(sources: DocSources): Record<string, string>
export function replaceBlock(page: string, name: string, text: string): string
export function metricsOf(text: string): Metric[]
export function readTests(root: string): SourceFile[]
export function readBundled(folder: string): { source: string; text: string }[]
