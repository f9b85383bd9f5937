import type { Job, Task, TaskGroup } from '../jobspec/schema.ts'
import { sameValue } from './same-value.ts'

/**
 * What a new specification means for an allocation of an old one: what its tasks can see or are made of forces another
 * allocation (`destructive`); everything else is taken over while they run (`in-place`).
 */
export type UpdateKind = 'in-place' | 'destructive'

/** The parts of a task that a running one cannot change. */
const essenceOfTask = (task: Task): unknown => [
  task.name,
  task.driver,
  task.config,
  task.env,
  task.meta,
  task.resources,
  task.templates,
  task.lifecycle,
  task.isLeader,
  task.dispatchPayloadFile,
  task.logs.isDisabled,
  task.restart.rendersTemplates,
]

const byName = (a: Task, b: Task): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

const essenceOfGroup = (group: TaskGroup): unknown => [
  group.network,
  group.ephemeralDiskMb,
  group.meta,
  group.tasks.toSorted(byName).map(essenceOfTask),
]

/** Compares a group under two specifications of its job. */
export const updateKindOf = (
  before: { readonly job: Job; readonly group: TaskGroup },
  after: { readonly job: Job; readonly group: TaskGroup },
): UpdateKind =>
  sameValue(before.job.meta, after.job.meta) && sameValue(essenceOfGroup(before.group), essenceOfGroup(after.group))
    ? 'in-place'
    : 'destructive'
