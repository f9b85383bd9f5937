import type { Diagnostic } from '../refusal.ts'

/** Findings that did not stand in the way, as a bulleted list with its heading; nothing when there are none. */
export const renderWarnings = (warnings: readonly Diagnostic[], heading = 'Job Warnings:'): readonly string[] => {
  if (warnings.length === 0) return []
  const bullets = warnings.map(({ rendered }) => `* ${rendered.trimEnd().split('\n').join('\n  ')}`)
  return [heading, `${warnings.length} warning${warnings.length === 1 ? '' : 's'}:`, '', ...bullets, '']
}
