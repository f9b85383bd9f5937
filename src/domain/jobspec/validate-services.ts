import type { Check, Service, TaskGroupOf } from './schema.ts'
import { checkDurations, type Path, type Reports } from './spec-finding.ts'
import { checkReserved } from './validate-reserved.ts'

const serviceName = /^(?=.{1,63}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/

const isPort = (port: string, labels: ReadonlySet<string>): boolean =>
  labels.has(port) || (/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)

const checkChecks = (reports: Reports, service: Service, labels: ReadonlySet<string>, path: Path): void => {
  const { error } = reports
  service.checks.forEach((check: Check, index) => {
    const limit = check.checkRestart?.limit ?? 0
    if (limit < 0)
      error([...path, 'check', index, 'check_restart', 'limit'], 'Invalid check_restart', 'limit cannot be negative.')
    checkDurations(reports, { grace: check.checkRestart?.graceMs ?? 0 }, [...path, 'check', index, 'check_restart'])
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

export const checkServices = (
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
    checkReserved(reports, service.meta, [...at, 'meta'])
    checkChecks(reports, service, labels, at)
  })
}
