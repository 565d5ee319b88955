/** What source `auto` makes of tracebacks whose first lines several languages share. */
import { describe, expect, it } from 'vitest'
import { openPipeline } from '../../src/index.js'

async function entriesOf(lines: readonly string[], source = 'auto') {
  const pipeline = await openPipeline({ source })
  return [...pipeline.push(`${lines.join('\n')}\n`), ...pipeline.end()].map(({ text, record }) => {
    const { kind, frames = [] } = (record as { error?: { kind?: string; frames?: unknown[] } }).error ?? {}
    return { lines: text.split('\n').length, kind, frames: frames.length }
  })
}

/** A traceback between two lines that are nobody's. */
const between = (traceback: readonly string[]) => ['service up', ...traceback, 'service up']
const PLAIN = { lines: 1, kind: undefined, frames: 0 }

describe('source auto', () => {
  for (const [name, traceback, kind, frames] of [
    [
      "Dart's, which begins as .NET's",
      [
        'Unhandled exception:',
        'Bad state: cart is closed',
        '#0      Cart.add (package:shop/cart.dart:14:7)',
        '#1      main (file:///srv/bin/shop.dart:9:3)',
      ],
      'StateError',
      2,
    ],
    [
      "Dart's with a text that .NET could print",
      ['Unhandled exception:', 'CartException', '#0      main (file:///srv/bin/shop.dart:9:3)'],
      'CartException',
      1,
    ],
    [
      "PHP's, whose header could be JavaScript's",
      [
        'CartException: no such item in /srv/shop/Cart.php:31',
        'Stack trace:',
        '#0 /srv/shop/Order.php(55): Cart->add()',
        '#1 /srv/shop/Order.php(12): Order->put()',
        '#2 /srv/shop/web.php(8): Order->place()',
        '#3 {main}',
      ],
      'CartException',
      4,
    ],
  ] as const)
    it(`makes one entry of ${name}`, async () => {
      expect(await entriesOf(between(traceback))).toEqual([PLAIN, { lines: traceback.length, kind, frames }, PLAIN])
    })
})

describe('a stream of auto whose source is known', () => {
  const python = ['Traceback (most recent call last):', '  File "/srv/job.py", line 3, in step', 'KeyError: 1']
  const java = ['com.acme.OrderGone: 7', '\tat com.acme.Shop.place(Shop.java:41)']
  const sourcesOf = async (lines: readonly string[]) => {
    const pipeline = await openPipeline({ source: 'auto' })
    return [...pipeline.push(`${lines.join('\n')}\n`), ...pipeline.end()].map(({ outcome, record, recognised }) => [
      outcome,
      (record as { source?: string }).source,
      recognised?.source,
    ])
  }

  it('loses no traceback of another language', async () => {
    expect(await sourcesOf([...python, ...java, 'service up', ...python])).toEqual([
      ['kept', 'python', 'python'],
      ['kept', 'java', undefined],
      ['dropped', 'python', undefined],
      ['kept', 'python', undefined],
    ])
  })

  it('takes no line for an error because another language would', async () => {
    expect(await sourcesOf([...python, 'PaymentError: declined', 'not sold at till.pl line 3.'])).toEqual([
      ['kept', 'python', 'python'],
      ['dropped', 'python', undefined],
      ['dropped', 'python', undefined],
    ])
  })

  it('lets a status that was written decide', async () => {
    expect(await sourcesOf([...python, 'INFO:shop.web:retry', ...java])).toEqual([
      ['kept', 'python', 'python'],
      ['dropped', 'python', undefined],
    ])
  })
})
