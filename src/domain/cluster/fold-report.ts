import type { Recorded } from '../events.ts'
import type { AllocationReport, AllocationsReported, ReportEvent } from '../report/events.ts'
import { idOfStream } from '../streams.ts'
import {
  freeResources,
  holdsResources,
  isLaterObservation,
  observedOf,
  takeResources,
  touchAllocation,
} from './allocation.ts'
import type { Fold, FoldContext } from './fold-context.ts'
import type { AllocationState, NodeState } from './state.ts'

type ReportFolds = { readonly [T in ReportEvent['type']]: Fold<Extract<ReportEvent, { type: T }>> }

/** A report of a boot that is repeated, or that a newer one of the same boot overtook, says nothing new. */
const isRepeat = (node: NodeState, report: AllocationsReported['data']): boolean =>
  report.bootId === node.reportBootId && report.sequence <= node.reportSequence

const foldTasks = (allocation: AllocationState, report: AllocationReport): void => {
  for (const task of report.tasks) {
    const before = allocation.tasks.get(task.task)
    if (before === undefined || isLaterObservation(before, task)) allocation.tasks.set(task.task, task)
  }
}

const foldAllocation = (context: FoldContext, event: Recorded, nodeId: string, report: AllocationReport): void => {
  const allocation = context.state.allocations.get(report.allocationId)
  // A node speaks for its own allocations only.
  if (allocation === undefined || allocation.nodeId !== nodeId) return
  const held = holdsResources(allocation)
  foldTasks(allocation, report)
  allocation.observed = observedOf(allocation.tasks.values())
  if (report.health !== null && report.health.deploymentId === allocation.deploymentId)
    allocation.health = report.health
  for (const check of report.checks) allocation.checks.set(check.checkId, check)
  const holds = holdsResources(allocation)
  if (held && !holds) freeResources(context, allocation)
  if (!held && holds) takeResources(context, allocation)
  if (allocation.deploymentId !== null) context.changes.deployments.add(allocation.deploymentId)
  touchAllocation(context, allocation, event)
}

export const reportFolds: ReportFolds = {
  AllocationsReported: (context, event) => {
    const node = context.state.nodes.get(idOfStream(event.stream))
    if (node === undefined) return
    node.reportRevision = event.revision
    if (isRepeat(node, event.data)) return
    node.reportBootId = event.data.bootId
    node.reportSequence = event.data.sequence
    if (event.data.isFull) node.lastFullReportPosition = event.position
    for (const report of event.data.allocations) foldAllocation(context, event, node.id, report)
    for (const { requestId } of event.data.requests) node.requests.delete(requestId)
    context.changes.nodes.add(node.id)
  },
}
