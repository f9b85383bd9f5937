import { MAX_OUTPUT_LENGTH } from './limits.ts'
import { TemplateFunctionError } from './template-error.ts'

/** Refuses a text that is, or would become, longer than MAX_OUTPUT_LENGTH; to be asked before the text is made. */
export const assertTextLength = (length: number): void => {
  if (length <= MAX_OUTPUT_LENGTH) return
  throw new TemplateFunctionError(`the result is longer than ${MAX_OUTPUT_LENGTH} characters`)
}

/** Joins texts as they are made, and stops with an error as soon as they are too long together. */
export const joinBounded = (texts: Iterable<string>, separator = ''): string => {
  const parts: string[] = []
  let length = 0
  for (const text of texts) {
    length += text.length + (parts.length > 0 ? separator.length : 0)
    assertTextLength(length)
    parts.push(text)
  }
  return parts.join(separator)
}
