import type { RefusalInfo } from '../refusal.ts'

/** An error as it is printed: code and message, what was found in a source text, what to do. Ends with a line feed. */
export const renderRefusal = ({ code, message, hint, diagnostics }: RefusalInfo): string => {
  const findings = (diagnostics ?? []).map(({ rendered }) => `\n${rendered.trimEnd()}\n`)
  const advice = hint === undefined || hint === '' ? '' : `${findings.length === 0 ? '' : '\n'}Hint: ${hint}\n`
  return `Error [${code}]: ${message}\n${findings.join('')}${advice}`
}
