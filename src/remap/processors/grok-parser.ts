/** Takes a text apart by named rules; the first rule that matches the whole text wins. */
import { z } from 'zod'
import type { Attributes } from '../../core/shapes.js'
import { Budget } from '../budget.js'
import { compileGrok } from '../grok/grok.js'
import { getPath, mergeInto, parsePath } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

/** Rules as Datadog writes them, one text with a rule a line, or as a list of rules. */
const rulesSetting = z.union([z.string(), z.array(z.string()).transform((rules) => rules.join('\n'))])

export const grokParser = defineProcessor({
  type: 'grok-parser',
  description: 'Makes attributes of the parts of a text.',
  schema: z.strictObject({
    type: z.literal('grok-parser'),
    ...commonSettings,
    source: z.string().default('message').describe('Path of the text to parse; `message` is the message.'),
    samples: z.array(z.string()).nullish().describe('Texts the rules were written for; not used.'),
    grok: z
      .strictObject({
        matchRules: rulesSetting.describe('One rule a line: a name, a blank, a pattern. The first that matches wins.'),
        supportRules: rulesSetting.nullish().describe('Rules that the match rules use.'),
      })
      .describe('The rules.'),
  }),
  compile({ source, grok: rules }, context) {
    const { grok, problems } = compileGrok(rules.matchRules, rules.supportRules ?? '', {
      now: context.now,
      isBundled: context.isBundled === true,
      ...(context.defaultZone === undefined ? {} : { defaultZone: context.defaultZone }),
    })
    for (const { rule, text, what, mend, severity } of problems)
      context.problem(['grok', text], rule === '' ? what : `rule ${rule}: ${what}`, mend, severity)
    const path = parsePath(source)
    return (record, run) => {
      const value = source === 'message' ? record.message : getPath(record.attributes, path)
      if (typeof value !== 'string' && typeof value !== 'number') return
      run.budget ??= new Budget()
      const match = grok.parse(String(value).trim(), {
        budget: run.budget,
        givenUp: (pattern) => (run.givenUp ??= []).push({ ...pattern, ...context.whereabouts }),
      })
      if (match !== undefined) mergeInto(record.attributes, match.attributes as Attributes)
    }
  },
})
