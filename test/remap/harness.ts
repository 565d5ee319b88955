/** What the tests of remappers share: a record, a compiled pipeline, and a reader of a toy traceback. */
import type { LogRecord, Traceback } from '../../src/core/shapes.js'
import { type CompileProblem, compileRemapper, type Remapper } from '../../src/remap/compile.js'
import { readDefinition } from '../../src/remap/definition.js'
import type { ReadTraceback } from '../../src/remap/processor.js'

export const NOW = Date.UTC(2026, 10, 20)

/** Knows one form: `BOOM kind: message` on a line, then lines that begin with `  in function`. */
export const toyTracebacks: ReadTraceback = (text, how, languages) => {
  const match = /BOOM ([\w.]+)(?:: ([^\n]*))?((?:\n {2}in [^\n]*)*)/.exec(text)
  if (match === null || (how === 'read' && match.index !== 0)) return undefined
  const frames = (match[3] ?? '').split('\n').filter(Boolean)
  const traceback: Traceback = {
    language: languages?.[0] ?? 'toy',
    frames: frames.map((line) => ({ function: line.slice(5) })),
    causes: [],
    start: match.index,
    end: match.index + match[0].length,
    uncaught: false,
  }
  if (match[1] !== undefined) traceback.kind = match[1]
  if (match[2] !== undefined) traceback.message = match[2]
  return traceback
}

export function recordOf(more: Partial<LogRecord> = {}): LogRecord {
  return { message: 'the message', source: 'test', tags: [], attributes: {}, ...more }
}

/** Compiles a remapper from what a file would say; problems of reading it end the test. */
export function compile(file: Record<string, unknown>): { remapper: Remapper; problems: CompileProblem[] } {
  const tests = 'source' in file ? { tests: [{ sample: 'x', result: 'dropped' }] } : {}
  const { placed, problems } = readDefinition({ name: 'test', ...tests, ...file }, [], () => ({ file: 'test' }), 'test')
  if (placed === undefined) throw new Error(JSON.stringify(problems))
  return compileRemapper(placed.definition, { now: () => NOW, readTraceback: toyTracebacks })
}

/** The record after the processors. */
export function processed(processors: readonly Record<string, unknown>[], more: Partial<LogRecord> = {}): LogRecord {
  const record = recordOf(structuredClone(more))
  compile({ processors }).remapper.apply(record)
  return record
}
