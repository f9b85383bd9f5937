import { isSealed } from '../domain/jobspec/is-sealed.ts'
import type { ClearJob, Job, Sealed, Task, TaskOf } from '../domain/jobspec/schema.ts'
import type { Json } from '../domain/json.ts'

/** What stands for a value whose key was erased. */
const ERASED = '(erased)'

type OpenOne = (sealed: Sealed) => Promise<string>

const openRecord = async (
  record: Readonly<Record<string, Sealed>>,
  open: OpenOne,
): Promise<Readonly<Record<string, string>>> => {
  const entries = Object.entries(record).map(async ([key, sealed]) => [key, await open(sealed)] as const)
  return Object.fromEntries(await Promise.all(entries))
}

const openConfig = async (value: Json, open: OpenOne): Promise<Json> => {
  if (isSealed(value)) return open(value)
  if (Array.isArray(value)) return Promise.all(value.map(entry => openConfig(entry, open)))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(async ([key, entry]) => [key, await openConfig(entry, open)] as const)
  return Object.fromEntries(await Promise.all(entries))
}

const openTask = async (task: Task, open: OpenOne): Promise<TaskOf<string>> => {
  const config = Object.entries(task.config).map(async ([key, value]) => [key, await openConfig(value, open)] as const)
  return {
    ...task,
    env: await openRecord(task.env, open),
    config: Object.fromEntries(await Promise.all(config)),
    templates: await Promise.all(
      task.templates.map(async template => ({
        ...template,
        data: template.data === null ? null : await open(template.data),
      })),
    ),
  }
}

/** A recorded specification with its sealed values in clear, for those who may see them. */
export const openJob = async (
  namespace: string,
  job: Job,
  open: (namespace: string, sealed: Sealed) => Promise<string | null>,
): Promise<ClearJob> => {
  const openOne: OpenOne = async sealed => (await open(namespace, sealed)) ?? ERASED
  const groups = job.groups.map(async group => ({
    ...group,
    tasks: await Promise.all(group.tasks.map(task => openTask(task, openOne))),
  }))
  return { ...job, groups: await Promise.all(groups) }
}
