import type { CliIo } from '../io.ts'

/** Lines at the bottom of a terminal that are drawn anew in place. Nothing else may be written while they stand there. */
export type LiveBlock = {
  readonly draw: (lines: readonly string[]) => Promise<void>
  /** Takes the lines away; what is written next stands in their place. */
  readonly clear: () => Promise<void>
}

/** Up `rows` lines, then erase everything below. */
const erase = (rows: number): string => (rows === 0 ? '' : `\u001b[${rows}A\u001b[J`)

export const createLiveBlock = (io: Pick<CliIo, 'stdout'>): LiveBlock => {
  let height = 0
  return {
    draw: async lines => {
      // Lines are not wrapped by the terminal while they are drawn, so each takes one row.
      await io.stdout(`${erase(height)}\u001b[?7l${lines.join('\n')}\n\u001b[?7h`)
      height = lines.length
    },
    clear: async () => {
      if (height > 0) await io.stdout(erase(height))
      height = 0
    },
  }
}
