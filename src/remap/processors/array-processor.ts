/** Works on lists: their length, one more element, or one element's value. */
import { z } from 'zod'
import { deletePath, getPath, isObject, parsePath, setPath, textOf } from '../paths.js'
import { commonSettings, defineProcessor } from '../processor.js'

const source = z.string().min(1).describe('Path of the source.')
const target = z.string().min(1).describe('Path of the attribute to write.')

export const arrayProcessor = defineProcessor({
  type: 'array-processor',
  description: 'Takes the length of a list, appends to it, or selects a value of one of its objects.',
  schema: z.strictObject({
    type: z.literal('array-processor'),
    ...commonSettings,
    operation: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('length'), source, target }),
        z.strictObject({
          type: z.literal('append'),
          source,
          target,
          preserveSource: z.boolean().default(false).describe('Keep the source.'),
        }),
        z.strictObject({
          type: z.literal('select'),
          source,
          target,
          filter: z.string().describe('`key:value` that the object holds.'),
          valueToExtract: z.string().describe('The key of the object whose value is written.'),
        }),
      ])
      .describe('What to do.'),
  }),
  compile({ operation }) {
    const from = parsePath(operation.source)
    const to = parsePath(operation.target)
    if (operation.type === 'append')
      return ({ attributes }) => {
        const value = getPath(attributes, from)
        const list = getPath(attributes, to)
        if (value === undefined || (list !== undefined && !Array.isArray(list))) return
        if (!operation.preserveSource) deletePath(attributes, from)
        setPath(attributes, to, [...(list ?? []), value])
      }
    if (operation.type === 'length')
      return ({ attributes }) => {
        const list = getPath(attributes, from)
        if (Array.isArray(list)) setPath(attributes, to, list.length)
      }
    const colon = operation.filter.indexOf(':')
    const key = parsePath(operation.filter.slice(0, Math.max(colon, 0)).trim())
    const wanted = operation.filter.slice(colon + 1).trim()
    const extract = parsePath(operation.valueToExtract)
    return ({ attributes }) => {
      const list = getPath(attributes, from)
      if (!Array.isArray(list)) return
      for (const one of list) {
        if (!isObject(one)) continue
        const held = getPath(one, key)
        if (held === undefined || textOf(held) !== wanted) continue
        const value = getPath(one, extract)
        if (value !== undefined) setPath(attributes, to, value)
        return
      }
    }
  },
})
