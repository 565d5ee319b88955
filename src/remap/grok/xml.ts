/**
 * The xml filter: elements to maps, attributes beside them, an element's own text as `value` when it has attributes,
 * repeated elements as a list. All values stay text. No entities but the five of XML and character numbers, no DTD.
 * Source: Datadog, log parsing, "Parsing XML".
 */
import type { Value } from '../../core/shapes.js'
import { MAX_DEPTH, tidy } from './paths.js'

interface Element {
  readonly name: string
  readonly map: Record<string, unknown>
  text: string
}

const NAME = /[^\s/>=<"']+/y
const ATTRIBUTE = /\s*([^\s/>=<"']+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y

/** The document as a map of its root element, or undefined when it is not well-formed. */
export function readXml(text: string): Value | undefined {
  const root: Element = { name: '', map: Object.create(null), text: '' }
  const open: Element[] = [root]
  let at = 0
  while (at < text.length) {
    const top = open[open.length - 1]
    if (top === undefined) return undefined
    const next = text.indexOf('<', at)
    top.text += entities(text.slice(at, next < 0 ? undefined : next))
    if (next < 0) break
    const skipped = skip(text, next, top)
    if (skipped !== undefined) {
      if (skipped < 0) return undefined
      at = skipped
      continue
    }
    if (text.charAt(next + 1) === '/') {
      const end = text.indexOf('>', next)
      if (end < 0 || open.length < 2 || text.slice(next + 2, end).trim() !== top.name) return undefined
      open.pop()
      close(open[open.length - 1] ?? root, top)
      at = end + 1
      continue
    }
    const tag = openingTag(text, next)
    if (tag === undefined || open.length > MAX_DEPTH) return undefined
    if (tag.empty) close(top, tag.element)
    else open.push(tag.element)
    at = tag.end
  }
  return open.length === 1 && Object.keys(root.map).length > 0 && root.text.trim() === '' ? tidy(root.map) : undefined
}

/** Where a comment, declaration or CDATA section ends; -1 when it does not; undefined when there is none here. */
function skip(text: string, at: number, top: Element): number | undefined {
  const cdata = text.startsWith('<![CDATA[', at)
  const kind = cdata
    ? ']]>'
    : text.startsWith('<!--', at)
      ? '-->'
      : text.startsWith('<?', at)
        ? '?>'
        : text.startsWith('<!', at)
          ? '>'
          : undefined
  if (kind === undefined) return undefined
  const end = text.indexOf(kind, at + 2)
  if (end < 0) return -1
  if (cdata) top.text += text.slice(at + 9, end)
  return end + kind.length
}

function openingTag(text: string, at: number): { element: Element; empty: boolean; end: number } | undefined {
  NAME.lastIndex = at + 1
  const name = NAME.exec(text)?.[0]
  if (name === undefined) return undefined
  const element: Element = { name, map: Object.create(null), text: '' }
  let i = at + 1 + name.length
  for (;;) {
    ATTRIBUTE.lastIndex = i
    const attribute = ATTRIBUTE.exec(text)
    if (attribute === null) break
    element.map[attribute[1] ?? ''] = entities(attribute[2] ?? attribute[3] ?? '')
    i += attribute[0].length
  }
  while (/\s/.test(text.charAt(i))) i++
  const empty = text.charAt(i) === '/'
  if (empty) i++
  return text.charAt(i) === '>' ? { element, empty, end: i + 1 } : undefined
}

/** Puts a closed element into the one around it: its text alone, or a map with the text as `value`. */
function close(parent: Element, element: Element): void {
  const text = element.text.trim()
  const bare = Object.keys(element.map).length === 0
  if (!bare && text !== '') element.map.value = text
  const value: unknown = bare ? text : element.map
  const there = parent.map[element.name]
  if (there === undefined) parent.map[element.name] = value
  else if (Array.isArray(there)) there.push(value)
  else parent.map[element.name] = [there, value]
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function entities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
