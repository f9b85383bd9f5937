import { charactersOf } from './characters.ts'
import type { Range } from './range.ts'
import { sourceText } from './source-text.ts'

/**
 * One finding about a source text. `summary` names the fault in a few words, `detail` says what is wrong in sentences,
 * `hint` says what to write instead.
 */
export type Diagnostic = {
  readonly severity: 'error' | 'warning'
  readonly summary: string
  readonly detail: string
  readonly hint?: string
  readonly range: Range
}

/** What a finding says, without its place. */
export type Fault = { readonly summary: string; readonly detail: string; readonly hint?: string }

/** True if at least one of the findings makes the source unusable. */
export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean => diagnostics.some(d => d.severity === 'error')

/** Lines longer than this are cut around the fault: a caret at column 20,000 helps nobody. */
const MAX_SHOWN_COLUMNS = 160

/** How much of a cut line is shown before the fault. */
const COLUMNS_BEFORE_FAULT = 40

/** The part of the line to show, and the two columns to mark in it, counted from 0. */
const excerptOf = (line: string, range: Range): { text: string; from: number; to: number } => {
  const cells = charactersOf(line).map(c => (c === '\t' ? ' ' : c))
  const start = Math.min(range.start.column - 1, cells.length)
  const sameLine = range.end.line === range.start.line
  const end = Math.max(sameLine ? Math.min(range.end.column - 1, cells.length) : cells.length, start + 1)
  if (cells.length <= MAX_SHOWN_COLUMNS) return { text: cells.join(''), from: start, to: end }
  const cutAt = Math.max(0, start - COLUMNS_BEFORE_FAULT)
  const shown = cells.slice(cutAt, cutAt + MAX_SHOWN_COLUMNS)
  return { text: shown.join(''), from: start - cutAt, to: Math.min(end - cutAt, shown.length) }
}

/**
 * A finding as a person reads it: `file:line:col: severity: summary`, the source line, a caret under the fault, then
 * detail and hint. Ends without a newline.
 */
export const renderDiagnostic = (source: string, filename: string, diagnostic: Diagnostic): string => {
  const { start } = diagnostic.range
  const excerpt = excerptOf(sourceText(source).lineAt(start.line), diagnostic.range)
  const gutter = String(start.line)
  const lines = [
    `${filename}:${start.line}:${start.column}: ${diagnostic.severity}: ${diagnostic.summary}`,
    '',
    `  ${gutter} | ${excerpt.text}`,
    `  ${' '.repeat(gutter.length)} | ${' '.repeat(excerpt.from)}${'^'.repeat(excerpt.to - excerpt.from)}`,
    '',
    `  ${diagnostic.detail}`,
  ]
  if (diagnostic.hint !== undefined) lines.push(`  hint: ${diagnostic.hint}`)
  return lines.join('\n')
}

const keyOf = ({ severity, summary, detail, range }: Diagnostic): string =>
  JSON.stringify([severity, summary, detail, range.start.line, range.start.column])

/** Each finding once, errors first if there are more than `limit`, in the order of the file. */
export const arrangeDiagnostics = (diagnostics: readonly Diagnostic[], limit: number): readonly Diagnostic[] => {
  const once = [...new Map(diagnostics.map(finding => [keyOf(finding), finding])).values()]
  const errors = once.filter(finding => finding.severity === 'error')
  const warnings = once.filter(finding => finding.severity === 'warning')
  return [...errors, ...warnings]
    .slice(0, limit)
    .toSorted((a, b) => a.range.start.line - b.range.start.line || a.range.start.column - b.range.start.column)
}
