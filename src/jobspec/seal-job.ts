import type { ClearJob, Job, Sealed, TaskOf } from '../domain/jobspec/schema.ts'
import type { Json } from '../domain/json.ts'

export type Seal = (clear: string) => Sealed

/** Keys of a driver's configuration whose text never stands in an event in clear. */
const secretKeys = new Set(['password', 'identitytoken', 'registrytoken'])

/** `secret` says that a key above is one of those: whatever stands below it is sealed, numbers and flags as their text. */
const sealConfig = (value: Json, seal: Seal, holds: 'secret' | 'plain'): Json => {
  if (Array.isArray(value)) return value.map(entry => sealConfig(entry, seal, holds))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, entry]) => {
      const isSecret = holds === 'secret' || secretKeys.has(name.toLowerCase())
      return [name, sealConfig(entry, seal, isSecret ? 'secret' : 'plain')] as const
    })
    return Object.fromEntries(entries)
  }
  return holds === 'plain' || value === null || value === '' ? value : { ...seal(String(value)) }
}

const sealTask = (task: TaskOf<string>, seal: Seal): TaskOf<Sealed> => ({
  ...task,
  env: sealRecord(task.env, seal),
  templates: task.templates.map(template => ({
    ...template,
    data: template.data === null ? null : seal(template.data),
  })),
  config: Object.fromEntries(
    Object.entries(task.config).map(([name, value]) => [
      name,
      sealConfig(value, seal, secretKeys.has(name.toLowerCase()) ? 'secret' : 'plain'),
    ]),
  ),
})

const sealRecord = (record: Readonly<Record<string, string>>, seal: Seal): Readonly<Record<string, Sealed>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, seal(value)]))

/** The job as it may be recorded: values of env, template data and registry passwords are sealed (I10). */
export const sealJob = (job: ClearJob, seal: Seal): Job => ({
  ...job,
  groups: job.groups.map(group => ({
    ...group,
    tasks: group.tasks.map(task => sealTask(task, seal)),
  })),
})
