// Logs made up for the benches: always the same bytes for the same name and size. What is random in a real log (ids,
// numbers, threads) is random here; the stacks are as many as an application has places that fail, again and again.
import { closeSync, openSync, writeSync } from 'node:fs'

/** A generator of whole numbers from 0 on, below `n`; mulberry32. */
export function randomOf(seed) {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const CLASSES = [
  'OrderService',
  'PaymentGateway',
  'StockClient',
  'CustomerStore',
  'MailQueue',
  'PriceTable',
  'CartPage',
]
const METHODS = ['place', 'charge', 'reserve', 'load', 'send', 'lookUp', 'render', 'retry', 'close', 'lambda$run$2']
const LIBRARIES = [
  'org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:',
  'org.apache.catalina.core.ApplicationFilterChain.internalDoFilter(ApplicationFilterChain.java:',
  'org.springframework.aop.framework.ReflectiveMethodInvocation.proceed(ReflectiveMethodInvocation.java:',
  'java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:',
  'org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:',
]
const KINDS = ['java.lang.IllegalStateException', 'java.net.SocketTimeoutException', 'com.acme.shop.OutOfStock']

function javaFrames(random, count) {
  let text = ''
  for (let i = 0; i < count; i++) {
    const name = CLASSES[random(CLASSES.length)]
    const place =
      random(3) > 0
        ? `${LIBRARIES[random(LIBRARIES.length)]}${20 + random(1800)})`
        : `com.acme.shop.${name}.${METHODS[random(METHODS.length)]}(${name}.java:${10 + random(900)})`
    text += `\tat ${place}\n`
  }
  return text
}

/** Stacks of 30 to 60 frames, half of them with a cause that elides what it has in common. */
function javaSites(random, count) {
  return Array.from({ length: count }, (_, i) => {
    const frames = 30 + random(30)
    const own = i % 2 === 0 ? frames : Math.floor(frames * 0.6)
    const parts = [{ kind: KINDS[i % KINDS.length], frames: javaFrames(random, own) }]
    if (i % 2 === 1) {
      const elided = `\t... ${12 + random(own - 12)} more\n`
      parts.push({ kind: KINDS[(i + 1) % KINDS.length], frames: javaFrames(random, frames - own) + elided })
    }
    return parts
  })
}

function pythonSites(random, count) {
  return Array.from({ length: count }, () => {
    let text = 'Traceback (most recent call last):\n'
    for (let i = 6 + random(14); i > 0; i--) {
      const name = CLASSES[random(CLASSES.length)].toLowerCase()
      text += `  File "/srv/shop/${name}.py", line ${1 + random(900)}, in ${METHODS[random(METHODS.length - 1)]}\n`
      text += `    return self.${name}.call(request, timeout=${1 + random(30)})\n`
    }
    return text
  })
}

const INFOS = [
  (r) => `Order ${r(900000)} accepted for customer ${r(90000)} in ${r(900)} ms`,
  (r) => `GET /api/v1/orders/${r(900000)} 200 ${r(400)}ms user=${r(1e9).toString(16)}`,
  (r) => `Cache refresh finished: ${r(9000)} entries, 0 errors, took ${r(500)} ms`,
  (r) => `Retrying call to stock after ERROR response 502, attempt ${1 + r(3)}/3`,
  (r) => `Session ${r(1e9).toString(16)} opened for Zoë Müller from 10.${r(255)}.${r(255)}.${r(254)}`,
]

/** What a workload is: its source, and a function that gives the next record's text, line ends included. */
export const WORKLOADS = {
  'no-errors': { source: 'java', open: (random) => java(random, 0) },
  'java-plain': { source: 'java', open: (random) => java(random, 20) },
  'error-storm': { source: 'java', open: (random) => java(random, 1000) },
  'python-plain': { source: 'python', open: (random) => python(random, 20) },
  'json-lines': { source: 'nodejs', open: (random) => json(random, 20) },
}

function clockOf() {
  let ms = Date.UTC(2026, 10, 20, 10)
  return () => new Date((ms += 1)).toISOString()
}

/** `perMille` of the records are errors. */
function java(random, perMille) {
  const sites = javaSites(random, 400)
  const now = clockOf()
  return () => {
    const time = now().replace('T', ' ').replace('.', ',').slice(0, 23)
    const head = (level) => `${time} ${level} [http-nio-8080-exec-${1 + random(24)}] c.a.s.${CLASSES[random(7)]} - `
    if (random(1000) >= perMille) return `${head('INFO ')}${INFOS[random(INFOS.length)](random)}\n`
    let text = `${head('ERROR')}could not place order ${random(900000)}\n`
    for (const [i, { kind, frames }] of sites[random(sites.length)].entries())
      text += `${i > 0 ? 'Caused by: ' : ''}${kind}: order ${random(9000)} failed\n${frames}`
    return text
  }
}

function python(random, perMille) {
  const sites = pythonSites(random, 300)
  const now = clockOf()
  return () => {
    const time = now().replace('T', ' ').replace('.', ',').slice(0, 23)
    if (random(1000) >= perMille)
      return `${time} INFO shop.orders [MainThread] ${INFOS[random(INFOS.length)](random)}\n`
    const site = sites[random(sites.length)]
    return `${time} ERROR shop.orders [MainThread] request ${random(90000)} failed\n${site}ValueError: order ${random(9000)} has no price\n`
  }
}

function json(random, perMille) {
  const sites = Array.from({ length: 160 }, () =>
    Array.from({ length: 8 + random(12) }, () => {
      const name = CLASSES[random(CLASSES.length)]
      return `    at ${name}.${METHODS[random(8)]} (/srv/app/dist/${name}.js:${1 + random(900)}:${1 + random(80)})`
    }).join('\n'),
  )
  const now = clockOf()
  return () => {
    const timestamp = now()
    if (random(1000) >= perMille)
      return `${JSON.stringify({ level: 'info', message: INFOS[random(INFOS.length)](random), service: 'shop', timestamp })}\n`
    const message = `order ${random(9000)} failed`
    const stack = `TypeError: ${message}\n${sites[random(sites.length)]}`
    return `${JSON.stringify({ level: 'error', message, service: 'shop', stack, timestamp })}\n`
  }
}

/** Writes about `bytes` of a workload to `path`, whole records; gives its length in bytes. */
export function writeLog(path, name, bytes, seed = 1) {
  const next = WORKLOADS[name].open(randomOf(seed))
  const file = openSync(path, 'w')
  let written = 0
  try {
    while (written < bytes) {
      let text = ''
      while (text.length < 1 << 20 && written + text.length < bytes) text += next()
      written += writeSync(file, text)
    }
  } finally {
    closeSync(file)
  }
  return written
}
