/**
 * Whether a frame belongs to the application or to a library or runtime. A frame that no table knows is the
 * application's, so that an unusual layout costs precision of grouping rather than losing the application's own frames.
 */
import { frameName, framePath } from '../core/frame-pattern.js'
import type { Frame, Traceback } from '../core/shapes.js'
import { ALIASES, ANYWHERE, OBSERVERS, RULES } from './in-app-tables.js'

/** Whether `frame`, printed by `language`, belongs to the application. */
export function inApp(language: string, frame: Frame): boolean {
  const rules = RULES[ALIASES[language] ?? language] ?? ANYWHERE
  const file = framePath(frame)
  const name = frameName(frame)
  if (OBSERVERS.files?.test(file) || OBSERVERS.names?.test(name)) return false
  if (file === '' && rules.withoutFile === 'library') return false
  if (file !== '' && rules.files?.test(file)) return false
  return !(name !== '' && rules.names?.test(name))
}

/** Lists whose frames are marked: the traceback languages hand out the same list for the same printed stack. */
const marked = new WeakSet<readonly Frame[]>()

/** Sets `in_app` on every frame of a traceback and its causes. */
export function markInApp({ language, frames, causes }: Traceback): void {
  markFrames(language, frames)
  for (const cause of causes) markFrames(language, cause.frames)
}

function markFrames(language: string, frames: readonly Frame[]): void {
  if (marked.has(frames)) return
  marked.add(frames)
  // Frames that were read before come back marked.
  for (const frame of frames) frame.in_app ??= inApp(language, frame)
}
