import type { Task, TaskGroup } from '../../../domain/jobspec/schema.ts'
import type { TaskReport } from '../../../domain/report/events.ts'
import { AppError } from '../../../platform/errors.ts'
import type { At } from '../../../projections/interval.ts'
import type { AllocationRow } from '../../../projections/queries/allocations.ts'
import { encodeCursor } from '../../../projections/queries/page.ts'
import type { TaskEventRow } from '../../../projections/queries/task-events.ts'
import type { ReadModel } from '../../../projections/runner.ts'
import type { ApiContext } from '../../context.ts'
import type { Resolvers } from '../load-schema.ts'
import { lookUp } from '../lookup.ts'
import { connectionOf, type PageArguments, pageOf } from '../paging.ts'
import { momentOf, namespaceOf, positionOf, type ReadArguments, readView } from '../read-view.ts'
import { clientDescription, desiredDescription, rescheduleCount } from './allocation-words.ts'
import { metricsOf, pairsOf } from './shared.ts'
import { createUsageAsker } from './usage.ts'

export const allocationCursor = (row: AllocationRow): string => encodeCursor(row.key)

type AllocationsArguments = ReadArguments &
  PageArguments & {
    readonly namespace?: string | null
    readonly prefix?: string | null
    readonly status?: string | null
    readonly jobId?: string | null
    readonly nodeId?: string | null
    readonly evaluationId?: string | null
    readonly deploymentId?: string | null
  }

/** The key of a job that never was fits nothing. */
const NO_KEY = -1

/** The key of a job that a list is narrowed to. Throws REQUEST_INVALID when the namespace is left open. */
export const jobKeyFor = (
  model: ReadModel,
  namespace: string | null,
  jobId: string | null | undefined,
): number | undefined => {
  if (jobId === undefined || jobId === null) return undefined
  if (namespace === null)
    throw new AppError('REQUEST_INVALID', `jobId "${jobId}" means a job of one namespace`, { hint: 'name it' })
  return model.views.jobs.keyOf(namespace, jobId) ?? NO_KEY
}

const queries = ({ readModel }: ApiContext) => ({
  allocations: (_: unknown, args: AllocationsArguments) =>
    readView(readModel, args, () => {
      const at = momentOf(readModel, args)
      const namespace = namespaceOf(args.namespace)
      const filter = {
        namespace,
        prefix: args.prefix?.toLowerCase(),
        status: args.status ?? undefined,
        jobKey: jobKeyFor(readModel, namespace, args.jobId),
        nodeId: args.nodeId ?? undefined,
        evaluationId: args.evaluationId ?? undefined,
        deploymentId: args.deploymentId ?? undefined,
      }
      const listed = readModel.views.allocations.list(filter, pageOf(args), at)
      return connectionOf(listed, allocationCursor, positionOf(readModel, at))
    }),
  allocation: (_: unknown, args: ReadArguments & { readonly id: string }) =>
    readView(readModel, args, () => {
      const at = momentOf(readModel, args)
      const get = (id: string): AllocationRow | null => readModel.views.allocations.get(id, at)
      return lookUp(readModel, 'Allocation', { kind: 'allocation', id: args.id, namespace: null, at, get })
    }),
})

type TaskState = TaskReport & { readonly at: At; readonly allocationKey: number; readonly spec: Task | undefined }

const untouched = (task: string): TaskReport => ({
  task,
  phase: 'pending',
  isFailed: false,
  startNumber: 0,
  restarts: 0,
  startedAt: null,
  finishedAt: null,
  lastRestartAt: null,
  exitCode: null,
})

const tasksOf = (row: AllocationRow, group: TaskGroup | undefined): readonly TaskState[] => {
  const tasks = group?.tasks ?? []
  const names = tasks.length > 0 ? tasks.map(task => task.name) : row.taskReports.map(report => report.task)
  return names.map(name => ({
    ...(row.taskReports.find(report => report.task === name) ?? untouched(name)),
    at: row.at,
    allocationKey: row.key,
    spec: tasks.find(task => task.name === name),
  }))
}

const portsOf = (row: AllocationRow, group: TaskGroup | undefined) =>
  (group?.network?.ports ?? []).map((port, position) => {
    const hostPort = row.ports[position] ?? 0
    return {
      label: port.label,
      address: row.nodeAddress,
      port: hostPort,
      to: port.to > 0 ? port.to : hostPort,
      isDynamic: port.static === 0,
    }
  })

const checksOf = (row: AllocationRow) =>
  row.checkReports
    .map(({ checkId, ...check }) => ({ id: checkId, ...check }))
    .toSorted((a, b) => (`${a.service} ${a.name} ${a.id}` < `${b.service} ${b.name} ${b.id}` ? -1 : 1))

const taskFields = ({ readModel }: ApiContext) => ({
  name: (task: TaskState) => task.task,
  driver: (task: TaskState) => task.spec?.driver ?? '',
  state: (task: TaskState) => task.phase,
  lifecycle: (task: TaskState) => task.spec?.lifecycle ?? null,
  resources: (task: TaskState) => task.spec?.resources ?? { cpuMhz: 0, memoryMb: 0, memoryMaxMb: 0 },
  events: (task: TaskState, args: { readonly first?: number | null }) =>
    readModel.views.taskEvents(task.allocationKey, task.task, task.at, pageOf({ first: args.first ?? null }).first),
})

export const allocationResolvers = (context: ApiContext): Resolvers => {
  const { views } = context.readModel
  const usage = createUsageAsker(context)
  const groupOf = (row: AllocationRow): TaskGroup | undefined =>
    views.specOf(row.versionKey)?.groups.find(group => group.name === row.group)
  return {
    Query: queries(context),
    Allocation: {
      jobType: (row: AllocationRow) => views.specOf(row.versionKey)?.type ?? 'service',
      desiredDescription: (row: AllocationRow) => desiredDescription(row.stopReason),
      clientDescription: (row: AllocationRow) => clientDescription(row.clientStatus),
      ports: (row: AllocationRow) => portsOf(row, groupOf(row)),
      checks: checksOf,
      tasks: (row: AllocationRow) => tasksOf(row, groupOf(row)),
      usage: usage.ofAllocation,
      metrics: (row: AllocationRow) => {
        const metrics = views.allocations.metrics(row.metricKey)
        return metrics === null ? null : metricsOf(metrics)
      },
      rescheduleAttempts: (row: AllocationRow) => rescheduleCount(row, groupOf(row)),
      reschedulesAt: (row: AllocationRow) => row.followUpAt,
    },
    TaskState: taskFields(context),
    TaskEvent: { details: (event: TaskEventRow) => pairsOf(event.details) },
  }
}
