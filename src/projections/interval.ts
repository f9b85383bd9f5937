/**
 * Rows hold in an interval of positions, `[from_position, to_position)`; one that holds now ends at OPEN. They are closed,
 * never deleted, so that every query answers for any moment of the past (design §6).
 */
export const OPEN = Number.MAX_SAFE_INTEGER

/** What a query reads: the rows that hold now, or those that held once a position was in the log. */
export type At = 'now' | number

/** True for the rows of `alias` that hold at the moment; for tables that are scanned by an index that ends in `to_position`. */
export const holds = (alias: string, at: At): string =>
  at === 'now' ? `${alias}.to_position = ${OPEN}` : `${alias}.to_position > @at AND ${alias}.from_position <= @at`

/**
 * Joins the one row of `table` that holds for `key`: a single seek for the past as for now, since a key's intervals do not
 * overlap and the first one that ends later is the only candidate.
 */
export const joined = (table: string, alias: string, key: string, at: At): string => {
  const candidate =
    at === 'now'
      ? `${OPEN}`
      : `(SELECT MIN(later.to_position) FROM ${table} later WHERE later.key = ${key} AND later.to_position > @at)`
  const began = at === 'now' ? '' : ` AND ${alias}.from_position <= @at`
  return `${table} ${alias} ON ${alias}.key = ${key} AND ${alias}.to_position = ${candidate}${began}`
}

/** The values that a statement made by `holds` and `joined` wants beside its own. */
export const bindingsOf = (at: At): Readonly<Record<string, number>> => (at === 'now' ? {} : { at })
