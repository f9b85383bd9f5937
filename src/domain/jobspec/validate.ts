import {
  MAX_GROUP_COUNT,
  MAX_GROUPS_PER_JOB,
  MAX_JOB_ID_LENGTH,
  MAX_PRIORITY,
  MAX_TASKS_PER_GROUP,
  MIN_PRIORITY,
} from '../limits.ts'
import type { JobOf, Port, TaskGroupOf } from './schema.ts'
import { checkDurations, type Path, type Report, type Reports, repeated, type SpecFinding } from './spec-finding.ts'
import { checkConstraints } from './validate-constraints.ts'
import { checkReschedule, checkUpdate } from './validate-policies.ts'
import { checkReserved } from './validate-reserved.ts'
import { checkServices } from './validate-services.ts'
import { checkTask } from './validate-task.ts'

const MIN_DISK_MB = 10
const portLabel = /^[a-zA-Z0-9_-]+$/

const checkPorts = ({ error }: Reports, ports: readonly Port[], path: Path): void => {
  for (const label of repeated(ports.map(port => port.label))) {
    error([...path, 'network', 'port', label], 'Duplicate port', `The port "${label}" stands twice in this group.`)
  }
  const statics = ports.filter(port => port.static > 0)
  for (const port of statics.filter(
    (port, index) => statics.findIndex(other => other.static === port.static) !== index,
  )) {
    error(
      [...path, 'network', 'port', port.label],
      'Duplicate port',
      `The static port ${port.static} stands twice in this group.`,
    )
  }
  for (const port of ports) {
    if (!portLabel.test(port.label))
      error(
        [...path, 'network', 'port', port.label],
        'Invalid port',
        `"${port.label}" is no label for a port: use letters, digits, _ and -.`,
      )
  }
}

const checkTasks = (reports: Reports, group: TaskGroupOf<unknown>, path: Path): void => {
  const { error } = reports
  if (group.tasks.length > MAX_TASKS_PER_GROUP)
    error(path, 'Too many tasks', `A group has ${MAX_TASKS_PER_GROUP} tasks at the most.`)
  if (!group.tasks.some(task => task.lifecycle === null))
    error(path, 'Missing task', `Group "${group.name}" needs a task without a lifecycle hook.`)
  if (group.tasks.filter(task => task.isLeader).length > 1)
    error(path, 'Several leaders', `Group "${group.name}" has more than one leader task.`)
  for (const name of repeated(group.tasks.map(task => task.name)))
    error([...path, 'task', name], 'Duplicate task', `The task "${name}" stands twice in group "${group.name}".`)
  for (const task of group.tasks) checkTask(reports, task, group, [...path, 'task', task.name])
}

const checkGroup = (reports: Reports, job: JobOf<unknown>, group: TaskGroupOf<unknown>): void => {
  const path = ['group', group.name]
  if (group.name === '') reports.error(path, 'Missing name', 'A group needs a name.')
  if (group.ephemeralDiskMb < MIN_DISK_MB)
    reports.error(
      [...path, 'ephemeral_disk', 'size'],
      'Invalid disk',
      `An ephemeral disk has ${MIN_DISK_MB} MB or more.`,
    )
  checkDurations(reports, { shutdown_delay: group.shutdownDelayMs }, path)
  checkConstraints(reports, group.constraints, path)
  checkReserved(reports, group.meta, [...path, 'meta'])
  checkPorts(reports, group.network?.ports ?? [], path)
  checkServices(reports, group.services, group, path)
  checkReschedule(reports, group.reschedule, [...path, 'reschedule'])
  if (group.update !== null) checkUpdate(reports, group.update, group, [...path, 'update'])
  checkTasks(reports, group, path)
  const names = [...group.services, ...group.tasks.flatMap(task => task.services)].map(
    service => `${service.name}:${service.port}`,
  )
  for (const name of repeated(names))
    reports.error(path, 'Duplicate service', `The service "${name}" stands twice in group "${group.name}".`)
  if (job.type === 'service' && group.update !== null) {
    for (const task of group.tasks) {
      if (group.update.progressDeadlineMs > 0 && task.killTimeoutMs > group.update.progressDeadlineMs) {
        reports.error(
          [...path, 'task', task.name, 'kill_timeout'],
          'Invalid kill timeout',
          'kill_timeout must not be longer than progress_deadline.',
        )
      }
    }
  }
}

const checkTemplateJob = ({ error }: Reports, job: JobOf<unknown>): void => {
  if (job.periodic !== null && job.type !== 'batch')
    error(['periodic'], 'Invalid periodic job', 'Only batch jobs can be periodic.')
  if (job.parameterized !== null && job.type !== 'batch')
    error(['parameterized'], 'Invalid parameterized job', 'Only batch jobs can be parameterized.')
  if (job.periodic !== null && job.parameterized !== null)
    error(['parameterized'], 'Not supported yet', 'A job that is both parameterized and periodic is not supported yet.')
  const both = job.parameterized?.metaRequired.filter(key => job.parameterized?.metaOptional.includes(key)) ?? []
  if (both.length > 0)
    error(
      ['parameterized', 'meta_optional'],
      'Invalid parameterized job',
      `Meta cannot be both required and optional: ${both.join(', ')}.`,
    )
  const usesPayload = job.groups.some(group => group.tasks.some(task => task.dispatchPayloadFile !== ''))
  if (usesPayload && job.parameterized === null)
    error([], 'Invalid dispatch_payload', 'Only a parameterized job is dispatched with a payload.')
}

/** Every rule of nomad-behaviour §1.2–1.9 that looks at the job as a whole. Pure; positions are looked up by path. */
export const validateJob = (job: JobOf<unknown>): readonly SpecFinding[] => {
  const findings: SpecFinding[] = []
  const at =
    (severity: SpecFinding['severity']): Report =>
    (path, summary, detail) =>
      findings.push({ severity, path, summary, detail })
  const reports: Reports = { error: at('error'), warn: at('warning') }
  const { error } = reports
  if (job.id === '' || /[\s\0]/.test(job.id))
    error([], 'Invalid job id', `"${job.id}" cannot be a job's id: it must not be empty nor hold spaces.`)
  if (job.id.length > MAX_JOB_ID_LENGTH)
    error([], 'Invalid job id', `A job's id has ${MAX_JOB_ID_LENGTH} characters at the most.`)
  if (job.namespace === '' || /[\s/\0]/.test(job.namespace))
    error(['namespace'], 'Invalid namespace', `"${job.namespace}" cannot be a namespace.`)
  if (job.priority < MIN_PRIORITY || job.priority > MAX_PRIORITY)
    error(
      ['priority'],
      'Invalid priority',
      `priority is ${job.priority}; it is a number from ${MIN_PRIORITY} to ${MAX_PRIORITY}.`,
    )
  if (job.datacenters.length === 0)
    error(['datacenters'], 'Missing datacenters', 'datacenters must name one at least, "*" for all.')
  if (job.datacenters.includes(''))
    error(['datacenters'], 'Invalid datacenter', 'The name of a datacenter cannot be empty.')
  checkConstraints(reports, job.constraints, [])
  checkReserved(reports, job.meta, ['meta'])
  if (job.groups.length === 0) error([], 'Missing group', 'A job needs a group.')
  if (job.groups.length > MAX_GROUPS_PER_JOB)
    error([], 'Too many groups', `A job has ${MAX_GROUPS_PER_JOB} groups at the most.`)
  const total = job.groups.reduce((sum, group) => sum + group.count, 0)
  if (total > MAX_GROUP_COUNT)
    error([], 'Count too large', `The groups' counts add up to ${total}; the limit is ${MAX_GROUP_COUNT}.`)
  for (const name of repeated(job.groups.map(group => group.name)))
    error(['group', name], 'Duplicate group', `The group "${name}" stands twice.`)
  checkTemplateJob(reports, job)
  for (const group of job.groups) checkGroup(reports, job, group)
  return findings
}
