/** Takes a URL apart. Query values stay encoded, as they stood in the log. */
import { z } from 'zod'
import type { Attributes } from '../../core/shapes.js'
import { getPath, parsePath, setKey, setPath } from '../paths.js'
import { commonSettings, defineProcessor, sourcesSetting } from '../processor.js'

export const urlParser = defineProcessor({
  type: 'url-parser',
  description: 'Writes scheme, host, port, path, queryString and hash of a URL.',
  schema: z.strictObject({
    type: z.literal('url-parser'),
    ...commonSettings,
    sources: sourcesSetting.default(['http.url']),
    target: z.string().default('http.url_details').describe('Path of the object to write.'),
    normalizeEndingSlashes: z.boolean().nullish().describe('Leave out the slashes at the end of the path.'),
  }),
  compile({ sources, target, normalizeEndingSlashes }) {
    const paths = sources.map(parsePath)
    const to = parsePath(target)
    return (record) => {
      const url = paths.map((path) => getPath(record.attributes, path)).find((value) => typeof value === 'string')
      if (typeof url !== 'string' || url === '') return
      const parts = parseUrl(url)
      if (normalizeEndingSlashes === true && typeof parts.path === 'string') parts.path = parts.path.replace(/\/+$/, '')
      setPath(record.attributes, to, parts)
    }
  },
})

/** The parts of a URL or of its path alone; nothing is decoded, nothing is rejected. A host has no case. */
function parseUrl(url: string): Attributes {
  const parts: Attributes = {}
  let rest = url
  const hash = rest.indexOf('#')
  if (hash >= 0) {
    if (hash + 1 < rest.length) parts.hash = rest.slice(hash + 1)
    rest = rest.slice(0, hash)
  }
  const question = rest.indexOf('?')
  if (question >= 0) {
    const query = parseQuery(rest.slice(question + 1))
    if (Object.keys(query).length > 0) parts.queryString = query
    rest = rest.slice(0, question)
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(rest)
  if (scheme?.[1] !== undefined) {
    parts.scheme = scheme[1]
    rest = rest.slice(scheme[0].length)
    const slash = rest.indexOf('/')
    const authority = slash < 0 ? rest : rest.slice(0, slash)
    rest = slash < 0 ? '' : rest.slice(slash)
    const host = authority.slice(authority.lastIndexOf('@') + 1)
    const port = /:(\d{1,5})$/.exec(host)
    if (port?.[1] !== undefined) parts.port = Number(port[1])
    parts.host = (port === null ? host : host.slice(0, port.index)).toLowerCase()
  }
  parts.path = rest
  return parts
}

function parseQuery(text: string): Attributes {
  const query: Attributes = {}
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=')
    const key = equals < 0 ? pair : pair.slice(0, equals)
    if (key !== '' && !Object.hasOwn(query, key)) setKey(query, key, equals < 0 ? '' : pair.slice(equals + 1))
  }
  return query
}
