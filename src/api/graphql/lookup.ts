import type { At } from '../../projections/interval.ts'
import type { Candidate, ObjectKind } from '../../projections/queries/search.ts'
import type { ReadModel } from '../../projections/runner.ts'
import { positionOf } from './read-view.ts'

/** Candidates that an ambiguous prefix is answered with. */
export const MAX_CANDIDATES = 20

export type WireCandidate = Omit<Candidate, 'kind'> & { readonly kind: string }

export type Unresolved = {
  readonly __typename: 'Unresolved'
  readonly code: 'NOT_FOUND' | 'AMBIGUOUS_PREFIX'
  readonly message: string
  readonly candidates: readonly WireCandidate[]
  readonly position: number
}

export const toWire = (candidate: Candidate): WireCandidate => ({ ...candidate, kind: candidate.kind.toUpperCase() })

type Lookup<T> = {
  readonly kind: ObjectKind
  readonly id: string
  /** Null = all. */
  readonly namespace: string | null
  readonly at: At
  /** The thing with exactly this id. */
  readonly get: (id: string, namespace: string | null) => T | null
}

/** A thing by its whole id, else by a prefix that fits nothing else. */
export const lookUp = <T extends object>(
  model: ReadModel,
  typeName: string,
  { kind, id, namespace, at, get }: Lookup<T>,
): (T & { readonly __typename: string }) | Unresolved => {
  const named = (row: T) => ({ ...row, __typename: typeName })
  const exact = get(kind === 'job' ? id : id.toLowerCase(), namespace)
  if (exact !== null) return named(exact)
  const found = model.views.search(kind, { prefix: id, namespace, at, limit: MAX_CANDIDATES })
  const whole = found.filter(candidate => candidate.id === id)
  const only = whole.length === 1 ? whole[0] : found.length === 1 ? found[0] : undefined
  const row = only === undefined ? null : get(only.id, only.namespace)
  if (row !== null) return named(row)
  const position = positionOf(model, at)
  if (found.length === 0) {
    const message = `No ${kind}(s) with prefix or ID "${id}" found`
    return { __typename: 'Unresolved', code: 'NOT_FOUND', message, candidates: [], position }
  }
  const message = `Prefix "${id}" matched multiple ${kind}s`
  return { __typename: 'Unresolved', code: 'AMBIGUOUS_PREFIX', message, candidates: found.map(toWire), position }
}
