import { type ClusterState, holdsResources, isTerminal, type JobState } from '../../src/domain/cluster/index.ts'
import { noReservations, SCHEDULER_VERSION, schedule } from '../../src/domain/scheduler/index.ts'
import type { SimMachine } from './machine.ts'
import { startOf } from './machine-safety.ts'
import { fateOf } from './sim-jobs.ts'

/** What is not as it should be in the end, once nothing goes wrong any more; empty when all has come to rest. */
export type Unsettled = readonly string[]

const isHeld = (state: ClusterState, job: JobState): boolean => {
  const latest = state.deployments.get(job.latestDeploymentId ?? '')
  return latest?.jobVersion === job.version && (latest.status === 'failed' || latest.status === 'paused')
}

/** L1: a service whose tasks can run has as many that do as it wants, but for those that wait for room. */
const findMissing = (state: ClusterState): Unsettled =>
  Array.from(state.jobs.values()).flatMap(job => {
    const isService = job.status === 'registered' && job.spec.type === 'service'
    if (!isService || fateOf(job.spec) !== 'good' || isHeld(state, job)) return []
    const isDelayed = Array.from(job.evaluations).some(id => state.pending.has(id))
    const isBlocked = Array.from(job.evaluations).some(id => state.blocked.has(id))
    return job.spec.groups.flatMap(group => {
      const live = Array.from(job.allocations).filter(id => {
        const allocation = state.allocations.get(id)
        return allocation !== undefined && allocation.group === group.name && !isTerminal(allocation)
      })
      const states = live.map(id => state.allocations.get(id))
      const running = states.filter(allocation => allocation?.observed === 'running').length
      const isWhole = running === group.count && live.length === group.count
      const waits = isDelayed || (isBlocked && running === live.length && live.length < group.count)
      const old = states.filter(allocation => allocation?.jobVersion !== job.version).length
      const problems =
        isWhole || waits
          ? []
          : [`L1: ${job.key} ${group.name} wants ${group.count}, ${live.length} are placed, ${running} run`]
      return old === 0 || isBlocked || isDelayed
        ? problems
        : [...problems, `L1: ${old} of ${job.key} ${group.name} are of an older version`]
    })
  })

/** The longest that a batch allocation has to take, restart included; what a clock that jumped dates elsewhere counts as old. */
const BATCH_WITHIN_MS = 120_000

/** L1: a batch job comes to its end, and nothing of a job that is not wanted goes on. */
const findUnended = (state: ClusterState, isReady: (nodeId: string) => boolean, now: number): Unsettled =>
  Array.from(state.allocations.values()).flatMap(allocation => {
    if (!holdsResources(allocation) || !isReady(allocation.nodeId)) return []
    const job = state.jobs.get(allocation.jobKey)
    if (allocation.desired === 'stop')
      return [`L1: ${allocation.name} (${allocation.id}) is to stop and is ${allocation.observed}`]
    if (job === undefined || job.status !== 'registered')
      return [`L1: ${allocation.name} goes on though its job is gone`]
    const isOurs =
      allocation.incarnation === job.incarnation && job.spec.groups.some(({ name }) => name === allocation.group)
    if (!isOurs && fateOf(job.spec) !== 'unanswerable')
      return [`L1: ${allocation.name} goes on, which its job as it is now does not have`]
    const isYoung = Math.abs(now - allocation.createdAt) < BATCH_WITHIN_MS
    if (allocation.job.type === 'batch' && !isYoung)
      return [`L1: batch ${allocation.name} is ${allocation.observed} and does not end`]
    return []
  })

/** L2: nothing waits for an answer that is due. */
const findUnanswered = (state: ClusterState, now: number): Unsettled => [
  ...Array.from(state.pending).flatMap(id => {
    const evaluation = state.evaluations.get(id)
    return evaluation === undefined || evaluation.waitUntil > now
      ? []
      : [`L2: evaluation ${id} of ${evaluation.jobKey} (${evaluation.trigger}) is pending`]
  }),
  ...Array.from(state.jobsWithPendingWork, key => `L2: job ${key} has launches that are not derived`),
  ...Array.from(state.failedAllocations, id => `L2: nobody has looked at the failure of ${id}`),
  ...Array.from(state.collectionRequests, id => `L2: collection ${id} is not done`),
  ...Array.from(state.deployments.values()).flatMap(deployment => {
    const job = state.jobs.get(deployment.jobKey)
    const isOwed =
      deployment.pendingRevertTo !== null &&
      job?.version === deployment.jobVersion &&
      job.status === 'registered' &&
      job.incarnation === deployment.incarnation
    return isOwed ? [`L2: deployment ${deployment.id} owes a revert to version ${deployment.pendingRevertTo}`] : []
  }),
  ...Array.from(state.activeDeployments).flatMap(id => {
    const deployment = state.deployments.get(id)
    const job = state.jobs.get(deployment?.jobKey ?? '')
    if (deployment === undefined || job === undefined) return [`L2: deployment ${id} is of no job`]
    const { jobKey: key, jobVersion, incarnation } = deployment
    const isCurrent = job.status === 'registered' && job.version === jobVersion && job.incarnation === incarnation
    if (!isCurrent) {
      return fateOf(job.spec) === 'unanswerable' ? [] : [`L2: deployment ${id} of ${key} goes on without its version`]
    }
    const late = Array.from(deployment.groups.values()).some(
      group => group.requireProgressBy > 0 && group.requireProgressBy < now && group.healthy < group.desiredTotal,
    )
    return late ? [`L2: deployment ${id} of ${key} is past its progress deadline and ${deployment.status}`] : []
  }),
]

/** L2: what is blocked could not be placed if it were tried now, or its wake-up was lost. */
const findMissedRoom = (state: ClusterState, now: number): Unsettled =>
  Array.from(state.blocked).flatMap(id => {
    const evaluation = state.evaluations.get(id)
    const job = state.jobs.get(evaluation?.jobKey ?? '')
    if (evaluation === undefined || (job !== undefined && fateOf(job.spec) === 'unanswerable')) return []
    const basis = {
      position: state.position,
      controlRevision: state.controlRevision,
      now,
      schedulerVersion: SCHEDULER_VERSION,
      configRevision: 0,
    }
    const { plan } = schedule({ evaluation, state, reservations: noReservations(), planEventId: id, now, basis })
    const rows = plan.placements.node.length
    return rows === 0 ? [] : [`L2: evaluation ${id} of ${evaluation.jobKey} is blocked, but ${rows} could be placed`]
  })

/** L3: what runs on the machines is what the servers want there, and what they believe runs does. */
const findOrphans = (state: ClusterState, machines: readonly SimMachine[]): Unsettled =>
  machines.flatMap(machine => {
    if (!machine.isUp()) return []
    const running = new Set(machine.tasks().map(id => startOf(id).allocationId))
    const orphans = Array.from(running).flatMap(id => {
      const allocation = state.allocations.get(id)
      const isWanted = allocation !== undefined && allocation.nodeId === machine.nodeId() && !isTerminal(allocation)
      return isWanted ? [] : [`L3: a task of ${id} runs on ${machine.name}, where nobody wants it`]
    })
    const phantoms = Array.from(state.allocations.values()).flatMap(allocation => {
      const isBelieved =
        allocation.nodeId === machine.nodeId() && allocation.observed === 'running' && !isTerminal(allocation)
      return isBelieved && !running.has(allocation.id)
        ? [`L3: ${allocation.name} (${allocation.id}) is said to run on ${machine.name}, where it does not`]
        : []
    })
    return [...orphans, ...phantoms]
  })

const findNodes = (state: ClusterState, machines: readonly SimMachine[]): Unsettled => {
  const up = new Set(machines.filter(machine => machine.isUp()).map(machine => machine.nodeId()))
  return Array.from(state.nodes.values()).flatMap(node => {
    const wanted = up.has(node.id) ? 'ready' : 'down'
    return node.status === wanted ? [] : [`node ${node.name} is ${node.status}, it should be ${wanted}`]
  })
}

export const findUnsettled = (state: ClusterState, machines: readonly SimMachine[], now: number): Unsettled => {
  const up = new Set(machines.filter(machine => machine.isUp()).map(machine => machine.nodeId()))
  return [
    ...findNodes(state, machines),
    ...findMissing(state),
    ...findUnended(state, nodeId => up.has(nodeId), now),
    ...findUnanswered(state, now),
    ...findMissedRoom(state, now),
    ...findOrphans(state, machines),
    ...Array.from(state.nodes.values()).flatMap(node =>
      up.has(node.id) && node.requests.size > 0
        ? [`L2: node ${node.name} has ${node.requests.size} requests unanswered`]
        : [],
    ),
  ]
}
