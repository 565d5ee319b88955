import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson5 } from '../../src/config/json5.js'
import { renderProblem } from '../../src/core/problem.js'
import type { ErrorRecord } from '../../src/core/shapes.js'
import { MAX_FINGERPRINT, parsePlaceholders, renderPlaceholders } from '../../src/fingerprint/placeholders.js'
import { FingerprintRules, fingerprintSettings } from '../../src/fingerprint/rules.js'
import { compileQuery } from '../../src/remap/query/query.js'

const RECORD: ErrorRecord = {
  id: '97b143d8c833cdb5e63387e425eda459',
  timestamp: '2026-11-20T10:15:32.123Z',
  status: 'critical',
  message: 'could not place order 17',
  service: 'shop',
  source: 'java',
  host: 'web-1',
  env: 'prod',
  version: '1.4.2',
  tags: ['team:Checkout', 'zone:b'],
  error: {
    kind: 'com.acme.OrderFailed',
    message: 'no stock',
    pre_fingerprint: 'fp1:77cb10e2656aa7f383d97f37',
    frames: [
      { function: 'place', module: 'com.acme.db.Orders', file: 'Orders.java', line: 41, in_app: true },
      { function: 'run', module: 'java.lang.Thread', file: 'Thread.java', in_app: false },
    ],
    causes: [{ kind: 'java.sql.SQLTimeoutException', frames: [{ function: 'read', module: 'org.h2.Driver' }] }],
    handled: true,
  },
  logger: { name: 'com.acme.Shop' },
  attributes: { order: { id: 17, lines: [1, 2] }, 'http.route': '/orders/{id}', error: { code: 'E7' }, empty: null },
  log: { file: { path: '/var/log/shop/app.log', offset: 5120 } },
}

/** The rules of a text, as a config has them below `fingerprint`. */
function compile(rules: string) {
  const { value, placeOf } = parseJson5(`{\n  fingerprint: { rules: ${rules} },\n}`, 'errand.json5')
  const parsed = fingerprintSettings.parse((value as { fingerprint: unknown }).fingerprint)
  return FingerprintRules.compile(parsed, placeOf, compileQuery)
}

const matchOf = (match: string) => compile(`[{ match: ${match}, fingerprint: 'mine' }]`).rules?.match(RECORD)

describe('a rule matches', () => {
  for (const [match, expected] of [
    // By the record as it is shipped.
    [`{ query: '@error.kind:com.acme.OrderFailed' }`, true],
    [`{ query: '@error.kind:*Failed service:shop' }`, true],
    [`{ query: '@error.kind:*Failed service:jobs' }`, false],
    [`{ query: 'status:(critical OR alert)' }`, true],
    [`{ query: 'source:java host:web-1' }`, true],
    [`{ query: 'env:prod version:1.4.*' }`, true],
    [`{ query: 'env:test' }`, false],
    [`{ query: 'team:checkout' }`, true],
    [`{ query: 'place order' }`, true],
    [`{ query: '@order.id:[10 TO 20]' }`, true],
    [`{ query: '@http.route:"/orders/{id}"' }`, true],
    [`{ query: '@error.code:E7' }`, true],
    [`{ query: '@error.handled:true' }`, true],
    [`{ query: '@error.causes.kind:*SQLTimeoutException' }`, true],
    [`{ query: '@error.causes.frames.module:org.h2.*' }`, true],
    [`{ query: '@logger.name:com.acme.*' }`, true],
    [`{ query: '@log.file.path:/var/log/shop/*' }`, true],
    [`{ query: '-@error.kind:*Failed' }`, false],
    [`{ query: '*' }`, true],
    // By its frames.
    [`{ frames: ['com.acme.db'] }`, true],
    [`{ frames: ['net.other', 'Thread.java'] }`, true],
    [`{ frames: ['com.acme.web'] }`, false],
    [`{ frames: ['org.h2'] }`, false],
    // By both.
    [`{ query: 'service:shop', frames: ['com.acme.db'] }`, true],
    [`{ query: 'service:jobs', frames: ['com.acme.db'] }`, false],
    [`{ query: 'service:shop', frames: ['com.acme.web'] }`, false],
  ] as const)
    it(`${match}: ${expected ? 'yes' : 'no'}`, () => expect(matchOf(match) !== undefined).toBe(expected))

  it('and says what of it did, and where it stands', () => {
    const { rules } = compile(`[
    { match: { query: 'service:jobs' }, fingerprint: 'a' },
    { match: { query: 'service:shop', frames: ['x', 'com.acme.db'] }, fingerprint: 'b' },
  ]`)
    expect(rules?.match(RECORD)).toEqual({
      index: 1,
      place: { file: 'errand.json5', line: 4, column: 5 },
      because: 'query "service:shop", a frame matches "com.acme.db"',
      fingerprint: 'b',
    })
  })

  it('before the ones behind it', () => {
    const { rules } = compile(`[
      { match: { query: 'service:shop' }, fingerprint: 'first' },
      { match: { query: 'status:critical' }, fingerprint: 'second' },
    ]`)
    expect(rules?.match(RECORD)).toMatchObject({ index: 0, fingerprint: 'first' })
    expect(rules?.match({ ...RECORD, service: 'jobs' })).toMatchObject({ index: 1, fingerprint: 'second' })
    expect(rules?.match({ ...RECORD, service: 'jobs', status: 'error' })).toBeUndefined()
  })

  it('without a fingerprint when nothing comes of its text', () => {
    const { rules } = compile(`[{ match: { query: '*' }, fingerprint: '{{ tenant }} ' }]`)
    expect(rules?.match(RECORD)).not.toHaveProperty('fingerprint')
    expect(rules?.match(RECORD)).toMatchObject({ index: 0 })
  })

  it('or is not there', () => {
    expect(compile('[]').rules).toBeUndefined()
    expect(FingerprintRules.compile(fingerprintSettings.parse({}), () => ({ file: 'x' }), compileQuery)).toEqual({
      problems: [],
    })
  })
})

describe('the fingerprint of a rule', () => {
  for (const [text, expected] of [
    ['database is down', 'database is down'],
    ['{{ default }}', 'fp1:77cb10e2656aa7f383d97f37'],
    ['{{default}} in {{ service }}', 'fp1:77cb10e2656aa7f383d97f37 in shop'],
    ['{{ error.kind }}/{{ error.message }}', 'com.acme.OrderFailed/no stock'],
    ['{{ env }} {{ version }} {{ host }} {{ source }} {{ status }}', 'prod 1.4.2 web-1 java critical'],
    ['{{ logger.name }}', 'com.acme.Shop'],
    ['{{ order.id }}', '17'],
    ['{{ @order.id }}', '17'],
    ['{{ attributes.order.id }}', '17'],
    ['{{ order.lines }}', '[1,2]'],
    ['{{ order }}', '{"id":17,"lines":[1,2]}'],
    ['{{ http.route }}', '/orders/{id}'],
    ['{{ error.code }}', 'E7'],
    ['{{ error.handled }}', 'true'],
    ['{{ error.causes.0.kind }}', 'java.sql.SQLTimeoutException'],
    ['{{ error.frames.0.module }}', 'com.acme.db.Orders'],
    ['{{ team }} of {{ nobody }}', 'Checkout of '],
    ['{{ empty }}x{{ order.id.deeper }}', 'x'],
    ['}} { single } }}', '}} { single } }}'],
    ['{{ nobody }}', undefined],
    ['  {{ toString }}\n', undefined],
  ] as const)
    it(`${text} is ${expected}`, () => expect(renderPlaceholders(parsed(text), RECORD)).toBe(expected))

  it('has at most 256 characters, and no half of one', () => {
    const record = (message: string): ErrorRecord => ({ ...RECORD, error: { ...RECORD.error, message } })
    const text = (message: string) => renderPlaceholders(parsed('{{ error.message }}'), record(message))
    expect(text('x'.repeat(1000))).toBe('x'.repeat(256))
    expect(text('x'.repeat(256))).toBe('x'.repeat(256))
    expect(text(`${'x'.repeat(255)}\u{1f600}`)).toBe('x'.repeat(255))
  })

  it('is found for any text, or the text has a problem', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('{{', '}}', ' default ', 'error.kind', '@', 'order.id', '{'))
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          const placeholders = parsePlaceholders(text)
          if (typeof placeholders === 'string') return
          const rendered = renderPlaceholders(placeholders, RECORD)
          expect(rendered ?? 'x').toHaveLength(Math.min(rendered?.length ?? 1, MAX_FINGERPRINT))
          if (!text.includes('{{'))
            expect(rendered ?? '').toBe(text.trim() === '' ? '' : text.slice(0, MAX_FINGERPRINT))
        },
      ),
    )
  })
})

describe('problems of rules', () => {
  for (const [text, what] of [
    ['{{ error.kind', 'has a "{{" that nothing closes. Write it as {{ error.kind }}.'],
    ['{{ }}', 'has {{ }}, which names nothing. Write {{ default }},'],
    ['x {{ a b }}', 'has {{ a b }}, which names nothing.'],
    ['{{ {{ default }} }}', 'has {{ {{ default }}, which names nothing.'],
  ] as const)
    it(`${text} ${what}`, () => expect(parsePlaceholders(text)).toContain(what))

  const problemsOf = (rules: string) => compile(rules).problems.map(renderProblem)

  it('a query that cannot be read', () => {
    expect(problemsOf(`[{ match: { query: '(a OR' }, fingerprint: 'x' }]`)).toEqual([
      'errand.json5:2:44  A term is missing. Write one, or remove the operator or colon before it.',
    ])
  })

  it('a rule behind one that matches everything', () => {
    const all = `{ match: { query: '*' }, fingerprint: 'all' }`
    expect(problemsOf(`[${all}, { match: { frames: ['a'] }, fingerprint: 'x' }]`)).toEqual([
      'errand.json5:2:73  warning: no error comes to fingerprint.rules[1], since fingerprint.rules[0] matches all. Put it before fingerprint.rules[0], or take it out.',
    ])
    expect(problemsOf(`[{ match: { query: '*', frames: ['a'] }, fingerprint: 'x' }, ${all}]`)).toEqual([])
  })

  it('a name that is nearly a field', () => {
    for (const [name, meant] of [
      ['defualt', 'default'],
      ['kind', 'error.kind'],
      ['error.knd', 'error.kind'],
      ['servise', 'service'],
    ])
      expect(problemsOf(`[{ match: { query: 'a' }, fingerprint: 'x {{ ${name} }}' }]`)).toEqual([
        `errand.json5:2:64  warning: {{ ${name} }} is no field of a record; it is looked for in attributes and tags. Did you mean {{ ${meant} }}?`,
      ])
    expect(problemsOf(`[{ match: { query: 'a' }, fingerprint: '{{ tenant }} {{ order.id }} {{ message }}' }]`)).toEqual(
      [],
    )
  })
})

function parsed(text: string) {
  const placeholders = parsePlaceholders(text)
  if (typeof placeholders === 'string') throw new Error(`${text} ${placeholders}`)
  return placeholders
}
