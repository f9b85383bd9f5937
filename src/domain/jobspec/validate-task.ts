import type { TaskGroupOf, TaskOf } from './schema.ts'
import { checkDurations, type Path, type Reports, repeated } from './spec-finding.ts'
import { checkConstraints } from './validate-constraints.ts'
import { checkReserved } from './validate-reserved.ts'
import { checkServices } from './validate-services.ts'

const MIN_MEMORY_MB = 10

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

const checkTemplates = (reports: Reports, task: TaskOf<unknown>, path: Path): void => {
  const { error } = reports
  for (const destination of repeated(task.templates.map(template => template.destination))) {
    error(path, 'Duplicate template', `Two templates of task "${task.name}" render to "${destination}".`)
  }
  task.templates.forEach((template, index) => {
    const at = [...path, 'template', index]
    checkDurations(reports, { splay: template.splayMs }, at)
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

export const checkTask = (reports: Reports, task: TaskOf<unknown>, group: TaskGroupOf<unknown>, path: Path): void => {
  const { error } = reports
  if (task.name === '' || task.name.includes('/') || task.name === 'alloc')
    error(path, 'Invalid task name', `"${task.name}" cannot be the name of a task.`)
  if (task.resources.cpuMhz < 1) error([...path, 'resources', 'cpu'], 'Invalid resources', 'cpu must be 1 MHz or more.')
  if (task.resources.memoryMb < MIN_MEMORY_MB)
    error([...path, 'resources', 'memory'], 'Invalid resources', `memory must be ${MIN_MEMORY_MB} MB or more.`)
  const max = task.resources.memoryMaxMb
  if (max === -1)
    error(
      [...path, 'resources', 'memory_max'],
      'Not supported yet',
      'memory_max = -1, memory without a limit, is not supported yet.',
    )
  else if (max !== 0 && max < task.resources.memoryMb)
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
  checkConstraints(reports, task.constraints, path)
  task.constraints.forEach(({ operator }, index) => {
    if (operator === 'distinct_hosts' || operator === 'distinct_property')
      error([...path, 'constraint', index], 'Invalid constraint', `${operator} is allowed in jobs and groups only.`)
  })
  if (task.killSignal !== '' && !/^SIG[A-Z0-9]+$/.test(task.killSignal))
    error([...path, 'kill_signal'], 'Invalid signal', `"${task.killSignal}" is no signal, such as SIGTERM.`)
  if (escapes(task.dispatchPayloadFile))
    error([...path, 'dispatch_payload'], 'Path escapes', 'The payload file must stay inside local/.')
  const { killTimeoutMs, shutdownDelayMs } = task
  checkDurations(reports, { kill_timeout: killTimeoutMs, shutdown_delay: shutdownDelayMs }, path)
  checkReserved(reports, task.config, [...path, 'config'])
  checkReserved(reports, task.meta, [...path, 'meta'])
  checkServices(reports, task.services, group, path)
  checkTemplates(reports, task, path)
}
