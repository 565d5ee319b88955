/** Texts of others on a terminal. */

/**
 * The text with its control characters made visible, but line ends and tabs: a log line, a file name or an answer could
 * otherwise colour, move, rename or write on the terminal that shows it. So could marks that turn the direction of writing.
 */
export function visible(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0)
    // Unicode has pictures of those below the blank.
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
  })
}
