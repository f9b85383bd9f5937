import { createReactors } from '../../src/agents/server/registry.ts'
import type { ClusterState } from '../../src/domain/cluster/index.ts'
import type { ControlEvent } from '../../src/domain/control/events.ts'
import { uuidOf } from '../../src/domain/ids.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { Violation, type Watcher } from './oracle.ts'
import type { RunningServer } from './server-host.ts'

/**
 * A restart is the same as running (design §5): the leader looks at what changed alone, and yet decides, without delay, all
 * that one would decide who looked at everything for the first time. So reactors that were made just now are asked about
 * the leader's own state; what they would decide again and again while the leader, with nothing in its way, does not, it
 * has overlooked.
 */
export type OwedWatch = Watcher & {
  readonly check: (leader: RunningServer | null, state: ClusterState, elapsedMs: number) => void
}

/** The longest that a decision may be due: a second between two looks, a pause after an append that failed, and slack. */
const DECIDED_WITHIN_MS = 3_000

/** What a decision is about, in words that stay the same when it is made again. */
const subjectsOf = (event: ControlEvent): readonly string[] => {
  const { type } = event
  switch (event.type) {
    case 'PlanCommitted':
      return [`${type} for evaluation ${event.data.evaluationId}`]
    case 'EvaluationsCreated':
      return event.data.evaluations.map(
        ({ jobId, allocationIds }) => `${type} of ${jobId} for ${allocationIds?.join()}`,
      )
    case 'EvaluationsUnblocked':
    case 'EvaluationsCancelled':
      return event.data.evaluationIds.map(id => `${type} of ${id}`)
    case 'NodesJudged':
      return event.data.nodes.map(({ nodeId, judgement }) => `${type} of ${nodeId} as ${judgement}`)
    case 'DeploymentsAdvanced':
      return event.data.deployments.map(({ deploymentId, status }) => `${type} of ${deploymentId} to ${status}`)
    case 'PeriodicRunsDecided':
      return event.data.runs.map(({ parentId, instant, request }) => `${type} of ${parentId} at ${request ?? instant}`)
    // Those depend on what a leader tried before, on when it swept last, or are no decision at all.
    case 'EvaluationsFailed':
    case 'Collected':
    case 'LeadershipTaken':
    case 'ReactorStalled':
      return []
  }
}

const decisionsOf = ({ server, process }: RunningServer, refused: ReadonlySet<string>): readonly string[] => {
  const { state } = server.view
  const decided: string[] = []
  const batch = {
    nextEventId: () => uuidOf('owed', decided.length),
    add: (event: ControlEvent) => void decided.push(...subjectsOf(event)),
    isFull: () => false,
    derive: ({ commandId }: { readonly commandId: string }) => {
      if (!refused.has(commandId)) decided.push(`command ${commandId}`)
    },
  }
  const now = process.clock.now()
  for (const reactor of createReactors(server.liveness, silentLogger)) {
    reactor.plan({ state, changed: 'all', now, epoch: state.epoch, batch })
  }
  return decided
}

export const createOwedWatch = (isQuiet: (leader: RunningServer) => boolean): OwedWatch => {
  /** Derived commands that were refused: a leader does not try them again. */
  const refused = new Set<string>()
  let owed = new Map<string, number>()
  return {
    after: event => {
      if (event.type === 'ReactorStalled') refused.add(event.data.key)
    },
    check: (leader, state, elapsedMs) => {
      const isAtRest =
        leader !== null &&
        leader.server.leader.isLeader() &&
        leader.server.view.state.position === state.position &&
        isQuiet(leader)
      const decisions = isAtRest ? decisionsOf(leader, refused) : []
      owed = new Map(decisions.map(decision => [decision, owed.get(decision) ?? elapsedMs]))
      for (const [decision, sinceMs] of owed) {
        if (elapsedMs - sinceMs > DECIDED_WITHIN_MS)
          throw new Violation(`the leader has owed this for ${elapsedMs - sinceMs} ms: ${decision}`)
      }
    },
  }
}
