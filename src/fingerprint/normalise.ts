/**
 * The name of a frame that stays the same while the program does: `module.function` without lines, installation paths,
 * versions, numbering of closures and generated classes; and the rule that takes it for glue.
 */
import type { Frame } from '../core/shapes.js'
import type { Family } from './families.js'
import { glueRule } from './glue.js'
import { moduleOf } from './modules.js'
import { NAMING } from './naming.js'
import { rewrite } from './rewrite.js'

/** What became of a frame. */
export interface NamedFrame {
  /** `module.function`; empty when nothing stable is known of the frame. */
  readonly key: string
  /** False when the function has no name of its own: a closure, a module's top level, a place only. */
  readonly named: boolean
  /** The rule that left the frame out, e.g. `G03 reflection`; undefined when it may count. */
  readonly dropped: string | undefined
}

/** Names given before: the traceback languages hand out the same frame object for the same printed frame. */
const known = new WeakMap<Frame, NamedFrame>()

/** The name of a frame, and whether it is glue. Total: any text in the frame's fields gives a name. */
export function nameFrame(family: Family, frame: Frame): NamedFrame {
  let named = known.get(frame)
  if (!named) {
    named = name(family, frame)
    known.set(frame, named)
  }
  return named
}

function name(family: Family, frame: Frame): NamedFrame {
  const file = (frame.file ?? '').slice(-600).replaceAll('\\', '/')
  const full = fullName(family, (frame.module ?? '').slice(0, 500), (frame.function ?? '').slice(0, 1000))
  const rule = glueRule(family, full, file)
  if (rule !== undefined) return { key: full, named: true, dropped: rule }
  const { scope, rewrites, unnamed } = NAMING[family]
  const byFile = scope === 'file' && file !== ''
  const text = rewrite(full, rewrites, file !== '')
  const named = text !== '' && !(byFile && text.startsWith('<')) && unnamed?.test(text) !== true
  // A name without a class or package says too little by itself.
  const module = byFile || (scope === 'name' && !/[.:\\#]/.test(text)) ? moduleOf(file) : ''
  const key = [module, text].filter((part) => part !== '').join('.')
  return { key, named, dropped: key === '' ? 'G12 nothing known' : undefined }
}

/** Module and function as printed, joined where the family's functions carry their class. */
function fullName(family: Family, module: string, printed: string): string {
  const { join, prefix } = NAMING[family]
  const qualified = module === '' || join === undefined || printed.startsWith(module) || /->|::/.test(printed)
  const full = qualified ? printed : printed === '' ? module : `${module}${join}${printed}`
  return prefix ? full.replace(prefix, '') : full
}
