import { type ClusterState, isTerminal, type NodeState } from '../../domain/cluster/index.ts'
import type { NewEvaluation } from '../../domain/control/events.ts'
import { evaluationIdOf, type JobKey } from '../../domain/ids.ts'
import type { Liveness } from './liveness.ts'
import type { Reactor, ReactorContext } from './reactor.ts'
import { type Judged, judgeNode, surveySilence } from './silent-nodes.ts'

/** How often silent nodes are looked for, ms. */
const LOOK_INTERVAL_MS = 1_000
/** Nodes judged in one event. */
const MAX_NODES_PER_JUDGEMENT = 500

const jobsOn = (state: ClusterState, node: NodeState): ReadonlySet<JobKey> => {
  const keys = new Set<JobKey>()
  for (const id of node.allocations) {
    const allocation = state.allocations.get(id)
    // One that has ended, above all a run of long ago, is no matter of its node any more.
    if (allocation !== undefined && allocation.desired === 'run' && !isTerminal(allocation)) keys.add(allocation.jobKey)
  }
  return keys
}

const evaluationsFor = (context: ReactorContext, judged: readonly Judged[]): readonly NewEvaluation[] => {
  const cause = context.batch.nextEventId()
  const byJob = new Map<JobKey, Judged>()
  for (const judgement of judged) {
    // What a disconnected node holds may run on: nothing is to be decided about it.
    if (judgement.judgement === 'disconnected') continue
    const node = context.state.nodes.get(judgement.nodeId)
    if (node !== undefined) for (const key of jobsOn(context.state, node)) byJob.set(key, judgement)
  }
  return Array.from(byJob, ([key, judgement]) => {
    const job = context.state.jobs.get(key)
    return {
      evaluationId: evaluationIdOf(cause, 'node-update', key),
      namespace: job?.namespace ?? '',
      jobId: job?.jobId ?? '',
      trigger: 'node-update',
      priority: job?.spec.priority ?? 50,
      waitUntil: 0,
      previousId: null,
      nodeId: judgement.nodeId,
      deploymentId: null,
      cause: `node ${judgement.nodeId} is ${judgement.judgement}: ${judgement.cause}`,
    }
  })
}

/** Judges nodes by their heartbeats: silent ones down, returning ones ready, and opens what has to be evaluated then. */
export const createHeartbeatWatcher = (liveness: Liveness): Reactor => {
  let lookedAt = Number.NEGATIVE_INFINITY
  return {
    name: 'heartbeat-watcher',
    plan: context => {
      const { state, changed, now, batch } = context
      const isDue = changed === 'all' || now - lookedAt >= LOOK_INTERVAL_MS || now < lookedAt
      const candidates = isDue ? state.nodes.keys() : changed.nodes
      if (isDue) lookedAt = now
      const silence = surveySilence(state, liveness, now)
      const judged: Judged[] = []
      for (const id of candidates) {
        const node = state.nodes.get(id)
        const judgement = node === undefined ? null : judgeNode(node, liveness, silence, now)
        if (judgement !== null && judged.length < MAX_NODES_PER_JUDGEMENT) judged.push(judgement)
      }
      if (judged.length === 0) return
      batch.add({ type: 'NodesJudged', data: { nodes: judged, evaluations: evaluationsFor(context, judged) } })
    },
    nextWake: (state, now) => (state.nodes.size === 0 ? null : now + LOOK_INTERVAL_MS),
  }
}
