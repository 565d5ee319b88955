import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/core/shapes.js'
import { type Fingerprint, type FingerprintInput, fingerprint } from '../../src/fingerprint/fp1.js'

const idOf = (input: FingerprintInput) => fingerprint(input).id

const app = (name: string, file: string, more: Partial<Frame> = {}): Frame => ({
  function: name,
  file,
  line: 10,
  in_app: true,
  ...more,
})
const lib = (name: string, file: string): Frame => ({ function: name, file, line: 5, in_app: false })

/** One error per language, of the shapes their parsers give. */
const errors: { readonly [language: string]: FingerprintInput } = {
  python: {
    language: 'python',
    kind: 'till.Closed',
    message: 'till 3 is closed',
    frames: [
      app('open', '/srv/till/till/desk.py'),
      app('pay', '/srv/till/till/views.py'),
      lib('run', '/usr/lib/python3.11/asyncio/runners.py'),
    ],
    causes: [{ kind: 'OSError', message: 'x', frames: [app('pull', '/srv/till/till/drawer.py')] }],
  },
  ruby: {
    language: 'ruby',
    kind: 'Till::Closed',
    message: 'till 3 is closed',
    frames: [app('open', '/srv/till/lib/desk.rb'), app('pay', '/srv/till/lib/views.rb', { line: 20 })],
    causes: [{ kind: 'IOError', message: 'x', frames: [app('pull', '/srv/till/lib/drawer.rb')] }],
  },
  java: {
    language: 'java',
    kind: 'com.acme.Closed',
    message: 'till 3 is closed',
    frames: [
      app('open', 'Desk.java', { module: 'com.acme.till.Desk' }),
      app('pay', 'Views.java', { module: 'com.acme.till.Views' }),
      { module: 'java.lang.Thread', function: 'run', file: 'Thread.java', line: 1, in_app: false },
    ],
    causes: [
      {
        kind: 'java.io.IOException',
        message: 'x',
        frames: [app('pull', 'Drawer.java', { module: 'com.acme.Drawer' })],
      },
    ],
  },
  nodejs: {
    language: 'nodejs',
    kind: 'TillClosed',
    message: 'till 3 is closed',
    frames: [
      app('Desk.open', '/srv/till/lib/desk.js'),
      app('pay', '/srv/till/lib/views.js'),
      lib('next', '/srv/till/node_modules/express/lib/router/route.js'),
    ],
    causes: [{ kind: 'RangeError', message: 'x', frames: [app('#pull', '/srv/till/lib/drawer.js')] }],
  },
  csharp: {
    language: 'csharp',
    kind: 'Acme.ClosedException',
    message: 'till 3 is closed',
    frames: [app('Acme.Desk.Open(Int32 id)', '/src/Desk.cs'), app('Acme.Views.Pay()', '/src/Views.cs')],
    causes: [{ kind: 'System.IO.IOException', message: 'x', frames: [app('Acme.Drawer.Pull()', '/src/Drawer.cs')] }],
  },
}

const each = (input: FingerprintInput, change: (frame: Frame) => Frame): FingerprintInput => ({
  ...input,
  frames: input.frames.map(change),
  causes: input.causes.map((cause) => ({ ...cause, frames: cause.frames.map(change) })),
})
const path = (from: string, to: string) => (frame: Frame) =>
  frame.file === undefined ? frame : { ...frame, file: frame.file.replace(from, to) }

for (const [language, error] of Object.entries(errors)) {
  describe(`the issue of an error in ${language}`, () => {
    const id = idOf(error)

    it('stays under shifted lines and columns', () => {
      fc.assert(
        fc.property(fc.array(fc.nat(5000), { minLength: 1 }), (shifts) => {
          let i = 0
          const moved = each(error, (frame) => ({
            ...frame,
            line: 1 + i++ * 7000 + (shifts[i % shifts.length] ?? 0),
            column: i,
          }))
          expect(idOf(moved)).toBe(id)
        }),
      )
    })

    it('stays when the program is installed elsewhere', () => {
      for (const to of [
        '/app',
        '/opt/releases/20260101120000/till',
        '/home/me/till-2.14.3',
        '/app/releases/till-2026.11.2',
        'C:/till',
      ]) {
        expect(idOf(each(error, path('/srv/till', to))), to).toBe(id)
      }
    })

    it('stays whatever the message says', () => {
      fc.assert(
        fc.property(fc.string(), (message) => {
          expect(idOf({ ...error, message })).toBe(id)
        }),
      )
    })

    it('stays when the tail of the stack is cut off, or library frames are added below', () => {
      expect(idOf({ ...error, frames: error.frames.slice(0, 2) })).toBe(id)
      const below = Array.from({ length: 200 }, (_, i) => lib(`x${i}`, '/usr/lib/x'))
      expect(idOf({ ...error, frames: [...error.frames, ...below] })).toBe(id)
    })

    it('changes with the kind, the kind of the root cause and the raising function', () => {
      const [first, ...others] = error.frames
      const renamed = { ...first, function: (first?.function ?? '').replace(/open/i, 'Reopen') }
      const root = error.causes.map((cause) => ({ ...cause, kind: 'Acme.Unlike' }))
      const changed = [
        idOf({ ...error, kind: 'Acme.Unlike' }),
        idOf({ ...error, causes: root }),
        idOf({ ...error, causes: [] }),
        idOf({ ...error, frames: [renamed, ...others] }),
      ]
      expect(new Set([id, ...changed]).size).toBe(5)
    })

    it('does not depend on how often a recursion below the raising function went', () => {
      const walk = error.frames[1] as Frame
      const deep = (depth: number) =>
        idOf({ ...error, frames: [error.frames[0] as Frame, ...Array.from({ length: depth }, () => walk)] })
      expect(new Set([1, 2, 50, 900].map(deep)).size).toBe(1)
    })

    it('does not depend on how often the raising function called itself, nor on whether its callers are printed', () => {
      const walk = error.frames[0] as Frame
      const deep = (depth: number, below: readonly Frame[]) =>
        idOf({ ...error, frames: [...Array.from({ length: depth }, () => walk), ...below] })
      expect(new Set([deep(2, error.frames), deep(9, error.frames), deep(10, [])]).size).toBe(1)
    })
  })
}

describe('frames that never count', () => {
  for (const [language, glue] of [
    ['java', { module: 'com.sun.proxy.$Proxy87', function: 'open' }],
    ['java', { module: 'com.acme.till.Desk$$SpringCGLIB$$0', function: 'open' }],
    ['java', { module: 'com.acme.till.Desk$$Lambda$14/0x0000000800c8d440', function: 'apply' }],
    ['java', { module: 'jdk.internal.reflect.GeneratedMethodAccessor42', function: 'invoke' }],
    ['java', { module: 'com.acme.till.Desk', function: 'access$000' }],
    ['java', { module: 'datadog.trace.Agent', function: 'wrap' }],
    ['python', { file: '/opt/agent/ddtrace/tracer.py', function: 'wrapper' }],
    ['python', { file: '/srv/till/till/desk.py', function: '<listcomp>' }],
    ['nodejs', { file: 'node:internal/process/task_queues', function: 'process.processTicksAndRejections' }],
    ['nodejs', { function: 'Promise.all' }],
    ['ruby', { file: '/srv/till/lib/desk.rb', function: 'Kernel#public_send', line: 3 }],
    ['csharp', { function: 'System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw()' }],
  ] as const) {
    it(`${language}: ${'module' in glue ? glue.module : (glue.function ?? '')}`, () => {
      const error = errors[language] as FingerprintInput
      for (const in_app of [true, false]) {
        const frame: Frame = { ...glue, in_app }
        expect(idOf({ ...error, frames: [frame, ...error.frames] })).toBe(idOf(error))
        expect(idOf({ ...error, frames: [...error.frames.slice(0, 1), frame, ...error.frames.slice(1)] })).toBe(
          idOf(error),
        )
      }
    })
  }
})

describe('names of one function', () => {
  for (const [language, names] of [
    ['java', ['open', 'lambda$open$0', 'lambda$open$17', 'open$lambda$3', '$anonfun$open$1']],
    [
      'ruby',
      [
        'open',
        'block in open',
        'block (2 levels) in open',
        'rescue in open',
        'Till::Desk#open',
        'Till::Desk.open',
        "open'",
      ],
    ],
    ['nodejs', ['open', 'Desk.open', 'Function.open', 'Object.open [as run]', 'new open', 'async open']],
    [
      'csharp',
      [
        'Acme.Desk.Open(String id)',
        'Acme.Desk.<Open>d__3.MoveNext()',
        'Acme.Desk.<>c__DisplayClass5_0.<Open>b__1(Int32 n)',
        'Acme.Desk.Open[T](T id)',
        'Acme.Desk+<Open>c__async0.MoveNext ()',
        'Acme.Desk.<Open>m__2 (System.String s)',
      ],
    ],
    [
      'go',
      [
        'x/till.Open.func1',
        'x/till.Open.func12',
        'x/till.Open.func2.3',
        'x/till.Open.func1.gowrap1',
        'x/till/v2.Open.func4',
      ],
    ],
    [
      'go',
      [
        'x/till.(*Ring[...]).at',
        'x/till.(*Ring[int]).at',
        'x/till.(*Ring).at(0xc000012345, 0x3)',
        'vendor.example/vendor/x/till.(*Ring).at',
      ],
    ],
    ['rust', ['till::open', 'till::open::h0123456789abcdef', 'till::open::{{closure}}']],
    ['elixir', ['Till.open/2', 'Elixir.Till.open/2', 'anonymous fn/1 in Till.open/2']],
  ] as const) {
    it(`${language}: ${names[0]}`, () => {
      const ids = names.map((name) => {
        const frame = language === 'java' ? app(name, 'Desk.java', { module: 'a.Desk' }) : app(name, '/srv/desk.x')
        return idOf({ language, kind: 'Some.Kind', frames: [frame], causes: [] })
      })
      expect(ids).toEqual(ids.map(() => ids[0]))
    })
  }
})

it('names a file by what does not change when it moves', () => {
  for (const [a, b] of [
    ['/srv/till/lib/desk.js', '/app/dist/lib/desk.3f2a1b9c.js'],
    ['/x/node_modules/pg/lib/client.js', '/y/node_modules/.pnpm/pg@8.1.0/node_modules/pg/lib/client.js'],
    ['/x/gems/rack-3.0.8/lib/rack/head.rb', '/y/gems/rack-3.1.0/lib/rack/head.rb'],
    ['/x/src/orders/index.js', '/app/src/orders/index.js'],
  ] as const) {
    const of = (file: string) => idOf({ language: 'nodejs', kind: 'E', frames: [app('f', file)], causes: [] })
    expect(of(a), b).toBe(of(b))
  }
  const of = (file: string) => idOf({ language: 'nodejs', kind: 'E', frames: [app('POST', file)], causes: [] })
  expect(of('/srv/app/api/orders/route.js')).not.toBe(of('/srv/app/api/users/route.js'))
})

it('counts the library function that the raising function called', () => {
  const of = (name: string) =>
    idOf({
      language: 'csharp',
      kind: 'E',
      frames: [{ function: name, in_app: false }, app('Acme.Desk.Open()', '')],
      causes: [],
    })
  expect(of('System.Threading.Tasks.Task.WaitAll()')).not.toBe(of('System.Threading.Tasks.Parallel.For()'))
})

it('takes the functions of a loop that ran over, wherever it did', () => {
  const walk = (start: number) =>
    idOf({
      language: 'java',
      kind: 'java.lang.StackOverflowError',
      frames: Array.from({ length: 60 }, (_, i) => app((i + start) % 2 ? 'down' : 'up', 'T.java', { module: 'a.T' })),
      causes: [],
    })
  expect(walk(0)).toBe(walk(1))
})

it('goes by the message where the kind says nothing', () => {
  const of = (kind: string, message: string) => idOf({ language: 'rust', kind, message, frames: [], causes: [] })
  expect(of('panic', 'no drawer 3')).toBe(of('panic', 'no drawer 12'))
  expect(of('panic', 'no drawer 3')).not.toBe(of('panic', 'no paper'))
})

describe('an error of Go', () => {
  const frames = [app('x/till.Open', '/srv/till.go'), app('x/till.Pay', '/srv/pay.go')]
  const of = (message: string, more: Partial<FingerprintInput> = {}) =>
    idOf({ language: 'go', message, frames: [], causes: [], ...more })

  it('goes by its message, which wraps outside in, whatever else the logger prints', () => {
    const id = of('pay 7: open: no paper')
    expect(of('pay 31: open: no paper', { kind: '*errors.errorString' })).toBe(id)
    expect(of('pay 7: open: no paper', { kind: '*errors.withStack', frames, handled: true })).toBe(id)
    expect(of('pay 7: open: no ink')).not.toBe(id)
    expect(of('refund 7: open: no paper')).not.toBe(id)
  })
  it('goes by its frames too where the message is too terse to say where it is from', () => {
    expect(of('token expired', { frames })).not.toBe(of('token expired', { frames: frames.slice(1) }))
    expect(of('open: token expired', { frames })).toBe(of('open: token expired', { frames: frames.slice(1) }))
  })
  it.each([
    ['dies of it', { handled: false }, 'pay 7: open: no paper'],
    ['says so by its kind', { kind: 'runtime.boundsError' }, 'pay 7: open: no paper'],
    ['says so in words', {}, 'runtime error: index out of range [7] with length 2'],
  ])('is a panic, and goes by its frames, where the runtime %s', (_, more, message) => {
    expect(of(message, { ...more, frames })).not.toBe(of(message, { ...more, frames: frames.slice(1) }))
  })
  it('is a panic where the stack leads to one, below what caught it', () => {
    const panic: Frame = { function: 'runtime.gopanic', file: '/usr/lib/go/src/runtime/panic.go', in_app: false }
    const serve: Frame = {
      function: 'net/http.(*conn).serve.func1',
      file: '/usr/lib/go/src/net/http/server.go',
      in_app: false,
    }
    const caught = (...caller: Frame[]) => of('pay 7: open: no paper', { frames: [serve, panic, ...caller] })
    expect(caught(...frames)).not.toBe(caught(...frames.slice(1)))
    expect(caught(...frames)).toBe(of('pay 7: open: no paper', { frames: [panic, ...frames] }))
  })
})

describe('root causes that some loggers print and others do not', () => {
  const caused = (language: string, ...causes: FingerprintInput['causes']) =>
    idOf({ ...errors[language], frames: errors[language]?.frames ?? [], causes })
  for (const [language, plain, told] of [
    ['nodejs', 'Error', 'RangeError'],
    ['ruby', 'RuntimeError', 'IOError'],
  ] as const) {
    it(`${language}: ${plain} says nothing, ${told} does`, () => {
      const frames = [lib('read', '/usr/lib/net')]
      expect(caused(language, { kind: plain, message: 'x', frames })).toBe(caused(language))
      expect(caused(language, { kind: told, message: 'x', frames })).not.toBe(caused(language))
    })
  }
  it('go by the raising function even where the kind says nothing', () => {
    const raised = (name: string) => caused('nodejs', { kind: 'Error', frames: [app(name, '/srv/till/lib/drawer.js')] })
    expect(raised('pull')).not.toBe(raised('push'))
  })
  it('end where the chain comes round to the error itself', () => {
    const io = { kind: 'java.io.IOException', message: 'x', frames: [] }
    const itself = { kind: 'com.acme.Closed', message: 'till 3 is closed', frames: [] }
    expect(caused('java', io, itself)).toBe(caused('java', io))
    expect(caused('java', io, { ...itself, message: 'till 4 is closed' })).not.toBe(caused('java', io))
  })
})

describe('what a future carries', () => {
  const future = (name: string) => ({ module: 'java.util.concurrent.CompletableFuture', function: name, in_app: false })
  const carried = (frames: readonly Frame[], raising = 'share') =>
    idOf({
      language: 'java',
      kind: 'java.util.concurrent.CompletionException',
      frames,
      causes: [
        {
          kind: 'java.lang.ArithmeticException',
          frames: [app(raising, 'Till.java', { module: 'a.Till' }), ...frames.slice(1)],
        },
      ],
    })
  const caller = app('later', 'Desk.java', { module: 'a.Desk' })

  it('is the same whichever thread completed the future', () => {
    const early = carried([future('encodeThrowable'), future('uniApplyNow'), caller])
    expect(carried([future('encodeThrowable'), future('postComplete'), future('run')])).toBe(early)
    expect(carried([future('encodeThrowable'), future('uniApplyNow'), caller], 'split')).not.toBe(early)
  })
  it('does not hide the function that raised the carrier itself', () => {
    const raised = (name: string) => carried([app(name, 'Desk.java', { module: 'a.Desk' }), future('run')])
    expect(raised('open')).not.toBe(raised('close'))
  })
})

it('tells a plain error of Node.js without any message from those with one, and only there', () => {
  const of = (kind: string, message?: string) =>
    idOf({
      language: 'nodejs',
      kind,
      ...(message === undefined ? {} : { message }),
      frames: [app('f', '/srv/desk.js')],
      causes: [],
    })
  expect(of('Error', 'till 3 is locked')).toBe(of('Error', 'no paper'))
  expect(of('Error')).not.toBe(of('Error', 'no paper'))
  expect(of('Error')).toBe(of('Error', ' '))
  expect(of('TillClosed')).toBe(of('TillClosed', 'no paper'))
})

it('says of every part why it counts or does not', () => {
  const { parts, canonical }: Fingerprint = fingerprint(errors.java as FingerprintInput)
  expect(parts.map(({ text, counts, because }) => [text, counts, because.slice(0, 3)])).toEqual([
    ['com.acme.Closed', true, 'K01'],
    ['java.io.IOException', true, 'K03'],
    ['com.acme.till.Desk.open', true, 'F01'],
    ['com.acme.till.Views.pay', true, 'F01'],
    ['java.lang.Thread.run', false, 'G05'],
    ['com.acme.Drawer.pull', true, 'F05'],
    ['till <num> is closed', false, 'M04'],
  ])
  for (const { text, counts } of parts) expect(canonical.includes(text)).toBe(counts)
})

it('says of the causes too what does not count', () => {
  const frames = [
    app('pull', 'Drawer.java', { module: 'com.acme.Drawer' }),
    app('run', 'Main.java', { module: 'com.acme.Main' }),
  ]
  const between = { kind: 'com.acme.Between', frames }
  const root = {
    kind: 'java.io.IOException',
    frames: [app('read', 'Tape.java', { module: 'com.acme.Tape' }), ...frames],
  }
  const { parts } = fingerprint({ ...(errors.java as FingerprintInput), causes: [between, root] })
  expect(
    parts.filter(({ because }) => /^(?:K06|F05|F10)/.test(because)).map(({ text, counts }) => [text, counts]),
  ).toEqual([
    ['com.acme.Tape.read', true],
    ['com.acme.Between', false],
    ['com.acme.Drawer.pull', false],
    ['com.acme.Main.run', false],
  ])
})

it('takes any input, gives the same answer twice, and answers soon', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('', '<', '$$Lambda', '{closure', 'a.b.c', '[as', '\0', '((((', '::', 'eval at ('),
  )
  const frame = fc.record(
    { function: text, file: text, module: text, in_app: fc.boolean(), line: fc.integer() },
    { requiredKeys: [] },
  )
  const frames = fc.array(frame, { maxLength: 8 })
  const language = fc.constantFrom(
    'python',
    'ruby',
    'java',
    'nodejs',
    'php',
    'go',
    'csharp',
    'rust',
    'elixir',
    'dart',
    'perl',
    'x',
    '__proto__',
  )
  fc.assert(
    fc.property(language, text, text, frames, frames, (language, kind, message, frames, inner) => {
      const input = { language, kind, message, frames, causes: [{ kind: message, frames: inner }] }
      expect(fingerprint(input)).toEqual(fingerprint(structuredClone(input)))
    }),
    { numRuns: 1000 },
  )
  for (const unit of ['a', 'a.', '<>', '$', '(', 'A1', '->', '\\', '/', '[', "'"]) {
    const long = unit.repeat(100_000)
    const started = performance.now()
    for (const language of ['java', 'csharp', 'php', 'go', 'nodejs']) {
      fingerprint({
        language,
        kind: long,
        message: long,
        frames: [{ function: long, file: long, module: long }],
        causes: [],
      })
    }
    expect(performance.now() - started, unit).toBeLessThan(2000)
  }
})
