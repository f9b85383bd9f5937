/** What is wrong with a template, and where: line and column count from 1, columns in characters. */
export type TemplateErrorInfo = { readonly message: string; readonly line: number; readonly column: number }

/** Ends parsing or executing a template at an offset of its source. Never leaves this folder. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/**
 * A template's function refuses its arguments or cannot answer; the rendering ends with its message. Functions that a
 * caller supplies throw it too. Anything else they throw is taken for a bug and passed on.
 */
export class TemplateFunctionError extends Error {
  override readonly name = 'TemplateFunctionError'
}

export type SourcePosition = { readonly line: number; readonly column: number }

/** Finds line and column (from 1) of offsets in a source; the source is looked through once. */
export const createLocator = (source: string): ((offset: number) => SourcePosition) => {
  const lineStarts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) lineStarts.push(at + 1)
  return offset => {
    let [low, high] = [0, lineStarts.length]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if ((lineStarts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 }
  }
}

/** An error of a template with its place in the source. */
export const errorInfo = (error: TemplateError, source: string): TemplateErrorInfo => ({
  message: error.message,
  ...createLocator(source)(error.offset),
})
