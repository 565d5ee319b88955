/** The filters for what stands in URLs: decodeuricomponent, querystring and url. They decode leniently and never fail. */
import type { Attributes, Value } from '../../core/shapes.js'
import { addAt, tidy } from './paths.js'

/** Percent escapes decoded as UTF-8; what is no valid escape stays as it is written. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    const decoder = new TextDecoder()
    return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => decoder.decode(Buffer.from(run.replaceAll('%', ''), 'hex')))
  }
}

/** `?a=1&b=two+words` to a map; a name that occurs twice makes a list. Values stay text. */
export function readQuery(text: string): Value | undefined {
  const query = text.startsWith('?') ? text.slice(1) : text
  const result: Attributes = {}
  let any = false
  for (const pair of query.split('&', 1000)) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decodePercent((at < 0 ? pair : pair.slice(0, at)).replaceAll('+', ' '))
    if (name === '') continue
    addAt(result, [name], at < 0 ? '' : decodePercent(pair.slice(at + 1).replaceAll('+', ' ')))
    any = true
  }
  return any ? result : undefined
}

/** The parts of a URL, named as Datadog's URL parser names them. Values of the query stay encoded. */
export function readUrl(text: string): Value | undefined {
  const match =
    /^(?:([A-Za-z][\w+.-]*):)?(?:\/\/(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(
      text,
    )
  if (match === null || (match[1] === undefined && match[2] === undefined && !text.startsWith('/'))) return undefined
  const [, scheme, host, port, path, query, hash] = match
  const queryString: Attributes = {}
  for (const pair of query?.split('&', 1000) ?? []) {
    const at = pair.indexOf('=')
    if (pair !== '' && at !== 0)
      addAt(queryString, [at < 0 ? pair : pair.slice(0, at)], at < 0 ? '' : pair.slice(at + 1))
  }
  return tidy({
    scheme,
    host: host === '' ? undefined : host,
    port: port === undefined ? undefined : Number(port),
    path: path ?? '',
    queryString,
    hash,
  })
}
