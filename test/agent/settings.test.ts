import { describe, expect, it } from 'vitest'
import { type Config, configSettings } from '../../src/agent/settings.js'
import { readConfig } from '../../src/config/load.js'
import { renderProblem } from '../../src/core/problem.js'

describe('status.listen', () => {
  const problemsOf = (listen: string) => {
    const text = `{\n  inputs: [{ type: "stdin" }], outputs: [{ name: "o", type: "stdout" }],\n  status: { listen: ${JSON.stringify(listen)} } }`
    return readConfig<Config>(text, 'config.json', configSettings, {}).problems.map(renderProblem)
  }
  for (const listen of ['127.0.0.1:8686', '0.0.0.0:8686', '[::1]:8686', 'localhost:0']) {
    it(`takes ${listen}`, () => expect(problemsOf(listen)).toEqual([]))
  }
  for (const listen of [':8686', '8686', '127.0.0.1', 'http://127.0.0.1:8686']) {
    it(`says what to write for ${listen}`, () => {
      expect(problemsOf(listen)).toEqual([
        expect.stringMatching(
          /^config\.json:3:21 {2}.*is not host:port\. Write "127\.0\.0\.1:8686" for this host alone/,
        ),
      ])
    })
  }
  it('knows how far ports go', () => {
    expect(problemsOf('127.0.0.1:86860')).toEqual([expect.stringContaining('ports go up to 65535')])
  })
})
