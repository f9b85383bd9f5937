import { MAX_GROUP_COUNT, MAX_GROUPS_PER_JOB, MAX_JOB_ID_LENGTH, MAX_TASKS_PER_GROUP } from '../limits.ts'
import type { Check, JobOf, Port, Reschedule, Restart, Service, TaskGroupOf, TaskOf, Update } from './schema.ts'

/** A fault of a job as a whole. `path` says where: `['group', 'web', 'task', 'server', 'driver']`. */
export type SpecFinding = {
  readonly severity: 'error' | 'warning'
  readonly path: readonly (string | number)[]
  readonly summary: string
  readonly detail: string
}

type Path = SpecFinding['path']
type Report = (path: Path, summary: string, detail: string) => void
type Reports = { readonly error: Report; readonly warn: Report }

const MIN_PRIORITY = 1
const MAX_PRIORITY = 100
const MIN_MEMORY_MB = 10
const MIN_RESCHEDULE_DELAY_MS = 5_000
const MIN_RESCHEDULE_INTERVAL_MS = 15_000
const MIN_RESTART_INTERVAL_MS = 5_000
const MIN_DISK_MB = 10
const serviceName = /^(?=.{1,63}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/
const portLabel = /^[a-zA-Z0-9_-]+$/

const repeated = (names: readonly string[]): readonly string[] =>
  names.filter((name, index) => names.indexOf(name) !== index)

const checkRestart = ({ error }: Reports, restart: Restart, path: Path): void => {
  if (restart.attempts < 0) error([...path, 'attempts'], 'Invalid restart', 'attempts cannot be negative.')
  if (restart.intervalMs < MIN_RESTART_INTERVAL_MS)
    error([...path, 'interval'], 'Invalid restart', 'interval must be 5s or more.')
  if (restart.attempts === 0 && restart.mode !== 'fail') {
    error([...path, 'mode'], 'Invalid restart', 'attempts = 0 needs mode = "fail": there is nothing to delay.')
  }
  if (restart.attempts * restart.delayMs > restart.intervalMs) {
    error(
      [...path, 'interval'],
      'Invalid restart',
      `${restart.attempts} attempts with a delay of ${restart.delayMs} ms do not fit into an interval of ${restart.intervalMs} ms.`,
    )
  }
}

const checkReschedule = ({ error }: Reports, reschedule: Reschedule, path: Path): void => {
  if (reschedule.isUnlimited || reschedule.attempts > 0) {
    if (reschedule.delayMs < MIN_RESCHEDULE_DELAY_MS)
      error([...path, 'delay'], 'Invalid reschedule', 'delay must be 5s or more.')
    if (reschedule.delayFunction !== 'constant' && reschedule.maxDelayMs < reschedule.delayMs) {
      error([...path, 'max_delay'], 'Invalid reschedule', 'max_delay must not be less than delay.')
    }
  }
  if (reschedule.isUnlimited || reschedule.attempts === 0) return
  if (reschedule.intervalMs < MIN_RESCHEDULE_INTERVAL_MS)
    error([...path, 'interval'], 'Invalid reschedule', 'interval must be 15s or more.')
  if (reschedule.attempts * reschedule.delayMs > reschedule.intervalMs) {
    error([...path, 'attempts'], 'Invalid reschedule', 'so many attempts do not fit into the interval.')
  }
}

const checkUpdate = ({ error, warn }: Reports, update: Update, group: TaskGroupOf<unknown>, path: Path): void => {
  if (update.maxParallel < 0) error([...path, 'max_parallel'], 'Invalid update', 'max_parallel cannot be negative.')
  if (update.maxParallel > group.count && group.count > 0) {
    warn(
      [...path, 'max_parallel'],
      'Update without effect',
      `max_parallel is ${update.maxParallel} but the group has a count of ${group.count}.`,
    )
  }
  if (update.minHealthyTimeMs >= update.healthyDeadlineMs) {
    error([...path, 'min_healthy_time'], 'Invalid update', 'min_healthy_time must be less than healthy_deadline.')
  }
  if (update.progressDeadlineMs !== 0 && update.healthyDeadlineMs >= update.progressDeadlineMs) {
    error([...path, 'healthy_deadline'], 'Invalid update', 'healthy_deadline must be less than progress_deadline.')
  }
}

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

const isPort = (port: string, labels: ReadonlySet<string>): boolean =>
  labels.has(port) || (/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)

const checkChecks = ({ error }: Reports, service: Service, labels: ReadonlySet<string>, path: Path): void => {
  service.checks.forEach((check: Check, index) => {
    const port = check.port === '' ? service.port : check.port
    if (port === '')
      error([...path, 'check', index], 'Missing port', `Check "${check.name}" has no port, nor has its service.`)
    else if (!isPort(port, labels))
      error(
        [...path, 'check', index, 'port'],
        'Unknown port',
        `"${port}" is neither a port of the group's network nor a number.`,
      )
  })
}

const checkServices = (
  reports: Reports,
  services: readonly Service[],
  group: TaskGroupOf<unknown>,
  path: Path,
): void => {
  const labels = new Set((group.network?.ports ?? []).map(port => port.label))
  services.forEach((service, index) => {
    const at = [...path, 'service', index]
    const isDeferred = service.name.includes('${')
    if (!isDeferred && !serviceName.test(service.name)) {
      reports.error(
        [...at, 'name'],
        'Invalid service name',
        `"${service.name}" is no service name: 1 to 63 letters, digits and dashes, no dash at either end.`,
      )
    }
    if (service.port !== '' && !isPort(service.port, labels)) {
      reports.error(
        [...at, 'port'],
        'Unknown port',
        `"${service.port}" is neither a port of the group's network nor a number.`,
      )
    }
    checkChecks(reports, service, labels, at)
  })
}

const escapes = (path: string): boolean => {
  if (path.includes('${')) return false
  let depth = 0
  for (const part of path.split('/')) {
    if (part === '..') depth -= 1
    else if (part !== '' && part !== '.') depth += 1
    if (depth < 0) return true
  }
  return false
}

const checkTemplates = ({ error }: Reports, task: TaskOf<unknown>, path: Path): void => {
  for (const destination of repeated(task.templates.map(template => template.destination))) {
    error(path, 'Duplicate template', `Two templates of task "${task.name}" render to "${destination}".`)
  }
  task.templates.forEach((template, index) => {
    const at = [...path, 'template', index]
    if (escapes(template.destination))
      error([...at, 'destination'], 'Path escapes', `"${template.destination}" leaves the allocation's directory.`)
    if (escapes(template.sourcePath))
      error([...at, 'source'], 'Path escapes', `"${template.sourcePath}" leaves the allocation's directory.`)
    if (template.isEnv && template.changeMode === 'signal') {
      error(
        [...at, 'change_mode'],
        'Invalid template',
        'env = true cannot go with change_mode = "signal": a running process does not see its environment change.',
      )
    }
    if (template.changeMode === 'signal' && !/^SIG[A-Z0-9]+$/.test(template.changeSignal)) {
      error([...at, 'change_signal'], 'Invalid template', `"${template.changeSignal}" is no signal, such as SIGHUP.`)
    }
    if (!/^[0-7]{3,4}$/.test(template.perms))
      error([...at, 'perms'], 'Invalid template', `"${template.perms}" is no octal mode, such as "0644".`)
  })
}

const checkTask = (reports: Reports, task: TaskOf<unknown>, group: TaskGroupOf<unknown>, path: Path): void => {
  const { error } = reports
  if (task.name === '' || task.name.includes('/') || task.name === 'alloc')
    error(path, 'Invalid task name', `"${task.name}" cannot be the name of a task.`)
  if (task.resources.cpuMhz < 1) error([...path, 'resources', 'cpu'], 'Invalid resources', 'cpu must be 1 MHz or more.')
  if (task.resources.memoryMb < MIN_MEMORY_MB)
    error([...path, 'resources', 'memory'], 'Invalid resources', `memory must be ${MIN_MEMORY_MB} MB or more.`)
  const max = task.resources.memoryMaxMb
  if (max !== 0 && max < task.resources.memoryMb)
    error([...path, 'resources', 'memory_max'], 'Invalid resources', 'memory_max must not be less than memory.')
  if (task.logs.maxFiles < 1 || task.logs.maxFileSizeMb < 1)
    error([...path, 'logs'], 'Invalid logs', 'max_files and max_file_size must be 1 or more.')
  if (!task.logs.isDisabled && task.logs.maxFiles * task.logs.maxFileSizeMb >= group.ephemeralDiskMb) {
    error(
      [...path, 'logs'],
      'Invalid logs',
      `${task.logs.maxFiles} log files of ${task.logs.maxFileSizeMb} MB do not fit into the ephemeral disk of ${group.ephemeralDiskMb} MB.`,
    )
  }
  for (const constraint of task.constraints) {
    if (constraint.operator !== 'distinct_hosts' && constraint.operator !== 'distinct_property') continue
    error(path, 'Invalid constraint', `${constraint.operator} is allowed in jobs and groups only.`)
  }
  if (task.killSignal !== '' && !/^SIG[A-Z0-9]+$/.test(task.killSignal))
    error([...path, 'kill_signal'], 'Invalid signal', `"${task.killSignal}" is no signal, such as SIGTERM.`)
  if (escapes(task.dispatchPayloadFile))
    error([...path, 'dispatch_payload'], 'Path escapes', 'The payload file must stay inside local/.')
  checkServices(reports, task.services, group, path)
  checkTemplates(reports, task, path)
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

/** The rules for a group's restart block. A task's own is not validated, as in Nomad: the tutorial relies on it. */
export const validateRestart = (restart: Restart, path: Path): readonly SpecFinding[] => {
  const findings: SpecFinding[] = []
  const error: Report = (at, summary, detail) => findings.push({ severity: 'error', path: at, summary, detail })
  checkRestart({ error, warn: error }, restart, path)
  return findings
}
