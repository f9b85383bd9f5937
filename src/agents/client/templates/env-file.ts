import { MAX_ENV_TEMPLATE_LINES } from '../limits.ts'

export type ParsedEnv =
  | { readonly ok: true; readonly env: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly message: string }

const assignment = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*)$/
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

type Value = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string }

const isComment = (rest: string): boolean => /^\s*(#.*)?$/.test(rest)

/** A quoted value ends with its quote; only a comment may follow. Double quotes know escapes, single quotes none. */
const quotedValue = (text: string, quote: string): Value => {
  let value = ''
  for (let index = 1; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (character === quote) {
      return isComment(text.slice(index + 1))
        ? { ok: true, value }
        : { ok: false, message: 'there is text after the closing quote' }
    }
    if (character === '\\' && quote === '"') {
      index += 1
      const escaped = text[index] ?? ''
      value += escapes[escaped] ?? escaped
    } else value += character
  }
  return { ok: false, message: 'the closing quote is missing' }
}

const valueOf = (text: string): Value => {
  const quote = text[0]
  if (quote === '"' || quote === "'") return quotedValue(text, quote)
  return { ok: true, value: text.replace(/\s+#.*$/, '').trim() }
}

/** Reads `KEY=VALUE` lines; empty lines and `#` comments are skipped, later keys win. A message names the line, never the value. */
export const parseEnvFile = (text: string): ParsedEnv => {
  const lines = text.split('\n')
  if (lines.length > MAX_ENV_TEMPLATE_LINES) {
    return { ok: false, message: `it has ${lines.length} lines, more than the ${MAX_ENV_TEMPLATE_LINES} allowed` }
  }
  const env: Record<string, string> = {}
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const match = assignment.exec(line)
    const [, key] = match ?? []
    if (match === null || key === undefined) return { ok: false, message: `line ${index + 1} is not KEY=VALUE` }
    const value = valueOf(match[2] ?? '')
    if (!value.ok) return { ok: false, message: `line ${index + 1}: ${value.message}` }
    env[key] = value.value
  }
  return { ok: true, env }
}
