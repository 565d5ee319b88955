import { describe, expect, it } from 'vitest'
import { due, type Figures, type OutputAccount, sumLines, sumRecords } from '../../src/agent/sums.js'
import { Counters } from '../../src/core/counters.js'

const NONE: OutputAccount = { opening: 0, repeated: 0, unexplained: 0 }

function figures(totals: Record<string, number>, rest: Partial<Omit<Figures, 'totals'>> = {}): Figures {
  return { totals: Counters.from(totals), linesOpen: 0, recordsPending: 0, spooled: {}, outputs: {}, ...rest }
}

describe('lines read = kept + dropped + joined + read again + open', () => {
  const all = {
    lines_read_total: 100,
    lines_kept_total: 40,
    'lines_dropped_total{"reason":"calm"}': 30,
    'lines_dropped_total{"reason":"below_error"}': 20,
    lines_joined_total: 4,
    lines_reread_total: 3,
  }
  for (const [name, totals, open, difference] of [
    ['nothing was read', {}, 0, 0],
    ['all are somewhere', all, 3, 0],
    ['two are nowhere', all, 1, 2],
    ['one is in two places', all, 4, -1],
  ] as const) {
    it(`${name}: ${difference}`, () =>
      expect(sumLines(figures(totals, { linesOpen: open })).difference).toBe(difference))
  }

  it('tells the reasons', () => {
    expect(sumLines(figures(all, { linesOpen: 3 })).dropped).toEqual({ calm: 30, below_error: 20 })
  })
})

describe('records made = delivered + refused + lost + waiting, for each output', () => {
  const made = {
    'records_kept_total{"source":"java"}': 60,
    'records_kept_total{"source":"auto"}': 40,
    'records_delivered_total{"output":"main"}': 70,
    'records_refused_total{"output":"main"}': 5,
    'records_delivered_total{"output":"other"}': 1,
    'spool_records_lost_total{"reason":"damaged","output":"main"}': 5,
    'spool_records_lost_total{"output":"other","reason":"damaged"}': 9,
  }
  for (const [name, account, spooled, recordsPending, difference] of [
    ['all are somewhere', NONE, 15, 5, 0],
    ['what is not durable yet counts', NONE, 20, 0, 0],
    ['two are nowhere', NONE, 13, 5, 2],
    ['one is in two places', NONE, 21, 0, -1],
    ['records of a time before the output are not its own', { ...NONE, opening: -10 }, 10, 0, 0],
    ['a crash made some of them twice', { ...NONE, repeated: 3 }, 23, 0, 0],
    ['a crash cut off the count of some deliveries', { ...NONE, repeated: -3 }, 17, 0, 0],
    ['what nobody can explain stays a difference', { ...NONE, unexplained: -4 }, 16, 0, 4],
  ] as const) {
    it(`${name}: ${difference}`, () => {
      const now = figures(made, { spooled: { main: spooled }, recordsPending, outputs: { main: account } })
      expect(sumRecords(now, 'main').difference).toBe(difference)
    })
  }

  it('says what must wait for the output, the unexplained included', () => {
    expect(due(figures(made, { outputs: { main: NONE } }), 'main')).toBe(20)
    expect(due(figures(made, { outputs: { main: { ...NONE, unexplained: -4 } } }), 'main')).toBe(16)
  })
})
