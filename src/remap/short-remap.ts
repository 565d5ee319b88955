/** The short form of a remapper in an input: `remap: { "error.stack": ["exc_info", "trace"] }`. */
import { z } from 'zod'
import type { RemapperDefinition } from './definition.js'
import { sourcesSetting } from './processor.js'

export const shortRemapSchema = z
  .record(z.string().min(1), sourcesSetting)
  .describe('Attributes to write, each with the attributes it is moved from: the first present one counts.')

export type ShortRemap = Readonly<Record<string, readonly string[]>>

/**
 * The remapper that the short form stands for. It runs before the source's own remapper, so that this one sees the
 * attributes where it expects them. A target that is present already stays.
 */
export function shortRemapper(remap: ShortRemap, source: string): RemapperDefinition {
  return {
    name: 'remap of the input',
    origin: 'errand',
    source,
    enabled: true,
    processors: Object.entries(remap).map(([target, sources]) => ({
      type: 'attribute-remapper',
      name: `to ${target}`,
      enabled: true,
      sources: [...sources],
      sourceType: 'attribute',
      target,
      targetType: 'attribute',
      targetFormat: 'auto',
      preserveSource: false,
      overrideOnConflict: false,
    })),
    // Adds none: the source's own remapper says what raises an alarm.
    alarms: [],
    multiline: [],
    detect: [],
    levels: {},
    tests: [],
  }
}
