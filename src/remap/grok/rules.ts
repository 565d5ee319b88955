/** Cuts the text of grok rules into rules: one a line, `name pattern`; blank lines and lines that begin with `#` say nothing. */

export interface Rule {
  readonly name: string
  readonly pattern: string
  /** 1-based, within the text. */
  readonly line: number
}

/** The rules of a text in order, and the lines that are none. A blank at a line's end belongs to the pattern. */
export function splitRules(text: string): { rules: Rule[]; bad: { line: number; what: string; mend: string }[] } {
  const rules: Rule[] = []
  const bad: { line: number; what: string; mend: string }[] = []
  text.split('\n').forEach((written, i) => {
    const line = written.trimStart().replace(/\r$/, '')
    if (line === '' || line.startsWith('#')) return
    const match = /^(\S+)\s+(\S.*)$/s.exec(line)
    if (match?.[1] === undefined || match[2] === undefined || match[1].includes('%{'))
      bad.push({
        line: i + 1,
        what: `The line "${line.length > 60 ? `${line.slice(0, 60)}…` : line}" is not a name and a pattern.`,
        mend: 'Write the rule\'s name, a blank and its pattern, or begin the line with "#".',
      })
    else rules.push({ name: match[1], pattern: match[2], line: i + 1 })
  })
  return { rules, bad }
}
