import type { ClearJob, Job, Sealed } from '../domain/jobspec/schema.ts'
import type { Json } from '../domain/json.ts'

export type Seal = (clear: string) => Sealed

/** Keys of a driver's configuration whose text never stands in an event in clear. */
const secretKeys = new Set(['password', 'identitytoken', 'registrytoken'])

const sealConfig = (value: Json, seal: Seal, key: string): Json => {
  if (typeof value === 'string') return secretKeys.has(key.toLowerCase()) && value !== '' ? { ...seal(value) } : value
  if (Array.isArray(value)) return value.map(entry => sealConfig(entry, seal, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, sealConfig(entry, seal, name)]))
}

const sealRecord = (record: Readonly<Record<string, string>>, seal: Seal): Readonly<Record<string, Sealed>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, seal(value)]))

/** The job as it may be recorded: values of env, template data and registry passwords are sealed (I10). */
export const sealJob = (job: ClearJob, seal: Seal): Job => ({
  ...job,
  groups: job.groups.map(group => ({
    ...group,
    tasks: group.tasks.map(task => ({
      ...task,
      env: sealRecord(task.env, seal),
      templates: task.templates.map(template => ({
        ...template,
        data: template.data === null ? null : seal(template.data),
      })),
      config: Object.fromEntries(
        Object.entries(task.config).map(([name, value]) => [name, sealConfig(value, seal, name)]),
      ),
    })),
  })),
})
