import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFramePatterns, frameName, framePath } from '../../src/core/frame-pattern.js'
import type { Frame } from '../../src/core/shapes.js'

const matches = (pattern: string, frame: Frame) => compileFramePatterns([pattern])(frame) === 0

const cases: readonly (readonly [pattern: string, frame: Frame, expected: boolean])[] = [
  // Directories and files.
  ['app/db', { file: '/srv/shop/app/db/orders.py' }, true],
  ['app/db/', { file: '/srv/shop/app/db/orders.py' }, true],
  ['app/db/*', { file: '/srv/shop/app/db/orders.py' }, true],
  ['app/db/*', { file: 'app/db/orders.py' }, true],
  ['app/db/*', { file: './app/db/orders.py' }, true],
  ['./app/db', { file: '/srv/app/db/orders.py' }, true],
  ['app/db/*', { file: '/srv/shop/app/db/sub/orders.py' }, true],
  ['app/db', { file: '/srv/shop/app/dbase/orders.py' }, false],
  ['app/db', { file: '/srv/shop/myapp/db/orders.py' }, false],
  ['orders.py', { file: '/srv/shop/app/orders.py' }, true],
  ['orders', { file: '/srv/shop/app/orders.py' }, false],
  ['*.py', { file: '/srv/shop/app/orders.py' }, true],
  ['*.py', { file: '/srv/shop/app/orders.pyx' }, false],
  ['order?.py', { file: '/srv/orders.py' }, true],
  ['order?.py', { file: '/srv/order/.py' }, false],
  ['/srv/shop', { file: '/srv/shop/orders.py' }, true],
  ['/srv/shop', { file: '/old/srv/shop/orders.py' }, false],
  ['/srv/*/lib', { file: '/srv/shop/lib/x.py' }, true],
  ['/srv/*/lib', { file: '/srv/shop/app/lib/x.py' }, false],
  ['/srv/**/lib', { file: '/srv/shop/app/lib/x.py' }, true],
  ['/srv/**/lib', { file: '/srv/lib/x.py' }, true],
  ['/srv/**/lib', { file: '/srv/mylib/x.py' }, false],
  ['/srv/**lib', { file: '/srv/mylib/x.py' }, true],
  ['vendor/**', { file: '/srv/vendor/a/b.php' }, true],
  ['node_modules/acme', { file: '/srv/node_modules/acme-ui/x.js' }, false],
  ['node_modules/@acme/*', { file: '/srv/node_modules/@acme/ui/x.js' }, true],
  ['C:\\shop\\src', { file: 'C:\\shop\\src\\Orders.cs' }, true],
  ['shop/src', { file: 'C:\\shop\\src\\Orders.cs' }, true],
  ['src/orders.ts', { file: 'webpack://shop/./src/orders.ts' }, true],
  ['/srv/shop', { file: 'file:///srv/shop/orders.mjs' }, true],
  ['a+b(1)', { file: '/srv/a+b(1)/x.js' }, true],
  // Modules and functions.
  ['com.acme', { module: 'com.acme.shop.Orders', function: 'place' }, true],
  ['com.acme.', { module: 'com.acme.shop.Orders', function: 'place' }, true],
  ['com.acme', { module: 'com.acmecorp.Orders', function: 'place' }, false],
  ['acme', { module: 'com.acme.Orders', function: 'place' }, false],
  ['com.acme.shop.Orders.place', { module: 'com.acme.shop.Orders', function: 'place' }, true],
  ['com.acme.shop.Orders.place', { module: 'com.acme.shop.Orders', function: 'placeAll' }, false],
  ['com.acme.shop.Orders', { module: 'com.acme.shop.Orders$1', function: 'run' }, true],
  ['com.acme', { module: 'app//com.acme.Orders', function: 'place' }, true],
  ['com.*.generated', { module: 'com.acme.shop.generated.Orders', function: 'place' }, true],
  ['*Controller.list', { module: 'com.acme.OrderController', function: 'list' }, true],
  ['Acme\\Shop', { function: 'Acme\\Shop\\Orders->place' }, true],
  ['Acme/Shop/Orders', { function: 'Acme\\Shop\\Orders->place' }, true],
  ['Acme\\Sho', { function: 'Acme\\Shop\\Orders->place' }, false],
  ['github.com/acme/shop', { function: 'github.com/acme/shop.(*Orders).Place' }, true],
  ['github.com/acme/shop', { function: 'github.com/acme/shop-api.Place' }, false],
  ['github.com/*/shop', { function: 'github.com/acme/shop/orders.Place' }, true],
  ['shop::orders', { function: 'shop::orders::place' }, true],
  ['place', { function: 'place', file: '/srv/shop/orders.py' }, true],
  // Everything, and nothing known.
  ['**', {}, true],
  ['*', {}, true],
  ['?', {}, false],
  ['**', { file: '/a/b.py' }, true],
  ['*', { function: 'github.com/acme/shop.Place' }, true],
  ['com.acme', {}, false],
]

describe('a frame pattern', () => {
  for (const [pattern, frame, expected] of cases) {
    const name = [frame.module, frame.function, frame.file].filter(Boolean).join(' in ')
    it(`${pattern} ${expected ? 'names' : 'does not name'} ${name || 'a frame of which nothing is known'}`, () =>
      expect(matches(pattern, frame)).toBe(expected))
  }

  it('is found by its place in the list, the first one that matches', () => {
    const find = compileFramePatterns(['com.other', 'com.acme', '**'])
    expect(find({ module: 'com.acme.Orders' })).toBe(1)
    expect(find({ module: 'org.x' })).toBe(2)
    expect(compileFramePatterns([])({ module: 'org.x' })).toBe(-1)
  })

  it('matches as the regular expression that says the same', () => {
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', '.', '/', '*', '?', '**', '**/'),
      minLength: 1,
      maxLength: 9,
    })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', '/', 'a'), minLength: 1, maxLength: 14 })
    fc.assert(
      fc.property(pattern, text, (written, value) => {
        expect([written, value, matches(written, { file: value })]).toEqual([
          written,
          value,
          pathOracle(written).test(value),
        ])
      }),
      { numRuns: 5000 },
    )
    fc.assert(
      fc.property(pattern, text, (written, value) => {
        expect([written, value, matches(written, { function: value })]).toEqual([
          written,
          value,
          nameOracle(written).test(value),
        ])
      }),
      { numRuns: 5000 },
    )
  })

  it('takes any text, and any pattern', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (pattern, file, name) => {
        expect(compileFramePatterns([pattern])({ file, function: name })).toBeTypeOf('number')
        expect(framePath({ file })).toBeTypeOf('string')
        expect(frameName({ module: file, function: name })).toBeTypeOf('string')
      }),
    )
  })

  it('gives up soon on a text that nearly matches', () => {
    const steps = compileFramePatterns(['**a*a*a*a*a*a*a*a*a*a**a**a**a**a**a**a**a*b'])
    expect(steps({ file: 'a/'.repeat(500_000), function: 'a'.repeat(500_000) })).toBe(-1)
  })
})

/** The same meaning as a backtracking expression; `end` says where a match may end. */
function oracle(pattern: string, end: string): string {
  const clean = pattern.replace(/^\.\//, '')
  const body = clean.replace(/\*{2,}\/|\*+|\?|[.]/g, (token, at: number) => {
    if (token === '?') return '[^/]'
    if (token === '.') return '\\.'
    if (token === '*') return '[^/]*'
    if (!token.endsWith('/')) return '[^]*'
    return at === 0 || clean[at - 1] === '/' ? '(?:[^]*/)?' : '[^]*/'
  })
  return `${body}${end}`
}

function pathOracle(pattern: string): RegExp {
  const clean = pattern.replace(/^\.\//, '')
  const path = new RegExp(`^${clean.startsWith('/') ? '' : '(?:[^]*/)?'}${oracle(pattern, '(?:$|(?=/)|(?<=/))')}`)
  // A frame without a name is named by what names nothing.
  return nameOracle(pattern).test('') ? /(?:)/ : path
}

function nameOracle(pattern: string): RegExp {
  return new RegExp(`^${oracle(pattern, '(?:$|(?![\\w])|(?<=[^\\w]))')}`)
}
