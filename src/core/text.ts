/** Texts as V8 keeps them, and bytes that stand as latin1 characters. */

/**
 * The same text in memory of its own. A slice of a large text is only a window on it and keeps all of it alive: one line
 * that is kept for later would keep the chunk that it was cut from.
 */
export function ownText(text: string): string {
  // Joining two texts and cutting the result makes V8 write it out once; shorter texts are copied anyway.
  return ` ${text}`.slice(1)
}

/**
 * Where to end UTF-8 bytes that stand as latin1 characters in `view.slice(start, end)`, so that no character is cut in two:
 * `end`, or up to three bytes before it. Bytes that are no UTF-8 stay.
 */
export function wholeCharacters(view: string, start: number, end: number): number {
  for (let at = end - 1; at >= start && at >= end - 3; at--) {
    const byte = view.charCodeAt(at)
    if (byte < 0x80) return end
    if (byte >= 0xc0) return at + (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > end ? at : end
  }
  return end
}
