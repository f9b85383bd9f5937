/** One finding about a source text, as the API tells it. */
export type Diagnostic = {
  readonly severity: 'ERROR' | 'WARNING'
  readonly summary: string
  readonly detail: string
  readonly hint: string
  readonly filename: string
  readonly line: number
  readonly column: number
  /** Place, source line, caret, detail and hint, as a person reads them. */
  readonly rendered: string
}

export type RefusalInfo = {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly diagnostics?: readonly Diagnostic[]
}

/**
 * What was asked cannot be granted, and the command ends with that. Thrown, unlike the rejections of the API, since in a
 * command line every refusal ends in the same place: `run-cli.ts` prints code, message and hint, and exits 1.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly info: RefusalInfo

  constructor(info: RefusalInfo) {
    super(info.message)
    this.info = info
  }
}

/** The command line itself is wrong. */
export const usageError = (message: string, hint = 'use -h to see what the command takes'): Refusal =>
  new Refusal({ code: 'USAGE', message, hint })
