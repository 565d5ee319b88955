/**
 * What the race detector prints of a program that was built with `-race`: two accesses to one address, each with its
 * stack, then where their goroutines began. The first access is the error, the other one its cause.
 * Source: go.dev/src/runtime/race (output_test.go).
 */
import type { Cause, Frame, Traceback } from '../core/shapes.js'
import { takeFrames } from './go-lines.js'
import { isBlank, isIndented, LineCursor } from './text.js'

/** The line that begins a report, behind a rule of 18 `=`. */
export const RACE = 'WARNING: DATA RACE'
/** `Read at 0x00c000014100 by goroutine 8:`, `Previous atomic write at 0x00c000014100 by main goroutine:`. */
const ACCESS =
  /^((?:Previous )?[A-Za-z]{1,20}(?: [a-z]{1,20})? at 0x[0-9a-f]{1,16} by (?:main goroutine|goroutine \d+)):$/

/** Whether a report begins with the line. */
export function isRace(line: string): boolean {
  return line === RACE
}

/** The report that begins at `at`; undefined when no access follows. */
export function readRace(text: string, at: number): Traceback | undefined {
  const cursor = new LineCursor(text, at)
  let { end } = cursor
  const accesses: { message: string; frames: readonly Frame[] }[] = []
  cursor.advance()
  while (!cursor.done) {
    const { line } = cursor
    const access = ACCESS.exec(line)
    if (access === null && !isPart(line)) break
    if (!isBlank(line)) end = cursor.end
    cursor.advance()
    if (access === null) continue
    const taken = takeFrames(cursor, true)
    accesses.push({ message: access[1] ?? '', frames: taken.frames })
    end = Math.max(end, taken.end)
  }
  const [first, ...others] = accesses
  if (first === undefined) return undefined
  return {
    language: 'go',
    kind: 'DATA RACE',
    message: first.message,
    frames: first.frames as Frame[],
    causes: others as Cause[],
    start: at,
    end,
    uncaught: true,
  }
}

/** The rest of a report: stacks, and what they are of (`Goroutine 8 (running) created at:`, `Global var 'x' of size 8 …`). */
function isPart(line: string): boolean {
  return isBlank(line) || isIndented(line) || /^(?:Goroutine|Heap|Global) .{1,300}$/.test(line)
}
