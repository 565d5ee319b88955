import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { substituteEnvironment } from '../../src/config/environment.js'
import { parseJson5 } from '../../src/config/json5.js'
import { readConfig } from '../../src/config/load.js'
import { renderProblem } from '../../src/core/problem.js'

const environment = { HOST: 'db1', PASS: 'open-sesame', EMPTY: '', TRICK: '${HOST} $& $1' }

function substitute(text: string) {
  const { value, placeOf } = parseJson5(text, 'c.json5')
  return substituteEnvironment(value, environment, placeOf)
}

describe('references to the environment', () => {
  for (const [text, value] of [
    ['${HOST}', 'db1'],
    ['http://${HOST}:${PORT:-8080}/', 'http://db1:8080/'],
    ['${HOST:-other}', 'db1'],
    ['${EMPTY}', ''],
    ['${EMPTY:-full}', 'full'],
    ['${NONE:-}', ''],
    ['${NONE:-http://a:1/b}', 'http://a:1/b'],
    ['$${HOST} and $HOST', '${HOST} and $HOST'],
    ['${TRICK}', '${HOST} $& $1'],
  ] as const) {
    it(text, () => {
      const { value: got, problems } = substitute(JSON.stringify({ a: [text] }))
      expect([got, problems]).toEqual([{ a: [value] }, []])
    })
  }

  it('are left alone in keys and in what is not text', () => {
    const text = '{"${HOST}": [1, true, null]}'
    expect(substitute(text).value).toEqual({ '${HOST}': [1, true, null] })
  })

  it('do not read what the environment inherits', () => {
    expect(substitute('{a: "${constructor}"}').problems).toHaveLength(1)
  })

  it('keep a key __proto__ as a key', () => {
    expect(Object.keys(substitute('{"__proto__": {a: 1}}').value as object)).toEqual(['__proto__'])
  })

  for (const [text, problem] of [
    [
      '{a: 1,\n b: ["${NONE}"]}',
      '2:6  b[0] needs the environment variable NONE, which is not set. Set it, or write ${NONE:-default}.',
    ],
    [
      '{a: "${db-pass}"}',
      '1:5  a has a "${" that names no environment variable. Write ${NAME} or ${NAME:-default}; a plain "${" is written "$${".',
    ],
  ] as const) {
    it(`are a problem when they cannot be filled in: ${text}`, () => {
      const { problems } = substitute(text)
      expect(problems.map(renderProblem)).toEqual([`c.json5:${problem}`])
    })
  }
})

describe('what came from the environment', () => {
  it('is remembered as secret, by value and by path', () => {
    const got = substitute('{a: "${PASS}", b: ["x", "http://${HOST}"], c: "${EMPTY}", d: "plain"}')
    expect(got.secrets).toEqual(['open-sesame', 'db1'])
    expect([['a'], ['b', 1], ['b', 0], ['d']].map((path) => got.fromEnvironment(path))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('is not quoted by later problems, nor is a broken reference complained of twice', () => {
    const schema = z.strictObject({ url: z.url(), port: z.number(), level: z.enum(['a', 'b']) })
    const { problems, secrets } = readConfig(
      '{url: "${PASS}", port: "${NONE}", level: "x${PASS}", extra: 1}',
      'c.json5',
      schema,
      environment,
    )
    expect(secrets).toEqual(['open-sesame'])
    expect(problems.map(renderProblem)).toEqual([
      'c.json5:1:7  url is a string that is not shown here, expected a URL. Write it with its scheme, e.g. "https://host/path".',
      'c.json5:1:24  port needs the environment variable NONE, which is not set. Set it, or write ${NONE:-default}.',
      'c.json5:1:42  level is a string that is not shown here, expected one of "a", "b". Write one of these.',
      'c.json5:1:54  extra is not a setting. Its settings are url, port and level.',
    ])
  })
})
