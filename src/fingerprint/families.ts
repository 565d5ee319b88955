/** Language families: `node` and `javascript` are one. */

/** How frames of a family are named: by their file and a bare function, or by a qualified function. */
export type Family =
  | 'nodejs'
  | 'python'
  | 'ruby'
  | 'java'
  | 'php'
  | 'go'
  | 'csharp'
  | 'rust'
  | 'elixir'
  | 'dart'
  | 'perl'
  | 'other'

export const FAMILIES: { readonly [language: string]: Family } = {
  nodejs: 'nodejs',
  node: 'nodejs',
  javascript: 'nodejs',
  typescript: 'nodejs',
  python: 'python',
  ruby: 'ruby',
  java: 'java',
  kotlin: 'java',
  scala: 'java',
  clojure: 'java',
  groovy: 'java',
  php: 'php',
  go: 'go',
  golang: 'go',
  csharp: 'csharp',
  dotnet: 'csharp',
  'c#': 'csharp',
  rust: 'rust',
  elixir: 'elixir',
  erlang: 'elixir',
  dart: 'dart',
  flutter: 'dart',
  perl: 'perl',
}

export function familyOf(language: string | undefined): Family {
  const name = language?.toLowerCase() ?? ''
  return Object.hasOwn(FAMILIES, name) ? (FAMILIES[name] ?? 'other') : 'other'
}
