/** A page of a list: at most `first` rows after the one that `cursor` names. */
export type Page = { readonly first: number; readonly cursor: string | null }

export type Listed<T> = { readonly rows: readonly T[]; readonly hasNextPage: boolean }

/** Cuts the one row too many that was asked for to learn whether the list goes on. */
export const cutToPage = <T>(rows: readonly T[], first: number): Listed<T> => ({
  rows: rows.length > first ? rows.slice(0, first) : rows,
  hasNextPage: rows.length > first,
})

type CursorPart = string | number

export const encodeCursor = (...parts: readonly CursorPart[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url')

/** The parts of a cursor, or null for one that was never given out. */
export const decodeCursor = (cursor: string): readonly CursorPart[] | null => {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (!Array.isArray(parts)) return null
    return parts.every((part): part is CursorPart => typeof part === 'string' || typeof part === 'number')
      ? parts
      : null
  } catch {
    return null
  }
}

/** The key that a list of newest things goes on before: above all keys when there is no cursor. */
export const keyBefore = (page: Page): number => {
  const [key] = page.cursor === null ? [] : (decodeCursor(page.cursor) ?? [])
  return typeof key === 'number' ? key : Number.MAX_SAFE_INTEGER
}
