import { GraphQLError } from 'graphql/index.js'
import type { ScalarRule } from './load-schema.ts'

const wholeNumber = (what: string): ScalarRule => {
  const check = (value: unknown): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value
    throw new GraphQLError(`${what} must be a whole number below 2^53`)
  }
  return { serialize: check, parse: check }
}

export const scalars: Readonly<Record<string, ScalarRule>> = {
  Timestamp: wholeNumber('Timestamp'),
  Position: wholeNumber('Position'),
  Json: { serialize: value => value, parse: value => value },
}
