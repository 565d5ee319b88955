/**
 * What fp1 promises, over the fixtures of all traceback languages: the id of an error stays through everything that a
 * deploy, another host or another run changes, and changes with what makes it another error.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/core/shapes.js'
import { type FingerprintInput, fingerprint } from '../../src/fingerprint/fp1.js'
import { eachFrame, errorOf, printed } from './fixtures.js'

const idOf = (input: FingerprintInput) => fingerprint(input).id

/** Each change keeps the error what it is: nothing that it names may be seen in the id. */
const CHANGES: { readonly [what: string]: (error: FingerprintInput, seed: number) => FingerprintInput } = {
  'lines and columns': (error, seed) =>
    eachFrame(error, (frame) => ({
      ...frame,
      ...(frame.line !== undefined && { line: shifted(frame.line, seed) }),
      ...(frame.column !== undefined && { column: shifted(frame.column, seed) }),
    })),
  'the directory that the program is installed in': (error, seed) => eachFrame(error, moved(pick(HOMES, seed))),
  'the folder of the release': (error, seed) =>
    eachFrame(error, moved(`${pick(HOMES, seed)}/releases/${20260101 + (seed % 28)}093000`)),
  'the versions of libraries': (error, seed) =>
    eachFrame(error, (frame) => (frame.file === undefined ? frame : { ...frame, file: upgraded(frame.file, seed) })),
  'separators of paths': (error) =>
    eachFrame(error, (frame) =>
      frame.file?.startsWith('/') ? { ...frame, file: `C:${frame.file.replaceAll('/', '\\')}` } : frame,
    ),
  'numbers in the message': (error, seed) => worded(error, (message) => renumbered(message, seed)),
  'what stands around the stack: calm library frames below': (error, seed) => {
    const below = Array.from(
      { length: seed % 40 },
      (_, i): Frame => ({ ...LIBRARY[error.language ?? ''], line: i + 1 }),
    )
    return error.frames.some((frame) => frame.in_app) ? { ...error, frames: [...error.frames, ...below] } : error
  },
  'numbers of generated classes and closures': (error, seed) => eachFrame(error, (frame) => regenerated(frame, seed)),
  'the addresses of objects in kinds': (error, seed) =>
    error.kind === undefined
      ? error
      : { ...error, kind: error.kind.replace(/@[0-9a-f]{6,16}$/, `@${(0x10000000 + seed).toString(16)}`) },
}

/** A frame of a library of each language, of the kind that calls a program. */
const LIBRARY: { readonly [language: string]: Frame } = {
  python: { file: '/usr/lib/python3.12/site-packages/flask/app.py', function: 'wsgi_app', in_app: false },
  ruby: { file: '/usr/lib/ruby/gems/3.3.0/gems/rack-3.0.8/lib/rack/head.rb', function: 'call', in_app: false },
  java: { module: 'org.apache.catalina.core.StandardWrapper', function: 'invoke', in_app: false },
  nodejs: { file: '/srv/x/node_modules/express/lib/router.js', function: 'next', in_app: false },
  php: { file: '/srv/x/vendor/symfony/http-kernel/HttpKernel.php', function: 'handle', in_app: false },
  go: { file: '/usr/lib/go/src/net/http/server.go', function: 'net/http.serverHandler.ServeHTTP', in_app: false },
  csharp: { function: 'Microsoft.AspNetCore.Hosting.Host.Run()', in_app: false },
  rust: { function: 'tokio::runtime::task::raw::poll', in_app: false },
  elixir: { module: 'Plug.Router', function: 'Plug.Router.call/2', file: 'lib/plug/router.ex', in_app: false },
  dart: { file: 'dart:async/zone.dart', function: '_rootRun', in_app: false },
  perl: { file: '/usr/share/perl5/Plack/Util.pm', function: 'Plack::Util::run_app', in_app: false },
}

function shifted(line: number, seed: number): number {
  return line + 1 + (seed % 977)
}

function pick(list: readonly string[], seed: number): string {
  return list[seed % list.length] ?? ''
}

const HOMES = [
  '/opt/shop',
  '/app',
  '/usr/src/app',
  '/var/www/shop',
  '/var/task',
  '/home/deploy/shop-2.14.3',
  '/data/apps/7f3a9c2e',
  '/nix/store/0c1d2e-shop',
  'C:/inetpub/shop',
]

/** The program's own files in another directory. */
function moved(home: string): (frame: Frame) => Frame {
  return (frame) =>
    frame.in_app !== false && frame.file !== undefined
      ? { ...frame, file: frame.file.replace(/^\/(?:srv|opt)\/[^/]+|^\/home\/\w+\/\w+/, home) }
      : frame
}

function upgraded(file: string, seed: number): string {
  return file
    .replace(/(\/gems\/[\w-]+-)\d[\d.]*/g, `$1${seed % 9}.${seed % 31}.1`)
    .replace(/(@v?)\d+\.\d+\.\d+/g, `$1${1 + (seed % 9)}.${seed % 31}.1`)
    .replace(/(python|ruby\/)\d\.\d+/g, `$13.${seed % 15}`)
}

function worded(error: FingerprintInput, change: (message: string) => string): FingerprintInput {
  return error.message === undefined ? error : { ...error, message: change(error.message) }
}

/** Numbers with other digits; words that hold digits, `utf8`, stay. */
function renumbered(message: string, seed: number): string {
  return message.replace(/(?<![\p{L}\p{N}_.:-])\d+(?![\p{L}\p{N}_.:%-])/gu, (number) =>
    String(Number(number) + 1 + (seed % 7)),
  )
}

/** Frames as another build numbers them. */
function regenerated(frame: Frame, seed: number): Frame {
  const n = String(1 + (seed % 40))
  const anew = (text: string) =>
    text
      .replace(/(lambda\$\w+\$)\d+/g, `$1${n}`)
      .replace(/(\$\$Lambda\$)\d+/g, `$1${n}`)
      .replace(/((?:Spring|)CGLIB\$\$)[0-9a-f]+/g, `$1${n}`)
      .replace(/(\$Proxy)\d+/g, `$1${n}`)
      .replace(/(AccessorImpl|GeneratedMethodAccessor)\d+/g, `$1${n}`)
      .replace(/(\.func)\d+/g, `$1${n}`)
      .replace(/(<\w+>[bdc]__)\d+(?=[._(]|$)/g, `$1${n}`)
      .replace(/(DisplayClass)\d+_\d+/g, `$1${n}_0`)
      .replace(/(-fun-)\d+-/g, `$1${n}-`)
      .replace(/(::h)[0-9a-f]{16}$/, `$1${n.padStart(16, '0')}`)
      .replace(/block \(\d+ levels\) in/, `block (${1 + (seed % 40)} levels) in`)
  return {
    ...frame,
    ...(frame.function !== undefined && { function: anew(frame.function) }),
    ...(frame.module !== undefined && { module: anew(frame.module) }),
  }
}

describe('the id of an error stays whatever changes of', () => {
  for (const [what, change] of Object.entries(CHANGES)) {
    it(what, () => {
      fc.assert(
        fc.property(fc.constantFrom(...printed), fc.nat(1_000_000), ({ name, error }, seed) => {
          expect(idOf(change(error, seed)), name).toBe(idOf(error))
        }),
        { numRuns: 600 },
      )
    })
  }

  it('all of these at once', () => {
    fc.assert(
      fc.property(fc.constantFrom(...printed), fc.nat(1_000_000), ({ name, error }, seed) => {
        const changed = Object.values(CHANGES).reduce((input, change) => change(input, seed), error)
        expect(idOf(changed), name).toBe(idOf(error))
      }),
      { numRuns: 1000 },
    )
  })
})

/** What printing does to a text that no reader of it should see. */
const PRINTINGS: { readonly [what: string]: (text: string) => string } = {
  'line ends of Windows': (text) => text.replace(/\r?\n/g, '\r\n'),
  'a line end at the end': (text) => `${text.trimEnd()}\n\n`,
}

describe('the id of an error stays whatever printing changes of', () => {
  for (const [what, print] of Object.entries(PRINTINGS)) {
    it(what, () => {
      for (const { language, name, text, error } of printed) {
        const again = errorOf(language, print(text))
        expect(again && idOf(again), name).toBe(idOf(error))
      }
    })
  }
})

/** The words of .NET's and Mono's traces in other languages, as their resources have them. */
const WORDS = [
  ['at', 'line', 'in'],
  ['bei', 'Zeile', 'in'],
  ['à', 'ligne', 'dans'],
  ['в', 'строка', 'в'],
  ['en', 'línea', 'en'],
  ['em', 'linha', 'na'],
  ['w', 'wiersz', 'w'],
] as const

it('does not depend on the language that the runtime speaks', () => {
  const ids = WORDS.map(([at, line, where]) => {
    const text = [
      'Acme.Shop.OrderException: order 7 is gone',
      `   ${at} Acme.Shop.Orders.Place(Int32 id) ${where} /src/Orders.cs:${line} 12`,
      `   ${at} Acme.Shop.Web.Post(Request r) ${where} /src/Web.cs:${line} 40`,
    ].join('\n')
    const error = errorOf('csharp', text)
    expect(
      error?.frames.map((frame) => frame.line),
      at,
    ).toEqual([12, 40])
    return error && idOf(error)
  })
  expect(new Set(ids).size).toBe(1)
})

/** The same error as two versions of a runtime print it. */
const VERSIONS: readonly (readonly [language: string, what: string, older: string, newer: string])[] = [
  [
    'python',
    'Python 3.8 and 3.13',
    'Traceback (most recent call last):\n  File "/srv/shop/pay.py", line 9, in charge\n    return post(a, b)\n  File "/srv/shop/net.py", line 4, in post\n    raise Down("x")\nnet.Down: x\n',
    'Traceback (most recent call last):\n  File "/srv/shop/pay.py", line 9, in charge\n    return post(a, b)\n           ~~~~^^^^^^\n  File "/srv/shop/net.py", line 4, in post\n    raise Down("x")\nnet.Down: x\n',
  ],
  [
    'ruby',
    'Ruby 3.3 and 3.4',
    "pay.rb:4:in `block in charge': down (Net::Down)\n\tfrom pay.rb:9:in `each'\n\tfrom pay.rb:9:in `charge'\n\tfrom web.rb:3:in `<main>'\n",
    "pay.rb:4:in 'block in Pay#charge': down (Net::Down)\n\tfrom pay.rb:9:in 'Array#each'\n\tfrom pay.rb:9:in 'Pay#charge'\n\tfrom web.rb:3:in '<main>'\n",
  ],
  [
    'java',
    'Java 8 and 21',
    'java.lang.IllegalStateException: down\n\tat com.acme.Pay.charge(Pay.java:9)\n\tat sun.reflect.NativeMethodAccessorImpl.invoke0(Native Method)\n\tat sun.reflect.NativeMethodAccessorImpl.invoke(NativeMethodAccessorImpl.java:62)\n\tat java.lang.reflect.Method.invoke(Method.java:498)\n\tat com.acme.Web.post(Web.java:3)\n\tat java.lang.Thread.run(Thread.java:748)\n',
    'java.lang.IllegalStateException: down\n\tat com.acme.Pay.charge(Pay.java:9)\n\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)\n\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)\n\tat app//com.acme.Web.post(Web.java:3)\n\tat java.base/java.lang.VirtualThread.run(VirtualThread.java:309)\n',
  ],
  [
    'nodejs',
    'Node.js 12 and 22',
    'TypeError: x is not a function\n    at Pay.charge (/srv/shop/pay.js:9:3)\n    at Object.post (/srv/shop/web.js:3:1)\n    at processTicksAndRejections (internal/process/task_queues.js:97:5)\n',
    'TypeError: x is not a function\n    at Pay.charge (/srv/shop/pay.js:9:3)\n    at async Object.post (/srv/shop/web.js:3:1)\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)\n',
  ],
  [
    'go',
    'Go 1.17 and 1.23',
    'panic: runtime error: index out of range [7] with length 2\n\ngoroutine 1 [running]:\nmain.pick(...)\n\t/srv/shop/main.go:9\nmain.main()\n\t/srv/shop/main.go:5 +0x1d\nexit status 2\n',
    'panic: runtime error: index out of range [7] with length 2\n\ngoroutine 1 gp=0xc0000061c0 m=0 mp=0x55d7a0 [running]:\nmain.pick(...)\n\t/srv/shop/main.go:9\nmain.main()\n\t/srv/shop/main.go:5 +0x1d fp=0xc00006cf50 sp=0xc00006cf20 pc=0x45e2bd\nexit status 2\n',
  ],
]

it.each(VERSIONS)('%s: %s', (language, _, older, newer) => {
  const [a, b] = [errorOf(language, older), errorOf(language, newer)]
  expect(a?.frames.length).toBeGreaterThan(1)
  expect(b && fingerprint(b).canonical).toBe(a && fingerprint(a).canonical)
})

describe('the id of an error changes with', () => {
  const raised = printed.filter(({ error }) => error.frames.some((frame) => frame.in_app && frame.function))

  it('its kind, wherever the kind is a class and the language prints it', () => {
    let checked = 0
    for (const { name, error } of printed) {
      const counts = fingerprint(error).canonical.includes('\nkind ')
      if (!counts) continue
      checked++
      expect(idOf({ ...error, kind: 'Acme.SomethingElse' }), name).not.toBe(idOf(error))
    }
    expect(checked).toBeGreaterThan(100)
  })

  it('the kind of its root cause, but in PHP, half of whose log formats print none', () => {
    let checked = 0
    for (const { name, language, error } of printed) {
      const root = error.causes.at(-1)
      if (!root || language === 'php') continue
      checked++
      const causes = [...error.causes.slice(0, -1), { ...root, kind: 'acme.SomethingElse', message: 'else' }]
      expect(idOf({ ...error, causes }), name).not.toBe(idOf(error))
    }
    expect(checked).toBeGreaterThan(25)
  })

  it('the raising function, but in PHP, which goes by file, and for errors that Go wrapped, which go by message', () => {
    let checked = 0
    for (const { name, language, error } of raised) {
      const { parts, canonical } = fingerprint(error)
      const first = parts.find(({ because }) => because.startsWith('F01'))
      if (language === 'php' || first === undefined || !canonical.includes(`\nat ${first.text}`)) continue
      // The frame whose name the first counted one is, under another name.
      const renamed = { ...error, frames: error.frames.map((frame) => elsewhere(frame)) }
      checked++
      expect(idOf(renamed), name).not.toBe(idOf(error))
    }
    expect(checked).toBeGreaterThan(100)
  })
})

/** The same frame, in another function. */
function elsewhere(frame: Frame): Frame {
  return frame.in_app && frame.function
    ? { ...frame, function: `elsewhere_${frame.function.replace(/^.*[.:#>]/, '')}` }
    : frame
}
