import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { stdout } from '../../src/outputs/stdout.js'
import { batchOf, never, openWith, outputContract, record } from './contract.js'

outputContract(stdout, async () => {
  const stream = new PassThrough()
  let text = ''
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  return {
    output: openWith(stdout, {}, { stdout: stream }),
    arrived: async () => text.split('\n').slice(0, -1),
    close: async () => {
      stream.destroy()
    },
  }
})

describe('standard output', () => {
  it('is waited for while its reader does not read', async () => {
    const chunks: string[] = []
    let takeOne = () => {}
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk, _, done) {
        chunks.push(String(chunk))
        takeOne = done
      },
    })
    const output = openWith(stdout, {}, { stdout: slow })
    let settled = false
    const sent = output.send(batchOf([record(1)]), never()).finally(() => {
      settled = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect([chunks.length, settled]).toEqual([1, false])
    takeOne()
    expect(await sent).toEqual({ outcome: 'delivered' })
  })

  it('that is waited for can be left by an abort', async () => {
    const stuck = new Writable({ write() {} })
    const controller = new AbortController()
    const sent = openWith(stdout, {}, { stdout: stuck }).send(batchOf([record(1)]), controller.signal)
    controller.abort(new Error('the agent stops'))
    await expect(sent).rejects.toThrow('the agent stops')
  })

  it('whose reader has gone is held, now and later, and ends nothing', async () => {
    const closed = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
    })
    const output = openWith(stdout, {}, { stdout: closed })
    const held = {
      outcome: 'hold',
      reason: 'standard output takes nothing more (EPIPE)',
      mend: 'Start errand again with a reader on its standard output.',
    }
    expect(await output.send(batchOf([record(1)]), never())).toEqual(held)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await output.send(batchOf([record(1)]), never())).toEqual(held)
  })

  it('that is not there is held', async () => {
    expect((await openWith(stdout, {}).send(batchOf([record(1)]), never())).outcome).toBe('hold')
  })
})
