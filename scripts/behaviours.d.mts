/** Types of behaviours.mjs, for the test that holds the page against the tests. */
import type { SourceFile } from './render-docs.mjs'

export interface NumberedTest {
  readonly path: string
  readonly number: number
  /** Its `describe` before it, without the numbers. */
  readonly name: string
}

export const GROUPS: readonly (readonly [string, readonly string[]])[]
export function numberedTests(sources: readonly SourceFile[]): NumberedTest[]
export function behaviourTables(tests: readonly NumberedTest[]): string
