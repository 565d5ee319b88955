/** Works on lists: their length, one more element, or one element's value. */
import { z } from 'zod'
import { deletePath, getPath, isObject, parsePath, setPath } from '../paths.js'
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
          filter: z
            .string()
            .describe(
              'A search query over the keys of each object: `type:(User OR Group)`; the first that matches counts.',
            ),
          valueToExtract: z.string().describe('The key of the object whose value is written.'),
        }),
      ])
      .describe('What to do.'),
  }),
  compile({ operation }, context) {
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
    const matches = context.query(attributeQuery(operation.filter), ['operation', 'filter'])
    const extract = parsePath(operation.valueToExtract)
    return ({ attributes }) => {
      const list = getPath(attributes, from)
      if (!Array.isArray(list)) return
      for (const one of list) {
        if (!isObject(one) || !matches({ message: '', source: '', tags: [], attributes: one })) continue
        const value = getPath(one, extract)
        if (value !== undefined) setPath(attributes, to, value)
        return
      }
    }
  },
})

/** The query with its keys marked as attributes: in the filter of an element nothing else can be meant. */
function attributeQuery(filter: string): string {
  const pieces = filter.split(/("(?:[^"\\]|\\.)*")/)
  return pieces.map((piece, i) => (i % 2 === 1 ? piece : piece.replace(/(^|[\s(!-])([\w.$]+):/g, '$1@$2:'))).join('')
}
