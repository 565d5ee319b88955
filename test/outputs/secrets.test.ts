import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/config/types.js'
import { secretsOf } from '../../src/outputs/secrets.js'

describe('the secrets of an output', () => {
  for (const [name, settings, secrets] of [
    ['a key', { apiKey: new Secret(' abcd ') }, ['abcd']],
    ['a header, with its scheme and without', { headers: { a: new Secret('Bearer abcd') } }, ['Bearer abcd', 'abcd']],
    ['what lies deep', { tls: { key: new Secret('pem') } }, ['pem']],
    ['no other text', { type: 'http', path: './user:pass@host', n: 1, no: undefined, none: null }, []],
    [
      'a password, plain, as sent and in the basic form',
      { proxy: 'http://me:p%40ss@h:1' },
      ['p@ss', 'p%40ss', 'bWU6cEBzcw=='],
    ],
    ['a query and its values', { url: 'https://h/?token=abcd' }, ['token=abcd', 'abcd']],
    ['a long segment of a path', { url: 'https://h/hooks/0123456789abcdef' }, ['0123456789abcdef']],
  ] as const)
    it(name, () => {
      const found = secretsOf(settings).filter((text) => text !== '')
      expect(found).toEqual(expect.arrayContaining([...secrets]))
      if (secrets.length === 0) expect(found).toEqual([])
    })

  it('do not hold the origin of a URL', () => expect(secretsOf({ url: 'https://host/in' }).join('')).toBe(''))
})
