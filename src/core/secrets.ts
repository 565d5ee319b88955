/** Secrets in texts that are shown. */

/** `text` with every secret in it blanked. Secrets under 4 characters stay: blanking them would only garble the text. */
export function hideSecrets(text: string, secrets: Iterable<string>): string {
  let hidden = text
  // The longest first: one secret may hold another.
  for (const each of [...secrets].sort((a, b) => b.length - a.length)) {
    if (each.length >= 4) hidden = hidden.replaceAll(each, '[secret]')
  }
  return hidden
}
