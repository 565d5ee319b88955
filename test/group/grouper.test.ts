import { describe, expect, it } from 'vitest'
import type { Entry } from '../../src/core/shapes.js'
import { compileAlarms } from '../../src/frame/alarms.js'
import { Framer } from '../../src/frame/framer.js'
import { Grouper, type GrouperOptions, type GroupLanguage } from '../../src/group/grouper.js'

/** A toy language: `Trace:` begins, `  in …` goes on, `Boom` ends it; `Crash!` interrupts, a blank before it or not. */
const toy: GroupLanguage = {
  follow(line) {
    if (!/^ *(?:Trace:|Crash!)/.test(line)) return undefined
    let complete = false
    let traced = false
    return {
      takes(next) {
        if (complete) return false
        traced ||= next.startsWith('  in ')
        complete = next === 'Boom'
        return complete || next.startsWith('  in ')
      },
      get traced() {
        return traced
      },
      get complete() {
        return complete
      },
    }
  },
  interrupts: (line) => /^ ?Crash!/.test(line),
}

function group(text: string, options: Partial<GrouperOptions> & { everyLine?: boolean } = {}) {
  const entries: Entry[] = []
  const grouper = new Grouper(
    {
      languages: [toy],
      heads: [],
      maxEntryBytes: 1 << 20,
      idleMs: 1000,
      sampleEvery: 0,
      trustHeads: false,
      ...options,
    },
    (entry) => entries.push(entry),
  )
  const alarms = options.everyLine === false ? compileAlarms(['error']) : undefined
  const framer = new Framer({ format: 'auto', maxLineBytes: 1 << 20, alarms }, (line) => grouper.line(line))
  framer.push({ bytes: Buffer.from(text), offset: 0 })
  return { entries, grouper, framer, texts: () => entries.map((entry) => entry.text) }
}

function texts(text: string, options = {}): string[] {
  const grouped = group(text, options)
  grouped.framer.flush()
  grouped.grouper.flush()
  return grouped.texts()
}

describe('records with a head', () => {
  for (const [name, head] of [
    ['ISO time', '2026-11-20 10:15:32,123 ERROR x'],
    ['ISO time in brackets', '[2026-11-20T10:15:32Z] x'],
    ['time only', '10:15:32.123 [main] ERROR x'],
    ['level first', 'ERROR:shop.web:x'],
    ['level and time', 'WARNING 2026-11-20 10:15:32 x'],
    ['level in brackets', '[ERROR] x'],
    ['time without fraction in brackets', '[10:15:32] ERROR - x'],
    ['the date of a locale', '11/20/2026, 9:15:32 AM ERROR x'],
    ['level and dashes', 'ERROR -- x'],
    ['milliseconds since the start', '203 [main] ERROR com.acme.Shop - x'],
    ['milliseconds and a level', '1795169732123 ERROR shop.Orders: x'],
    ['short date', '261120 10:15:32 ERROR x'],
    ['priority', '<3>[7] x'],
    ['thread, level and logger', '[main] ERROR com.acme.Shop - x'],
    ['WebLogic', '####<Nov 20, 2026 10:15:32 AM UTC> <Error> <Security> <web-1> <x>'],
    ['java.util.logging in German', 'Nov. 20, 2026 10:15:32 PM com.acme.Shop pay'],
    ['java.util.logging in Japanese', '11月 20, 2026 10:15:32 午後 com.acme.Shop pay'],
    ['level and colon', 'error: x'],
    ['Ruby Logger', 'E, [2026-11-20T10:15:32.1 #1] ERROR -- : x'],
    ['klog', 'E1120 10:15:32.123456       1 a.go:1] x'],
    ['logfmt', 'time="2026-11-20T10:15:32Z" level=error msg=x'],
    ['syslog', 'Nov 20 10:15:32 host app: x'],
    ['Apache', '[Fri Nov 20 10:15:32.1 2026] [core:error] x'],
    ['colour', '\u001b[31mERROR\u001b[0m x'],
    ['slashes', '2026/11/20 10:15:32 x'],
  ] as const)
    it(`begin at ${name}`, () =>
      expect(texts(`${head}\nmore\n\n  more\n${head}\n`)).toEqual([`${head}\nmore\n\n  more`, head]))

  for (const line of [
    'and more',
    'Errors are many',
    'INFORMED people',
    'http://x',
    '12 monkeys',
    '10.0.0.1 said',
    'panic: at the disco',
    '1.2.3',
  ])
    it(`do not begin at "${line}"`, () => expect(texts(`ERROR: a\n${line}\n`)).toEqual([`ERROR: a\n${line}`]))

  it('of java.util.logging have two head lines', () => {
    const record =
      'Nov 21, 2026 12:21:07 AM com.acme.Shop pay\nSEVERE: it broke\njava.io.IOException: x\n\tat a.b(C.java:1)\n'
    expect(texts(record + record)).toEqual([record.trimEnd(), record.trimEnd()])
  })

  it('end where the runtime itself speaks', () => {
    expect(texts('INFO: a\nCrash! now\n  in f\nBoom\nrest\n')).toEqual(['INFO: a', 'Crash! now\n  in f\nBoom', 'rest'])
  })

  it('take a traceback that follows', () => {
    expect(texts('WARN: a\nTrace:\n  in f\nBoom\nINFO: b\n')).toEqual(['WARN: a\nTrace:\n  in f\nBoom', 'INFO: b'])
  })
})

describe('records whose head says a time and no level', () => {
  for (const head of [
    '2026/11/20 10:15:32',
    '2026/11/20 10:15:32 http: panic serving 10.0.0.7:4711: x',
    'Nov 20 10:15:32 web-1 shop[7]:',
    'Jul 09, 2026 3:23:29 PM',
  ])
    it(`end behind their traceback: ${head}`, () => {
      expect(texts(`${head} Trace:\nand more\n  in f\nTrace:\n  in g\nplain\n`)).toEqual([
        `${head} Trace:\nand more\n  in f\nTrace:\n  in g`,
        'plain',
      ])
      expect(texts(`${head} it did break\nTrace:\n  in f\n\n  more\nplain\n`)).toEqual([
        `${head} it did break\nTrace:\n  in f\n\n  more`,
        'plain',
      ])
    })

  it('take what does not stand right behind frames', () => {
    const record = '2026/11/20 10:15:32 oops\nTrace:\n  in f\nBoom\nand more\nand more'
    expect(texts(`${record}\n`)).toEqual([record])
  })

  it('take everything once a level stands near', () => {
    for (const head of ['2026/11/20 10:15:32 [ERROR]', '2026-11-20 10:15:32.123 +00:00 [FTL]']) {
      const record = `${head} oops\nTrace:\n  in f\nand more`
      expect(texts(`${record}\n`)).toEqual([record])
    }
  })

  it("take everything when the head is the remapper's own", () => {
    const record = '2026/11/20 10:15:32 oops\nTrace:\n  in f\nand more'
    expect(texts(`${record}\n`, { heads: ['\\d{4}/'] })).toEqual([record])
  })
})

it("takes the second line of java.util.logging's head whatever it looks like", () => {
  for (const half of ['PM', '午後', 'P.\u00a0M.']) {
    const text = `nov. 20, 2026 10:15:32 ${half} com.acme.Shop pay\nINFO: x\n\tmore\n`
    expect(texts(text)).toEqual([text.trimEnd()])
  }
})

describe('lines outside any record', () => {
  it('stand alone', () => expect(texts('one\ntwo\nthree\n')).toEqual(['one', 'two', 'three']))
  it('take indented lines along', () =>
    expect(texts('select a\n  from b\nnext\n')).toEqual(['select a\n  from b', 'next']))
  it('go on below a traceback that is set in', () => {
    const text = 'one\n  Trace:\n  in f\n  two\n  three'
    expect(texts(`${text}\nnext\n`)).toEqual([text, 'next'])
  })
  it('leave an indented line alone that the runtime itself prints', () =>
    expect(texts('one\n Crash! now\n  in f\nnext\n')).toEqual(['one', ' Crash! now\n  in f', 'next']))
  it('follow the grammar of a traceback, and two back to back stay two', () =>
    expect(texts('Trace:\n  in f\nBoom\nTrace:\n  in g\nBoom\nplain\n')).toEqual([
      'Trace:\n  in f\nBoom',
      'Trace:\n  in g\nBoom',
      'plain',
    ]))
  it('follow the language that is certain, whichever is asked first', () => {
    // Takes any header, and any line below it that is not indented.
    const greedy: GroupLanguage = {
      follow: () => ({ takes: (line) => !line.startsWith(' '), traced: false, complete: false }),
      interrupts: () => false,
    }
    for (const languages of [
      [greedy, toy],
      [toy, greedy],
    ])
      expect(texts('Crash! now\n  in f\nBoom\none\n  two\n', { languages })).toEqual([
        'Crash! now\n  in f\nBoom',
        'one',
        '  two',
      ])
  })
  it('are emitted at once when the traceback is known to be complete', () => {
    expect(group('Trace:\n  in f\nBoom\n').texts()).toEqual(['Trace:\n  in f\nBoom'])
  })
  it('lose a tag that the logger repeats', () => {
    expect(texts('[r-1] [web] \n[r-1] [web] Trace:\n[r-1] [web]   in f\n[r-1] [web] Boom\n')).toEqual([
      '[r-1] [web] \nTrace:\n  in f\nBoom',
    ])
  })
  it('with the same tag are not one message', () => {
    expect(texts('[r-1] one\n[r-1] two\n')).toEqual(['[r-1] one', '[r-1] two'])
  })
})

describe('lines that a grammar may give back', () => {
  /** `Doubt:` goes on over any line but `END`; only `  in …` proves that they are its own. */
  const doubting: GroupLanguage = {
    follow(line) {
      if (!line.startsWith('Doubt:')) return undefined
      let doubtful = false
      return {
        takes(next) {
          doubtful = !next.startsWith('  in ')
          return next !== 'END'
        },
        get doubtful() {
          return doubtful
        },
        traced: true,
        complete: false,
      }
    },
    interrupts: () => false,
  }
  const languages = [toy, doubting]

  it('are part of the traceback when they are proved to be', () =>
    expect(texts('Doubt: a\nb\nc\n  in f\nEND\n', { languages })).toEqual(['Doubt: a\nb\nc\n  in f', 'END']))
  it('are lines like any others when they are not', () =>
    expect(texts('Doubt: a\nb\nTrace:\n  in g\nBoom\nEND\n', { languages })).toEqual([
      'Doubt: a\nb\nTrace:\n  in g',
      'Boom',
      'END',
    ]))
  it('are looked at once, and held no more', () =>
    expect(texts('Doubt: a\nDoubt: b\nc\n', { languages })).toEqual(['Doubt: a', 'Doubt: b', 'c']))
  it('are given back by a record, by silence and by the end', () => {
    expect(texts('Doubt: a\nb\nERROR: c\n', { languages })).toEqual(['Doubt: a', 'b', 'ERROR: c'])
    const { grouper, texts: soFar } = group('Doubt: a\nb\n', { languages })
    expect([grouper.linesOpen, grouper.openFrom, soFar()]).toEqual([2, 0, []])
    grouper.tick(5000)
    expect([grouper.linesOpen, soFar()]).toEqual([0, ['Doubt: a', 'b']])
  })
})

describe('a program without a logger behind syslog', () => {
  const by = (pid: number) => (line: string) => `Nov 20 10:15:32 web-1 shop[${pid}]: ${line}`
  const one = by(7)

  it('prints lines that are as many entries, and its tracebacks', () => {
    const lines = ['ready', 'Trace:', '  in f', 'Boom', 'ready']
    expect(texts(`${lines.map(one).join('\n')}\n`)).toEqual([
      one('ready'),
      `${one('Trace:')}\n  in f\nBoom`,
      one('ready'),
    ])
  })
  it('goes on below a level with what is a traceback', () => {
    const lines = ['ERROR: no', 'Trace:', '  in f', 'Boom', 'ready', 'ERROR: no']
    expect(texts(`${lines.map(one).join('\n')}\n`)).toEqual([
      `${one('ERROR: no')}\nTrace:\n  in f\nBoom`,
      one('ready'),
      one('ERROR: no'),
    ])
  })
  it('is not mixed with another', () => {
    expect(texts(`${[one('Trace:'), by(8)('  in f'), one('  in g')].join('\n')}\n`)).toEqual([
      one('Trace:'),
      by(8)('  in f'),
      one('  in g'),
    ])
  })
  it('takes lines along that have no stamp at all', () =>
    expect(texts(`${one('select')}\nfrom b\n${one('c')}\n`)).toEqual([`${one('select')}\nfrom b`, one('c')]))
  for (const [name, stamp] of [
    ["is known behind Heroku's router", '2026-11-20T10:15:32.123456+00:00 app[web.1]: '],
    ["is known behind a container's clock", '2026-11-20T10:15:32.123456789Z '],
  ] as const)
    it(name, () => {
      const lines = ['ready', 'Trace:', '  in f', 'Boom', 'ready'].map((line) => stamp + line)
      expect(texts(`${lines.join('\n')}\n`)).toEqual([`${stamp}ready`, `${stamp}Trace:\n  in f\nBoom`, `${stamp}ready`])
    })
})

describe('a logger that writes its head before every line', () => {
  const head = '2026-11-20 10:15:32.123 4711 ERROR shop.web '
  const python: GroupLanguage = {
    ...toy,
    follow: (line) => (line.startsWith('Traceback (') ? toy.follow('Trace:') : undefined),
  }
  it('has one record of a traceback', () => {
    const lines = [
      `${head}[req-1] no`,
      `${head}Traceback (most recent`,
      `${head}  in f`,
      `${head}Boom`,
      `${head}[req-2] no`,
    ]
    expect(texts(`${lines.join('\n')}\n`, { languages: [python] })).toEqual([
      `${head}[req-1] no\nTraceback (most recent\n  in f\nBoom`,
      `${head}[req-2] no`,
    ])
  })
  it('has two records where the time is another', () => {
    const lines = [`${head}no`, `${head.replace('.123', '.124')}Traceback (most recent`]
    expect(texts(`${lines.join('\n')}\n`, { languages: [python] })).toEqual(lines)
  })
})

describe('a record whose head is a word', () => {
  it('ends behind its traceback, since an error may begin so', () => {
    const text = 'error: no table\nTrace:\n  in f'
    expect(texts(`${text}\nready\n`)).toEqual([text, 'ready'])
  })
  it('takes everything while there is none', () =>
    expect(texts('error: no table\nb\n  c\nd\n')).toEqual(['error: no table\nb\n  c\nd']))
})

describe("a remapper's own heads", () => {
  it('may look for the end of the line, wherever the line stands', () => {
    const heads = ['fail: \\w+$']
    expect(texts('fail: a\nb\nfail: c\n', { heads })).toEqual(['fail: a\nb', 'fail: c'])
    const docker = ['fail: a', 'b', 'fail: c'].map((log) =>
      JSON.stringify({ log: `${log}\n`, stream: 'stdout', time: '2026-11-20T10:15:32.123456789Z' }),
    )
    expect(texts(`${docker.join('\n')}\n`, { heads })).toEqual(['fail: a\nb', 'fail: c'])
  })
  it('leave the levels of other heads what they say', () => {
    const options = { heads: ['xx '], trustHeads: true, everyLine: false }
    expect(texts('INFO error\nxx error\n', options)).toEqual(['xx error'])
  })
})

describe('JSON lines', () => {
  it('always stand alone, even inside a record', () => {
    expect(texts('ERROR: a\n{"b":1}\nmore\n')).toEqual(['ERROR: a', '{"b":1}', 'more'])
  })
  it('are emitted at once', () => expect(group('{"b":1}\n').texts()).toEqual(['{"b":1}']))
})

describe('lines with a stamp before each', () => {
  it('make one record of a traceback', () => {
    const stamp = (line: string) => `2026-11-20T10:15:32.123Z ${line}`
    const lines = ['ERROR it broke', 'Trace:', '  in f', 'Boom', 'INFO next']
    expect(texts(`${lines.map(stamp).join('\n')}\n`)).toEqual([
      `${stamp('ERROR it broke')}\nTrace:\n  in f\nBoom`,
      stamp('INFO next'),
    ])
  })
  it('make one record of a traceback in syslog', () => {
    const stamp = (line: string) => `Nov 20 10:15:32 web-1 shop[7]: ${line}`
    expect(texts(`${['Trace:', '  in f', 'Boom', 'other'].map(stamp).join('\n')}\n`)).toEqual([
      `${stamp('Trace:')}\n  in f\nBoom`,
      stamp('other'),
    ])
  })
  it('do not go on with a line that has none', () => {
    expect(texts('one\nNov 20 10:15:32 Trace:\n  in f\ntwo\n')).toEqual([
      'one',
      'Nov 20 10:15:32 Trace:\n  in f',
      'two',
    ])
  })
  it('leave JSON alone, without the stamp', () => {
    expect(texts('2026-11-20T10:15:32Z {"a":1}\n2026-11-20T10:15:32Z {"a":2}\n')).toEqual(['{"a":1}', '{"a":2}'])
  })
  it('are records of their own otherwise', () => {
    expect(texts('2026-11-20T10:15:32Z one\n2026-11-20T10:15:32Z two\n')).toEqual([
      '2026-11-20T10:15:32Z one',
      '2026-11-20T10:15:32Z two',
    ])
  })
})

describe('lines that syslog or Kubernetes carried', () => {
  const own = [
    '2026-11-20 10:15:32,123 ERROR it broke',
    'Boom: x',
    '#0 /srv/a.php(3): b()',
    '',
    '10:15:33.000 [main] INFO next',
  ]
  for (const [name, carrier] of [
    ['syslog', 'Nov 20 10:15:32 web-1 shop[7]: '],
    ['syslog without a process', 'Nov  2 10:15:32 web-1 shop: '],
    ['syslog with a priority', '<131>Nov 20 10:15:32 web-1 shop[7]: '],
    ['the journal', '2026-11-20T10:15:32.123+01:00 web-1 shop[7]: '],
    ['kubectl', '2026-11-20T10:15:32.123456789Z '],
  ] as const)
    it(`are as if nothing had carried them, of ${name}`, () => {
      expect(texts(`${own.map((line) => carrier + line).join('\n')}\n`)).toEqual([
        own.slice(0, 4).join('\n'),
        '10:15:33.000 [main] INFO next',
      ])
    })

  it('belong to the program that wrote them', () => {
    const lines = [
      'Nov 20 10:15:32 web-1 shop[7]: 2026-11-20 10:15:32 ERROR it broke',
      'Nov 20 10:15:32 web-1 cron[9]: (root) CMD (run)',
      'Nov 20 10:15:32 web-1 shop[7]: more',
    ]
    expect(texts(`${lines.join('\n')}\n`)).toEqual(['2026-11-20 10:15:32 ERROR it broke', lines[1], lines[2]])
  })
  it('are records over many lines, too', () => {
    const stamp = (line: string) => `Nov 20 10:15:32 web-1 shop[7]: ${line}`
    const lines = ['<record>', '  <level>SEVERE</level>', '</record>', '{', '  "level" : "error"', '}']
    expect(texts(`${lines.map(stamp).join('\n')}\n`)).toEqual([
      '<record>\n  <level>SEVERE</level>\n</record>',
      '{\n  "level" : "error"\n}',
    ])
  })
  it('keep what carried them where the program says no time of its own', () => {
    const line = 'Nov 20 10:15:32 web-1 sshd[7]: error: no key'
    expect(texts(`${line}\n`)).toEqual([line])
  })
  it('ring the alarm that stands in them', () => {
    const text =
      'Nov 20 10:15:32 web-1 shop[7]: 10:15:32.123 [a] LOG it broke\nNov 20 10:15:32 web-1 shop[7]: an error\n'
    expect(texts(text, { everyLine: false })).toEqual(['10:15:32.123 [a] LOG it broke\nan error'])
  })
})

describe('JSON in a message', () => {
  it('stays there when the line before announces it', () => {
    for (const body of ['{\n  "error": "no"\n}', '{"error":"no","status":500}'])
      expect(texts(`ERROR: 500 from upstream: \n${body}\n  more\n`)).toEqual([
        `ERROR: 500 from upstream: \n${body}\n  more`,
      ])
  })
  it('stays there when Ruby has put the class of the error behind the first line', () => {
    expect(texts('ERROR: 500: (Far::Error)\n{\n  "a": 1\n}\n')).toEqual(['ERROR: 500: (Far::Error)\n{\n  "a": 1\n}'])
  })
  it('is a record when it says a level', () => {
    expect(texts('INFO: config:\n{"level":"error","msg":"x"}\n')).toEqual([
      'INFO: config:',
      '{"level":"error","msg":"x"}',
    ])
  })
})

describe('records over many lines that have an end', () => {
  it('are JSON printed for people', () => {
    expect(texts('{\n  "level" : "error",\n  "a" : {\n  }\n}\n{\n  "b" : 1\n}\nplain\n')).toEqual([
      '{\n  "level" : "error",\n  "a" : {\n  }\n}',
      '{\n  "b" : 1\n}',
      'plain',
    ])
  })
  it('end early where no JSON can go on', () => {
    expect(texts('{\nERROR: a\n  more\n')).toEqual(['{', 'ERROR: a\n  more'])
  })
  it('are elements of a list', () => {
    expect(texts('[\n{\n  "a" : 1\n}\n, {\n  "b" : 2\n}\n, {"c":3}\n]\n')).toEqual([
      '[',
      '{\n  "a" : 1\n}',
      '{\n  "b" : 2\n}',
      '{"c":3}',
      ']',
    ])
  })
  it('are events of Log4j', () => {
    const first =
      '<log4j:event logger="a" level="ERROR">\n<log4j:message><![CDATA[2026-11-20 10:15:32 x]]></log4j:message>\n</log4j:event>'
    const second =
      '  <Event xmlns="http://logging.apache.org/log4j/2.0/events" level="ERROR">\n    <Message>no\nERROR: b</Message>\n  </Event>'
    expect(texts(`${first}\n\n${second}\n${first}\n`)).toEqual([first, second, first])
  })
  it('are XML records', () => {
    expect(texts('<record>\n  <level>SEVERE</level>\n2026-11-20 10:15:32 x\n</record>\n<record>\n</record>\n')).toEqual(
      ['<record>\n  <level>SEVERE</level>\n2026-11-20 10:15:32 x\n</record>', '<record>\n</record>'],
    )
  })
})

describe('groups', () => {
  it('close after an idle time', () => {
    const { grouper, entries } = group('ERROR: a\n')
    grouper.tick(999)
    expect(entries).toEqual([])
    grouper.tick(1000)
    expect(entries).toHaveLength(1)
  })

  it('tell which bytes they still need', () => {
    const { grouper, framer } = group('ERROR: a\nERROR: b\n')
    expect(grouper.openFrom).toBe(9)
    framer.push({ bytes: Buffer.from('{"a":1}\n'), offset: 18 })
    expect(grouper.openFrom).toBeUndefined()
  })

  it('without an alarm are forgotten and counted', () => {
    const grouped = group('INFO: a\nmore\nERROR: b\nINFO: c\n', { everyLine: false })
    grouped.grouper.flush()
    expect(grouped.texts()).toEqual(['ERROR: b'])
    expect(grouped.grouper.linesCalm).toBe(3)
  })

  it('without an alarm are judged one in so many', () => {
    const grouped = group('INFO: a\n'.repeat(10), { everyLine: false, sampleEvery: 5 })
    grouped.grouper.flush()
    expect(grouped.texts()).toHaveLength(2)
  })

  it('over the limit are cut, marked and counted', () => {
    const grouped = group(`ERROR: a\n${'x'.repeat(30)}\n${'y'.repeat(30)}\nERROR: b\n`, { maxEntryBytes: 50 })
    grouped.grouper.flush()
    expect(grouped.entries).toMatchObject([
      { text: `ERROR: a\n${'x'.repeat(30)}\n${'y'.repeat(10)}`, cut: true },
      { text: 'ERROR: b' },
    ])
    expect(grouped.entries[1]).not.toHaveProperty('cut')
    expect(grouped.grouper).toMatchObject({ entriesCut: 1, bytesCut: 20 })
  })

  for (const [name, text] of [
    ['of bytes', 'ERROR: aé!\n'],
    ['of text', `${JSON.stringify({ log: 'ERROR: a🚀\n', stream: 'stdout', time: '2026-11-20T23:10:11Z' })}\n`],
  ] as const)
    it(`are not cut in a character: ${name}`, () => {
      const grouped = group(text, { maxEntryBytes: 9 })
      grouped.grouper.flush()
      expect(grouped.entries).toMatchObject([{ text: 'ERROR: a', cut: true }])
    })

  it('know the offsets of their lines', () => {
    expect(group('ERROR: é\nx\n{"a":1}\n').entries[0]).toMatchObject({ from: 0, to: 12, lineOffsets: [0, 10] })
  })
})

describe('JSON lines whose level stands first', () => {
  const options = { everyLine: false, trustHeads: true, calmJson: /\{("level"):"info",/y }
  const judged = (text: string) => texts(text, options)

  it('are calm without a search', () => expect(judged('{"level":"info","message":"an error"}\n')).toEqual([]))
  it('are judged when the level is said twice', () => {
    const line = '{"level":"info","message":"an error","level":"error"}'
    expect(judged(`${line}\n`)).toEqual([line])
  })
  it('are searched when something else stands first', () => {
    const line = '{"message":"an error","level":"info"}'
    expect(judged(`${line}\n`)).toEqual([line])
  })
})

describe('containers', () => {
  const cri = (stream: string, tag: string, body: string) => `2026-11-20T23:10:11.5Z ${stream} ${tag} ${body}\n`

  it('join partial lines of one stream, without a separator', () => {
    expect(texts(cri('stdout', 'P', 'ERROR: a') + cri('stdout', 'P', 'b') + cri('stdout', 'F', 'c'))).toEqual([
      'ERROR: abc',
    ])
  })
  it('join a character that was cut in two', () => {
    const [one, two] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)]
    const bytes = Buffer.concat([
      Buffer.from('2026-11-20T23:10:11.5Z stdout P ERROR: '),
      one,
      Buffer.from('\n2026-11-20T23:10:11.5Z stdout F '),
      two,
      Buffer.from('\n'),
    ])
    const { framer, grouper, texts: of } = group('')
    framer.push({ bytes, offset: 0 })
    grouper.flush()
    expect(of()).toEqual(['ERROR: é'])
  })
  it('keep stdout and stderr apart', () => {
    const text = cri('stdout', 'F', 'ERROR: a') + cri('stderr', 'F', 'INFO: b') + cri('stdout', 'F', ' more')
    const grouped = group(text)
    grouped.grouper.flush()
    expect(grouped.entries).toMatchObject([
      { text: 'ERROR: a\n more', stream: 'stdout', time: Date.UTC(2026, 10, 20, 23, 10, 11, 500) },
      { text: 'INFO: b', stream: 'stderr' },
    ])
  })
  it('always judge a line in pieces, since an alarm may be cut in two', () => {
    const text = cri('stdout', 'P', 'x ER') + cri('stdout', 'F', 'ROR y')
    const grouped = group(text, { everyLine: false })
    grouped.grouper.flush()
    expect(grouped.texts()).toEqual(['x ERROR y'])
  })
  it('give up on a partial line that is never finished', () => {
    const grouped = group(cri('stdout', 'P', 'ERROR: half'))
    grouped.grouper.tick(5000)
    grouped.grouper.tick(10_000)
    expect(grouped.texts()).toEqual(['ERROR: half'])
  })
})
