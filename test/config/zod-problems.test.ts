import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../src/config/load.js'
import { bytes, duration, secret } from '../../src/config/types.js'
import { zodProblems } from '../../src/config/zod-problems.js'
import { renderProblem } from '../../src/core/problem.js'

const output = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('http'),
    url: z.url(),
    maxBytes: bytes('1MiB'),
    key: secret().describe('The key.').optional(),
    headers: z.record(z.string(), secret()).optional(),
  }),
  z.strictObject({ type: z.literal('file'), path: z.string().min(1) }),
])
const schema = z.strictObject({
  dir: z.string().default('x'),
  count: z.number().int().min(1).max(9).default(1),
  step: z.number().multipleOf(5).optional(),
  format: z.enum(['plain', 'cri', 'docker']).optional(),
  page: z.union([z.literal(false), z.strictObject({ listen: z.string() })]).optional(),
  paths: z.array(z.string()).min(1).optional(),
  wait: duration('1s'),
  flag: z.boolean().optional(),
  short: z.string().max(3).optional(),
  letters: z.string().regex(/^a+$/).optional(),
  sides: z.partialRecord(z.enum(['left', 'right']), z.string()).optional(),
  listen: z
    .string()
    .regex(/^\w+:\d+$/, 'Write host:port.')
    .optional(),
  tags: z.record(z.string().regex(/^[a-z]+$/), z.string()).optional(),
  ends: z
    .strictObject({ from: z.number(), to: z.number() })
    .refine(({ from, to }) => from < to, { message: '"from" is not before "to".', params: { mend: 'Swap them.' } })
    .optional(),
  outputs: z.array(output).default([]),
})

const problemsOf = (text: string) => readConfig(text, 'c.json5', schema, {}).problems.map(renderProblem)

describe('what does not fit the schema', () => {
  for (const [text, ...problems] of [
    ['[]', '1:1  the file is an empty list, expected an object. Write an object.'],
    ['{dir: 1}', '1:7  dir is 1, expected a string. Put it in quotes: "1".'],
    ['{dir: null}', '1:7  dir is null, expected a string. Write a value, or remove it.'],
    ['{dir: {}}', '1:7  dir is an object, expected a string. Write a string.'],
    ['{count: 1.5}', '1:9  count is 1.5, expected a whole number. Write a whole number.'],
    ['{count: 0}', '1:9  count is 0, expected 1 or more. Write 1 or more.'],
    ['{count: 10}', '1:9  count is 10, expected 9 or less. Write 9 or less.'],
    ['{count: "5"}', '1:9  count is "5", expected a number. Write 5 without quotes.'],
    ['{count: NaN}', '1:9  count is NaN, expected a number. Write a number.'],
    ['{step: 7}', '1:8  step is 7, expected a multiple of 5. Write a multiple of 5.'],
    ['{flag: "true"}', '1:8  flag is "true", expected true or false. Write true without quotes.'],
    ['{format: "plian"}', '1:10  format is "plian", expected one of "plain", "cri", "docker". Did you mean "plain"?'],
    ['{format: 7}', '1:10  format is 7, expected one of "plain", "cri", "docker". Write one of these.'],
    ['{short: "abcd"}', '1:9  short has 4 characters. Give it at most 3 characters.'],
    ['{letters: "b"}', '1:11  letters is "b", expected text that matches /^a+$/. Write it in that form.'],
    ['{paths: []}', '1:9  paths is empty. Give it at least 1 item.'],
    ['{paths: "a"}', '1:9  paths is "a", expected a list. Put it in brackets: ["a"].'],
    ['{page: true}', '1:8  page is true, expected false or an object. Write false or an object.'],
    [
      '{page: {listn: "x"}}',
      '1:8  page.listen is missing. Add it: a string.',
      '1:9  page.listn is not a setting. Did you mean listen?',
    ],
    ['{sides: {lft: "1"}}', '1:10  sides.lft is not a setting. Did you mean left?'],
    ['{tags: {A1: "x"}}', '1:9  tags has the key "A1", which does not fit. Expected text that matches /^[a-z]+$/.'],
    ['{wait: "5 parsecs"}', '1:8  wait: "5 parsecs" is not a duration. Write "50ms", "1.5s", "2m" or "1h".'],
    ['{wait: true}', '1:8  wait is true, expected a number or a string. Write a number or a string.'],
    ['{listen: "x"}', '1:10  listen is "x", which does not fit. Write host:port.'],
    ['{ends: {from: 2, to: 1}}', '1:8  ends: "from" is not before "to". Swap them.'],
    ['{"__proto__": {a: 1}}', '1:2  __proto__ is not a setting. Remove it, or see docs/configuration.md.'],
    ['{outputs: {}}', '1:11  outputs is an object, expected a list. Write a list.'],
    ['{outputs: [5]}', '1:12  outputs[0] is 5, expected an object. Write an object.'],
    ['{outputs: [{}]}', '1:12  outputs[0].type is missing. Add it: one of "http", "file".'],
    [
      '{outputs: [{type: "htp"}]}',
      '1:19  outputs[0].type is "htp", expected one of "http", "file". Did you mean "http"?',
    ],
    ['{outputs: [{type: "http"}]}', '1:12  outputs[0].url is missing. Add it: a string.'],
    [
      '{outputs: [{type: "http", url: "nope"}]}',
      '1:32  outputs[0].url is "nope", expected a URL. Write it with its scheme, e.g. "https://host/path".',
    ],
    [
      '{outputs: [{type: "http", url: "http://x", maxByte: 1}]}',
      '1:44  outputs[0].maxByte is not a setting of output "http". Did you mean maxBytes?',
    ],
    [
      '{outputs: [{type: "file", path: "", url: "http://x"}]}',
      '1:33  outputs[0].path is empty. Give it at least 1 character.',
      '1:37  outputs[0].url is not a setting of output "file". Its settings are type and path.',
    ],
    [
      '{\n  zzzz: 1,\n  flag: 1,\n  dri: "x",\n}',
      '2:3  zzzz is not a setting. Remove it, or see docs/configuration.md.',
      '3:9  flag is 1, expected true or false. Write true or false.',
      '4:3  dri is not a setting. Did you mean dir?',
    ],
  ] as const) {
    it(JSON.stringify(text), () => expect(problemsOf(text)).toEqual(problems.map((each) => `c.json5:${each}`)))
  }
})

describe('secrets in problems', () => {
  for (const [text, problem] of [
    [
      '{outputs: [{type: "http", url: "http://x", key: 51413}]}',
      '1:49  outputs[0].key is a number that is not shown here, expected a string. Write a string.',
    ],
    [
      '{outputs: [{type: "http", url: "http://x", headers: {a: 51413}}]}',
      '1:57  outputs[0].headers.a is a number that is not shown here, expected a string. Write a string.',
    ],
  ] as const) {
    it(text, () => expect(problemsOf(text)).toEqual([`c.json5:${problem}`]))
  }
})

it('turns issues into problems without the input, quoting nothing', () => {
  const { error } = z.strictObject({ a: z.string(), b: z.number() }).safeParse({ b: 'sesame', c: 1 })
  const placeOf = () => ({ file: 'r.json5' })
  expect(error && zodProblems(error, placeOf).map(renderProblem)).toEqual([
    'r.json5  a is missing. Add it: a string.',
    'r.json5  b is something else, expected a number. Write a number.',
    'r.json5  c is not a setting. Remove it.',
  ])
})
