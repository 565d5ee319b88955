/**
 * JSON5 text to a value, with the place of every key and value in it.
 * `json5` decides what is JSON5 and says where it stops being it; momoa's tree gives the places. Nothing throws: a text
 * that is not JSON5 gives one Problem, keys given twice give one each. What the value means is left to the schemas.
 */
import type { DocumentNode, MemberNode, ValueNode } from '@humanwhocodes/momoa'
import { parse as parseTree } from '@humanwhocodes/momoa'
import JSON5 from 'json5'
import type { Place, Problem } from '../core/problem.js'
import { Lines, syntaxProblem } from './json5-syntax.js'

/** Keys and indices from the root down. */
export type Path = readonly (string | number)[]
/** The place of the value at `path`, or of its key. Of a path that is not there: the place of the nearest one above it. */
export type PlaceOf = (path: Path, what?: 'key' | 'value') => Place

export interface Json5 {
  /** Undefined when the text is not JSON5. Objects may have an own key `__proto__`; their prototype is never touched. */
  readonly value: unknown
  readonly problems: Problem[]
  readonly placeOf: PlaceOf
}

/** Deeper nesting than any config has, far below what would exhaust the stack of those who walk the value. */
const MAX_DEPTH = 200

/** `file` is only named in places; nothing is read. A byte order mark is skipped. */
export function parseJson5(text: string, file: string): Json5 {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const lines = new Lines(source, file)
  const nowhere: PlaceOf = () => ({ file })
  let value: unknown
  try {
    value = JSON5.parse(source)
  } catch (error) {
    return { value: undefined, problems: [syntaxProblem(source, lines, error)], placeOf: nowhere }
  }
  if (depthOver(value, MAX_DEPTH)) {
    const what = `the file nests more than ${MAX_DEPTH} levels deep.`
    const problem: Problem = {
      place: { file },
      what,
      mend: 'Look for brackets that were never closed.',
      severity: 'error',
    }
    return { value: undefined, problems: [problem], placeOf: nowhere }
  }
  let tree: DocumentNode | undefined
  try {
    tree = parseTree(source, { mode: 'json5' })
  } catch {
    // momoa refuses a little that is JSON5 (`{ true: 1 }`, `+.5`): such a file is read, without places.
    return { value, problems: [], placeOf: nowhere }
  }
  const problems: Problem[] = []
  collectDuplicates(tree.body, [], lines, problems)
  // A tree is much larger than its text, and only problems ask for places: it is made again for them.
  tree = undefined
  const placeOf: PlaceOf = (path, what) => {
    tree ??= parseTree(source, { mode: 'json5' })
    return lines.placeAt(offsetOf(tree.body, path, what ?? 'value'))
  }
  return { value, problems, placeOf }
}

/** `outputs[0].url`, `headers["X-Team"]`; the root is `the file`. */
export function renderPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(part)) text += `[${JSON.stringify(part)}]`
    else text += text === '' ? part : `.${part}`
  }
  return text === '' ? 'the file' : text
}

function offsetOf(root: ValueNode, path: Path, what: 'key' | 'value'): number {
  let node: ValueNode = root
  let member: MemberNode | undefined
  for (const part of path) {
    member = undefined
    let next: ValueNode | undefined
    if (node.type === 'Object' && typeof part === 'string') {
      // The last one wins, as in the value.
      member = node.members.findLast((candidate) => nameOf(candidate) === part)
      next = member?.value
    } else if (node.type === 'Array' && typeof part === 'number') next = node.elements[part]?.value
    if (next === undefined) return node.loc.start.offset
    node = next
  }
  return what === 'key' && member !== undefined ? member.name.loc.start.offset : node.loc.start.offset
}

function nameOf(member: MemberNode): string {
  return member.name.type === 'String' ? member.name.value : member.name.name
}

function collectDuplicates(node: ValueNode, path: Path, lines: Lines, problems: Problem[]): void {
  if (node.type === 'Array') {
    for (const [index, element] of node.elements.entries()) {
      collectDuplicates(element.value, [...path, index], lines, problems)
    }
  }
  if (node.type !== 'Object') return
  const first = new Map<string, MemberNode>()
  for (const member of node.members) {
    const name = nameOf(member)
    const earlier = first.get(name)
    if (earlier === undefined) first.set(name, member)
    else {
      const place = lines.placeAt(earlier.name.loc.start.offset)
      problems.push({
        place: lines.placeAt(member.name.loc.start.offset),
        what: `${renderPath([...path, name])} is given twice, first at ${place.line}:${place.column}.`,
        mend: 'Keep one of the two.',
        severity: 'error',
      })
    }
    collectDuplicates(member.value, [...path, name], lines, problems)
  }
}

/** Whether `value` nests deeper than `limit`; by hand, since the text chooses the depth. */
function depthOver(value: unknown, limit: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
  return false
}
