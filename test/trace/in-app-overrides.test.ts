import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Frame, Traceback } from '../../src/core/shapes.js'
import { markInApp } from '../../src/trace/in-app.js'
import { InAppOverrides, type NamedInApp } from '../../src/trace/in-app-overrides.js'

const settings = (name: string, include: string[], exclude: string[]): NamedInApp => ({
  name,
  settings: { include, exclude },
})

function overridesOf(...all: NamedInApp[]): InAppOverrides {
  const overrides = InAppOverrides.of(all)
  if (overrides === undefined) throw new Error('no pattern was given')
  return overrides
}

const OWN: Frame = { module: 'com.acme.shop.Orders', function: 'place', file: 'Orders.java' }
const GENERATED: Frame = { module: 'com.acme.generated.OrderMapper', function: 'map', file: 'OrderMapper.java' }
const LIBRARY: Frame = { module: 'org.apache.acme.Client', function: 'send', file: 'Client.java' }
const JDK: Frame = { module: 'java.util.HashMap', function: 'get', file: 'HashMap.java' }

function traceback(frames: Frame[], ...causes: Frame[][]): Traceback {
  return {
    language: 'java',
    frames,
    causes: causes.map((own) => ({ kind: 'K', frames: own })),
    start: 0,
    end: 0,
    uncaught: false,
  }
}

const marks = ({ frames, causes }: Traceback) =>
  [frames, ...causes.map((cause) => cause.frames)].map((list) => list.map((frame) => frame.in_app))

describe('what the config says of frames', () => {
  const all = () => traceback([OWN, GENERATED, LIBRARY, JDK].map((frame) => ({ ...frame })))
  for (const [name, given, expected] of [
    [
      'takes frames in that a table leaves out',
      [settings('inApp', ['org.apache.acme'], [])],
      [true, true, true, false],
    ],
    [
      'leaves frames out that no table knows',
      [settings('inApp', [], ['com.acme.generated'])],
      [true, false, false, false],
    ],
    [
      'includes before it excludes',
      [settings('inApp', ['com.acme'], ['com.acme.generated'])],
      [true, true, false, false],
    ],
    ['leaves only what is included', [settings('inApp', ['com.acme.shop'], ['**'])], [true, false, false, false]],
    ['goes by files too', [settings('inApp', ['Client.java'], ['Order*.java'])], [false, false, true, false]],
    [
      'of an input comes before that of the config',
      [settings('inputs[0].inApp', [], ['com.acme.generated']), settings('inApp', ['com.acme', 'java'], [])],
      [true, false, false, true],
    ],
  ] as const)
    it(name, () => {
      const read = all()
      markInApp(read)
      expect(marks(overridesOf(...given).apply(read))).toEqual([expected])
    })

  it('marks the frames of causes', () => {
    const read = traceback([{ ...OWN }], [{ ...LIBRARY }], [{ ...JDK }, { ...GENERATED }])
    markInApp(read)
    const applied = overridesOf(settings('inApp', ['org.apache.acme'], ['com.acme.generated'])).apply(read)
    expect(marks(applied)).toEqual([[true], [true], [false, false]])
    expect(applied.causes.map(({ kind }) => kind)).toEqual(['K', 'K'])
  })

  it('is told with the setting and the pattern', () => {
    const overrides = overridesOf(
      settings('inputs[2].inApp', ['x', 'com.acme'], []),
      settings('inApp', [], ['java.util']),
    )
    expect(overrides.decide(OWN)).toEqual({ inApp: true, because: 'inputs[2].inApp.include[1] "com.acme"' })
    expect(overrides.decide(JDK)).toEqual({ inApp: false, because: 'inApp.exclude[0] "java.util"' })
    expect(overrides.decide(LIBRARY)).toBeUndefined()
  })

  it('is nothing where no pattern is given', () => {
    expect(InAppOverrides.of([])).toBeUndefined()
    expect(InAppOverrides.of([settings('inApp', [], [])])).toBeUndefined()
  })
})

describe('frames that many records share', () => {
  const shared = () => {
    const read = traceback([{ ...OWN }, { ...GENERATED }], [{ ...LIBRARY }])
    markInApp(read)
    for (const list of [read.frames, ...read.causes.map((cause) => cause.frames)]) {
      list.forEach(Object.freeze)
      Object.freeze(list)
    }
    return read
  }

  it('are never changed', () => {
    const read = shared()
    const before = structuredClone(read)
    overridesOf(settings('inApp', ['**'], [])).apply(read)
    overridesOf(settings('inApp', [], ['**'])).apply(read)
    expect(read).toEqual(before)
  })

  it('come back as the same list and the same frames each time, so that what is known of them stays known', () => {
    const read = shared()
    const overrides = overridesOf(settings('inApp', ['org.apache.acme'], ['com.acme.generated']))
    const [first, again] = [overrides.apply(read), overrides.apply({ ...read })]
    expect(again.frames).toBe(first.frames)
    expect(first.frames[0]).toBe(read.frames[0])
    expect(again.causes[0]?.frames).toBe(first.causes[0]?.frames)
    const other = overrides.apply(traceback([...read.frames].reverse()))
    expect(other.frames[0]).toBe(first.frames[1])
  })

  it('come back themselves where nothing is said of them', () => {
    const read = shared()
    expect(overridesOf(settings('inApp', ['net.other'], [])).apply(read)).toBe(read)
    expect(overridesOf(settings('inApp', ['com.acme'], ['org'])).apply(read)).toBe(read)
  })

  it('are what they were but for their mark, whatever they are', () => {
    const text = fc.constantFrom('com.acme.A', 'java.util.B', 'run', 'a/b.py', 'vendor/c.php')
    const frame = fc.record({ module: text, function: text, file: text, line: fc.nat() }, { requiredKeys: [] })
    const patterns = fc.array(fc.constantFrom('com.acme', 'java', 'vendor', '*.py', 'run', '**'), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(frame), fc.array(frame), patterns, patterns, (frames, inner, include, exclude) => {
        const read = traceback(frames, inner)
        markInApp(read)
        const before = structuredClone(read)
        const overrides = InAppOverrides.of([settings('inApp', include, exclude)])
        const applied = overrides?.apply(read) ?? read
        expect(read).toEqual(before)
        const pairs = [
          ...applied.frames.map((one, i) => [one, read.frames[i]] as const),
          ...(applied.causes[0]?.frames ?? []).map((one, i) => [one, read.causes[0]?.frames[i]] as const),
        ]
        expect(pairs).toHaveLength(frames.length + inner.length)
        for (const [one, was] of pairs) {
          expect(one).toEqual({ ...was, in_app: overrides?.decide(was ?? {})?.inApp ?? was?.in_app })
        }
      }),
    )
  })
})
