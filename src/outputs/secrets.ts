/** The secrets in the settings of outputs, as the texts that a message must not show. */
import { Secret } from '../config/types.js'

/** The secret values in settings, and what of their http(s) URLs could let another in; however deep they lie. */
export function secretsOf(settings: unknown): string[] {
  if (settings instanceof Secret) return partsOf(settings.reveal())
  if (typeof settings === 'string')
    return /^https?:/i.test(settings) && URL.canParse(settings) ? credentialsIn(new URL(settings)) : []
  if (typeof settings !== 'object' || settings === null) return []
  return Object.values(settings).flatMap(secretsOf)
}

/** A header's value, and what stands behind its scheme: an endpoint may quote `Bearer abc` or only `abc`. */
function partsOf(value: string): string[] {
  const text = value.trim()
  const space = text.indexOf(' ')
  return space < 0 ? [text] : [text, text.slice(space + 1)]
}

/**
 * What of a URL could let another in, as written and as sent: the password, both credentials together, the path of more
 * than a few letters (that of a webhook is its key), and the values of the query.
 */
export function credentialsIn(url: URL): string[] {
  const user = decode(url.username)
  const password = decode(url.password)
  const basic = user === '' && password === '' ? '' : Buffer.from(`${user}:${password}`).toString('base64')
  const segments = url.pathname.split('/').filter((segment) => segment.length >= 16)
  const values = [...url.searchParams.values()]
  const all = [url.password, password, basic, url.search.slice(1), ...values, ...segments]
  return [...new Set(all.flatMap((text) => [text, decode(text), encodeURIComponent(text)]))]
}

/** A part of a URL without its percent signs; as it is where it is none. */
export function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
