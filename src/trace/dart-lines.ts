/**
 * The lines of Dart's stack traces, one by one: frames of the virtual machine, of package:stack_trace and of symbolless
 * builds; and the kind of an error, which Dart prints only as part of its text. Knows single lines only.
 * Source: dart-lang/sdk, runtime/vm/object.cc (StackTrace::ToCString), lib/core/errors.dart; stack_trace, frame.dart.
 */
import type { Frame } from '../core/shapes.js'

const MAX_LINE = 4096

/** What Android's log and package:logger put before every line. */
const PREFIX = /^(?:[VDIWEF]\/flutter ?\( *\d{1,7}\): ?|[│┃|] )/

/** Length of a prefix that is repeated on every line. */
export function prefixOf(line: string): number {
  return PREFIX.exec(line.slice(0, 40))?.[0].length ?? 0
}

const VM = /^#\d{1,5} {2,}(\S.*) \(([^()\s]{1,1000}?)(?::(\d{1,9})(?::(\d{1,9}))?)?\)$/
const TERSE = /^([^\s()]{1,1000}\.dart|dart:\w{1,100})(?: (\d{1,9})(?::(\d{1,9}))?)? {2,}(\S.*)$/
const SYMBOLLESS = /^\s*#\d\d abs [0-9a-f]{6,16}(?: virt [0-9a-f]{6,16})? (\S{1,400})$/
const URI = /^(?:dart:|package:|file:|https?:|org-dartlang-|\S*\.dart$|\S*\.js$)/

/** The frame in a line; undefined when it is none. */
export function frameIn(line: string): Frame | undefined {
  const text = line.slice(0, MAX_LINE).trimEnd()
  if (text.charCodeAt(0) === 0x23) {
    const vm = VM.exec(text)
    if (vm?.[2] === undefined || !URI.test(vm[2])) return SYMBOLLESS.test(text) ? symbolless(text) : undefined
    return frameOf(vm[1], vm[2], vm[3], vm[4])
  }
  if (text.trimStart().startsWith('#')) return symbolless(text)
  const terse = text.includes('dart') ? TERSE.exec(text) : null
  return terse?.[1] === undefined ? undefined : frameOf(terse[4], terse[1], terse[2], terse[3])
}

function symbolless(text: string): Frame | undefined {
  const name = SYMBOLLESS.exec(text)?.[1]
  return name === undefined ? undefined : { function: name }
}

function frameOf(name: string | undefined, file: string, line: string | undefined, column: string | undefined): Frame {
  return {
    ...(name !== undefined && { function: name.trim() }),
    file,
    ...(line !== undefined && { line: Number(line) }),
    ...(column !== undefined && { column: Number(column) }),
  }
}

/** Between frames: where the function waited. */
export function isSuspension(line: string): boolean {
  return /^(?:<asynchronous suspension>|===== asynchronous gap =+|\(elided \d+ frames? from .*\)|\.\.\. +Normal element mounting.*)$/.test(
    line.slice(0, 200).trimEnd(),
  )
}

/** Kinds by the texts that the core library's errors begin with instead of their class. */
const TEXTS: readonly (readonly [kind: string, text: RegExp])[] = [
  ['StateError', /^Bad state: /],
  ['ArgumentError', /^Invalid argument(?:\(s\)| \([^)\n]{0,100}\))?: /],
  ['UnsupportedError', /^Unsupported operation: /],
  ['ConcurrentModificationError', /^Concurrent modification during iteration/],
  ['StackOverflowError', /^Stack Overflow\b/],
  ['OutOfMemoryError', /^Out of Memory\b/],
  [
    'TypeError',
    /^(?:Null check operator used on a null value|type '[^\n]{1,300}' is not a subtype of type |'[^'\n]{1,300}': malformed type: )/,
  ],
  ['CyclicInitializationError', /^Reading static variable (?:'[^'\n]{1,300}' )?during its initialization/],
  ['AbstractClassInstantiationError', /^Cannot instantiate abstract class\b/],
  ['FallThroughError', /^(?:'[^'\n]{1,300}': )?Switch case fall-through\b/],
  ['AssertionError', /^(?:Assertion failed|'[^'\n]{1,300}': Failed assertion: )/],
]
const NAMED =
  /^(_?[A-Z]\w{0,100}(?:Exception|Error|Failure)|Exception|Error)(?: \([^)\n]{0,100}\)| \[[^\]\n]{0,100}\]| after [\d:.]{1,40})?(?:(: ?)|(?=\()|$)/
const INSTANCE = /^Instance of '([\w$]{1,100}(?:<[^'\n]{0,100}>)?)'/

/** The kind of an error by how its text begins, and where its message begins in it. */
export function kindIn(text: string): { kind: string; messageAt: number } | undefined {
  const line = text.slice(0, 700)
  for (const [kind, pattern] of TEXTS) {
    const found = pattern.exec(line)
    if (found) return { kind, messageAt: found[0].endsWith(': ') && kind !== 'TypeError' ? found[0].length : 0 }
  }
  const instance = INSTANCE.exec(line)
  if (instance?.[1] !== undefined) return { kind: instance[1], messageAt: instance[0].length }
  const named = NAMED.exec(line)
  return named?.[1] === undefined
    ? undefined
    : { kind: named[1], messageAt: named[2] === undefined ? named[1].length : named[0].length }
}
