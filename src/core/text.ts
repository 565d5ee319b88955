/** Texts as V8 keeps them. */

/**
 * The same text in memory of its own. A slice of a large text is only a window on it and keeps all of it alive: one line
 * that is kept for later would keep the chunk that it was cut from.
 */
export function ownText(text: string): string {
  // Joining two texts and cutting the result makes V8 write it out once; shorter texts are copied anyway.
  return ` ${text}`.slice(1)
}
