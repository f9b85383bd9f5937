import type { FilterFields } from '../lang/filter/index.ts'
import type { FlagSpec } from '../lang/goflags/index.ts'
import { type Listed, listAll, PAGE_SIZE, type Page } from './answers.ts'
import type { CommandContext } from './command.ts'
import { warnIfCut } from './print.ts'
import { Refusal, usageError } from './refusal.ts'

/** The API hands out no larger page. */
const MAX_PER_PAGE = 1_000

export const filterFlag = {
  name: 'filter',
  type: 'string',
  placeholder: '<expression>',
  usage: 'Only those for which it holds, such as: Status == "complete" and JobID matches "^web".',
} as const satisfies FlagSpec

export const pageFlags = [
  {
    name: 'per-page',
    type: 'int',
    placeholder: '<count>',
    usage: `So many, and how to get those that follow; at most ${MAX_PER_PAGE}.`,
  },
  {
    name: 'page-token',
    type: 'string',
    placeholder: '<token>',
    usage: 'What follows the page that told this token.',
  },
] as const satisfies readonly FlagSpec[]

/** The rows that an expression is true of. */
export type RowFilter<T> = {
  readonly matches: (row: T) => boolean
  /** The fields that it looks at, as the table of fields spells them; none when it keeps everything. */
  readonly names: ReadonlySet<string>
}

const keepsAll: RowFilter<unknown> = { matches: () => true, names: new Set() }

/** Reads `-filter`, empty for none; throws a Refusal that shows where it is wrong. The language is loaded when it is used. */
export const readFilter = async <T>(source: string, fields: FilterFields<T>): Promise<RowFilter<T>> => {
  if (source === '') return keepsAll
  const { compileFilter } = await import('../lang/filter/index.ts')
  const compiled = compileFilter(source, fields)
  if (compiled.ok) return compiled.filter
  const { message, offset } = compiled.error
  // On one line, so that the caret stands below its place.
  const shown = source.replaceAll(/\s/g, ' ')
  throw new Refusal({
    code: 'FILTER_INVALID',
    message: `the expression of -filter cannot be used: ${message}\n\n    ${shown}\n    ${' '.repeat(offset)}^`,
  })
}

/** Part of an operation on a list whose rows are counted out in pages: where each row stands. */
export const cursorFields = 'edges { cursor }'

export type CursorPage<T> = Page<T> & { readonly edges: readonly { readonly cursor: string }[] }
type FetchPage<P> = (first: number, cursor: string | null) => Promise<P>

const perPageOf = (count: number): number => {
  if (count >= 1 && count <= MAX_PER_PAGE) return count
  throw usageError(`-per-page is ${count}`, `write 1 to ${MAX_PER_PAGE}`)
}

/** So many rows of a list that the filter keeps, and the cursor of the last one if more follow. */
const takePage = async <T>(
  fetchPage: FetchPage<CursorPage<T>>,
  { matches, names }: RowFilter<T>,
  from: { readonly count: number; readonly cursor: string | null },
): Promise<{ readonly rows: readonly T[]; readonly next: string | null }> => {
  const rows: T[] = []
  let { cursor } = from
  let last: string | null = null
  // One more row than is wanted says whether more follow.
  const first = Math.min(Math.max(from.count + 1, names.size === 0 ? 0 : PAGE_SIZE), MAX_PER_PAGE)
  for (;;) {
    const { nodes, edges, pageInfo } = await fetchPage(first, cursor)
    for (const [index, node] of nodes.entries()) {
      if (!matches(node)) continue
      if (rows.length === from.count) return { rows, next: last }
      rows.push(node)
      last = edges[index]?.cursor ?? null
    }
    if (!pageInfo.hasNextPage || pageInfo.endCursor === null) return { rows, next: null }
    cursor = pageInfo.endCursor
  }
}

/** All rows that the filter keeps, up to what is printed; says when that is not all. */
export const listFiltered = async <T>(
  context: CommandContext,
  fetchPage: FetchPage<Page<T>>,
  { matches }: RowFilter<T>,
): Promise<readonly T[]> => {
  const { rows, isCut }: Listed<T> = await listAll(cursor => fetchPage(PAGE_SIZE, cursor), matches)
  warnIfCut(context, isCut, rows.length)
  return rows
}

type PageChoice = {
  readonly flags: { readonly 'per-page': number; readonly 'page-token': string }
  readonly given: ReadonlySet<string>
}

/** The rows that the flags ask for, a page or all; says how to get those that follow, once they are printed. */
export const listRows = async <T>(
  context: CommandContext,
  { flags, given }: PageChoice,
  fetchPage: FetchPage<CursorPage<T>>,
  filter: RowFilter<T>,
): Promise<{ readonly rows: readonly T[]; readonly sayWhatFollows: () => void }> => {
  const token = flags['page-token'] === '' ? null : flags['page-token']
  if (!given.has('per-page') && token === null) {
    return { rows: await listFiltered(context, fetchPage, filter), sayWhatFollows: () => undefined }
  }
  const count = given.has('per-page') ? perPageOf(flags['per-page']) : PAGE_SIZE
  const { rows, next } = await takePage(fetchPage, filter, { count, cursor: token })
  const sayWhatFollows = (): void => {
    if (next !== null) context.io.stderr(`More follow, with -page-token ${next}\n`)
  }
  return { rows, sayWhatFollows }
}
