import type { Job, Task, TaskGroup } from '../jobspec/schema.ts'

/** What a registration leaves as the registered job has it, for whoever changes it by other ways than the job file. */
export type Preserving = { readonly preservesCounts?: boolean; readonly preservesResources?: boolean }

const withResources = (before: TaskGroup, task: Task): Task => {
  const same = before.tasks.find(({ name }) => name === task.name)
  return same === undefined ? task : { ...task, resources: same.resources }
}

/** `next`, with counts and resources of `registered` where they are to stay; what is new is as `next` says. */
export const preserve = (registered: Job, next: Job, { preservesCounts, preservesResources }: Preserving): Job => {
  if (preservesCounts !== true && preservesResources !== true) return next
  const groups = next.groups.map(group => {
    const before = registered.groups.find(({ name }) => name === group.name)
    if (before === undefined) return group
    return {
      ...group,
      count: preservesCounts === true ? before.count : group.count,
      tasks: preservesResources === true ? group.tasks.map(task => withResources(before, task)) : group.tasks,
    }
  })
  return { ...next, groups }
}
