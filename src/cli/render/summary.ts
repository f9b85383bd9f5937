import { renderTable } from './columns.ts'

export const summaryFields = 'group queued starting running failed complete lost unknown'

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

/** Counters of allocations by group. */
export const renderSummary = (groups: readonly GroupSummary[]): readonly string[] =>
  renderTable([
    ['Task Group', 'Queued', 'Starting', 'Running', 'Failed', 'Complete', 'Lost', 'Unknown'],
    ...groups.map(({ group, queued, starting, running, failed, complete, lost, unknown }) => [
      group,
      ...[queued, starting, running, failed, complete, lost, unknown].map(String),
    ]),
  ])
