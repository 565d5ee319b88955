import fc from 'fast-check'
import JSON5 from 'json5'
import { describe, expect, it } from 'vitest'
import { parseJson5, renderPath } from '../../src/config/json5.js'
import { renderProblem } from '../../src/core/problem.js'

const problemsOf = (text: string) => parseJson5(text, 'c.json5').problems.map(renderProblem)

describe('a text that is not JSON5', () => {
  for (const [text, problem] of [
    ['', '1:1  the file is empty. Write at least {}.'],
    ['// only this', '1:13  the file is empty. Write at least {}.'],
    ['{a:1 b:2}', '1:6  got "b" where "," or "}" was expected. Put a comma between the two.'],
    ['{\r\n  a: 1\r\n  b: 2}', '3:3  got "b" where "," or "}" was expected. Put a comma between the two.'],
    ['{a:1;b:2}', '1:5  got ";" where "," or "}" was expected. Put a comma between the two.'],
    ['{a:"\u{1F600}" x}', '1:9  got "x" where "," or "}" was expected. Put a comma between the two.'],
    [
      "{a: 'it's'}",
      '1:9  got "s" where "," or "}" was expected. Put a comma between the two, or write a quote inside a string as \\\'.',
    ],
    ['{a:', '1:1  the file ends, but the { of 1:1 is still open. Close it with }.'],
    ['{\n a: [1,\n', '2:5  the file ends, but the [ of 2:5 is still open. Close it with ].'],
    ['\uFEFF{a:1', '1:1  the file ends, but the { of 1:1 is still open. Close it with }.'],
    ['{a:[1,2}', '1:8  got "}" where "," or "]" was expected. Close the [ of 1:4 first.'],
    ['{a: {b: 1]}', '1:10  got "]" where "," or "}" was expected. Close the { of 1:5 first.'],
    [
      '{a:1}}',
      '1:6  got "}" where the end of the file was expected. Remove what follows the last bracket, or look for one bracket too many before it.',
    ],
    ['{a: sesame}', '1:5  got "s" where a value was expected. Put text in quotes.'],
    ['{url: http://x/y}', '1:7  got "h" where a value was expected. Put text in quotes.'],
    ['{a: tru}', '1:5  got "t" where a value was expected. Put text in quotes.'],
    ['{a: nul', '1:5  got "n" where a value was expected. Put text in quotes.'],
    ['{a: /x/}', '1:5  got "/" where a value was expected. Put text in quotes.'],
    [
      '{a: 012}',
      '1:5  got "0" where a value was expected. Write a number without leading zeros or spaces, or text in quotes.',
    ],
    ['{a:,}', '1:4  got "," where a value was expected. Write the value, or remove its key.'],
    ['[1,,2]', '1:4  got "," where a value or "]" was expected. Remove the extra comma.'],
    ['{,a:1}', '1:2  got "," where a key or "}" was expected. Remove the extra comma.'],
    ['{a-b: 1}', '1:2  got "a" where a key or "}" was expected. Put the key in quotes: "a-b".'],
    ['{a = 1}', '1:4  got "=" where ":" was expected. Write a colon between a key and its value.'],
    ['{"a" 1}', '1:6  got "1" where ":" was expected. Write a colon between a key and its value.'],
    ['{a: 1, # one\n}', '1:8  got "#" where a key or "}" was expected. Comments begin with //.'],
    ['{a: “x”}', '1:5  got "“" where a value was expected. Use straight quotes: ".'],
    ['a: 1\nb: 2', '1:1  got "a" where a value was expected. The file is JSON5: it begins with { and ends with }.'],
    ['{a: "x}', '1:5  the string that begins at 1:5 is never closed. Close it with ".'],
    [
      '{a:"x\n"}',
      '1:6  the line ends inside the string that begins at 1:4. Close it with ", or write \\n for a line end.',
    ],
    ['{a:"\\u00zz"}', '1:9  "z" ends no escape of the string that begins at 1:4. Write a backslash as \\\\.'],
    ['{a: /* x', '1:5  the comment that begins at 1:5 is never closed. Close it with */.'],
  ] as const) {
    it(JSON.stringify(text), () => expect(problemsOf(text)).toEqual([`c.json5:${problem}`]))
  }

  it('never throws, and says something exactly when JSON5 does not take it', () => {
    const bits = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        '"',
        "'",
        'a',
        '1',
        ' ',
        '\n',
        '//',
        '/*',
        '*/',
        '\\',
        '-',
        '.',
        '#',
        '=',
        'true',
        '\uFEFF',
        '😀',
      ),
      { maxLength: 14 },
    )
    fc.assert(
      fc.property(bits, (parts) => {
        const text = parts.join('')
        let good = true
        try {
          JSON5.parse(text.replace(/^\uFEFF/, ''))
        } catch {
          good = false
        }
        const { value, problems } = parseJson5(text, 'f')
        expect(value !== undefined).toBe(good)
        if (!good) expect(problems).toHaveLength(1)
      }),
      { numRuns: 2000 },
    )
  })

  it('is told from one that nests too deep', () => {
    expect(problemsOf('['.repeat(300) + ']'.repeat(300))).toEqual([
      'c.json5  the file nests more than 200 levels deep. Look for brackets that were never closed.',
    ])
  })
})

describe('keys given twice', () => {
  it('are a problem each, at the later place', () => {
    expect(problemsOf('{a: 1,\n b: {a: 2, c: [{x: 1, "x": 2}]},\n a: 3}')).toEqual([
      'c.json5:2:23  b.c[0].x is given twice, first at 2:17. Keep one of the two.',
      'c.json5:3:2  a is given twice, first at 1:2. Keep one of the two.',
    ])
  })
})

describe('places', () => {
  const { placeOf, value } = parseJson5('{\n  // why\n  "a": [1, {b: 2}],\n  c: { d: "x" } }', 'c.json5')
  for (const [name, path, what, line, column] of [
    ['the root', [], 'value', 1, 1],
    ['a value', ['a'], 'value', 3, 8],
    ['a key', ['a'], 'key', 3, 3],
    ['an element', ['a', 1], 'value', 3, 12],
    ['a value in an element', ['a', 1, 'b'], 'value', 3, 16],
    ['an element asked for its key', ['a', 1], 'key', 3, 12],
    ['a missing key: its object', ['c', 'e'], 'value', 4, 6],
    ['far below what is there: the nearest above', ['c', 'd', 'e', 0], 'key', 4, 11],
  ] as const) {
    it(name, () => expect(placeOf(path, what)).toEqual({ file: 'c.json5', line, column }))
  }

  it('stand beside the value that json5 reads', () => expect(value).toEqual({ a: [1, { b: 2 }], c: { d: 'x' } }))

  it('are left out, not wrong, where JSON5 allows what the tree parser does not', () => {
    const { value, problems, placeOf } = parseJson5('{true: +.5}', 'c.json5')
    expect([value, problems, placeOf(['true'])]).toEqual([{ true: 0.5 }, [], { file: 'c.json5' }])
  })
})

it('keeps a key __proto__ as a key', () => {
  const value = parseJson5('{"__proto__": {polluted: 1}}', 'f').value as Record<string, unknown>
  expect(Object.keys(value)).toEqual(['__proto__'])
  expect(value.polluted).toBeUndefined()
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
})

it('writes paths as a person would', () => {
  expect(renderPath([])).toBe('the file')
  expect(renderPath(['outputs', 0, 'headers', 'X Team', 'a-b'])).toBe('outputs[0].headers["X Team"].a-b')
})
