import { expect, it } from 'vitest'
import { hideSecrets } from '../../src/core/secrets.js'

it('blanks secrets in texts, the longest first; what is too short to be one stays', () => {
  expect(hideSecrets('a open-sesame-2 b open-sesame c 12', ['12', 'open-sesame', 'open-sesame-2'])).toBe(
    'a [secret] b [secret] c 12',
  )
})
