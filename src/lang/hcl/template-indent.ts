import type { Range } from './range.ts'
import type { Expression } from './syntax.ts'

/** A piece of a template before its directives are matched. In a heredoc no text goes beyond the end of its line. */
export type TemplateToken = { readonly range: Range } & (
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'interpolation'; readonly expression: Expression }
  | { readonly kind: 'if'; readonly condition: Expression }
  | { readonly kind: 'for'; readonly keyName?: string; readonly valueName: string; readonly collection: Expression }
  | { readonly kind: 'else' | 'endif' | 'endfor' }
)

const indentOf = (text: string): number => text.length - text.trimStart().length

/**
 * Takes the indent that all lines share from every line, in place (`<<-`). Blank lines do not count, and keep what they
 * have; a line that begins with a sequence has no indent.
 */
export const flushIndent = (tokens: TemplateToken[]): void => {
  const indented: number[] = []
  let shared = Number.POSITIVE_INFINITY
  let isLineStart = true
  for (const [index, token] of tokens.entries()) {
    if (isLineStart) {
      const isBlank = token.kind === 'text' && token.value.endsWith('\n') && token.value.trim() === ''
      if (!isBlank) {
        shared = Math.min(shared, token.kind === 'text' ? indentOf(token.value) : 0)
        indented.push(index)
      }
    }
    isLineStart = token.kind === 'text' && token.value.endsWith('\n')
  }
  if (shared === 0 || !Number.isFinite(shared)) return
  for (const index of indented) {
    const token = tokens[index]
    if (token?.kind === 'text') tokens[index] = { ...token, value: token.value.slice(shared) }
  }
}
