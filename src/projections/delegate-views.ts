import type { Views } from './queries/views.ts'

type Query = (...args: readonly unknown[]) => unknown
type Group = Readonly<Record<string, Query>>

const isQuery = (value: unknown): value is Query => typeof value === 'function'

/**
 * Views that ask those which are there at the moment of the call, through `read`: whoever holds them need not know that
 * they were opened anew meanwhile.
 */
export const delegateViews = (current: () => Views, read: <T>(query: () => T) => T): Views => {
  // Every view is a query, or a group of queries by name (queries/views.ts).
  const now = (): Readonly<Record<string, Query | Group>> =>
    current() as unknown as Readonly<Record<string, Query | Group>>
  const queryOf = (find: () => unknown): Query => {
    return (...args) =>
      read(() => {
        const query = find()
        if (!isQuery(query)) throw new Error('a view that was there is gone')
        return query(...args)
      })
  }
  const groupOf = (name: string, group: Group): Group =>
    Object.fromEntries(
      Object.keys(group).map(key => [key, queryOf(() => (now()[name] as Group | undefined)?.[key])] as const),
    )
  const entries = Object.entries(now()).map(([name, value]) => [
    name,
    isQuery(value) ? queryOf(() => now()[name]) : groupOf(name, value),
  ])
  return Object.fromEntries(entries)
}
