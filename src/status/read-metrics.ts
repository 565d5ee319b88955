/** The metrics of a running agent, asked for at its `status.listen` and read back. */
import { Counters } from '../core/counters.js'

export interface ReadMetrics {
  /** Without the prefix `errand_`. */
  readonly counters: Counters
  /** The value of a gauge; undefined when there is none. */
  gauge(name: string, labels?: Readonly<Record<string, string>>): number | undefined
}

/** An answer takes longer than this only where nobody will answer, in ms. */
const ANSWER_MS = 5000

/** The metrics, or why there are none, as the end of a sentence. Never rejects. */
export async function readMetrics(listen: string): Promise<{ metrics: ReadMetrics } | { why: string }> {
  const url = `http://${askedAt(listen)}/metrics`
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
    const text = await answer.text()
    if (!answer.ok || !/^errand_lines_read_total /m.test(text)) {
      return { why: `${url} answers ${answer.status} and is no Errand` }
    }
    return { metrics: parseMetrics(text) }
  } catch (error) {
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message
    return { why: `nothing answers at ${url} (${reason})` }
  }
}

/** Who listens everywhere is asked on this host. */
function askedAt(listen: string): string {
  return listen.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')
}

/** Reads Prometheus' text format, as far as `renderMetrics` writes it. */
export function parseMetrics(text: string): ReadMetrics {
  const counters = new Counters()
  const gauges = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, fullName = '', labelText = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (fullName === '') continue
    const name = fullName.replace(/^errand_/, '')
    const labels: Record<string, string> = {}
    for (const [, label = '', quoted = ''] of labelText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[label] = quoted.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    }
    const given = Object.keys(labels).length > 0 ? labels : undefined
    if (name.endsWith('_total')) counters.add(name, Number(value), given)
    else gauges.set(name + JSON.stringify(labels), Number(value))
  }
  return { counters, gauge: (name, labels = {}) => gauges.get(name + JSON.stringify(labels)) }
}
