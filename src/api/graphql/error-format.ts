import { GraphQLError } from 'graphql/index.js'
import { errorCatalogue, isAppError } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'

export type WireError = {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly locations?: readonly { readonly line: number; readonly column: number }[]
  readonly extensions: Readonly<Record<string, unknown>>
}
export type WireErrors = { readonly status: number; readonly errors: readonly WireError[] }

type ErrorFormatOptions = { readonly logger: Logger; readonly newId: () => string }

/** Other errors than coded ones say nothing of themselves: whoever operates the server finds them by their id. */
const conceal = (error: unknown, { logger, newId }: ErrorFormatOptions): WireErrors => {
  const errorId = newId()
  const shown = error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) }
  logger.error({ errorId, ...shown }, 'request failed by a bug')
  return {
    status: errorCatalogue.INTERNAL.http,
    errors: [{ message: `internal error ${errorId}`, extensions: { code: 'INTERNAL', errorId } }],
  }
}

const listOf = (error: object): readonly unknown[] | null =>
  'errors' in error && Array.isArray(error.errors) && error.errors.length > 0 ? error.errors : null

const placeOf = (error: GraphQLError): Pick<WireError, 'path' | 'locations'> => ({
  ...(error.path === undefined ? {} : { path: error.path }),
  ...(error.locations === undefined ? {} : { locations: error.locations }),
})

/** The names that a validator suggests tell what a caller was not given: only the fault itself is said. */
const withoutSuggestions = (message: string): string => message.replace(/ Did you mean .*$/s, '')

/** Any failure as it leaves the server: a code of the catalogue, and nothing internal. */
export const formatError = (error: unknown, options: ErrorFormatOptions): WireErrors => {
  if (isAppError(error)) {
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    const extensions = { code: error.code, ...hint }
    if (error.code === 'INTERNAL' || error.code === 'STORE_CORRUPT')
      options.logger.error({ code: error.code, message: error.message }, 'request failed')
    return { status: errorCatalogue[error.code].http, errors: [{ message: error.message, extensions }] }
  }
  if (error instanceof GraphQLError) return formatGraphQlError(error, options)
  const inner = typeof error === 'object' && error !== null ? listOf(error) : null
  if (inner === null) return conceal(error, options)
  const formatted = inner.map(each => formatError(each, options))
  return { status: formatted[0]?.status ?? 400, errors: formatted.flatMap(each => each.errors) }
}

const formatGraphQlError = (error: GraphQLError, options: ErrorFormatOptions): WireErrors => {
  const original = error.originalError
  if (original !== undefined && original !== null && original !== error) {
    const { status, errors } = formatError(original, options)
    return { status, errors: errors.map(each => ({ ...each, ...placeOf(error) })) }
  }
  const extensions = { code: 'REQUEST_INVALID' }
  const shown = { message: withoutSuggestions(error.message), ...placeOf(error), extensions }
  return { status: errorCatalogue.REQUEST_INVALID.http, errors: [shown] }
}
