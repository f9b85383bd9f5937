import type { RefusalInfo } from '../refusal.ts'
import { paint } from './paint.ts'

/** An error as it is printed: code and message, what was found in a source text, what to do. Ends with a line feed. */
export const renderRefusal = ({ code, message, hint, diagnostics }: RefusalInfo, hasColor: boolean): string => {
  const findings = (diagnostics ?? []).map(({ rendered }) => `\n${rendered.trimEnd()}\n`)
  const advice = hint === undefined || hint === '' ? '' : `${findings.length === 0 ? '' : '\n'}Hint: ${hint}\n`
  return `${paint(`Error [${code}]:`, 'red', hasColor)} ${message}\n${findings.join('')}${advice}`
}
