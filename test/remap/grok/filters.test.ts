import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildFilter, filterNames } from '../../../src/remap/grok/filters.js'
import { compileGrok } from '../../../src/remap/grok/grok.js'
import { processorMs } from '../../processor.js'

const now = () => 0

function field(filter: string, text: string) {
  const { grok, problems } = compileGrok(`rule %{data:field:${filter}}`, '', { now })
  expect(problems).toEqual([])
  return grok.parse(text)?.attributes.field
}

describe('filters', () => {
  for (const [filter, text, value] of [
    ['number', '1.0', 1],
    ['number', 'x', undefined],
    ['integer', '12', 12],
    ['integer', '12.5', undefined],
    ['integerExt', '1e3', 1000],
    ['numberExt', '1.5e3', 1500],
    ['boolean', 'True', true],
    ['boolean', 'NotTrue', false],
    ['lowercase', 'aBC', 'abc'],
    ['uppercase', 'Abc', 'ABC'],
    ['nullIf("-")', '-', undefined],
    ['nullIf("-")', '--', '--'],
    ['scale(10)', '2.1', 21],
    ['scale(0.5)', '10.0', 5],
    ['scale(2)', 'x', undefined],
    ['number:scale(1000)', '0.25', 250],
    ['decodeuricomponent', '%2Fa%20%C3%A9', '/a é'],
    ['decodeuricomponent', '100%', '100%'],
    ['decodeuricomponent', '%C3%A9 %ZZ', 'é %ZZ'],
    ['querystring', '?a=1&b=two+words&a=%33', { a: ['1', '3'], b: 'two words' }],
    ['querystring', 'flag', { flag: '' }],
    [
      'url',
      'https://u@h.example:8080/p/q?a=%2F#x',
      { scheme: 'https', host: 'h.example', port: 8080, path: '/p/q', queryString: { a: '%2F' }, hash: 'x' },
    ],
    ['url', 'no url', undefined],
    ['json', '{"a.b": 1, "a": {"c": null, "d": {}}, "l": [null, {"x": null}]}', { a: { b: 1 }, l: [null] }],
    ['json', '[1, "x"]', [1, 'x']],
    ['json', 'not json', undefined],
    ['json', '{"a":{"b":"}"}} {"c":1}', { a: { b: '}' } }],
    ['json', ' [1, 2] and more', [1, 2]],
    ['json', '{"a":"two\nlines\tand \\"quotes\\""}', { a: 'two\nlines\tand "quotes"' }],
    ['json', '{"a":{"b":1}', undefined],
    ['json', '{"a":nope} {"b":1}', undefined],
    ['json', '{}', undefined],
    ['array', '[1,2]', ['1', '2']],
    ['array', '[]', undefined],
    ['array("\\\\t")', '[1\t2]', ['1', '2']],
    ['array("[]","\\\\n")', '[1\n2]', ['1', '2']],
    ['array("","-")', '1-2', ['1', '2']],
    ['array("[]","|")', 'HIPAA|PCI', ['HIPAA', 'PCI']],
    ['array("[]","|")', 'HIPAA', ['HIPAA']],
    ['array(",")', 'a,b', ['a', 'b']],
    ['array(integer)', '[1,2]', [1, 2]],
    ['array(";", number)', '[1;2.5]', [1, 2.5]],
    ['array("{}",";", scale(10))', '{1;2.1}', [10, 21]],
    ['array(scale(10))', '[a,b]', undefined],
    ['array("[]", ",", nullIf("-"))', '[a,-,b]', ['a', null, 'b']],
    ['csv("first,name")', '"John ""Da Man""",Doe', { first: 'John "Da Man"', name: 'Doe' }],
    ['csv("first,name",",","\'")', "'John ''Da Man''',Doe", { first: "John 'Da Man'", name: 'Doe' }],
    ['csv("a,b","|")', 'x|1.5|z', { a: 'x', b: 1.5 }],
    ['csv("a,b,c","tab")', 'x\t\t3', { a: 'x', c: 3 }],
    ['csv("a,b")', '"1",true', { a: '1', b: 'true' }],
    [
      'rubyhash',
      `{hello=>"world",'number'=>42.0, :sym=>:x, "n"=>nil, k: [1, true, {"a"=>"b"}]}`,
      { hello: 'world', number: 42, sym: 'x', k: [1, true, { a: 'b' }] },
    ],
    ['rubyhash', '{:a=>"say \\"hi\\"", :b=>-1_000}', { a: 'say "hi"', b: -1000 }],
    ['rubyhash', '{:a=>["x", "y"}', { a: ['x', 'y'] }],
    ['rubyhash', '{:a=>1, :b=>"cut', { a: 1, b: 'cut' }],
    ['rubyhash', '{:a=>}', undefined],
    ['rubyhash', 'no hash', undefined],
    [
      'xml',
      '<?xml version="1.0"?><book id="7"><!-- x --><title lang="en">A &amp; B</title><year>2005</year></book>',
      { book: { id: '7', title: { lang: 'en', value: 'A & B' }, year: '2005' } },
    ],
    ['xml', '<l><i>1</i><i>2</i><i/></l>', { l: { i: ['1', '2', ''] } }],
    ['xml', '<e><![CDATA[<raw>]]></e>', { e: '<raw>' }],
    ['xml', '<a><b></a>', undefined],
    ['xml', 'text', undefined],
    ['xml', '<a', undefined],
  ] as const)
    it(`${filter} of ${JSON.stringify(text)}`, () => expect(field(filter, text)).toEqual(value))

  it('keep two maps under one name apart, and merge nameless ones', () => {
    const { grok } = compileGrok("a '%{data:x:json}' '%{data:x:json}'\nb %{data::json} %{data::json}", '', { now })
    expect(grok.parse(`'{"a": 1}' '{"b": 2}'`)?.attributes).toEqual({ x: [{ a: 1 }, { b: 2 }] })
    expect(grok.parse('{"a":{"x":1}} {"a":{"y":2}}')?.attributes).toEqual({ a: { x: 1, y: 2 } })
  })

  it('throw on no text', () => {
    const args = { nullIf: ['-'], scale: [2], csv: ['a,b'] }
    for (const name of filterNames()) {
      const filter = buildFilter({ name, args: (args as Record<string, (string | number)[]>)[name] ?? [] })
      expect(typeof filter).toBe('function')
      if (typeof filter === 'string') continue
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc
          .array(
            fc.constantFrom(
              '{',
              '}',
              '[',
              ']',
              '<',
              '>',
              '</',
              '=>',
              ':',
              '"',
              "'",
              '=',
              ',',
              'a',
              '1',
              '%',
              '&',
              '\\',
              ' ',
            ),
          )
          .map((t) => t.join('')),
      )
      fc.assert(
        fc.property(text, (value) => void filter(value)),
        { numRuns: 300 },
      )
    }
  })

  it('leave out what nests too deeply', () => {
    for (const [filter, text] of [
      ['json', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
      ['json', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
      ['xml', '<a>'.repeat(5000)],
      ['rubyhash', '{:a=>'.repeat(5000)],
    ] as const)
      expect(() => field(filter, text)).not.toThrow()
  })
})

describe('keyvalue', () => {
  for (const [args, text, attributes] of [
    ['', 'key=valueStr', { key: 'valueStr' }],
    ['', 'key=<valueStr>', { key: 'valueStr' }],
    ['', '"key"="two words"', { key: 'two words' }],
    ['', "'key'='valueStr' <k>=<v>", { key: 'valueStr', k: 'v' }],
    ['(":")', 'key:valueStr', { key: 'valueStr' }],
    ['(":", "/")', '/key:/valueStr', { '/key': '/valueStr' }],
    ['(":=", "", "{}")', 'key:={valueStr}', { key: 'valueStr' }],
    ['("="," ")', 'key1=value1, key2 = value 2 ', { key1: 'value1', key2: 'value 2' }],
    ['("="," ")', 'a key=value', {}],
    ['("=", "", "", "|")', 'key1="value1"|key2=value2', { key1: 'value1', key2: 'value2' }],
    ['(":=","","<>")', 'key1:=valueStr key2:=</valueStr2> key3:="valueStr3"', { key1: 'valueStr', key2: '/valueStr2' }],
    ['', 'a=1,b=2;c=3 (d=4) [e=5] {f=6}', { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }],
    ['', 'key:=valueStr', {}],
    ['', 'key1= key2=null key3=value3', { key3: 'value3' }],
    ['', 'key1=,key2=null,key3= ,key4=value4', { key4: 'value4' }],
    ['', '=,=value', {}],
    ['', 'float=1.2 , t=true, f=false, n=null,  i=11, neg=-3', { float: 1.2, t: true, f: false, i: 11, neg: -3 }],
    ['', 'key = x key= y key =z', {}],
    ['', 'field=2.0e q="12"', { field: '2.0e', q: '12' }],
    ['("=", "\\\\w.\\\\-_@:")', 'IN=eth0 OUT= MAC', { IN: 'eth0' }],
    ['', 'db.name=my_db,db.operation=insert', { db: { name: 'my_db', operation: 'insert' } }],
    ['', ' , key1=value1 "key2"="value2",key3=value3 ', { key1: 'value1', key2: 'value2', key3: 'value3' }],
    [
      '(": ",",")',
      'client: 1.2.3.4, request: "GET /a HTTP/1.1", host: "h"',
      { client: '1.2.3.4', request: 'GET /a HTTP/1.1', host: 'h' },
    ],
    ['', 'a=1, a=1, a=2', { a: [1, 1, 2] }],
    ['', 'a=07 b=08 c=00', { a: 7, b: '08', c: 0 }],
    ['', 'id=12345678901234567890', { id: '12345678901234567890' }],
    ['("=", "-/")', 'p=/a-b', { p: '/a-b' }],
    ['("=", "^]")', 'p=^a]', { p: '^a]' }],
    [
      '',
      'a=263ms b=10.013689387s c=0s d=1m3.3s e="5s" f=1.4ms',
      { a: 263, b: 10013, c: 0, d: '1m3.3s', e: '5s', f: '1.4ms' },
    ],
    ['', 'a="" b=" " c="x "', { b: '', c: 'x' }],
    ['("=", ";, ")', 'a=x; y=1;, z=2', { a: 'x;', y: '1;', z: 2 }],
  ] as const)
    it(`${args} of ${JSON.stringify(text)}`, () => {
      const { grok, problems } = compileGrok(`rule %{data::keyvalue${args}}`, '', { now })
      expect(problems).toEqual([])
      expect(grok.parse(text)?.attributes).toEqual(attributes)
    })

  it('takes time in proportion to long texts without pairs', () => {
    const { grok } = compileGrok('rule %{data::keyvalue("="," ")}', '', { now })
    const started = processorMs()
    expect(grok.parse(`${'word '.repeat(200_000)}a=1`)?.attributes).toEqual({})
    expect(grok.parse(`${'<a "b '.repeat(10_000)}`)?.attributes).toEqual({})
    expect(processorMs() - started).toBeLessThan(2000)
  })
})
