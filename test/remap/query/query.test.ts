import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileQuery, type QueryRecord } from '../../../src/remap/query/query.js'
import { processorMs } from '../../processor.js'

const record: QueryRecord = {
  message: 'Hello, world! Failed to bind port-80 (EADDRINUSE)',
  source: 'nginx',
  service: 'Shop',
  host: 'web-1',
  status: 'error',
  tags: ['env:prod', 'team:shop', 'solo'],
  attributes: {
    http: { status_code: 404, url: '/a/b?c=d', method: 'GET', 'user-agent': 'curl' },
    code: '1500',
    level: 'W',
    star: '*',
    hash: '#',
    empty: '',
    zero: 0,
    ok: true,
    text: 'hello (big) world',
    list: ['red', 'green', 7],
    items: [{ name: 'x' }, { name: 'y', deep: [{ n: 3 }] }],
    'flat.key': 'v',
    none: null,
    error: { stack: 'Traceback\n  at x' },
  },
}

function matches(query: string, of: QueryRecord = record): boolean {
  const compiled = compileQuery(query)
  if ('problem' in compiled) throw new Error(`${query}: ${compiled.problem.what}`)
  return compiled.matches(of)
}

describe('queries', () => {
  for (const [query, expected] of [
    ['', true],
    ['  ', true],
    ['*', true],
    ['http.status_code:404', true],
    ['http.method:(PUT OR GET)', true],
    ['http.missing:404', false],
    ['method:GET', false],
    ['*:*', true],
    // attributes
    ['@http.status_code:404', true],
    ['@http.status_code:404.0', true],
    ['@http.status_code:"404"', true],
    ['@http.status_code:40', false],
    ['@http.method:GET', true],
    ['@http.method:get', false],
    ['@http.user-agent:curl', true],
    ['@http.nope:GET', false],
    ['@ok:true', true],
    ['@code:1500', true],
    ['@zero:0', true],
    ['@empty:""', true],
    ['@flat.key:v', true],
    // existence
    ['@http:*', true],
    ['@none:*', false],
    ['@zero:*', true],
    ['@http.nope:*', false],
    ['-@http.nope:*', true],
    ['_exists_:http.method', true],
    ['_missing_:http.method', false],
    ['_exists_:env', true],
    // ranges and comparisons
    ['@http.status_code:[400 TO 499]', true],
    ['@http.status_code:[404 TO 404]', true],
    ['@http.status_code:{404 TO 499]', false],
    ['@http.status_code:[400 TO 404}', false],
    ['@http.status_code:{403 TO 405}', true],
    ['@http.status_code:[* TO 404]', true],
    ['@http.status_code:[405 TO *]', false],
    ['@http.status_code:>=404', true],
    ['@http.status_code:>404', false],
    ['@http.status_code:<=404', true],
    ['@http.status_code:< 405', true],
    ['@code:>=900', true],
    ['@code:[900 TO 2000]', true],
    ['@level:[A TO Z]', true],
    ['@level:>5', false],
    ['@list:>6', true],
    // wildcards
    ['@http.url:\\/a*', true],
    ['@http.url:/a/?*=d', true],
    ['@http.url:*b*c*', true],
    ['@http.url:*x*', false],
    ['@http.url:/?/b*', true],
    ['@http.status_code:4*', true],
    ['@http.status_code:4??', true],
    ['@error.stack:Trace*x', true],
    ['@star:"*"', true],
    ['@level:"*"', false],
    ['@level:\\*', false],
    ['@star:\\*', true],
    // quotes, escapes, blanks
    ['@text:"hello (big) world"', true],
    ['@text:hello\\ \\(big\\)\\ world', true],
    ['@text:hello*(big)*', true],
    ['@hash: "#"', true],
    ['@hash:  #', true],
    ['@text:"say \\"x\\""', false],
    // groups
    ['@level:(W OR w)', true],
    ['@level:(X OR Y)', false],
    ['@level:(NOT X)', true],
    ['@level:(-W)', false],
    ['@http.status_code:([200 TO 299] OR >=400)', true],
    ['@list:(red AND green)', true],
    // lists
    ['@list:green', true],
    ['@list:7', true],
    ['@list:blue', false],
    ['@items.name:y', true],
    ['@items.deep.n:3', true],
    // operators
    ['@level:W @ok:true', true],
    ['@level:W AND @ok:false', false],
    ['@level:W && @ok:true', true],
    ['@level:X OR @ok:true', true],
    ['@level:X || @level:Y', false],
    ['@level:X OR @level:W AND @ok:false', false],
    ['(@level:X OR @level:W) AND @ok:true', true],
    ['(@level:X OR @level:W)(@ok:true)', true],
    ['-@level:X', true],
    ['NOT @level:W', false],
    ['!@level:X', true],
    ['NOT (@level:X OR @level:Y) AND -(@ok:false)', true],
    ['--@level:W', true],
    // reserved and tags
    ['source:nginx', true],
    ['source:NGINX', true],
    ['source:(apache OR nginx)', true],
    ['source:ng*', true],
    ['service:shop', true],
    ['host:web-?', true],
    ['status:error', true],
    ['status:(warn OR info)', false],
    ['env:prod', true],
    ['env:PROD', true],
    ['env:pr*', true],
    ['env:dev', false],
    ['team:*', true],
    ['nope:*', false],
    ['tags:solo', true],
    ['tags:"env:prod"', true],
    // the message
    ['hello', true],
    ['"hello world"', true],
    ['hello world', true],
    ['hello mars', false],
    ['worl', false],
    ['worl*', true],
    ['*INUSE', true],
    ['*drinus*', true],
    ['p?rt', true],
    ['failed*bind', false],
    ['"failed to bind"', true],
    ['"bind to"', false],
    ['port-80', true],
    ['"!"', true],
    ['message:hello', true],
    ['message:"no such"', false],
    ['*:curl', true],
    ['*:nothing', false],
    ['ANDROID OR ORANGE', false],
  ] as const)
    it(`${query || '(empty)'} is ${expected}`, () => expect(matches(query)).toBe(expected))

  it('match nothing where the record has no such field', () => {
    const bare: QueryRecord = { message: '', source: 's', tags: [], attributes: {} }
    expect(matches('service:*', bare)).toBe(false)
    expect(matches('service:x', bare)).toBe(false)
    expect(matches('-service:x', bare)).toBe(true)
    expect(matches('@constructor:*', bare)).toBe(false)
    expect(matches('@__proto__.x:*', bare)).toBe(false)
  })
})

describe('problems of queries', () => {
  for (const [query, at, what] of [
    ['(@a:b', 0, /"\(" is not closed/],
    ['@a:b)', 4, /closes nothing/],
    ['@a:"b', 3, /quote is not closed/],
    ['@a:', 3, /term is missing/],
    ['@a:b OR', 7, /term is missing/],
    ['OR @a:b', 0, /nothing to its left/],
    ['@a:b AND OR @c:d', 9, /nothing to its left/],
    ['@a:[1 TO 2', 3, /range is not closed/],
    ['@a:[1 TO ]', 3, /lacks one of its ends/],
    ['@a:>', 3, /not followed by a value/],
    ['@:x', 0, /no attribute/],
    ['NOT', 3, /term is missing/],
    ['CIDR(@a,10.0.0.0/8)', 0, /CIDR/],
    ['('.repeat(5000), 100, /nests too deeply/],
  ] as const)
    it(`are named in ${query.slice(0, 20)}`, () => {
      const compiled = compileQuery(query)
      expect('problem' in compiled && compiled.problem.what).toMatch(what)
      expect('problem' in compiled && compiled.problem.mend).toBeTruthy()
      expect('problem' in compiled && compiled.problem.at).toBe(at)
    })
})

describe('on any input', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '@a:',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '"',
      '\\',
      '*',
      '?',
      '-',
      '!',
      '>',
      '<=',
      ' ',
      ' OR ',
      ' AND ',
      ' NOT ',
      ' TO ',
      ':',
      'x',
      '1',
    ),
    fc.string({ maxLength: 4 }),
  )
  const query = fc.array(piece, { maxLength: 15 }).map((pieces) => pieces.join(''))

  it('throws on no query and no record', () => {
    fc.assert(
      fc.property(query, fc.jsonValue(), fc.string(), (text, value, message) => {
        const compiled = compileQuery(text)
        if ('problem' in compiled) {
          expect(compiled.problem.at).toBeLessThanOrEqual(text.length)
          return
        }
        const attributes = { a: value } as QueryRecord['attributes']
        expect(typeof compiled.matches({ ...record, message, attributes })).toBe('boolean')
      }),
      { numRuns: 2000 },
    )
  })

  it('says the opposite of a term with a minus before it', () => {
    fc.assert(
      fc.property(query, fc.string(), (text, message) => {
        // `.)(` would make two terms of the one.
        fc.pre(!('problem' in compileQuery(text)))
        const plain = compileQuery(`(${text} x)`)
        const negated = compileQuery(`-(${text} x)`)
        expect('problem' in plain).toBe('problem' in negated)
        if ('problem' in plain || 'problem' in negated) return
        expect(negated.matches({ ...record, message })).toBe(!plain.matches({ ...record, message }))
      }),
    )
  })

  it('takes time in proportion to the message and the value', () => {
    const long = { ...record, message: 'ab'.repeat(50_000), attributes: { a: 'ab'.repeat(50_000) } }
    const started = processorMs()
    expect(matches('@a:*a*b*a*b*a*c', long)).toBe(false)
    expect(matches('*a*b*c', long)).toBe(false)
    expect(processorMs() - started).toBeLessThan(3000)
  })
})
