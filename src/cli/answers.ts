import { type Diagnostic, Refusal } from './refusal.ts'

/** Parts of operations, and what they answer, that many commands share. */

export const rejectionFields = `... on Rejection {
  code message hint
  diagnostics { severity summary detail hint filename line column rendered }
}`

export type Rejection = {
  readonly __typename: 'Rejection'
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly diagnostics: readonly Diagnostic[]
}

/** What was done; a rejection is thrown as a Refusal. */
export const granted = <T extends { readonly __typename: string }>(answer: T | Rejection): Exclude<T, Rejection> => {
  if (answer.__typename !== 'Rejection') return answer as Exclude<T, Rejection>
  const { code, message, hint, diagnostics } = answer as Rejection
  throw new Refusal({ code, message, hint, diagnostics })
}

export const unresolvedFields = '... on Unresolved { code message candidates { kind id namespace name } }'

export type ObjectKind = 'JOB' | 'ALLOCATION' | 'EVALUATION' | 'DEPLOYMENT' | 'NODE'

export type Candidate = {
  readonly kind: ObjectKind
  readonly id: string
  readonly namespace: string
  readonly name: string
}

export type Unresolved = {
  readonly __typename: 'Unresolved'
  readonly code: string
  readonly message: string
  readonly candidates: readonly Candidate[]
}

const nounOfKind: Readonly<Record<ObjectKind, { readonly one: string; readonly many: string; readonly id: string }>> = {
  JOB: { one: 'job(s)', many: 'jobs', id: 'ID' },
  ALLOCATION: { one: 'allocation(s)', many: 'allocations', id: 'id' },
  EVALUATION: { one: 'evaluation(s)', many: 'evaluations', id: 'id' },
  DEPLOYMENT: { one: 'deployment(s)', many: 'deployments', id: 'id' },
  NODE: { one: 'node(s)', many: 'nodes', id: 'id' },
}

const candidateLine = ({ id, name, namespace }: Candidate): string => {
  const particulars = [name === id ? '' : name, namespace === '' ? '' : `namespace ${namespace}`].filter(Boolean)
  return `  ${id}${particulars.length === 0 ? '' : `  (${particulars.join(', ')})`}`
}

/** What an id or prefix stands for; a Refusal when that is nothing, or more than one thing. */
export const found = <T extends { readonly __typename: string }>(
  answer: T | Unresolved,
  kind: ObjectKind,
  id: string,
): Exclude<T, Unresolved> => {
  if (answer.__typename !== 'Unresolved') return answer as Exclude<T, Unresolved>
  const { code, candidates } = answer as Unresolved
  const noun = nounOfKind[kind]
  if (candidates.length === 0) {
    throw new Refusal({ code, message: `No ${noun.one} with prefix or ${noun.id} "${id}" found` })
  }
  const matches = candidates.map(candidateLine).join('\n')
  throw new Refusal({
    code,
    message: `Prefix matched multiple ${noun.many}\n\n${matches}`,
    hint: `write more of the id than "${id}"`,
  })
}

export type Page<T> = {
  readonly nodes: readonly T[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

export const pageFields = 'pageInfo { hasNextPage endCursor }'
/** Entries that are asked for at once. */
export const PAGE_SIZE = 200
/** A list is printed up to this many entries; nobody reads more, and memory stays bounded. */
export const MAX_LISTED = 10_000

export type Listed<T> = { readonly rows: readonly T[]; readonly isCut: boolean }

/** Everything of a list that is to be kept, page by page, up to MAX_LISTED. */
export const listAll = async <T>(
  fetchPage: (cursor: string | null) => Promise<Page<T>>,
  isKept: (row: T) => boolean = () => true,
): Promise<Listed<T>> => {
  const rows: T[] = []
  let cursor: string | null = null
  while (rows.length < MAX_LISTED) {
    const page: Page<T> = await fetchPage(cursor)
    rows.push(...page.nodes.filter(isKept))
    if (!page.pageInfo.hasNextPage || page.pageInfo.endCursor === null) return { rows, isCut: false }
    cursor = page.pageInfo.endCursor
  }
  return { rows, isCut: true }
}
