import {
  type AllocationState,
  type ClusterState,
  demandOf,
  groupOf,
  holdsResources,
  isTerminal,
  type NodeState,
} from '../../src/domain/cluster/index.ts'
import type { PlanCommitted } from '../../src/domain/control/events.ts'
import type { Recorded } from '../../src/domain/events.ts'
import { jobKey } from '../../src/domain/ids.ts'
import { idOfStream, jobKeyOfStream } from '../../src/domain/streams.ts'
import { Violation, type Watcher } from './oracle.ts'

/**
 * What must hold after every event. Each watcher states one promise and where it is promised; none of them trusts an index
 * or a sum that the fold keeps: they count for themselves.
 */

type Amount = { cpuMhz: number; memoryMb: number; diskMb: number }
const dimensions = ['cpuMhz', 'memoryMb', 'diskMb'] as const

const demand = (allocation: AllocationState): Amount => {
  const group = groupOf(allocation)
  return group === undefined ? { cpuMhz: 0, memoryMb: 0, diskMb: 0 } : { ...demandOf(group) }
}

const holdersOn = (state: ClusterState, node: NodeState): readonly AllocationState[] => {
  const holders: AllocationState[] = []
  for (const allocation of state.allocations.values()) {
    if (allocation.nodeId === node.id && holdsResources(allocation)) holders.push(allocation)
  }
  return holders
}

/**
 * What an allocation and those before it that it inherits from take together: while both hold, they are counted once
 * (design §3, "resources hand over"), that is as much as the larger of them, dimension by dimension.
 */
const chainsOf = (state: ClusterState, node: NodeState): readonly (readonly AllocationState[])[] => {
  const holders = holdersOn(state, node)
  /** Those that it replaced on this node and that still hold; one between them may have ended before it began. */
  const behind = ({ previousId }: AllocationState): readonly AllocationState[] => {
    const found: AllocationState[] = []
    let at = state.allocations.get(previousId ?? '')
    while (at !== undefined && at.nodeId === node.id) {
      if (holdsResources(at)) found.push(at)
      at = state.allocations.get(at.previousId ?? '')
    }
    return found
  }
  const chains = holders.map(last => [last, ...behind(last)])
  const inherited = new Set(chains.flatMap(([, ...rest]) => rest))
  return chains.filter(([last]) => last !== undefined && !inherited.has(last))
}

const checkCapacity = (state: ClusterState, node: NodeState): void => {
  const total: Amount = { cpuMhz: 0, memoryMb: 0, diskMb: 0 }
  const owners = new Map<number, string>()
  for (const chain of chainsOf(state, node)) {
    for (const dimension of dimensions) total[dimension] += Math.max(...chain.map(one => demand(one)[dimension]))
    const ports = new Set(chain.flatMap(one => one.ports))
    for (const port of ports) {
      const owner = owners.get(port)
      const last = chain[0]?.id ?? ''
      if (owner !== undefined)
        throw new Violation(`S1: port ${port} of node ${node.name} is given to ${owner} and ${last}`)
      owners.set(port, last)
      if (node.reservedPorts.includes(port))
        throw new Violation(`S1: reserved port ${port} of ${node.name} is given to ${last}`)
    }
  }
  for (const dimension of dimensions) {
    const capacity = node.resources[dimension] - node.reserved[dimension]
    if (total[dimension] > capacity) {
      throw new Violation(`S1: node ${node.name} is over its capacity: ${total[dimension]} of ${capacity} ${dimension}`)
    }
  }
}

/** The sums that the fold keeps incrementally are what counting gives: the scheduler sees the world through them. */
const checkUsage = (state: ClusterState, node: NodeState): void => {
  const counted: Amount = { cpuMhz: 0, memoryMb: 0, diskMb: 0 }
  const ports = new Set<number>()
  for (const allocation of holdersOn(state, node)) {
    const one = demand(allocation)
    for (const dimension of dimensions) counted[dimension] += one[dimension]
    for (const port of allocation.ports) ports.add(port)
  }
  for (const dimension of dimensions) {
    if (counted[dimension] !== node.usage[dimension]) {
      throw new Violation(
        `S1: usage of ${node.name} says ${node.usage[dimension]} ${dimension}, counted are ${counted[dimension]}`,
      )
    }
  }
  const known = Array.from(node.usage.ports.keys()).toSorted((a, b) => a - b)
  const held = Array.from(ports).toSorted((a, b) => a - b)
  if (known.join() !== held.join())
    throw new Violation(`S1: ports of ${node.name} said to be held: ${known.join()}; held: ${held.join()}`)
}

/** The nodes whose room an event changes. */
const touchedNodes = (event: Recorded, state: ClusterState): Iterable<NodeState> => {
  if (event.type === 'AllocationsReported') {
    const node = state.nodes.get(idOfStream(event.stream))
    return node === undefined ? [] : [node]
  }
  return event.type === 'PlanCommitted' || event.type === 'Collected' ? state.nodes.values() : []
}

/** S1 (I3): no node over its capacity, no port given twice. Looked at whenever something is placed, ends or is forgotten. */
export const capacityWatcher: Watcher = {
  after: (event, state) => {
    if (event.type === 'PlanCommitted' && event.data.placements.node.length === 0) return
    for (const node of touchedNodes(event, state)) {
      checkUsage(state, node)
      checkCapacity(state, node)
    }
  },
}

/**
 * S2 (P3): at most one allocation of a job's incarnation, group and index is wanted and not over. There is no exception for
 * deployments: a replacement and the stop of what it replaces are one plan (I13), and canaries do not exist yet.
 */
export const uniqueIndexWatcher: Watcher = {
  after: (event, state) => {
    if (event.type !== 'PlanCommitted' && event.type !== 'NodesJudged' && event.type !== 'AllocationsReported') return
    const seen = new Map<string, string>()
    for (const allocation of state.allocations.values()) {
      if (isTerminal(allocation)) continue
      const job = state.jobs.get(allocation.jobKey)
      if (job === undefined || job.incarnation !== allocation.incarnation) continue
      const key = `${allocation.jobKey}/${allocation.group}[${allocation.index}]`
      const other = seen.get(key)
      if (other !== undefined) throw new Violation(`S2: ${key} is wanted twice: ${other} and ${allocation.id}`)
      seen.set(key, allocation.id)
    }
  },
}

const phaseOrder = { pending: 0, running: 1, dead: 2 } as const

/** S3 (I7): a task's observed state, by (start number, phase), never goes back; a terminal allocation stays so. */
export const observationWatcher = (): Watcher => {
  const seen = new Map<string, readonly [startNumber: number, phase: number]>()
  const over = new Set<string>()
  return {
    after: (event, state) => {
      if (event.type !== 'AllocationsReported' && event.type !== 'NodesJudged') return
      for (const allocation of state.allocations.values()) {
        for (const task of allocation.tasks.values()) {
          const key = `${allocation.id}/${task.task}`
          const now = [task.startNumber, phaseOrder[task.phase]] as const
          const before = seen.get(key)
          if (before !== undefined && (now[0] < before[0] || (now[0] === before[0] && now[1] < before[1]))) {
            throw new Violation(`S3: task ${key} went back from ${before.join('/')} to ${now.join('/')}`)
          }
          seen.set(key, now)
        }
        const isOver = allocation.observed === 'complete' || allocation.observed === 'failed'
        if (over.has(allocation.id) && !isOver)
          throw new Violation(`S3: allocation ${allocation.id} was over and is ${allocation.observed} again`)
        if (isOver) over.add(allocation.id)
      }
    },
  }
}

type JobMoment = {
  readonly position: number
  readonly isWanted: boolean
  readonly incarnation: number
  readonly version: number
}

/** S5: a plan places and updates nothing of a job that was stopped, or registered anew, before the plan was made. */
export const stoppedJobWatcher = (): Watcher => {
  const history = new Map<string, JobMoment[]>()
  const momentAt = (key: string, position: number): JobMoment | undefined =>
    history.get(key)?.findLast(moment => moment.position <= position)

  const checkPlan = (event: Recorded<PlanCommitted>): void => {
    const { data } = event
    if (data.placements.node.length + data.inPlace.length === 0) return
    const key = jobKey(data.namespace, data.jobId)
    const moment = momentAt(key, data.basis.position)
    if (moment === undefined || !moment.isWanted)
      throw new Violation(`S5: the plan at ${event.position} places for job ${key}, which was stopped before`)
    if (moment.incarnation !== data.incarnation || moment.version !== data.jobVersion) {
      throw new Violation(
        `S5: the plan at ${event.position} places version ${data.incarnation}.${data.jobVersion} of job ${key}, its basis has ${moment.incarnation}.${moment.version}`,
      )
    }
  }

  return {
    after: (event, state) => {
      if (event.type === 'PlanCommitted') checkPlan(event)
      if (!event.stream.startsWith('job-')) return
      const key = jobKeyOfStream(event.stream)
      const job = state.jobs.get(key)
      if (job === undefined) return
      const moments = history.get(key) ?? []
      history.set(key, moments)
      const { incarnation, version } = job
      moments.push({ position: event.position, isWanted: job.status === 'registered', incarnation, version })
    },
  }
}

/** S6: a deployment and an evaluation that came to an end stay at that end. */
export const endingsWatcher = (): Watcher => {
  const ended = new Map<string, string>()
  const check = (kind: string, id: string, status: string, isEnd: boolean): void => {
    const before = ended.get(id)
    if (before !== undefined && before !== status)
      throw new Violation(`S6: ${kind} ${id} was ${before} and is ${status}`)
    if (isEnd) ended.set(id, status)
  }
  return {
    after: (event, state) => {
      if (event.type === 'AllocationsReported') return
      for (const { id, status } of state.deployments.values()) {
        check('deployment', id, status, status === 'successful' || status === 'failed' || status === 'cancelled')
      }
      for (const { id, status } of state.evaluations.values()) {
        check('evaluation', id, status, status === 'complete' || status === 'failed' || status === 'cancelled')
      }
    },
  }
}

/** I4: epochs only grow, and everything in `control` was decided by the leader of the epoch that the log stands in. */
export const fencingWatcher = (): Watcher => {
  let epoch = 0
  return {
    after: event => {
      if (event.stream !== 'control') return
      if (event.type === 'LeadershipTaken') {
        if (event.data.epoch <= epoch) throw new Violation(`I4: epoch ${event.data.epoch} was taken after ${epoch}`)
        epoch = event.data.epoch
      } else if (event.actor !== `leader:${epoch}`) {
        throw new Violation(`I4: ${event.type} at ${event.position} was decided by ${event.actor} in epoch ${epoch}`)
      }
    },
  }
}

/** P2: versions of an incarnation are 0, 1, 2 …, and incarnations too. */
export const versionWatcher = (): Watcher => {
  const newest = new Map<string, readonly [incarnation: number, version: number]>()
  return {
    after: event => {
      if (event.type !== 'JobRegistered' && event.type !== 'JobReverted') return
      const { incarnation, version } = event.data
      const before = newest.get(event.stream)
      const isNext =
        before === undefined
          ? incarnation === 0 && version === 0
          : (incarnation === before[0] && version === before[1] + 1) || (incarnation === before[0] + 1 && version === 0)
      if (!isNext)
        throw new Violation(
          `P2: ${event.stream} goes from ${before?.join('.') ?? 'nothing'} to ${incarnation}.${version}`,
        )
      newest.set(event.stream, [incarnation, version])
    },
  }
}

/** A launch happens once: no instant of a schedule is decided twice, no child is launched twice, no token dispatches twice. */
export const launchWatcher = (): Watcher => {
  const launched = new Set<string>()
  const once = (what: string): void => {
    if (launched.has(what)) throw new Violation(`launches: ${what} happened twice`)
    launched.add(what)
  }
  return {
    before: (event, state) => {
      if (event.type === 'PeriodicRunsDecided') {
        for (const run of event.data.runs) {
          const parent = jobKey(run.namespace, run.parentId)
          if (run.request === null) once(`${parent}@${run.incarnation} at ${run.instant}`)
          else once(`forced run ${run.request}`)
        }
      }
      if (event.type !== 'JobDispatched') return
      once(`dispatch of evaluation ${event.data.evaluationId}`)
      const job = state.jobs.get(jobKeyOfStream(event.stream))
      const { tokenDigest } = event.data
      if (tokenDigest !== null) once(`${event.stream}@${job?.incarnation} token ${tokenDigest}`)
    },
    after: () => {},
  }
}

/** One evaluation for one failed allocation (design §3). */
export const failureWatcher = (): Watcher => {
  const opened = new Map<string, string>()
  return {
    after: event => {
      if (event.type !== 'EvaluationsCreated') return
      for (const evaluation of event.data.evaluations) {
        for (const id of evaluation.allocationIds ?? []) {
          const other = opened.get(id)
          if (other !== undefined)
            throw new Violation(`the failure of ${id} opened ${other} and ${evaluation.evaluationId}`)
          opened.set(id, evaluation.evaluationId)
        }
      }
    },
  }
}

/** A failed deployment takes back its own version and no other: a registration that came first wins (design §3). */
export const revertWatcher: Watcher = {
  before: (event, state) => {
    if (event.type !== 'JobReverted') return
    const job = state.jobs.get(jobKeyOfStream(event.stream))
    const deployment = state.deployments.get(event.data.deploymentId)
    if (deployment !== undefined && job !== undefined && deployment.jobVersion !== job.version) {
      throw new Violation(
        `deployment of version ${deployment.jobVersion} reverted ${event.stream} at version ${job.version}`,
      )
    }
  },
  after: () => {},
}

/** An evaluation that waits for its time is not answered before it; one that was answered is not answered again. */
export const answerWatcher: Watcher = {
  before: (event, state) => {
    if (event.type !== 'PlanCommitted') return
    const evaluation = state.evaluations.get(event.data.evaluationId)
    if (evaluation === undefined) return
    const { id, status, waitUntil } = evaluation
    if (waitUntil > event.data.basis.now)
      throw new Violation(`evaluation ${id} was answered ${waitUntil - event.data.basis.now} ms early`)
    if (status !== 'pending') throw new Violation(`evaluation ${id} was answered while ${status}`)
  },
  after: () => {},
}

/**
 * What is cancelled because a newer evaluation waits is answered by that one (nomad-behaviour §3.2); what a user forced is
 * something that no other evaluation does, so it is never cancelled.
 */
export const cancellationWatcher: Watcher = {
  after: (event, state) => {
    if (event.type !== 'EvaluationsCancelled') return
    for (const id of event.data.evaluationIds) {
      const cancelled = state.evaluations.get(id)
      if (cancelled === undefined) continue
      const { jobKey: key, createdPosition } = cancelled
      if (cancelled.forcesReschedule) throw new Violation(`evaluation ${id} of ${key} was forced, and is cancelled`)
      const waits = Array.from(state.pending, other => state.evaluations.get(other)).some(
        other => other?.jobKey === key && other.createdPosition >= createdPosition && other.waitUntil <= event.at,
      )
      if (!waits) throw new Violation(`evaluation ${id} of ${key} is cancelled, and no newer one waits`)
    }
  },
}

/** What is collected is over: an allocation that holds its node's resources is not forgotten. */
export const collectionWatcher: Watcher = {
  before: (event, state) => {
    if (event.type !== 'Collected') return
    for (const { kind, id, position } of event.data.items) {
      const allocation = kind === 'allocation' ? state.allocations.get(id) : undefined
      if (allocation === undefined || allocation.modifiedPosition > position) continue
      if (holdsResources(allocation))
        throw new Violation(`allocation ${allocation.name} (${id}) is collected while it is ${allocation.observed}`)
    }
  },
  after: () => {},
}

export const createWatchers = (): readonly Watcher[] => [
  capacityWatcher,
  uniqueIndexWatcher,
  observationWatcher(),
  stoppedJobWatcher(),
  endingsWatcher(),
  fencingWatcher(),
  versionWatcher(),
  launchWatcher(),
  failureWatcher(),
  revertWatcher,
  answerWatcher,
  cancellationWatcher,
  collectionWatcher,
]
