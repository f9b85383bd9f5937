/** Lines moved to the right; empty ones too, so that a block stays a block. */
export const indent = (lines: readonly string[], spaces: number): readonly string[] =>
  lines.map(line => `${' '.repeat(spaces)}${line}`)
