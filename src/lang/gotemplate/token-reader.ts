import { TemplateError } from './template-error.ts'
import type { Token } from './token.ts'

/** Walks over the tokens of a template; the last one, the end of the source, is never passed. */
export type TokenReader = {
  /** The token that next() would give. */
  readonly peek: () => Token
  readonly next: () => Token
  /** As peek and next, passing over white space first. */
  readonly peekPastSpace: () => Token
  readonly nextPastSpace: () => Token
  /** A place to come back to. */
  readonly mark: () => number
  readonly reset: (mark: number) => void
}

const endOfSource: Token = { kind: 'end-of-source', text: '', offset: 0 }

export const createTokenReader = (tokens: readonly Token[]): TokenReader => {
  const last = tokens.at(-1) ?? endOfSource
  let index = 0
  const peek = (): Token => tokens[index] ?? last
  const next = (): Token => {
    const token = peek()
    if (index < tokens.length) index++
    return token
  }
  const passSpace = (): void => {
    while (peek().kind === 'space') index++
  }
  return {
    peek,
    next,
    peekPastSpace: () => {
      passSpace()
      return peek()
    },
    nextPastSpace: () => {
      passSpace()
      return next()
    },
    mark: () => index,
    reset: mark => {
      index = mark
    },
  }
}

/** The error for a token in a place where it cannot be. */
export const unexpected = (token: Token, context: string): TemplateError => {
  const what = token.kind === 'end-of-source' ? 'unexpected EOF' : `unexpected ${JSON.stringify(token.text)}`
  return new TemplateError(`${what} in ${context}`, token.offset)
}
