import { describe, expect, it } from 'vitest'
import { readTraceback } from '../../src/agent/tracebacks.js'
import { node } from '../../src/trace/node.js'
import { takenBy } from './any-text.js'

const APP = 'https://till.example/app.js'

describe('a line of a browser', () => {
  for (const [printed, frame] of [
    [`save@${APP}:1:2`, { function: 'save', file: APP, line: 1, column: 2 }],
    [`@${APP}:1:2`, { file: APP, line: 1, column: 2 }],
    [`${APP}:1:2`, { file: APP, line: 1, column: 2 }],
    [`save@${APP}:12`, { function: 'save', file: APP, line: 12 }],
    [`save(3,"a")@${APP}:12`, { function: 'save', file: APP, line: 12 }],
    [`(null)@${APP}:12`, { file: APP, line: 12 }],
    [`Till.prototype.save/<@${APP}:1:2`, { function: 'Till.prototype.save/<', file: APP, line: 1, column: 2 }],
    [`async*save@${APP}:1:2`, { function: 'save', file: APP, line: 1, column: 2 }],
    [`promise callback*@${APP}:1:2`, { file: APP, line: 1, column: 2 }],
    [`save@${APP} line 9 > eval line 2 > eval:1:30`, { function: 'save', file: APP, line: 9 }],
    [`@${APP} line 9 > Function:1:30`, { function: 'eval', file: APP, line: 9 }],
    [`global code@${APP}:1:2`, { function: 'global code', file: APP, line: 1, column: 2 }],
    ['module code@till/start:1:2', { function: 'module code', file: 'till/start', line: 1, column: 2 }],
    ['map@[native code]', { function: 'map', file: '[native code]' }],
    ['[native code]', { file: '[native code]' }],
    ['eval code', { function: 'eval code' }],
    ['save@/srv/a b/x.js:1:2', { function: 'save', file: '/srv/a b/x.js', line: 1, column: 2 }],
    ['save@file:///C:/till/x.js:1:2', { function: 'save', file: 'file:///C:/till/x.js', line: 1, column: 2 }],
    ['save@main.jsbundle:1:2', { function: 'save', file: 'main.jsbundle', line: 1, column: 2 }],
    ['411.js:1:2', { file: '411.js', line: 1, column: 2 }],
    [
      'save@blob:https://till.example/7f1e:1:2',
      { function: 'save', file: 'blob:https://till.example/7f1e', line: 1, column: 2 },
    ],
    ['save@resource://till/x.js:1:2', { function: 'save', file: 'resource://till/x.js', line: 1, column: 2 }],
    ['https://till.example/a@2.1.0/x.js:1:2', { file: 'https://till.example/a@2.1.0/x.js', line: 1, column: 2 }],
    [
      '@https://till.example/x.wasm:wasm-function[7]:0x1c',
      { function: 'wasm-function[7]', file: 'https://till.example/x.wasm' },
    ],
  ] as const) {
    it(`${printed} is a frame of a stack`, () => expect(node.read(printed)?.frames).toEqual([frame]))
  }

  for (const printed of [
    'till@shop.example:25:1',
    'git@code.example:acme/till.git:1:2',
    'till@http://192.0.2.7:8080',
    'github.com/acme/till@v1.2.3/till.go:12',
    '/go/pkg/mod/github.com/acme/till@v1.2.3/till.go:12',
    'com.acme.Till@1b2c3d:1:2',
    'src/main.rs:4:5',
    '10:30:15',
    'all is well',
  ]) {
    it(`${printed} is none`, () => expect(node.read(printed)).toBeUndefined())
  }
})

describe('a stack of a browser in its own attribute', () => {
  for (const [what, stack, kind, message, functions] of [
    ['has no header', `save@${APP}:1:2\nload@${APP}:3:4`, undefined, undefined, ['save', 'load']],
    ['may have one', `TypeError: no\nsave@${APP}:1:2`, 'TypeError', 'no', ['save']],
    ['may have a name alone over it', `TillError\nsave@${APP}:1:2`, 'TillError', undefined, ['save']],
    ['may have a message over it that names nothing', `till is null\nsave@${APP}:1:2`, undefined, undefined, ['save']],
    [
      'goes on behind a line without a place',
      `save@${APP}:1:2\nquietly\n\nload@${APP}:3:4`,
      undefined,
      undefined,
      ['save', 'load'],
    ],
  ] as const) {
    it(what, () => {
      const read = node.read(`${stack}\n`)
      expect([read?.kind, read?.message]).toEqual([kind, message])
      expect(read?.frames.map((frame) => frame.function)).toEqual(functions)
    })
  }

  it('is not looked for in a stack of V8, whose message may quote places', () => {
    const read = node.read('Error: Build failed\nsrc/till.ts:4:7\n\n    at build (/srv/x.js:1:2)')
    expect(read?.message).toBe('Build failed\nsrc/till.ts:4:7\n')
    expect(read?.frames.map(({ file }) => file)).toEqual(['/srv/x.js'])
  })

  it('does not win over the language that wrote the stack', () => {
    const stack =
      'panic: gone\n\ngoroutine 1 [running]:\nmain.open(...)\n\tgithub.com/acme/till@v1.2.3/till.go:12 +0x1d'
    expect(readTraceback(stack, 'read', undefined)?.language).toBe('go')
  })
})

describe('a stack of a browser in a text', () => {
  it('is found behind a message, from the first line that is a frame of its kind', () => {
    const found = node.find(`2026 error: till broke\n${APP}:1:2\nsave@${APP}:3:4\neval code\nall is well`, 0)
    expect(found?.frames).toEqual([
      { file: APP, line: 1, column: 2 },
      { function: 'save', file: APP, line: 3, column: 4 },
      { function: 'eval code' },
    ])
    expect(found?.kind).toBeUndefined()
    expect(found?.start).toBe('2026 error: till broke\n'.length)
  })

  it('takes its kind from a line that names an error only', () => {
    expect(node.find(`Checkout: gone\nTypeError: no\nsave@${APP}:1:2`, 0)?.kind).toBe('TypeError')
    expect(node.find(`Checkout: gone\nsave@${APP}:1:2`, 0)?.kind).toBeUndefined()
  })

  for (const line of [
    'save@app.js:1:2',
    'save@/srv/x.js:1:2',
    'map@[native code]',
    '[native code]',
    'eval code',
    `${APP}:1:2`,
    'till@http://192.0.2.7:8080',
    `save@${APP}:12`,
    `from till@${APP}:1:2`,
    `save@${APP}:1:2: not found`,
    'till@smtp://mail.example:25:1',
    'user@shop.example:1:2',
  ]) {
    it(`is not found in ${line}`, () => expect(node.find(`till opens\n${line}\n`, 0)).toBeUndefined())
  }

  it('is followed as one entry, outside any record', () => {
    const stack = `save@${APP}:1:2\nmap@[native code]\n@${APP}:3:4`
    expect(takenBy(node, `${stack}\nall is well`)).toEqual(stack.split('\n'))
    const named = `TypeError: no\n${stack}`
    expect(takenBy(node, `${named}\nall is well`)).toEqual(named.split('\n'))
  })
})
