import type { ClientStatus } from '../../../domain/cluster/index.ts'
import type { Job } from '../../../domain/jobspec/schema.ts'

export type GroupSummary = {
  readonly group: string
  readonly queued: number
  readonly starting: number
  readonly running: number
  readonly failed: number
  readonly complete: number
  readonly lost: number
  readonly unknown: number
}

type GroupCount = { readonly group: string; readonly status: ClientStatus; readonly count: number }

/** Counters by group: those of the specification in its order, then those that only older versions had, by name. */
export const countsByGroup = (
  spec: Job,
  counts: readonly GroupCount[],
  queued: Readonly<Record<string, number>>,
): readonly GroupSummary[] => {
  const current = spec.groups.map(group => group.name)
  const former = [...new Set(counts.map(count => count.group))].filter(group => !current.includes(group)).toSorted()
  return [...current, ...former].map(group => {
    const of = (status: ClientStatus): number =>
      counts.find(count => count.group === group && count.status === status)?.count ?? 0
    return {
      group,
      queued: queued[group] ?? 0,
      starting: of('pending'),
      running: of('running'),
      failed: of('failed'),
      complete: of('complete'),
      lost: of('lost'),
      unknown: of('unknown'),
    }
  })
}
