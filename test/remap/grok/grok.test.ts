import v8 from 'node:v8'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileGrok } from '../../../src/remap/grok/grok.js'
import { processorMs } from '../../processor.js'

// As the agent does: random patterns backtrack without end otherwise.
v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')

const now = () => Date.UTC(2026, 10, 20, 12)

/** Attributes of `text` by one rule, or undefined when the rule does not match. Fails on any problem. */
function parse(pattern: string, text: string, supportRules = '') {
  const { grok, problems } = compileGrok(`rule ${pattern}`, supportRules, { now })
  expect(problems).toEqual([])
  return grok.parse(text)?.attributes
}

describe('matching', () => {
  it('takes the first rule that matches the whole text', () => {
    const { grok } = compileGrok('one %{word:a}\ntwo %{word:b} %{word:c}\nthree %{data:d}', '', { now })
    expect(grok.ruleNames).toEqual(['one', 'two', 'three'])
    expect(grok.parse('x')).toEqual({ rule: 'one', attributes: { a: 'x' } })
    expect(grok.parse('x y')).toEqual({ rule: 'two', attributes: { b: 'x', c: 'y' } })
    expect(grok.parse('x y!')).toEqual({ rule: 'three', attributes: { d: 'x y!' } })
  })

  it('leaves out comments and blank lines, and keeps the blank at the end of a helper', () => {
    const { grok, problems } = compileGrok('# first\n\n  rule %{head}%{word:b}\r\n', '# helpers\nhead %{word:a}: ', {
      now,
    })
    expect(problems).toEqual([])
    expect(grok.parse('x: y')?.attributes).toEqual({ a: 'x', b: 'y' })
  })

  for (const [name, pattern, text, attributes] of [
    ['lets "." and data span lines', 'a %{data:x} b', 'a 1\n2 b', { x: '1\n2' }],
    ['ends a text only at its end', '%{word:x}', 'a\n', undefined],
    ['matches a line end written as \\n', '%{data:a}\\n%{data:b}', 'x\ny', { a: 'x', b: 'y' }],
    ['keeps a dot off line ends under (?-s)', '(?-s).*%{word:x}', 'a\nb', undefined],
    ['takes (?s) again after (?-s)', '(?-s)%{word:a}.(?s).%{word:b}', 'a-\nb', { a: 'a', b: 'b' }],
    ['lets an optional part be missing', '%{word:a}( %{integer:n})?', 'x', { a: 'x' }],
    ['takes the branch of an alternation that matches', '(%{integer:n}|%{word:w}) on', 'abc on', { w: 'abc' }],
    ['sets nothing for an empty capture', 'a=%{data:a} b=%{data:b}', 'a= b=2', { b: '2' }],
    ['sets nothing without a name', '%{integer:} %{word} %{word:w}', '1 a b', { w: 'b' }],
    ['makes a list of a name that comes twice', '%{word:a} %{word:a} %{integer:a}', 'x y 3', { a: ['x', 'y', 3] }],
    ['nests names at dots', '%{word:a.b.c} %{word:a.d}', 'x y', { a: { b: { c: 'x' }, d: 'y' } }],
    ['takes quoted names', '%{data:a["two words"]["x.y"]}', 'v', { a: { 'two words': { 'x.y': 'v' } } }],
    ['takes odd characters in names', '%{data:@parent.$child-1}', 'v', { '@parent': { '$child-1': 'v' } }],
    ['reads named groups', '(?<level>[A-Z])(?P<n>\\d)', 'E1', { level: 'E', n: '1' }],
    ['lets an atomic group give back', '(?>a|ab)c%{data:x}', 'abcd', { x: 'd' }],
    ['lets a possessive quantifier give back', 'a++ab?+%{data:x}', 'aaac', { x: 'c' }],
    ['reads %{?>matcher} as %{matcher}', '%{?>notSpace:s}: %{data:m}', 'LOG: x', { s: 'LOG', m: 'x' }],
    ['takes inline case folding', '(?i)error: %{word:w}', 'ERROR: Abc', { w: 'Abc' }],
    ['takes a group with case folding', '(?i:err|[w-x]arn) %{word:w}', 'Warn x', { w: 'x' }],
    ['ends case folding with its group', '((?i)a)b', 'AB', undefined],
    [
      'reads quotes in arguments',
      '%{regex("[^\\\\\\"]*"):q} %{notSpace:n:nullIf("with \\"quote\\"")}',
      'x y',
      { q: 'x', n: 'y' },
    ],
    ['takes a percent sign for itself', '%{integer:n}% of \\%{x\\}', '5% of %{x}', { n: 5 }],
    ['takes POSIX classes', '[[:alpha:]]+[[:digit:]_]+', 'abc1_', {}],
    ['takes \\p classes', '\\p{Lu}\\p{L}+\\P{Alpha}', 'Éé1', {}],
    ['knows the control characters of \\p{C}', '%{notSpace:a}[\\p{C}]%{word:b}', 'x\x1dy', { a: 'x', b: 'y' }],
    ['merges a map with what stands below it', '%{integer:a.n} %{data:a:keyvalue}', '7 b=1', { a: { n: 7, b: 1 } }],
    [
      'keeps what each turn of a repeated group captured, the last of each',
      '(a=%{integer:a} ?|b=%{integer:b} ?)+',
      'b=1 a=2 b=3 a=4',
      { a: 4, b: 3 },
    ],
    [
      'keeps it across groups and lazy turns too',
      '%{word:x}:(?:(?:b=%{integer:b}|c=%{integer:c});)+? %{integer:a}',
      'p:b=1;c=2;b=3; 7',
      { x: 'p', b: 3, c: 2, a: 7 },
    ],
    [
      'reads a class and a quote within such a group',
      '(?:[)(]%{regex("[(}]"):a}|%{word:b})+',
      '((x',
      { a: '(', b: 'x' },
    ],
    [
      'lets a reference speak before a group that it holds',
      '%{regex("(?<msg>.*)")::keyvalue}',
      'x=1 msg="y"',
      { x: 1, msg: 'y' },
    ],
    [
      'keeps such a group where the reference says nothing',
      '%{regex("(?<msg>.*)")::keyvalue}',
      'x=1',
      { x: 1, msg: 'x=1' },
    ],
    ['takes a bracket first in a class', '[]a]+[^]a]', 'a]b', {}],
    ['takes \\A \\z \\h \\R \\Q..\\E \\x{41}', '\\A\\Qa.b\\E\\h\\x{41}\\R\\u0042\\z', 'a.b A\r\nB', {}],
    ['leaves out regex comments', 'a(?#note)b(?x: c  d )', 'abcd', {}],
    ['repeats a character beyond the basic plane', '😀+%{word:w}', '😀😀x', { w: 'x' }],
    ['takes a brace for itself', '{%{word:a}} x{,y{2a}', '{x} x{,y{2a}', { a: 'x' }],
    ['takes {,2} as up to two', 'ab{,2}', 'abb', {}],
    ['merges a map of a nameless filter', '%{word:a} %{data::json}', 'x {"b": {"c": 1}}', { a: 'x', b: { c: 1 } }],
    ['drops what is no map of a nameless filter', '%{word:a} %{data::integer}', 'x 1', { a: 'x' }],
  ] as const)
    it(name, () => expect(parse(pattern, text)).toEqual(attributes))

  it('tells long counted repetition by its length, unrolled or not', () => {
    for (const [pattern, good, bad] of [
      ['[ab]{20}', [20], [19, 21]],
      ['[ab]{2,40}', [2, 17, 18, 33, 34, 40], [1, 41]],
      ['[ab]{0,100}?', [0, 1, 16, 17, 99, 100], [101]],
      ['[ab]{33,}', [33, 34, 200], [32]],
      ['(?:a{4}b){5}', [], [24]],
    ] as const) {
      for (const n of good) expect(parse(pattern, 'a'.repeat(n)), `${pattern} ${n}`).toEqual({})
      for (const n of bad) expect(parse(pattern, 'a'.repeat(n)), `${pattern} ${n}`).toBeUndefined()
    }
    expect(parse('(?<x>a{0,40})(?<y>a*)', 'a'.repeat(50))).toEqual({ x: 'a'.repeat(40), y: 'a'.repeat(10) })
    expect(parse('(?<x>a{0,40}?)(?<y>a*)', 'aaa')).toEqual({ y: 'aaa' })
  })
})

describe('helpers', () => {
  it('may use helpers, match rules, names and filters', () => {
    const match = 'common %{_host} %{_user}\ncombined %{common} %{_rest:rest:uppercase}'
    const support = '_host %{ipOrHost:client.ip}\n_user %{notSpace:user:nullIf("-")}\n_rest %{word:a}=%{integer:b}'
    const { grok, problems } = compileGrok(match, support, { now })
    expect(problems).toEqual([])
    expect(grok.parse('10.0.0.1 - x=1')).toEqual({
      rule: 'combined',
      attributes: { client: { ip: '10.0.0.1' }, rest: 'X=1', a: 'x', b: 1 },
    })
  })

  it('are one thing: alternatives stay inside, and they can be repeated', () => {
    expect(parse('x(%{_ab})+y', 'xabbay', '_ab a|b')).toEqual({})
    expect(parse('x %{_ab} y', 'x a', '_ab a|b')).toBeUndefined()
  })

  it('go before built-in matchers of the same name', () => {
    expect(parse('%{word:w}', '12-3', 'word [\\d-]+')).toEqual({ w: '12-3' })
  })
})

describe('problems', () => {
  for (const [name, match, support, expected] of [
    [
      'an unknown matcher, with what was meant',
      'r %{notSpce:a}',
      '',
      ['matchRules', 'r', 1, /"notSpce"/, /"notSpace"/],
    ],
    [
      'an unknown filter',
      '\nr %{data:a:upper}',
      '',
      ['matchRules', 'r', 2, /filter "upper" is not known/, /uppercase/],
    ],
    ['a line without a pattern', 'r', '', ['matchRules', '', 1, /not a name and a pattern/, /name/]],
    ['a pattern without a name', '%{data:a} b', '', ['matchRules', '', 1, /not a name and a pattern/, /name/]],
    ['a reference that does not close', 'r %{data:a', '', ['matchRules', 'r', 1, /not closed/, /%\{matcher/]],
    [
      'a circle of helpers',
      'm %{a}',
      'a %{b}\nb %{a}',
      ['supportRules', 'a', 1, /contains itself: a > b > a/, /circle/],
    ],
    ['a bad date format', 'r %{date("ABC:XYZ"):d}', '', ['matchRules', 'r', 1, /has no meaning/, /letters/]],
    [
      'an unknown zone',
      'r %{date("yyyy", "Mars/Base"):d}',
      '',
      ['matchRules', 'r', 1, /"Mars\/Base" is not a time zone/, /IANA/],
    ],
    [
      'an argument of the wrong kind',
      'r %{regex(1):a}',
      '',
      ['matchRules', 'r', 1, /"regex" needs one pattern in quotes/, /backslashes doubled/],
    ],
    [
      'a missing argument',
      'r %{data:a:scale()}',
      '',
      ['matchRules', 'r', 1, /"scale" needs a number/, /Known filters/],
    ],
    ['a bracket that does not close', 'r (a', '', ['matchRules', 'r', 1, /"\(" is not closed/, /\\\(/]],
    ['a bracket too many', 'r a)', '', ['matchRules', 'r', 1, /not opened/, /\\\)/]],
    ['a class that does not close', 'r [a', '', ['matchRules', 'r', 1, /"\[" is not closed/, /\\\[/]],
    ['a range that runs backwards', 'r [z-a]', '', ['matchRules', 'r', 1, /"z-a" runs backwards/, /first/]],
    [
      'a quantifier without anything to repeat',
      'r *a',
      '',
      ['matchRules', 'r', 1, /nothing that "\*" could repeat/, /\\\*/],
    ],
    ['a back-reference to nothing', 'r a\\2', '', ['matchRules', 'r', 1, /no group/, /group/]],
    ['recursion', 'r (?R)', '', ['matchRules', 'r', 1, /not supported/, /\(\?:/]],
  ] as const)
    it(`name ${name}`, () => {
      const { grok, problems } = compileGrok(match, support, { now })
      const [text, rule, line, what, mend] = expected
      const [first] = problems
      expect(first).toMatchObject({ text, rule, line, severity: 'error' })
      expect(first?.what).toMatch(what)
      expect(first?.mend).toMatch(mend)
      expect(grok.parse('a')).toBeUndefined()
    })

  it('do not arise from a helper that begins with a quantifier, which Datadog lets pass', () => {
    const { grok, problems } = compileGrok('r %{word:a},%{tail}?', 'tail ?(end: %{word:b})', { now })
    expect(problems).toEqual([])
    expect(grok.parse('x,end: y')?.attributes).toEqual({ a: 'x', b: 'y' })
    expect(grok.parse('x,')?.attributes).toEqual({ a: 'x' })
  })

  it('do not take other rules out', () => {
    const { grok, problems } = compileGrok('bad %{nope:x}\ngood %{word:a}', '', { now })
    expect(problems).toHaveLength(1)
    expect(grok.parse('x')).toEqual({ rule: 'good', attributes: { a: 'x' } })
  })

  it('warn of look-around and back-references, which still work, on texts of any length', () => {
    const { grok, problems } = compileGrok('look (?!no)%{word:a}\nback (["\'])%{data:q}\\1', '', { now })
    expect(problems.map(({ rule, severity }) => [rule, severity])).toEqual([
      ['look', 'warning'],
      ['back', 'warning'],
    ])
    expect(grok.parse('yes')).toEqual({ rule: 'look', attributes: { a: 'yes' } })
    expect(grok.parse('nope')).toBeUndefined()
    expect(grok.parse('"x"')).toEqual({ rule: 'back', attributes: { q: 'x' } })
    expect(grok.parse(`"x'`)).toBeUndefined()
    expect(grok.parse('y'.repeat(20_000))?.rule).toBe('look')
  })

  it('refuse helpers that multiply one another without end', () => {
    const support = Array.from({ length: 30 }, (_, i) => `h${i} %{h${i + 1}}%{h${i + 1}}`).join('\n')
    const { problems } = compileGrok('r %{h0}', `${support}\nh30 a`, { now })
    expect(problems.some(({ rule, what }) => rule === 'r' && /too (large|many)/.test(what))).toBe(true)
  })
})

describe('the option "only"', () => {
  const { grok } = compileGrok('r %{word:a.b} %{date("yyyy"):when} %{data::keyvalue}', '', { now })
  it('evaluates the attributes asked for and those merged at the root', () => {
    expect(grok.parse('x 2026 k=1', { only: new Set(['a']) })?.attributes).toEqual({ a: { b: 'x' }, k: 1 })
  })
  it('evaluates nothing for an empty set', () => {
    expect(grok.parse('x 2026 k=1', { only: new Set() })).toEqual({ rule: 'r', attributes: {} })
  })
})

describe('on any input', () => {
  const { grok } = compileGrok(
    'web %{ipOrHost:ip} %{notSpace:user} \\[%{date("dd/MMM/yyyy:HH:mm:ss Z"):d}\\] %{data::keyvalue}\nany %{data:x:json}%{data::xml}',
    '',
    { now },
  )
  it('parse throws on no text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const match = grok.parse(text)
        expect(match === undefined || typeof match.rule === 'string').toBe(true)
      }),
    )
  })

  it('compileGrok throws on no rules, and what it compiles throws on no text', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '%{',
        '}',
        '(',
        ')',
        '[',
        ']',
        '(?<',
        '(?i)',
        '(?>',
        '\\',
        '{2,30}',
        '*',
        '+?',
        '|',
        ':',
        '"',
        '.',
        '^',
        '$',
      ),
      fc.constantFrom(
        '%{data:a}',
        '%{date("HH:mm"):d}',
        '%{regex("[a-z]+"):b:array("[]",",",number)}',
        '%{h}',
        '\\p{L}',
        '\\1',
        '#',
      ),
      fc.string({ maxLength: 6 }),
    )
    const rules = fc.array(piece, { maxLength: 12 }).map((pieces) => `r ${pieces.join('')}`)
    fc.assert(
      fc.property(rules, rules, fc.string({ maxLength: 30 }), (match, support, text) => {
        const compiled = compileGrok(match, support.replace('r ', 'h '), { now })
        for (const problem of compiled.problems) expect(problem.what).not.toBe('')
        compiled.grok.parse(text)
      }),
      { numRuns: 2000 },
    )
  })

  it('ends soon on texts that nearly match a rule that backtracks', () => {
    for (const pattern of [
      '(a+)+b',
      '(?:a|a)*b',
      '(a*)*%{word:w}-',
      '(?>a+)+(?:x{4}y){4}b',
      '([ab]{1,40}c?)+d',
      '(?i)(a+)+b',
      '%{data:a} %{data:b} %{data:c} %{data:d}x',
      '%{notSpace:a}%{notSpace:b}%{notSpace:c} !',
      '(%{ipOrHost:a},? ?)+!',
      '(%{unixPath}|%{uri})+!',
    ]) {
      const compiled = compileGrok(`r ${pattern}`, '', { now })
      expect(compiled.problems).toEqual([])
      const started = processorMs()
      expect(compiled.grok.parse('a'.repeat(3000)), pattern).toBeUndefined()
      expect(compiled.grok.parse(`${'a '.repeat(1500)}.`), pattern).toBeUndefined()
      expect(compiled.grok.parse(`${'/a'.repeat(1500)} 1.2.3.4.5`), pattern).toBeUndefined()
      expect(processorMs() - started, pattern).toBeLessThan(2000)
    }
  })

  it('lets no capture reach a prototype', () => {
    expect(parse('%{data:__proto__.x} %{data::json}', 'v {"__proto__": {"y": 1}, "constructor": {"z": 2}}')).toEqual({
      constructor: { z: 2 },
    })
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })
})

describe('the time of rules', () => {
  const nest = 'slow (?=(a+)+b).*'
  /** The rules that were given up, in order, and the one that matched. */
  function parsed(rules: string, text: string, clock = now, grok = compileGrok(rules, '', { now: clock }).grok) {
    const told: string[] = []
    const match = grok.parse(text, { givenUp: ({ pattern, because }) => told.push(`${pattern}: ${because}`) })
    return { told, rule: match?.rule }
  }

  it('ends a rule that no engine comes to the end of, and tries the next one', () => {
    expect(parsed(`${nest}\nnext a+`, 'a'.repeat(60))).toEqual({ told: ['rule slow: slow'], rule: 'next' })
  })

  it('is one for all of them: of many slow rules the last have none left', () => {
    const slow = Array.from({ length: 9 }, (_, i) => `slow${i} (?=(a|aa)+b).*`).join('\n')
    const { told } = parsed(slow, 'a'.repeat(60))
    expect(told).toHaveLength(9)
    expect([told[0], told[1], told[8]]).toEqual(['rule slow0: slow', 'rule slow1: slow', 'rule slow8: no time left'])
  })

  it('is not spent again for a while on texts like the one that was slow', () => {
    let time = now()
    const { grok } = compileGrok(`${nest}\nnext a+b?`, '', { now: () => time })
    expect(parsed('', 'a'.repeat(60), now, grok).told).toEqual(['rule slow: slow'])
    expect(parsed('', `${'a'.repeat(60)}b`, now, grok)).toEqual({ told: ['rule slow: resting'], rule: 'next' })
    // Half as long is quick, where time grows with the length.
    expect(parsed('', 'aab', now, grok)).toEqual({ told: [], rule: 'slow' })
    time += 10_000
    expect(parsed('', `${'a'.repeat(60)}b`, now, grok)).toEqual({ told: [], rule: 'slow' })
  })

  it('is not asked for where the linear engine takes over', () => {
    expect(parsed('plain (a+)+b\nnext a+', 'a'.repeat(2000))).toEqual({ told: [], rule: 'next' })
    expect(compileGrok('counts ([a-z]{1,8}){2,8}-', '', { now }).problems).toEqual([])
  })
})
