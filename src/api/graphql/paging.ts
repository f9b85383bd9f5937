import { AppError } from '../../platform/errors.ts'
import { decodeCursor, type Listed, type Page } from '../../projections/queries/page.ts'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from './limits.ts'

export type PageArguments = { readonly first?: number | null; readonly cursor?: string | null }

/** Throws REQUEST_INVALID for a size out of bounds and for a cursor that no list gave out. */
export const pageOf = ({ first, cursor }: PageArguments): Page => {
  const size = first ?? DEFAULT_PAGE_SIZE
  if (size < 1 || size > MAX_PAGE_SIZE)
    throw new AppError('REQUEST_INVALID', `first is ${size}: a page holds 1 to ${MAX_PAGE_SIZE} entries`)
  if (cursor !== undefined && cursor !== null && decodeCursor(cursor) === null)
    throw new AppError('REQUEST_INVALID', 'the cursor is none that a list gave out', { hint: 'start without a cursor' })
  return { first: size, cursor: cursor ?? null }
}

export type Connection<T> = {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[]
  readonly nodes: readonly T[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  readonly position: number
}

export const connectionOf = <T>(listed: Listed<T>, cursorOf: (row: T) => string, position: number): Connection<T> => {
  const last = listed.rows.at(-1)
  return {
    edges: listed.rows.map(node => ({ cursor: cursorOf(node), node })),
    nodes: listed.rows,
    pageInfo: { hasNextPage: listed.hasNextPage, endCursor: last === undefined ? null : cursorOf(last) },
    position,
  }
}
