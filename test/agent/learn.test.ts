import { describe, expect, it } from 'vitest'
import { openPipeline } from '../../src/index.js'
import { runPieces } from '../law/run.js'
import { samples } from '../law/samples.js'

describe('source auto', () => {
  for (const { source, name, bytes } of samples) {
    it(`recognises ${name}`, () => {
      const sources = new Set(runPieces('auto', [bytes]).records.map((record) => record.source))
      // Entries before the first that speaks for one source alone stay auto's.
      sources.delete('auto')
      expect([...sources]).toEqual([source])
    })
  }

  it('says when and why it has recognised a source, once', async () => {
    const pipeline = await openPipeline({ source: 'auto' })
    const entries = [
      ...pipeline.push(
        'starting\nERROR:shop.web:gone\nINFO:shop.web:fine\n2026-11-20 10:15:32,123 [main] ERROR com.acme.Shop - x\n',
      ),
      ...pipeline.end(),
    ]
    expect(entries.map(({ recognised }) => recognised?.source)).toEqual([undefined, 'python', undefined, undefined])
    expect(entries[1]?.recognised?.because).toMatch(/^an entry has the shape /)
    expect(entries.map(({ record }) => record.source)).toEqual(['auto', 'python', 'python', 'python'])
  })

  it('recognises a source by its tracebacks', async () => {
    const pipeline = await openPipeline({ source: 'auto' })
    const entries = [
      ...pipeline.push(
        'Traceback (most recent call last):\n  File "/a.py", line 1, in <module>\n    x()\nKeyError: 1\n',
      ),
      ...pipeline.end(),
    ]
    expect(entries[0]).toMatchObject({
      outcome: 'kept',
      recognised: { source: 'python', because: 'an entry has a traceback of python' },
      record: { source: 'python' },
    })
  })
})
