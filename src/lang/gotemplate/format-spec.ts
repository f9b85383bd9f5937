/** One directive of a format: `%+08.3f` has the flags `+0`, the width 8, the precision 3 and the verb `f`. */
export type FormatSpec = {
  readonly verb: string
  readonly flags: string
  readonly width: number | null
  readonly precision: number | null
}

export const plainSpec = (verb: string): FormatSpec => ({ verb, flags: '', width: null, precision: null })
